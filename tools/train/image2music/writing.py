"""Reading and composing by a model that speaks: the same for an endpoint and for a model in this process.

It is asked at most three times, each time with what was wrong with the last answer: a field that is missing, or the
gate's words ("bar 5: 7 eighths instead of 8 eighths"). Its tunes pass the same gate and the same guard as ours, and are
judged by the same critic. Source of the method: description, retrieval, generation and refinement as in "Zero-effort
image-to-music" (ICMR 2026), with what its code leaves undone: errors fed back, an end to the tries, acceptance only of
what is better, and detection of copies.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tools.train.image2music import colours
from tools.train.image2music.copying import LIMIT, Guard
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.gate import judge
from tools.train.image2music.melody import METRES, Melody, key_name, melody_of
from tools.train.image2music.notation import read_tune
from tools.train.image2music.picture import Picture
from tools.train.image2music.reading import Map, Reading, mixed, mood_of_words
from tools.train.image2music.retrieval import Found
from tools.train.image2music.sentences import Sentences
from tools.train.image2music.wish import Wish

TRIES = 3
MOST_WORDS = 600
"""Letters of a description that are used."""
NUMBER = {"type": "number", "minimum": -1, "maximum": 1}
STRINGS = {"type": "array", "items": {"type": "string", "maxLength": 40}, "maxItems": 6}
READING = {
    "type": "object",
    "properties": {
        "description": {"type": "string", "maxLength": MOST_WORDS}, "objects": STRINGS, "mood": STRINGS,
        "valence": NUMBER, "arousal": NUMBER,
    },
    "required": ["description", "objects", "mood", "valence", "arousal"],
    "additionalProperties": False,
}  # fmt: skip
READ_PROMPT = (
    "Describe this picture for somebody who will write music for it. Give a description of at most three sentences, "
    "the objects you see, words for its mood, valence (-1 sad to 1 happy) and arousal (-1 calm to 1 exciting)."
)
FREE_PROMPT = "Describe this picture, its colours and its mood in at most three sentences."


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer, and where in the picture a model looked while it gave it, if that can be known."""

    text: str
    where: Map | None = None


class Speaker(Protocol):
    """A model that answers questions about a picture.

    Attributes:
        name: backend and model. structured: whether it can be held to a JSON schema.
    """

    name: str
    structured: bool

    def say(self, prompt: str, picture: Picture, schema: dict[str, Any] | None, purpose: str) -> Spoken:
        """Answer; `purpose` is `describing` or `composing`.

        Raises:
            OpeningError: no answer can be had.
        """
        ...


T = TypeVar("T")


class WrongAnswerError(Exception):
    """An answer that cannot be used, in words that go back to the model."""


def asked(speaker: Speaker, prompt: str, picture: Picture, schema: dict[str, Any] | None, *, purpose: str,
             check: Callable[[str], T]) -> tuple[T, Spoken, int]:  # fmt: skip
    """Ask until `check` takes the answer, at most TRIES times; also returns the answer and which try it was.

    Raises:
        OpeningError: none was taken; says what was wrong with the last.
    """
    wrong, wanted = "", prompt
    if schema is not None:
        wanted += f"\nAnswer with one JSON object and nothing else, after this schema: {json.dumps(schema)}"
    for number in range(1, TRIES + 1):
        spoken = speaker.say(wanted + wrong, picture, schema, purpose)
        try:
            return check(spoken.text), spoken, number
        except WrongAnswerError as error:
            wrong = f"\nYour last answer could not be used: {error}\nAnswer again, corrected."
    raise OpeningError(
        f"{speaker.name}: no usable answer while {purpose} in {TRIES} tries; the last one: {_short(wrong)}"
    )


def _short(wrong: str) -> str:
    return re.sub(r"\s+", " ", wrong.removesuffix("\nAnswer again, corrected.").split("used: ", 1)[-1])[:300]


def parsed(text: str) -> dict[str, Any]:
    """The JSON object in an answer; fences and thoughts around it are left out.

    Raises:
        WrongAnswerError: there is none.
    """
    text = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    start, end = text.find("{"), text.rfind("}")
    try:
        plain = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except (ValueError, RecursionError) as error:
        raise WrongAnswerError(f"it is not JSON ({error})") from error
    if not isinstance(plain, dict):
        raise WrongAnswerError("it holds no JSON object")
    return plain


class SpokenReader:
    """A reader whose words come from a model; palette and light are measured all the same.

    Args:
        speaker: the model. sentences: for the words of those that cannot be held to a schema, and for a mood line.
    """

    def __init__(self, speaker: Speaker, sentences: Sentences) -> None:
        self.name, self._speaker, self._sentences = speaker.name, speaker, sentences

    def read(self, picture: Picture, mood: str) -> Reading:
        """See `reading.Reader`."""
        light, palette = colours.light_of(picture.rgb), colours.palette(picture.rgb)
        if self._speaker.structured:
            answer, spoken, tries = asked(
                self._speaker, READ_PROMPT, picture, READING, purpose="describing", check=_reading
            )
            text, valence, arousal = answer
        else:
            text, spoken, tries = asked(
                self._speaker, FREE_PROMPT, picture, None, purpose="describing", check=_sentence
            )
            valence, arousal = mood_of_words(text, self._sentences)
        said = [f'The model says: "{text[:MOST_WORDS]}" (try {tries}).',
                f"Its words speak for valence {valence:+.2f}, arousal {arousal:+.2f}; measured colours alone would "
                f"suggest {light.valence:+.2f} and {light.arousal:+.2f}."]  # fmt: skip
        if mood:
            told = mood_of_words(mood, self._sentences)
            valence, arousal = mixed((valence, arousal), told)
            said.append(f'The mood line "{mood}" speaks for valence {told[0]:+.2f}, arousal {told[1]:+.2f}.')
        maps = () if spoken.where is None else (spoken.where,)
        return Reading(
            self.name, f"{mood}, {text}" if mood else text, valence, arousal, light, palette, tuple(said), maps
        )


def _sentence(text: str) -> str:
    plain = re.sub(r"\s+", " ", re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)).strip()
    if not plain:
        raise WrongAnswerError("it is empty")
    return plain[:MOST_WORDS]


def _reading(text: str) -> tuple[str, float, float]:
    plain = parsed(text)
    missing = [name for name in READING["required"] if name not in plain]
    if missing:
        raise WrongAnswerError(f"the fields {', '.join(missing)} are missing")
    numbers = []
    for name in ("valence", "arousal"):
        one = plain[name]
        if isinstance(one, bool) or not isinstance(one, int | float) or not -1 <= one <= 1:
            raise WrongAnswerError(f"{name} must be a number from -1 to 1, not {str(one)[:20]!r}")
        numbers.append(float(one))
    words = [str(one)[:40] for name in ("objects", "mood") if isinstance(plain[name], list) for one in plain[name][:6]]
    return ", ".join([str(plain["description"])[:MOST_WORDS], *words]), numbers[0], numbers[1]


class SpokenComposer:
    """A composer whose tunes come from a model, bar by bar as text.

    Args:
        speaker: the model. picture: what it looks at.
    """

    def __init__(self, speaker: Speaker, picture: Picture) -> None:
        self.name, self._speaker, self._picture = speaker.name, speaker, picture
        self.where: Map | None = None
        self.motivation = ""

    def compose(
        self, wish: Wish, key: Melody, found: Sequence[Found], *, bars: int, guard: Guard | None, remark: str = ""
    ) -> Melody:
        """A theme that passes the gate and the guard.

        Args:
            key: any melody in the key that is wished. remark: of the critic, about the theme before.

        Raises:
            OpeningError: none of three tries does.
        """
        header = f"X:1\nT:theme\nM:{wish.request.metre}\nL:1/8\nK:{key_name(key)}\n"
        schema = _bars_schema(bars) if self._speaker.structured else None
        prompt = _prompt(wish, key_name(key), found, bars) + remark

        def check(text: str) -> Melody:
            written, self.motivation = _bars_of(text, bars, structured=self._speaker.structured)
            return _checked(header + written, bars, guard)

        melody, spoken, _ = asked(self._speaker, prompt, self._picture, schema, purpose="composing", check=check)
        self.where = spoken.where
        return melody


def _bars_schema(bars: int) -> dict[str, Any]:
    one = {"type": "string", "pattern": "^[A-Ga-gz0-9,'/^_= ]{2,60}$"}
    return {
        "type": "object",
        "properties": {"bars": {"type": "array", "items": one, "minItems": bars, "maxItems": bars},
                       "motivation": {"type": "string", "maxLength": MOST_WORDS}},
        "required": ["bars", "motivation"],
        "additionalProperties": False,
    }  # fmt: skip


def _prompt(wish: Wish, key: str, found: Sequence[Found], bars: int) -> str:
    eighths = METRES[wish.request.metre] // 6
    examples = "".join(
        f"\nExample ({one.tune.caption}), to learn from and not to copy:\n{one.tune.abc}\n" for one in found
    )
    ask = (
        f"Write a melody for this picture in ABC notation: {bars} bars in {wish.request.metre}, key {key}, unit 1/8, "
        f"about {wish.request.density:.1f} notes a quarter, for {wish.bpm} beats a minute. Every bar holds exactly "
        f"{eighths} eighths, without bar lines, chords, ties or triplets in it. The last bar ends on the tonic. Then "
        "say in one or two sentences what in the picture led to what in the music."
    )
    return ask + examples


def _bars_of(text: str, bars: int, *, structured: bool) -> tuple[str, str]:
    """Music text and motivation of an answer; a free text's music is what stands between its K: line and its last bar
    line."""
    if structured:
        plain = parsed(text)
        written = plain.get("bars")
        if not isinstance(written, list) or len(written) != bars:
            raise WrongAnswerError(f"bars must be a list of {bars} texts")
        bare = [str(one)[:80].replace("|", " ").replace("\n", " ") for one in written]
        return " | ".join(bare) + " |]", str(plain.get("motivation", ""))[:MOST_WORDS]
    body = re.split(r"(?m)^K:.*$", text)[-1]
    end = body.rfind("|")
    if end < 0:
        raise WrongAnswerError("it holds no bar line")
    return body[: end + 1], body[end + 1 :].strip(" ]\n")[:MOST_WORDS]


def _checked(abc: str, bars: int, guard: Guard | None) -> Melody:
    verdict = judge(abc, bars=bars)
    if not verdict.clean:
        raise WrongAnswerError(verdict.words())
    melody = melody_of(read_tune(abc))
    if melody is None or not melody.heights():
        raise WrongAnswerError("its lengths or heights are not those of a simple melody; use quarters, halves")
    if guard is not None and guard.over(melody):
        raise WrongAnswerError(f"more than {LIMIT} notes in a row are those of a tune that exists; write your own")
    return melody
