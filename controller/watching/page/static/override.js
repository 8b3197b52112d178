// Fixtures that a person overrides: level, hue and saturation, until they are released.

import { Fader, rider } from "./fader.js";
import { onLanguage, word } from "./language.js";

const element = (id) => document.getElementById(id);

export class OverrideView {
  /** @param send called with command, amount and what else it is about. */
  constructor(send) {
    this.send = send;
    this.hands = [];
    this.shown = "";
    this.target = element("target");
    const ride = rider((values) => send("hand", 1, { target: this.target.value, values }));
    const colour = () => ride([-1, this.hue.value, this.saturation.value / 100]);
    this.level = new Fader(element("hand-intensity"), (value) => ride([value / 100, -1, -1]));
    this.hue = new Fader(element("hand-hue"), colour);
    this.saturation = new Fader(element("hand-saturation"), colour);
    this.target.addEventListener("change", () => this.stand());
    element("back").addEventListener("click", () => send("hand", 0, { target: "*" }));
    onLanguage(() => this.draw());
  }

  greet(targets) {
    if (String(targets) === String([...this.target.options].map((one) => one.value))) return;
    const chosen = this.target.value;
    this.target.replaceChildren(...targets.map((name) => Object.assign(document.createElement("option"), { value: name, textContent: name })));
    if (targets.includes(chosen)) this.target.value = chosen;
    this.stand();
  }

  /** What the faders are about: a fixture that was pointed at. */
  choose(name) {
    this.target.value = name;
    this.stand();
    this.level.input.focus({ preventScroll: true });
  }

  /** Each fader as the show has it; a knob learns what its fader is about now. */
  stand() {
    const hand = this.hands.find((one) => one.target === this.target.value);
    this.level.show(hand && hand.intensity >= 0 ? 100 * hand.intensity : 0);
    if (hand && hand.hue_deg >= 0) {
      this.hue.show(hand.hue_deg);
      this.saturation.show(100 * hand.saturation);
    }
    for (const [fader, part] of [[this.level, "intensity"], [this.hue, "hue"], [this.saturation, "saturation"]]) {
      fader.input.dataset.do = `hand:${this.target.value}:${part}`;
    }
  }

  show(hands) {
    this.hands = hands;
    this.stand();
    const shown = JSON.stringify(hands);
    if (shown === this.shown) return;
    this.shown = shown;
    this.draw();
  }

  draw() {
    const items = this.hands.map((hand) => {
      const item = document.createElement("li");
      const parts = [hand.intensity >= 0 ? `${Math.round(100 * hand.intensity)} %` : "", hand.hue_deg >= 0 ? word("override.colour") : ""];
      const button = Object.assign(document.createElement("button"), { type: "button", className: "chip held" });
      button.textContent = `${hand.target} ${parts.filter(Boolean).join(", ")} ×`;
      button.dataset.live = "";
      button.setAttribute("aria-label", word("override.release", { name: button.textContent }));
      button.addEventListener("click", () => this.send("hand", 0, { target: hand.target }));
      item.append(button);
      return item;
    });
    element("held").replaceChildren(...items);
    element("back").disabled = !this.hands.length;
  }
}
