// Colours that the model keeps to, and those that it keeps away from; also out of a picture.

import { huesOf } from "./picture.js";
import { onLanguage, word } from "./language.js";

const NAMES = ["red", "orange", "yellow", "lime", "green", "mint", "cyan", "azure", "blue", "violet", "magenta", "rose"];
const STEP = 15; // hue ids between two swatches
const NEAR = 7;

const element = (id) => document.getElementById(id);

export class SwatchesView {
  /** @param send called with command, amount and what else it is about. */
  constructor(send) {
    this.send = send;
    this.hues = [];
    this.forbidden = [];
    this.shown = "";
    element("swatches").replaceChildren(...NAMES.map((name, index) => this.button(STEP * index, name)));
    element("image").addEventListener("change", (event) => this.fromImage(event.target.files[0]));
    element("free").addEventListener("click", () => this.choose([], []));
    onLanguage(() => this.draw());
  }

  button(hue, name) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "swatch" });
    Object.assign(button.dataset, { hue, name, live: "" });
    button.style.setProperty("--hue", `hsl(${2 * hue} 92% 56%)`);
    button.addEventListener("click", () => this.turn(hue));
    return button;
  }

  show({ hues, forbidden }) {
    const shown = JSON.stringify([hues, forbidden]);
    if (shown === this.shown) return;
    this.shown = shown;
    [this.hues, this.forbidden] = [hues, forbidden];
    this.draw();
  }

  /** Free, only this, never this, free again. */
  turn(hue) {
    const { hues, forbidden } = this;
    const without = (list) => list.filter((one) => one !== hue);
    if (hues.includes(hue)) this.choose(without(hues), [...forbidden, hue]);
    else if (forbidden.includes(hue)) this.choose(hues, without(forbidden));
    else this.choose([...hues, hue], forbidden);
  }

  choose(hues, forbidden) {
    if (String(hues) !== String(this.hues)) this.send("hues", 1, { values: hues });
    if (String(forbidden) !== String(this.forbidden)) this.send("forbidden", 1, { values: forbidden });
  }

  draw() {
    const list = element("swatches");
    const asked = [...this.hues, ...this.forbidden];
    for (const extra of list.querySelectorAll(".extra")) if (!asked.includes(Number(extra.dataset.hue))) extra.remove();
    const known = new Set([...list.children].map((button) => Number(button.dataset.hue)));
    for (const hue of asked.filter((one) => !known.has(one))) {
      const button = this.button(hue, "");
      button.classList.add("extra");
      list.append(button);
    }
    for (const button of list.children) this.drawOne(button);
    element("free").disabled = !asked.length;
  }

  drawOne(button) {
    const hue = Number(button.dataset.hue);
    const state = this.hues.includes(hue) ? "only" : this.forbidden.includes(hue) ? "never" : "free";
    const name = button.dataset.name ? word(`hue.${button.dataset.name}`) : word("hue.degrees", { degrees: 2 * hue });
    button.dataset.state = state;
    button.title = word("swatch", { name, state: word(`swatch.${state}`) });
    button.setAttribute("aria-label", button.title);
  }

  async fromImage(file) {
    const said = element("image-said");
    said.textContent = "";
    element("image").value = "";
    if (!file) return;
    try {
      const hues = await huesOf(file);
      if (hues.length) this.choose(hues, this.forbidden.filter((one) => !hues.some((hue) => near(hue, one))));
      else said.textContent = word("colours.no_colour");
    } catch {
      said.textContent = word("colours.no_picture");
    }
  }
}

function near(hue, other) {
  const apart = Math.abs(hue - other) % 180;
  return Math.min(apart, 180 - apart) <= NEAR;
}
