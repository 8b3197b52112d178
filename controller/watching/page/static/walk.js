// A walk along the rig: every fixture white by itself, in each colour if wanted, and a person who says what is seen.
//
// It uses the same hands as the page's faders, so the show goes on below it and comes back when the walk ends.

const element = (id) => document.getElementById(id);
const DARK = [0, -1, -1];
// Name of each step, what is asked, and the hand's values: brightness, hue in degrees, saturation.
const WHITE = ["white", "should be white now, and nothing else lit", [1, 0, 0]];
const COLOURS = [
  ["dim", "should be dimmer now, still white, and steady", [0.35, 0, 0]],
  ["red", "should be red now", [1, 0, 1]],
  ["green", "should be green now", [1, 120, 1]],
  ["blue", "should be blue now", [1, 240, 1]],
];

export class WalkView {
  /** @param send called with command, amount and what else it is about. @param address gives a head's slots in words. */
  constructor(send, address) {
    this.send = send;
    this.address = address;
    this.at = -1;
    this.fixtures = [];
    element("walk").addEventListener("click", () => (this.at < 0 ? this.begin() : this.end()));
    element("walk-seen").addEventListener("click", () => this.answer(true));
    element("walk-missing").addEventListener("click", () => this.answer(false));
    element("walk-before").addEventListener("click", () => this.go(this.at - 1));
  }

  /** @param heads of the rig; a fixture is named by its first head. */
  setRig(heads) {
    const first = new Map();
    for (const head of heads) if (head.role !== "hazer") first.set(head.fixture, first.get(head.fixture) ?? head);
    this.fixtures = [...first.values()];
    this.stops = [];
    this.seen = new Map();
    this.wrong = new Map();
    if (this.at >= 0) this.end();
  }

  begin() {
    if (!this.fixtures.length) return;
    element("patch-panel").open = true;
    this.seen.clear();
    this.wrong.clear();
    const steps = element("walk-colours").checked ? [WHITE, ...COLOURS] : [WHITE];
    this.stops = this.fixtures.flatMap((head, number) => steps.map((step) => ({ head, number, step })));
    this.marks();
    this.send("hand", 1, { target: "all", values: DARK });
    this.go(0);
    element("walk-seen").focus();
  }

  go(next) {
    if (this.at >= 0) this.send("hand", 0, { target: this.stops[this.at].head.fixture });
    this.at = Math.max(0, next);
    const { head, number, step } = this.stops[this.at];
    this.send("hand", 1, { target: head.fixture, values: step[2] });
    const where = `${number + 1} of ${this.fixtures.length}`;
    element("walk-said").textContent = `${where}: ${head.fixture} (${head.label}, ${head.role}) at ${this.address(head)} ${step[1]}.`;
    this.controls();
  }

  answer(seen) {
    const { head, step } = this.stops[this.at];
    if (step === WHITE) this.seen.set(head.fixture, seen);
    const wrong = (this.wrong.get(head.fixture) ?? []).filter((name) => name !== step[0]);
    this.wrong.set(head.fixture, seen || step === WHITE ? wrong : [...wrong, step[0]]);
    this.marks();
    if (this.at + 1 < this.stops.length) this.go(this.at + 1);
    else this.end();
  }

  end() {
    this.at = -1;
    this.send("hand", 0, { target: "*" });
    const missing = this.fixtures.filter((head) => this.seen.get(head.fixture) === false);
    const asked = this.seen.size;
    const named = missing.map((head) => `${head.fixture} (${this.address(head)})`).join(", ");
    const all = asked === this.fixtures.length ? `All ${asked} fixtures answer.` : `${asked} of ${this.fixtures.length} fixtures were looked at; all of those answer.`;
    const wrong = [...this.wrong].filter(([fixture, names]) => names.length && this.seen.get(fixture));
    const said = missing.length ? `Not seen: ${named}. Look at power, address, mode and cable there; docs/trouble.md goes through them.` : all;
    const lamps = wrong.map(([fixture, names]) => `${fixture}: ${names.join(", ")}`).join("; ");
    const remedy = `Not as they should be: ${lamps}. After the show, followspot patch test ${wrong.map(([fixture]) => fixture).join(" ")} finds the right levels and writes them into the patch; it tries pan, tilt and wheels, too.`;
    element("walk-said").textContent = wrong.length ? `${missing.length ? said : ""} ${remedy}`.trim() : said;
    this.controls();
    element("walk").focus();
  }

  controls() {
    const walking = this.at >= 0;
    for (const name of ["seen", "missing", "before"]) element(`walk-${name}`).hidden = !walking;
    element("walk-before").disabled = this.at <= 0;
    element("walk-colours").disabled = walking;
    element("walk").textContent = walking ? "stop" : "walk along the rig";
  }

  /** What was answered, beside each row of the patch. */
  marks() {
    for (const row of element("patch").rows) {
      const seen = this.seen.get(row.dataset.fixture);
      const wrong = this.wrong.get(row.dataset.fixture) ?? [];
      const good = wrong.length ? `✗ ${wrong.join(", ")}` : "✓ seen";
      row.cells[4].textContent = seen === undefined ? "" : seen ? good : "✗ not seen";
      row.cells[4].className = seen === false || wrong.length ? "bad" : "";
    }
  }
}
