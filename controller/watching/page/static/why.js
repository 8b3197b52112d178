// Why a fixture looks as it does: asked again while the panel is open, because the answer changes with the music.

import { Panel } from "./panel.js";
import { address } from "./fixtures.js";
import { onLanguage, word } from "./language.js";

const ASK_MS = 500;
// What a person sees of a fixture, the most telling first.
const SEEN = [/^(dimmer|intensity|master)/i, /dimmer|intensity/i, /^(red|hue|rgb)/i, /colou?r|wheel|white|amber|green|blue|cyan|magenta|yellow|cct|saturation|haze/i];

const element = (id) => document.getElementById(id);

/** Which slot of a fixture tells about its light: its level, else its colour, else the first. */
export function tellingSlot(channels) {
  for (const kind of SEEN) {
    const found = channels.findIndex((name) => kind.test(name) && !/fine|speed|macro/i.test(name));
    if (found >= 0) return found;
  }
  return 0;
}

export class WhyView {
  /** @param choose called with the name of a fixture that somebody overrides. */
  constructor(choose) {
    this.choose = choose;
    this.head = null;
    this.slot = 0;
    this.panel = new Panel(element("why"), () => (this.head = null));
    setInterval(() => this.head && this.ask(), ASK_MS);
    element("why-close").addEventListener("click", () => this.panel.close());
    element("why-take").addEventListener("click", () => {
      const { fixture } = this.head;
      this.panel.close(false);
      this.choose(fixture);
    });
    element("why-slots").addEventListener("click", (event) => event.target.dataset.slot && this.turn(Number(event.target.dataset.slot)));
    onLanguage(() => this.head && this.draw());
  }

  open(head) {
    this.head = head;
    this.slot = head.address + tellingSlot(head.channels ?? []);
    element("why-said").replaceChildren();
    this.draw();
    this.panel.show();
    this.ask();
  }

  draw() {
    const { head } = this;
    element("why-title").textContent = word("why.title", { fixture: head.fixture, address: address(head) });
    const buttons = Array.from({ length: head.footprint }, (_, index) => {
      const name = head.channels?.[index] ?? "";
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${index + 1} ${name}`.trim(), className: "chip" });
      button.dataset.slot = head.address + index;
      button.setAttribute("aria-label", `${index + 1} ${name} · ${head.universe}.${head.address + index}`);
      return button;
    });
    element("why-slots").replaceChildren(...buttons);
    this.mark();
  }

  turn(slot) {
    this.slot = slot;
    this.mark();
    this.ask();
  }

  mark() {
    for (const button of element("why-slots").children) button.setAttribute("aria-pressed", String(Number(button.dataset.slot) === this.slot));
  }

  async ask() {
    const { head, slot } = this;
    try {
      const answer = await fetch(`why?universe=${head.universe}&slot=${slot}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const said = await answer.json();
      if (this.head === head && this.slot === slot) this.tell(said);
    } catch {
      if (this.head === head) this.tell([[word("why.page"), word("why.silent")]]);
    }
  }

  tell(said) {
    element("why-said").replaceChildren(
      ...said.flatMap(([stage, words]) => [
        Object.assign(document.createElement("dt"), { textContent: stage }),
        Object.assign(document.createElement("dd"), { textContent: words }),
      ]),
    );
  }
}
