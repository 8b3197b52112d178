// Sends the token once; the server answers with a cookie that no script can read.

import { begin, word, wordOr } from "./language.js";

const form = document.getElementById("login");
const token = document.getElementById("token");
const answer = document.getElementById("answer");

begin();
document.title = word("login.title");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.textContent = "";
  try {
    const response = await fetch("login", { method: "POST", headers: { Authorization: `Bearer ${token.value.trim()}` } });
    if (response.ok) location.replace("/");
    else answer.textContent = wordOr(`login.${response.status}`, word("login.other", { status: response.status }));
  } catch {
    answer.textContent = word("login.silent");
  }
  token.select();
});

const brought = new URLSearchParams(location.hash.slice(1)).get("token");
if (brought) { // a QR code; not for the history
  history.replaceState(null, "", location.pathname);
  token.value = brought;
  form.requestSubmit();
}
