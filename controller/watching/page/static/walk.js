// Fixture check: one after the other white and alone, in each colour if wanted, and a person who says what is seen.
//
// It overrides as the page's faders do, so the show goes on below it and comes back when the check ends. What it overrides
// is lent: the server releases it when this page goes, however it goes.

import { onLanguage, word } from "./language.js";

const KEPT = "followspot.check";
const DARK = [0, -1, -1];
// Name of each step, and what is sent: brightness, hue in degrees, saturation.
const WHITE = ["white", [1, 0, 0]];
const COLOURS = [
  ["dim", [0.35, 0, 0]],
  ["red", [1, 0, 1]],
  ["green", [1, 120, 1]],
  ["blue", [1, 240, 1]],
];

const element = (id) => document.getElementById(id);

export class WalkView {
  /**
   * @param send called with command, amount and what else it is about. @param address gives a head's slots in words.
   * @param allowed a promise of whether the stage may go dark now.
   */
  constructor(send, address, allowed) {
    this.send = send;
    this.address = address;
    this.allowed = allowed;
    this.at = -1;
    this.fixtures = [];
    element("walk").addEventListener("click", () => (this.at < 0 ? this.begin() : this.end()));
    element("walk-seen").addEventListener("click", () => this.answer(true));
    element("walk-missing").addEventListener("click", () => this.answer(false));
    element("walk-before").addEventListener("click", () => this.go(this.at - 1));
    addEventListener("pagehide", () => this.at >= 0 && this.release());
    onLanguage(() => this.controls());
  }

  /** @param heads of the rig; a fixture is named by its first head. */
  setRig(heads) {
    const first = new Map();
    for (const head of heads) if (head.role !== "hazer") first.set(head.fixture, first.get(head.fixture) ?? head);
    if (this.at >= 0) this.end();
    this.fixtures = [...first.values()];
    this.stops = [];
    this.seen = new Map();
    this.wrong = new Map();
  }

  /** A check of this tab that ended without a word, with the page's process: what it held is released. */
  forget() {
    if (this.at < 0) keep(kept().filter((target) => !this.send("hand", 0, { target })));
  }

  async begin() {
    if (!this.fixtures.length || !(await this.allowed())) return;
    this.seen.clear();
    this.wrong.clear();
    const steps = element("walk-colours").checked ? [WHITE, ...COLOURS] : [WHITE];
    this.stops = this.fixtures.flatMap((head, number) => steps.map((step) => ({ head, number, step })));
    this.marks();
    this.send("hand", 1, { target: "all", values: DARK, lent: true });
    this.go(0);
    element("walk-seen").focus();
  }

  go(next) {
    if (this.at >= 0) this.send("hand", 0, { target: this.stops[this.at].head.fixture });
    this.at = Math.max(0, next);
    const { head, step } = this.stops[this.at];
    this.send("hand", 1, { target: head.fixture, values: step[1], lent: true });
    keep(["all", head.fixture]);
    this.controls();
  }

  answer(seen) {
    if (this.at < 0) return;
    const { head, step } = this.stops[this.at];
    if (step === WHITE) this.seen.set(head.fixture, seen);
    const wrong = (this.wrong.get(head.fixture) ?? []).filter((name) => name !== step[0]);
    this.wrong.set(head.fixture, seen || step === WHITE ? wrong : [...wrong, step[0]]);
    this.marks();
    if (this.at + 1 < this.stops.length) this.go(this.at + 1);
    else this.end();
  }

  /** What this check overrides, and nothing that somebody else does. */
  release() {
    const left = [this.stops[this.at].head.fixture, "all"].filter((target) => !this.send("hand", 0, { target }));
    keep(left);
  }

  end() {
    this.release();
    this.at = -1;
    element("walk-said").textContent = this.summary();
    this.controls();
    element("walk").focus();
  }

  summary() {
    const missing = this.fixtures.filter((head) => this.seen.get(head.fixture) === false);
    const values = { count: this.seen.size, all: this.fixtures.length };
    const named = missing.map((head) => `${head.fixture} (${this.address(head)})`).join(", ");
    const whole = this.seen.size === this.fixtures.length ? "check.all" : "check.some";
    const wrong = [...this.wrong].filter(([fixture, names]) => names.length && this.seen.get(fixture));
    const names = wrong.map(([fixture, steps]) => `${fixture}: ${steps.map((step) => word(`step.${step}`)).join(", ")}`).join("; ");
    const remedy = word("check.wrong", { names, fixtures: wrong.map(([fixture]) => fixture).join(" ") });
    const said = missing.length ? word("check.not_seen", { names: named }) : word(whole, values);
    return wrong.length ? `${missing.length ? said : ""} ${remedy}`.trim() : said;
  }

  controls() {
    const walking = this.at >= 0;
    for (const name of ["seen", "missing"]) element(`walk-${name}`).disabled = !walking;
    element("walk-before").disabled = this.at <= 0;
    element("walk-colours").disabled = walking;
    element("walk").textContent = word(walking ? "check.stop" : "check.begin");
    element("walk").setAttribute("aria-pressed", String(walking));
    if (!walking) return;
    const { head, number, step } = this.stops[this.at];
    const values = { number: number + 1, all: this.fixtures.length, fixture: head.fixture, label: head.label, role: head.role, address: this.address(head) };
    element("walk-said").textContent = word(`check.${step[0]}`, values);
  }

  /** What was answered, beside each row of the patch. */
  marks() {
    for (const row of element("patch").rows) {
      const seen = this.seen.get(row.dataset.fixture);
      const wrong = this.wrong.get(row.dataset.fixture) ?? [];
      const good = wrong.length ? `✗ ${wrong.map((step) => word(`step.${step}`)).join(", ")}` : `✓ ${word("check.seen")}`;
      row.cells[4].textContent = seen === undefined ? "" : seen ? good : `✗ ${word("check.missing")}`;
      row.cells[4].className = seen === false || wrong.length ? "bad" : "";
    }
  }
}

function kept() {
  try {
    const targets = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(targets) ? targets.map(String) : [];
  } catch {
    return [];
  }
}

function keep(targets) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(targets));
  } catch {
    // A browser that keeps nothing has the server, which releases what was lent.
  }
}
