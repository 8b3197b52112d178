// What is for the technician: how long each stage takes, what is counted, which processes run; and a traffic light for
// all of it, on the first screen too.

import { language, onLanguage, word, wordOr } from "./language.js";

const LATELY_MS = 60_000;
const SLOW_MS = 5_000; // over budget for so long is not a moment
const LEAST_HZ = 30;
const TROUBLE = new Set([
  "overruns", "late_hops", "send_errors", "faults", "skipped_cycles", "device_losses", "bad_samples", "generation_refused", "lost_log_seconds",
]);
const FORMS = {
  output_hz: (rate) => `${rate.toFixed(1)} Hz`,
  lateness_p99_ms: (late) => `${late.toFixed(1)} ms`,
  generation_waiting: (number) => (number < 0 ? word("counter.none") : String(number)),
  generation_refused: (refused) => word(refused ? "counter.refused" : "counter.fine"),
};

const element = (id) => document.getElementById(id);

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export class TechnicianView {
  constructor() {
    this.counted = new Map(); // name to [count, when it grew last]
    this.over_ms = new Map(); // stage to since when it is over its budget
    this.hello = null;
    onLanguage(() => this.hello && this.greet(this.hello));
  }

  greet(hello) {
    this.hello = hello;
    setText(element("venue"), hello.venue);
    setText(element("source"), hello.source);
    setText(element("models"), Object.entries(hello.models).map(([, name]) => name).join(" · "));
    element("models").title = Object.entries(hello.models).map(([part, name]) => `${part}: ${name}`).join("\n");
    element("counters").replaceChildren();
    this.buildTimings(hello.stages);
  }

  show(live) {
    for (const row of element("stages").rows) this.showTiming(row, live.timings[row.dataset.stage]);
    this.showCounters(live.counters);
    this.showTroubles(live.troubles ?? []);
    const processes = { ...live.processes, ...Object.fromEntries((live.controllers ?? []).map((name) => [name, "up"])) };
    this.showProcesses(processes);
    this.showTraffic(this.traffic(live));
  }

  // -------------------------------------------------------------- the traffic light

  /** Colour, and the sentence that says why. */
  traffic(live) {
    const down = Object.entries(live.processes).find(([, state]) => state !== "up");
    if (down) return ["red", word("traffic.down", { name: wordOr(`process.${down[0]}`, down[0]) })];
    const hz = live.counters.output_hz;
    if (hz !== undefined && hz < LEAST_HZ && live.elapsed_s > 10) return ["red", word("traffic.slow", { hz: hz.toFixed(0) })];
    if (live.troubles?.length) return ["amber", live.troubles[0]];
    const grown = [...this.counted].find(([name, [, grew_ms]]) => TROUBLE.has(name) && performance.now() - grew_ms < LATELY_MS);
    if (grown) return ["amber", word("traffic.counted", { name: this.title(grown[0]), count: grown[1][0] })];
    const late = [...this.over_ms].find(([, since_ms]) => performance.now() - since_ms > SLOW_MS);
    if (late) return ["amber", word("traffic.late", { stage: late[0] })];
    return ["green", word("traffic.green")];
  }

  showTraffic([colour, sentence]) {
    for (const light of document.querySelectorAll(".traffic")) light.dataset.colour = colour;
    setText(element("technician-said"), sentence);
    setText(element("traffic-said"), word(`traffic.is_${colour}`));
    element("tab-technician").title = sentence;
  }

  // -------------------------------------------------------------- timing

  buildTimings(stages) {
    element("stages").replaceChildren(
      ...stages.map(({ name, budget_ms }) => {
        const row = document.createElement("tr");
        row.dataset.stage = name;
        row.dataset.budget = budget_ms;
        for (const text of [name, "–", "–", figure(budget_ms)]) row.insertCell().textContent = text;
        const gauge = row.insertCell();
        gauge.className = "gauge";
        gauge.append(document.createElement("i"));
        return row;
      }),
    );
  }

  showTiming(row, timing) {
    if (!timing) return;
    const budget = Number(row.dataset.budget);
    const over = timing[1] > budget;
    if (!over) this.over_ms.delete(row.dataset.stage);
    else if (!this.over_ms.has(row.dataset.stage)) this.over_ms.set(row.dataset.stage, performance.now());
    setText(row.cells[1], figure(timing[0]));
    setText(row.cells[2], figure(timing[1]));
    row.classList.toggle("over", over);
    row.title = over ? word("timing.over") : "";
    row.cells[4].firstChild.style.setProperty("--part", Math.min(1, timing[1] / budget).toFixed(3));
  }

  // -------------------------------------------------------------- counters, troubles, processes

  title(name) {
    return wordOr(`counter.${name}`, name.replaceAll("_", " "));
  }

  showCounters(counters) {
    const list = element("counters");
    for (const [name, count] of Object.entries(counters)) {
      const before = this.counted.get(name);
      if (before === undefined || count !== before[0]) this.counted.set(name, [count, before && count > before[0] ? performance.now() : -Infinity]);
      const item = list.querySelector(`[data-name="${CSS.escape(name)}"]`) ?? list.appendChild(this.counter(name));
      setText(item.lastChild, (FORMS[name] ?? String)(count));
      item.classList.toggle("bad", count > 0 && TROUBLE.has(name));
    }
  }

  counter(name) {
    const item = document.createElement("li");
    item.dataset.name = name;
    item.append(Object.assign(document.createElement("span"), { textContent: this.title(name) }), document.createElement("b"));
    return item;
  }

  showTroubles(troubles) {
    this.list(element("troubles"), troubles, (text) => Object.assign(document.createElement("li"), { textContent: text }));
  }

  showProcesses(processes) {
    this.list(element("processes"), Object.entries(processes), ([name, state]) => {
      const item = Object.assign(document.createElement("li"), { textContent: `${wordOr(`process.${name}`, name)} ${wordOr(`process.is_${state}`, state)}` });
      item.classList.toggle("bad", state !== "up");
      return item;
    });
  }

  /** Drawn when it changed: a list that is built anew under a screen reader is read anew. */
  list(node, entries, item) {
    const text = JSON.stringify([language(), entries]);
    if (node.dataset.shown === text) return;
    node.dataset.shown = text;
    node.replaceChildren(...entries.map(item));
  }
}

function figure(ms) {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}
