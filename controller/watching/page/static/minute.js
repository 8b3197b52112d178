// The last minute: light tokens above, sound below, on one time line with the newest at the right.
//
// Nothing that was seen is lost: where the show's clock goes back, what came before moves to the left, behind a line.

import { TOKEN_HUES } from "./colour.js";
import { fitCanvas } from "./canvas.js";
import { word } from "./language.js";

const HOP_S = 0.1;
const BACK_S = 1; // the output may be this much behind; more is another clock
const GAP_S = 0.5; // nothing was heard for so long: the line is broken
const QUIETEST_DB = -60;
const LEGEND_PX = 34;
const LABELS_PX = 18;

export class MinuteView {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.restart([], [], 60);
  }

  /** @param tokens [t_s, hue, value] and @param levels [t_s, db, onset], oldest first. */
  restart(tokens, levels, history_s) {
    this.history_s = history_s;
    this.tokens = tokens;
    this.levels = levels;
    this.breaks = [];
    this.said_s = -Infinity; // of the newest snapshot
    this.now_s = newest(tokens, levels);
  }

  /** What the server knows of the last minute, besides what this page has seen itself. */
  greet(tokens, levels, history_s) {
    const seen_s = newest(this.tokens, this.levels);
    if (seen_s === -Infinity) return this.restart(tokens, levels, history_s);
    const known_s = newest(tokens, levels);
    if (known_s === -Infinity) return;
    if (known_s < seen_s - this.history_s) this.goBack(seen_s - oldest(tokens, levels) + HOP_S);
    this.tokens = joined(this.tokens, tokens);
    this.levels = joined(this.levels, levels);
  }

  add(token, level, now_s) {
    if (now_s < this.said_s - BACK_S) this.goBack(this.said_s - now_s + HOP_S);
    this.said_s = this.now_s = now_s;
    append(this.tokens, token, now_s - this.history_s - 1);
    append(this.levels, level, now_s - this.history_s - 1);
    this.breaks = this.breaks.filter((t_s) => t_s > now_s - this.history_s);
  }

  /** Another clock, `by` seconds behind: what was seen keeps its distance to the moment that was the newest. */
  goBack(by) {
    const back = ([t_s, ...rest]) => [t_s - by, ...rest];
    this.tokens = this.tokens.map(back);
    this.levels = this.levels.map(back);
    this.breaks = [...this.breaks.map((t_s) => t_s - by), newest(this.tokens, this.levels)];
    this.said_s = this.now_s = this.now_s - by;
  }

  draw() {
    const { pen } = this;
    if (!this.canvas.clientWidth) return; // on another tab
    const [width, height] = fitCanvas(this.canvas, pen);
    const right = width - LEGEND_PX;
    const split = Math.round((height - LABELS_PX) * 0.56);
    const bottom = height - LABELS_PX;
    this.x = (t_s) => right - ((this.now_s - t_s) / this.history_s) * right;
    pen.clearRect(0, 0, width, height);
    this.grid(right, bottom);
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, right, bottom);
    pen.clip();
    this.drawTokens(split - 4, right);
    this.drawLevels(split + 8, bottom);
    this.drawOnsets(split - 2, split + 8);
    this.drawSureness(split - 4);
    this.drawBeats(bottom);
    this.drawSections(bottom);
    this.drawMarks(bottom);
    this.drawBreaks(bottom);
    pen.restore();
    this.labels(split, bottom, right, height);
  }

  grid(right, bottom) {
    const { pen } = this;
    pen.fillStyle = "#1b1f28";
    for (let ago = 0; ago <= this.history_s; ago += 10) pen.fillRect(Math.round(this.x(this.now_s - ago)), 0, 1, bottom);
  }

  drawTokens(bottom, right) {
    const { pen } = this;
    const wide = (HOP_S / this.history_s) * right;
    for (const [t_s, hue, value] of this.tokens) {
      const x = this.x(t_s) - wide;
      if (x < -wide) continue;
      const tall = (value / 255) * bottom;
      const left = Math.max(0, x);
      pen.fillStyle = TOKEN_HUES[hue % 180];
      pen.globalAlpha = 0.14;
      pen.fillRect(left, 0, wide + 0.6, bottom - tall);
      pen.globalAlpha = 1;
      pen.fillRect(left, bottom - tall, wide + 0.6, tall);
    }
  }

  drawLevels(top, bottom) {
    const { pen, levels } = this;
    const y = (db) => bottom - (Math.max(0, db - QUIETEST_DB) / -QUIETEST_DB) * (bottom - top);
    pen.fillStyle = "#4a5262";
    pen.strokeStyle = "#a9b3c4";
    pen.lineWidth = 1;
    pen.beginPath();
    let last = null;
    let last_s = 0;
    for (const [t_s, db] of levels) {
      const x = this.x(t_s);
      if (x < 0) continue;
      if (last === null) pen.moveTo(x, bottom);
      else if (t_s - last_s > GAP_S) {
        pen.lineTo(last, bottom);
        pen.lineTo(x, bottom);
      }
      pen.lineTo(x, y(db));
      [last, last_s] = [x, t_s];
    }
    if (last === null) return;
    pen.stroke();
    pen.lineTo(last, bottom);
    pen.closePath();
    pen.globalAlpha = 0.6;
    pen.fill();
    pen.globalAlpha = 1;
  }

  drawOnsets(top, bottom) {
    const { pen } = this;
    for (const [t_s, , onset] of this.levels) {
      const x = this.x(t_s);
      if (onset <= 0 || x < 0) continue;
      pen.fillStyle = `rgba(250,240,220,${0.35 + 0.65 * onset})`;
      pen.fillRect(x - 0.75, bottom - (0.4 + 0.6 * onset) * (bottom - top), 1.5, (0.4 + 0.6 * onset) * (bottom - top));
    }
  }

  /** How likely each hue was when it was drawn: a dark line from 0 below to 1 above. */
  drawSureness(bottom) {
    const { pen } = this;
    pen.beginPath();
    for (const [t_s, , , sure] of this.tokens) {
      if (sure !== undefined) pen.lineTo(this.x(t_s), bottom - sure * bottom);
    }
    pen.strokeStyle = "#000000b0";
    pen.lineWidth = 3;
    pen.stroke();
    pen.strokeStyle = "#ffffffb0";
    pen.lineWidth = 1;
    pen.stroke();
  }

  /** Beats that somebody tapped or a clock told: [seconds between two, time of one], faint, the newest minute only. */
  drawBeats(bottom) {
    const [beat_s, at_s] = this.tempo ?? [0, 0];
    if (beat_s < 0.2) return;
    const { pen } = this;
    pen.fillStyle = "#ffffff18";
    const first = Math.max(at_s, this.now_s - this.history_s);
    for (let t_s = at_s + Math.ceil((first - at_s) / beat_s) * beat_s; t_s <= this.now_s; t_s += beat_s) {
      pen.fillRect(this.x(t_s) - 0.5, 0, 1, bottom);
    }
  }

  /** Where the music became unlike what it was: a dotted line, with a small flag above. */
  drawSections(bottom) {
    const { pen } = this;
    for (const t_s of this.sections ?? []) {
      const x = Math.round(this.x(t_s));
      if (x < 0) continue;
      pen.fillStyle = "#8fb8ff";
      for (let y = 0; y < bottom; y += 6) pen.fillRect(x, y, 1, 3);
      pen.beginPath();
      pen.moveTo(x, 0);
      pen.lineTo(x + 7, 4);
      pen.lineTo(x, 8);
      pen.fill();
    }
  }

  drawMarks(bottom) {
    const { pen } = this;
    pen.font = "600 11px system-ui, sans-serif";
    pen.textAlign = "left";
    for (const [t_s, label] of this.marks ?? []) {
      const x = this.x(t_s);
      if (x < 0) continue;
      pen.fillStyle = "#ffb454";
      pen.fillRect(x - 1, 0, 2, bottom);
      pen.fillText(label, x + 5, 11);
    }
  }

  /** Where the show's clock began again. */
  drawBreaks(bottom) {
    const { pen } = this;
    pen.fillStyle = "#ff8a7a";
    for (const t_s of this.breaks) {
      const x = this.x(t_s);
      for (let y = 0; y < bottom; y += 10) pen.fillRect(x - 1, y, 2, 6);
    }
  }

  labels(split, bottom, right, height) {
    const { pen } = this;
    pen.fillStyle = "#939aa8";
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "center";
    const step = right < 420 ? 20 : 10;
    for (let ago = step; ago < this.history_s; ago += step) {
      pen.fillText(`−${ago} s`, this.x(this.now_s - ago), height - 5);
    }
    pen.textAlign = "right";
    pen.fillText(word("minute.now"), right + 4, height - 5);
    pen.textAlign = "left";
    pen.fillText("0", right + 6, split + 14);
    pen.fillText("−30", right + 6, (split + 8 + bottom) / 2 + 4);
    pen.fillText("−60", right + 6, bottom);
    pen.fillText("255", right + 6, 10);
    pen.fillText("0", right + 6, split - 4);
  }
}

function append(points, point, oldest_s) {
  if (point && point[0] > (points.at(-1)?.[0] ?? -Infinity)) points.push(point);
  if (points.length > 64 && points[32][0] < oldest_s) points.splice(0, 32);
}

function newest(tokens, levels) {
  return Math.max(tokens.at(-1)?.[0] ?? -Infinity, levels.at(-1)?.[0] ?? -Infinity);
}

function oldest(tokens, levels) {
  return Math.min(tokens[0]?.[0] ?? Infinity, levels[0]?.[0] ?? Infinity);
}

/** What the page saw before the server's memory begins, then the server's, then what is newer than that. */
function joined(seen, known) {
  if (!known.length) return seen;
  return [...seen.filter((one) => one[0] < known[0][0]), ...known, ...seen.filter((one) => one[0] > known.at(-1)[0])];
}
