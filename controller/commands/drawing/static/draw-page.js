// The patch page: library, plan, what is chosen, the fixture check, and the file.

import { ChosenLamps } from "./chosen-lamps.js";
import { LibraryView } from "./library.js";
import { PatchLink } from "./patch-link.js";
import { PlanDrawing } from "./plan-drawing.js";

const element = (id) => document.getElementById(id);
const REFRESH_MS = 1500;
const ANSWERS = { y: "yes", n: "no" };

const tell = (said) => (element("said").textContent = said ?? "");
const link = new PatchLink(show, tell);
const plan = new PlanDrawing(link, () => chosen.show());
const chosen = new ChosenLamps(link, plan);
const library = new LibraryView(link, plan);

function show(state) {
  element("file").textContent = `${state.venue} · ${state.file.split(/[\\/]/).pop()}${state.changed ? " · not saved" : ""}`;
  element("file").title = state.file;
  document.title = `${state.changed ? "• " : ""}Followspot – patch of ${state.venue}`;
  element("undo").disabled = !state.undoable;
  element("redo").disabled = !state.redoable;
  element("save").disabled = !state.changed;
  element("check").disabled = Boolean(state.refusal) || Boolean(state.check && !state.check.over);
  library.show(state);
  plan.show(state);
  showCheck(state.check);
}

function showCheck(check) {
  element("checking").hidden = !check;
  if (!check) return;
  for (const id of ["yes", "no", "skip", "back"]) element(id).hidden = check.over;
  if (check.over) {
    const wrong = Object.entries(check.answers).filter(([, said]) => Object.values(said).includes(false));
    element("check-where").textContent = "Done.";
    element("check-question").textContent = wrong.length
      ? `Not right: ${wrong.map(([id, said]) => `${id} (${Object.keys(said).filter((step) => !said[step]).join(", ")})`).join("; ")}. Look at address, mode and cable.`
      : `All ${check.of} are right.`;
  } else {
    const steps = check.steps > 1 ? `, step ${check.step} of ${check.steps}` : "";
    element("check-where").textContent = `${check.fixture} (${check.number} of ${check.of}${steps}):`;
    element("check-question").textContent = check.question;
  }
}

element("undo").addEventListener("click", () => link.do("undo"));
element("redo").addEventListener("click", () => link.do("redo"));
element("check").addEventListener("click", () => link.do("check", { names: chosen.names }));
for (const word of ["yes", "no", "skip", "back"]) element(word).addEventListener("click", () => link.do("answer", { word }));
element("end").addEventListener("click", () => link.do("dark"));

element("save").addEventListener("click", async () => {
  const said = await link.ask("difference");
  if (!said) return;
  element("saving-refusal").textContent = said.refusal;
  element("write").disabled = Boolean(said.refusal);
  element("difference").replaceChildren(...said.difference.split("\n").map(line));
  element("saving").showModal();
});
element("not-now").addEventListener("click", () => element("saving").close());
element("write").addEventListener("click", async () => {
  await link.do("write");
  element("saving").close();
});

function line(text) {
  const made = document.createElement("div");
  made.textContent = text || " ";
  made.className = /^(@@|---|\+\+\+)/.test(text) ? "at" : text.startsWith("+") ? "in" : text.startsWith("-") ? "out" : "";
  return made;
}

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, dialog");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) {
    event.preventDefault();
    link.do(event.shiftKey ? "redo" : "undo");
  } else if (typing) return;
  else if (event.key === "Delete" && plan.choice.size) link.do("remove", { names: [...plan.choice] });
  else if (event.key === "Escape") plan.choose([]);
  else if (ANSWERS[event.key] && link.state?.check && !link.state.check.over) link.do("answer", { word: ANSWERS[event.key] });
});
addEventListener("beforeunload", (event) => {
  if (link.state?.changed) event.preventDefault();
});
addEventListener("pagehide", () => {
  if (link.state?.showing || link.state?.check) navigator.sendBeacon("do", new Blob(['{"verb": "dark"}'], { type: "application/json" }));
});

await link.refresh();
library.search();
setInterval(() => link.refresh(), REFRESH_MS);
