// What people do besides master and blackout: lean on the model, choose colours, call looks, take lamps in hand.
//
// Everything that is drawn here is what the server said; a finger only asks.

import { huesOf } from "./picture.js";

const NAMES = ["red", "orange", "yellow", "lime", "green", "mint", "cyan", "azure", "blue", "violet", "magenta", "rose"];
const FADERS = ["intensity", "energy", "pace", "spread"];
const STEP = 15; // hue ids between two swatches
const NEAR = 7;
const RIDE_MS = 50;
const OWN_MS = 600; // while a finger is on a fader, the server's answer is older than the finger

const element = (id) => document.getElementById(id);

/** Sends at most every RIDE_MS, and always the last. */
function rider(send) {
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

export class HandsView {
  /** @param send called with command, amount and what else it is about. */
  constructor(send) {
    this.send = send;
    this.operator = null;
    this.touched_ms = 0;
    this.shown = "";
    for (const name of FADERS) this.fader(name);
    this.swatches();
    this.byHand();
    element("image").addEventListener("change", (event) => this.fromImage(event.target.files[0]));
    element("free").addEventListener("click", () => this.colours([], []));
    element("keep").addEventListener("submit", (event) => this.keep(event));
  }

  greet(hello) {
    const options = hello.targets.map((name) => Object.assign(document.createElement("option"), { value: name, textContent: name }));
    element("target").replaceChildren(...options);
    this.scenes = hello.scenes;
    this.drawScenes();
    element("haze").hidden = !hello.haze;
  }

  show(operator) {
    this.operator = operator;
    if (performance.now() - this.touched_ms > OWN_MS) this.standFaders();
    const { hues, forbidden } = operator.steering;
    const shown = JSON.stringify([hues, forbidden, operator.hands, operator.scene]);
    if (shown === this.shown) return;
    this.shown = shown;
    this.drawSwatches(hues, forbidden);
    this.drawHands();
    this.drawScenes();
  }

  // -------------------------------------------------------------- leaning on the model

  fader(name) {
    const input = element(name);
    const send = rider((amount) => this.send(name, amount));
    input.addEventListener("input", () => {
      this.touched_ms = performance.now();
      fill(input);
      send(input.valueAsNumber / 100);
    });
    input.addEventListener("dblclick", () => send(0.5)); // by the same rider: the ride before must not come after it
  }

  standFaders() {
    for (const name of FADERS) stand(element(name), 100 * this.operator.steering[name]);
    const hand = this.operator.hands.find((one) => one.target === element("target").value);
    stand(element("hand-intensity"), hand && hand.intensity >= 0 ? 100 * hand.intensity : 0);
    if (hand && hand.hue_deg >= 0) {
      stand(element("hand-hue"), hand.hue_deg);
      stand(element("hand-saturation"), 100 * hand.saturation);
    }
  }

  // -------------------------------------------------------------- colours

  swatches() {
    const buttons = NAMES.map((name, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "swatch";
      button.dataset.hue = STEP * index;
      button.dataset.name = name;
      button.style.setProperty("--hue", `hsl(${30 * index} 92% 56%)`);
      button.addEventListener("click", () => this.turn(STEP * index));
      return button;
    });
    element("swatches").replaceChildren(...buttons);
  }

  /** Free, only this, never this, free again. */
  turn(hue) {
    const { hues, forbidden } = this.operator.steering;
    const without = (list) => list.filter((one) => one !== hue);
    if (hues.includes(hue)) this.colours(without(hues), [...forbidden, hue]);
    else if (forbidden.includes(hue)) this.colours(hues, without(forbidden));
    else this.colours([...hues, hue], forbidden);
  }

  colours(hues, forbidden) {
    const before = this.operator.steering;
    if (String(hues) !== String(before.hues)) this.send("hues", 1, { values: hues });
    if (String(forbidden) !== String(before.forbidden)) this.send("forbidden", 1, { values: forbidden });
  }

  drawSwatches(hues, forbidden) {
    const list = element("swatches");
    for (const extra of list.querySelectorAll(".extra")) extra.remove();
    const known = new Set([...list.children].map((button) => Number(button.dataset.hue)));
    for (const hue of [...hues, ...forbidden].filter((one) => !known.has(one))) {
      const button = list.children[0].cloneNode(true);
      Object.assign(button.dataset, { hue, name: `${2 * hue} degrees` });
      button.classList.add("extra");
      button.style.setProperty("--hue", `hsl(${2 * hue} 92% 56%)`);
      button.addEventListener("click", () => this.turn(hue));
      list.append(button);
    }
    for (const button of list.children) {
      const hue = Number(button.dataset.hue);
      const word = hues.includes(hue) ? "only" : forbidden.includes(hue) ? "never" : "free";
      button.dataset.state = word;
      button.setAttribute("aria-label", `${button.dataset.name}: ${word}`);
      button.title = button.getAttribute("aria-label");
    }
    element("free").disabled = !hues.length && !forbidden.length;
  }

  async fromImage(file) {
    const said = element("image-said");
    said.textContent = "";
    try {
      const hues = await huesOf(file);
      if (hues.length) this.colours(hues, this.operator.steering.forbidden.filter((one) => !hues.some((hue) => near(hue, one))));
      else said.textContent = "No colour in that picture.";
    } catch {
      said.textContent = "That is no picture this browser can read.";
    }
    element("image").value = "";
  }

  // -------------------------------------------------------------- looks

  drawScenes() {
    const items = (this.scenes ?? []).map((name) => {
      const item = document.createElement("li");
      const call = Object.assign(document.createElement("button"), { type: "button", textContent: name, className: "chip" });
      const on = this.operator?.scene === name;
      call.setAttribute("aria-pressed", String(on));
      call.dataset.do = `scene:${name}`;
      call.addEventListener("click", () => this.send("scene", on ? 0 : 1, { target: name }));
      const drop = Object.assign(document.createElement("button"), { type: "button", textContent: "×", className: "drop" });
      drop.setAttribute("aria-label", `forget the look ${name}`);
      drop.addEventListener("click", () => confirm(`Forget the look “${name}”?`) && this.send("forget_scene", 1, { target: name }));
      item.append(call, drop);
      return item;
    });
    element("scenes").replaceChildren(...items);
    element("no-scenes").hidden = items.length > 0;
  }

  keep(event) {
    event.preventDefault();
    const name = element("scene-name").value.trim();
    if (!name) return;
    this.send("save_scene", 1, { target: name });
    element("scene-name").value = "";
  }

  // -------------------------------------------------------------- lamps in hand

  byHand() {
    const target = element("target");
    const ride = rider((values) => this.send("hand", 1, { target: target.value, values }));
    const own = (input) => {
      this.touched_ms = performance.now();
      fill(input);
    };
    element("hand-intensity").addEventListener("input", (event) => {
      own(event.target);
      ride([event.target.valueAsNumber / 100, -1, -1]);
    });
    const colour = (event) => {
      own(event.target);
      ride([-1, element("hand-hue").valueAsNumber, element("hand-saturation").valueAsNumber / 100]);
    };
    element("hand-hue").addEventListener("input", colour);
    element("hand-saturation").addEventListener("input", colour);
    target.addEventListener("change", () => this.standFaders());
    element("back").addEventListener("click", () => this.send("hand", 0, { target: "*" }));
  }

  /** Choose what the hand faders are about: a lamp that was pointed at. */
  choose(name) {
    element("target").value = name;
    this.standFaders();
  }

  drawHands() {
    const { hands } = this.operator;
    const items = hands.map((hand) => {
      const item = document.createElement("li");
      const parts = [hand.intensity >= 0 ? `${Math.round(100 * hand.intensity)} %` : "", hand.hue_deg >= 0 ? "colour" : ""];
      const button = Object.assign(document.createElement("button"), { type: "button", className: "chip held" });
      button.textContent = `${hand.target} ${parts.filter(Boolean).join(", ")} ×`;
      button.setAttribute("aria-label", `give ${hand.target} back`);
      button.addEventListener("click", () => this.send("hand", 0, { target: hand.target }));
      item.append(button);
      return item;
    });
    element("held").replaceChildren(...items);
    element("back").disabled = !hands.length;
  }
}

function near(hue, other) {
  const apart = Math.abs(hue - other) % 180;
  return Math.min(apart, 180 - apart) <= NEAR;
}

function stand(input, value) {
  const text = String(Math.round(value));
  if (input.value !== text) input.value = text;
  fill(input);
}

function fill(input) {
  const share = (100 * (input.valueAsNumber - input.min)) / (input.max - input.min);
  input.style.setProperty("--filled", `${share}%`);
}
