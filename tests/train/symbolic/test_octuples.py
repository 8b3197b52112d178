"""Octuples: the vocabulary as published, notes there and back, and files that no musician would write."""

import struct

import numpy as np
import pytest
import symusic

from tools.train.symbolic import reading
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.grid import bars_of, grid_of_beats
from tools.train.symbolic.octuple import cut, decode, encode, parts
from tools.train.symbolic.reading import read_midi, read_score
from tools.train.symbolic.shelf import survives
from tools.train.symbolic.vocabulary import (
    BAR,
    BAR_UNITS,
    DURATION,
    DURATIONS,
    INSTRUMENT,
    MASK,
    PAD,
    PITCH,
    POSITION,
    SIZES,
    TEMPO,
    TIME_SIGNATURE,
    VALUES,
    duration_codes,
    is_legal,
    tempo_codes,
    time_signature,
    time_signature_code,
)

# As the released Octuple.pkl has them (models.md C): quantities known from running it, not from this code.
DURATION_STARTS = {0: 0, 16: 16, 17: 18, 32: 48, 64: 240, 127: 3952}
SIGNATURES = {(4, 4): 9, (3, 4): 8, (2, 4): 7, (6, 8): 19, (12, 8): 25}


def test_the_vocabulary_is_the_published_one():
    assert SIZES == (262, 134, 135, 262, 134, 38, 260, 55)
    assert sum(SIZES) == 1280
    assert PAD.tolist() == [256, 128, 129, 256, 128, 32, 254, 49]
    assert {code: int(DURATIONS[code]) for code in DURATION_STARTS} == DURATION_STARTS
    assert {pair: time_signature_code(*pair) for pair in SIGNATURES} == SIGNATURES
    assert [time_signature_code(*time_signature(code)) for code in range(254)] == list(range(254))
    assert tempo_codes(np.array([120.0, 1.0, 16.0, 256.0, 1e6])).tolist() == [35, 0, 0, 48, 48]
    assert BAR_UNITS.max() == 128


def test_every_length_falls_into_the_bin_that_begins_before_it():
    units = np.arange(5000)
    codes = duration_codes(units)
    assert (DURATIONS[codes] <= units).all()
    assert (units[codes < 127] < DURATIONS[codes[codes < 127] + 1]).all()


@pytest.mark.parametrize(
    ("written", "read"), [((7, 13), None), ((0, 4), None), ((7, 128), None), ((4, 128), (2, 64)), ((9, 4), (3, 4))]
)
def test_a_time_signature_is_reduced_or_refused(written, read):
    code = time_signature_code(*written)
    assert (None if code is None else time_signature(code)) == read


def a_score(notes, *, tpq=480, signatures=((0, 4, 4),), tempi=((0, 120.0),), program=0, drum=False):
    score = symusic.Score(tpq)
    for tick, numerator, denominator in signatures:
        score.time_signatures.append(symusic.TimeSignature(tick, numerator, denominator))
    for tick, bpm in tempi:
        score.tempos.append(symusic.Tempo(tick, bpm))
    track = symusic.Track(program=program, is_drum=drum)
    for note in notes:
        track.notes.append(symusic.Note(*note))
    score.tracks.append(track)
    return score


def test_a_note_by_hand():
    score = a_score([(480 * 5 + 30, 480, 60, 100)], signatures=((0, 4, 4),), tempi=((0, 120.0),), program=25)
    assert encode(read_score(score, "hand")).tolist() == [[1, 17, 25, 60, 16, 25, 9, 35]]


def test_drums_have_an_instrument_and_pitches_of_their_own():
    """The published converter wrote PAD and special tokens here."""
    notes = encode(read_score(a_score([(0, 10, 36, 90), (0, 10, 127, 90)], drum=True), "drums"))
    assert notes[:, INSTRUMENT].tolist() == [128, 128]
    assert notes[:, PITCH].tolist() == [128 + 36, 255]
    assert is_legal(notes)
    assert survives(notes)


def test_a_change_of_time_inside_a_bar_counts_from_the_next_bar_on():
    starts, codes = bars_of([(0, 9), (70, 8)], 250)
    assert starts.tolist() == [0, 64, 128, 176, 224, 272]
    assert [time_signature(int(code)) for code in codes] == [(4, 4), (4, 4), *[(3, 4)] * 4]


def random_notes(rng, count):
    """Legal octuples as `encode` would make them: sorted, one signature a bar, positions inside it."""
    notes = np.stack([rng.integers(0, values, count) for values in VALUES], axis=1)
    signatures = rng.integers(0, 254, 256)
    notes[:, TIME_SIGNATURE] = signatures[notes[:, BAR]]
    notes[:, POSITION] %= BAR_UNITS[notes[:, TIME_SIGNATURE]]
    drums = notes[:, INSTRUMENT] == 128
    notes[:, PITCH] = np.where(drums, notes[:, PITCH] % 128 + 128, notes[:, PITCH] % 128)
    _, onset = np.unique(notes[:, BAR] * 128 + notes[:, POSITION], return_inverse=True)
    notes[:, TEMPO] = rng.integers(0, 49, onset.max() + 1)[onset]
    notes[:, BAR] -= notes[:, BAR].min()
    return notes[np.lexsort(notes.T[::-1])]


@pytest.mark.parametrize("seed", range(6))
def test_there_and_back_through_a_file(seed):
    notes = random_notes(np.random.default_rng(seed), 400)
    bars, first = np.unique(notes[:, BAR], return_index=True)
    whole = np.repeat(notes[first, TIME_SIGNATURE], np.diff(np.append(bars, 256)))[: notes[-1, BAR] + 1]
    score = decode(notes)
    again = encode(read_score(symusic.Score.from_midi(score.dumps_midi()), "again"))
    past = np.cumsum(BAR_UNITS[whole])[again[:, BAR]] <= 1 << 16  # what lies later than a piece may be long is cut
    assert np.array_equal(again[past], notes[: len(again)][past])
    assert len(again) > 200


def test_the_same_pitch_again_before_it_ended_keeps_both_lengths():
    notes = encode(read_score(a_score([(0, 4800, 60, 90), (480, 240, 60, 90), (960, 480, 60, 50)]), "overlap"))
    assert survives(notes)
    assert len(decode(notes).tracks) == 2


def test_long_pieces_are_cut_where_bars_end():
    notes = np.zeros((600, 8), np.int16)
    notes[:, BAR] = np.arange(600)
    pieces = cut(notes)
    assert [len(piece) for piece in pieces] == [256, 256, 88]
    assert all(is_legal(piece) for piece in pieces)
    assert [part.start for part in parts(notes)] == [0, 256, 512]


def test_beats_fill_their_bars_whatever_they_last():
    """Four beats, then three of a slower player, then 6/8 in two: every bar begins where it was played."""
    beats = np.array([1.0, 1.5, 2.0, 2.5, 3.0, 3.8, 4.6, 5.0, 5.9, 6.8])
    grid = grid_of_beats(beats, np.array([1, 4, 7, 9]), np.array([8, 8, 19, 19]))
    bar, position, _ = grid.bars(grid.at(np.array([1.0, 1.5, 2.0, 3.0, 3.8, 5.0, 5.9, 6.8])))
    assert bar.tolist() == [0, 1, 1, 2, 2, 3, 3, 4]
    assert position.tolist() == [32, 0, 16, 0, 16, 0, 24, 0]


def variable(number):
    """A MIDI variable-length quantity."""
    out = [number & 0x7F]
    while number := number >> 7:
        out.insert(0, number & 0x7F | 0x80)
    return bytes(out)


def midi(events, *, division=480, form=0, length=None):
    track = b"".join(events) + b"\x00\xff\x2f\x00"
    return (
        b"MThd" + struct.pack(">IHHH", 6, form, 1, division) + b"MTrk" + struct.pack(">I", length or len(track)) + track
    )


ON, OFF = b"\x00\x90\x3c\x40", variable(240) + b"\x80\x3c\x00"
GARBAGE = {
    "empty": b"",
    "text": b"this is not music",
    "head only": midi([ON, OFF])[:14],
    "cut off": midi([ON, OFF] * 50)[:60],
    "no notes": midi([]),
    "division 0": midi([ON, OFF], division=0),
    "time code": midi([ON, OFF], division=0xE728),
    "track longer than the file": midi([ON, OFF], length=10_000_000),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_refused_by_name(name, tmp_path):
    path = tmp_path / "garbage.mid"
    path.write_bytes(GARBAGE[name])
    with pytest.raises(SymbolicError, match=r"garbage\.mid"):
        read_midi(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SymbolicError, match="no such file"):
        read_midi(tmp_path / "none.mid")


def test_odd_files_are_read(tmp_path):
    """One tick a quarter, seven 8,192nds, a flood of SysEx, a note that never ends: read, and what was odd said."""
    seven = b"\x00\xff\x58\x04\x07\x0d\x18\x08"
    sysex = (b"\x00\xf0" + variable(100) + b"\x01" * 99 + b"\xf7") * 20_000
    odd = {
        "coarse": midi([b"\x00\x90\x3c\x40", b"\x01\x80\x3c\x00"], division=1),
        "seven": midi([seven, ON, OFF]),
        "flood": midi([sysex, ON, OFF]),
        "endless": midi([ON, variable(480) + b"\x90\x40\x40", OFF.replace(b"\x3c", b"\x40")]),
    }
    remarks = {}
    for name, data in odd.items():
        path = tmp_path / f"{name}.mid"
        path.write_bytes(data)
        score = read_midi(path)
        notes = encode(score)
        assert len(notes) >= 1
        assert is_legal(notes)
        assert survives(notes)
        remarks[name] = score.remarks
    assert "time signature 7/" in remarks["seven"][0]  # the library cannot hold the 8,192


def test_a_million_notes_are_read_and_more_than_may_be_refused(tmp_path, monkeypatch):
    path = tmp_path / "many.mid"
    path.write_bytes(midi([ON + b"\x01\x80\x3c\x00"] * 1_000_000, division=32))
    score = read_midi(path)
    notes = encode(score)
    assert len(score.onsets) == 1_000_000
    assert "longer than 4096 quarters" in score.remarks[0]
    assert len(notes) == 4096 * 32 - 1  # the last one rounds to the first position that is too late
    monkeypatch.setattr(reading, "NOTES_AT_MOST", 999_999)
    with pytest.raises(SymbolicError, match=r"1,000,000 notes; at most 999,999"):
        read_midi(path)


def test_notes_before_the_beginning_are_refused():
    with pytest.raises(SymbolicError, match="before the beginning"):
        read_score(a_score([(-480, 480, 60, 90)]), "early")


def test_nonsense_bytes_end_no_process(tmp_path):
    """Bits of a good file turned, some hundred times: an error of ours or legal octuples, never anything else."""
    rng = np.random.default_rng(1)
    good = decode(random_notes(rng, 30)).dumps_midi()
    path, refused = tmp_path / "bent.mid", 0
    for _ in range(800):
        data = bytearray(good)
        for place in rng.integers(0, len(data), int(rng.integers(1, 6))):
            data[place] = int(rng.integers(0, 256))
        path.write_bytes(data[: int(rng.integers(1, len(data) + 1))] if rng.random() < 0.3 else data)
        try:
            notes = encode(read_midi(path))
        except SymbolicError:
            refused += 1
        else:
            assert all(is_legal(part) for part in cut(notes))
    assert 40 < refused < 790


def test_masked_attributes_are_no_real_notes():
    assert not is_legal(MASK[None])
    assert is_legal(np.zeros((0, 8)))
    assert DURATION == 4
