// The room: how large it is, where the audience's eye stands, where heads point. Metres, in the stage's own coordinates.

/** Size of the picture that LightField renders, in pixels. */
export const WIDTH = 448;
export const HEIGHT = 252;

/** Where the audience's eye is and what it sees: metres to picture coordinates and back. */
export class Camera {
  /** @param room what measureRoom says. */
  constructor(room) {
    this.room = room;
    this.x = 0;
    this.y = -(room.half * 1.75 + Math.max(0, -room.nearest) * 0.6 + 3);
    this.z = 2.9;
    this.fit();
  }

  /** Choose scale and shift so that stage, trusses and heads fill the picture. */
  fit() {
    const { half, height, nearest } = this.room;
    this.scale = 1;
    this.shift_u = 0;
    this.shift_v = 0;
    const right = Math.max(this.project(half + 0.5, 0, 0)[0], this.project(half - 0.4, nearest, 0)[0]);
    const top = Math.max(this.project(0, 0, height)[1], this.project(0, nearest, height)[1]);
    const bottom = this.project(0, 0, -1.25)[1];
    this.scale = Math.min(0.5 / right, HEIGHT / WIDTH / (top - bottom));
    this.shift_v = (this.scale * (top + bottom)) / 2;
  }

  /** Picture position of a point: u from -0.5 to 0.5 of the width, v up in the same unit, and units for each metre. */
  project(x, y, z) {
    const per_m = this.scale / (y - this.y);
    return [(x - this.x) * per_m - this.shift_u, (z - this.z) * per_m - this.shift_v, per_m];
  }

  /** The same in pixels of a picture `width` wide, y downwards. */
  pixel(x, y, z, width) {
    const [u, v, per_m] = this.project(x, y, z);
    return [(u + 0.5) * width, ((0.5 * HEIGHT) / WIDTH - v) * width, per_m * width];
  }
}

/** Direction of a moving head: pan 0 towards the audience, tilt 0 down and 90 level, both in degrees. */
export function aim(pan_deg, tilt_deg) {
  const pan = (pan_deg * Math.PI) / 180;
  const tilt = (tilt_deg * Math.PI) / 180;
  return [Math.sin(pan) * Math.sin(tilt), -Math.cos(pan) * Math.sin(tilt), -Math.cos(tilt)];
}

/** Where a head that cannot move was pointed when it was hung. */
export function focus(head, room) {
  const high = head.z > 1.6;
  const across = head.x / room.half;
  switch (head.role) {
    case "key":
    case "wash":
      return towards(head, head.x * 0.62, room.depth * 0.42, 0.9);
    case "back":
      return high ? towards(head, head.x * 0.86, head.y - 2.6, 0) : normal(across * 0.25, -0.35, 1);
    case "pixel":
      return high ? normal(0, -0.35, -1) : normal(across * 0.12, 0.1, 1);
    case "blinder":
    case "strobe":
      return normal(-across * 0.3, -1, high ? -0.35 : 0.1);
    default:
      return high ? normal(0, -0.2, -1) : normal(0, -0.2, 1);
  }
}

function towards(head, x, y, z) {
  return normal(x - head.x, y - head.y, z - head.z);
}

/** The same direction, one metre long. */
export function normal(x, y, z) {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

/** The room's size from the patch: metres, with a little air around the heads. */
export function measureRoom(heads) {
  let half = 3.5;
  let depth = 4;
  let height = 3.6;
  let nearest = 0;
  for (const head of heads) {
    half = Math.max(half, Math.abs(head.x) + 0.8);
    depth = Math.max(depth, head.y + 1);
    height = Math.max(height, head.z + 0.55);
    nearest = Math.min(nearest, head.y);
  }
  return { half, depth, height, nearest };
}

/** Metres from a head along its axis to the floor, the wall or the far end of the room. */
export function reach(head, axis, camera) {
  const to_floor = axis[2] < -1e-3 ? head.z / -axis[2] : Infinity;
  const to_wall = axis[1] > 1e-3 ? (camera.room.depth - head.y) / axis[1] : Infinity;
  const to_us = axis[1] < -1e-3 ? (head.y - camera.y - 1.5) / -axis[1] : Infinity;
  return Math.max(0.5, Math.min(to_floor, to_wall, to_us, 14));
}
