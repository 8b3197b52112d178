"""The page's table of words, read out of its script."""

import json

from controller.watching.page.files import STATIC

TEXT = (STATIC / "words.js").read_text(encoding="utf-8")
LANGUAGES = json.loads(TEXT[TEXT.index("LANGUAGES = ") + 12 : TEXT.index(";", TEXT.index("LANGUAGES = "))])
WORDS = json.loads(TEXT[TEXT.index("WORDS = ") + 8 : TEXT.rindex("}") + 1])
