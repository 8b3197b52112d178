"""`followspot docs`: the guides in the browser, without a network. Edge: files, the browser."""

import argparse
import shutil
import webbrowser
from pathlib import Path

from controller.bundled import bundled
from controller.commands.guide_pages import menu_of, page_of, title_of
from controller.errors import ConfigError
from controller.state_folder import state_folder

PICTURES = (".png", ".jpg", ".svg")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for."""
    parser.add_argument(
        "guide", nargs="?", default="index", metavar="GUIDE", help="such as manual, trouble, first-hour"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the pages are written; default: this user's folder"
    )
    parser.add_argument("--no-browser", action="store_true", help="only write them, and say where")


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code.

    Raises:
        ConfigError: no such guide, or the pages cannot be written.
    """
    guides = bundled("docs")
    name = f"{options.guide.removesuffix('.md')}.md"
    if not (guides / name).is_file():
        known = ", ".join(sorted(one.stem for one in guides.glob("*.md")))
        raise ConfigError(
            f"no guide '{options.guide}'; there are {known or 'none: the program is not completely installed'}"
        )
    out = options.out or state_folder() / "docs"
    try:
        written(guides, out)
    except OSError as error:
        raise ConfigError(
            f"{out}: cannot be written ({error.strerror}); choose another folder with --out DIR"
        ) from error
    page = (out / name).with_suffix(".html").resolve()
    print(page)
    if not options.no_browser and not webbrowser.open(page.as_uri()):
        print("no browser was found; open that file in one")
    return 0


def written(guides: Path, out: Path) -> int:
    """All guides as pages in a folder, with their pictures; how many pages."""
    texts = {str(one.relative_to(guides).as_posix()): one.read_text(encoding="utf-8") for one in guides.rglob("*.md")}
    readme = guides.parent / "README.md"
    if readme.is_file():
        texts["README.md"] = readme.read_text(encoding="utf-8").replace("](docs/", "](")
    titles = {name: title_of(text, name) for name, text in texts.items()}

    def is_there(path: str) -> bool:
        return path in texts or (not path.startswith("..") and (guides / path).is_file())

    for name, text in texts.items():
        page = (out / name).with_suffix(".html")
        page.parent.mkdir(parents=True, exist_ok=True)
        inside = text.replace("](../README.md", "](README.md") if "/" not in name else text
        menu = menu_of(texts["index.md"], titles, name)
        page.write_text(page_of(inside, name, menu, titles, is_there), encoding="utf-8")
    for picture in guides.rglob("*"):
        if picture.suffix in PICTURES:
            place = out / picture.relative_to(guides)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, place)
    return len(texts)
