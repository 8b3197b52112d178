"""What is heard of the band beside its level: beats and bars, drums, voice, what kind of sound it is, energy.

block ──► Front (272 numbers, 50 a second) ──┬─► network (beat, one) ──────────────────┬─► BeatWatch  ──► Beat
                                             ├─► network (drums, voice, kind, one) ────┼─► Drums      ──► DrumHit
                                             │                                         └─► KindWatch  ──► kind, voice
                                             └─► EnergyWatch ──► Energy

The network of beats reads the frames of a hop (0.1 s) in one call. The same sound gives the same, however it was cut
into blocks. Edge: networks.
"""

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.artefacts.artefact import Manifest
from controller.listening.time.beats import Beat, BeatWatch
from controller.listening.time.drums import DrumHit, Drums
from controller.listening.time.energy import Energy, EnergyWatch, mean
from controller.listening.time.frame_network import FrameNetwork, open_networks
from controller.listening.time.front import BANDS, FIRST_FRAMES, FRAME_S, Front, Resampler
from controller.listening.time.kinds import KindWatch
from controller.listening.time.outputs import DELAY, Kind
from controller.messages import AudioBlock, Operator
from controller.sound_format import SAMPLE_RATE_HZ

OWN_SHARE = 0.4
"""What our own network says of a beat, beside BeatNet's three."""
SILENT = 1e-4
"""Root mean square of a frame below which nothing is heard."""
FORGET_S = 10.0
"""After so long a silence the next sound is another song: a band that stops for four bars goes on in its beat."""


@dataclass(frozen=True, slots=True)
class HeardFrame:
    """One frame of 20 ms: bands (136,), mean growth of the bands, 0..1 how likely somebody sings, and its moment."""

    t_s: float
    bands: Float32Array
    growth: float
    voice: float


class Hearing:
    """Hears blocks; what the newest one made known stands in its attributes.

    Many attributes: three networks' states, the four that watch them, and what they told, each one object.

    Args:
        folder: of the artefact. manifest: of the same.
        drum_column: of the blocks, that holds the drums alone; 0, the mix: there is none.

    Attributes:
        frames: that the newest block completed. told: beats that it made known. hits: of drums. energies: ten a second.
        energy: the newest, None before the first.
        kind: of sound; "" where no network tells it. voice: whether somebody sings. kind_sure: 0..1.
    """

    def __init__(self, folder: Path, manifest: Manifest, drum_column: int = 0) -> None:
        self._beats, self._sound = open_networks(folder, manifest)
        self._stem = DrumStem(self._sound.another(), drum_column) if drum_column and self._sound else None
        self._samples, self._silent_s = 0, 0.0
        self._people = self._wanted = Operator()
        self.frames: list[HeardFrame] = []
        self.told: list[Beat] = []
        self.hits: list[DrumHit] = []
        self.energies: list[Energy] = []
        self.energy: Energy | None = None
        self._start()

    def _start(self) -> None:
        """As before the first sound."""
        self._front, self._beat_watch, self._drums = Front(), BeatWatch(), Drums()
        self._kinds, self._energy = KindWatch(), EnergyWatch()
        for network in (self._beats, self._sound):
            if network is not None:
                network.reset()
        self._begun, self._frames = self._samples, 0
        self._waiting: list[Float32Array] = []
        # what is read together ends with a hop
        self._lacks = self._beats.together - -FIRST_FRAMES % self._beats.together
        self._late: deque[tuple[Float32Array, float]] = deque(maxlen=DELAY + 1)

    def obey(self, people: Operator) -> None:
        """What people say of the beat: tapped, twice as fast, this is one. From any thread; the next block heeds it."""
        self._wanted = people

    def _heed(self, people: Operator) -> None:
        before, self._people = self._people, people
        if people.beat_t_s != before.beat_t_s and people.beat_s > 0.0:
            self._beat_watch.told_tempo(people.beat_s)
        if people.octave != before.octave:
            self._beat_watch.told_octave(people.octave - before.octave)
        if people.one_t_s != before.one_t_s and people.one_t_s > 0.0:
            self._beat_watch.told_one(people.one_t_s)

    @property
    def newest(self) -> Beat | None:
        """The beat told last; None before the first, and after a long silence."""
        return self._beat_watch.newest

    @property
    def weighed(self) -> tuple[float, Float64Array | None] | None:
        """When the beat sounded that was weighed last, and its traits; None before the first."""
        return self._beat_watch.weighed

    @property
    def kind(self) -> Kind | str:
        """What kind of sound it is; "" where no network tells."""
        return "" if self._sound is None else self._kinds.kind

    @property
    def drummed(self) -> bool:
        """Whether somebody drums; True where no network hears drums."""
        return self._sound is None or self._kit.played

    @property
    def hits_s(self) -> tuple[float, ...]:
        """When each drum of `DRUMS` was hit last; -inf: not yet."""
        return self._kit.newest_s

    @property
    def _kit(self) -> Drums:
        """What hears the drums: in their own stem, where there is one."""
        return self._drums if self._stem is None else self._stem.drums

    @property
    def kind_since_s(self) -> float:
        """When that began, which is before it was known."""
        return self._kinds.since_s

    @property
    def kind_sure(self) -> float:
        """How sure that is, 0..1."""
        return self._kinds.sure

    @property
    def voice(self) -> bool:
        """Whether somebody sings."""
        return self._kinds.voice

    def hear(self, block: AudioBlock) -> None:
        """Take a block."""
        if self._wanted is not self._people:
            self._heed(self._wanted)
        self.frames, self.told, self.hits, self.energies = [], [], [], []
        mix = block.samples[:, 0]
        first_s = block.t_s - (self._samples - self._begun + len(mix)) / SAMPLE_RATE_HZ
        for frame in self._front.feed(mix):
            self._waiting.append(frame)
            if len(self._waiting) == self._lacks:
                self._together(first_s - Resampler.delay_s, block.t_s)
        if self._stem is not None:
            self.hits = self._stem.hear(block)
        self._samples += len(mix)
        self._notice_silence(mix)

    def _together(self, begun_s: float, known_s: float) -> None:
        """The frames that wait for a call of the network of beats."""
        frames, self._waiting, self._lacks = self._waiting, [], self._beats.together
        for frame, beats in zip(frames, self._beats.hear(frames), strict=True):
            self._frame(frame, beats, begun_s + self._frames * FRAME_S, known_s)
            self._frames += 1

    def _frame(self, frame: Float32Array, beats: Float32Array, t_s: float, known_s: float) -> None:
        """One frame, whose middle is at `t_s`; what the second network says of it comes `DELAY` frames later.

        Args:
            beats: (2,) what the first network says of it.
        """
        flux = float(frame[BANDS:].sum())
        voice, heard_s, hits = 0.0, t_s, list[DrumHit]()
        energy = self._energy.hear(frame, t_s)
        if energy is not None:
            self.energies.append(energy)
            self.energy = energy
        if self._sound is not None:
            heard, quiet = self._sound.hear([frame])[0], _quiet(frame)
            self._late.append((beats, flux))
            beats, flux = self._late[0]
            t_s -= (len(self._late) - 1) * FRAME_S
            likely = (1.0 - OWN_SHARE) * float(beats.sum()) + OWN_SHARE * max(float(heard[0]), float(heard[1]))
            said = np.array([*beats, heard[1]], np.float32)
            hits = self._drums.hear(heard[2:6], t_s, known_s)
            self.hits += hits
            voice = float(heard[6])
            self._kinds.hear(heard[7:], voice, t_s, quiet=quiet)
        else:
            likely, said = float(beats.sum()), np.array([*beats, np.nan], np.float32)
        bands = frame[:BANDS]
        self.frames.append(HeardFrame(heard_s, bands, flux / BANDS, voice))
        self._beat_watch.sounds(bands, hits, heard_s)
        told = self._beat_watch.hear(likely, said, flux, t_s, known_s, still=self._energy.still)
        if told is not None:
            self.told.append(told)

    def _notice_silence(self, mix: Float32Array) -> None:
        quiet = float(np.dot(mix, mix)) < SILENT**2 * max(1, len(mix))
        self._silent_s = self._silent_s + len(mix) / SAMPLE_RATE_HZ if quiet else 0.0
        if self._silent_s > FORGET_S and self.newest is not None:
            self._start()


class DrumStem:
    """Hears the drums where they are alone.

    Args:
        network: of drums, with a state of its own. column: of the blocks.
    """

    def __init__(self, network: FrameNetwork, column: int) -> None:
        self._network, self._column = network, column
        self._front, self.drums = Front(), Drums()
        self._begun_s: float | None = None
        self._frames = 0

    def hear(self, block: AudioBlock) -> list[DrumHit]:
        """The hits that a block makes known."""
        stem = block.samples[:, self._column]
        if self._begun_s is None:
            self._begun_s = block.t_s - len(stem) / SAMPLE_RATE_HZ - Resampler.delay_s
        found = []
        for frame in self._front.feed(stem):
            t_s = self._begun_s + (self._frames - DELAY) * FRAME_S
            found += self.drums.hear(self._network.hear([frame])[0, 2:6], t_s, block.t_s)
            self._frames += 1
        return found


QUIET_BAND = 0.002
"""Mean of the bands below which a frame is silent: about -60 dBFS."""


def _quiet(frame: Float32Array) -> bool:
    return mean(frame[:BANDS]) < QUIET_BAND
