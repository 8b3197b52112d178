// The questions of a new venue: each answer is checked as soon as it is given; then the file is written.

const element = (id) => document.getElementById(id);
const rows = new Map();
const FAILED = "something went wrong in the program; its terminal says what";

/** JSON of the program; what it refuses is thrown as its sentence. */
async function ask(place, wish) {
  const options = wish && { method: "POST", body: JSON.stringify(wish), headers: { "Content-Type": "application/json" } };
  const answer = await fetch(place, options).catch(() => {
    throw new Error("the program does not answer: is it still running in its terminal?");
  });
  const said = await answer.json().catch(() => ({ said: FAILED }));
  if (!answer.ok) throw new Error(said.said);
  return said;
}

const answers = () => Object.fromEntries([...rows].map(([name, row]) => [name, row.hidden ? "" : row.input.value]));

function questionRow(one) {
  const row = document.createElement("div");
  row.className = "question";
  const label = document.createElement("label");
  label.htmlFor = `answer-${one.name}`;
  label.textContent = one.text;
  const input = document.createElement("input");
  input.id = label.htmlFor;
  input.placeholder = one.usual;
  input.value = one.given;
  input.autocomplete = "off";
  input.spellcheck = false;
  const offers = document.createElement("div");
  offers.className = "offers";
  for (const offer of one.offers) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = offer;
    button.addEventListener("click", () => {
      input.value = offer;
      check(one.name);
    });
    offers.append(button);
  }
  const answered = document.createElement("p");
  answered.className = "answered";
  answered.id = `${input.id}-said`;
  answered.setAttribute("role", "status");
  input.setAttribute("aria-describedby", answered.id);
  input.addEventListener("change", () => check(one.name));
  const note = document.createElement("p");
  note.className = "quietly";
  note.textContent = one.note;
  row.append(label, input, offers, note, answered);
  element("questions").append(row);
  rows.set(one.name, { row, input, answered, good: false, asked: 0, get hidden() { return row.hidden; } });
}

/** Ask the program what it thinks of an answer, and say so below it. */
async function check(name) {
  const one = rows.get(name);
  const number = ++one.asked;
  one.good = false;
  mark(one, "", "…");
  enable();
  try {
    const said = await ask("answer", { only: name, answers: answers() });
    if (number !== one.asked) return;
    one.good = true;
    mark(one, said.said ? "remark" : "good", said.said || "✓");
    if (name === "output") {
      rows.get("universe").row.hidden = !said.universe;
      if (said.universe) await check("universe");
    }
  } catch (error) {
    if (number === one.asked) mark(one, "wrong", error.message);
  }
  enable();
}

function mark(one, kind, text) {
  one.answered.className = `answered ${kind}`;
  one.answered.textContent = text;
  one.input.setAttribute("aria-invalid", String(kind === "wrong"));
}

function enable() {
  element("write").disabled = [...rows.values()].some((one) => !one.good && !one.hidden);
}

element("questions").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (element("write").disabled) return;
  element("write").disabled = true;
  element("said").textContent = "";
  try {
    await ask("answer", { answers: answers() });
    location.assign("draw");
  } catch (error) {
    element("said").textContent = error.message;
    enable();
  }
});

const told = await ask("questions");
element("file").textContent = `to be written: ${told.file}; an empty answer takes the grey one`;
for (const one of told.questions) questionRow(one);
for (const name of rows.keys()) if (name !== "universe") await check(name);
