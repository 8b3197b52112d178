// Learning: while it is on nothing that is touched acts; it is named, and the next knob is bound to it.

import { onLanguage, word, wordOr } from "./language.js";
import { restore } from "./fader.js";

const ANSWER_MS = 1500;
const FREE = "#learn, [role=tab], [data-language], #more, .sheet [id$=close], #songs-open, #target, .scrolls";

const element = (id) => document.getElementById(id);

export class Learning {
  /** @param send called with command, amount and what else it is about. */
  constructor(send) {
    this.send = send;
    this.on = false;
    this.asked = "";
    this.asked_ms = 0;
    this.waits = "";
    for (const kind of ["pointerdown", "mousedown", "click", "dblclick", "submit", "keydown"]) {
      document.addEventListener(kind, (event) => this.guard(event), true);
    }
    for (const kind of ["input", "change"]) document.addEventListener(kind, (event) => this.undo(event), true);
    element("learn").addEventListener("click", () => this.turn(!this.on));
    onLanguage(() => this.tell());
  }

  turn(on) {
    if (!on && (this.waits || this.asked)) this.send("learn", 0); // asked: not answered yet
    this.on = on;
    this.asked = "";
    document.body.classList.toggle("learning", on);
    element("learn").setAttribute("aria-pressed", String(on));
    this.tell();
  }

  /** @param waits what the show waits for a knob for, "" if for nothing. */
  show(waits) {
    const learnt = this.asked && !waits && performance.now() - this.asked_ms > ANSWER_MS;
    const changed = waits !== this.waits;
    this.waits = waits;
    if (learnt) {
      this.asked = "";
      this.turn(false);
    } else if (changed) this.tell();
  }

  tell() {
    const sign = element("learning");
    const name = this.waits || this.asked;
    sign.textContent = !this.on ? "" : name ? word("learn.move", { name: titled(name) }) : word("learn.touch");
    sign.hidden = !this.on;
  }

  /** A control is not moved by a touch or a key: it is named. */
  guard(event) {
    if (!this.on || event.target.closest?.(FREE)) return;
    if (event.type === "keydown" && !["Enter", " ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"].includes(event.key)) return;
    const control = event.target.closest?.("button, input, select, label, summary, canvas, form");
    if (!control) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "pointerdown" || event.type === "keydown" || (event.type === "click" && !this.asked)) this.name(control);
  }

  undo(event) {
    if (!this.on || event.target.closest?.(FREE)) return;
    event.stopImmediatePropagation();
    restore(event.target);
  }

  name(control) {
    const known = control.closest("[data-do]") ?? control.parentElement?.querySelector?.("input[data-do]");
    if (!known) return;
    this.asked = known.dataset.do;
    this.asked_ms = performance.now();
    this.send("learn", 1, { target: this.asked });
    this.tell();
  }
}

/** A command in the words of the page: `scene:Chorus` is the look Chorus. */
function titled(name) {
  const [command, ...rest] = name.split(":");
  const own = ["song", "moment"].includes(command) && document.querySelector(`[data-do="${CSS.escape(name)}"]`)?.textContent;
  return [wordOr(`do.${command}`, command.replaceAll("_", " ")), ...(own ? [own] : rest)].join(" · ");
}
