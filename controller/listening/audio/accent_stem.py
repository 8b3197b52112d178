"""Which stem accents are taken from: the words of many languages for drums, the sharpest first. Pure."""

import re
import unicodedata

WORDS: tuple[tuple[str, ...], ...] = (
    # kick
    ("kick", "kik", "bd", "bassdrum", "bass drum", "grosse caisse", "grossecaisse", "grosse trommel", "basstrommel",
     "bombo", "gran cassa", "grancassa", "bumbo", "grote trom", "stortrumma", "bastrumma", "bochka", "bass bubon",
     "бочка", "бас бочка", "большой барабан", "バスドラ", "キック", "킥", "베이스드럼", "底鼓", "大鼓"),
    # snare
    ("snare", "sn", "sd", "caisse claire", "caja", "redoblante", "tarola", "rullante", "caixa", "kleine trommel",
     "kleine trom", "virvel", "skarptromme", "малый барабан", "рабочий барабан", "werbel",
     "スネア", "스네어", "军鼓", "軍鼓", "小鼓"),
    # the whole kit
    ("drums", "drum", "drumset", "drumkit", "kit", "schlagzeug", "batterie", "bateria", "batteria", "trommeln",
     "trommel", "trommer", "trummor", "slagwerk", "drumstel", "slagverk", "rummut", "perkusja", "bebny", "dob",
     "davul", "ударные", "барабаны", "барабан", "τυμπανα", "ντραμς", "ドラム", "드럼", "鼓", "beat", "beats",
     "overhead", "overheads", "toms"),
    # percussion
    ("percussion", "perc", "percs", "perk", "percusion", "percussione", "percussao", "perkussion", "schlagwerk",
     "slaginstrument", "перкуссия", "κρουστα", "パーカッション", "퍼커션", "打击乐", "打擊樂", "hihat", "hi hat", "hat",
     "hats", "cymbals", "becken", "conga", "congas", "bongo", "bongos", "cajon", "tambourine", "shaker", "clap",
     "claps"),
)  # fmt: skip
SPACED = re.compile(r"[\W_\d]+")
KIT = 2
"""Which of them is the whole kit."""


def accent_stem(names: tuple[str, ...]) -> int | None:
    """Index of the stem that says best when something is struck; None where no name speaks of drums.

    Kick before snare before the whole kit before percussion: a shaker's loop is struck all the time. Within a kind the
    name that says least besides, then the first.
    """
    return next((found for words in WORDS if (found := _named(names, words)) is not None), None)


def kit_stem(names: tuple[str, ...]) -> int | None:
    """Index of the stem that holds the whole kit; None where no name says so."""
    return _named(names, WORDS[KIT])


def _named(names: tuple[str, ...], words: tuple[str, ...]) -> int | None:
    """Index of the name that says one of these words and least besides."""
    spoken, plain = [_spoken(name) for name in names], [_spoken(word).strip() for word in words]
    found = [at for at, said in enumerate(spoken) if any(_holds(said, word) for word in plain)]
    return min(found, key=lambda at: (len(spoken[at].split()), len(names[at]), at), default=None)


def _holds(said: str, word: str) -> bool:
    """Whether a name holds a word: whole or as the beginning of one; in scripts without spaces anywhere."""
    if not word.isascii() and not word[0].isspace() and ord(word[0]) > 0x2E7F:
        return word in said
    return f" {word} " in said or (len(word) > 3 and f" {word}" in said)


def _spoken(name: str) -> str:
    """Small letters without accents, with a space before, between and behind words; KickIn is two."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    bare = "".join(one for one in unicodedata.normalize("NFKD", split.lower()) if not unicodedata.combining(one))
    return f" {SPACED.sub(' ', unicodedata.normalize('NFC', bare)).strip()} "
