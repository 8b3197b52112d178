// One indicator for each beat of the bar; the one that sounds now is lit, as bright as it is sure.

import { wordOr, word } from "./language.js";

const element = (id) => document.getElementById(id);

export function showBand(live) {
  const band = live.band ?? {};
  const lamps = element("beats");
  const known = band.beat_s > 0;
  const count = known ? (band.number ? band.metre : 1) : 0;
  while (lamps.childElementCount > count) lamps.lastElementChild.remove();
  while (lamps.childElementCount < count) lamps.append(document.createElement("i"));
  const passed = known ? (live.t - band.beat_t_s) / band.beat_s : 0;
  const place = band.number ? (band.number - 1 + Math.floor(passed)) % band.metre : 0;
  const glow = (1 - (passed - Math.floor(passed))) * (band.led_by === "heard" ? band.confidence : 1);
  [...lamps.children].forEach((lamp, index) => {
    const now = index === (place + band.metre) % band.metre || !band.number;
    lamp.textContent = band.number ? String(index + 1) : "";
    lamp.style.setProperty("--glow", now ? glow.toFixed(2) : "0");
  });
  const tempo = known ? `${Math.round(60 / band.beat_s)} bpm, ${wordOr(`band.${band.led_by}`, band.led_by)}` : word("band.no_beat");
  const said = [tempo, band.kind && wordOr(`band.${band.kind}`, band.kind), band.voice ? word("band.voice") : ""].filter(Boolean).join(" · ");
  if (element("band-said").textContent !== said) element("band-said").textContent = said;
}
