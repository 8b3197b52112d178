// What stands on the stage and hangs over it, as dark shapes against the light: trusses, fixtures, backline, audience.
// Only trusses and fixtures come from the patch; the band's things are there for scale.

const STEEL = "#20242c";
const BODY = "#0b0c0f";
const SHADE = "#06070a";
const HUNG_M = 2; // what is higher hangs
const ONE_TRUSS_M = 0.9; // what is further apart in depth hangs on two

/** Redraw all of it. @param width of the canvas in CSS pixels. */
export function drawScene(pen, field, width) {
  const place = (x, y, z) => field.camera.pixel(x, y, z, width);
  pen.clearRect(0, 0, width, width);
  drawEdge(pen, field, place);
  drawBackline(pen, field, place);
  const trusses = findTrusses(field.heads);
  for (const truss of trusses) drawTruss(pen, truss, place);
  for (const fixture of groupFixtures(field.heads)) drawFixture(pen, fixture, place, trusses);
  drawAudience(pen, field, place, width);
}

/** Heads that hang at about the same depth hang on one truss: {y, z, from, to} in metres. */
export function findTrusses(heads) {
  const trusses = [];
  for (const head of heads.filter((each) => each.z > HUNG_M).sort((a, b) => b.y - a.y)) {
    let truss = trusses.at(-1);
    if (!truss || truss.last - head.y > ONE_TRUSS_M) {
      truss = { heads: 0, y: 0, z: 0, from: head.x, to: head.x };
      trusses.push(truss);
    }
    truss.last = head.y;
    truss.y += (head.y - truss.y) / ++truss.heads;
    truss.z = Math.max(truss.z, head.z + 0.32);
    truss.from = Math.min(truss.from, head.x);
    truss.to = Math.max(truss.to, head.x);
  }
  return trusses;
}

/** One entry for each fixture, with all its cells. */
function groupFixtures(heads) {
  const fixtures = new Map();
  for (const head of heads) {
    if (!fixtures.has(head.fixture)) fixtures.set(head.fixture, []);
    fixtures.get(head.fixture).push(head);
  }
  return [...fixtures.values()].sort((a, b) => b[0].y - a[0].y);
}

function drawEdge(pen, field, place) {
  const { half } = field.room;
  const [x0, y] = place(-half - 0.3, 0, 0);
  const [x1] = place(half + 0.3, 0, 0);
  pen.fillStyle = "#ffffff14";
  pen.fillRect(x0, y, x1 - x0, 1);
  pen.strokeStyle = "#090a0d80";
  for (const side of [-1, 1]) {
    const [left, front, metre] = place(side * (half + 0.3), 0, 0);
    const [right, back] = place(side * (half + 0.3), field.room.depth, 0);
    pen.lineWidth = 0.035 * metre;
    pen.beginPath();
    pen.moveTo(left, front);
    pen.lineTo(right, back);
    pen.stroke();
  }
}

function drawTruss(pen, truss, place) {
  const [x0, y0, metre] = place(truss.from - 0.7, truss.y, truss.z);
  const [x1] = place(truss.to + 0.7, truss.y, truss.z);
  const tall = 0.26 * metre;
  pen.strokeStyle = STEEL;
  pen.lineWidth = Math.max(1, 0.045 * metre);
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y0);
  pen.moveTo(x0, y0 - tall);
  pen.lineTo(x1, y0 - tall);
  const bays = Math.max(2, Math.round((x1 - x0) / tall));
  pen.stroke();
  pen.lineWidth = Math.max(0.7, 0.022 * metre);
  pen.beginPath();
  for (let bay = 0; bay <= bays; bay++) {
    const x = x0 + ((x1 - x0) * bay) / bays;
    pen.lineTo(x, bay % 2 ? y0 - tall : y0);
  }
  pen.stroke();
}

function drawFixture(pen, heads, place, trusses) {
  const [head] = heads;
  const middle = heads.reduce((sum, each) => sum + each.x / heads.length, 0);
  const wide = Math.max(...heads.map((each) => 2 * Math.abs(each.x - middle)));
  const [x, y, metre] = place(middle, head.y, head.z);
  const hung = head.z > HUNG_M;
  pen.fillStyle = BODY;
  pen.strokeStyle = STEEL;
  pen.lineWidth = Math.max(0.8, 0.03 * metre);
  if (hung) drawHanger(pen, x, y, place, nearest(trusses, head.y));
  switch (head.role) {
    case "pixel":
      return drawBar(pen, heads, place);
    case "beam":
    case "mover":
      return drawYoke(pen, x, y, metre, hung);
    case "blinder":
      return box(pen, x, y, (0.36 + wide) * metre, 0.34 * metre);
    case "strobe":
      return box(pen, x, y, 0.8 * metre, 0.32 * metre);
    case "hazer":
      return drawHazer(pen, x, place(head.x, head.y, 0)[1], metre);
    default:
      pen.beginPath();
      pen.arc(x, y, 0.17 * metre, 0, 7);
      pen.fill();
      pen.stroke();
  }
}

function nearest(trusses, y) {
  return trusses.reduce((best, each) => (Math.abs(each.y - y) < Math.abs(best.y - y) ? each : best));
}

function drawHanger(pen, x, y, place, truss) {
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x, place(0, truss.y, truss.z)[1]);
  pen.stroke();
}

function drawBar(pen, heads, place) {
  const ends = heads.map((head) => place(head.x, head.y, head.z)).sort((a, b) => a[0] - b[0]);
  const [x0, y0, metre] = ends[0];
  const [x1, y1] = ends.at(-1);
  const pad = 0.1 * metre;
  pen.beginPath();
  pen.roundRect(x0 - pad, Math.min(y0, y1) - pad, x1 - x0 + 2 * pad, Math.abs(y1 - y0) + 2 * pad, pad * 0.5);
  pen.fill();
  pen.stroke();
}

function drawYoke(pen, x, y, metre, hung) {
  const up = hung ? -1 : 1;
  box(pen, x, y + up * 0.3 * metre, 0.36 * metre, 0.16 * metre);
  pen.beginPath();
  pen.moveTo(x - 0.2 * metre, y);
  pen.lineTo(x - 0.2 * metre, y + up * 0.24 * metre);
  pen.lineTo(x + 0.2 * metre, y + up * 0.24 * metre);
  pen.lineTo(x + 0.2 * metre, y);
  pen.stroke();
}

function drawHazer(pen, x, floor, metre) {
  box(pen, x, floor - 0.17 * metre, 0.5 * metre, 0.34 * metre);
  pen.beginPath();
  pen.arc(x, floor - 0.17 * metre, 0.07 * metre, 0, 7);
  pen.stroke();
}

function box(pen, x, y, wide, tall) {
  pen.beginPath();
  pen.roundRect(x - wide / 2, y - tall / 2, wide, tall, Math.min(wide, tall) * 0.15);
  pen.fill();
  pen.stroke();
}

/** Drums on a riser, two amplifiers, three microphones: shapes that the light can come past. */
function drawBackline(pen, field, place) {
  const { half, depth } = field.room;
  pen.fillStyle = SHADE;
  pen.strokeStyle = SHADE;
  const back = depth * 0.62;
  const [drums_x, drums_y] = field.places.drums ?? [0, back];
  slab(pen, place, drums_x - 1.1, drums_x + 1.1, drums_y, 0, 0.3);
  drawDrums(pen, place(drums_x, drums_y, 0.3));
  for (const side of [-1, 1]) {
    const x = side * half * 0.52;
    slab(pen, place, x - 0.38, x + 0.38, back, 0, 0.75);
    slab(pen, place, x - 0.36, x + 0.36, back, 0.78, 1.08);
  }
  const front = depth * 0.16;
  const singer = field.places.singer ?? [0, front];
  for (const [x, y] of [[-half * 0.3, front], singer, [half * 0.3, front]]) drawMicrophone(pen, place(x, y, 0), x < 0 ? 1 : -1);
}

function slab(pen, place, from, to, y, low, high) {
  const [x0, bottom] = place(from, y, low);
  const [x1, top] = place(to, y, high);
  pen.fillRect(x0, top, x1 - x0, bottom - top);
}

function drawDrums(pen, [x, y, metre]) {
  const disc = (dx, dz, rx, rz = rx) => {
    pen.beginPath();
    pen.ellipse(x + dx * metre, y - dz * metre, rx * metre, rz * metre, 0, 0, 7);
    pen.fill();
  };
  disc(0, 0.29, 0.29);
  pen.fillRect(x - 0.72 * metre, y - 0.6 * metre, 0.36 * metre, 0.3 * metre);
  pen.fillRect(x + 0.38 * metre, y - 0.5 * metre, 0.4 * metre, 0.5 * metre);
  pen.fillRect(x - 0.3 * metre, y - 0.82 * metre, 0.27 * metre, 0.24 * metre);
  pen.fillRect(x + 0.04 * metre, y - 0.82 * metre, 0.27 * metre, 0.24 * metre);
  disc(-0.62, 1.08, 0.26, 0.035);
  disc(0.66, 1.14, 0.28, 0.035);
  disc(-0.9, 0.82, 0.2, 0.03);
  pen.lineWidth = Math.max(1, 0.025 * metre);
  pen.beginPath();
  for (const [dx, dz] of [[-0.62, 1.08], [0.66, 1.14], [-0.9, 0.82]]) {
    pen.moveTo(x + dx * metre, y - dz * metre);
    pen.lineTo(x + dx * 0.9 * metre, y);
  }
  pen.stroke();
}

function drawMicrophone(pen, [x, y, metre], side) {
  pen.lineWidth = Math.max(1, 0.03 * metre);
  pen.lineCap = "round";
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x, y - 1.3 * metre);
  pen.lineTo(x + side * 0.34 * metre, y - 1.5 * metre);
  pen.moveTo(x - 0.22 * metre, y + 0.05 * metre);
  pen.lineTo(x, y - 0.1 * metre);
  pen.lineTo(x + 0.22 * metre, y + 0.05 * metre);
  pen.stroke();
  pen.beginPath();
  pen.arc(x + side * 0.36 * metre, y - 1.52 * metre, 0.05 * metre, 0, 7);
  pen.fill();
}

/** Heads and a few raised hands along the bottom, always the same people. */
function drawAudience(pen, field, place, width) {
  const { camera, room } = field;
  let seed = 11;
  const chance = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
  for (let row = 1; row < 6; row++) {
    const y = -1.1 * row;
    if (y < camera.y + 3 || place(0, y, 0.4)[1] > (width * 9) / 16) break;
    pen.fillStyle = pen.strokeStyle = row === 1 ? "#040508" : "#020304";
    for (let x = -room.half * 1.15; x < room.half * 1.15; x += 0.4 + 0.26 * chance()) {
      drawPerson(pen, place(x, y, -1.1), 1.42 + 0.3 * chance() + Math.max(-0.5, (y + 1.1) * 0.22), chance());
    }
  }
}

function drawPerson(pen, [x, y, metre], tall, mood) {
  const top = y - tall * 0.62 * metre;
  const head = 0.105 * metre;
  pen.beginPath();
  pen.ellipse(x, top, head, head * 1.25, 0, 0, 7);
  pen.fill();
  pen.beginPath();
  pen.ellipse(x, top + 0.72 * metre, 0.26 * metre, 0.55 * metre, 0, 0, 7);
  pen.rect(x - 0.06 * metre, top, 0.12 * metre, 0.3 * metre);
  pen.fill();
  if (mood > 0.84) {
    pen.lineWidth = 0.085 * metre;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(x + 0.2 * metre, top + 0.4 * metre);
    pen.lineTo(x + 0.26 * metre, top + 0.05 * metre);
    pen.lineTo(x + 0.2 * metre, top - 0.3 * metre);
    pen.stroke();
  }
}
