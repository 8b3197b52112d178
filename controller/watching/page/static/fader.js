// A fader: a range that mouse and arrow keys move as browsers do it, a number to type, and a finger that
// moves it only sideways. A finger that scrolls the page moves nothing, wherever it began.

import { word, onLanguage } from "./language.js";

const SIDEWAYS_PX = 10;
const CLEARLY = 1.6; // so many times more sideways than up or down
const AFTER_MS = 700; // browsers make a mouse click of a touch that is over
const RIDE_MS = 50;
const OWN_MS = 600; // while a hand is on a fader, the show's answer is older than the hand

const faders = new Map(); // input to Fader
const touches = new Map(); // pointer to what it does

/** Sends at most every RIDE_MS, and always the last. */
export function rider(send) {
  let sent_ms = 0;
  let timer = 0;
  return (...what) => {
    clearTimeout(timer);
    const go = () => {
      sent_ms = performance.now();
      send(...what);
    };
    const wait_ms = sent_ms + RIDE_MS - performance.now();
    if (wait_ms <= 0) go();
    else timer = setTimeout(go, wait_ms);
  };
}

export class Fader {
  /**
   * @param input the range; a number field beside it is made where there is none of its name.
   * @param moved called with the new value, as often as it changes. @param rest where a double click puts it.
   */
  constructor(input, moved, rest = null) {
    this.input = input;
    this.moved = moved;
    this.touched_ms = -Infinity;
    this.value = input.valueAsNumber;
    this.number = document.getElementById(`${input.id}-number`) ?? this.makeNumber();
    faders.set(input, this);
    input.addEventListener("input", () => this.take(input.valueAsNumber));
    this.number.addEventListener("change", () => Number.isFinite(this.number.valueAsNumber) && this.take(this.number.valueAsNumber));
    this.number.addEventListener("wheel", () => this.number.blur(), { passive: true });
    if (rest !== null) input.addEventListener("dblclick", () => this.take(rest));
    this.draw();
  }

  makeNumber() {
    const { min, max, value, id } = this.input;
    const number = Object.assign(document.createElement("input"), { type: "number", id: `${id}-number`, min, max, value, step: 1, inputMode: "numeric", className: "figure" });
    if ("live" in this.input.dataset) number.dataset.live = "";
    onLanguage(() => number.setAttribute("aria-label", word("fader.number", { name: this.name })));
    this.input.after(number);
    return number;
  }

  get name() {
    return this.input.labels?.[0]?.textContent ?? this.input.getAttribute("aria-label") ?? "";
  }

  get busy() {
    return performance.now() - this.touched_ms < OWN_MS;
  }

  /** What a hand wishes. */
  take(value) {
    const { min, max } = this.input;
    const before = this.busy ? this.value : null; // what this hand has sent already
    this.touched_ms = performance.now();
    this.value = Math.min(Number(max), Math.max(Number(min), Math.round(value)));
    this.draw();
    if (this.value !== before) this.moved(this.value);
  }

  /** What the show says. */
  show(value) {
    if (this.busy) return;
    this.value = Math.round(value);
    this.draw();
  }

  draw() {
    const { input, number } = this;
    const text = String(this.value);
    if (input.value !== text) input.value = text;
    if (document.activeElement !== number && number.value !== text) number.value = text;
    const share = (100 * (this.value - input.min)) / (input.max - input.min);
    input.style.setProperty("--filled", `${share}%`);
  }
}

function begin(event) {
  const fader = faders.get(event.target);
  if (event.pointerType === "mouse" || !fader || fader.input.disabled || document.body.classList.contains("learning")) return;
  touches.set(event.pointerId, { fader, from: fader.value, x: event.clientX, y: event.clientY, rides: false });
}

function move(event) {
  const touch = touches.get(event.pointerId);
  if (!touch || touch.over_ms) return;
  const [across, along] = [event.clientX - touch.x, event.clientY - touch.y];
  if (!touch.rides) {
    if (Math.abs(across) < SIDEWAYS_PX || Math.abs(across) < CLEARLY * Math.abs(along)) return;
    touch.rides = true;
    touch.x = event.clientX; // from here on, so that nothing jumps
    return;
  }
  const { input } = touch.fader;
  touch.fader.take(touch.from + (across / Math.max(1, input.clientWidth)) * (input.max - input.min));
}

function end(event) {
  const touch = touches.get(event.pointerId);
  if (!touch || touch.over_ms) return;
  // The browser took it for a scroll: what it set meanwhile was not meant.
  if (event.type === "pointercancel" && touch.rides) touch.fader.take(touch.from);
  touch.over_ms = performance.now();
  setTimeout(() => touches.delete(event.pointerId), AFTER_MS);
}

/** What the browser itself makes of a touch is undone before anybody hears of it. */
function undo(event) {
  const fader = faders.get(event.target);
  if (!fader || ![...touches.values()].some((touch) => touch.fader === fader)) return;
  event.stopImmediatePropagation();
  fader.draw();
}

for (const [kind, listener] of [["pointerdown", begin], ["pointermove", move], ["pointerup", end], ["pointercancel", end], ["input", undo], ["change", undo]]) {
  document.addEventListener(kind, listener, true);
}

/** Put a fader back to what it was before a hand that must not move it. */
export function restore(input) {
  const fader = faders.get(input) ?? [...faders.values()].find((one) => one.number === input);
  if (!fader) return;
  fader.number.value = String(fader.value);
  fader.draw();
}
