// A question before something that a room full of people would see.

import { word } from "./language.js";

const element = (id) => document.getElementById(id);

/** True where somebody says yes; Esc and the other button say no. @param text the question. @param yes what is done then. */
export function ask(text, yes) {
  const dialog = element("ask");
  if (dialog.open) return Promise.resolve(false);
  element("ask-text").textContent = text;
  element("ask-yes").textContent = yes;
  element("ask-no").textContent = word("ask.no");
  dialog.returnValue = "";
  dialog.showModal();
  element("ask-no").focus();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}

element("ask-yes").addEventListener("click", () => element("ask").close("yes"));
element("ask-no").addEventListener("click", () => element("ask").close("no"));
