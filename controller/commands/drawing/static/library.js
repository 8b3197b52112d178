// Fixtures by maker and model: searched, chosen, and dragged onto the plan.

const element = (id) => document.getElementById(id);
const FAR = 8; // pixels; nearer is a click

export class LibraryView {
  /** @param link asks the program. @param plan takes what is dropped. */
  constructor(link, plan) {
    this.link = link;
    this.plan = plan;
    this.asked = 0;
    this.chosen = null;
    element("search").addEventListener("input", () => this.search());
    element("chosen").addEventListener("submit", (event) => {
      event.preventDefault();
      this.put([]);
    });
    element("mode").addEventListener("change", () => this.sayFits());
    element("own").addEventListener("click", () => element("own-file").click());
    element("own-file").addEventListener("change", (event) => this.bring(event.target.files));
    const shelf = document.querySelector(".library");
    for (const kind of ["dragover", "dragleave", "drop"]) {
      shelf.addEventListener(kind, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        shelf.classList.toggle("over", kind === "dragover");
        if (kind === "drop") this.bring(event.dataTransfer.files);
      });
    }
    this.draggable(element("put"), () => this.chosen?.entry, () => this.chosen);
  }

  async search() {
    const number = ++this.asked;
    const said = await this.link.ask(`search?q=${encodeURIComponent(element("search").value)}`);
    if (!said || number !== this.asked) return;
    element("of").textContent = `${said.found.length === 40 ? "the first 40" : said.found.length} of ${said.of}`;
    element("found").replaceChildren(...said.found.map((entry) => this.row(entry)));
  }

  /** A file of the user's own becomes a fixture of the library, kept beside the configuration. */
  async bring(files) {
    for (const file of files) {
      const said = await this.link.ask(`own?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
      if (!said) continue;
      element("search").value = `${said.maker} ${said.model}`;
      await this.search();
      await this.choose(said);
      this.link.tell(`kept: ${said.kept}`);
    }
    element("own-file").value = "";
  }

  row(entry) {
    const row = document.createElement("li");
    const name = document.createElement("button");
    name.type = "button";
    name.className = "name";
    name.dataset.reference = entry.reference;
    name.title = entry.reference;
    const small = document.createElement("small");
    small.textContent = `${entry.maker} · ${entry.library}`;
    name.append(entry.model, small);
    name.addEventListener("click", () => this.choose(entry));
    const handle = document.createElement("span");
    handle.className = "handle";
    handle.textContent = "⠿";
    handle.title = "drag onto the plan";
    for (const grip of [name, handle]) this.draggable(grip, () => entry, () => this.choose(entry), grip === name);
    row.append(name, handle);
    return row;
  }

  /** Read a fixture and show what there is to say of it; gives it, or null. */
  async choose(entry) {
    if (this.chosen?.entry.reference === entry.reference) return this.chosen;
    const told = await this.link.ask(`fixture?reference=${encodeURIComponent(entry.reference)}`);
    if (!told) return null;
    this.chosen = { entry, ...told };
    for (const one of document.querySelectorAll("#found .name")) {
      one.setAttribute("aria-pressed", String(one.dataset.reference === entry.reference));
    }
    element("chosen").hidden = false;
    element("chosen-name").textContent = `${entry.maker} ${entry.model}`;
    fill(element("mode"), told.modes.map((one) => [one.name, `${one.name} (${one.slots} slots)`]));
    element("role").value = told.role;
    element("count").value = 1;
    element("put").disabled = !told.modes.length || Boolean(told.never);
    const refused = told.refused.map((one) => `${one.mode}: ${one.reason}`);
    element("refused").textContent = told.never || (refused.length ? `Not usable as it is: ${refused.slice(0, 3).join("; ")}` : "");
    this.sayFits();
    return this.chosen;
  }

  sayFits() {
    const mode = this.chosen?.modes.find((one) => one.name === element("mode").value);
    element("put").textContent = mode ? "Put on the plan" : "No mode that can be used";
  }

  /** @param places where, in metres; none: the program chooses. */
  put(places) {
    const chosen = this.chosen;
    if (!chosen?.modes.length) return;
    this.link
      .do("add", {
        reference: chosen.reference, mode: element("mode").value, count: element("count").valueAsNumber || 1,
        shape: element("shape").value, role: element("role").value, universe: Number(element("universe").value), places,
      })
      .then((state) => state && this.plan.choose(state.fixtures.slice(-(element("count").valueAsNumber || 1)).map((one) => one.id)));
  }

  /** Something that can be taken to the plan by mouse or finger; what is clicked only stays a click. */
  draggable(grip, entry, ready, mouseOnly = false) {
    grip.addEventListener("pointerdown", (down) => {
      if (down.button !== 0 || (mouseOnly && down.pointerType !== "mouse")) return;
      let dragging = false;
      const ghost = element("ghost");
      const move = (event) => {
        if (!dragging && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > FAR && entry()) {
          dragging = true;
          ready();
          ghost.textContent = entry().model;
          ghost.hidden = false;
        }
        ghost.style.left = `${event.clientX}px`;
        ghost.style.top = `${event.clientY}px`;
      };
      const end = async (event) => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", end);
        removeEventListener("pointercancel", end);
        ghost.hidden = true;
        if (!dragging) return;
        addEventListener("click", swallow, { capture: true, once: true });
        setTimeout(() => removeEventListener("click", swallow, { capture: true }));
        const place = event.type === "pointerup" && this.plan.placeAt(event.clientX, event.clientY);
        if (place && (await ready())) this.put([place]);
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", end);
      addEventListener("pointercancel", end);
    });
  }

  show(state) {
    fill(element("role"), state.roles.map((one) => [one, one]), true);
    fill(element("shape"), state.shapes.map((one) => [one, one]), true);
    fill(element("universe"), state.universes.map((one) => [one.number, `${one.number}: ${one.leaves}`]), true);
  }
}

/** Options of a list; what was chosen stays chosen where `keep` is set. */
export function fill(list, options, keep = false) {
  const before = list.value;
  const written = JSON.stringify(options);
  if (list.dataset.options === written) return;
  list.dataset.options = written;
  list.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  if (keep && options.some(([value]) => String(value) === before)) list.value = before;
}

function swallow(event) {
  event.stopPropagation();
  event.preventDefault();
}
