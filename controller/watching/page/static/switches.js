// Buttons of the table of commands: switches, presses, and those that work for as long as they are held.
//
// A button looks pressed because the show said so, on this page as on every other one.

import { Fader, rider } from "./fader.js";
import { onLanguage, wordOr } from "./language.js";

const ANSWER_MS = 1500;
const REPEAT_MS = 400; // the show lets go a second after the last

const element = (id) => document.getElementById(id);

/** Show a switch as the show has it. */
export function showSwitch(button, on) {
  const pressed = String(on);
  if (button.getAttribute("aria-pressed") === pressed) return;
  button.setAttribute("aria-pressed", pressed);
  button.classList.remove("asked");
}

export class Switches {
  /** @param send called with command and amount; false where it did not leave. @param refuse a reason why a held button may not be pressed now, or "". */
  constructor(send, refuse = () => "") {
    this.send = send;
    this.refuse = refuse;
    this.faders = new Map();
    this.held = new Map(); // name to its way to begin and to end
    element("more").addEventListener("click", () => this.unfold(element("more-commands").hidden));
  }

  toggle(name) {
    const button = element(name);
    if (!button || button.disabled) return;
    const wanted = button.getAttribute("aria-pressed") === "true" ? 0 : 1;
    if (this.send(name, wanted) === false) return;
    button.classList.add("asked");
    setTimeout(() => button.classList.remove("asked"), ANSWER_MS);
  }

  /** A button that turns something on and off. */
  toggles(name) {
    element(name).addEventListener("click", () => this.toggle(name));
  }

  /** A button that works for as long as it is held: it repeats itself, so that a page that dies lets go. */
  holds(name) {
    const button = element(name);
    let timer = 0;
    const begin = () => {
      if (button.disabled || timer || this.refuse(name)) return;
      this.send(name, 1);
      timer = setInterval(() => this.send(name, 1), REPEAT_MS);
    };
    const end = () => {
      if (!timer) return;
      clearInterval(timer);
      timer = 0;
      this.send(name, 0);
    };
    this.held.set(name, { begin, end });
    button.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      event.preventDefault();
      button.focus({ preventScroll: true });
      begin();
    });
    button.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) begin();
    });
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch is no wish for a menu
    for (const kind of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) button.addEventListener(kind, end);
  }

  take(name) {
    this.held.get(name)?.begin();
  }

  letGo(name) {
    this.held.get(name)?.end();
  }

  letGoOfAll() {
    for (const { end } of this.held.values()) end();
  }

  unfold(open) {
    element("more-commands").hidden = !open;
    element("more").setAttribute("aria-expanded", String(open));
    if (open) element("more-commands").scrollIntoView({ block: "nearest" });
  }

  /** Commands of the table that this page has no place of its own for: a button or a fader each, learnt like the others. */
  addMore(commands) {
    const placed = ({ name }) => element(name) || document.querySelector(`[data-do="${CSS.escape(name)}"]`);
    for (const command of commands.filter((one) => one.kind !== "choice" && !placed(one))) {
      const control = command.kind === "fader" ? this.moreFader(command) : this.moreButton(command);
      control.id = command.name;
      Object.assign(control.dataset, { do: command.name, kind: command.kind, live: "" });
      if (command.kind === "fader") this.faders.set(command.name, new Fader(control, rider((value) => this.send(command.name, value / 100))));
      else this.wire(command);
    }
    element("more").hidden = !element("more-commands").childElementCount;
  }

  moreButton({ name, kind, label }) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: kind === "held" ? "small held" : "small" });
    if (kind !== "press") button.setAttribute("aria-pressed", "false");
    onLanguage(() => (button.textContent = wordOr(`do.${name}`, label)));
    element("more-commands").append(button);
    return button;
  }

  moreFader({ name, label }) {
    const row = Object.assign(document.createElement("div"), { className: "fader" });
    const said = Object.assign(document.createElement("label"), { htmlFor: name });
    const input = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100, value: 0 });
    onLanguage(() => (said.textContent = wordOr(`do.${name}`, label)));
    row.append(said, input);
    element("more-commands").append(row);
    return input;
  }

  wire({ name, kind }) {
    if (kind === "held") this.holds(name);
    else if (kind === "switch") this.toggles(name);
    else element(name).addEventListener("click", () => this.send(name, 1));
  }

  /** @param more name and amount of what was set, besides what has a place of its own. */
  showMore(more) {
    const amounts = Object.fromEntries(more);
    for (const control of element("more-commands").querySelectorAll("[data-do]")) {
      const amount = amounts[control.dataset.do] ?? 0;
      if (control.dataset.kind === "fader") this.faders.get(control.dataset.do).show(100 * amount);
      else if (control.dataset.kind !== "press") showSwitch(control, amount > 0);
    }
  }
}
