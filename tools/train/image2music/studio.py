"""From a picture to an opening: read, search, wish, compose, judge, refine, harmonise. Everything loaded once is here.

picture -> Reader -> Reading -> Index -> examples
                        |                   |
                        v                   v
                      Wish  ->  Composer -> candidates -> gate, guard, critic -> refine -> theme -> Opening
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from rich.progress import track

from controller.arrays import Float32Array
from tools.train.image2music import words
from tools.train.image2music.artefact import BUNDLED, open_artefact
from tools.train.image2music.clip import Clip
from tools.train.image2music.composer import BartComposer, Composer
from tools.train.image2music.copying import LIMIT, Guard, Shared
from tools.train.image2music.corpus import part_of
from tools.train.image2music.critic import BertCritic, Judge, Judgement, TrigramCritic
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.form import PLANS, THEME, Form, arrange, draw_form, form_of, read_forms, sections_of
from tools.train.image2music.gate import Verdict, judge
from tools.train.image2music.harmony import Chord, harmonise
from tools.train.image2music.melody import Melody, Sound, write_abc
from tools.train.image2music.ngram import NgramComposer
from tools.train.image2music.reading import Reading
from tools.train.image2music.retrieval import Found, Index, random_tunes, search
from tools.train.image2music.sentences import Sentences
from tools.train.image2music.shelf import open_index, with_clip
from tools.train.image2music.wish import Wish, in_key, wish_for
from tools.train.image2music.writing import SpokenComposer

CANDIDATES, SHORTLIST = 8, 3
ROUNDS, WORST = 2, 4
"""Refinements at most, and how many bars each writes again."""
TRIES = 4
"""Batches of candidates before a tune that copies is given up."""
Search = Literal["fused", "random", "none"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a tune's history: what was done, what the critic said of it, and whether it stayed."""

    what: str
    score: float
    parts: dict[str, float]
    accepted: bool


@dataclass(frozen=True, slots=True)
class Theme:
    """A finished theme with how it came about."""

    melody: Melody
    judgement: Judgement
    history: tuple[Step, ...]
    shared: Shared
    example: Found | None
    form: Form


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything about a finished opening but its files."""

    abc: str
    melody: Melody
    theme: Theme
    wish: Wish
    reading: Reading
    found: tuple[Found, ...]
    chords: tuple[Chord, ...]
    sections: tuple[tuple[str, int], ...]
    verdict: Verdict
    title: str
    motivation: tuple[str, ...]
    composer: str


class Studio:
    """What composing needs, loaded once.

    Args:
        cache: folder of the index. corpus: folder of the collections, None: the installed ones.
        composer: `bart` (bundled networks) or `ngram` (counts alone). artefact: folder of the networks.
    """

    def __init__(
        self, cache: Path, corpus: Path | None = None, *, composer: str = "bart", artefact: Path = BUNDLED
    ) -> None:
        self.cache = cache
        self.sentences = Sentences()
        self.index: Index = open_index(cache, self.sentences, corpus)
        self.guard = Guard(self.index.melodies)
        self.forms: Counter[Form] = Counter()
        self.composer: Composer
        self.critic: Judge
        if composer == "bart":
            opened = open_artefact(artefact)
            self.composer, self.critic = BartComposer(opened), BertCritic(opened)
            self.forms = read_forms(opened.folder / "forms.json")
        else:
            learnt = [one.melody for one in self.index.tunes if part_of(one) == "train"]
            self.composer, self.critic = NgramComposer(learnt), TrigramCritic(learnt)

    def look_with(self, clip: Clip) -> None:
        """Search with CLIP, too: embeds all captions once, which takes as long as it takes."""
        captions = [one.caption for one in self.index.tunes]
        vectors = [clip.texts([one]) for one in track(captions, "CLIP", transient=True)]
        self.index = with_clip(self.index, np.concatenate(vectors))

    def find(
        self, reading: Reading, how: Search, rng: np.random.Generator, picture: Float32Array | None = None
    ) -> list[Found]:
        """The examples for a reading; `picture`: its CLIP vector, where there is one."""
        if how == "none":
            return []
        if how == "random":
            return random_tunes(self.index, rng)
        text = self.sentences.embed([reading.text])[0]
        return search(self.index, text, (reading.valence, reading.arousal), picture)

    def theme(self, wish: Wish, found: Sequence[Found], bars: int, rng: np.random.Generator, *, refine: bool) -> Theme:
        """The best of some themes, made better if that is wished.

        Raises:
            OpeningError: every candidate repeats a tune of the corpus for too long.
        """
        example = found[0] if found else None
        form = self._form(example, min(bars, THEME), rng)
        rows = None if example is None else words.encode(example.tune.melody)
        for _ in range(TRIES):
            themes = self.composer.compose(wish, form, rows, count=CANDIDATES, rng=rng)
            melodies = [self._melody(one, wish) for one in themes]
            fresh = [one for one in melodies if not self.guard.over(one)]
            if fresh:
                break
        else:
            raise OpeningError(f"every tune repeats one of the corpus for more than {LIMIT} notes; try another --seed")
        best, judgement, history = self._best(fresh, wish)
        if refine:
            best, judgement, history = self._refined(best, judgement, history, wish=wish, form=form, rng=rng)
        return Theme(best, judgement, tuple(history), self.guard.longest(best), example, form)

    def _form(self, example: Found | None, bars: int, rng: np.random.Generator) -> Form:
        """The form of the example, where it has one that repeats something; otherwise one that tunes like to have."""
        own = form_of(example.tune.melody) if example is not None else None
        form = own if own is not None and 6 <= len(set(own)) <= 14 else draw_form(self.forms, rng)
        return form[:bars]

    @staticmethod
    def _melody(rows: np.ndarray, wish: Wish) -> Melody:
        return in_key(words.decode(rows, wish.request.metre, wish.request.mode, 60), wish.mean_pitch)

    def _best(self, melodies: list[Melody], wish: Wish) -> tuple[Melody, Judgement, list[Step]]:
        """Those that the quick opinion likes and that are near the wish are judged in full."""
        quick = np.array(self.critic.order(melodies))
        off = np.array([abs(words.density(one) - wish.request.density) for one in melodies])
        short = [melodies[at] for at in np.argsort(-(quick - 2.0 * off), kind="stable")[:SHORTLIST]]
        judged = self.critic.judge(short)
        best = max(range(len(short)), key=lambda at: judged[at].score)
        steps = [
            Step(f"candidate {at + 1} of {len(melodies)}", one.score, one.parts, at == best)
            for at, one in enumerate(judged)
        ]
        return short[best], judged[best], steps

    def _refined(
        self,
        melody: Melody,
        judgement: Judgement,
        history: list[Step],
        *,
        wish: Wish,
        form: Form,
        rng: np.random.Generator,
    ) -> tuple[Melody, Judgement, list[Step]]:
        """Write the worst bars again, and keep that only if the critic likes it better and the guard has nothing."""
        for number in range(1, ROUNDS + 1):
            worst = _worst(judgement, form)
            rows = words.encode(melody)
            kept = {bar: rows[rows[:, 3] == bar] for bar in range(melody.bars) if form[bar] not in worst}
            again = self.composer.compose(wish, form, None, count=CANDIDATES // 2, rng=rng, kept=kept)
            melodies = [one for one in (self._melody(each, wish) for each in again) if not self.guard.over(one)]
            if not melodies:
                continue
            quick = self.critic.order(melodies)
            candidate = melodies[int(np.argmax(quick))]
            said = self.critic.judge([candidate])[0]
            better = said.score > judgement.score and judge(write_abc(candidate, "x", wish.bpm), program=False).clean
            bars = ", ".join(str(bar + 1) for bar in range(len(form)) if form[bar] in worst)
            history.append(Step(f"round {number}: bars {bars} written again", said.score, said.parts, better))
            if better:
                melody, judgement = candidate, said
        return melody, judgement, history

    def finish(
        self, theme: Theme, wish: Wish, reading: Reading, found: Sequence[Found], *, bars: int, title: str, by: str
    ) -> Opening:
        """The theme as an opening of `bars` bars, with chords, through the gate.

        Raises:
            OpeningError: the gate has something against it, which would be a fault of this program.
        """
        melody = arrange(theme.melody, bars)
        sections = sections_of(bars)
        notes = [f"made by Followspot from a picture; {by}"]
        abc = write_abc(melody, title, wish.bpm, notes, sections)
        verdict = judge(abc, bars=bars)
        if not verdict.clean:
            raise OpeningError(f"the composed tune does not pass the gate: {verdict.words()}")
        chords = harmonise(melody)
        motivation = motivate(reading, wish, found, theme, self.critic.usual)
        return Opening(abc, melody, theme, wish, reading, tuple(found), tuple(chords), tuple(sections), verdict, title,
                       tuple(motivation), by)  # fmt: skip

    def compose(
        self,
        reading: Reading,
        *,
        bars: int,
        title: str,
        seed: int,
        how: Search = "fused",
        refine: bool = True,
        picture: Float32Array | None = None,
        spoken: SpokenComposer | None = None,
    ) -> Opening:
        """An opening for what was read; `spoken`: a model that writes the theme instead of our own composer."""
        if bars not in PLANS:
            raise OpeningError(f"--bars {bars}: openings have {', '.join(map(str, PLANS))} bars")
        rng = np.random.default_rng(seed)
        found = self.find(reading, how, rng, picture)
        wish = wish_for(reading.valence, reading.arousal, [one.tune.melody for one in found])
        if spoken is None:
            theme = self.theme(wish, found, bars, rng, refine=refine)
            return self.finish(theme, wish, reading, found, bars=bars, title=title, by=self.composer.name)
        theme = self.spoken_theme(spoken, wish, found, bars, refine=refine)
        if spoken.where is not None:
            reading = replace(reading, maps=(*reading.maps, spoken.where))
        if spoken.motivation:
            reading = replace(reading, statements=(*reading.statements, f'Of its tune it says: "{spoken.motivation}"'))
        return self.finish(theme, wish, reading, found, bars=bars, title=title, by=spoken.name)

    def spoken_theme(
        self, spoken: SpokenComposer, wish: Wish, found: Sequence[Found], bars: int, *, refine: bool
    ) -> Theme:
        """A theme by a model that speaks; the critic's findings go back to it once, and the better theme stays."""
        count = min(bars, THEME)
        key = in_key(Melody(wish.request.metre, wish.request.mode, 60, (Sound(0, 0, 12, 6),)), wish.mean_pitch)
        best = spoken.compose(wish, key, found, bars=count, guard=self.guard)
        judgement = self.critic.judge([best])[0]
        history = [Step("the model's first theme", judgement.score, judgement.parts, accepted=True)]
        if refine:
            again = spoken.compose(wish, key, found, bars=count, guard=self.guard, remark=_remark(judgement))
            said = self.critic.judge([again])[0]
            better = said.score > judgement.score
            history.append(Step("round 1: written again after the critic's remark", said.score, said.parts, better))
            best, judgement = (again, said) if better else (best, judgement)
        form = tuple(range(count))
        return Theme(best, judgement, tuple(history), self.guard.longest(best), found[0] if found else None, form)


def _worst(judgement: Judgement, form: Form) -> set[int]:
    """Names, in the form, of the bars that stand worst; the last of a section stays, so that closes stay closes."""
    order = sorted(range(len(form)), key=lambda bar: -judgement.bars[bar])
    names: list[int] = []
    for bar in order:
        if form[bar] not in names and len(names) < WORST:
            names.append(form[bar])
    return set(names)


def _remark(judgement: Judgement) -> str:
    worst = sorted(range(len(judgement.bars)), key=lambda bar: -judgement.bars[bar])[:WORST]
    numbers = ", ".join(f"{name} {one:.2f}" for name, one in judgement.measures.items())
    return (
        f"\nA critic scored your theme {judgement.score:.2f} (more is better). Its weakest bars are "
        f"{', '.join(str(bar + 1) for bar in worst)}; measured: {numbers}. Write the whole theme again, better."
    )


def motivate(
    reading: Reading, wish: Wish, found: Sequence[Found], theme: Theme, usual: float | None = None
) -> list[str]:
    """Why the music is as it is: one statement for each choice, each with the number it follows from.

    Args:
        usual: the critic's mean score of tunes by people, where it is known.
    """
    mode = {"maj": "major", "mix": "mixolydian", "dor": "dorian", "min": "minor"}[wish.request.mode]
    said = [
        f"Arousal {reading.arousal:+.2f} gives {wish.bpm} beats a minute and {wish.request.density:.2f} notes a "
        f"quarter (written: {words.density(theme.melody):.2f}).",
        f"Valence {reading.valence:+.2f} gives {mode} and a mean pitch of {wish.mean_pitch:.1f} "
        f"(written: {theme.melody.tonic + float(np.mean(theme.melody.heights())):.1f}).",
    ]
    if found:
        titles = ", ".join(f"{one.tune.title} ({one.text:.2f})" for one in found)
        said.append(f'"{reading.text}" found {titles}; most of them are in {wish.request.metre}.')
        said.append(f"{found[0].tune.title} was given to the composer to lean on; the longest run it shares with any "
                    f"tune of the corpus is {theme.shared.length} notes, {LIMIT} are allowed.")  # fmt: skip
    else:
        said.append(f"No tune was looked up; {wish.request.metre} follows from arousal.")
    changed = [one for one in theme.history if one.what.startswith("round") and one.accepted]
    first = next(one for one in theme.history if one.accepted)
    then = f" after {len(changed)} accepted rewriting(s), from {first.score:.2f}." if changed else ", unchanged."
    beside = "" if usual is None else f" (more is better; tunes by people have {usual:.1f} in the mean)"
    said.append(f"The critic's score is {theme.judgement.score:.2f}{beside}{then}")
    return said
