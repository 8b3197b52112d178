// The operator page: puts what the show says on the screen and passes the operator's wishes on.
//
// Nothing is assumed: a button looks pressed because the show said so, here as on every other page.

import { EveningView } from "./evening.js";
import { Fader, rider } from "./fader.js";
import { FixturesView, address } from "./fixtures.js";
import { Glossary } from "./glossary.js";
import { Keys } from "./keys.js";
import { Learning } from "./learning.js";
import { Link } from "./link.js";
import { ListenView } from "./listen.js";
import { LooksView } from "./looks.js";
import { MeterView } from "./meter.js";
import { MinuteView } from "./minute.js";
import { NightView } from "./night.js";
import { OverrideView } from "./override.js";
import { PlanView } from "./plan.js";
import { SetListView } from "./set_list.js";
import { SwatchesView } from "./swatches.js";
import { Switches, showSwitch } from "./switches.js";
import { Tabs } from "./tabs.js";
import { TechnicianView } from "./technician.js";
import { Views } from "./views.js";
import { WalkView } from "./walk.js";
import { WhyView } from "./why.js";
import { ask } from "./ask.js";
import { begin, onLanguage, word, wordOr } from "./language.js";
import { roomState } from "./state.js";
import { showBand } from "./beats.js";

const NUMBERS_MS = 500; // people cannot read figures that change faster
const MINUTE_MS = 95;
const STALE_MS = 2500;
const LATE_SHOWN_MS = 6000;
const SETTLING = 0.1; // of the difference, with each snapshot
const BIAS = ["energy", "intensity", "pace", "spread"];
const SOON_OVER = ["tap", "blinder", "strobe", "haze"]; // over before anybody reads that they came late

const element = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const state = {
  hello: null, live: null, settled: null, link: "waiting", dirty: false, numbers_ms: 0, minute_ms: 0, news_ms: 0,
  said: { text: "", until_ms: 0 },
};

begin();

const send = (command, amount, more) => link.send(command, amount, more);
const evening = new EveningView(send);
const switches = new Switches(send, (name) => refused(evening.forbids(name)));
const learning = new Learning(send);
const stage = new Views();
const plan = new PlanView(element("plan"));
const minute = new MinuteView(element("minute"));
const meter = new MeterView();
const listen = new ListenView(say);
const swatches = new SwatchesView(send);
const looks = new LooksView(send);
const override = new OverrideView(send);
const technician = new TechnicianView();
const set_list = new SetListView(() => state.live?.evening?.now >= 0);
new NightView();
const tabs = new Tabs(opened);
const why = new WhyView((fixture) => {
  tabs.show("rig");
  override.choose(fixture);
});
const fixtures = new FixturesView(stage, (head) => why.open(head));
const walk = new WalkView(send, address, mayGoDark);
element("plan").addEventListener("click", (event) => {
  const head = plan.headAt(event.offsetX, event.offsetY);
  if (head >= 0) why.open(state.hello.heads[head]);
});
fixtures.drawn = () => walk.seen && walk.marks();
const master = new Fader(element("master"), rider((value) => send("grand_master", value / 100)));
const bias = Object.fromEntries(BIAS.map((name) => [name, new Fader(element(name), rider((value) => send(name, value / 100)), 50)]));

// ---------------------------------------------------------------- what arrives

function receive(message) {
  if (message.type === "hello") return greet(message);
  if (message.type === "late") return tellLate(message.command);
  if (message.type !== "live") return;
  if (message.t !== state.live?.t) state.news_ms = performance.now();
  state.live = message;
  minute.add(message.token, message.level, message.t);
  listen.hear(message);
  if (!state.dirty) requestAnimationFrame(draw);
  state.dirty = true;
}

function greet(hello) {
  const same_rig = JSON.stringify(hello.heads) === JSON.stringify(state.hello?.heads);
  state.hello = hello;
  minute.greet(hello.tokens, hello.levels, hello.history_s);
  document.title = `${hello.venue} – Followspot`;
  technician.greet(hello);
  evening.greet(hello.set_list);
  looks.greet(hello.scenes);
  override.greet(hello.targets);
  switches.addMore(hello.commands ?? []);
  element("haze").hidden = !hello.haze;
  enable();
  walk.forget();
  if (same_rig) return;
  stage.setRig(hello.heads, hello.places);
  plan.setRig(hello.heads, hello.places);
  walk.setRig(hello.heads);
  fixtures.setRig(hello.heads);
  if (location.hash !== "#walk") return;
  history.replaceState(null, "", location.pathname + location.search);
  tabs.show("rig");
  state.walks = true; // once it is known what the room has
}

function draw(now_ms) {
  state.dirty = false;
  const { live, hello } = state;
  if (!live || !hello) return;
  showLight(settle(live.heads));
  showOperator(live.operator);
  showBand(live);
  showPlace(live.plan ?? "");
  evening.show(live);
  learning.show(live.learning ?? "");
  tell();
  if (now_ms - state.minute_ms > MINUTE_MS) {
    state.minute_ms = now_ms;
    showMinute(live);
  }
  if (now_ms - state.numbers_ms > NUMBERS_MS) {
    state.numbers_ms = now_ms;
    setText(element("elapsed"), clock(live.elapsed_s));
    technician.show(live);
  }
  if (!state.walks) return;
  state.walks = false;
  walk.begin();
}

function showLight(heads) {
  if (tabs.name === "show") stage.show(heads);
  if (tabs.name === "rig") plan.show(heads);
  fixtures.show(heads);
}

function showMinute(live) {
  meter.show(live.level, live.t);
  if (tabs.name !== "show") return;
  minute.marks = live.marks;
  minute.sections = live.sections;
  minute.tempo = [live.operator.beat_s, live.operator.beat_t_s];
  minute.draw();
}

/** For those who asked their system for less motion, light on the page comes and goes slowly: nothing flashes. */
function settle(heads) {
  if (!calm.matches || state.settled?.length !== heads.length) return (state.settled = heads);
  state.settled = heads.map((head, index) =>
    head.map((part, at) => (at < 3 ? state.settled[index][at] + (part - state.settled[index][at]) * SETTLING : part)),
  );
  return state.settled;
}

function opened(name) {
  if (name === "list") set_list.opened();
  if (state.live) requestAnimationFrame(draw);
}

// ---------------------------------------------------------------- words and figures

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The word and the sentence of what the room has, everywhere on the page. */
function tell() {
  const stale = state.link === "on" && state.live && performance.now() - state.news_ms > STALE_MS;
  const room = roomState(state.link === "waiting" ? "on" : state.link, stale, state.live);
  const pill = element("health");
  setText(pill, word(room.pill));
  pill.dataset.tone = room.tone;
  setText(element("saying"), word(room.say, room.values));
  document.body.dataset.room = room.name;
  // The picture is the last that was heard of, whether that is old or not.
  const frame = ["blackout", "hold"].find((name) => state.live?.operator[name]) ?? "";
  element("stage").dataset.state = frame;
  element("mark").hidden = !frame;
  setText(element("mark"), frame && word(`pill.${frame}`));
  const lost = ["lost", "stale", "ended"].includes(room.name) ? word(room.say) : "";
  if (lost) meter.rest();
  const said = performance.now() < state.said.until_ms ? state.said.text : "";
  setText(element("banner"), [lost, said].filter(Boolean).join(" "));
  element("banner").hidden = !lost && !said;
}

function say(text) {
  state.said = { text, until_ms: performance.now() + LATE_SHOWN_MS };
  tell();
}

function refused(reason) {
  if (reason) say(reason);
  return reason;
}

function tellLate(command) {
  if (SOON_OVER.includes(command)) return;
  for (const asked of document.querySelectorAll(".asked")) asked.classList.remove("asked");
  say(word("late", { command: wordOr(`do.${command}`, command.replaceAll("_", " ")).toLowerCase() }));
}

function showPlace(text) {
  element("place").hidden = !text;
  setText(element("place"), text);
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

// ---------------------------------------------------------------- the operator's wishes

function showOperator(operator) {
  for (const name of ["blackout", "hold", "flash_override", "quiet", "blinder", "strobe"]) showSwitch(element(name), operator[name]);
  showSwitch(element("haze"), operator.haze > 0);
  master.show(100 * operator.grand_master);
  for (const name of BIAS) bias[name].show(100 * operator.steering[name]);
  swatches.show(operator.steering);
  looks.show(operator.scene);
  override.show(operator.hands);
  switches.showMore(operator.more ?? []);
  const fresh = operator.beat_s > 0 && state.live.t - operator.beat_t_s < 120;
  setText(element("tempo"), fresh ? String(Math.round(60 / operator.beat_s)) : "");
}

/** Whether the stage may go dark for a check: while a band plays that is asked. */
function mayGoDark() {
  const { live } = state;
  const playing = live && !["house", "quiet"].includes(live.health) && !live.operator.blackout;
  return playing ? ask(word("check.ask"), word("check.begin")) : Promise.resolve(true);
}

for (const name of ["flash_override", "blinder", "strobe", "haze"]) switches.holds(name);
for (const name of ["quiet", "blackout", "hold"]) switches.toggles(name);
const tap = () => send("tap", 1);
element("tap").addEventListener("pointerdown", (event) => event.button === 0 && tap());
element("tap").addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && !event.repeat && tap());
element("mark-song").addEventListener("click", () => send("mark", 1, { target: new Date().toTimeString().slice(0, 5) }));
element("undo").addEventListener("click", () => send("undo", 1));
element("fullscreen").addEventListener("click", () =>
  document.fullscreenElement ? document.exitFullscreen() : element("stage").requestFullscreen(),
);
new Glossary();
new Keys(switches, tap, learning);

// ---------------------------------------------------------------- connection

function setLink(link_state) {
  state.link = link_state;
  state.news_ms = performance.now();
  document.body.classList.toggle("lost", link_state !== "on");
  if (link_state !== "on") listen.hear(null);
  if (link_state !== "on" && walk.at >= 0) walk.end(); // the server has released what it held
  enable();
  tell();
}

function enable() {
  const lost = state.link !== "on";
  for (const control of document.querySelectorAll("[data-live]")) control.disabled = lost;
  evening.lost = lost;
  evening.draw();
}

const link = new Link(receive, setLink, tellLate);
setInterval(tell, 1000);
onLanguage(tell);
