// The stage from above: fixtures chosen and moved by mouse, finger or arrow keys.

const SVG = "http://www.w3.org/2000/svg";
const element = (id) => document.getElementById(id);
const NEAR = 5; // pixels; a press that moves less chooses
const SNAP = 0.05;
const FEW = 12; // so many fixtures show their address beside their name
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class PlanDrawing {
  /** @param link asks the program. @param chosen called when another choice is made. */
  constructor(link, chosen) {
    this.link = link;
    this.onChoice = chosen;
    this.svg = element("plan");
    this.choice = new Set();
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("keydown", (event) => this.key(event));
    element("several").addEventListener("click", () => press(element("several"), !this.several));
    element("all").addEventListener("click", () => this.choose(this.fixtures.map((one) => one.id)));
    element("none").addEventListener("click", () => this.choose([]));
    for (const button of document.querySelectorAll("[data-marks]")) {
      const name = button.dataset.marks;
      button.addEventListener("click", () => link.do("mark", { name, place: this.marks[name] ? null : [] }));
    }
  }

  get several() {
    return element("several").getAttribute("aria-pressed") === "true";
  }

  show(state) {
    this.fixtures = state.fixtures;
    this.showing = state.check && !state.check.over ? state.check.fixture : state.showing;
    this.answers = state.check?.answers ?? this.answers ?? {};
    this.room = state.room;
    this.marks = state.marks;
    for (const button of document.querySelectorAll("[data-marks]")) press(button, Boolean(state.marks[button.dataset.marks]));
    const there = new Set(state.fixtures.map((one) => one.id));
    this.choice = new Set([...this.choice].filter((id) => there.has(id)));
    this.draw();
    this.onChoice();
  }

  choose(ids) {
    this.choice = new Set(ids);
    this.draw();
    this.onChoice();
  }

  /** Metres of a place of the window, or null where it is not on the plan. */
  placeAt(x, y) {
    const box = this.svg.getBoundingClientRect();
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) return null;
    return this.metres(x, y).map((one) => Math.round(one / SNAP) * SNAP);
  }

  metres(x, y) {
    const at = new DOMPoint(x, y).matrixTransform(this.svg.getScreenCTM().inverse());
    return [at.x, -at.y];
  }

  draw() {
    const [width, depth] = this.room;
    const front = Math.min(-1.6, ...this.fixtures.map((one) => one.y - 0.8));
    const [left, top] = [-width / 2 - 0.8, -depth - 0.6];
    this.svg.setAttribute("viewBox", `${left} ${top} ${width + 1.6} ${depth + 0.6 - front}`);
    this.svg.classList.toggle("few", this.fixtures.length <= FEW);
    const { id: focused, mark: held } = document.activeElement?.closest?.(".lamp, .place-mark")?.dataset ?? {};
    const marks = Object.entries(this.marks).filter(([, place]) => place).map((one) => this.mark(...one));
    this.svg.replaceChildren(...this.ground(width, depth, front), ...marks, ...this.fixtures.map((one) => this.lamp(one)));
    this.leaveNamesOut();
    if (focused) this.svg.querySelector(`.lamp[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    if (held) this.svg.querySelector(`.place-mark[data-mark="${held}"]`)?.focus({ preventScroll: true });
  }

  /** Names that would lie over another one; whose fixture is pointed at or chosen shows its own (draw.css). */
  leaveNamesOut() {
    const kept = [];
    for (const lamp of this.svg.querySelectorAll(".lamp")) {
      const { left, right, top, bottom } = lamp.querySelector("text").getBoundingClientRect();
      const hidden = kept.some((one) => left < one.right && right > one.left && top < one.bottom && bottom > one.top);
      lamp.classList.toggle("crowded", hidden);
      if (!hidden) kept.push({ left, right, top, bottom });
    }
  }

  ground(width, depth, front) {
    const half = width / 2;
    const parts = [make("rect", { class: "ground", x: -half, y: -depth, width, height: depth })];
    for (let x = Math.ceil(-half); x <= half; x += 1) parts.push(make("line", { class: "metre", x1: x, x2: x, y1: -depth, y2: 0 }));
    for (let y = 1; y <= depth; y += 1) parts.push(make("line", { class: "metre", x1: -half, x2: half, y1: -y, y2: -y }));
    parts.push(make("line", { class: "edge", x1: -half, x2: half, y1: 0, y2: 0 }));
    parts.push(make("text", { class: "note", x: 0, y: -front - 0.12 }, "audience"));
    parts.push(make("text", { class: "note", x: 0, y: -depth - 0.25 }, `back of the stage, ${depth.toFixed(0)} m`));
    return parts;
  }

  lamp(one) {
    const said = this.answers[one.id];
    const wrong = said && Object.values(said).includes(false);
    const classes = ["lamp", this.choice.has(one.id) && "chosen", one.problems.length && "bad", this.showing === one.id && "lit",
      said && (wrong ? "missing" : "seen")];
    const where = one.slots ? `${one.universe}.${one.address}` : "?";
    const group = make("g", {
      class: classes.filter(Boolean).join(" "), "data-id": one.id, tabindex: 0, role: "button",
      "aria-pressed": this.choice.has(one.id), transform: `translate(${one.x} ${-one.y})`,
      "aria-label": `${one.id}, ${one.role}, ${where}${one.problems.length ? `, ${one.problems[0]}` : ""}`,
    });
    const turn = `rotate(${-(one.turn_deg ?? 0)})`;
    group.append(make("circle", { class: "reach", r: 0.36 }));
    if (one.heads > 1) {
      const length = Math.min(2, Math.max(0.5, one.heads * 0.12));
      group.append(make("rect", { class: "body", x: -length / 2, y: -0.09, width: length, height: 0.18, rx: 0.03, transform: turn }));
    } else {
      group.append(make("circle", { class: "body", r: one.kind === "hazer" ? 0.13 : 0.17 }));
      if (one.moves) group.append(make("line", { class: "tick", x1: 0, x2: 0, y1: 0.05, y2: 0.3, transform: turn }));
    }
    group.append(make("text", { y: 0.42, "aria-hidden": true }, one.id), make("text", { class: "where", y: -0.26, "aria-hidden": true }, where));
    return group;
  }

  mark(name, [x, y]) {
    const group = make("g", {
      class: "place-mark", "data-mark": name, tabindex: 0, role: "button", "aria-label": name, transform: `translate(${x} ${-y})`,
    });
    group.append(make("circle", { class: "reach", r: 0.36 }), make("path", { class: "body", d: "M0 -.2 L.2 0 L0 .2 L-.2 0 Z" }));
    group.append(make("text", { y: 0.42, "aria-hidden": true }, name));
    return group;
  }

  /** A mark follows the finger and stays where it is left. */
  carryMark(down, mark) {
    const name = mark.dataset.mark;
    const from = this.metres(down.clientX, down.clientY);
    const place = (event) => this.metres(event.clientX, event.clientY).map((one, axis) => this.marks[name][axis] + one - from[axis]);
    const move = (event) => mark.setAttribute("transform", `translate(${place(event)[0]} ${-place(event)[1]})`);
    const end = (event) => {
      this.svg.removeEventListener("pointermove", move);
      this.svg.removeEventListener("pointerup", end);
      this.svg.removeEventListener("pointercancel", end);
      if (event.type === "pointerup") this.link.do("mark", { name, place: place(event).map((one) => Math.round(one / SNAP) * SNAP) });
      else this.draw();
    };
    this.svg.setPointerCapture(down.pointerId);
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", end);
  }

  press(down) {
    if (down.button !== 0) return;
    const mark = down.target.closest(".place-mark");
    if (mark) return this.carryMark(down, mark);
    const id = down.target.closest(".lamp")?.dataset.id;
    const adds = this.several || down.shiftKey || down.ctrlKey || down.metaKey;
    if (id && !this.choice.has(id)) this.choose(adds ? [...this.choice, id] : [id]);
    else if (id && adds) this.choose([...this.choice].filter((one) => one !== id));
    else if (!id && !adds) this.choose([]);
    this.svg.setPointerCapture(down.pointerId);
    const from = this.metres(down.clientX, down.clientY);
    let far = false;
    const move = (event) => {
      far ||= Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > NEAR;
      if (far) (id ? this.carry : this.frame).call(this, from, this.metres(event.clientX, event.clientY));
    };
    const end = (event) => {
      this.svg.removeEventListener("pointermove", move);
      this.svg.removeEventListener("pointerup", end);
      this.svg.removeEventListener("pointercancel", end);
      const to = this.metres(event.clientX, event.clientY);
      if (far && event.type === "pointerup") (id ? this.drop : this.chooseIn).call(this, from, to);
      else if (far) this.draw();
    };
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", end);
  }

  carry(from, to) {
    for (const one of this.fixtures) {
      if (!this.choice.has(one.id)) continue;
      const lamp = this.svg.querySelector(`.lamp[data-id="${CSS.escape(one.id)}"]`);
      lamp?.setAttribute("transform", `translate(${one.x + to[0] - from[0]} ${-(one.y + to[1] - from[1])})`);
    }
  }

  drop(from, to) {
    const by = [0, 1].map((axis) => Math.round((to[axis] - from[axis]) / SNAP) * SNAP);
    if (by.some(Boolean)) this.link.do("shift", { names: [...this.choice], by }).then((done) => done || this.draw());
    else this.draw();
  }

  frame(from, to) {
    this.svg.querySelector(".frame")?.remove();
    const [x, y] = [Math.min(from[0], to[0]), Math.min(-from[1], -to[1])];
    this.svg.append(make("rect", { class: "frame", x, y, width: Math.abs(to[0] - from[0]), height: Math.abs(to[1] - from[1]) }));
  }

  chooseIn(from, to) {
    const inside = (value, axis) => value >= Math.min(from[axis], to[axis]) && value <= Math.max(from[axis], to[axis]);
    const found = this.fixtures.filter((one) => inside(one.x, 0) && inside(one.y, 1)).map((one) => one.id);
    this.choose([...this.choice, ...found]);
  }

  key(event) {
    const id = event.target.closest(".lamp")?.dataset.id;
    const arrow = ARROWS[event.key];
    const step = event.shiftKey ? 0.5 : 0.1;
    const mark = event.target.closest(".place-mark")?.dataset.mark;
    if (arrow && mark) {
      this.link.do("mark", { name: mark, place: arrow.map((one, axis) => this.marks[mark][axis] + one * step) });
    } else if (arrow && this.choice.size) {
      this.link.do("shift", { names: [...this.choice], by: arrow.map((one) => one * step) });
    } else if (id && (event.key === "Enter" || event.key === " ")) {
      const other = this.choice.has(id) ? [...this.choice].filter((one) => one !== id) : [...this.choice, id];
      this.choose(this.several || event.shiftKey ? other : [id]);
    } else return;
    event.preventDefault();
  }
}

export function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

function make(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}
