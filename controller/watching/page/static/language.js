// Which language the page speaks, and how a word of the table gets onto it.

import { LANGUAGES, WORDS } from "./words.js";

const KEPT = "followspot.language";
const PLACES = { word: "textContent", wordLabel: "aria-label", wordTitle: "title", wordPlaceholder: "placeholder" };

let column = 0;
const listeners = [];

/** A sentence of the table; `{name}` in it is replaced by the value of that name. */
export function word(key, values = {}) {
  const row = WORDS[key];
  const text = row ? row[column] : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The same, or another text where the table has no such row. */
export function wordOr(key, otherwise) {
  return key in WORDS ? word(key) : otherwise;
}

/** Fill everything that names a row of the table. */
export function translate(root = document) {
  for (const node of root.querySelectorAll("[data-word], [data-word-label], [data-word-title], [data-word-placeholder]")) {
    for (const [mark, place] of Object.entries(PLACES)) {
      const key = node.dataset[mark];
      if (!key) continue;
      if (place === "textContent") node.textContent = word(key);
      else node.setAttribute(place, word(key));
    }
  }
}

/** Called now and each time that somebody chooses another language. */
export function onLanguage(listener) {
  listeners.push(listener);
  listener();
}

export function language() {
  return LANGUAGES[column];
}

export function speak(name) {
  column = Math.max(0, LANGUAGES.indexOf(name));
  document.documentElement.lang = LANGUAGES[column];
  translate();
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === LANGUAGES[column]));
  }
  for (const listener of listeners) listener();
}

/** The language somebody chose here before, or the first of the browser's that the table has. */
export function begin() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => choose(button.dataset.language));
  }
  const wanted = navigator.languages ?? [navigator.language ?? ""];
  speak(remembered() ?? wanted.map((one) => one.slice(0, 2).toLowerCase()).find((one) => LANGUAGES.includes(one)));
}

function choose(name) {
  speak(name);
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // A browser that keeps nothing begins with its own language the next time.
  }
}

function remembered() {
  try {
    const kept = localStorage.getItem(KEPT);
    return LANGUAGES.includes(kept) ? kept : null;
  } catch {
    return null;
  }
}
