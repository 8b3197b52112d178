// A canvas as sharp as its screen, drawn in CSS pixels.

const SHARPEST = 2; // beyond two device pixels for each CSS pixel nobody sees a difference

/** Match the canvas to its size on the page; returns width and height in CSS pixels. */
export function fitCanvas(canvas, pen) {
  const ratio = Math.min(SHARPEST, devicePixelRatio || 1);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const wide = Math.max(1, Math.round(width * ratio));
  const high = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [width, height];
}

/** Index of the spot [x, y, …] nearest to a place, or -1 where none is near. All in CSS pixels. */
export function nearest(spots, x, y, near = 30) {
  let best = -1;
  spots.forEach(([left, top], index) => {
    const apart = Math.hypot(left - x, top - y);
    if (apart < near) [best, near] = [index, apart];
  });
  return best;
}
