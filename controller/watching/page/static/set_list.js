// The set list before it is played: a sheet that is pasted or photographed, line by line as understood, put right by
// hand, approved, put in order and taken for the night.

import { ask } from "./ask.js";
import { COLOURS, SWITCHED, chips, colourName } from "./wishes.js";
import { onLanguage, word } from "./language.js";

const KINDS = ["song", "talk", "changeover", "note", "title"];
const EMPTY = {
  kind: "song", title: "", band: "", asked: [], forbidden: [], energy: null, strobe: null, blinder: null, haze: null, dark_on_break: false,
  key: null, tempo_bpm: null, look: null, plan: null, note: "", rest: "",
};

const element = (id) => document.getElementById(id);

/** What was read of a line, as an entry of a list; what a reader left out is nobody's wish. */
export function entryOf(read) {
  return Object.fromEntries(Object.entries(EMPTY).map(([name, usual]) => [name, read[name] ?? (Array.isArray(usual) ? [...usual] : usual)]));
}

const TONIGHT = { saved: "lines.saved", opened: "lists.opened", ask: "lists.ask" };

export class SetListView {
  /** @param playing whether an entry of tonight's list is played now. @param says what is said of a list, as rows of the table. */
  constructor(playing, says = TONIGHT) {
    this.playing = playing;
    this.says = says;
    this.lines = []; // { entry, written, doubtful, approved, open, number }
    this.count = 0;
    this.busy = false;
    element("paper-read").addEventListener("click", () => this.read(element("paper-text").value, "text/plain"));
    element("paper-photo").addEventListener("change", (event) => this.photograph(event.target));
    element("list-save").addEventListener("click", () => this.save());
    element("line-add").addEventListener("click", () => this.add());
    onLanguage(() => this.draw());
  }

  /** Each time the tab is opened: which lists there are, and the night's own where nobody is at work on one. */
  async opened() {
    this.drawNames((await this.fetched("setlists"))?.names ?? []);
    if (this.lines.length) return;
    const list = await this.fetched("setlist");
    if (list) this.take(list);
  }

  async fetched(path) {
    try {
      const answer = await fetch(path);
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  take({ name, entries }) {
    element("list-name").value = name;
    this.lines = entries.map((entry) => this.line(entryOf(entry), "", true));
    this.draw();
  }

  line(entry, written, approved) {
    this.count += 1;
    return { entry, written, doubtful: Boolean(entry.rest), approved, open: false, number: this.count };
  }

  // -------------------------------------------------------------- reading a sheet

  async photograph(input) {
    const [picture] = input.files;
    input.value = "";
    if (picture) await this.read(picture, picture.type || "image/jpeg");
  }

  async read(body, type) {
    if (this.busy || (typeof body === "string" && !body.trim())) return;
    this.wait(true, word("paper.reading"));
    try {
      const answer = await fetch("setlist/read", { method: "POST", headers: { "Content-Type": type }, body });
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(said.error ?? word("paper.refused", { status: answer.status }));
      this.lines.push(...said.lines.map((one) => this.readLine(one)));
      this.wait(false, word("paper.done", { count: said.lines.length, doubtful: this.waiting }));
    } catch (problem) {
      this.wait(false, problem instanceof TypeError ? word("paper.silent") : problem.message);
    }
    this.draw();
  }

  readLine(read) {
    const line = this.line(entryOf(read), read.line ?? "", false);
    line.doubtful = Boolean(read.rest) || read.understood === false;
    line.approved = !line.doubtful;
    return line;
  }

  wait(busy, text) {
    this.busy = busy;
    element("paper-said").textContent = text;
    element("paper-read").disabled = busy;
  }

  get waiting() {
    return this.lines.filter((line) => !line.approved).length;
  }

  // -------------------------------------------------------------- taking it for the night

  async save() {
    if (this.waiting) return this.say(word("lines.waiting", { count: this.waiting }));
    const name = element("list-name").value.trim();
    if (!name) {
      this.say(word("lines.no_name"));
      return element("list-name").focus();
    }
    if (this.playing() && !(await ask(word("lines.ask", { name }), word("lines.save")))) return;
    await this.post("setlist", { name, entries: this.lines.map((line) => line.entry) }, word(this.says.saved, { name }));
    this.drawNames((await this.fetched("setlists"))?.names ?? []);
  }

  async openList(name) {
    if (this.lines.length && !(await ask(word(this.says.ask, { name }), word("lists.open", { name })))) return;
    if (!(await this.post("setlist/open", { name }, word(this.says.opened, { name })))) return;
    const list = await this.fetched("setlist");
    if (list) this.take(list);
  }

  async post(path, what, done) {
    try {
      const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what) });
      const said = await answer.json().catch(() => ({}));
      this.say(answer.ok ? done : (said.error ?? word("paper.refused", { status: answer.status })));
      return answer.ok;
    } catch {
      this.say(word("paper.silent"));
      return false;
    }
  }

  say(text) {
    element("list-said").textContent = text;
  }

  // -------------------------------------------------------------- lines

  add() {
    this.lines.push(Object.assign(this.line(entryOf({}), "", true), { open: true }));
    this.draw();
    element("lines").lastElementChild?.querySelector("input")?.focus();
  }

  /** Open the first line whose entry is wanted; one with these values is added where there is none. */
  find(wanted, values) {
    let line = this.lines.find(({ entry }) => wanted(entry));
    if (!line) this.lines.push((line = this.line(entryOf(values), "", true)));
    line.open = true;
    this.draw();
    this.focus(line, "input");
  }

  move(line, by) {
    const from = this.lines.indexOf(line);
    const to = from + by;
    if (to < 0 || to >= this.lines.length) return;
    this.lines.splice(to, 0, ...this.lines.splice(from, 1));
    this.draw();
    this.focus(line, by < 0 ? ".up" : ".down");
  }

  drop(line) {
    this.lines = this.lines.filter((one) => one !== line);
    this.draw();
  }

  change(line, name, value) {
    line.entry[name] = value;
    line.approved = true; // a person has looked at it
    this.refresh(line);
  }

  /** What a line shows, without a new button: a finger may be on its way to one. */
  refresh(line) {
    const item = element("lines").querySelector(`[data-number="${line.number}"]`);
    item.dataset.state = line.approved ? "approved" : "waiting";
    item.querySelector(".wishes").replaceChildren(...this.wishes(line));
    for (const [button, on, text] of line.buttons ?? []) {
      button.setAttribute("aria-pressed", String(on()));
      if (text) button.textContent = text();
    }
  }

  wishes(line) {
    const kind = Object.assign(document.createElement("li"), { className: "wish kind", textContent: word(`kind.${line.entry.kind}`) });
    return [kind, ...chips(line.entry)];
  }

  /** A button that looks pressed while `on()` is true. */
  pressed(line, button, on, text = null) {
    button.setAttribute("aria-pressed", String(on()));
    line.buttons.push([button, on, text]);
    return button;
  }

  focus(line, selector) {
    element("lines").querySelector(`[data-number="${line.number}"] ${selector}`)?.focus();
  }

  drawNames(names) {
    const items = names.map((name) => {
      const item = document.createElement("li");
      item.append(this.button(name, "chip", () => this.openList(name)));
      return item;
    });
    const none = Object.assign(document.createElement("li"), { className: "quietly", textContent: word("lists.none") });
    element("lists").replaceChildren(...(items.length ? items : [none]));
  }

  draw() {
    const focused = document.activeElement?.closest?.("#lines [data-number]") && document.activeElement;
    const kept = focused && [focused.closest("[data-number]").dataset.number, focused.dataset.part];
    element("lines").replaceChildren(...this.lines.map((line, place) => this.item(line, place)));
    if (kept?.[1]) element("lines").querySelector(`[data-number="${kept[0]}"] [data-part="${CSS.escape(kept[1])}"]`)?.focus();
    element("list-save").disabled = !this.lines.length;
  }

  item(line, place) {
    const item = document.createElement("li");
    item.dataset.number = line.number;
    line.buttons = [];
    item.dataset.state = line.approved ? "approved" : "waiting";
    item.append(this.head(line, place), this.understood(line));
    if (line.open) item.append(this.editor(line));
    return item;
  }

  head(line, place) {
    const row = Object.assign(document.createElement("div"), { className: "row line-row" });
    const title = Object.assign(document.createElement("input"), { type: "text", value: line.entry.title, maxLength: 120, autocomplete: "off" });
    title.setAttribute("aria-label", word("lines.of", { number: place + 1 }));
    title.dataset.part = "title";
    title.addEventListener("change", () => this.change(line, "title", title.value.trim()));
    const up = this.button("↑", "drop up", () => this.move(line, -1), word("lines.up", { number: place + 1 }));
    const down = this.button("↓", "drop down", () => this.move(line, 1), word("lines.down", { number: place + 1 }));
    up.disabled = place === 0;
    down.disabled = place === this.lines.length - 1;
    const edit = this.button(word("lines.edit"), "chip", () => {
      line.open = !line.open;
      this.draw();
    });
    edit.dataset.part = "edit";
    edit.setAttribute("aria-expanded", String(line.open));
    const number = Object.assign(document.createElement("span"), { className: "line-number number", textContent: `${place + 1}` });
    row.append(number, title, edit, up, down, this.button("×", "drop", () => this.drop(line), word("lines.drop", { number: place + 1 })));
    return row;
  }

  /** What was understood, what was not, as it stands on the paper, and a button that says that it is right so. */
  understood(line) {
    const row = Object.assign(document.createElement("div"), { className: "row understood" });
    const list = Object.assign(document.createElement("ul"), { className: "wishes" });
    list.append(...this.wishes(line));
    row.append(list);
    if (line.doubtful) row.append(Object.assign(document.createElement("p"), { className: "doubt", textContent: line.entry.rest ? word("lines.rest", { rest: line.entry.rest }) : word("lines.not_understood") }));
    if (line.written) row.append(Object.assign(document.createElement("p"), { className: "quietly written", textContent: word("lines.written", { line: line.written }) }));
    if (line.doubtful) row.append(this.approval(line));
    return row;
  }

  approval(line) {
    const text = () => word(line.approved ? "lines.approved" : "lines.approve");
    const button = this.button(text(), "chip", () => {
      line.approved = !line.approved;
      this.refresh(line);
    });
    button.dataset.part = "approve";
    return this.pressed(line, button, () => line.approved, text);
  }

  // -------------------------------------------------------------- one line in full

  editor(line) {
    const { entry } = line;
    const place = Object.assign(document.createElement("div"), { className: "editor" });
    place.append(
      this.choice(line, "kind", KINDS.map((kind) => [kind, word(`kind.${kind}`)])),
      this.text(line, "band"),
      this.colours(line, "asked"),
      this.colours(line, "forbidden"),
      this.choice(line, "energy", [[null, word("open")], ["calm", word("wish.calm")], ["wild", word("wish.wild")]]),
      ...SWITCHED.map((name) => this.choice(line, name, [[null, word("open")], [true, word(`wish.${name}_on`)], [false, word(`wish.${name}_off`)]])),
      this.choice(line, "dark_on_break", [[false, word("no")], [true, word("yes")]]),
      this.choice(line, "key", [null, ...Object.keys(COLOURS)].map((name) => [name, name ? colourName(name) : word("open")])),
      this.tempo(line, entry),
      this.text(line, "look"),
      this.text(line, "plan"),
      this.text(line, "note"),
    );
    return place;
  }

  field(name, ...controls) {
    const row = Object.assign(document.createElement("div"), { className: "field" });
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", word(`entry.${name}`));
    row.append(Object.assign(document.createElement("span"), { className: "field-name", textContent: word(`entry.${name}`) }), ...controls);
    return row;
  }

  /** One of several, as buttons: a list that opens would take the keys. */
  choice(line, name, options) {
    const buttons = options.map(([value, text]) => {
      const button = this.button(text, "chip", () => this.change(line, name, value));
      button.dataset.part = `${name}-${value}`;
      return this.pressed(line, button, () => line.entry[name] === value);
    });
    return this.field(name, ...buttons);
  }

  colours(line, name) {
    const buttons = Object.keys(COLOURS).map((colour) => {
      const on = () => line.entry[name].includes(colour);
      const without = () => line.entry[name].filter((one) => one !== colour);
      const button = this.button(colourName(colour), "chip colour", () => this.change(line, name, on() ? without() : [...without(), colour]));
      button.dataset.part = `${name}-${colour}`;
      button.style.setProperty("--hue", COLOURS[colour]);
      return this.pressed(line, button, on);
    });
    return this.field(name, ...buttons);
  }

  text(line, name) {
    const input = Object.assign(document.createElement("input"), { type: "text", value: line.entry[name] ?? "", maxLength: 200, autocomplete: "off" });
    input.dataset.part = name;
    input.setAttribute("aria-label", word(`entry.${name}`));
    input.addEventListener("change", () => this.change(line, name, input.value.trim() || EMPTY[name]));
    return this.field(name, input);
  }

  tempo(line, entry) {
    const input = Object.assign(document.createElement("input"), { type: "number", min: 20, max: 400, value: entry.tempo_bpm ?? "" });
    input.dataset.part = "tempo_bpm";
    input.setAttribute("aria-label", word("entry.tempo_bpm"));
    input.addEventListener("change", () => this.change(line, "tempo_bpm", input.validity.valid && input.value ? input.valueAsNumber : null));
    return this.field("tempo_bpm", input);
  }

  button(text, kind, pressed, label = "") {
    const button = Object.assign(document.createElement("button"), { type: "button", className: kind, textContent: text });
    if (label) button.setAttribute("aria-label", label);
    button.addEventListener("click", pressed);
    return button;
  }
}
