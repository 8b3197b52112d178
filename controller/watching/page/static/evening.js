// Where in the set list the night is: what is played, what comes next and why, what is wished for it, and the moments that
// are no song.

import { Panel } from "./panel.js";
import { ask } from "./ask.js";
import { chips } from "./wishes.js";
import { onLanguage, word, wordOr } from "./language.js";

const MOMENTS = ["band", "talk", "changeover", "walk_in", "end"];
const PLAYED = ["song", "talk", "changeover"]; // headings and notes move nothing

const element = (id) => document.getElementById(id);

/** The name of an entry, in words where it has none. */
export function named(entry) {
  return entry.title || word(`kind.${entry.kind}`);
}

export class EveningView {
  /** @param send called with command, amount and what else it is about. */
  constructor(send) {
    this.send = send;
    this.entries = [];
    this.evening = { now: -1, proposed: -1, why: "", moment: "band", by: "hearing", recognised: "" };
    this.wish = null;
    this.off = false;
    this.shown = "";
    this.panel = new Panel(element("songs"), () => element("songs-open").setAttribute("aria-expanded", "false"));
    element("next").addEventListener("click", () => this.goOn());
    element("songs-open").addEventListener("click", () => this.open());
    element("songs-close").addEventListener("click", () => this.panel.close());
    element("previous_song").addEventListener("click", () => send("previous_song", 1));
    element("wishes_off").addEventListener("click", () => this.ignore());
    element("moments").replaceChildren(...MOMENTS.map((name) => this.moment(name)));
    onLanguage(() => this.draw());
  }

  moment(name) {
    const button = Object.assign(document.createElement("button"), { type: "button", id: `moment-${name}` });
    Object.assign(button.dataset, { do: `moment:${name}`, live: "" });
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => this.turnTo(name));
    return button;
  }

  /** The end of a night is asked about: the room gets it once. The moment that is on is given back to hearing and list. */
  async turnTo(name) {
    const on = this.wanted === name;
    if (!on && name === "end" && !(await ask(word("moment.ask_end"), word("moment.end")))) return;
    this.send("moment", on ? 0 : 1, { target: name });
  }

  greet(set_list) {
    this.name = set_list?.name ?? "";
    this.entries = set_list?.entries ?? [];
    this.shown = "";
    this.draw();
  }

  show({ evening, operator }) {
    const shown = JSON.stringify([evening, operator.wish, operator.moment, operator.more]);
    if (shown === this.shown) return;
    this.shown = shown;
    this.evening = evening ?? this.evening;
    this.wish = operator.wish ?? null;
    this.wanted = operator.moment ?? "";
    this.off = Object.fromEntries(operator.more ?? []).wishes_off > 0;
    this.draw();
  }

  get now() {
    return this.entries[this.evening.now] ?? null;
  }

  /** Place of what the big button goes to: what is proposed, else the next that is played; -1 where the list is over. */
  get next() {
    if (this.entries[this.evening.proposed]) return this.evening.proposed;
    return this.following;
  }

  get following() {
    return this.entries.findIndex((entry, place) => place > this.evening.now && PLAYED.includes(entry.kind));
  }

  goOn() {
    const { next } = this;
    if (next >= 0 && next !== this.following) this.send("song", 1, { target: `@${next}` });
    else this.send("next_song", 1);
  }

  /** Why a held button may not be pressed now: what the set list forbids for this song, until somebody ignores the wishes. */
  forbids(name) {
    const wished = this.wish && this.wish.number >= 0 ? this.wish : this.now;
    if (this.off || !wished || wished[name] !== false) return "";
    return word("wishes.forbidden", { what: word(`do.${name}`), title: this.now ? named(this.now) : "" });
  }

  async ignore() {
    if (!this.off && !(await ask(word("wishes.ask", { title: this.now ? named(this.now) : "" }), word("do.wishes_off")))) return;
    this.send("wishes_off", this.off ? 0 : 1);
  }

  draw() {
    const { now, next, evening } = this;
    const count = this.entries.filter((entry) => entry.kind === "song").length;
    const number = this.entries.slice(0, evening.now + 1).filter((entry) => entry.kind === "song").length;
    element("song-now").textContent = now ? named(now) : this.entries.length ? word("song.before") : word("song.free");
    const place = now?.kind === "song" ? word("song.place", { number, count }) : "";
    const heard = evening.recognised && evening.recognised !== now?.title ? word("song.recognised", { title: evening.recognised }) : "";
    element("song-sub").textContent = [place, now?.band, now?.note, heard].filter(Boolean).join(" · ") || (this.entries.length ? "" : word("song.no_list"));
    element("song-next").textContent = next >= 0 ? named(this.entries[next]) : this.entries.length ? word("song.last") : "";
    element("song-why").textContent = next >= 0 ? wordOr(`because.${evening.why.replaceAll(" ", "_")}`, evening.why) : "";
    element("next").disabled = this.lost || !this.entries.length;
    element("songs-open").disabled = !this.entries.length;
    this.drawWishes(now);
    this.drawMoments();
    this.drawList();
  }

  drawWishes(now) {
    element("wishes").replaceChildren(...(now ? chips(now) : []));
    element("wishes").classList.toggle("off", this.off);
    const asked = Boolean(now && chips(now).length);
    element("wishes_off").hidden = !asked && !this.off;
    element("wishes_off").setAttribute("aria-pressed", String(this.off));
    for (const name of ["strobe", "blinder", "haze"]) {
      const why = this.forbids(name);
      element(name).classList.toggle("forbidden", Boolean(why));
      element(name).title = why;
      if (why) element(name).setAttribute("aria-description", why);
      else element(name).removeAttribute("aria-description");
    }
  }

  drawMoments() {
    const { moment, by } = this.evening;
    for (const name of MOMENTS) {
      const button = element(`moment-${name}`);
      button.textContent = word(`moment.${name}`);
      button.setAttribute("aria-pressed", String(this.wanted === name));
      button.classList.toggle("heard", !this.wanted && moment === name);
      button.title = this.wanted === name ? word("moment.back") : !this.wanted && moment === name ? word(`by.${by.replace(" ", "_")}`) : word(`moment.${name}_title`);
    }
  }

  open() {
    element("songs-open").setAttribute("aria-expanded", "true");
    this.panel.show(element("song-list").querySelector("[aria-current]") ?? element("songs"));
    element("song-list").querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
  }

  /** Every entry, with the focus where it was. */
  drawList() {
    const list = element("song-list");
    const focused = list.contains(document.activeElement) && document.activeElement.dataset.do;
    list.replaceChildren(...this.entries.map((entry, place) => this.listed(entry, place)));
    if (focused) list.querySelector(`[data-do="${focused}"]`)?.focus();
  }

  listed(entry, place) {
    const item = document.createElement("li");
    item.dataset.kind = entry.kind;
    if (!PLAYED.includes(entry.kind)) {
      item.textContent = named(entry);
      return item;
    }
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: named(entry) });
    Object.assign(button.dataset, { do: `song:@${place}`, live: "" });
    button.disabled = Boolean(this.lost);
    if (place === this.evening.now) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => {
      this.send("song", 1, { target: `@${place}` });
      this.panel.close();
    });
    item.append(button);
    return item;
  }
}
