"""Where the beats and bars of a file truly are, when its header's grid does not fit its notes. Pure.

Transcriptions and performances carry a nominal tempo, and some programs write 1/4 for every metre. Beats are found in
the notes' own times by dynamic programming over how strongly notes begin (Ellis, "Beat Tracking by Dynamic
Programming", J. New Music Research 2007); bars, of three or four beats, by where the bass strikes and the harmony
changes.
"""

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, Float64Array, IntArray
from tools.train.symbolic.grid import Grid, grid_of_beats
from tools.train.symbolic.reading import Score
from tools.train.symbolic.vocabulary import PERCUSSION, time_signature_code

RATE_HZ = 100
SIXTEENTH, NEAR = 0.25, 0.04
"""Of a quarter: where notes of a grid begin, and how near to it."""
FITS = 0.65
"""Share of a file's notes that begin near its own sixteenths (or triplets) from which on its grid is believed."""
FEWEST_NOTES, LONGEST_S = 24, 3_600.0
SLOWEST_BPM, FASTEST_BPM, USUAL_BPM, NOMINAL_BPM, SPREAD_OCTAVES = 50.0, 210.0, 100.0, 120.0, 0.6
TIGHT = 100.0
"""How dearly a beat pays for not being where the tempo has it, in spreads of the strengths."""
BASS = 55
"""Notes below this pitch tell where bars begin."""


def beats_of(score: Score) -> Grid | None:
    """Bars and beats found in a score's notes, in seconds; None where its own grid fits, or nothing can be found."""
    own = fits(score)
    if len(score.onsets) < FEWEST_NOTES or (own and not placeholder(score)):
        return None
    onset_s = score.seconds(score.onsets)
    if onset_s.max() > LONGEST_S:
        return None
    strong = strengths(score, onset_s)
    beats_s = track(strong, period_of(strong, header_bpm(score), sure=own))
    if len(beats_s) < 2 * 4:
        return None
    count, first = bar_of(score, onset_s, beats_s)
    firsts = np.arange(first, len(beats_s), count)
    code = time_signature_code(count, 4)
    return grid_of_beats(beats_s, firsts, np.full(len(firsts), code))


def fits(score: Score) -> bool:
    """Whether most notes begin on the sixteenths or the triplets of the file's own quarters."""
    quarters = score.onsets / score.ticks_per_quarter
    shares = [float((np.abs(quarters - np.rint(quarters / step) * step) <= NEAR).mean()) for step in (0.25, 1.0 / 3.0)]
    return max(shares) >= FITS


def placeholder(score: Score) -> bool:
    """Whether the file's bars are single beats, which no music has."""
    return bool((np.diff(score.grid.bar_starts) <= round(16 * (1.0 + NEAR))).all()) and len(score.grid.bar_starts) > 2


def strengths(score: Score, onset_s: Float64Array) -> Float64Array:
    """How strongly notes begin, at 100 Hz, (n,): loud ones more, low ones more, chords as a whole."""
    curve = np.zeros(int(onset_s.max() * RATE_HZ) + 2 * RATE_HZ)
    low = np.where((score.pitches < BASS) | (score.instruments == PERCUSSION), 1.5, 1.0)
    np.add.at(curve, np.rint(onset_s * RATE_HZ).astype(np.int64), low * score.velocities / 127.0)
    bell = np.exp(-0.5 * (np.arange(-6, 7) / 2.0) ** 2)
    smooth = np.sqrt(np.convolve(curve, bell, mode="same"))
    return smooth / max(float(smooth.std()), 1e-9)


def header_bpm(score: Score) -> float | None:
    """The tempo that a file's header says; None where it has none of its own: 120 is what nobody wrote."""
    said = [bpm for _, bpm in score.tempi]
    return None if set(said) == {NOMINAL_BPM} else float(np.median(said))


def period_of(curve: Float64Array, bpm: float | None = None, *, sure: bool = False) -> int:
    """The likeliest beat in hundredths of a second: how like itself the music is a beat, two beats and a bar later,
    weighted by how usual the tempo is.

    Args:
        bpm: of the file's header. sure: the notes begin on the header's sixteenths, only which of them is a beat is not
            known.
    """
    size = 1 << int(np.ceil(np.log2(2 * len(curve))))
    power = np.abs(np.fft.rfft(curve - curve.mean(), size)) ** 2
    alike = np.fft.irfft(power, size)
    lags = np.arange(round(60 * RATE_HZ / FASTEST_BPM), round(60 * RATE_HZ / SLOWEST_BPM) + 1)
    alike -= np.median(alike[lags[0] : 4 * lags[-1]])  # what any two moments have in common
    spread = SPREAD_OCTAVES * (1.0 if bpm is None else 0.05 if sure else 0.3)
    usual = np.exp(-0.5 * (np.log2(60.0 * RATE_HZ / lags / (bpm or USUAL_BPM)) / spread) ** 2)
    two, three, four = (alike[np.minimum(times * lags, len(alike) - 1)] for times in (2, 3, 4))
    return int(lags[np.argmax(usual * (alike[lags] + 0.5 * two + np.maximum(three, four)))])


def track(curve: Float64Array, period: int) -> Float64Array:
    """Times of the beats in seconds, (B,): the row of moments that are strong and about a period apart."""
    back = np.arange(-2 * period, -period // 2)
    toll = -TIGHT * np.log(-back / period) ** 2
    score, before = curve.copy(), np.full(len(curve), -1)
    for at in range(2 * period, len(curve)):
        best = score[at + back] + toll
        chosen = int(np.argmax(best))
        if best[chosen] > 0.0:
            score[at], before[at] = curve[at] + best[chosen], at + back[chosen]
    at = len(score) - 1 - 2 * period + int(np.argmax(score[-2 * period - 1 :]))
    found = []
    while at >= 0:
        found.append(at)
        at = int(before[at])
    return np.array(found[::-1], np.float64) / RATE_HZ


def bar_of(score: Score, onset_s: Float64Array, beats_s: Float64Array) -> tuple[int, int]:
    """How many beats a bar has, 3 or 4, and which beat is the first of one."""
    beat = np.clip(
        np.searchsorted(beats_s, onset_s + 0.25 * float(np.median(np.diff(beats_s))), side="right") - 1, 0, None
    )
    pitched = score.instruments != PERCUSSION
    accent = _bass(score, beat, pitched, len(beats_s)) + _turns(score, beat, pitched, len(beats_s))
    best, found = -np.inf, (4, 0)
    for count in (4, 3):
        usable = len(accent) // count * count
        means = accent[:usable].reshape(-1, count).mean(axis=0)
        first = int(np.argmax(means))
        lead = float(means[first] - np.delete(means, first).mean()) * (1.0 if count == 4 else 0.85)
        if lead > best:
            best, found = lead, (count, first)
    return found


def _bass(score: Score, beat: IntArray, pitched: BoolArray, beats: int) -> Float64Array:
    """(beats,) how much bass begins on each beat, its mean 1."""
    low = pitched & (score.pitches < BASS)
    long = np.minimum(score.ends - score.onsets, 4 * score.ticks_per_quarter)
    found = np.bincount(beat[low], (score.velocities * long)[low], beats).astype(np.float64)
    return found / max(float(found.mean()), 1e-9)


def _turns(score: Score, beat: IntArray, pitched: BoolArray, beats: int) -> Float64Array:
    """(beats,) how much the pitch classes of two beats differ from those of the two before, its mean 1."""
    classes: npt.NDArray[np.float64] = np.zeros((beats, 12))
    np.add.at(classes, (beat[pitched], score.pitches[pitched] % 12), score.velocities[pitched] / 127.0)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(classes, axis=0)])
    at = np.arange(beats)
    after = total[np.minimum(at + 2, beats)] - total[at]
    before = total[at] - total[np.maximum(at - 2, 0)]
    lengths = np.linalg.norm(after, axis=1) * np.linalg.norm(before, axis=1)
    found = 1.0 - (after * before).sum(axis=1) / np.maximum(lengths, 1e-9)
    found[lengths < 1e-9] = 0.0
    return np.asarray(found / max(float(found.mean()), 1e-9))
