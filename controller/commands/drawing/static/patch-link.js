// What the page asks of the program, one thing after the other, and what it says back.

const FAILED = "something went wrong in the program; its terminal says what";

export class PatchLink {
  /** @param show called with the state. @param tell called with a sentence for people. */
  constructor(show, tell) {
    this.show = show;
    this.tell = tell;
    this.state = null;
    this.last = Promise.resolve();
  }

  /** A wish; gives the new state, or null where it was refused. */
  do(verb, wish = {}) {
    this.last = this.last.then(() => this.send(verb, wish));
    return this.last;
  }

  async send(verb, wish) {
    const body = JSON.stringify({ verb, ...wish });
    const said = await this.ask("do", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    if (!said) return null;
    this.take(said);
    this.tell(said.said);
    return said;
  }

  async refresh() {
    const said = await this.ask("state");
    if (said && said.version !== this.state?.version) this.take(said);
  }

  take(state) {
    this.state = state;
    this.show(state);
  }

  /** JSON of the program, or null where it refuses; what it says then is told. */
  async ask(place, options = {}) {
    try {
      const answer = await fetch(place, options);
      const said = await answer.json().catch(() => ({ said: FAILED }));
      if (answer.ok) return said;
      this.tell(said.said);
    } catch {
      this.tell("the program does not answer: is it still running in its terminal?");
    }
    return null;
  }
}
