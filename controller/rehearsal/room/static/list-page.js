// The set lists of the venue, in the rehearsal room: the very editor of the show's page, where nothing is played.

import { begin, onLanguage, word } from "./language.js";

const element = (id) => document.getElementById(id);
const song = await (await fetch("song")).json();

const page = new DOMParser().parseFromString(await (await fetch("./index.html")).text(), "text/html");
element("lists-editor").replaceChildren(...page.getElementById("panel-list").children);
document.body.append(page.getElementById("ask"));
element("lines-title").dataset.word = "lines.entries"; // of any night, not tonight's
element("list-save").dataset.word = "lists.save";
const { SetListView } = await import("./set_list.js"); // looks for its places at once

begin();
const view = new SetListView(() => false, { saved: "lists.kept_now", opened: "lists.opened_here", ask: "lists.ask_here" });
const name = song.title.replace(/\.[a-z0-9]+$/i, "").replaceAll("_", " ");
const plain = (title) => title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

onLanguage(() => (element("this-song").textContent = word("lists.this", { name })));
element("this-song").addEventListener("click", () => view.find((entry) => plain(entry.title) === plain(name), { title: name, plan: song.plan }));
await view.opened();
