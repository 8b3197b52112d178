"""The guides as a site (`make docs`). Menus are here, so that the pages stay plain Markdown (docs/decisions/0036)."""

import re
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

project = "Followspot"
release = version_of("followspot")
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Followspot"
html_copy_source = False
html_show_copyright = False
highlight_language = "none"
myst_heading_anchors = 4
root_doc = "index"

HERE = Path(__file__).parent
MARKDOWN = re.compile(r"\[([^\]]*)\]\((\.\./[^)#]+\.md)(?:#[^)]*)?\)")
MENUS = {
    "index": {
        "Begin here": ("first-hour", "what-to-buy"),
        "For the evening": (
            "manual",
            "evening",
            "set-lists",
            "trouble",
            "controllers",
            "remote",
            "rehearsal",
            "hearing",
            "looks",
            "light-model",
            "comparing",
            "safety",
        ),
        "For the rig": (
            "install",
            "patching",
            "measure",
            "rdm",
            "fixtures",
            "configuration",
            "outputs",
            "access",
            "output-machines",
            "standby",
        ),
        "For learning and music": ("footage", "finetuning", "image-to-music", "symbolic"),
        "For developers": ("architecture", "words", "measured", "decisions/README"),
    },
    "decisions/README": {"Decisions": ("[0-9]*",)},
}


def add_menus(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put a hidden menu at the end of a page."""
    for title, entries in MENUS.get(page, {}).items():
        glob = ":glob:\n" if any("*" in entry for entry in entries) else ""
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n{glob}:caption: {title}\n\n" + "\n".join(entries) + "\n```\n"


def hand_out_files(_app: Sphinx, page: str, source: list[str]) -> None:
    """Markdown outside of `docs`, such as the README, is no page of the site: a link to it downloads it."""
    folder = (HERE / page).parent

    def link(found: re.Match[str]) -> str:
        inside = (folder / found[2]).resolve().is_relative_to(HERE)
        return found[0] if inside else f"{{download}}`{found[1]} <{found[2]}>`"

    source[0] = MARKDOWN.sub(link, source[0])


def setup(app: Sphinx) -> None:
    """Connect what is above."""
    app.connect("source-read", add_menus)
    app.connect("source-read", hand_out_files)
