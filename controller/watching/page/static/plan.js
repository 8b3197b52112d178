// The rig from above: audience at the bottom, as on a lighting plan.

import { beamOf } from "./light.js";
import { aim, focus, measureRoom } from "./room.js";
import { css, expose } from "./colour.js";
import { fitCanvas, nearest } from "./canvas.js";

export class PlanView {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.heads = [];
    this.states = [];
  }

  /** @param places where somebody marked the singer and the drums: [x, y, z] in metres. */
  setRig(heads, places = {}) {
    this.heads = heads;
    this.places = places;
    this.room = measureRoom(heads);
    this.axes = heads.map((head) => focus(head, this.room));
  }

  /** @param states for each head [red, green, blue, pan_deg, tilt_deg]. */
  show(states) {
    this.states = states;
    if (!this.room) return;
    const { pen } = this;
    const [width, height] = fitCanvas(this.canvas, pen);
    const { half, depth, nearest } = this.room;
    const front = Math.min(nearest - 0.35, -1.2);
    const metre = Math.min(width / (2 * half + 0.3), height / (depth - front + 0.1));
    const left = width / 2;
    const top = (height - metre * (depth - front)) / 2 + metre * depth;
    this.place = (x, y) => [left + x * metre, top - y * metre];
    this.spots = this.heads.map((head) => this.place(head.x, head.y));
    pen.clearRect(0, 0, width, height);
    this.ground(metre);
    pen.globalCompositeOperation = "lighter";
    this.heads.forEach((head, index) => this.beam(head, index, metre));
    pen.globalCompositeOperation = "source-over";
    this.heads.forEach((head, index) => this.lamp(head, index, metre));
  }

  /** Index of the head at a place on the canvas (CSS pixels), or -1. */
  headAt(x, y) {
    return nearest(this.spots ?? [], x, y);
  }

  ground(metre) {
    const { pen } = this;
    const { half, depth } = this.room;
    const [x, y] = this.place(-half, depth);
    pen.fillStyle = "#171a22";
    pen.strokeStyle = "#333947";
    pen.lineWidth = 1;
    pen.beginPath();
    pen.rect(x, y, 2 * half * metre, depth * metre);
    pen.fill();
    pen.stroke();
    pen.fillStyle = "#6f7787";
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "center";
    const [middle, edge] = this.place(0, -0.25);
    pen.fillText("audience", middle, edge + 12);
    for (const [name, [x, y]] of Object.entries(this.places)) this.mark(name, ...this.place(x, y), metre);
  }

  /** A place on the floor, with its name. */
  mark(name, x, y, metre) {
    const { pen } = this;
    pen.beginPath();
    pen.arc(x, y, 0.25 * metre, 0, 7);
    pen.stroke();
    pen.fillText(name, x, y + 0.25 * metre + 12);
  }

  beam(head, index, metre) {
    const state = this.states[index];
    if (!head.emits || !state || state[0] + state[1] + state[2] < 0.004) return;
    const [ax, ay, az] = head.moves ? aim(state[3], state[4]) : this.axes[index];
    const flat = Math.hypot(ax, ay);
    const length = metre * Math.min(4.5, az < -0.05 ? (head.z / -az) * flat : 4.5 * flat);
    const [x, y] = this.place(head.x, head.y);
    const spread = 1.5 * Math.tan((Math.min(25, beamOf(head).half_deg) * Math.PI) / 180);
    const turn = Math.atan2(-ay, ax);
    const colour = (alpha) => css(expose(1.6 * state[0]), expose(1.6 * state[1]), expose(1.6 * state[2]), alpha);
    const { pen } = this;
    if (length > 3) {
      const shade = pen.createLinearGradient(x, y, x + Math.cos(turn) * length, y + Math.sin(turn) * length);
      shade.addColorStop(0, colour(0.5));
      shade.addColorStop(1, colour(0));
      pen.fillStyle = shade;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.arc(x, y, length, turn - spread, turn + spread);
      pen.fill();
    }
  }

  lamp(head, index, metre) {
    const { pen } = this;
    const state = this.states[index] ?? [0, 0, 0];
    const [x, y] = this.place(head.x, head.y);
    const size = Math.max(2.5, metre * (head.role === "pixel" ? 0.07 : 0.14));
    pen.fillStyle = css(expose(2.5 * state[0]), expose(2.5 * state[1]), expose(2.5 * state[2]));
    pen.strokeStyle = "#7b8494";
    pen.lineWidth = 1;
    pen.beginPath();
    if (head.role === "beam" || head.role === "mover" || head.role === "wash" || head.role === "back") pen.arc(x, y, size, 0, 7);
    else pen.rect(x - size, y - size * 0.7, 2 * size, 1.4 * size);
    pen.fill();
    pen.stroke();
  }
}
