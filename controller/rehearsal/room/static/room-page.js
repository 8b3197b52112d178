// The rehearsal room: a timeline of sound and light, and what can be done to a part of it.

import { Views } from "./views.js";
import { TOKEN_HUES } from "./colour.js";
import { fitCanvas } from "./canvas.js";
import { isWriting } from "./keys.js";
import { SectionLooks } from "./section-looks.js";

const ROWS_HZ = 20;
const WATCH_MS = 400;

const HOP_S = 0.1;
const NEAR_S = 0.6;
const LANES = { marks: 22, bars: 16, wave: 52, stem: 26, light: 76, looks: 22, cues: 20, line: 58 };
const GROWING = ["wave", "light", "line"]; // on a tall screen; names of marks and cues stay as they are
const TIMELINE_SHARE = 0.44; // of the window's height
const TALLEST = 2.5;
const GAP = 12;
const NARROWEST_STAGE = 300;
const WIDEST_STAGE = 0.44; // of the window's width; the tools need the rest
const LONGEST_NAME = 160;
const LIT_SHARE = 0.6; // of the brightest moment: there the light has begun
const FIRST_WORDS = "Press Play or the space bar. Drag over the timeline to choose a part, then roll its light again.";
const HUES = [0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330];

const element = (id) => document.getElementById(id);
const audio = element("audio");
const canvas = element("timeline");
const pen = canvas.getContext("2d");
const stage = new Views();
const state = { song: null, notes: null, light: null, rows: null, part: null, drag: null, colours: new Set(), drawn: null, stages: -1, scale: 1, undoes: 0, redoes: 0 };

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const duration = () => state.song.hops * HOP_S;

// ---------------------------------------------------------------- talking

async function start() {
  state.song = await (await fetch("song")).json();
  state.shapes = Object.entries(state.song.shapes).map(([name, text]) => [name, bytes(text)]);
  element("title").textContent = state.song.title;
  grow();
  canvas.setAttribute("aria-valuemax", duration().toFixed(1));
  stage.setRig(state.song.heads);
  state.looks = new SectionLooks(state.song, (looks) => ask("notes", { looks }), () => audio.currentTime);
  const said = await (await fetch("state")).json();
  await take({ ...said, said: FIRST_WORDS });
  audio.currentTime = firstLight();
  requestAnimationFrame(frame);
}

async function take(said) {
  state.notes = said.notes;
  state.light = new Int16Array(bytes(said.light).buffer);
  element("seed").value = said.notes.seed + 1;
  tell(said.staging ? `${said.said}; the stage is being made` : said.said || `${said.limited} flashes limited`);
  [state.undoes, state.redoes] = [said.undoes, said.redoes];
  if (element("kept").hidden !== !said.since) {
    element("kept").hidden = !said.since;
    grow();
  }
  element("kept-said").textContent = said.since && `Your unsaved work of ${said.since} is open again.`;
  state.looks.take(said.notes.looks);
  await stages(said);
  draw();
}

/** The newest stage, and what is said while the next one is made beside whatever people do. */
async function stages(said) {
  document.body.classList.toggle("staging", said.staging);
  if (said.stages !== state.stages) {
    state.rows = new Uint8Array(await (await fetch("rows")).arrayBuffer());
    state.stages = said.stages;
    shown = -1;
  }
  if (said.staging) follow(said).catch(() => tell("The room does not answer."));
}

async function follow({ version }) {
  while (document.body.classList.contains("staging")) {
    await new Promise((soon) => setTimeout(soon, WATCH_MS));
    const said = await (await fetch("state")).json();
    if (said.version !== version || said.busy) return; // whoever asked for more hears of its stage
    element("share").value = said.share;
    if (said.staging) continue;
    await stages(said);
    if (!state.busy) tell(`The stage is made: ${said.limited} flashes limited`);
  }
}

/** The first moment at which the stage is well lit, seconds. */
function firstLight() {
  const row = state.song.heads.length * 5;
  const bright = Array.from({ length: state.rows.length / row }, (_, at) =>
    state.rows.subarray(at * row, (at + 1) * row).reduce((sum, one, index) => sum + (index % 5 < 3 ? one : 0), 0));
  const most = bright.reduce((one, other) => Math.max(one, other), 0);
  return most ? bright.findIndex((one) => one >= LIT_SHARE * most) / ROWS_HZ : 0;
}

/** Ask for one thing; what comes back is the whole state. */
async function ask(verb, more = {}) {
  busy(verb);
  const watching = setInterval(watch, WATCH_MS);
  try {
    const answer = await fetch("do", { method: "POST", body: JSON.stringify({ verb, ...more }) });
    const said = await answer.json();
    if (answer.ok) await take(said);
    else tell(said.said);
  } catch {
    tell("The room does not answer.");
  } finally {
    clearInterval(watching);
    busy("");
  }
}

async function watch() {
  const { share } = await (await fetch("state")).json();
  const bar = element("share");
  if (share) bar.value = share;
  else bar.removeAttribute("value");
}

function busy(what) {
  state.busy = Boolean(what);
  document.body.classList.toggle("busy", Boolean(what));
  for (const button of document.querySelectorAll(".tools .chip, #instead")) button.disabled = Boolean(what);
  element("undo").disabled = Boolean(what) || !state.undoes;
  element("redo").disabled = Boolean(what) || !state.redoes;
  element("share").removeAttribute("value");
  if (what) tell(`${state.song.doing[what]} …`);
}

function tell(text) {
  element("said").textContent = text;
}

// ---------------------------------------------------------------- drawing

function lanes() {
  const found = [["marks", LANES.marks]];
  state.shapes.forEach(([name], index) => found.push([`wave:${index}:${name}`, index ? LANES.stem : LANES.wave]));
  found.push(["light", LANES.light]);
  if (state.song.looks.length) found.push(["looks", LANES.looks]);
  found.push(["cues", LANES.cues], ["line", LANES.line]);
  if (state.song.beats.length) found.push(["bars", LANES.bars]);
  let top = 0;
  return found.map(([name, plain]) => {
    const tall = GROWING.includes(name.split(":")[0]) ? Math.round(plain * state.scale) : plain;
    const lane = { name, top, tall };
    top += tall + 4;
    return lane;
  });
}

/** As tall as the window allows, so that every lane is on the screen. */
function grow() {
  state.scale = 1;
  const spare = TIMELINE_SHARE * innerHeight - height();
  const growing = lanes().filter(({ name }) => GROWING.includes(name.split(":")[0]));
  const tall = growing.reduce((sum, one) => sum + one.tall, 0);
  state.scale = Math.min(TALLEST, Math.max(1, 1 + spare / tall));
  canvas.style.height = `${height()}px`;
  const room = document.querySelector("main.room");
  const left = innerHeight - room.getBoundingClientRect().top - element("timeline").parentElement.offsetHeight - 2 * GAP;
  const wide = Math.max(NARROWEST_STAGE, Math.min(innerWidth * WIDEST_STAGE, (left * 16) / 9));
  room.style.setProperty("--stage", `${Math.round(wide)}px`);
}

const height = () => lanes().reduce((sum, lane) => sum + lane.tall + 4, 0);
const lane = (name) => lanes().find((one) => one.name === name);
const x = (t_s, width) => (t_s / duration()) * width;

function draw() {
  if (!state.light) return;
  const [width, tall] = fitCanvas(canvas, pen);
  pen.clearRect(0, 0, width, tall);
  for (const one of lanes()) {
    pen.fillStyle = "#0b0d12";
    pen.fillRect(0, one.top, width, one.tall);
    if (one.name.startsWith("wave")) drawWave(one, width);
    if (one.name === "bars") drawBars(one, width);
  }
  drawLight(lane("light"), width);
  drawPins(lane("light"), width);
  if (lane("looks")) drawLooks(lane("looks"), width);
  drawMarks(width, tall);
  drawCues(lane("cues"), width);
  drawLine(lane("line"), width);
  drawPart(width, tall);
  pen.fillStyle = "#fff";
  pen.fillRect(x(audio.currentTime, width) - 0.75, 0, 1.5, tall);
}

function drawWave({ top, tall, name }, width) {
  const [, index, label] = name.split(":");
  const shape = state.shapes[index][1];
  pen.fillStyle = index === "0" ? "#7d8798" : "#556072";
  const per = shape.length / width;
  for (let column = 0; column < width; column++) {
    let most = 0;
    for (let at = Math.floor(column * per); at <= (column + 1) * per && at < shape.length; at++) most = Math.max(most, shape[at]);
    const half = (most / 255) * (tall / 2);
    pen.fillRect(column, top + tall / 2 - half, 1, Math.max(1, 2 * half));
  }
  word(label, 6, top + 13);
}

const KIND_COLOURS = { band: "#3d7ea6", solo: "#7fb069", talk: "#e6a532", applause: "#c8553d", silence: "#30343c" };

/** Beats as they were heard, ones taller, as bright as they are sure, on the kind of sound. */
function drawBars({ top, tall }, width) {
  for (const [from_s, to_s, , kind] of state.song.kinds) {
    pen.fillStyle = KIND_COLOURS[kind];
    pen.globalAlpha = 0.45;
    pen.fillRect(x(from_s, width), top, x(to_s - from_s, width), tall);
  }
  pen.fillStyle = "#fff";
  for (const [t_s, , number, sure] of state.song.beats) {
    const high = number === 1 ? tall : tall / 3;
    pen.globalAlpha = 0.2 + 0.8 * sure;
    pen.fillRect(x(t_s, width), top + tall - high, number === 1 ? 1.5 : 1, high);
  }
  pen.globalAlpha = 1;
}

function drawLight({ top, tall }, width) {
  const wide = Math.max(1, x(HOP_S, width)) + 0.5;
  for (let hop = 0; hop < state.song.hops; hop++) {
    const [hue, value] = [state.light[2 * hop], state.light[2 * hop + 1]];
    const left = x(hop * HOP_S, width);
    const high = (value / 255) * tall;
    pen.fillStyle = TOKEN_HUES[hue];
    pen.globalAlpha = 0.15;
    pen.fillRect(left, top, wide, tall);
    pen.globalAlpha = 1;
    pen.fillRect(left, top + tall - high, wide, high);
  }
}

function drawPins({ top, tall }, width) {
  pen.strokeStyle = "#fff";
  pen.lineWidth = 2;
  for (const [from_s, to_s] of state.notes.pins) {
    const left = x(from_s, width);
    pen.strokeRect(left + 1, top + 1, x(to_s, width) - left - 2, tall - 2);
    word("pinned", left + 6, top + 14, "#fff");
  }
}

function drawLooks(place, width) {
  const named = (text, left, base, room) => word(fitting(text, room), left, base, "#fff");
  state.looks.draw(pen, place, (t_s) => x(t_s, width), duration(), named);
}

/** Whole names only, first of all that of the part at the line; where there is no room a mark is a line without one. */
function drawMarks(width, tall) {
  const { marks } = state.notes;
  const names = marks.map(([t_s, name]) => {
    const text = fitting(name, Math.min(LONGEST_NAME, width / 2));
    const wide = pen.measureText(text).width;
    return { t_s, text, wide, left: Math.max(2, Math.min(x(t_s, width) + 4, width - wide - 4)) };
  });
  const now = names.filter(({ t_s }) => t_s <= audio.currentTime + 0.05).at(-1);
  const shown = now ? [now] : [];
  for (const one of names) {
    if (shown.every((other) => one.left > other.left + other.wide + 8 || one.left + one.wide + 8 < other.left)) shown.push(one);
  }
  pen.fillStyle = "#ffb45466";
  for (const { t_s } of names) pen.fillRect(x(t_s, width), 0, 1, tall);
  for (const one of shown) word(one.text, one.left, 14, one === now ? "#fff" : "#ffb454");
}

function drawCues({ top, tall }, width) {
  for (const cue of state.notes.cues) {
    const left = x(cue.t_s, width);
    pen.fillStyle = "#ff6a5c";
    pen.beginPath();
    pen.moveTo(left, top);
    pen.lineTo(left + 6, top + tall / 2);
    pen.lineTo(left, top + tall);
    pen.fill();
    word(`${cue.name}${cue.amount > 0.5 ? "" : " off"}`, left + 9, top + 14, "#ff9184");
  }
  if (!state.notes.cues.length) word("cues", 6, top + 14);
}

function drawLine({ top, tall }, width) {
  const name = element("line").value;
  const points = state.drawn ?? state.notes.lines[name] ?? [];
  pen.strokeStyle = "#c07ad8";
  pen.lineWidth = 2;
  pen.beginPath();
  points.forEach(([t_s, amount], index) => {
    const at = [x(t_s, width), top + (1 - amount) * tall];
    if (index) pen.lineTo(...at);
    else {
      pen.moveTo(0, at[1]);
      pen.lineTo(...at);
    }
  });
  if (points.length) pen.lineTo(width, top + (1 - points.at(-1)[1]) * tall);
  pen.stroke();
  word(points.length ? name : `${name}: draw here`, 6, top + 14);
}

function drawPart(width, tall) {
  if (!state.part) return;
  const [from_s, to_s] = state.part;
  pen.fillStyle = "#ffffff1c";
  pen.fillRect(x(from_s, width), 0, x(to_s, width) - x(from_s, width), tall);
}

/** As much of a text as there is room for. */
function fitting(text, room) {
  pen.font = "11px system-ui, sans-serif";
  if (pen.measureText(text).width <= room) return text;
  let shown = text;
  while (shown && pen.measureText(`${shown}…`).width > room) shown = shown.slice(0, -1);
  return shown && `${shown}…`;
}

function word(text, left, base, colour = "#939aa8") {
  if (!text) return;
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = "#000a";
  pen.fillRect(left - 2, base - 10, pen.measureText(text).width + 4, 13);
  pen.fillStyle = colour;
  pen.fillText(text, left, base);
}

// ---------------------------------------------------------------- playing

let shown = -1;

function frame() {
  requestAnimationFrame(frame);
  if (!state.rows) return;
  const loop = element("loop").getAttribute("aria-pressed") === "true" && state.part;
  if (loop && audio.currentTime >= state.part[1]) audio.currentTime = state.part[0];
  const heads = state.song.heads.length;
  const last = state.rows.length / (heads * 5) - 1;
  const index = Math.max(0, Math.min(last, Math.round(audio.currentTime * ROWS_HZ)));
  if (index === shown && audio.paused) return;
  shown = index;
  stage.show(headsAt(index, heads));
  const now_s = audio.currentTime;
  element("time").textContent = `${Math.floor(now_s / 60)}:${(now_s % 60).toFixed(1).padStart(4, "0")}`;
  canvas.setAttribute("aria-valuenow", now_s.toFixed(1));
  state.looks.show();
  draw();
}

function headsAt(index, heads) {
  const linear = (code) => ((code / 255 + 0.055) / 1.055) ** 2.4 * (code > 10) + (code / 3295) * (code <= 10);
  return Array.from({ length: heads }, (_, head) => {
    const at = (index * heads + head) * 5;
    const [red, green, blue, pan, tilt] = state.rows.subarray(at, at + 5);
    return [linear(red), linear(green), linear(blue), (((pan / 255) * 360 + 180) % 360) - 180, (tilt / 255) * 180];
  });
}

function playOrPause() {
  if (audio.paused) audio.play().catch(() => tell("This browser cannot play the file."));
  else audio.pause();
}

audio.addEventListener("play", () => (element("play").textContent = "Pause"));
audio.addEventListener("pause", () => (element("play").textContent = "Play"));
element("play").addEventListener("click", playOrPause);
element("loop").addEventListener("click", (event) => {
  const on = event.target.getAttribute("aria-pressed") !== "true";
  event.target.setAttribute("aria-pressed", String(on));
  if (on && state.part) audio.currentTime = state.part[0];
});
/** The space bar plays whatever has the focus, unless somebody writes; a button is pressed by Enter. */
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || isWriting(event.target)) return;
  event.preventDefault();
  if (!event.repeat) playOrPause();
});
document.addEventListener("keyup", (event) => event.key === " " && !isWriting(event.target) && event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z" || event.target.matches("input")) return;
  event.preventDefault();
  if (!event.repeat) element(event.shiftKey ? "redo" : "undo").click();
});
canvas.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: 10, PageDown: -10 }[event.key];
  if (!step) return;
  event.preventDefault();
  audio.currentTime = Math.max(0, Math.min(duration(), audio.currentTime + step));
});

// ---------------------------------------------------------------- fingers on the timeline

function place(event) {
  const box = canvas.getBoundingClientRect();
  const line = lane("line");
  return {
    t_s: Math.max(0, Math.min(duration(), ((event.clientX - box.left) / box.width) * duration())),
    inLine: event.clientY - box.top >= line.top,
    amount: Math.max(0, Math.min(1, 1 - (event.clientY - box.top - line.top) / line.tall)),
  };
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  const at = place(event);
  state.drag = at;
  if (at.inLine) state.drawn = [[at.t_s, at.amount]];
});

canvas.addEventListener("pointermove", (event) => {
  if (!state.drag) return;
  const at = place(event);
  if (state.drag.inLine) state.drawn.push([at.t_s, at.amount]);
  else choose(state.drag.t_s, at.t_s);
  draw();
});

canvas.addEventListener("pointerup", (event) => {
  const { drag } = state;
  state.drag = null;
  if (!drag) return;
  const at = place(event);
  if (drag.inLine) return endLine();
  if (Math.abs(at.t_s - drag.t_s) < 0.3) {
    audio.currentTime = at.t_s;
    const marks = [0, ...state.notes.marks.map(([t_s]) => t_s), duration()].sort((a, b) => a - b);
    const next = marks.findIndex((t_s) => t_s > at.t_s);
    if (event.detail > 1 || event.shiftKey) choose(marks[Math.max(0, next - 1)], marks[next] ?? duration());
  }
  draw();
});
canvas.addEventListener("dblclick", (event) => {
  const at = place(event);
  const marks = [0, ...state.notes.marks.map(([t_s]) => t_s), duration()].sort((a, b) => a - b);
  const next = marks.findIndex((t_s) => t_s > at.t_s);
  choose(marks[Math.max(0, next - 1)], marks[next] ?? duration());
  draw();
});

function choose(one_s, other_s) {
  state.part = [Math.min(one_s, other_s), Math.max(one_s, other_s)].map((t_s) => Math.round(t_s * 10) / 10);
  element("part").textContent = `${state.part[0].toFixed(1)} to ${state.part[1].toFixed(1)} s`;
}

/** What was drawn takes the place of what stood there; points nearer than a fifth of a second are one. */
function endLine() {
  const name = element("line").value;
  const points = [...state.drawn].sort((a, b) => a[0] - b[0]);
  state.drawn = null;
  const [from_s, to_s] = [points[0][0], points.at(-1)[0]];
  const kept = (state.notes.lines[name] ?? []).filter(([t_s]) => t_s < from_s || t_s > to_s);

  const spaced = [];
  for (const point of points) if (!spaced.length || point[0] - spaced.at(-1)[0] >= 0.2) spaced.push(point);
  const lines = { ...state.notes.lines, [name]: [...kept, ...spaced].sort((a, b) => a[0] - b[0]) };
  ask("notes", { lines });
}

// ---------------------------------------------------------------- tools

const part = () => (state.part ? { from_s: state.part[0], to_s: state.part[1] } : { from_s: 0, to_s: duration() });

for (const hue of HUES) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "swatch" });
  button.style.setProperty("--hue", `hsl(${hue} 92% 56%)`);
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-label", `hue ${hue} degrees`);
  button.addEventListener("click", () => {
    const on = !state.colours.delete(hue);
    if (on) state.colours.add(hue);
    button.dataset.state = on ? "only" : "";
    button.setAttribute("aria-pressed", String(on));
  });
  element("palette").append(button);
}

function hex(hue) {
  const channel = (shift) => {
    const turn = (shift + hue / 30) % 12;
    return Math.round(255 * (0.5 - 0.5 * Math.max(-1, Math.min(turn - 3, 9 - turn, 1)))).toString(16).padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

element("roll").addEventListener("click", () => ask("roll", { ...part(), seed: Number(element("seed").value), palette: [...state.colours].map(hex) }));
element("pin").addEventListener("click", () => ask("pin", part()));
element("unpin").addEventListener("click", () => ask("unpin", part()));
element("look-choose").addEventListener("click", () => ask("dress", part()));
element("mark").addEventListener("click", () => {
  const name = element("mark-name").value.trim() || "mark";
  ask("notes", { marks: [...state.notes.marks, [audio.currentTime, name]] });
});
element("cue").addEventListener("click", () => {
  const [name, amount] = element("cue-kind").value.split(":");
  ask("notes", { cues: [...state.notes.cues, { t_s: audio.currentTime, name, amount: Number(amount) }] });
});
element("clear").addEventListener("click", () => {
  const far = (t_s) => Math.abs(t_s - audio.currentTime) > NEAR_S;
  ask("notes", { marks: state.notes.marks.filter(([t_s]) => far(t_s)), cues: state.notes.cues.filter((cue) => far(cue.t_s)) });
});
element("straight").addEventListener("click", () => {
  const lines = { ...state.notes.lines };
  delete lines[element("line").value];
  ask("notes", { lines });
});
element("line").addEventListener("change", draw);
element("undo").addEventListener("click", () => ask("undo"));
element("instead").addEventListener("click", () => ask("undo"));
element("redo").addEventListener("click", () => ask("redo"));
element("save").addEventListener("click", () => ask("save"));
for (const kind of ["tokens", "ola", "film"]) element(`export-${kind}`).addEventListener("click", () => ask("export", { what: kind }));
new ResizeObserver(draw).observe(canvas);
addEventListener("resize", () => state.song && grow());
start().catch(() => tell("The room does not answer."));
