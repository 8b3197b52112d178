"""The ear: blocks of sound in, pulses and windows out. The show, the rehearsal, the room and training hear through it.

    block ──► onsets, level, five milliseconds at a time ──► weighing ──► pulses
          ├─► beats, drums, kind of sound, where networks hear them ──► the form of the song
          └─► windows of one second, each with the hardest hit of its hop

Whoever changes what is heard changes it here, and training hears the same numbers as the show. Pure.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from controller.listening.audio.accent_stem import accent_stem
from controller.listening.audio.hits import Hits
from controller.listening.audio.onsets import Onsets
from controller.listening.audio.weighing import Weighing
from controller.listening.audio.windows import Windows
from controller.listening.form.form import FormWatch, SongNow
from controller.listening.time.hearing import Hearing
from controller.listening.time.tempo import Tempo
from controller.messages import AudioBlock, Operator, Pulse, Window


class Ear:
    """One listener.

    Args:
        silence_db: sound below this level counts as silence.
        stems: names of the stem columns that follow the mix in each block. accents: the stem that accents come from;
            "": chosen by its name.
        hearing: hears beats, drums and kinds of sound in the mix, where there are networks for it.
        form: follows the song, from what that hears.

    Attributes:
        tempo: where beats are, as far as anybody knows; set it when that changes.
    """

    def __init__(
        self,
        silence_db: float,
        stems: tuple[str, ...] = (),
        accents: str = "",
        hearing: Hearing | None = None,
        form: FormWatch | None = None,
    ) -> None:
        self._onsets = Onsets(silence_db, len(stems), accent_column(stems, accents))
        self._hits = Hits()
        self.hearing, self.form, self._weighing = hearing, form, Weighing()
        self.tempo = Tempo()
        self._loudness = 0.0
        self._windows = Windows(len(stems))

    @property
    def beat_told(self) -> bool:
        """Whether the newest block made a beat known."""
        return self.hearing is not None and bool(self.hearing.told)

    def pulses(self, block: AudioBlock, conducted: Callable[[Pulse], Pulse] = lambda one: one) -> Iterator[Pulse]:
        """The pulses of a block, one for each 5 ms that it completes. Take them all before `windows`.

        Args:
            block: samples. conducted: what becomes of a pulse whose beats are known better, as in an opening.
        """
        kind, drummed = ("", True) if self.hearing is None else (self.hearing.kind, self.hearing.drummed)
        for heard in self._onsets.feed(block):
            pulse = conducted(heard)
            self._hits.hear(pulse)
            self._loudness = pulse.loudness
            if pulse is heard and self.hearing is not None:  # an opening's beats are known, not heard
                pulse = self._weighing.weigh(pulse, kind, self.tempo, drummed=drummed)
            yield pulse

    def listen(self, block: AudioBlock) -> None:
        """What takes networks and some milliseconds; in a show after the pulses, which do not wait for it."""
        if self.hearing is None:
            return
        self.hearing.hear(block)
        if self.form is not None:
            self.form.hear(self.hearing, block.t_s)

    def obey(self, people: Operator) -> None:
        """What people say of the part of the song that is played; from any thread."""
        if self.form is not None:
            self.form.obey(people)

    @property
    def song(self) -> SongNow:
        """Where the song is."""
        return SongNow() if self.form is None else self.form.now

    def windows(self, block: AudioBlock) -> Iterator[Window]:
        """The windows that a block completes, each with the hit that belongs to it."""
        for window in self._windows.feed(block):
            yield replace(window, hit=self._hits.take(window.t_s), loudness=self._loudness)

    def hop(self, block: AudioBlock) -> tuple[list[Pulse], Window]:
        """All of a block that is just one hop: its pulses, and the window that ends with it."""
        self.listen(block)
        pulses = list(self.pulses(block))
        (window,) = self.windows(block)
        return pulses, window


def accent_column(stems: tuple[str, ...], wanted: str = "") -> int:
    """The column that onsets are taken from: the stem that is wanted, else the drums, else the mix (0).

    Args:
        stems: names of the columns from 1 on. wanted: a part of a name, in any case.
    """
    if wanted:
        return next((column for column, name in enumerate(stems, 1) if wanted.lower() in name.lower()), 0)
    found = accent_stem(stems)
    return 0 if found is None else 1 + found
