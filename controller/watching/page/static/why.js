// Why a lamp looks as it does: asked again while the panel is open, because the answer changes with the music.

const ASK_MS = 500;

const element = (id) => document.getElementById(id);

export class WhyView {
  /** @param choose called with the name of a fixture that was picked. */
  constructor(choose) {
    this.choose = choose;
    this.head = null;
    this.slot = 0;
    setInterval(() => this.head && this.ask(), ASK_MS);
    element("why-close").addEventListener("click", () => this.close());
    element("why-take").addEventListener("click", () => this.choose(this.head.fixture));
    element("why-slots").addEventListener("click", (event) => {
      if (!event.target.dataset.slot) return;
      this.slot = Number(event.target.dataset.slot);
      this.mark();
      this.ask();
    });
  }

  open(head) {
    this.head = head;
    this.slot = head.address;
    element("why-title").textContent = `${head.fixture}: why?`;
    const buttons = Array.from({ length: head.footprint }, (_, index) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: String(index + 1), className: "chip" });
      button.dataset.slot = head.address + index;
      button.setAttribute("aria-label", `slot ${head.universe}.${head.address + index}`);
      return button;
    });
    element("why-slots").replaceChildren(...buttons);
    this.mark();
    element("why").hidden = false;
    this.ask();
  }

  close() {
    this.head = null;
    element("why").hidden = true;
  }

  mark() {
    for (const button of element("why-slots").children) button.setAttribute("aria-pressed", String(Number(button.dataset.slot) === this.slot));
  }

  async ask() {
    const { head, slot } = this;
    try {
      const answer = await fetch(`why?universe=${head.universe}&slot=${slot}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const said = await answer.json();
      if (this.head === head && this.slot === slot) this.tell(said);
    } catch {
      this.tell([["page", "no answer from the lights"]]);
    }
  }

  tell(said) {
    element("why-said").replaceChildren(
      ...said.flatMap(([stage, words]) => [
        Object.assign(document.createElement("dt"), { textContent: stage }),
        Object.assign(document.createElement("dd"), { textContent: words }),
      ]),
    );
  }
}
