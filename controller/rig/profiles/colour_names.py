"""What the names of colours look like, for wheels whose makers give names and no colours."""

import math
import re

NEUTRAL_K = 6600.0
"""From here on blue is full and red is less; below it is the other way round."""
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
KELVIN = re.compile(r"\b(\d{4,5}) ?\W?k\b", re.I)
ASIDE = ("color", "colour", "static", "full", "filter", "wheel", "no", "gobo", "slot", "position", "positioning",
         "indexing", "beam", "k")  # fmt: skip
WHITES = (
    "white",
    "open",
    "hite",
    "cto",
    "ctb",
    "ctc",
    "warm",
    "cold",
    "cool",
    "neutral",
    "daylight",
    "tungsten",
    "hole",
)


def colour_named(name: str) -> str | None:
    """`#rrggbb` of a name that is nothing but one colour, such as "Light blue" or "Colour 3: red"; None otherwise.

    "Open/White" and "White (open)" are one white; "White 3200K" and "CTO 3200 K" are the white of that temperature.
    """
    kelvin = KELVIN.search(name)
    words = [word for word in WORDS.findall(KELVIN.sub(" ", name.lower())) if word not in ASIDE]
    if kelvin and all(word in WHITES for word in words):
        return white_of(float(kelvin[1]))
    if words and words[0] != "hite" and all(word in ("white", "open", "hite", "clear") for word in words):
        return NAMED["white"]
    said = " ".join(words)
    return NAMED.get(said)


def white_of(kelvin: float) -> str:
    """The white of a colour temperature as `#rrggbb`, brightest component 255.

    Source: Tanner Helland, "How to convert temperature (K) to RGB", 2012; a fit to Charity's black-body table.
    """
    if kelvin >= NEUTRAL_K:
        red = 329.698727446 * (kelvin / 100.0 - 60.0) ** -0.1332047592 if kelvin > 6600 else 255.0
        green = 288.1221695283 * (kelvin / 100.0 - 60.0) ** -0.0755148492 if kelvin > 6600 else 255.0
        parts = (red, green, 255.0)
    else:
        green = 99.4708025861 * math.log(kelvin / 100.0) - 161.1195681661
        blue = 138.5177312231 * math.log(max(10.1, kelvin / 100.0) - 10.0) - 305.0447927307
        parts = (255.0, green, blue)
    return "#" + "".join(f"{round(max(0.0, min(255.0, part))):02x}" for part in parts)
