// The colours of a picture, found in the browser: nothing is sent anywhere.

const SIDE = 96;
const MOST = 3;
const APART = 14; // hue ids between two colours that count as two
const LEAST = 0.15; // of the strongest: weaker ones are an accident

/** Hue ids 0..179 of the strongest colours of an image file, at most three. */
export async function huesOf(file) {
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0, SIDE, SIDE);
  bitmap.close();
  return peaks(histogram(pen.getImageData(0, 0, SIDE, SIDE).data));
}

function histogram(pixels) {
  const bins = new Float64Array(180);
  for (let at = 0; at < pixels.length; at += 4) {
    const [red, green, blue] = [pixels[at], pixels[at + 1], pixels[at + 2]];
    const most = Math.max(red, green, blue);
    const chroma = most - Math.min(red, green, blue);
    if (chroma < 24) continue;
    const sixth = most === red ? ((green - blue) / chroma + 6) % 6 : most === green ? (blue - red) / chroma + 2 : (red - green) / chroma + 4;
    bins[Math.floor(sixth * 30) % 180] += chroma * chroma;
  }
  return bins.map((_, hue) => {
    let sum = 0;
    for (let by = -4; by <= 4; by++) sum += bins[(hue + by + 180) % 180] * (5 - Math.abs(by));
    return sum;
  });
}

function peaks(bins) {
  const found = [];
  const order = [...bins.keys()].sort((one, other) => bins[other] - bins[one]);
  for (const hue of order) {
    if (!bins[hue] || bins[hue] < LEAST * bins[order[0]] || found.length === MOST) break;
    const apart = (other) => Math.min(Math.abs(hue - other), 180 - Math.abs(hue - other));
    if (found.every((other) => apart(other) >= APART)) found.push(hue);
  }
  return found.sort((one, other) => one - other);
}
