// What is on the screen: the show, the rig, the set list, or what is for the technician. Left and right go through them.

const NAMES = ["show", "rig", "list", "technician"];

const element = (id) => document.getElementById(id);

export class Tabs {
  /** @param changed called with the name of the tab that is shown. */
  constructor(changed) {
    this.changed = changed;
    for (const name of NAMES) {
      element(`tab-${name}`).addEventListener("click", () => this.show(name));
      element(`tab-${name}`).addEventListener("keydown", (event) => this.step(event, name));
    }
    this.show("show");
  }

  show(name) {
    this.name = name;
    document.body.dataset.tab = name;
    for (const each of NAMES) {
      const chosen = each === name;
      element(`panel-${each}`).hidden = !chosen;
      element(`tab-${each}`).setAttribute("aria-selected", String(chosen));
      element(`tab-${each}`).tabIndex = chosen ? 0 : -1;
    }
    scrollTo(0, 0);
    document.querySelector("main").scrollTo(0, 0);
    this.changed(name);
  }

  step(event, name) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = NAMES[(NAMES.indexOf(name) + by + NAMES.length) % NAMES.length];
    this.show(next);
    element(`tab-${next}`).focus();
  }
}
