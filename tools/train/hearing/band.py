"""Songs of a band that never was, with every beat, bar and drum hit known: MIDI to be rendered. Pure.

A song is sections of a few bars, each with its own chords, drum pattern and density; fills and crashes stand where
bands put them; the drummer drifts and is not exact. Metres of 3, 4, 6 and 7, straight or shuffled; breaks of whole
silent bars; passages of one instrument alone. What is written down beside it is the truth that hearing is scored with.
"""

from dataclasses import dataclass, field

import mido
import numpy as np

TICK_S = 0.0005
DRUM_CHANNEL = 9
KICK, SNARE, CYMBAL, TOM = range(4)
DRUMS = ("kick", "snare", "cymbal", "tom")
CLASS_OF_NOTE = {
    **dict.fromkeys((35, 36), KICK),
    **dict.fromkeys((37, 38, 39, 40), SNARE),
    **dict.fromkeys((49, 52, 55, 57), CYMBAL),
    **dict.fromkeys((41, 43, 45, 47, 48, 50), TOM),
}
HAT, OPEN_HAT, RIDE, CRASH = 42, 46, 51, 49
KITS = (0, 0, 0, 8, 16, 24, 25, 32, 40)
BASSES = tuple(range(32, 40))
CHORDS = (0, 1, 4, 5, 16, 18, 24, 25, 27, 28, 29, 30, 48, 50, 62, 81, 88, 89, 90)
LEADS = (0, 11, 21, 22, 25, 26, 27, 29, 30, 40, 52, 53, 54, 56, 61, 64, 65, 66, 71, 73, 80, 81)
VOICES = (52, 53, 54)
ALONE = (0, 1, 4, 24, 25, 26, 27, 40, 42, 46, 52, 53, 54, 56, 65, 71, 73)
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10))


@dataclass
class Truth:
    """What is known of a song.

    Attributes:
        beats: (time in seconds, number in the bar from 1). drums: (time, one of `DRUMS`' indices, velocity 0..1).
        kinds: (from, to, "band" | "solo" | "silence"). voice: (from, to) in which something sings.
        sections: (time, which of the song's parts), where another part begins. end_s: its length.
    """

    beats: list[tuple[float, int]] = field(default_factory=list)
    drums: list[tuple[float, int, float]] = field(default_factory=list)
    kinds: list[tuple[float, float, str]] = field(default_factory=list)
    voice: list[tuple[float, float]] = field(default_factory=list)
    sections: list[tuple[float, int]] = field(default_factory=list)
    end_s: float = 0.0


@dataclass(frozen=True)
class Feel:
    """How a song is played: beats of a bar, seconds of a beat, share of a beat at which its second half comes."""

    metre: int
    beat_s: float
    swing: float
    loose_s: float
    drift: float


class Score:
    """Notes in seconds, on channels with programs."""

    def __init__(self) -> None:
        self.notes: list[tuple[float, float, int, int, int]] = []
        self.programs: dict[int, int] = {}

    def play(self, t_s: float, long_s: float, channel: int, note: int, velocity: float) -> None:
        """One note; velocity 0..1."""
        self.notes.append(
            (max(0.0, t_s), long_s, channel, int(np.clip(note, 0, 127)), int(np.clip(127 * velocity, 1, 127)))
        )

    def midi(self) -> mido.MidiFile:
        """The file, a tick being half a millisecond."""
        events = []
        for t_s, long_s, channel, note, velocity in self.notes:
            events.append(
                (round(t_s / TICK_S), 1, mido.Message("note_on", channel=channel, note=note, velocity=velocity))
            )
            events.append((round((t_s + long_s) / TICK_S), 0, mido.Message("note_off", channel=channel, note=note)))
        track = mido.MidiTrack()
        track.append(mido.MetaMessage("set_tempo", tempo=500_000))
        for channel, program in self.programs.items():
            track.append(mido.Message("program_change", channel=channel, program=program))
        now = 0
        for tick, _, message in sorted(events, key=lambda one: one[:2]):
            track.append(message.copy(time=tick - now))
            now = tick
        return mido.MidiFile(ticks_per_beat=round(0.5 / TICK_S), tracks=[track])


class Band:
    """Makes one song.

    Args:
        rng: of everything. seconds: how long about. metre: of every bar, 0: drawn.
        plan: numbers of the parts in the order in which they are played; (): drawn anew each time, until it is long.
    """

    def __init__(
        self, rng: np.random.Generator, seconds: float = 70.0, metre: int = 0, plan: tuple[int, ...] = ()
    ) -> None:
        self._rng, self._seconds, self._plan = rng, seconds, plan
        metre = metre or int(rng.choice([4, 3, 6, 7], p=[0.7, 0.12, 0.1, 0.08]))
        bpm = float(np.exp(rng.uniform(np.log(62), np.log(205)))) if metre != 6 else float(rng.uniform(110, 210))
        swing = float(rng.choice([0.5, 0.5, 0.5, 0.62, 0.667])) if metre in (3, 4) and bpm < 150 else 0.5
        drift = float(rng.choice([0.0, 0.01, 0.03, 0.08]))
        self._feel = Feel(metre, 60.0 / bpm, swing, float(rng.uniform(0.0, 0.012)), drift)
        self._key, self._scale = int(rng.integers(12)), SCALES[rng.integers(len(SCALES))]
        self.score, self.truth = Score(), Truth()
        self._drummed = rng.random() < 0.9
        self.score.programs = {
            DRUM_CHANNEL: int(rng.choice(KITS)),
            0: int(rng.choice(BASSES)),
            1: int(rng.choice(CHORDS)),
            2: int(rng.choice(LEADS)),
            3: int(rng.choice(CHORDS)),
        }
        self._t_s = float(rng.uniform(0.1, 1.5))

    def make(self) -> tuple[mido.MidiFile, Truth]:
        """The song and its truth."""
        rng = self._rng
        kinds = [self._section_kind(4 + index) for index in range(3 if not self._plan else 1 + max(self._plan))]
        self._mark(0.0, self._t_s, "silence")
        coming = list(self._plan)
        while coming if self._plan else self._t_s < self._seconds:
            index = coming.pop(0) if coming else int(rng.integers(3))
            if not self.truth.sections or self.truth.sections[-1][1] != index:
                self.truth.sections.append((self._t_s, index))
            self._section(kinds[index])
        self.truth.end_s = self._t_s + 1.0
        self._mark(self._t_s, self.truth.end_s, "silence")
        return self.score.midi(), self.truth

    def _section_kind(self, channel: int) -> dict[str, object]:
        rng, metre = self._rng, self._feel.metre
        self.score.programs[channel] = int(rng.choice(ALONE))
        steps = 2 * metre
        back = {4: [2, 6], 3: [2, 4], 6: [6], 7: [4, 8, 12]}[metre]
        if metre == 4 and rng.random() < 0.2:
            back = [4]
        if metre == 4 and rng.random() < 0.06:
            back = list(range(1, 8, 2))
        kick = (rng.random(steps) < rng.uniform(0.05, 0.3)) & ~np.isin(np.arange(steps), back)
        kick[0] = rng.random() < 0.95
        if metre == 4 and rng.random() < 0.5:
            kick[4] = True
        if metre == 4 and rng.random() < 0.15:
            kick[::2] = True
        return {
            "bars": int(rng.choice([4, 8, 8, 8, 16])),
            "alone": channel if rng.random() < 0.12 else 0,
            "kick": kick,
            "back": back,
            "hat": int(rng.choice([0, 1, 2, 2, 4])),
            "hat_note": int(rng.choice([HAT, HAT, RIDE, OPEN_HAT])),
            "roots": [int(one) for one in rng.choice(7, 4, p=[0.3, 0.08, 0.07, 0.2, 0.2, 0.12, 0.03])],
            "harmony": rng.random() < 0.85,
            "lead": rng.random() < 0.6,
            "strum": int(rng.choice([1, 1, 2, metre, 2 * metre])),
            "level": float(rng.uniform(0.5, 1.0)),
        }

    def _mark(self, from_s: float, to_s: float, kind: str) -> None:
        if self.truth.kinds and self.truth.kinds[-1][2] == kind:
            self.truth.kinds[-1] = (self.truth.kinds[-1][0], to_s, kind)
        elif to_s > from_s:
            self.truth.kinds.append((from_s, to_s, kind))

    def _section(self, one: dict[str, object]) -> None:
        rng, begun_s = self._rng, self._t_s
        bars = int(one["bars"])  # type: ignore[call-overload]
        drummed = self._drummed and not one["alone"]
        fill = rng.random() < 0.6
        if drummed and rng.random() < 0.7:
            self._drum(self._t_s, CRASH if rng.random() < 0.7 else 57, 0.9)
        for bar in range(bars):
            self._bar(one, bar, drummed=drummed, fill=fill and bar == bars - 1)
        self._mark(begun_s, self._t_s, "solo" if one["alone"] else "band")
        if self.score.programs[2] in VOICES and one["lead"] and not one["alone"]:
            self.truth.voice.append((begun_s, self._t_s))
        if one["alone"] and self.score.programs[int(one["alone"])] in VOICES:
            self.truth.voice.append((begun_s, self._t_s))
        if rng.random() < 0.08:
            self._silent_bars(int(rng.integers(1, 5)))

    def _silent_bars(self, bars: int) -> None:
        begun_s = self._t_s
        for _ in range(bars):
            self._times()
        self._mark(begun_s + 0.5, self._t_s, "silence")

    def _times(self) -> np.ndarray:
        """(2 * metre + 1,) times of the bar's half beats and of the next bar; writes down the beats."""
        feel, rng, times = self._feel, self._rng, []
        for beat in range(feel.metre):
            long_s = feel.beat_s * (1.0 + feel.drift * np.sin(0.13 * self._t_s + feel.metre))
            self.truth.beats.append((self._t_s, beat + 1))
            times += [self._t_s, self._t_s + feel.swing * long_s]
            self._t_s += long_s * (1.0 + 0.1 * feel.loose_s * rng.standard_normal())
        return np.array([*times, self._t_s])

    def _loosely(self, t_s: float) -> float:
        return t_s + self._feel.loose_s * float(np.clip(self._rng.standard_normal(), -2, 2))

    def _drum(self, t_s: float, note: int, velocity: float) -> None:
        t_s = max(0.0, self._loosely(t_s))
        velocity = float(np.clip(velocity + 0.1 * self._rng.standard_normal(), 0.15, 1.0))
        self.score.play(t_s, 0.1, DRUM_CHANNEL, note, velocity)
        if note in CLASS_OF_NOTE:
            self.truth.drums.append((t_s, CLASS_OF_NOTE[note], velocity))

    def _bar(self, one: dict, bar: int, *, drummed: bool, fill: bool) -> None:  # type: ignore[type-arg]
        times = self._times()
        root = one["roots"][bar % 4 if one["harmony"] else 0]
        if drummed:
            self._drums(one, times, fill=fill)
        if one["alone"]:
            self._lone(times, root, int(one["alone"]))
            return
        self._bass(one, times, root)
        self._chords(one, times, root)
        if one["lead"]:
            self._lead(times, root, 2, one["level"])

    def _drums(self, one: dict, times: np.ndarray, *, fill: bool) -> None:  # type: ignore[type-arg]
        rng, steps, level = self._rng, len(times) - 1, one["level"]
        from_step = steps - int(rng.choice([2, 4, steps])) if fill else steps
        for step in range(min(from_step, steps)):
            if one["kick"][step]:
                self._drum(times[step], 36, 0.85 * level + 0.1)
            if step in one["back"]:
                self._drum(times[step], int(rng.choice([38, 38, 40])), 0.85 * level + 0.1)
            elif rng.random() < 0.04:
                self._drum(times[step], 38, 0.3)
            if one["hat"] and step % max(1, 2 // one["hat"]) == 0:
                self._drum(times[step], one["hat_note"], 0.55 * level)
            if one["hat"] == 4:
                self._drum(0.5 * (times[step] + times[step + 1]), one["hat_note"], 0.4 * level)
        for step in range(from_step, steps):
            note = int(rng.choice([38, 50, 47, 45, 43, 41]))
            self._drum(times[step], note, 0.8)
            if rng.random() < 0.6:
                self._drum(0.5 * (times[step] + times[step + 1]), note, 0.75)
            if rng.random() < 0.3:
                self._drum(times[step], 36, 0.8)

    def _pitch(self, degree: int, octave: int) -> int:
        return 12 * (octave + degree // 7) + self._key + self._scale[degree % 7]

    def _bass(self, one: dict, times: np.ndarray, root: int) -> None:  # type: ignore[type-arg]
        for step in range(len(times) - 1):
            if step == 0 or one["kick"][step] or self._rng.random() < 0.15:
                degree = root if step == 0 or self._rng.random() < 0.8 else root + int(self._rng.integers(7))
                self.score.play(
                    self._loosely(times[step]),
                    times[step + 1] - times[step],
                    0,
                    self._pitch(degree, 3),
                    0.75 * one["level"],
                )

    def _chords(self, one: dict, times: np.ndarray, root: int) -> None:  # type: ignore[type-arg]
        steps, strum = len(times) - 1, min(one["strum"], len(times) - 1)
        for at in range(strum):
            step = at * steps // strum
            end = (at + 1) * steps // strum
            for degree in (0, 2, 4):
                self.score.play(
                    self._loosely(times[step]),
                    times[end] - times[step],
                    1,
                    self._pitch(root + degree, 5),
                    0.5 * one["level"],
                )

    def _lead(self, times: np.ndarray, root: int, channel: int, level: float) -> None:
        rng, step = self._rng, 0
        while step < len(times) - 1:
            long = int(rng.choice([1, 1, 2, 3, 4]))
            if rng.random() < 0.75:
                degree = root + int(rng.choice([0, 2, 4, 1, 3, 5, 6, 7]))
                end_s = times[min(step + long, len(times) - 1)]
                self.score.play(
                    self._loosely(times[step]),
                    0.95 * (end_s - times[step]),
                    channel,
                    self._pitch(degree, 5),
                    0.75 * level,
                )
            step += long

    def _lone(self, times: np.ndarray, root: int, channel: int) -> None:
        self._lead(times, root, channel, 0.9)
        if self.score.programs[channel] < 30:
            self.score.play(times[0], times[-1] - times[0], channel, self._pitch(root, 4), 0.6)
            self.score.play(times[0], times[-1] - times[0], channel, self._pitch(root + 4, 4), 0.5)
