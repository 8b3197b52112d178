// The stage as the audience sees it: soft light below, sharp things over it.
//
// Canvases on top of each other. The light is drawn by the graphics card on `front`; where that does not work, `light` is
// the small picture of LightField, enlarged by the browser. `scene` holds what only changes with the window (trusses,
// fixtures, people); `lamps` the lenses, drawn for each snapshot.

import { FrontView } from "./front_view.js";
import { LightField, beamOf } from "./light.js";
import { Camera, HEIGHT, WIDTH, aim, focus, measureRoom } from "./room.js";
import { css, expose } from "./colour.js";
import { fitCanvas, nearest } from "./canvas.js";
import { drawScene } from "./scene.js";

const SMALL_WAIT_MS = 250; // at most: the first picture takes long and is of a dark stage
const SMALL_SHARE = 0.1; // of the time, for the picture that the processor draws: it may be the one that lights the room

export class StageView {
  constructor(light, scene, lamps, front) {
    this.light = light;
    this.scene = scene;
    this.lamps = lamps;
    light.width = WIDTH;
    light.height = HEIGHT;
    this.pens = [light, scene, lamps].map((canvas) => canvas.getContext("2d"));
    this.states = [];
    this.small_due_ms = 0;
    this.waits = false;
    this.canvas = front;
    this.front = new FrontView(front, () => this.show(this.states));
    new ResizeObserver(() => this.resize()).observe(scene);
  }

  /** @param places where somebody marked the singer and the drums: [x, y, z] in metres. */
  setRig(heads, places = {}) {
    this.heads = heads;
    this.places = places;
    this.room = measureRoom(heads);
    this.camera = new Camera(this.room);
    this.axes = heads.map((head) => focus(head, this.room));
    this.field = null;
    this.small_due_ms = 0;
    this.front.setRig(heads);
    this.states = heads.map(() => [0, 0, 0, 0, 0]);
    this.resize();
  }

  resize() {
    if (!this.heads) return;
    const [width] = fitCanvas(this.scene, this.pens[1]);
    if (!width) return; // hidden behind the plan
    this.spots = this.heads.map((head) => this.camera.pixel(head.x, head.y, head.z, width));
    drawScene(this.pens[1], this, width);
    this.show(this.states);
  }

  /** @param states for each head [red, green, blue, pan_deg, tilt_deg], linear light 0..1. */
  show(states) {
    this.states = states;
    if (!this.heads || !this.spots) return;
    if (!this.front.show(states)) this.showSmall();
    this.canvas.hidden = !this.front.works;
    this.drawLamps();
  }

  /** Without the graphics card: as often as the processor can spare it. */
  showSmall() {
    this.field ??= new LightField(this.heads);
    const now_ms = performance.now();
    if (now_ms < this.small_due_ms) return this.showSmallSoon(this.small_due_ms - now_ms);
    this.field.render(this.states);
    this.pens[0].putImageData(this.field.image, 0, 0);
    const ended_ms = performance.now();
    this.small_due_ms = ended_ms + Math.min(SMALL_WAIT_MS, (ended_ms - now_ms) / SMALL_SHARE);
  }

  showSmallSoon(wait_ms) {
    if (this.waits) return;
    this.waits = true;
    setTimeout(() => {
      this.waits = false;
      if (!this.front.works) this.showSmall();
    }, wait_ms);
  }

  drawLamps() {
    const pen = this.pens[2];
    const [width, height] = fitCanvas(this.lamps, pen);
    pen.clearRect(0, 0, width, height);
    for (let index = 0; index < this.heads.length; index++) {
      if (this.heads[index].emits) this.drawLamp(pen, index);
    }
  }

  drawLamp(pen, index) {
    const head = this.heads[index];
    const [x, y, metre] = this.spots[index];
    const [red, green, blue, pan, tilt] = this.states[index] ?? [0, 0, 0, 0, 0];
    const axis = head.moves ? aim(pan, tilt) : this.axes[index];
    const towards_us = Math.max(0, -axis[1]);
    const radius = Math.max(1.2, beamOf(head).lens_m * metre);
    const side = axis[0] * radius * 0.9;
    const drop = -axis[2] * radius * 0.9;
    if (head.moves) this.drawMovingHead(pen, x, y, side, drop, radius);
    // A lens seen from the side or from behind still shows its colour: the operator wants to know.
    const gain = 0.9 + 3.2 * towards_us;
    pen.fillStyle = css(
      0.012 + expose(gain * (red + 0.05 * (green + blue))),
      0.013 + expose(gain * (green + 0.05 * (red + blue))),
      0.016 + expose(gain * (blue + 0.05 * (red + green))),
    );
    pen.beginPath();
    if (head.role === "strobe") pen.rect(x - 2 * radius, y - 0.55 * radius, 4 * radius, 1.1 * radius);
    else pen.ellipse(x + side * 0.5, y + drop * 0.5, radius, radius * (0.55 + 0.45 * towards_us), 0, 0, 7);
    pen.fill();
  }

  drawMovingHead(pen, x, y, side, drop, radius) {
    pen.strokeStyle = "#15171c";
    pen.lineCap = "round";
    pen.lineWidth = 2.7 * radius;
    pen.beginPath();
    pen.moveTo(x - side * 0.9, y - drop * 0.9);
    pen.lineTo(x + side * 0.2, y + drop * 0.2);
    pen.stroke();
  }

  /** Index of the head at a place on the canvas (CSS pixels), or -1. */
  headAt(x, y) {
    return nearest(this.spots ?? [], x, y);
  }
}
