// Light as numbers and light as a screen shows it.

/** Linear light 0..1 to an sRGB code 0..255 (IEC 61966-2-1). */
export function toCode(linear) {
  const x = linear <= 0 ? 0 : linear >= 1 ? 1 : linear;
  return 255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * Math.pow(x, 1 / 2.4) - 0.055);
}

/** What a camera makes of light without an upper end: the brighter, the less it grows. */
export function expose(linear) {
  return 1 - Math.exp(-linear);
}

/** CSS colour of linear light, with an optional opacity. */
export function css(red, green, blue, alpha = 1) {
  return `rgba(${Math.round(toCode(red))},${Math.round(toCode(green))},${Math.round(toCode(blue))},${alpha})`;
}

/** The 180 hues of the light tokens (half degrees), as CSS colours. */
export const TOKEN_HUES = Array.from({ length: 180 }, (_, hue) => `hsl(${2 * hue} 92% 56%)`);
