"""What is on a line besides words: its number, decorations, tempo, length, the key of the music. Pure."""

import re
from dataclasses import dataclass

from controller.evening.terms import LATIN

TEMPO_RANGE_BPM = (20.0, 400.0)
BOUNDARY = "\x1f"
"""Stands where a tempo, a length or a key of the music was taken out: title and wishes may part there."""
_ABOUT = r"(?:ca\.?|approx\.?|about|~|約)?"
_NUMBER = r"(\d{2,3}(?:[.,]\d{1,2})?)"
TEMPOS = (
    re.compile(
        rf"(?:\b(?:bpm|tempo|q|t)|テンポ|[♩♪𝅘𝅥]|1/4)\s*[:=.は]?\s*{_ABOUT}\s*{_NUMBER}(?:\s*(?:bpm|くらい|ぐらい))?"
        rf"(?![{LATIN}0-9])(?!\s*[-–/%]\s*\d)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![\d.,:/–-])@?\s*{_ABOUT}\s*(?<![\d–-]){_NUMBER}\s*-?"
        rf"(?:bpm|beats per minute|schläge(?: pro minute)?|b\.p\.m\.?)(?![{LATIN}])",
        re.IGNORECASE,
    ),
)
LENGTHS = re.compile(
    r"(?<![\d:])~?(?:\d{1,2}:\d{2}(?::\d{2})?|\d{1,2}['’′]\s?\d{2}(?:[\"”″]|'')?"
    r"|\d{1,2}\s?(?:min(?:ute[ns]?)?|mins|分)(?:\s?\d{1,2}\s?(?:sec|sek|s|秒))?)(?![\d:\w])\.?",
    re.IGNORECASE,
)
_TIME = r"\d{1,2}[:.h]\d{2}(?:\s*(?:Uhr|h|pm|am))?"
CLOCK = re.compile(rf"^\s*(?:ca\.?\s*)?{_TIME}(?:\s*[-–~〜]\s*{_TIME})?(?=[\s\-–|:])[\s\-–|:]*")
_NOTE = r"[A-H](?:is|es|[#♯b♭])?"
_MODE = r"(?:\s?-?(?:minor|major|min|maj|moll|dur|Moll|Dur|Minor|Major)|m7?|7)"
_KEY_OF = r"\b[Kk]ey of|\b[Tt]onart\s?[:=]?|キー\s?[:=は]?|\b[Kk]ey\s?[:=]"
MUSIC = (
    re.compile(rf"(?:\b[Ii]n|\b[Kk]ey|{_KEY_OF})\s*(?:{_NOTE}{_MODE}|[a-h](?:is|es)?-(?:[Mm]oll|[Dd]ur))(?![\w#])"),
    re.compile(rf"(?:{_KEY_OF})\s*{_NOTE}(?![\w#])"),
    re.compile(rf"\b[Ii]n {_NOTE}(?=\s*(?:$|[,;|)\t]|\s[-–—]\s|{BOUNDARY}))"),
    re.compile(
        rf"(?<![\w#'])(?:{_NOTE}(?:\s?-?(?:minor|major|moll|dur|Moll|Dur))|[a-h](?:is|es)?-(?:Moll|moll|Dur|dur))"
        r"(?![\w#])"
    ),
    re.compile(rf"(?<=[(\[,;|/\t])[ ]?{_NOTE}m?(?=\s*[)\],;|/\t])(?![\w#])"),
    re.compile(
        r"\b(?:drop(?:ped)?|tuning|stimmung|tuned(?: to)?|gestimmt auf|open)[\s:-]*[A-H](?:is|es|[#♯b♭])?(?![\w#])"
        r"(?:[\s-](?:tuning|stimmung|standard))?|\b[A-H][b♭#]?[- ](?:tuning|standard|stimmung)\b|\bstandard tuning\b"
        r"|\b(?:half|1/2|whole|full)[ -]?step (?:down|up)\b|\b(?:halb|ganz)ton (?:tiefer|höher)\b"
        r"|\b[ck]apo\s?(?:\d+|[IVX]+)(?:\.\s?bund)?\b|[半1全]音(?:下げ|上げ)|ドロップ[A-G]|カポ\s?\d",
        re.IGNORECASE,
    ),
)
"""Keys and tunings of the music, which are no wish for light."""
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳❶❷❸❹❺❻❼❽❾❿"
NUMBERED = re.compile(
    rf"^\s*(?:[{CIRCLED}][.):]?\s*|[#＃]\s?\d{{1,3}}\b[.):]?\s*|[(（]\d{{1,3}}[)）]\s*|\d{{1,3}}\s?[.):、．）](?!\d)\s*"
    r"|0\d\s+|(?:no|nr|№)\.?\s?\d{1,3}[.):]?\s+|(?:track|song|titel|lied|曲)\s?\d{1,3}\s?[.):：]\s*"
    r"|M-?\d{1,2}[.):]?(?=[\s\W]|[^\x00-\x7f])[\s:：.、]*"
    r"|(?:EN|Enc|W?アンコール|Encore|Zugabe)[-.\s]?\d{1,2}[.):：]?\s+(?=\S)"
    r"|(?:EN|Encore|Zugabe|アンコール)\s?[:：]\s*(?=\S)|EN[ 　]+(?=[^\x00-\x7f])"
    r"|[一二三四五六七八九十]{1,3}[、.．，,]\s*"
    r"|第?\d{1,2}曲目[\s:：、]*|(?:[IVX]{1,4}|[a-z])[.)]\s+|\d{1,2}\s+[-–—]\s+|\d{1,2}\s*\|\s*)",
    re.IGNORECASE,
)
SPACED_NUMBER = re.compile(r"^\s*(\d{1,3})\s+(?=\S)")
BULLET = re.compile(r"^\s*(?:[-*+•·‣▪◦○●◉◎■□☐☑★☆♪♫♬>»→▶►✦✧–—]|\[[ xX]?\])\s+|^\s*[・•●■★☆♪◆◇▪]\s*")
HEADING_FRAME = re.compile(
    r"^\s*(?:#{1,6}\s+(.+?)\s*#*|[=*_~]{2,}\s*(.+?)\s*[=*_~]{2,}|[【［\[](.+?)[】］\]]|[<＜≪《](.+?)[>＞≫》])\s*:?\s*$"
)
DASH_FRAME = re.compile(
    r"^\s*[-–—―─━ー~〜～]{2,}\s*(.+?)\s*[-–—―─━ー~〜～]{2,}\s*$|^\s*[-–—~〜～]\s*([^-–—~〜～]+?)\s*[-–—~〜～]\s*$"
)
RULE = re.compile(r"^[\s\-–—―─━=_*~+|:.・]{3,}$")
_EMOJI = (
    r"\s\u2600-\u26a9\u26ac-\u26d3\u2702-\u27bf\U0001f300-\U0001f533\U0001f536-\U0001f6a9\U0001f6b8-\U0001f7df"
    r"\U0001f900-\U0001faff\ufe0f\u200d"
)
"""Small pictures, except those that mean a colour, a yes or a no."""
EDGE_EMOJI = re.compile(rf"^[{_EMOJI}]+|[{_EMOJI}]+$")


@dataclass(frozen=True, slots=True)
class Marked:
    """A line without its marks.

    Attributes:
        text: what is left. whole: the same with the figures of the music in it.
        is_numbered: whether a song's number stood before it. is_bulleted: or a bullet. is_heading: whether a frame or a
            sign makes it a heading. tempo_bpm: 20..400.
        rest: a tempo out of range, as it was written.
    """

    text: str
    whole: str
    is_numbered: bool = False
    is_bulleted: bool = False
    is_heading: bool = False
    tempo_bpm: float | None = None
    rest: str = ""


def without_marks(text: str, *, counts: bool = False) -> Marked:
    """Take number, bullet and frame off a line, and the figures of the music out of it.

    Args:
        text: the line. counts: a bare number at its beginning counts its songs, as those of its neighbours do.
    """
    heading = HEADING_FRAME.match(text)
    framed = heading or DASH_FRAME.match(text)
    if framed:
        inside = next(one for one in framed.groups() if one)
        return Marked(inside.strip(), inside.strip(), is_heading=bool(heading))
    text, is_bulleted = _cut(BULLET, text)
    text, _ = _cut(CLOCK, text)
    text, is_numbered = _cut(NUMBERED, text)
    if counts and not is_numbered:
        text, is_numbered = _cut(SPACED_NUMBER, text)
    whole = text.strip()
    text, tempo, rest = _without_tempo(text)
    text = LENGTHS.sub(BOUNDARY, text)
    for music in MUSIC:
        text = music.sub(BOUNDARY, text)
    text = re.sub(rf"[(\[]\s*(?:{BOUNDARY}[\s,/;|]*)+\s*[)\]]", BOUNDARY, text)
    return Marked(text.strip().strip(BOUNDARY).strip(), whole, is_numbered, is_bulleted, False, tempo, rest)


def _cut(sign: re.Pattern[str], text: str) -> tuple[str, bool]:
    match = sign.match(text)
    if match is None or match.end() >= len(text.rstrip()):
        return text, False
    return text[match.end() :], True


def _without_tempo(text: str) -> tuple[str, float | None, str]:
    for sign in TEMPOS:
        if match := sign.search(text):
            tempo = float(match[1].replace(",", "."))
            left = text[: match.start()] + BOUNDARY + text[match.end() :]
            if TEMPO_RANGE_BPM[0] <= tempo <= TEMPO_RANGE_BPM[1]:
                return left, tempo, ""
            return left, None, match[0].strip()
    return text, None, ""


def bare_tempo(text: str) -> float | None:
    """The number in a column of tempos; None if it is none."""
    match = re.fullmatch(r"\s*(?:ca\.?|~)?\s*(\d{2,3}(?:[.,]\d{1,2})?)\s*(?:bpm)?\s*", text, re.IGNORECASE)
    tempo = float(match[1].replace(",", ".")) if match else 0.0
    return tempo if TEMPO_RANGE_BPM[0] <= tempo <= TEMPO_RANGE_BPM[1] else None
