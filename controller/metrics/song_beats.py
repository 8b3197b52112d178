"""Beats and bars of a whole song, offline, for the judge and for the designer: never those that the show hears.

Beats are librosa's (McFee et al., SciPy 2015; after Ellis, 2007) at a tempo of our own; a bar has four. The downbeat is
a guess: the beat of four on which bass, cymbals, new chords and new sounds pile up. librosa is loaded when a song is
heard. On charted songs: F of beats .98, .95, 1.0, and .39 where it counts double; of downbeats .99, .60, 1.0, .38.
"""

import numpy as np

from controller.arrays import FloatingArray, IntArray

RATE_HZ = 22_050
STEP = 256
FRAMES_PER_S = RATE_HZ / STEP
BEATS_PER_BAR = 4
TEMPI_BPM = np.arange(70.0, 210.0, 0.5)
USUAL_BPM = 130.0
TEMPO_WINDOW_S = 12.0


def find_beats(flux: FloatingArray, mel: FloatingArray, chroma: FloatingArray) -> IntArray:
    """Beats of a song, the first of them a downbeat: frames.

    Args:
        flux: (frames,) onset strength. mel: (80, frames) dB. chroma: (12, frames). All `STEP` samples apart.
    """
    import librosa  # noqa: PLC0415 - absent at venues, and slow to load

    _, beats = librosa.beat.beat_track(
        onset_envelope=flux, sr=RATE_HZ, hop_length=STEP, bpm=find_tempo(flux), tightness=400, trim=False
    )
    if len(beats) < 2 * BEATS_PER_BAR:  # no pulse at all: count two beats a second, people would too
        beats = np.arange(0, len(flux), round(FRAMES_PER_S / 2))
    return align_bars(beats, downbeat_weight(beats, mel, chroma))


def find_tempo(flux: FloatingArray) -> float:
    """The song's tempo in beats a minute: of 70 to 210, the one whose beats, halves and bars the onsets repeat in.

    A Fourier tempogram summed over windows of 12 s, so that small drifts do not smear, weighed by how usual a tempo is.
    librosa's own estimate is 120 for every second fast metal song; this one is exact on all six charted songs, but for
    one that it takes at the double (LOG.md).
    """
    length = min(round(TEMPO_WINDOW_S * FRAMES_PER_S), len(flux))
    time_s = np.arange(length) / FRAMES_PER_S
    beats_hz = TEMPI_BPM / 60.0
    levels = ((1.0, 1.0), (2.0, 0.5), (4.0, 0.25), (0.5, 0.5), (0.25, 0.5))  # beat, eighth, sixteenth, half bar, bar
    waves = [(weight, np.exp(-2j * np.pi * np.outer(ratio * beats_hz, time_s))) for ratio, weight in levels]
    strength = np.zeros(len(beats_hz))
    for first in range(0, max(len(flux) - length, 0) + 1, max(length // 2, 1)):
        part = (flux[first : first + length] - flux.mean()) * np.hanning(length)
        strength += sum(weight * np.abs(wave @ part) for weight, wave in waves)
    usual = np.exp(-0.5 * (np.log2(TEMPI_BPM / USUAL_BPM) / 0.7) ** 2)
    return float(TEMPI_BPM[np.argmax(strength * usual)])


def downbeat_weight(beats: IntArray, mel: FloatingArray, chroma: FloatingArray) -> FloatingArray:
    """How much each beat (n,) looks like the first of a bar: bass and cymbal onsets, another chord, something new.

    Each of the four is 1 on average over the song. On the charted songs whose beats are found, cymbals and novelty over
    four beats are the surest (LOG.md).
    """
    ends = [*beats[1:], mel.shape[1]]
    spans = [slice(a, max(b, a + 1)) for a, b in zip(beats, ends, strict=True)]
    chords = np.stack([chroma[:, span].mean(axis=1) for span in spans])
    sounds = np.stack([mel[:, span].mean(axis=1) for span in spans])
    change = np.linalg.norm(np.diff(chords, axis=0, prepend=chords[:1]), axis=1)
    new = np.zeros(len(beats))
    for i in range(BEATS_PER_BAR, len(beats) - BEATS_PER_BAR):
        before, after = sounds[i - BEATS_PER_BAR : i], sounds[i : i + BEATS_PER_BAR]
        new[i] = np.linalg.norm(after.mean(axis=0) - before.mean(axis=0))
    new = np.square(np.maximum(new / (new.mean() + 1e-6) - 1.0, 0.0))
    onsets = []
    import librosa  # noqa: PLC0415 - absent at venues, and slow to load

    for band in (mel[:6], mel[60:]):
        flux = librosa.onset.onset_strength(S=band, sr=RATE_HZ, hop_length=STEP)
        onsets.append(np.array([flux[max(beat - 1, 0) : beat + 3].max() for beat in beats]))
    return np.asarray(np.sum([one / (one.mean() + 1e-6) for one in (*onsets, change, new)], axis=0))


def align_bars(beats: IntArray, weight: FloatingArray) -> IntArray:
    """Beat frames from the likeliest downbeat on, extended backwards by whole bars where the song allows it."""
    phase = int(np.argmax([weight[p::BEATS_PER_BAR].mean() for p in range(BEATS_PER_BAR)]))
    period = int(np.median(np.diff(beats)))
    earlier = np.arange(beats[phase] - period * BEATS_PER_BAR, -1, -period * BEATS_PER_BAR)
    filled = [start + period * b for start in earlier[::-1] for b in range(BEATS_PER_BAR)]
    return np.concatenate([np.array(filled, np.int64), beats[phase:].astype(np.int64)])
