// What is chosen on the plan: its settings, for one fixture or for several at once; and the rig, where nothing is chosen.

import { fill } from "./library.js";
import { press } from "./plan-drawing.js";

const element = (id) => document.getElementById(id);
const SHARES = new Set(["max_intensity", "pan_home", "tilt_home"]);
const USUAL = { max_intensity: 1, pan_home: 0.5, tilt_home: 0.5, turn_deg: 0, invert_pan: false, invert_tilt: false, groups: [] };

export class ChosenLamps {
  /** @param link asks the program. @param plan knows what is chosen. */
  constructor(link, plan) {
    this.link = link;
    this.plan = plan;
    this.fields = [...document.querySelectorAll("#one [data-key]")];
    for (const field of this.fields) field.addEventListener("change", () => this.set(field));
    element("one").addEventListener("submit", (event) => event.preventDefault());
    for (const button of document.querySelectorAll("[data-shape]")) {
      button.addEventListener("click", () => link.do("arrange", { names: this.names, shape: button.dataset.shape }));
    }
    element("in-turn").addEventListener("click", () => this.address());
    element("remove").addEventListener("click", () => link.do("remove", { names: this.names }));
    element("more-universes").addEventListener("click", () => link.do("universe"));
    element("identify").addEventListener("click", () => {
      const lit = this.link.state.showing;
      link.do(lit && this.names.includes(lit) ? "dark" : "identify", { names: this.names.slice(0, 1) });
    });
    element("walk").addEventListener("click", () => link.do("check", { names: this.names, thorough: true }));
  }

  /** Names of what is chosen, from the audience's left to the right. */
  get names() {
    return this.lamps.map((one) => one.id);
  }

  get lamps() {
    const chosen = (this.link.state?.fixtures ?? []).filter((one) => this.plan.choice.has(one.id));
    return chosen.sort((one, other) => one.x - other.x || one.y - other.y);
  }

  show() {
    const state = this.link.state;
    if (!state) return;
    const lamps = this.lamps;
    element("nothing").hidden = lamps.length > 0;
    element("one").hidden = !lamps.length;
    element("counted").textContent = lamps.length ? `${lamps.length} of ${state.fixtures.length} chosen` : `${state.fixtures.length} fixtures`;
    if (lamps.length) this.showLamps(state, lamps);
    else this.showRig(state);
  }

  showLamps(state, lamps) {
    const alone = lamps.length === 1;
    const same = (key) => lamps.every((one) => JSON.stringify(one[key] ?? null) === JSON.stringify(lamps[0][key] ?? null));
    element("one-title").textContent = alone ? lamps[0].id : `${lamps.length} fixtures`;
    element("one-profile").textContent = same("profile") ? `${lamps[0].profile}, ${lamps[0].slots} slots` : "of several kinds";
    element("problems").replaceChildren(...lamps.flatMap((one) => one.problems.map((said) => item(alone ? said : `${one.id}: ${said}`))));
    toggle(".single", alone);
    toggle(".several-only, .shapes", !alone);
    toggle(".mover", lamps.some((one) => one.moves));
    toggle(".bar", lamps.some((one) => one.heads > 1));
    fill(element("one-role"), state.roles.map((one) => [one, one]));
    const modes = same("profile") ? lamps[0].modes : [];
    fill(element("one-mode"), modes.map((one) => [one.name, `${one.name} (${one.slots} slots)`]));
    element("one-mode").disabled = !modes.length;
    const universes = state.universes.map((one) => [one.number, String(one.number)]);
    fill(element("one-universe"), universes);
    fill(element("from-universe"), universes, true);
    for (const field of this.fields) put(field, same(field.dataset.key) ? lamps[0][field.dataset.key] : undefined);
    element("identify").disabled = !alone;
    press(element("identify"), alone && state.showing === lamps[0].id);
  }

  showRig(state) {
    element("refusal").textContent = state.refusal;
    element("universes").replaceChildren(...state.universes.map((one) => this.universe(state, one)));
    const wrong = state.fixtures.filter((one) => one.problems.length);
    const right = state.fixtures.filter((one) => !one.problems.length);
    element("all-fixtures").replaceChildren(...[...wrong, ...right].map((one) => this.row(one)));
  }

  universe(state, one) {
    const slots = state.fixtures.filter((lamp) => lamp.universe === one.number).reduce((sum, lamp) => sum + lamp.slots, 0);
    const row = item(`${one.number}: ${one.leaves}`);
    const used = document.createElement("span");
    used.className = "quietly number";
    used.textContent = `${slots} of 512`;
    row.append(used);
    return row;
  }

  row(one) {
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const where = document.createElement("span");
    where.className = "quietly number";
    where.textContent = one.slots ? `${one.universe}.${one.address}–${one.address + one.slots - 1}` : `${one.universe}.${one.address}`;
    button.append(one.id, where);
    for (const said of one.problems) {
      const problem = document.createElement("span");
      problem.className = "bad";
      problem.textContent = said;
      button.append(problem);
    }
    button.addEventListener("click", () => this.plan.choose([one.id]));
    row.append(button);
    return row;
  }

  set(field) {
    const { key } = field.dataset;
    let value = field.type === "checkbox" ? field.checked : field.value.trim();
    if (field.type === "number") value = Number.isFinite(field.valueAsNumber) ? field.valueAsNumber : null;
    if (SHARES.has(key) && value !== null) value /= 100;
    if (key === "universe") value = Number(value);
    if (key === "groups") value = value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    if (JSON.stringify(value) === JSON.stringify(USUAL[key])) value = null;
    const { names } = this;
    if (value === null && !(key in USUAL)) return this.restore(field);
    this.link.do("set", { names, values: { [key]: value } }).then((state) => {
      if (state && key === "id") this.plan.choose([value]);
      else if (!state) this.restore(field);
    });
  }

  /** What the patch has, over what was typed and cannot be. */
  restore(field) {
    field.blur();
    this.show();
  }

  address() {
    this.link.do("address", {
      names: this.names, universe: Number(element("from-universe").value), first: element("from-address").valueAsNumber || 1,
    });
  }
}

function put(field, value) {
  if (document.activeElement === field && field.type !== "checkbox" && field.tagName !== "SELECT") return;
  const { key } = field.dataset;
  const known = value ?? (value === undefined ? undefined : USUAL[key]);
  field.placeholder = known === undefined ? "several" : field.id === "one-groups" ? "truss left" : "";
  if (field.type === "checkbox") {
    field.checked = Boolean(known);
    field.indeterminate = known === undefined;
  } else if (known === undefined || known === null) field.value = "";
  else field.value = SHARES.has(key) ? Math.round(known * 1000) / 10 : Array.isArray(known) ? known.join(" ") : known;
}

function toggle(selector, on) {
  for (const one of document.querySelectorAll(`#one :is(${selector})`)) one.hidden = !on;
}

function item(text) {
  const made = document.createElement("li");
  made.textContent = text;
  return made;
}
