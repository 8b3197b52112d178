// What an entry of a set list wishes, as small chips. Pure but for the elements it makes.

import { word } from "./language.js";

export const COLOURS = {
  red: "#ff2a1f", orange: "#ff7a18", amber: "#ffab2e", yellow: "#ffe03a", green: "#2fd45a", turquoise: "#25d3b0", cyan: "#2fd6ff",
  blue: "#2f6bff", purple: "#8a4dff", magenta: "#ff35d0", pink: "#ff86b8", white: "#ffffff", "warm white": "#ffe0b0", "cold white": "#dcebff",
};
export const SWITCHED = ["strobe", "blinder", "haze"];

/** A chip for each wish of an entry, in the order in which a person at the page needs them. */
export function chips(entry) {
  const said = [
    entry.asked?.length && chip(word("wish.asked", { names: names(entry.asked) }), entry.asked),
    entry.forbidden?.length && chip(word("wish.forbidden", { names: names(entry.forbidden) }), entry.forbidden, "never"),
    entry.energy && chip(word(`wish.${entry.energy}`)),
    ...SWITCHED.map((name) => switched(entry, name)),
    entry.dark_on_break && chip(word("wish.dark_on_break")),
    entry.key && chip(word("wish.key", { name: colourName(entry.key) }), [entry.key]),
    entry.tempo_bpm && chip(`${Math.round(entry.tempo_bpm)} bpm`),
    entry.look && chip(word("wish.look", { name: entry.look })),
    entry.plan && chip(word("wish.plan")),
  ];
  return said.filter(Boolean);
}

export function colourName(name) {
  return word(`colour.${name.replaceAll(" ", "_")}`);
}

function names(colours) {
  return colours.map(colourName).join(", ");
}

function switched(entry, name) {
  const wished = entry[name];
  if (wished === null || wished === undefined) return null;
  return chip(word(`wish.${name}_${wished ? "on" : "off"}`), [], wished ? "" : "never");
}

function chip(text, colours = [], kind = "") {
  const item = Object.assign(document.createElement("li"), { className: `wish ${kind}`.trim() });
  for (const colour of colours) {
    const dot = document.createElement("i");
    dot.style.setProperty("--hue", COLOURS[colour] ?? "#888");
    item.append(dot);
  }
  item.append(text);
  return item;
}
