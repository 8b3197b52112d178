"""How light and music go together, from the music and the light alone.

Definitions and parameters: Kohl, Wursthorn, Weiss, "Automatic Stage Lighting", ACM MM 2025, and Wursthorn et al.,
PETRAE 2025; self-similarity, smoothing and the checkerboard kernel as in libfmp (Müller and Zalkow, 2021). All at 30
frames a second. Ours: smoothing and kernels never reach over the ends of a song (zeros there would give a constant
light a structure); hue enters as sine and cosine scaled to 0..1; shifts of structure are in frames of the matrix, a
third of a second each; where one side never moves a correlation is 0. A light is a row of tokens or a rendered rig; the
hue of a rig counts as far as it is saturated, since white has none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from controller.arrays import Float64Array, FloatingArray, IntArray
from controller.metrics.against_reference import HUES, changes, pearson
from controller.metrics.craft import hop_of
from controller.metrics.seen_rig import SeenRig
from controller.metrics.stops import Stop
from controller.sound_format import HOP_S

RATE_HZ = 30
BLOCK_S = 4.0
SMOOTH_FRAMES = 81
EVERY = 10
MATRIX_SHIFT = 3
KERNEL_HALF = 15
KERNEL_WIDTH = 0.5  # of the half kernel, as in libfmp
PROMINENCE = 0.15
APART_FRAMES = 16
BEAT_WIDTH_FRAMES = 0.5
BEAT_SHIFT = 2
SHIFTS = 8
SMALLEST_SHIFT_S = 20.0
SECTION_S = 2.0
"""Less of a section says nothing of its look."""


@dataclass(frozen=True, slots=True)
class MusicFeatures:
    """A song as a library hears it (never the model under test), at 30 frames a second.

    Attributes:
        chroma: (frames, 12) 0..1. onsets: (frames,) onset envelope. rms: (frames,) root mean square.
        beats, downbeats, section_starts: frame numbers. section_kinds: (sections,) equal numbers sound alike.
        stops: dead stops of the band.
    """

    chroma: FloatingArray
    onsets: FloatingArray
    rms: FloatingArray
    beats: IntArray
    downbeats: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    section_starts: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    section_kinds: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    stops: tuple[Stop, ...] = ()

    @property
    def marks_s(self) -> dict[str, Float64Array]:
        """Seconds of beats, downbeats and section starts."""
        return {name: getattr(self, name) / RATE_HZ for name in ("beats", "downbeats", "section_starts")}

    def until(self, end_s: float) -> "MusicFeatures":
        """The song as far as that; a section that has only begun is left out."""
        begun = self.section_starts < (end_s - SECTION_S) * RATE_HZ
        beats, downbeats = (marks[marks < end_s * RATE_HZ] for marks in (self.beats, self.downbeats))
        stops = tuple(one for one in self.stops if one.at_s < end_s)
        kinds = self.section_kinds[begun] if len(self.section_kinds) else self.section_kinds
        return replace(
            self, beats=beats, downbeats=downbeats, section_starts=self.section_starts[begun], section_kinds=kinds,
            stops=stops,
        )  # fmt: skip

    def marks(self) -> dict[str, IntArray]:
        """Hops that can first hear beats, downbeats and section starts."""
        return {name: hop_of(getattr(self, name) / RATE_HZ) for name in ("beats", "downbeats", "section_starts")}


def smooth(features: FloatingArray) -> Float64Array:
    """Moving average over 81 frames, every 10th kept: (frames, d) to (frames / 10, d)."""
    total = np.cumsum(np.concatenate([np.zeros((1, features.shape[1])), features]), axis=0)
    centre = np.arange(0, len(features), EVERY)
    first = np.maximum(centre - SMOOTH_FRAMES // 2, 0)
    last = np.minimum(centre + SMOOTH_FRAMES // 2 + 1, len(features))
    return np.asarray((total[last] - total[first]) / (last - first)[:, None])


def self_similarity(features: FloatingArray) -> npt.NDArray[np.float32]:
    """S(i, j) = 1 - ||x_i - x_j|| / sqrt(d) of smoothed features: (frames, d) in 0..1 to (n, n)."""
    x = smooth(features)
    squares = np.square(x).sum(axis=1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2.0 * (x @ x.T), 0.0))
    distance[distance < 1e-6] = 0.0  # what rounding leaves of equal frames
    return np.asarray(1.0 - distance / np.sqrt(x.shape[1]), np.float32)


def structure(music: FloatingArray, light: FloatingArray) -> float:
    """Pearson correlation of two self-similarity matrices (n, n), the best of shifts by up to three frames."""
    n = len(music)
    if n <= MATRIX_SHIFT:
        return 0.0
    found = [pearson(music, light)]
    for by in range(1, MATRIX_SHIFT + 1):
        late, early = slice(by, n), slice(0, n - by)
        found += [pearson(music[late, late], light[early, early]), pearson(music[early, early], light[late, late])]
    return max(found)


def novelty_curve(similarity: FloatingArray) -> Float64Array:
    """Response of a Gaussian checkerboard kernel of 31 frames along the diagonal, away from the edges: (n - 30,)."""
    size = 2 * KERNEL_HALF + 1
    if len(similarity) < size:
        return np.zeros(0)
    axis = np.arange(-KERNEL_HALF, KERNEL_HALF + 1)
    taper = np.sign(axis) * np.exp(-np.square(axis / (KERNEL_HALF * KERNEL_WIDTH)) / 2.0)
    places = np.arange(len(similarity) - size + 1)
    windows = sliding_window_view(similarity, (size, size))[places, places]
    return np.asarray(windows @ taper @ taper / np.square(np.abs(taper).sum()), np.float64)


def novelty(music: FloatingArray, light: FloatingArray) -> float:
    """Pearson correlation of the novelty curves of two self-similarity matrices."""
    ours, theirs = novelty_curve(music), novelty_curve(light)
    if len(ours) < 2 or min(float(np.ptp(ours)), float(np.ptp(theirs))) < 1e-6:
        return 0.0
    return pearson(ours, theirs)


def block_correlation(a: FloatingArray, b: FloatingArray, rate_hz: float) -> float:
    """Pearson correlation of sums over four-second blocks; 0 with fewer than three blocks.

    The publication divides each side by its maximum, which a correlation does not see.

    Args:
        a, b: (frames,) of the same rate.
    """
    size = round(BLOCK_S * rate_hz)
    count = min(len(a), len(b)) // size
    if count < 3:
        return 0.0
    ours, theirs = (np.asarray(one[: count * size], np.float64).reshape(count, size).sum(axis=1) for one in (a, b))
    if min(float(ours.std()), float(theirs.std())) < 1e-9:
        return 0.0
    return pearson(ours, theirs)


def peak_starts(curve: FloatingArray) -> IntArray:
    """Frames at which peaks are reached: prominence 0.15 or more, at least 16 frames apart, the higher one staying.

    The same as `scipy.signal.find_peaks` (1.17), each peak moved back to where its plateau starts.
    """
    first = np.concatenate([[0], np.flatnonzero(np.diff(curve)) + 1])
    level = np.asarray(curve, np.float64)[first]
    middle = (first + np.concatenate([first[1:], [len(curve)]]) - 1) // 2
    peaks = np.flatnonzero((level[1:-1] > level[:-2]) & (level[1:-1] > level[2:])) + 1
    keep = np.ones(len(peaks), np.bool_)
    for peak in np.argsort(level[peaks], kind="stable")[::-1]:
        if keep[peak]:
            keep &= np.abs(middle[peaks] - middle[peaks[peak]]) >= APART_FRAMES
            keep[peak] = True
    prominent = [peak for peak in peaks[keep] if _prominence(level, int(peak)) >= PROMINENCE]
    return first[np.array(prominent, np.int64)]


def _prominence(level: Float64Array, peak: int) -> float:
    """How far one has to go down from a peak before the way leads higher up, on the better side."""
    higher = np.flatnonzero(level > level[peak])
    after = int(np.searchsorted(higher, peak))
    first = int(higher[after - 1]) + 1 if after else 0
    last = int(higher[after]) if after < len(higher) else len(level)
    return float(level[peak] - max(level[first : peak + 1].min(), level[peak:last].min()))


def on_beats(curve: FloatingArray, beats: IntArray) -> float:
    """How exactly peaks of a curve fall on beats: mean of exp(-(frames to the nearest beat)² / (2 · 0.5²)).

    The best of shifts by up to two frames; 0 without peaks or beats.
    """
    peaks = peak_starts(curve)
    if len(peaks) == 0 or len(beats) == 0:
        return 0.0
    found = []
    for by in range(-BEAT_SHIFT, BEAT_SHIFT + 1):
        distance = np.abs(peaks[:, None] + by - beats[None, :]).min(axis=1)
        found.append(float(np.exp(-np.square(distance / BEAT_WIDTH_FRAMES) / 2.0).mean()))
    return max(found)


def colour_variation(hue: npt.NDArray[np.number], around: float = HUES) -> float:
    """Standard deviation of hue as a share of the circle, around its circular mean: 0.289 for uniform hues.

    The publication takes the larger of hue and saturation; a token's saturation never changes.
    """
    angle = np.asarray(hue) * (2.0 * np.pi / around)
    mean = np.arctan2(np.sin(angle).mean(), np.cos(angle).mean())
    away = (angle - mean + np.pi) % (2.0 * np.pi) - np.pi
    return float(np.sqrt(np.square(away - away.mean()).mean()) / (2.0 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """A light as a whole, n moments.

    Attributes:
        intensity, saturation: (n,) 0..1. angle: (n,) hue in radians. change: (n,) how much since the moment before.
    """

    intensity: Float64Array
    angle: Float64Array
    saturation: Float64Array
    change: Float64Array

    @classmethod
    def of_tokens(cls, light: IntArray) -> "Appearance":
        """Light (n, 2), hue and value."""
        hue_change, value_change = changes(light)
        change = np.concatenate([[0.0], hue_change / 90.0 + value_change / 255.0])
        angle: Float64Array = light[:, 0] * np.float64(2.0 * np.pi / HUES)
        return cls(light[:, 1] / 255.0, angle, np.ones(len(light)), change)

    @classmethod
    def of_rig(cls, rig: SeenRig) -> "Appearance":
        """A rendered rig."""
        return cls(rig.intensity, np.radians(rig.rig_hue_deg), rig.rig_saturation, rig.change)

    def __len__(self) -> int:
        return len(self.intensity)

    def at(self, places: IntArray) -> "Appearance":
        """Those moments; one that comes again at once changes nothing."""
        again = np.concatenate([[False], np.diff(places) == 0])
        change = np.where(again, 0.0, self.change[places])
        return Appearance(self.intensity[places], self.angle[places], self.saturation[places], change)

    def shifted(self, by: int) -> "Appearance":
        """So many moments later, the end before the beginning."""
        return Appearance(*(np.roll(one, by) for one in (self.intensity, self.angle, self.saturation, self.change)))


def shifts(length: int, rate_hz: float) -> IntArray:
    """Eight circular shifts of 20 s or more, to either side of the song; none where it is too short for eight."""
    smallest = round(SMALLEST_SHIFT_S * rate_hz)
    if length - 2 * smallest < SHIFTS:
        return np.zeros(0, np.int64)
    return np.linspace(smallest, length - smallest, SHIFTS).astype(np.int64)


def lift(measure: Callable[[npt.NDArray[np.generic]], float], light: npt.NDArray[np.generic], rate_hz: float) -> float:
    """A score less its mean over the same light shifted circularly: the part that is about this very music.

    Args:
        measure: score of a light. light: (frames, ...) at `rate_hz`.

    Returns:
        NaN where the light is too short to be shifted.
    """
    by = shifts(len(light), rate_hz)
    if len(by) == 0:
        return float("nan")
    return measure(light) - float(np.mean([measure(np.roll(light, int(one), axis=0)) for one in by]))


class AgainstMusic:
    """All metrics of one song's light against its music; what concerns the music alone is computed once.

    Args:
        music: the song. hops: length of the lights. first_s: time of hop 0; a hop's light is held from its time on.
    """

    def __init__(self, music: MusicFeatures, hops: int, first_s: float = HOP_S) -> None:
        end_s = min(len(music.rms) / RATE_HZ, first_s + hops * HOP_S)
        frames = max(int(end_s * RATE_HZ + 1e-6), 1)
        hop = np.floor((np.arange(frames) / RATE_HZ - first_s) / HOP_S + 1e-6).astype(np.int64)
        self._hop_of_frame = np.clip(hop, 0, hops - 1)
        self._rms, self._onsets = music.rms[:frames], music.onsets[:frames]
        self._beats = music.beats[music.beats < frames]
        self._matrix = self_similarity(music.chroma[:frames])

    def scores(self, light: IntArray | Appearance) -> dict[str, float]:
        """Every metric by name.

        Args:
            light: (hops, 2) tokens, or how a rig looks, `hops` moments.
        """
        held = (light if isinstance(light, Appearance) else Appearance.of_tokens(light)).at(self._hop_of_frame)
        around = held.saturation[:, None] * np.stack([np.sin(held.angle), np.cos(held.angle)], axis=1)
        colour = 0.5 + 0.5 * around
        whole = self_similarity(np.column_stack([held.intensity, colour, held.saturation]))
        return {
            "structure": structure(self._matrix, whole),
            "novelty": novelty(self._matrix, whole),
            "loudness_brightness": block_correlation(self._rms, held.intensity, RATE_HZ),
            "onset_change": block_correlation(self._onsets, held.change, RATE_HZ),
            "beat_peak": on_beats(held.intensity, self._beats),
            "beat_valley": on_beats(-held.intensity, self._beats),
            "intensity_variation": float(held.intensity.std()),
            "colour_variation": max(colour_variation(held.angle, 2.0 * np.pi), float(held.saturation.std())),
            "colour_structure": structure(self._matrix, self_similarity(colour)),
        }

    def lifts(self, light: IntArray | Appearance) -> dict[str, float]:
        """Each score less its mean over eight circular shifts; NaN where the light is too short for them.

        The variations have none: a shift does not change them.
        """
        shown = light if isinstance(light, Appearance) else Appearance.of_tokens(light)
        here = self.scores(shown)
        wrong = [self.scores(shown.shifted(int(by))) for by in shifts(len(shown), 1.0 / HOP_S)]
        return {
            name: score - float(np.mean([one[name] for one in wrong])) if wrong else float("nan")
            for name, score in here.items()
            if not name.endswith("_variation")
        }
