"use strict";
// Shows one clip after the other. A clip counts once it was played to its end: who jumps ahead has not seen it.
const find = (id) => document.getElementById(id);
const KEY = "followspot-rater";
const ALMOST = 0.9;
let now = null;
let ended = false;

async function ask(path, body) {
  const answer = await fetch(path, body && { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function score(name) {
  const chosen = document.querySelector(`input[name="${name}"]:checked`);
  return chosen && Number(chosen.value);
}

function check() {
  const open = Object.keys(now.questions).filter((name) => score(name) === null);
  find("send").disabled = !ended || open.length > 0;
  find("missing").textContent = !ended ? "Watch the clip to its end." : open.length ? `${open.length} still to answer.` : "";
}

function show(next) {
  now = next;
  ended = false;
  find("form").hidden = next.clip === null;
  find("clip").hidden = next.clip === null;
  if (next.clip === null) {
    find("place").textContent = next.of ? "That was all. Thank you!" : "There are no clips yet.";
    return;
  }
  find("place").textContent = `Clip ${next.number} of ${next.of}`;
  find("clip").src = `/clip/${next.clip}`;
  const questions = find("questions");
  questions.replaceChildren();
  for (const [name, words] of Object.entries(next.questions)) {
    const set = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = words;
    const scale = document.createElement("div");
    scale.className = "scale";
    for (let step = next.scale[0]; step <= next.scale[1]; step++) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name, value: String(step) });
      label.append(input, String(step));
      scale.append(label);
    }
    set.append(legend, scale);
    questions.append(set);
  }
  questions.onchange = check;
  check();
}

async function join() {
  let rater = localStorage.getItem(KEY);
  if (!rater) {
    rater = (await ask("/join", {})).rater;
    localStorage.setItem(KEY, rater);
  }
  return rater;
}

const clip = find("clip");
clip.addEventListener("ended", () => {
  let played = 0;
  for (let part = 0; part < clip.played.length; part++) played += clip.played.end(part) - clip.played.start(part);
  ended = ended || played >= ALMOST * clip.duration;
  check();
});
find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("send").disabled = true;
  const scores = Object.fromEntries(Object.keys(now.questions).map((name) => [name, score(name)]));
  try {
    show(await ask("/rate", { rater: localStorage.getItem(KEY), clip: now.clip, scores }));
    window.scrollTo(0, 0);
  } catch (error) {
    find("missing").textContent = `Not kept: ${error.message} Please try again.`;
    find("send").disabled = false;
  }
});
join()
  .then((rater) => ask(`/next?rater=${rater}`))
  .then(show)
  .catch((error) => { find("place").textContent = `The page does not answer: ${error.message}`; });
