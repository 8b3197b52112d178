// The keyboard. Keys are the show's whatever has the focus, except while somebody writes; then a sign says so.

import { closeNewest } from "./panel.js";
import { onLanguage, word } from "./language.js";

const SWITCHES = { b: "blackout", h: "hold", q: "quiet" };
const PRESSES = { m: "mark-song", z: "undo", n: "next" };
const HELD = { f: "blinder", s: "strobe" };
const WRITTEN = "textarea, [contenteditable]:not([contenteditable=false]), input:not([type]), " +
  ["text", "search", "password", "email", "url", "tel"].map((type) => `input[type=${type}]`).join(", ");

const element = (id) => document.getElementById(id);

/** Whether letters are text there, and not the show's. */
export function isWriting(node) {
  return Boolean(node?.matches?.(WRITTEN)) && !node.readOnly && !node.disabled;
}

/** A key's Latin letter or, where the keyboard has other letters, its place. */
export function meant(event) {
  const key = event.key?.toLowerCase() ?? "";
  if (/^[\x20-\x7e\u00c0-\u024f]$/.test(key)) return key;
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : key;
}

export class Keys {
  /** @param switches what is pressed. @param tap a beat. @param learning nothing acts while it is on. */
  constructor(switches, tap, learning) {
    this.switches = switches;
    this.tap = tap;
    this.learning = learning;
    this.holding = new Map(); // place of a key to what it began
    addEventListener("keydown", (event) => this.press(event), true);
    addEventListener("keyup", (event) => this.release(event), true);
    addEventListener("blur", () => this.releaseAll());
    document.addEventListener("visibilitychange", () => document.hidden && this.releaseAll());
    document.addEventListener("focusin", (event) => this.sign(event.target));
    document.addEventListener("focusout", () => this.sign(null));
    document.addEventListener("pointerdown", (event) => this.openList(event.target), true);
    document.addEventListener("change", () => this.sign(document.activeElement), true);
    onLanguage(() => this.sign(document.activeElement));
  }

  press(event) {
    if (event.key === "Escape") return this.escape(event);
    if (event.repeat && (event.key === "Enter" || event.key === " ") && event.target.closest?.("button, summary")) return event.preventDefault();
    if (event.key === "Meta") this.releaseAll(); // on a Mac no key is let go while this one is down
    if (isWriting(event.target)) return;
    this.sign(null); // this key arrived: keys are on
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = meant(event);
    const known = SWITCHES[key] ?? PRESSES[key] ?? HELD[key] ?? (key === "t" && "tap");
    if (!known) return;
    event.preventDefault(); // a list would jump to what begins with this letter
    event.stopPropagation();
    if (event.repeat) return;
    if (this.learning.on) this.learning.name(element(known));
    else this.act(key, event.code);
  }

  act(key, code) {
    if (SWITCHES[key]) this.switches.toggle(SWITCHES[key]);
    else if (key === "t") this.tap();
    else if (PRESSES[key]) element(PRESSES[key]).click();
    else {
      this.holding.set(code, HELD[key]);
      this.switches.take(HELD[key]);
    }
  }

  /** What a key began ends by that key's place, whatever its letter is by now. */
  release(event) {
    const held = this.holding.get(event.code);
    this.holding.delete(event.code);
    if (held) this.switches.letGo(held);
  }

  releaseAll() {
    this.holding.clear();
    this.switches.letGoOfAll();
  }

  /** Out of a field first, then out of learning, then out of the newest panel. */
  escape(event) {
    if (element("ask").open) return; // the browser closes it
    if (isWriting(event.target) || event.target.matches?.("input[type=number]")) event.target.blur();
    else if (this.learning.on) this.learning.turn(false);
    else closeNewest();
  }

  openList(node) {
    const list = node.closest?.("select");
    if (list && !list.disabled) this.tell(word("keys.list"));
    else if (document.activeElement?.matches("select")) this.sign(null);
  }

  sign(node) {
    this.tell(isWriting(node) ? word("keys.off") : "");
  }

  tell(text) {
    element("keys-off").textContent = text;
    element("keys-off").hidden = !text;
  }
}
