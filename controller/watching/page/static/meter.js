// How loud the sound is: a bar, the highest of the last seconds, and a word where it is too loud or missing.

import { fitCanvas } from "./canvas.js";
import { word } from "./language.js";

const QUIETEST_DB = -60;
const TOO_LOUD_DB = -3; // of 50 ms; whole waves at full scale are there
const SILENT_S = 2;
const PEAK_S = 1.5;
const LOUD_S = 2;

const element = (id) => document.getElementById(id);

export class MeterView {
  constructor() {
    this.canvas = element("meter-bar");
    this.pen = this.canvas.getContext("2d");
    this.peak = [QUIETEST_DB, -Infinity];
    this.loud_s = -Infinity;
    this.heard_s = -Infinity;
  }

  /** @param level [t_s, dBFS] or null. @param now_s of the show. */
  show(level, now_s) {
    const db = level && now_s - level[0] < SILENT_S ? level[1] : -120;
    if (db > QUIETEST_DB) this.heard_s = now_s;
    if (db > TOO_LOUD_DB) this.loud_s = now_s;
    if (db >= this.peak[0] || now_s - this.peak[1] > PEAK_S || now_s < this.peak[1]) this.peak = [db, now_s];
    const state = now_s - this.loud_s < LOUD_S ? "loud" : now_s - this.heard_s > SILENT_S ? "silent" : "heard";
    this.draw(db);
    this.say(state, db);
  }

  /** Nothing is known of the sound. */
  rest() {
    this.draw(-120);
    element("meter-said").textContent = "–";
    element("meter").dataset.state = "";
  }

  draw(db) {
    const { pen } = this;
    const [width, height] = fitCanvas(this.canvas, pen);
    const x = (one) => width * Math.min(1, Math.max(0, 1 - one / QUIETEST_DB));
    pen.fillStyle = "#1b1f28";
    pen.fillRect(0, 0, width, height);
    for (const [from, to, colour] of [[QUIETEST_DB, -12, "#59c98a"], [-12, TOO_LOUD_DB, "#ffb454"], [TOO_LOUD_DB, 0, "#ff4d3d"]]) {
      pen.fillStyle = colour;
      if (db > from) pen.fillRect(x(from), 0, x(Math.min(to, db)) - x(from), height);
    }
    pen.fillStyle = "#f4efe6";
    if (this.peak[0] > QUIETEST_DB) pen.fillRect(Math.min(width - 2, x(this.peak[0])), 0, 2, height);
  }

  say(state, db) {
    const said = element("meter-said");
    const text = state === "heard" ? `${Math.round(db)} dB` : word(`meter.${state}`);
    if (said.textContent !== text) said.textContent = text;
    element("meter").dataset.state = state;
    const label = state === "heard" ? word("meter.heard") : word(`meter.${state}_label`);
    if (element("meter").getAttribute("aria-label") !== label) element("meter").setAttribute("aria-label", label);
  }
}
