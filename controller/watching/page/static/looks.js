// Looks by name: called, given back, kept, forgotten.

import { ask } from "./ask.js";
import { onLanguage, word } from "./language.js";

const element = (id) => document.getElementById(id);

export class LooksView {
  /** @param send called with command, amount and what else it is about. */
  constructor(send) {
    this.send = send;
    this.names = [];
    this.called = "";
    element("keep").addEventListener("submit", (event) => this.keep(event));
    onLanguage(() => this.draw());
  }

  greet(names) {
    if (String(names) === String(this.names)) return;
    this.names = names;
    this.draw();
  }

  show(called) {
    if (called === this.called) return;
    this.called = called;
    for (const button of element("scenes").querySelectorAll("[data-do]")) {
      button.setAttribute("aria-pressed", String(button.dataset.do === `scene:${called}`));
    }
  }

  draw() {
    element("scenes").replaceChildren(...this.names.map((name) => this.item(name)));
    element("no-scenes").hidden = this.names.length > 0;
  }

  item(name) {
    const item = document.createElement("li");
    const call = Object.assign(document.createElement("button"), { type: "button", textContent: name, className: "chip" });
    Object.assign(call.dataset, { do: `scene:${name}`, live: "" });
    call.setAttribute("aria-pressed", String(this.called === name));
    call.addEventListener("click", () => this.send("scene", this.called === name ? 0 : 1, { target: name }));
    const drop = Object.assign(document.createElement("button"), { type: "button", textContent: "×", className: "drop" });
    drop.setAttribute("aria-label", word("looks.forget", { name }));
    drop.addEventListener("click", () => this.forget(name));
    item.append(call, drop);
    return item;
  }

  async forget(name) {
    if (await ask(word("looks.ask", { name }), word("looks.forget", { name }))) this.send("forget_scene", 1, { target: name });
  }

  /** The form gives the focus back: the keys are the show's again. */
  keep(event) {
    event.preventDefault();
    const field = element("scene-name");
    const name = field.value.trim();
    if (!name) return;
    this.send("save_scene", 1, { target: name });
    field.value = "";
    field.blur();
  }
}
