// The report of the night so far: asked for, made beside the show, opened in a tab of its own.

import { onLanguage, word } from "./language.js";

const ASK_MS = 3000;

const element = (id) => document.getElementById(id);

export class NightView {
  constructor() {
    this.state = "none";
    this.problem = "";
    element("night-make").addEventListener("click", () => this.make());
    onLanguage(() => this.tell());
  }

  async make() {
    try {
      const answer = await fetch("night", { method: "POST" });
      const said = await answer.json().catch(() => ({}));
      this.turn(answer.ok ? "working" : "failed", said.error ?? "");
    } catch {
      this.turn("failed", word("paper.silent"));
    }
    if (this.state === "working") setTimeout(() => this.look(), ASK_MS);
  }

  async look() {
    try {
      const answer = await fetch("night");
      if (answer.status === 202) return setTimeout(() => this.look(), ASK_MS);
      const said = answer.ok ? {} : await answer.json().catch(() => ({}));
      this.turn(answer.ok ? "ready" : "failed", said.state ?? "");
    } catch {
      setTimeout(() => this.look(), ASK_MS);
    }
  }

  turn(state, problem = "") {
    this.state = state;
    this.problem = problem;
    this.tell();
  }

  tell() {
    element("night-said").textContent = word(`night.${this.state}`, { problem: this.problem });
    element("night-open").hidden = this.state !== "ready";
    if (this.state === "ready") element("night-open").href = "night";
    element("night-make").disabled = this.state === "working";
  }
}
