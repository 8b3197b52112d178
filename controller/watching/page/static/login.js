// Sends the token once; the server answers with a cookie that no script can read.

const form = document.getElementById("login");
const token = document.getElementById("token");
const answer = document.getElementById("answer");

const SAID = {
  401: "This token is not known here.",
  429: "Too many wrong tokens. Wait a minute.",
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.textContent = "";
  try {
    const response = await fetch("login", { method: "POST", headers: { Authorization: `Bearer ${token.value.trim()}` } });
    if (response.ok) location.replace("/");
    else answer.textContent = SAID[response.status] ?? `The show answered ${response.status}.`;
  } catch {
    answer.textContent = "The show does not answer.";
  }
  token.select();
});
