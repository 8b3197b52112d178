// The operator page: puts what the server says on the screen and passes the operator's wishes on.
//
// Nothing is assumed: a button looks pressed because the server said so, on this page as on every other one.

import { HandsView } from "./hands.js";
import { Link } from "./link.js";
import { MinuteView } from "./minute.js";
import { PlanView } from "./plan.js";
import { Views } from "./views.js";
import { WalkView } from "./walk.js";
import { WhyView } from "./why.js";
import { toCode } from "./colour.js";

const NUMBERS_MS = 500; // people cannot read figures that change faster
const MINUTE_MS = 95;
const STALE_MS = 2500;
const ANSWER_MS = 1500;
const REPEAT_MS = 400; // the show lets go a second after the last
const SLIDER_MS = 50;
const LATE_SHOWN_MS = 6000;
const SETTLING = 0.1; // of the difference, with each snapshot
const TONES = { live: "good", talk: "calm", quiet: "calm", hold: "warn", fallback: "warn", house: "warn", blackout: "alarm" };
const TROUBLE = new Set([
  "overruns", "late_hops", "send_errors", "flashes_limited", "faults", "skipped_cycles", "device_losses", "bad_samples",
  "generation_refused", "lost_log_seconds",
]);
const COUNTERS = {
  output_hz: ["output", (rate) => `${rate.toFixed(1)} Hz`],
  lateness_p99_ms: ["late, p99", (late) => `${late.toFixed(1)} ms`],
  overruns: ["audio overruns", String],
  late_hops: ["late hops", String],
  send_errors: ["send errors", String],
  flashes_limited: ["flashes limited", String],
  taken_over: ["taken over", String],
  faults: ["failed cycles", String],
  skipped_cycles: ["skipped cycles", String],
  device_losses: ["sound device lost", String],
  bad_samples: ["bad samples", String],
  lost_log_seconds: ["log seconds lost", String],
  generation_waiting: ["next model", (number) => (number < 0 ? "none" : `generation ${number}`)],
  generation_refused: ["staged model", (refused) => (refused ? "refused" : "fine")],
};

const element = (id) => document.getElementById(id);
const stage = new Views();
const plan = new PlanView(element("plan"));
const minute = new MinuteView(element("minute"));
const hands = new HandsView((command, amount, more) => link.send(command, amount, more));
const why = new WhyView((fixture) => hands.choose(fixture));
const walk = new WalkView((command, amount, more) => link.send(command, amount, more), address);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const state = {
  settled: null,
  hello: null, live: null, dirty: false, numbers_ms: 0, minute_ms: 0, news_ms: 0, late: { command: "", until_ms: 0 }, connected: false, pointed: -1,
};

// ---------------------------------------------------------------- what arrives

function receive(message) {
  if (message.type === "hello") return greet(message);
  if (message.type === "late") return tellLate(message.command);
  if (message.type !== "live") return;
  if (message.t !== state.live?.t) state.news_ms = performance.now();
  state.live = message;
  minute.add(message.token, message.level, message.t);
  if (!state.dirty) requestAnimationFrame(draw);
  state.dirty = true;
}

function greet(hello) {
  const same_rig = JSON.stringify(hello.heads) === JSON.stringify(state.hello?.heads);
  state.hello = hello;
  minute.restart(hello.tokens, hello.levels, hello.history_s);
  element("venue").textContent = hello.venue;
  element("source").textContent = hello.source;
  element("source").title = hello.source;
  element("models").textContent = Object.values(hello.models).join(" · ");
  element("models").title = Object.entries(hello.models).map(([part, name]) => `${part}: ${name}`).join("\n");
  document.title = `${hello.venue} – Followspot`;
  buildTimings(hello.stages);
  hands.greet(hello);
  buildMore(hello.commands ?? []);
  if (same_rig) return;
  stage.setRig(hello.heads);
  plan.setRig(hello.heads);
  buildPatch(hello.heads);
  walk.setRig(hello.heads);
  if (location.hash === "#walk") {
    history.replaceState(null, "", location.pathname + location.search);
    walk.begin();
  }
}

function draw(now_ms) {
  state.dirty = false;
  const { live, hello } = state;
  if (!live || !hello) return;
  const heads = settle(live.heads);
  stage.show(heads);
  plan.show(heads);
  showOperator(live.operator);
  showHealth(live);
  showBand(live);
  minute.marks = live.marks;
  minute.sections = live.sections;
  minute.tempo = [live.operator.beat_s, live.operator.beat_t_s];
  showLearning(live);
  if (state.pointed >= 0) showTip();
  if (now_ms - state.minute_ms > MINUTE_MS) {
    state.minute_ms = now_ms;
    minute.draw();
  }
  if (now_ms - state.numbers_ms > NUMBERS_MS) {
    state.numbers_ms = now_ms;
    showNumbers(live);
  }
}

/** For those who asked their system for less motion, light on the page comes and goes slowly: nothing flashes. */
function settle(heads) {
  if (!calm.matches || state.settled?.length !== heads.length) return (state.settled = heads);
  state.settled = heads.map((head, index) =>
    head.map((part, at) => (at < 3 ? state.settled[index][at] + (part - state.settled[index][at]) * SETTLING : part)),
  );
  return state.settled;
}

// ---------------------------------------------------------------- words and figures

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function showHealth(live) {
  const health = element("health");
  setText(health, live.health.toUpperCase());
  element("place").hidden = !live.plan;
  setText(element("place"), live.plan ?? "");
  health.dataset.tone = TONES[live.health.toLowerCase()] ?? "warn";
  const view = element("stage");
  const shown = live.operator.blackout ? "blackout" : live.operator.hold ? "hold" : "";
  if (view.dataset.state === shown) return;
  view.dataset.state = shown;
  element("mark").hidden = !shown;
  element("mark").textContent = shown.toUpperCase();
}

/** One lamp for each beat of the bar; the one that sounds now is lit, as bright as it is sure. */
function showBand(live) {
  const band = live.band ?? {};
  element("band").hidden = !band.kind && !band.beat_s;
  if (element("band").hidden) return;
  const beats = element("beats");
  const known = band.beat_s > 0;
  const count = known ? (band.number ? band.metre : 1) : 0;
  while (beats.childElementCount > count) beats.lastElementChild.remove();
  while (beats.childElementCount < count) beats.append(document.createElement("i"));
  const passed = known ? (live.t - band.beat_t_s) / band.beat_s : 0;
  const place = band.number ? (band.number - 1 + Math.floor(passed)) % band.metre : 0;
  const glow = (1 - (passed - Math.floor(passed))) * (band.led_by === "heard" ? band.confidence : 1);
  [...beats.children].forEach((lamp, index) => {
    const now = index === (place + band.metre) % band.metre || !band.number;
    lamp.textContent = band.number ? String(index + 1) : "";
    lamp.style.setProperty("--glow", now ? glow.toFixed(2) : "0");
  });
  const tempo = known ? `${Math.round(60 / band.beat_s)} bpm, ${band.led_by}` : "no beat";
  setText(element("band-said"), [tempo, band.kind, band.voice ? "voice" : ""].filter(Boolean).join(" · "));
}

function showNumbers(live) {
  setText(element("elapsed"), clock(live.elapsed_s));
  for (const row of element("stages").rows) showTiming(row, live.timings[row.dataset.stage]);
  showCounters(live.counters);
  showTroubles(live.troubles ?? []);
  showProcesses({ ...live.processes, ...Object.fromEntries((live.controllers ?? []).map((name) => [name, "up"])) });
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function buildTimings(stages) {
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

function showTiming(row, timing) {
  if (!timing) return;
  const budget = Number(row.dataset.budget);
  const over = timing[1] > budget;
  setText(row.cells[1], figure(timing[0]));
  setText(row.cells[2], figure(timing[1]));
  row.classList.toggle("over", over);
  row.title = over ? "over budget" : "";
  row.cells[4].firstChild.style.setProperty("--part", Math.min(1, timing[1] / budget).toFixed(3));
}

function figure(ms) {
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

/** In a word where there is room for one, whole where somebody points. */
function showTroubles(troubles) {
  const place = element("troubles");
  place.hidden = !troubles.length;
  setText(place, troubles.length > 1 ? `${troubles.length} TROUBLES` : troubles.length ? "TROUBLE" : "");
  place.title = troubles.join("\n");
  place.setAttribute("aria-label", troubles.join(". "));
}

function showCounters(counters) {
  const list = element("counters");
  for (const [name, count] of Object.entries(counters)) {
    const [label, format] = COUNTERS[name] ?? [name.replaceAll("_", " "), String];
    const item = list.querySelector(`[data-name="${CSS.escape(name)}"]`) ?? list.appendChild(counterItem(name, label));
    setText(item.lastChild, format(count));
    item.classList.toggle("bad", count > 0 && TROUBLE.has(name));
  }
}

function counterItem(name, label) {
  const item = document.createElement("li");
  item.dataset.name = name;
  item.append(Object.assign(document.createElement("span"), { textContent: label }), document.createElement("b"));
  return item;
}

function showProcesses(processes) {
  const list = element("processes");
  const text = JSON.stringify(processes);
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(
    ...Object.entries(processes).map(([name, word]) => {
      const item = document.createElement("li");
      item.textContent = `${name} ${word}`;
      item.classList.toggle("bad", word !== "up");
      return item;
    }),
  );
}

function buildPatch(heads) {
  const fixtures = new Map();
  for (const head of heads) fixtures.set(head.fixture, fixtures.get(head.fixture) ?? head);
  element("patch").replaceChildren(
    ...[...fixtures.values()].map((head) => {
      const row = document.createElement("tr");
      row.dataset.fixture = head.fixture;
      for (const text of [head.fixture, head.label, head.role, address(head)]) row.insertCell().textContent = text;
      row.insertCell();
      return row;
    }),
  );
}

function address(head) {
  const slot = (number) => String(number).padStart(3, "0");
  return `${head.universe}.${slot(head.address)}–${slot(head.address + head.footprint - 1)}`;
}

// ---------------------------------------------------------------- names of fixtures

function point(event) {
  const box = element("stage").getBoundingClientRect();
  const head = event.target.closest("button") ? -1 : stage.headAt(event.clientX - box.left, event.clientY - box.top);
  state.pointed = head;
  element("tip").hidden = head < 0;
  if (head >= 0) showTip();
}

function showTip() {
  const head = state.hello.heads[state.pointed];
  const [x, y] = stage.spots[state.pointed] ?? [0, 0];
  const tip = element("tip");
  const box = element("stage");
  const [red, green, blue, pan, tilt] = state.live?.heads[state.pointed] ?? [0, 0, 0, 0, 0];
  const hex = [red, green, blue].map((part) => Math.round(toCode(part)).toString(16).padStart(2, "0")).join("");
  const light = head.emits ? `\n#${hex}  ${Math.round(100 * Math.max(red, green, blue))} %` : "";
  const moved = head.moves ? `  pan ${pan.toFixed(0)}° tilt ${tilt.toFixed(0)}°` : "";
  setText(tip, `${head.id} · ${head.label} · ${head.role}\n${address(head)}${light}${moved}`);
  tip.style.left = `${Math.max(4, Math.min(box.clientWidth - tip.offsetWidth - 4, x - tip.offsetWidth / 2))}px`;
  tip.style.top = `${y + 22 + tip.offsetHeight > box.clientHeight ? y - tip.offsetHeight - 18 : y + 22}px`;
}

// ---------------------------------------------------------------- the operator's hands

const slider = element("master");
const number = element("master-number");
const touched = { until_ms: 0, timer: 0, sent_ms: 0 };

function showOperator(operator) {
  showSwitch(element("blackout"), operator.blackout);
  showSwitch(element("hold"), operator.hold);
  for (const name of ["flash_override", "quiet", "blinder", "strobe"]) showSwitch(element(name), operator[name]);
  showSwitch(element("haze"), operator.haze > 0);
  hands.show(operator);
  showMore(operator.more ?? []);
  const fresh = operator.beat_s > 0 && state.live.t - operator.beat_t_s < 120;
  setText(element("tempo"), fresh ? String(Math.round(60 / operator.beat_s)) : "");
  // While a finger is on the slider, the server's answer is older than the finger.
  if (performance.now() > touched.until_ms) showMaster(operator.grand_master);
}

function showSwitch(button, on) {
  const pressed = String(on);
  if (button.getAttribute("aria-pressed") === pressed) return;
  button.setAttribute("aria-pressed", pressed);
  button.classList.remove("asked");
}

function showMaster(amount) {
  const percent = String(Math.round(100 * amount));
  if (slider.value !== percent) slider.value = percent;
  if (document.activeElement !== number && number.value !== percent) number.value = percent;
  slider.style.setProperty("--filled", `${percent}%`);
}

function toggle(name) {
  const button = element(name);
  if (button.disabled) return;
  const wanted = button.getAttribute("aria-pressed") === "true" ? 0 : 1;
  if (!link.send(name, wanted)) return;
  button.classList.add("asked");
  setTimeout(() => button.classList.remove("asked"), ANSWER_MS);
}

/** Send the master at most every SLIDER_MS, and always where it came to rest. */
function moveMaster(percent) {
  const amount = Math.min(1, Math.max(0, percent / 100));
  if (!Number.isFinite(amount)) return;
  touched.until_ms = performance.now() + 600;
  showMaster(amount);
  clearTimeout(touched.timer);
  const send = () => {
    touched.sent_ms = performance.now();
    link.send("grand_master", amount);
  };
  const wait_ms = touched.sent_ms + SLIDER_MS - performance.now();
  if (wait_ms <= 0) send();
  else touched.timer = setTimeout(send, wait_ms);
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.matches("input:not([type=range]):not([type=number]), select")) return; // somebody is writing
  const key = meant(event);
  const name = { b: "blackout", h: "hold", q: "quiet" }[key];
  const button = { t: "tap", m: "mark-song", z: "undo" }[key];
  const held = { f: "blinder", s: "strobe" }[key];
  if (!name && !button && !held) return;
  event.preventDefault();
  if (name) toggle(name);
  else if (key === "t") link.send("tap", 1);
  else if (button) element(button).click();
  else {
    holding.set(event.code, held);
    element(held).dispatchEvent(new Event("take"));
  }
}

/** Enter held on a button would click again and again. */
function clickOnce(event) {
  if (event.repeat && (event.key === "Enter" || event.key === " ") && event.target.closest?.("button")) event.preventDefault();
}

/** A key's Latin letter or, where there are other letters, its place. */
function meant(event) {
  const key = event.key.toLowerCase();
  if (/^[\x20-\x7e\u00c0-\u024f]$/.test(key)) return key;
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : key;
}

/** What a key began ends by that key's place, whatever its letter. */
function release(event) {
  const held = holding.get(event.code);
  holding.delete(event.code);
  if (held) element(held).dispatchEvent(new Event("let-go"));
}

function releaseAll() {
  for (const held of holding.values()) element(held).dispatchEvent(new Event("let-go"));
  holding.clear();
}

const holding = new Map();

// ---------------------------------------------------------------- learning: which knob does this

const learning = { on: false };

function learn(on) {
  learning.on = on;
  document.body.classList.toggle("learning", on);
  element("learn").setAttribute("aria-pressed", String(on));
  if (!on && state.live?.learning) link.send("learn", 0);
}

function showLearning(live) {
  setText(element("learn"), live.learning ? `move a knob: ${live.learning}` : "Learn");
  if (learning.asked && !live.learning && performance.now() - learning.asked_ms > ANSWER_MS) {
    learning.asked = "";
    learn(false);
  }
}

/** While learning, a control is not moved by a touch: it is named. */
function nameControl(event) {
  const control = learning.on && event.target.closest("[data-do]");
  if (!control) return;
  event.preventDefault();
  event.stopPropagation();
  learning.asked = control.dataset.do;
  learning.asked_ms = performance.now();
  link.send("learn", 1, { target: control.dataset.do });
}

for (const kind of ["pointerdown", "click", "mousedown"]) document.addEventListener(kind, nameControl, true);
element("learn").addEventListener("click", () => learn(!learning.on));

/** A button that works for as long as it is held: it repeats itself, so that a page that dies lets go. */
function holdable(name) {
  const button = element(name);
  let timer = 0;
  const begin = (event) => {
    if (button.disabled || timer || (event.type === "keydown" && event.key !== " ")) return;
    event.preventDefault();
    link.send(name, 1);
    timer = setInterval(() => link.send(name, 1), REPEAT_MS);
  };
  const end = () => {
    if (!timer) return;
    clearInterval(timer);
    timer = 0;
    link.send(name, 0);
  };
  for (const kind of ["pointerdown", "keydown", "take"]) button.addEventListener(kind, begin);
  for (const kind of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur", "let-go"]) button.addEventListener(kind, end);
  addEventListener("blur", end);
}

/** Commands of the table that this page has no place of its own for: a button or a fader each, learnt like the others. */
function buildMore(commands) {
  const place = element("more-commands");
  const unplaced = commands.filter(({ name, kind }) => kind !== "choice" && !element(name) && !document.querySelector(`[data-do="${CSS.escape(name)}"]`) && name !== "grand_master");
  for (const { name, kind, label } of unplaced) {
    const control = document.createElement(kind === "fader" ? "input" : "button");
    control.id = name;
    control.dataset.do = name;
    control.dataset.kind = kind;
    if (kind === "fader") {
      Object.assign(control, { type: "range", min: 0, max: 100, value: 0 });
      control.setAttribute("aria-label", label);
      control.addEventListener("input", () => link.send(name, control.valueAsNumber / 100));
      const row = document.createElement("label");
      row.className = "fader";
      row.append(Object.assign(document.createElement("span"), { textContent: label }), control);
      place.append(row);
      continue;
    }
    control.type = "button";
    control.className = kind === "held" ? "small held" : "small";
    control.textContent = label;
    place.append(control);
    if (kind === "held") holdable(name);
    else if (kind === "switch") control.addEventListener("click", () => toggle(name));
    else control.addEventListener("click", () => link.send(name, 1));
  }
}

function showMore(more) {
  const amounts = Object.fromEntries(more);
  for (const control of element("more-commands").querySelectorAll("[data-do]")) {
    const amount = amounts[control.dataset.do] ?? 0;
    if (control.dataset.kind === "fader") {
      if (document.activeElement !== control) control.value = 100 * amount;
    } else if (control.dataset.kind !== "press") showSwitch(control, amount > 0);
  }
}

for (const name of ["flash_override", "blinder", "strobe", "haze"]) holdable(name);
element("quiet").addEventListener("click", () => toggle("quiet"));
element("tap").addEventListener("pointerdown", () => link.send("tap", 1));
element("tap").addEventListener("keydown", (event) => event.key === " " && !event.repeat && link.send("tap", 1));
element("mark-song").addEventListener("click", () => link.send("mark", 1, { target: new Date().toTimeString().slice(0, 5) }));
element("undo").addEventListener("click", () => link.send("undo", 1));
element("blackout").addEventListener("click", () => toggle("blackout"));
element("hold").addEventListener("click", () => toggle("hold"));
slider.addEventListener("input", () => moveMaster(slider.valueAsNumber));
number.addEventListener("change", () => moveMaster(number.valueAsNumber));
document.addEventListener("keydown", press);
document.addEventListener("keyup", release);
document.addEventListener("keydown", clickOnce, true);
addEventListener("blur", releaseAll);
document.addEventListener("visibilitychange", () => document.hidden && releaseAll());
element("stage").addEventListener("click", (event) => !event.target.closest("button") && state.pointed >= 0 && why.open(state.hello.heads[state.pointed]));
element("stage").addEventListener("pointermove", point);
element("stage").addEventListener("pointerdown", point);
element("stage").addEventListener("pointerleave", (event) => event.pointerType === "mouse" && point(event));
element("fullscreen").addEventListener("click", () =>
  document.fullscreenElement ? document.exitFullscreen() : element("stage").requestFullscreen(),
);

// ---------------------------------------------------------------- connection

function setConnected(connected) {
  state.connected = connected;
  state.news_ms = performance.now();
  document.body.classList.toggle("lost", !connected);
  for (const control of document.querySelectorAll(".controls button, .controls input, .hands input, .hands select")) control.disabled = !connected;
  tellTrouble();
}

function tellTrouble() {
  const banner = element("banner");
  let text = "";
  if (!state.connected) text = "Connection lost – the lights keep running. Trying again …";
  else if (performance.now() - state.news_ms > STALE_MS) text = "No news from the lights: what you see is not current.";
  if (performance.now() < state.late.until_ms) text += ` Not done, it came too late: ${state.late.command}.`;
  setText(banner, text.trim());
  banner.hidden = !text;
}

function tellLate(command) {
  if (["tap", "blinder", "strobe", "haze"].includes(command)) return; // over before anybody reads it
  state.late = { command: command.replaceAll("_", " "), until_ms: performance.now() + LATE_SHOWN_MS };
  for (const asked of document.querySelectorAll(".asked")) asked.classList.remove("asked");
  tellTrouble();
}

const link = new Link(receive, setConnected, tellLate);
setInterval(tellTrouble, 1000);
