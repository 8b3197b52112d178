// The stage as the audience sees it, drawn by the graphics card (WebGL2): beams in haze over a dark room, in linear light.
//
// It draws what LightField of light.js draws without one, with the same camera and the same beams, but as sharp as the
// screen. Nothing moves by itself: `show` draws one picture of one snapshot. A picture has four parts, each one draw
// call however many heads there are:
//  - pools: what each head throws on the ground and on the back wall, on a small map of both;
//  - beams: what the haze scatters towards us out of each beam, on a rectangle around it;
//  - lenses: a disc (a square for a pixel) with its glare at the place of each head;
//  - the room: the surfaces with their pools, a polished floor that mirrors the air, and the air before them; this part
//    turns linear light into what a screen shows.

import { beamOf } from "./light.js";
import { HEIGHT, WIDTH, Camera, aim, focus, measureRoom, reach } from "./room.js";

const WIDEST = 1280; // pixels: haze is soft, so that the browser may enlarge it
const NARROWEST = 448;
const POOLS = 192; // the map of ground and wall, in both directions
const CLOUD = 64;
const FLOATS = 16; // for each head: place and lens, axis and length, light and shape, beam
const DARK = 0.0005;
const SLOW_MS = 25; // pictures that take longer leave no room for the rest of the page at 30 a second
const LATE = 5; // so many in a row are no accident

const SHARED = `#version 300 es
precision highp float;
uniform vec3 eye;
uniform vec3 lens; // of the camera: scale, shift to the side and upwards
uniform vec3 room; // half its width, depth, height: metres
const float ASPECT = ${(WIDTH / HEIGHT).toFixed(6)};
const float PIT_M = -1.1;
const float NEAR_M = -5.0; // the map of the ground begins so far before the edge of the stage
const float FLOOR = 0.0, FRONT = 1.0, DRAPE = 2.0, WALL = 3.0, PIT = 4.0;

vec4 project(vec3 p) {
  float away = p.y - eye.y;
  vec2 at = vec2(p.x - eye.x, p.z - eye.z) * lens.x - lens.yz * away;
  return vec4(2.0 * at * vec2(1.0, ASPECT), 0.0, away);
}

// From a place of the picture (-1 to 1) into the room.
vec3 sight(vec2 at) {
  return normalize(vec3(0.5 * at.x + lens.y, lens.x, 0.5 * at.y / ASPECT + lens.z));
}

// What a line of sight meets first, and how far away.
vec2 strike(vec3 w) {
  float edge = -eye.y / w.y;
  vec3 at_edge = eye + w * edge;
  if (at_edge.z < 0.0) {
    if (abs(at_edge.x) < room.x + 0.3 && at_edge.z > PIT_M) return vec2(FRONT, edge);
    return vec2(PIT, (PIT_M - eye.z) / min(w.z, -1e-6));
  }
  float ground = w.z < -1e-6 ? -eye.z / w.z : 1e9;
  float wall = (room.y - eye.y) / w.y;
  float far = min(ground, wall);
  if (abs(eye.x + w.x * far) > room.x + 0.3) return vec2(DRAPE, max(edge, (room.x + 0.3) / abs(w.x)));
  return vec2(ground < wall ? FLOOR : WALL, far);
}
`;

const LAMP = `
layout(location = 0) in vec4 place_lens;
layout(location = 1) in vec4 axis_length;
layout(location = 2) in vec4 light_square;
layout(location = 3) in vec4 beam; // tangent of the half angle, strength in haze, on surfaces, as glare
flat out vec3 place, axis, light;
flat out vec4 shape; // the beam's
flat out float tail; // metres from the head to where its beam is drawn no more
out vec2 at; // place in the picture, -1 to 1
vec2 corner() { return vec2(gl_VertexID & 1, gl_VertexID >> 1); }
void pass() { place = place_lens.xyz; axis = axis_length.xyz; light = light_square.rgb; shape = beam; tail = axis_length.w; }
`;

const LIT = `
flat in vec3 place, axis, light;
flat in vec4 shape;
flat in float tail;
in vec2 at;
out vec4 colour;
`;

const POOL_CORNERS = `${SHARED}${LAMP}
void main() {
  pass();
  at = corner() * 2.0 - 1.0;
  gl_Position = vec4(at, 0.0, 1.0);
}`;

// Lambert, from the head to a point of the map: its lower half is the ground, its upper half the wall.
const POOL_LIGHT = `${SHARED}${LIT}
void main() {
  bool ground = at.y < 0.0;
  float along = mix(NEAR_M, room.y, at.y + 1.0);
  float x = at.x * (room.x + 2.5);
  vec3 point = ground ? vec3(x, along, along < 0.0 ? PIT_M : 0.0) : vec3(x, room.y, at.y * (room.z + 1.0));
  vec3 ray = point - place;
  float ahead = dot(ray, axis);
  float squared = dot(ray, ray);
  float slant = ground ? -ray.z : abs(ray.y);
  if (ahead <= 0.05 || slant <= 0.0) discard;
  float off = (squared - ahead * ahead) / (ahead * ahead * shape.x * shape.x);
  colour = vec4(light * shape.z * slant * inversesqrt(squared) * exp(-0.9 * off) / (squared + 0.4), 1.0);
}`;

const BEAM_CORNERS = `${SHARED}${LAMP}
const float WIDE = 2.4; // where the haze of a beam has faded, in its own half widths
void main() {
  pass();
  float far = axis_length.w;
  vec4 a = project(place);
  vec4 b = project(place + axis * far);
  vec2 from = a.xy / a.w / vec2(1.0, ASPECT);
  vec2 to = b.xy / b.w / vec2(1.0, ASPECT);
  float apart = length(to - from);
  vec2 along = apart > 1e-4 ? (to - from) / apart : vec2(0.0, -1.0);
  float end = WIDE * (beam.x * far + 0.07) * 2.0 * lens.x / b.w;
  float start = max(WIDE * 0.07 * 2.0 * lens.x / a.w, end - apart);
  float flare = end + (end - start) * end / max(apart, 0.5 * end); // so that it is as wide as its beam before its end
  vec2 is = corner();
  float wide = mix(start, flare, is.y);
  vec2 spot = mix(from - along * start, to + along * end, is.y) + vec2(-along.y, along.x) * wide * (2.0 * is.x - 1.0);
  at = spot * vec2(1.0, ASPECT);
  gl_Position = vec4(at, 0.0, 1.0);
}`;

// Exact where the line of sight passes the axis closest, taken as the whole: a beam is narrow for its distance.
const BEAM_LIGHT = `${SHARED}${LIT}
uniform sampler2D cloud;

// How far away haze is seen: the drapes at the sides cut no beam in two.
float through(vec3 w) {
  vec2 hit = strike(w);
  float ground = w.z < -1e-6 ? -eye.z / w.z : 1e9;
  return hit.x == DRAPE ? min(ground, (room.y - eye.y) / w.y) : hit.y;
}

void main() {
  vec3 w = sight(at);
  vec3 r = eye - place;
  float along = dot(w, axis), towards = dot(w, r), ahead = dot(axis, r);
  float crossing = max(1.0 - along * along, 0.02);
  float far = through(w);
  float t = clamp((along * ahead - towards) / crossing, 0.0, far);
  float s = ahead + t * along;
  if (s < 0.0) { s = 0.0; t = clamp(-towards, 0.0, far); }
  vec3 off = r + w * t - axis * s;
  float wide = s * shape.x + 0.07;
  float apart = dot(off, off) / (wide * wide);
  if (apart > 6.0) discard;
  float forward = 0.5 - 0.5 * along; // 1 when the beam comes towards us
  float phase = 0.35 + 1.3 * forward * forward;
  float seen = phase * exp(-1.3 * apart - 0.13 * s) * smoothstep(6.0, 4.0, apart) * smoothstep(1.0, 0.78, s / tail);
  vec2 uv = at * vec2(0.5, 0.5 / ASPECT);
  float uneven = 0.7 + 0.4 * texture(cloud, uv * vec2(6.0, 9.0) / 64.0).r + 0.2 * texture(cloud, uv * vec2(17.0, 23.0) / 64.0).r;
  colour = vec4(light * (shape.y * uneven * seen / ((wide + 0.12) * (0.35 + 0.65 * crossing))), 1.0);
}`;

const LENS_CORNERS = `${SHARED}${LAMP}
flat out vec3 size; // core of the glare, lens, square: all in the unit of "off"
out vec2 off;
void main() {
  pass();
  vec4 a = project(place);
  off = corner() * 2.0 - 1.0;
  float metre = 2.0 * lens.x / a.w;
  float wide = 1.45 * metre;
  size = vec3(0.16 * metre / wide, place_lens.w * metre / wide, light_square.w);
  at = a.xy / a.w + off * wide * vec2(1.0, ASPECT);
  gl_Position = vec4(at, 0.0, 1.0);
}`;

const LENS_LIGHT = `${SHARED}${LIT}
flat in vec3 size;
in vec2 off;
void main() {
  float facing = max(0.0, dot(axis, normalize(eye - place)));
  float glare = shape.w * (0.12 + 1.4 * pow(facing, 90.0 / (degrees(atan(shape.x)) + 10.0)));
  float halo = max(0.0, pow(1.0 + dot(off, off) / (size.x * size.x), -1.25) - 0.005);
  float edge = size.z > 0.5 ? max(abs(off.x), abs(off.y)) : length(off);
  float disc = smoothstep(1.15, 0.85, edge / size.y);
  colour = vec4(light * (glare * halo + (0.6 + 2.0 * facing) * disc), 1.0);
}`;

const WHOLE = `${SHARED}
out vec2 at;
void main() {
  at = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0; // one triangle over everything
  gl_Position = vec4(at, 0.0, 1.0);
}`;

const ROOM_LIGHT = `${SHARED}
uniform sampler2D pools, air;
in vec2 at;
out vec4 colour;
const vec3 AMBIENT = vec3(0.0072, 0.008, 0.0104);
const float POLISH = 0.3, EXPOSURE = 1.3, LEAK = 0.035;

// Which part of the light that falls on it a point sends back.
float albedo(float kind, vec3 p) {
  float folds = 0.8 + 0.2 * sin(p.x * 9.0 + 1.3 * sin(p.x * 2.1));
  if (kind == FLOOR) return 0.2 * (0.94 + 0.06 * clamp(8.0 * sin(p.y * 12.0), -1.0, 1.0));
  if (kind == WALL) return 0.13 * folds;
  return kind == DRAPE ? 0.04 * folds : kind == FRONT ? 0.05 : 0.02;
}

vec3 pool(float kind, vec3 p) {
  float across = 0.5 + 0.5 * p.x / (room.x + 2.5);
  if (kind == WALL || kind == DRAPE) return texture(pools, vec2(across, 0.5 + 0.5 * p.z / (room.z + 1.0))).rgb;
  float along = kind == FRONT ? -0.1 : p.y;
  return texture(pools, vec2(across, 0.5 * (along - NEAR_M) / (room.y - NEAR_M))).rgb;
}

// The polished floor shows the air between it and the wall, a little blurred.
vec3 mirror(vec3 p, vec3 w) {
  float steps = (room.y - p.y) / w.y;
  vec4 up = project(vec3(p.x + w.x * steps, room.y, -w.z * steps));
  vec2 uv = 0.5 + 0.5 * up.xy / up.w;
  vec3 sum = vec3(0.0);
  for (float tap = -1.5; tap <= 1.5; tap += 1.0) sum += 0.25 * texture(air, uv + vec2(0.0, 0.012 * tap)).rgb;
  return sum * smoothstep(1.0, 0.85, uv.y);
}

vec3 screen(vec3 x) {
  return mix(12.92 * x, 1.055 * pow(x, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, x));
}

void main() {
  vec3 w = sight(at);
  vec2 hit = strike(w);
  vec3 p = eye + w * hit.y;
  float back = albedo(hit.x, p);
  vec3 sum = AMBIENT * (0.25 + 5.0 * back) + back * pool(hit.x, p) + texture(air, 0.5 + 0.5 * at).rgb;
  if (hit.x == FLOOR) sum += POLISH * mirror(p, w);
  // The small leak between colours makes hot cores turn white, as in a photograph.
  sum = 0.9 * sum + LEAK * (sum.r + sum.g + sum.b);
  float grain = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
  colour = vec4(screen(1.0 - exp(-EXPOSURE * sum)) + grain / 255.0, 1.0);
}`;

export class FrontView {
  /** @param canvas to draw on. @param onlost called when the graphics card went away: nothing is drawn after that. */
  constructor(canvas, onlost = () => {}) {
    this.canvas = canvas;
    this.widest = WIDEST;
    this.late = 0;
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, failIfMajorPerformanceCaveat: true });
    if (!gl || drawnByProcessor(gl)) return;
    if (!gl.getExtension("EXT_color_buffer_float") && !gl.getExtension("EXT_color_buffer_half_float")) return;
    this.gl = gl;
    canvas.addEventListener("webglcontextlost", () => {
      this.works = false;
      onlost();
    });
    this.works = this.build();
  }

  build() {
    const { gl } = this;
    this.programs = [[POOL_CORNERS, POOL_LIGHT], [BEAM_CORNERS, BEAM_LIGHT], [LENS_CORNERS, LENS_LIGHT], [WHOLE, ROOM_LIGHT]].map(
      (sources) => link(gl, ...sources),
    );
    if (!this.programs.every((program) => gl.getProgramParameter(program, gl.LINK_STATUS))) return false;
    this.array = gl.createVertexArray();
    this.buffer = gl.createBuffer();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    for (let place = 0; place < FLOATS / 4; place++) {
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 4, gl.FLOAT, false, 4 * FLOATS, 16 * place);
      gl.vertexAttribDivisor(place, 1);
    }
    this.pools = target(gl, 0);
    this.air = target(gl, 1);
    texture(gl, 2, gl.REPEAT);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, CLOUD, CLOUD, 0, gl.RED, gl.UNSIGNED_BYTE, noise(CLOUD * CLOUD));
    size(gl, 0, POOLS, POOLS);
    gl.blendFunc(gl.ONE, gl.ONE);
    return true;
  }

  setRig(heads) {
    this.heads = heads;
    if (!this.works) return;
    this.camera = new Camera(measureRoom(heads));
    this.lamps = heads.map((head) => ({ ...beamOf(head), axis: focus(head, this.camera.room) }));
    this.data = new Float32Array(heads.length * FLOATS);
    const { gl, camera } = this;
    gl.bufferData(gl.ARRAY_BUFFER, this.data.byteLength, gl.DYNAMIC_DRAW);
    for (const program of this.programs) {
      const place = (name) => gl.getUniformLocation(program, name);
      gl.useProgram(program);
      gl.uniform3f(place("eye"), camera.x, camera.y, camera.z);
      gl.uniform3f(place("lens"), camera.scale, camera.shift_u, camera.shift_v);
      gl.uniform3f(place("room"), camera.room.half, camera.room.depth, camera.room.height);
      for (const [unit, name] of ["pools", "air", "cloud"].entries()) gl.uniform1i(place(name), unit);
    }
  }

  /** Draw. @param states for each head [red, green, blue, pan_deg, tilt_deg], linear light; false if it cannot be drawn. */
  show(states) {
    if (!this.works || !this.camera) return false;
    this.heed();
    this.fit();
    this.draw(this.gather(states));
    this.done = this.gl.fenceSync(this.gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    this.drawn_ms = performance.now();
    return true;
  }

  /** Where the graphics card still draws the last picture when the next one comes, it gets fewer pixels from now on. */
  heed() {
    const { gl, done } = this;
    const took_ms = performance.now() - this.drawn_ms;
    if (!done) return;
    const late = took_ms > SLOW_MS && gl.getSyncParameter(done, gl.SYNC_STATUS) !== gl.SIGNALED;
    gl.deleteSync(done);
    this.late = late ? this.late + 1 : 0;
    if (this.late < LATE) return;
    this.late = 0;
    this.widest = Math.max(NARROWEST, Math.round(this.canvas.width * 0.75));
  }

  /** As many pixels as the screen has, if they are not too many. */
  fit() {
    const { canvas, gl } = this;
    const wanted = Math.round(Math.min(this.widest, (canvas.clientWidth || WIDTH) * Math.min(2, devicePixelRatio || 1)));
    const width = Math.max(16, wanted);
    if (canvas.width === width && this.fitted) return;
    this.fitted = true;
    canvas.width = width;
    canvas.height = Math.round((width * HEIGHT) / WIDTH);
    size(gl, 1, canvas.width, canvas.height);
  }

  /** Put every head that shines into the buffer; returns how many. */
  gather(states) {
    const { gl, heads, lamps, data, camera } = this;
    let count = 0;
    for (let index = 0; index < heads.length; index++) {
      const head = heads[index];
      const [red, green, blue, pan, tilt] = states[index] ?? [0, 0, 0, 0, 0];
      if (!head.emits || red + green + blue < DARK) continue;
      const lamp = lamps[index];
      const axis = head.moves ? aim(pan, tilt) : lamp.axis;
      data.set([head.x, head.y, head.z, lamp.lens_m, ...axis, farEnd(head, axis, camera)], count * FLOATS);
      data.set([red, green, blue, head.role === "pixel" ? 1 : 0], count * FLOATS + 8);
      data.set([Math.tan((lamp.half_deg * Math.PI) / 180), lamp.haze, lamp.surface, lamp.glare], count * FLOATS + 12);
      count++;
    }
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, data.subarray(0, count * FLOATS));
    return count;
  }

  draw(count) {
    const { gl, canvas } = this;
    const [pool, beam, lens, whole] = this.programs;
    const onto = (place, width, height, ...programs) => {
      gl.bindFramebuffer(gl.FRAMEBUFFER, place);
      gl.viewport(0, 0, width, height);
      gl.clear(gl.COLOR_BUFFER_BIT);
      for (const program of programs) {
        gl.useProgram(program);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
      }
    };
    gl.enable(gl.BLEND);
    onto(this.pools, POOLS, POOLS, pool);
    onto(this.air, canvas.width, canvas.height, beam, lens);
    gl.disable(gl.BLEND);
    onto(null, canvas.width, canvas.height);
    gl.useProgram(whole);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}

/** A processor that plays graphics card is slower than LightField, which was made for it. */
function drawnByProcessor(gl) {
  const name = gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER;
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(gl.getParameter(name));
}

/** Metres from a head to where its beam is no longer drawn: a little behind what it meets, and never behind our eye. */
function farEnd(head, axis, camera) {
  const far = 1.3 * reach(head, axis, camera) + 0.5;
  return axis[1] < -1e-3 ? Math.min(far, (head.y - camera.y - 0.6) / -axis[1]) : far;
}

function link(gl, corners, light) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, corners], [gl.FRAGMENT_SHADER, light]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return program;
}

function texture(gl, unit, wrap) {
  const made = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const [name, value] of [["WRAP_S", wrap], ["WRAP_T", wrap], ["MIN_FILTER", gl.LINEAR], ["MAG_FILTER", gl.LINEAR]]) {
    gl.texParameteri(gl.TEXTURE_2D, gl[`TEXTURE_${name}`], value);
  }
  return made;
}

/** A place to add up light without an upper end. */
function target(gl, unit) {
  const place = gl.createFramebuffer();
  const made = texture(gl, unit, gl.CLAMP_TO_EDGE);
  gl.bindFramebuffer(gl.FRAMEBUFFER, place);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, made, 0);
  return place;
}

function size(gl, unit, width, height) {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, width, height, 0, gl.RGBA, gl.HALF_FLOAT, null);
}

/** Numbers without a pattern, the same every time. */
function noise(count) {
  let seed = 7;
  return Uint8Array.from({ length: count }, () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >>> 23);
}
