// What the words of this page mean, in the language that it speaks: a panel that the "?" opens.

import { onLanguage, word } from "./language.js";
import { Panel } from "./panel.js";
import { WORDS } from "./words.js";

const TERM = "term.";
const element = (id) => document.getElementById(id);

export class Glossary {
  constructor() {
    const button = element("glossary-open");
    this.panel = new Panel(element("glossary"), () => button.setAttribute("aria-expanded", "false"));
    button.addEventListener("click", () => (this.panel.isOpen ? this.panel.close() : this.open(button)));
    element("glossary-close").addEventListener("click", () => this.panel.close());
    onLanguage(() => this.panel.isOpen && this.draw());
  }

  open(button) {
    button.setAttribute("aria-expanded", "true");
    this.draw();
    this.panel.show();
  }

  draw() {
    const terms = Object.keys(WORDS).filter((key) => key.startsWith(TERM)).map((key) => key.slice(TERM.length));
    element("glossary-terms").replaceChildren(
      ...terms.flatMap((name) => [written("dt", word(`term.${name}`)), written("dd", word(`means.${name}`))]),
    );
  }
}

function written(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}
