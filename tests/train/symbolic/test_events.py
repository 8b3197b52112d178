"""MIDI files as programs write them: every note that players play is read, and what was odd is said."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest

pytest.importorskip("symusic")

from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.events import mended
from tools.train.symbolic.octuple import encode
from tools.train.symbolic.reading import read_midi

QUARTER = 480


def packed(data):
    """gzip without the time at which it was made: a test is called the same in each process."""
    return gzip.compress(data, mtime=0)


def variable(number):
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(number & 0x7F | 0x80)
    return bytes(reversed(out))


def track(*events):
    body = b"".join(variable(wait) + data for wait, data in events) + b"\0\xff\x2f\0"
    return b"MTrk" + struct.pack(">I", len(body)) + body


def smf(*tracks, form=1):
    return b"MThd" + struct.pack(">IHHH", 6, form, len(tracks), QUARTER) + b"".join(tracks)


def notes(*pitches, velocity=80, channel=0, each=QUARTER):
    out = []
    for pitch in pitches:
        out += [(0, bytes((0x90 | channel, pitch, velocity))), (each, bytes((0x80 | channel, pitch, 0)))]
    return out


def on(wait, *data, status=0x90):
    return wait, bytes((status, *data))


PLAIN = smf(track(*notes(60, 62, 64)))
SYSEX = (0, b"\xf0\x05\x7e\x7f\x09\x01\xf7")


def riff(data):
    inside = b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(inside)) + b"RMID" + inside


def zipped(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), PLAIN)
    return out.getvalue()


def read(tmp_path, data, name="song.mid"):
    (tmp_path / name).write_bytes(data)
    return read_midi(tmp_path / name)


def heard(score):
    """Onset in quarters, pitch and length of each note."""
    rows = zip(score.onsets / QUARTER, score.pitches % 128, (score.ends - score.onsets) / QUARTER, strict=True)
    return [tuple(float(one) for one in row) for row in rows]


THREE = [(0.0, 60.0, 1.0), (1.0, 62.0, 1.0), (2.0, 64.0, 1.0)]


def test_a_clean_file_is_left_as_it_is():
    assert mended(PLAIN) == (PLAIN, [])
    with_meta = smf(track((0, b"\xff\x03\x03abc"), SYSEX, *notes(60), on(0, 60, 80), on(10, 60, 0)))
    assert mended(with_meta) == (with_meta, [])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (riff(PLAIN), "RIFF"),
        (packed(PLAIN), "gzip"),
        (zipped("a/song.mid", "readme.txt"), "ZIP"),
        (b"\0" * 128 + PLAIN, "128 other bytes"),
        (packed(riff(PLAIN)), "gzip"),
    ],
)
def test_o22_wrappers_are_looked_into(tmp_path, data, words):
    score = read(tmp_path, data, "song.rmi")
    assert heard(score) == THREE
    assert words in score.remarks[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped("one.mid", "two.mid"), "2 MIDI files; unpack it"),
        (zipped("readme.txt"), "0 MIDI files"),
        (zipped("META-INF/container.xml", "score.musicxml"), "compressed MusicXML"),
        (zipped("META-INF/container.xml", "song.mscx"), "MuseScore; export"),
        (zipped("Content/score.gpif"), "Guitar Pro; export"),
        (b"\x18FICHIER GUITAR PRO v5.10" + bytes(40), "Guitar Pro; export"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "a recording of sound"),
        (b"ID3\x04" + bytes(40), "a recording of sound"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "a web page; fetch"),
        (b"PK\x03\x04 damaged", "unpack it"),
        (b'<?xml version="1.0"?><score-partwise/>', "export it as MIDI"),
        (b"X:1\nT:t\nK:C\nabc|", "ABC"),
        (packed(PLAIN)[:20], "gzip"),
        (packed(packed(PLAIN)), "packed once more"),
    ],
)
def test_o22_what_is_no_midi_file_is_named(tmp_path, data, words):
    with pytest.raises(SymbolicError, match=words):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("event", "loudest"),
    [
        (on(0, 64, 200), 127),
        (on(0, 7, 255, status=0xB0), 80),
        (on(0, 200, status=0xC0), 80),
        (on(0, 0, 250, status=0xE0), 80),
        (on(0, 255, status=0xD0), 80),
        (on(0, 60, 130, status=0xA0), 80),
    ],
)
def test_o21_values_above_127_are_taken_for_127(tmp_path, event, loudest):
    score = read(tmp_path, smf(track(*notes(60, 62), event, (QUARTER, bytes((0x80, 64, 0))))))
    assert len(score.onsets) == (3 if loudest == 127 else 2)
    assert score.velocities.max() == loudest
    assert score.remarks == ("1 messages hold a value above 127: taken for 127",)


def test_o23_running_status_goes_on_over_a_system_exclusive_message(tmp_path):
    body = track(on(0, 60, 80), (QUARTER, bytes((60, 0))), SYSEX, (0, bytes((64, 80))), (QUARTER, bytes((64, 0))))
    score = read(tmp_path, smf(body))
    assert heard(score) == [(0.0, 60.0, 1.0), (1.0, 64.0, 1.0)]
    assert "running status" in score.remarks[0]


@pytest.mark.parametrize("message", [b"\xf8", b"\xfe", b"\xf1\x00", b"\xf2\x00\x00", b"\xf7\x02\x01\x02"])
def test_messages_that_have_no_place_in_a_file_lose_no_note(tmp_path, message):
    first, second = notes(60), notes(62, 64)
    score = read(tmp_path, smf(track(*first, (0, message), *second)))
    assert heard(score) == THREE
    assert "passed over" in score.remarks[0]


def test_o24_patterns_of_format_2_follow_one_another(tmp_path):
    score = read(tmp_path, smf(track(*notes(60, 62)), track(*notes(48, 50)), track(*notes(72)), form=2))
    assert heard(score) == [(0.0, 60.0, 1.0), (1.0, 62.0, 1.0), (2.0, 48.0, 1.0), (3.0, 50.0, 1.0), (4.0, 72.0, 1.0)]
    assert "format 2" in score.remarks[0]


def test_o25_a_drum_machine_that_sends_no_note_offs(tmp_path):
    hits = [on(QUARTER if at else 0, pitch, 100, status=0x99) for at, pitch in enumerate((36, 38, 36))]
    score = read(tmp_path, smf(track(*hits)))
    assert heard(score) == [(0.0, 36.0, 0.25), (1.0, 38.0, 0.25), (2.0, 36.0, 0.25)]
    assert "3 notes never end" in score.remarks[0]
    assert len(encode(score)) == 3


def test_o25_notes_that_never_end_last_until_the_next_of_their_pitch(tmp_path):
    melody = [on(0, 60, 80), on(QUARTER, 62, 80), on(QUARTER, 60, 80), on(QUARTER, 62, 80), (QUARTER, b"\xb0\x07\x64")]
    score = read(tmp_path, smf(track(*melody)))
    assert heard(score) == [(0.0, 60.0, 2.0), (1.0, 62.0, 2.0), (2.0, 60.0, 2.0), (3.0, 62.0, 1.0)]


def test_o25_one_note_among_many_is_not_lost(tmp_path):
    body = track(on(0, 67, 80), *notes(60, 62, 64))
    score = read(tmp_path, smf(body))
    assert sorted(heard(score)) == sorted([*THREE, (0.0, 67.0, 3.0)]) or len(heard(score)) == 4
    assert "1 notes never end" in score.remarks[0]


@pytest.mark.parametrize("controller", [120, 123, 124])
def test_o25_notes_that_all_end_at_once_end_there(tmp_path, controller):
    chord = [
        on(0, 60, 80),
        on(0, 64, 80),
        on(QUARTER, controller, 0, status=0xB0),
        on(2 * QUARTER, 7, 100, status=0xB0),
    ]
    other = [on(0, 67, 80, status=0x91), on(4 * QUARTER, 7, 100, status=0xB1)]
    score = read(tmp_path, smf(track(*chord), track(*other)))
    assert sorted(heard(score)) == [(0.0, 60.0, 1.0), (0.0, 64.0, 1.0), (0.0, 67.0, 4.0)]
    assert "3 notes never end" in score.remarks[0]


def test_o31_a_signature_is_named_as_it_is_written(tmp_path):
    score = read(tmp_path, smf(track((0, bytes((0xFF, 0x58, 4, 7, 13, 24, 8))), *notes(60, 62, 64))))
    assert heard(score) == THREE
    assert "7/8192" in score.remarks[0]


def test_a_file_that_breaks_off_is_refused_as_before(tmp_path):
    with pytest.raises(SymbolicError, match=r"song\.mid"):
        read(tmp_path, PLAIN[:-9])


def test_overlapping_notes_of_one_pitch_are_no_fault(tmp_path):
    body = track(on(0, 60, 80), on(QUARTER, 60, 90), on(QUARTER, 60, 0), on(QUARTER, 60, 0))
    assert read(tmp_path, smf(body)).remarks == ()


def test_much_of_everything_at_once(tmp_path):
    """Notes of a wrapped file with every fault are those of the clean one."""
    pitches = list(range(40, 80))
    clean = read(tmp_path, smf(track(*notes(*pitches))))
    odd = []
    for at, pitch in enumerate(pitches):
        odd += [on(0, pitch, 200 if at % 7 == 0 else 80), SYSEX, (QUARTER, bytes((pitch, 0)))]
    score = read(tmp_path, riff(smf(track(*odd))))
    assert np.array_equal(score.onsets, clean.onsets)
    assert np.array_equal(score.pitches, clean.pitches)
    assert np.array_equal(score.ends, clean.ends)
    assert len(score.remarks) == 3
