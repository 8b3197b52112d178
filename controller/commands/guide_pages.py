"""The guides as pages that a browser opens from the disk: Markdown to HTML, a menu, anchors as in the files. Pure."""

import html
import re
from collections.abc import Callable, Iterable, Mapping

from markdown_it import MarkdownIt
from markdown_it.token import Token

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0; display: flex; background: #fff; color: #222 }
nav { flex: 0 0 15rem; padding: 1rem; font-size: 14px; height: 100vh; overflow: auto; position: sticky; top: 0;
  box-sizing: border-box; background: #f2f1ee }
nav a { display: block; padding: .12rem 0; color: inherit; text-decoration: none }
nav b { display: block; margin-top: .8rem }
nav a.here { font-weight: 700 }
main { flex: 1; min-width: 0; max-width: 56rem; padding: 1rem 2rem 4rem }
img { max-width: 100% }
pre { background: #f2f1ee; padding: .7rem; overflow-x: auto }
code { font-size: .92em }
a { color: #0a5fb4 }
table { border-collapse: collapse; display: block; overflow-x: auto }
td, th { border: 1px solid #ccc; padding: .25rem .55rem; text-align: left; vertical-align: top }
@media (prefers-color-scheme: dark) {
  body { background: #15171b; color: #e4e4e4 } nav, pre { background: #1f2228 } a { color: #7ab8ff }
  td, th { border-color: #444 }
}
@media (max-width: 52rem) { body { display: block } nav { position: static; height: auto } }
@media print { nav { display: none } }
"""
MENU_LINE = re.compile(r"^\| \[([^\]]+)\]\(([\w/-]+\.md)\) \|", re.MULTILINE)
MENU_PART = re.compile(r"^## (.+)$", re.MULTILINE)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def page_of(text: str, name: str, menu: str, titles: Mapping[str, str], is_there: Callable[[str], bool]) -> str:
    """One guide as a page.

    Args:
        text: Markdown. name: its path in the folder of the guides, such as `decisions/README.md`.
        menu: of `menu_of`. titles: of each guide, for links that only name its file.
        is_there: whether a path beside the guides came with the program; a link to one that did not is left as text.
    """
    reader = MarkdownIt("commonmark").enable("table")
    tokens = reader.parse(text)
    taken: dict[str, int] = {}
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(tokens[place + 1].content, taken))
        if token.children:
            token.children = list(_links(token.children, name, titles, is_there))
    title = html.escape(title_of(text, name))
    body = reader.renderer.render(tokens, reader.options, {})
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><nav>{menu}</nav><main>{body}</main></html>\n"
    )


def menu_of(index: str, titles: Mapping[str, str], name: str) -> str:
    """The menu beside a page, from the tables of the index.

    Args:
        index: Markdown of `index.md`. titles: of each guide. name: of the page that it stands beside.
    """
    up = "../" * name.count("/")
    parts = [f'<a href="{up}index.html"><b>Followspot</b></a>']
    marks = [(found.start(), "part", found[1], "") for found in MENU_PART.finditer(index)]
    marks += [(found.start(), "page", found[1], found[2]) for found in MENU_LINE.finditer(index)]
    for _, kind, said, target in sorted(marks):
        if kind == "part":
            parts.append(f"<b>{html.escape(said)}</b>")
        else:
            here = ' class="here"' if target == name else ""
            parts.append(f'<a{here} href="{up}{_as_page(target)}">{html.escape(titles.get(target, said))}</a>')
    return "".join(parts)


def title_of(text: str, name: str) -> str:
    """What a guide calls itself."""
    found = TITLE.search(text)
    return (found[1] if found else name).replace("`", "")


def _anchor(heading: str, taken: dict[str, int]) -> str:
    """As GitHub makes them; a second one of the same words is numbered."""
    base = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
    taken[base] = taken.get(base, -1) + 1
    return base if not taken[base] else f"{base}-{taken[base]}"


def _as_page(target: str) -> str:
    return re.sub(r"\.md(?=#|$)", ".html", target)


def _links(
    tokens: Iterable[Token], name: str, titles: Mapping[str, str], is_there: Callable[[str], bool]
) -> Iterable[Token]:
    """Links to guides become links to pages; those to what did not come with the program are left out."""
    dropped: list[bool] = []
    folder, guide = name.rpartition("/")[0], ""
    for token in tokens:
        if token.type == "link_open":
            target = str(token.attrGet("href") or "")
            outside = re.match(r"[a-z]+:", target) is not None or target.startswith("#")
            kept = outside or is_there(_joined(folder, target.partition("#")[0]))
            dropped.append(not kept)
            if not kept:
                continue
            guide = "" if outside else target
            if not outside:
                token.attrSet("href", _as_page(target))
        elif token.type == "text" and guide and token.content == guide:
            token.content = titles.get(_joined(folder, guide), guide)
        elif token.type == "link_close" and dropped and dropped.pop():
            continue
        yield token


def _joined(folder: str, target: str) -> str:
    """A path from the folder of the guides."""
    parts = [one for one in folder.split("/") if one]
    for one in target.split("/"):
        if one == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif one not in (".", ""):
            parts.append(one)
    return "/".join(parts)
