"""What the names of colours look like, for wheels whose makers give names and no colours."""

import re

NAMED = {
    "white": "#ffffff", "open": "#ffffff", "clear": "#ffffff", "red": "#ff0000", "green": "#00ff00", "blue": "#0000ff",
    "yellow": "#ffff00", "orange": "#ff8000", "amber": "#ffa000", "magenta": "#ff00ff", "pink": "#ff69b4",
    "purple": "#8000ff", "violet": "#8000ff", "cyan": "#00ffff", "turquoise": "#30d5c8", "aqua": "#00ffff",
    "lime": "#a0ff00", "lavender": "#b57edc", "fuchsia": "#ff00ff", "rose": "#ff4080", "peach": "#ffb07c",
    "indigo": "#4b0082", "uv": "#5a00ff", "teal": "#008080", "gold": "#ffc000", "salmon": "#ff8c69",
    "light blue": "#7fbfff", "sky blue": "#7fbfff", "dark blue": "#0000a0", "deep blue": "#0000a0", "congo": "#3a00c0",
    "light green": "#80ff80", "dark green": "#008000", "light yellow": "#ffff80", "light red": "#ff6060",
    "deep red": "#c00000", "dark red": "#a00000", "light pink": "#ffb6c1", "hot pink": "#ff3090",
    "cto": "#ffc58f", "ctb": "#c0d8ff", "warm white": "#ffd8a8", "cold white": "#e8f0ff", "cool white": "#e8f0ff",
}  # fmt: skip
WORDS = re.compile("[a-z]+")


def colour_named(name: str) -> str | None:
    """`#rrggbb` of a name that is nothing but one colour, such as "Light blue" or "Colour 3: red"; None otherwise."""
    words = [
        word for word in WORDS.findall(name.lower()) if word not in ("color", "colour", "static", "full", "filter")
    ]
    said = " ".join(words)
    return NAMED.get(said)
