// One rig, two views in the same place: from the front, as the audience sees it, and the plan from above.
//
// Heads can be pointed at in both. Which one somebody chose is remembered in this browser.

import { PlanView } from "./plan.js";
import { StageView } from "./stage.js";

const KEPT = "followspot.view";
const NAMES = ["front", "plan"];

const element = (id) => document.getElementById(id);

export class Views {
  constructor() {
    const front = new StageView(element("light"), element("scene"), element("lamps"), element("front"));
    this.views = { front, plan: new PlanView(element("above")) };
    this.states = [];
    this.seen = true;
    for (const name of NAMES) element(`view-${name}`).addEventListener("click", () => this.choose(name));
    this.turnTo(remembered());
    // Scrolled away, as on a phone, it costs nothing.
    new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting;
      if (this.seen) this.show(this.states);
    }).observe(element("stage"));
    new ResizeObserver(() => this.show(this.states)).observe(element("stage"));
  }

  get shown() {
    return this.views[this.name];
  }

  /** Where each head is in the view, in CSS pixels: [x, y] and more. */
  get spots() {
    return this.shown.spots ?? [];
  }

  setRig(heads, places) {
    this.states = heads.map(() => [0, 0, 0, 0, 0]);
    for (const name of NAMES) this.views[name].setRig(heads, places);
  }

  /** @param states for each head [red, green, blue, pan_deg, tilt_deg], linear light. */
  show(states) {
    this.states = states;
    if (this.seen) this.shown.show(states);
  }

  headAt(x, y) {
    return this.shown.headAt(x, y);
  }

  choose(name) {
    this.turnTo(name);
    this.show(this.states);
    try {
      localStorage.setItem(KEPT, name);
    } catch {
      // A browser that keeps nothing begins with the front the next time.
    }
  }

  turnTo(name) {
    this.name = name;
    element("stage").dataset.view = name;
    for (const each of NAMES) element(`view-${each}`).setAttribute("aria-pressed", String(each === name));
  }
}

function remembered() {
  try {
    const kept = localStorage.getItem(KEPT);
    return NAMES.includes(kept) ? kept : "front";
  } catch {
    return "front";
  }
}
