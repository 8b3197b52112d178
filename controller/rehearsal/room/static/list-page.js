// The set lists of the venue, in the rehearsal room: the same editor as the show's, where nothing is played.

import { begin, onLanguage, word } from "./language.js";
import { SetListView } from "./set_list.js";

const song = await (await fetch("song")).json();
begin();
const view = new SetListView(() => false, { saved: "lists.kept_now", opened: "lists.opened_here", ask: "lists.ask_here" });
const name = song.title.replace(/\.[a-z0-9]+$/i, "").replaceAll("_", " ");
const plain = (title) => title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

onLanguage(() => (document.getElementById("this-song").textContent = word("lists.this", { name })));
document.getElementById("this-song").addEventListener("click", () => view.find((entry) => plain(entry.title) === plain(name), { title: name, plan: song.plan }));
await view.opened();
