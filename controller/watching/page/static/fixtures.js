// The rig's fixtures by name: what a mouse, a finger and the Tab key find, and the table of who has which address.

import { toCode } from "./colour.js";
import { onLanguage, word } from "./language.js";

const TOUCHED_MS = 4000; // so long a label stays that a finger asked for

const element = (id) => document.getElementById(id);

/** `2.61–70`, as everywhere else. */
export function address(head) {
  const last = head.address + head.footprint - 1;
  return `${head.universe}.${head.address}${last > head.address ? `–${last}` : ""}`;
}

export class FixturesView {
  /** @param stage where fixtures are seen. @param open called with a head that somebody asks about, and what has the focus. */
  constructor(stage, open) {
    this.stage = stage;
    this.open = open;
    this.heads = [];
    this.states = [];
    this.pointed = -1;
    this.timer = 0;
    const place = element("stage");
    place.addEventListener("pointermove", (event) => this.point(event));
    place.addEventListener("pointerdown", (event) => this.point(event));
    place.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.leave());
    place.addEventListener("click", (event) => !event.target.closest("button") && this.pointed >= 0 && open(this.heads[this.pointed]));
    document.addEventListener("pointerdown", (event) => !event.target.closest("#stage") && this.leave(), true);
    document.addEventListener("scroll", () => this.leave(), { passive: true, capture: true });
    onLanguage(() => this.draw());
  }

  setRig(heads) {
    this.heads = heads;
    const first = new Map();
    heads.forEach((head, index) => first.has(head.fixture) || first.set(head.fixture, index));
    this.first = [...first.values()];
    this.leave();
    this.draw();
  }

  draw() {
    if (!this.first) return;
    element("fixture-list").replaceChildren(...this.first.map((index) => this.listed(index)));
    element("patch").replaceChildren(...this.first.map((index) => this.row(this.heads[index])));
    this.drawn?.();
  }

  /** A button that only Tab and a screen reader find: it shows the label, and asks why. */
  listed(index) {
    const head = this.heads[index];
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${head.fixture} · ${head.label} · ${head.role} · ${address(head)}` });
    button.dataset.fixture = head.fixture;
    button.title = word("fixtures.why");
    button.addEventListener("focus", () => this.label(index));
    button.addEventListener("blur", () => this.leave());
    button.addEventListener("click", () => this.open(head));
    item.append(button);
    return item;
  }

  row(head) {
    const row = document.createElement("tr");
    row.dataset.fixture = head.fixture;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "name", textContent: head.fixture, title: word("fixtures.why") });
    button.addEventListener("click", () => this.open(head));
    row.insertCell().append(button);
    for (const text of [head.label, head.role, address(head), ""]) row.insertCell().textContent = text;
    return row;
  }

  point(event) {
    const box = element("stage").getBoundingClientRect();
    const head = event.target.closest("button") ? -1 : this.stage.headAt(event.clientX - box.left, event.clientY - box.top);
    if (head < 0) return this.leave();
    this.label(head);
    if (event.pointerType !== "mouse") this.timer = setTimeout(() => this.leave(), TOUCHED_MS);
  }

  label(head) {
    clearTimeout(this.timer);
    this.pointed = head;
    element("tip").hidden = false;
    this.tell();
  }

  leave() {
    clearTimeout(this.timer);
    this.pointed = -1;
    element("tip").hidden = true;
  }

  show(states) {
    this.states = states;
    if (this.pointed >= 0) this.tell();
  }

  tell() {
    const head = this.heads[this.pointed];
    const [x, y] = this.stage.spots[this.pointed] ?? [0, 0];
    const [red, green, blue, pan, tilt] = this.states[this.pointed] ?? [0, 0, 0, 0, 0];
    const hex = [red, green, blue].map((part) => Math.round(toCode(part)).toString(16).padStart(2, "0")).join("");
    const light = head.emits ? `\n#${hex}  ${Math.round(100 * Math.max(red, green, blue))} %` : "";
    const moved = head.moves ? `  pan ${pan.toFixed(0)}° tilt ${tilt.toFixed(0)}°` : "";
    const [tip, box] = [element("tip"), element("stage")];
    const text = `${head.id} · ${head.label} · ${head.role}\n${address(head)}${light}${moved}`;
    if (tip.textContent !== text) tip.textContent = text;
    tip.style.left = `${Math.max(4, Math.min(box.clientWidth - tip.offsetWidth - 4, x - tip.offsetWidth / 2))}px`;
    tip.style.top = `${y + 22 + tip.offsetHeight > box.clientHeight ? y - tip.offsetHeight - 18 : y + 22}px`;
  }
}
