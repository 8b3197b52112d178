// How light travels over the stage: a small renderer in linear light, without a graphics card.
//
// The picture is WIDTH x HEIGHT however large the screen is (haze is soft; the browser enlarges it), so its cost is the
// same on a phone and on a wall. What a head that does not move adds to each pixel never changes: it is worked out once
// and a frame is then a sum of weights times colours. Only movers are worked out again when they have moved.
//
// A pixel receives from a head
//  - what the haze scatters out of its beam: exact at the point where the line of sight passes the axis closest, and
//    taken as the whole (a beam is narrow compared to its distance);
//  - what the floor, wall or drape behind it sends back (Lambert), and the mirror image in the polished floor;
//  - glare, if the head looks at us.

import { expose, toCode } from "./colour.js";
import { Camera, HEIGHT, WIDTH, aim, focus, measureRoom, normal, reach } from "./room.js";

const PIXELS = WIDTH * HEIGHT;
const SAME_DEG = 0.1; // a mover that turned less has not moved
const SEEN = 0.0015; // weights below this cannot be seen

/** Beam of each role: half angle in degrees, strength in haze, on surfaces, as glare, and size of the lens in metres. */
const BEAMS = {
  key: { half_deg: 13, haze: 0.08, surface: 34, glare: 0.25, lens_m: 0.12 },
  wash: { half_deg: 15, haze: 0.13, surface: 34, glare: 0.25, lens_m: 0.12 },
  back: { half_deg: 12, haze: 0.3, surface: 18, glare: 0.5, lens_m: 0.12 },
  beam: { half_deg: 3.6, haze: 0.42, surface: 60, glare: 1.2, lens_m: 0.13 },
  mover: { half_deg: 3.6, haze: 0.42, surface: 60, glare: 1.2, lens_m: 0.13 },
  pixel: { half_deg: 9, haze: 0.17, surface: 7, glare: 0.12, lens_m: 0.055 },
  blinder: { half_deg: 30, haze: 0.12, surface: 5, glare: 1.5, lens_m: 0.1 },
  strobe: { half_deg: 50, haze: 0.1, surface: 12, glare: 1.6, lens_m: 0.16 },
  hazer: { half_deg: 20, haze: 0, surface: 0, glare: 0, lens_m: 0.05 },
};

const WIDE_MOVER = { half_deg: 8, haze: 0.28, surface: 26, glare: 0.9, lens_m: 0.15 };

/** The patch names no beam angles, so role and label have to tell a spot from a wash. */
export function beamOf(head) {
  return head.moves && /wash/i.test(head.label) ? WIDE_MOVER : (BEAMS[head.role] ?? BEAMS.wash);
}

const FLOOR = 0;
const FRONT = 1;
const DRAPE = 2;
const WALL = 3;
const PIT = 4;
const ALBEDO = [0.2, 0.05, 0.04, 0.13, 0.02];
const NORMALS = [
  [0, 0, 1],
  [0, -1, 0],
  [0, -1, 0],
  [0, -1, 0],
  [0, 0, 1],
];
const POLISH = 0.3;
const AMBIENT = [0.0072, 0.008, 0.0104];

/** The picture: `render(states)` turns head colours into sRGB bytes in `this.image`. */
export class LightField {
  constructor(heads) {
    this.heads = heads;
    this.room = measureRoom(heads);
    this.camera = new Camera(this.room);
    this.image = new ImageData(WIDTH, HEIGHT);
    this.image.data.fill(255);
    this.red = new Float32Array(PIXELS);
    this.green = new Float32Array(PIXELS);
    this.blue = new Float32Array(PIXELS);
    this.looked = new Float32Array(PIXELS * 4); // direction of sight and distance to the surface
    this.surface = new Uint8Array(PIXELS);
    this.albedo = new Float32Array(PIXELS);
    this.haze = new Float32Array(PIXELS);
    this.grain = new Float32Array(PIXELS);
    this.weights = new Float32Array(PIXELS); // one head's, zero between two computations
    this.touched = { first: 0, last: 0, from: new Uint16Array(HEIGHT), to: new Uint16Array(HEIGHT) };
    this.lookAround();
    this.curve = exposureCurve();
    this.lamps = heads.map((head) => this.hang(head));
  }

  /** What lies behind each pixel. */
  lookAround() {
    const noise = cloud();
    let seed = 1;
    for (let row = 0; row < HEIGHT; row++) {
      for (let column = 0; column < WIDTH; column++) {
        const at = row * WIDTH + column;
        this.look(at, (column + 0.5) / WIDTH - 0.5, (0.5 * HEIGHT) / WIDTH - (row + 0.5) / WIDTH);
        this.haze[at] = noise(column / WIDTH, row / WIDTH);
        seed = (seed * 1103515245 + 12345) & 0x7fffffff;
        this.grain[at] = seed / 0x7fffffff - 0.5;
      }
    }
  }

  look(at, u, v) {
    const { camera } = this;
    const direction = normal((u + camera.shift_u) / camera.scale, 1, (v + camera.shift_v) / camera.scale);
    const [kind, distance] = this.strike(direction);
    this.looked.set(direction, 4 * at);
    this.looked[4 * at + 3] = distance;
    this.surface[at] = kind;
    const x = camera.x + direction[0] * distance;
    const y = camera.y + direction[1] * distance;
    const folds = kind === WALL || kind === DRAPE ? 0.8 + 0.2 * Math.sin(x * 9 + 1.3 * Math.sin(x * 2.1)) : 1;
    const boards = kind === FLOOR ? 0.94 + 0.06 * Math.sign(Math.sin(y * 12)) : 1;
    this.albedo[at] = ALBEDO[kind] * folds * boards;
  }

  /** What a line of sight meets first, and how far away: metres. */
  strike(direction) {
    const { camera, room } = this;
    const down = direction[2] < -1e-6;
    const to_edge = -camera.y / direction[1];
    const edge_x = camera.x + direction[0] * to_edge;
    const edge_z = camera.z + direction[2] * to_edge;
    if (edge_z < 0) {
      const inside = Math.abs(edge_x) < room.half + 0.3;
      return inside && edge_z > -1.1 ? [FRONT, to_edge] : [PIT, (-1.1 - camera.z) / Math.min(direction[2], -1e-6)];
    }
    const to_floor = down ? -camera.z / direction[2] : Infinity;
    const to_wall = (room.depth - camera.y) / direction[1];
    const distance = Math.min(to_floor, to_wall);
    if (Math.abs(camera.x + direction[0] * distance) > room.half + 0.3) {
      return [DRAPE, Math.max(to_edge, (room.half + 0.3) / Math.abs(direction[0]))];
    }
    return to_floor < to_wall ? [FLOOR, to_floor] : [WALL, to_wall];
  }

  /** Work out a head once; a mover again whenever `turn` is asked for. */
  hang(head) {
    const beam = beamOf(head);
    const lamp = { head, beam, index: null, weight: null, pan: NaN, tilt: NaN, axis: focus(head, this.room) };
    if (!head.emits || !beam.surface) return lamp;
    lamp.spread = Math.tan((beam.half_deg * Math.PI) / 180);
    if (!head.moves) this.compute(lamp);
    return lamp;
  }

  turn(lamp, pan, tilt) {
    if (Math.abs(pan - lamp.pan) < SAME_DEG && Math.abs(tilt - lamp.tilt) < SAME_DEG) return;
    lamp.pan = pan;
    lamp.tilt = tilt;
    lamp.axis = aim(pan, tilt);
    lamp.stale = true;
  }

  /** Fill `lamp.index` and `lamp.weight`: which pixels it reaches and how strongly. */
  compute(lamp) {
    const { weights, touched } = this;
    touched.first = HEIGHT;
    touched.last = 0;
    touched.from.fill(WIDTH);
    touched.to.fill(0);
    this.sweep(lamp);
    let reached = 0;
    for (let row = touched.first; row < touched.last; row++) reached += Math.max(0, touched.to[row] - touched.from[row]);
    if (!lamp.index || lamp.index.length < reached) {
      const room_to_turn = lamp.head.moves ? PIXELS : reached; // at once what it may ever need: memory stays as it is
      lamp.index = new Uint32Array(room_to_turn);
      lamp.weight = new Float32Array(room_to_turn);
    }
    let count = 0;
    for (let row = touched.first; row < touched.last; row++) {
      for (let at = row * WIDTH + touched.from[row], end = row * WIDTH + touched.to[row]; at < end; at++) {
        if (weights[at] > SEEN) {
          lamp.index[count] = at;
          lamp.weight[count++] = weights[at];
        }
        weights[at] = 0;
      }
    }
    lamp.count = count;
    lamp.stale = false;
  }

  /** Remember that a piece of a row was written to. */
  touch(row, from, to) {
    const { touched } = this;
    touched.first = Math.min(touched.first, row);
    touched.last = Math.max(touched.last, row + 1);
    touched.from[row] = Math.min(touched.from[row], from);
    touched.to[row] = Math.max(touched.to[row], to);
  }

  /** Add what a head gives to `this.weights`, row by row, only where its beam can be. */
  sweep(lamp) {
    const { head, axis, spread, beam } = lamp;
    const tail = reach(head, axis, this.camera);
    const narrow = beam.half_deg < 9;
    const [x0, y0, metre0] = this.camera.pixel(head.x, head.y, head.z, WIDTH);
    const [x1, y1, metre1] = this.camera.pixel(
      head.x + axis[0] * tail,
      head.y + axis[1] * tail,
      head.z + axis[2] * tail,
      WIDTH,
    );
    const wide1 = Math.max(12, 3.6 * spread * tail * metre1);
    const wide0 = 0.35 * metre0 + 6;
    for (let row = 0; row < HEIGHT; row++) {
      let from = 0;
      let to = WIDTH;
      if (narrow) [from, to] = span(row, x0, y0, wide0, x1, y1, wide1);
      if (from < to) this.sweepRow(lamp, row, from, to, false);
    }
    if (narrow) this.mirror(lamp, x0, x1, tail, wide1);
    this.dazzle(lamp, x0, y0, metre0);
  }

  mirror(lamp, x0, x1, tail, wide1) {
    const { head, axis } = lamp;
    const y0 = this.camera.pixel(head.x, head.y, -head.z, WIDTH)[1];
    const y1 = this.camera.pixel(0, head.y + axis[1] * tail, -(head.z + axis[2] * tail), WIDTH)[1];
    for (let row = Math.floor(HEIGHT / 2); row < HEIGHT; row++) {
      const [from, to] = span(row, x0, y0, wide1, x1, y1, wide1);
      if (from < to) this.sweepRow(lamp, row, from, to, true);
    }
  }

  sweepRow(lamp, row, from, to, only_mirror) {
    const { head, axis, spread, beam } = lamp;
    const narrow = beam.half_deg < 9;
    const { camera, looked, surface, albedo, haze, weights } = this;
    this.touch(row, from, to);
    const [ax, ay, az] = axis;
    const rx = camera.x - head.x;
    const ry = camera.y - head.y;
    const rz = camera.z - head.z;
    for (let at = row * WIDTH + from, end = row * WIDTH + to; at < end; at++) {
      const wx = looked[4 * at];
      const wy = looked[4 * at + 1];
      const wz = looked[4 * at + 2];
      const far = looked[4 * at + 3];
      const kind = surface[at];
      let sum = 0;
      if (!only_mirror) {
        sum = beam.haze * haze[at] * scatter(wx, wy, wz, rx, ry, rz, ax, ay, az, spread, 0, far);
        sum += beam.surface * albedo[at] * fall(rx + wx * far, ry + wy * far, rz + wz * far, ax, ay, az, spread, kind);
      }
      if (kind === FLOOR && (only_mirror || !narrow)) {
        sum += POLISH * beam.haze * scatter(wx, wy, wz, rx, ry, camera.z + head.z, ax, ay, -az, spread, far, 60);
      }
      weights[at] += sum;
    }
  }

  /** Glare around a lens, strongest when it looks at the camera. */
  dazzle(lamp, x, y, metre) {
    const { head, axis, beam } = lamp;
    const to_us = normal(this.camera.x - head.x, this.camera.y - head.y, this.camera.z - head.z);
    const facing = Math.max(0, axis[0] * to_us[0] + axis[1] * to_us[1] + axis[2] * to_us[2]);
    const strength = beam.glare * (0.12 + facing ** (90 / (beam.half_deg + 10)) * 1.4);
    const core = 0.16 * metre;
    const size = Math.ceil(core * 9);
    const from = Math.max(0, Math.floor(x - size));
    const to = Math.min(WIDTH, Math.ceil(x + size));
    for (let row = Math.max(0, Math.floor(y - size)); row < Math.min(HEIGHT, y + size); row++) {
      this.touch(row, from, Math.max(from, to));
      for (let column = from; column < to; column++) {
        const apart = ((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2) / (core * core);
        this.weights[row * WIDTH + column] += strength * Math.max(0, 1 / (1 + apart) ** 1.25 - 0.004);
      }
    }
  }

  /** @param states for each head [red, green, blue, pan_deg, tilt_deg], linear light. */
  render(states) {
    const { red, green, blue } = this;
    red.fill(AMBIENT[0]);
    green.fill(AMBIENT[1]);
    blue.fill(AMBIENT[2]);
    for (let at = 0; at < PIXELS; at++) {
      const lit = 0.25 + 5 * this.albedo[at];
      red[at] *= lit;
      green[at] *= lit;
      blue[at] *= lit;
    }
    for (let index = 0; index < this.lamps.length; index++) this.shine(this.lamps[index], states[index]);
    this.develop();
  }

  shine(lamp, state) {
    if (!lamp.head.emits || !state) return;
    if (lamp.head.moves) this.turn(lamp, state[3], state[4]);
    const [r, g, b] = state;
    if (r + g + b < 0.0005) return;
    if (lamp.stale) this.compute(lamp);
    if (!lamp.index) return;
    const { red, green, blue } = this;
    const { index, weight, count } = lamp;
    for (let slot = 0; slot < count; slot++) {
      const at = index[slot];
      const w = weight[slot];
      red[at] += w * r;
      green[at] += w * g;
      blue[at] += w * b;
    }
  }

  /** Linear light to bytes, with the small leak between colours that makes hot cores turn white in a photograph. */
  develop() {
    const { red, green, blue, grain, curve } = this;
    const data = this.image.data;
    const last = curve.length - 1;
    const steps = last / CURVE_END;
    for (let at = 0; at < PIXELS; at++) {
      const leak = 0.035 * (red[at] + green[at] + blue[at]);
      const dither = grain[at];
      data[4 * at] = curve[Math.min(last, ((red[at] * 0.9 + leak) * steps) | 0)] + dither;
      data[4 * at + 1] = curve[Math.min(last, ((green[at] * 0.9 + leak) * steps) | 0)] + dither;
      data[4 * at + 2] = curve[Math.min(last, ((blue[at] * 0.9 + leak) * steps) | 0)] + dither;
    }
  }
}

const CURVE_END = 5;
const EXPOSURE = 1.3;

function exposureCurve() {
  const curve = new Float32Array(16384);
  for (let step = 0; step < curve.length; step++) {
    curve[step] = toCode(expose(((step + 0.5) / curve.length) * CURVE_END * EXPOSURE));
  }
  return curve;
}

/**
 * Light scattered towards us out of a beam, along one line of sight.
 * w: direction of sight. r: camera minus head. a: axis of the beam. Only from `near` to `far` metres away from us.
 */
function scatter(wx, wy, wz, rx, ry, rz, ax, ay, az, spread, near, far) {
  const along = wx * ax + wy * ay + wz * az;
  const sight = wx * rx + wy * ry + wz * rz;
  const axis = ax * rx + ay * ry + az * rz;
  const crossing = Math.max(1 - along * along, 0.02);
  let t = (along * axis - sight) / crossing;
  t = t < near ? near : t > far ? far : t;
  let s = axis + t * along;
  if (s < 0) {
    s = 0;
    t = -sight < near ? near : -sight > far ? far : -sight;
  }
  const x = rx + wx * t - ax * s;
  const y = ry + wy * t - ay * s;
  const z = rz + wz * t - az * s;
  const wide = s * spread + 0.07;
  const apart = (x * x + y * y + z * z) / (wide * wide);
  if (apart > 7) return 0;
  const forward = 0.5 - 0.5 * along; // 1 when the beam comes towards us
  const phase = 0.35 + 1.3 * forward * forward;
  return (phase * Math.exp(-1.3 * apart - s * 0.13)) / ((wide + 0.12) * (0.35 + 0.65 * crossing));
}

/** Light that falls on a surface. (x, y, z): from the head to the point. */
function fall(x, y, z, ax, ay, az, spread, kind) {
  const ahead = x * ax + y * ay + z * az;
  if (ahead <= 0.05) return 0;
  const squared = x * x + y * y + z * z;
  const off = (squared - ahead * ahead) / (ahead * ahead * spread * spread);
  if (off > 9) return 0;
  const n = NORMALS[kind];
  const slant = -(x * n[0] + y * n[1] + z * n[2]) / Math.sqrt(squared);
  const lit = kind === FLOOR || kind === PIT ? slant : Math.abs(slant);
  return lit <= 0 ? 0 : (lit * Math.exp(-0.9 * off)) / (squared + 0.4);
}

/** The columns a thick line from (x0, y0) to (x1, y1) covers in a row. */
function span(row, x0, y0, wide0, x1, y1, wide1) {
  const high = Math.min(y0 - wide0, y1 - wide1);
  const low = Math.max(y0 + wide0, y1 + wide1);
  if (row < high || row > low) return [0, 0];
  const rise = y1 - y0;
  const clamp = (part) => (part < 0 ? 0 : part > 1 ? 1 : part);
  const steep = Math.max(Math.abs(rise), 1e-3);
  const slack = Math.max(wide0, wide1) / steep;
  const middle = (row - y0) / (Math.abs(rise) < 1e-3 ? 1e-3 : rise);
  const first = clamp(middle - slack);
  const last = clamp(middle + slack);
  const left = Math.min(x0 + (x1 - x0) * first, x0 + (x1 - x0) * last);
  const right = Math.max(x0 + (x1 - x0) * first, x0 + (x1 - x0) * last);
  const wide = wide0 + (wide1 - wide0) * last;
  return [Math.max(0, Math.floor(left - wide)), Math.min(WIDTH, Math.ceil(right + wide))];
}

/** Uneven haze: smooth noise around 1, the same every time. */
function cloud() {
  const grid = new Float32Array(64 * 64);
  let seed = 7;
  for (let i = 0; i < grid.length; i++) {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    grid[i] = seed / 0x7fffffff;
  }
  const sample = (x, y) => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const smooth = (part) => part * part * (3 - 2 * part);
    const across = smooth(x - column);
    const down = smooth(y - row);
    const at = (dx, dy) => grid[((row + dy) & 63) * 64 + ((column + dx) & 63)];
    const top = at(0, 0) + (at(1, 0) - at(0, 0)) * across;
    return top + (at(0, 1) + (at(1, 1) - at(0, 1)) * across - top) * down;
  };
  return (x, y) => 0.7 + 0.4 * sample(x * 6, y * 9) + 0.2 * sample(x * 17, y * 23 + 9);
}
