// The looks of a song: a lane of the timeline, and the look at the line as it can be changed.

const NARROWEST_NAME = 34; // pixels of a look's block in which a name is worth reading
const GELS = ["look-gel-1", "look-gel-2", "look-gel-3"];

const element = (id) => document.getElementById(id);
const option = (value, text) => Object.assign(document.createElement("option"), { value, textContent: text });

/** A gel as a colour of the screen. @param colour hue in degrees and saturation 0..1. */
export const gelColour = ([hue, saturation]) => `hsl(${hue} ${Math.round(saturation * 92)}% ${Math.round(56 + (1 - saturation) * 30)}%)`;

export class SectionLooks {
  /** @param song its looks and gels to choose among. @param change is told all looks after a change. @param at seconds of the line. */
  constructor(song, change, at) {
    this.gels = song.gels;
    this.change = change;
    this.at = at;
    this.all = [];
    this.shown = null;
    element("look-block").hidden = element("look-choose").hidden = !song.looks.length;
    element("look-name").replaceChildren(...song.looks.map(({ name, parts }) => option(name, `${name} (${parts.join(", ")})`)));
    for (const id of ["look-name", "look-level", "look-spend", ...GELS]) element(id).addEventListener("change", () => this.put());
    element("look-begin").addEventListener("click", () => this.begin());
    element("look-remove").addEventListener("click", () => this.remove());
  }

  take(looks) {
    this.all = looks;
    this.shown = null;
    this.show();
  }

  /** The look that hangs at the line, as its place among all; -1: none yet. */
  get now() {
    return this.all.findLastIndex(({ t_s }) => t_s <= this.at() + 0.05);
  }

  /** The look at the line in the fields; not while somebody is at one of them. */
  show() {
    const look = this.all[this.now];
    if (look === this.shown || element("look-block").contains(document.activeElement) && this.shown) return;
    this.shown = look ?? null;
    element("look-of").textContent = look ? `${look.label && `${look.label}, `}since ${look.t_s.toFixed(1)} s` : "none hangs here yet";
    for (const id of ["look-name", "look-level", "look-spend", "look-every", "look-remove", ...GELS]) element(id).disabled = !look;
    if (!look) return;
    element("look-name").value = look.look;
    this.sizes(look.level);
    element("look-spend").value = look.spend;
    element("look-every-said").textContent = look.label ? `every ${look.label}` : "every part like it";
    GELS.forEach((id, place) => this.fill(element(id), look.palette[place], place));
  }

  /** Tenths, and what it is where that is none. */
  sizes(level) {
    const all = [...new Set([level, ...Array.from({ length: 10 }, (_, step) => (step + 1) / 10)])].sort((a, b) => a - b);
    element("look-level").replaceChildren(...all.map((one) => option(String(one), `size ${Math.round(100 * one)} %`)));
    element("look-level").value = String(level);
  }

  fill(field, colour, place) {
    const names = this.gels.map(({ name, hue_deg, saturation }) => option(`${hue_deg}:${saturation}`, name.replace(/^([A-Z]\d+) (.*)$/, "$2 $1")));
    const value = colour ? colour.join(":") : "";
    if (colour && !names.some((one) => one.value === value)) names.unshift(option(value, `${Math.round(colour[0])}°, ${Math.round(100 * colour[1])} %`));
    if (place) names.unshift(option("", "no other"));
    field.replaceChildren(...names);
    field.value = value;
    field.style.setProperty("--gel", colour ? gelColour(colour) : "transparent");
  }

  written() {
    const palette = GELS.map((id) => element(id).value).filter(Boolean).map((value) => value.split(":").map(Number));
    return { look: element("look-name").value, palette, level: Number(element("look-level").value), spend: element("look-spend").value };
  }

  /** What the fields say, for the look at the line or for every look of its section's kind. */
  put() {
    const { shown } = this;
    if (!shown) return;
    const same = (one) => one === shown || (element("look-every").checked && shown.label && one.label === shown.label);
    this.tell(this.all.map((one) => (same(one) ? { ...one, ...this.written() } : one)));
  }

  /** A look of its own from the line on. */
  begin() {
    const look = this.all[this.now] ?? this.all[0];
    const t_s = Math.round(this.at() * 100) / 100;
    const usual = { look: element("look-name").options[0].value, palette: [[this.gels[0].hue_deg, this.gels[0].saturation]], level: 0.6, part: "" };
    this.tell([...this.all, { ...usual, ...look, t_s, spend: "", label: "" }]);
  }

  remove() {
    const gone = this.all[this.now];
    if (gone) this.tell(this.all.filter((one) => one !== gone));
  }

  tell(looks) {
    this.shown = null;
    document.activeElement?.blur?.();
    this.change([...looks].sort((a, b) => a.t_s - b.t_s));
  }

  /** The lane: each look in its main gel, the others as a stripe below, and its name where there is room. */
  draw(pen, { top, tall }, x, end_s, word) {
    const now = this.now;
    this.all.forEach((look, place) => {
      const left = x(look.t_s);
      const wide = x(this.all[place + 1]?.t_s ?? end_s) - left;
      look.palette.forEach((colour, which) => {
        pen.fillStyle = gelColour(colour);
        pen.globalAlpha = which ? 1 : 0.35 + 0.6 * look.level;
        const high = which ? tall / 6 : tall;
        pen.fillRect(left, top + tall - high * (which || 1), wide - 1, high);
      });
      pen.globalAlpha = 1;
      if (place === now) {
        pen.strokeStyle = "#fff";
        pen.lineWidth = 1.5;
        pen.strokeRect(left + 0.75, top + 0.75, wide - 2, tall - 1.5);
      }
      if (wide > NARROWEST_NAME) word(`${look.label} ${look.look}${look.spend ? " ▼" : ""}`.trim(), left + 4, top + 14, wide - 8);
    });
    if (!this.all.length) word("looks", 6, top + 14, 60);
  }
}
