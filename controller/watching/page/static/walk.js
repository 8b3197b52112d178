// A walk along the rig: every fixture white by itself, and a person who says whether it was seen.
//
// It uses the same hands as the page's faders, so the show goes on below it and comes back when the walk ends.

const element = (id) => document.getElementById(id);
const DARK = [0, -1, -1];
const WHITE = [1, 0, 0];

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
    this.seen = new Map();
    if (this.at >= 0) this.end();
  }

  begin() {
    if (!this.fixtures.length) return;
    element("patch-panel").open = true;
    this.seen.clear();
    this.marks();
    this.send("hand", 1, { target: "all", values: DARK });
    this.go(0);
    element("walk-seen").focus();
  }

  go(next) {
    if (this.at >= 0) this.send("hand", 0, { target: this.fixtures[this.at].fixture });
    this.at = Math.max(0, next);
    const head = this.fixtures[this.at];
    this.send("hand", 1, { target: head.fixture, values: WHITE });
    const where = `${this.at + 1} of ${this.fixtures.length}`;
    element("walk-said").textContent = `${where}: ${head.fixture} (${head.label}, ${head.role}) at ${this.address(head)} should be white now, and nothing else lit.`;
    this.controls();
  }

  answer(seen) {
    this.seen.set(this.fixtures[this.at].fixture, seen);
    this.marks();
    if (this.at + 1 < this.fixtures.length) this.go(this.at + 1);
    else this.end();
  }

  end() {
    this.at = -1;
    this.send("hand", 0, { target: "*" });
    const missing = this.fixtures.filter((head) => this.seen.get(head.fixture) === false);
    const asked = this.seen.size;
    const named = missing.map((head) => `${head.fixture} (${this.address(head)})`).join(", ");
    const all = asked === this.fixtures.length ? `All ${asked} fixtures answer.` : `${asked} of ${this.fixtures.length} fixtures were looked at; all of those answer.`;
    element("walk-said").textContent = missing.length ? `Not seen: ${named}. Look at power, address, mode and cable there; docs/trouble.md goes through them.` : all;
    this.controls();
    element("walk").focus();
  }

  controls() {
    const walking = this.at >= 0;
    for (const name of ["seen", "missing", "before"]) element(`walk-${name}`).hidden = !walking;
    element("walk-before").disabled = this.at <= 0;
    element("walk").textContent = walking ? "stop" : "walk along the rig";
  }

  /** What was answered, beside each row of the patch. */
  marks() {
    for (const row of element("patch").rows) {
      const seen = this.seen.get(row.dataset.fixture);
      row.cells[4].textContent = seen === undefined ? "" : seen ? "✓ seen" : "✗ not seen";
      row.cells[4].className = seen === false ? "bad" : "";
    }
  }
}
