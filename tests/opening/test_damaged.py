"""An opening that somebody edited, copied by halves or made up: one sentence before any light, or a show to its end."""

import json
import math
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.__main__ import main
from controller.errors import OpeningError
from controller.listening.opening.conducting import Conductor
from controller.listening.opening.opening import read_opening
from controller.messages import Pulse

SEED = {
    "format": 1, "title": "A test", "audio": "tune.wav", "valence": 0.2, "arousal": 0.0, "beat_s": 0.5,
    "beats_a_bar": 3, "bars": 4, "seconds": 6.0,
    "palette": [{"rgb": "#ff0000", "weight": 0.6, "hue_deg": 0.0}, {"rgb": "#0000ff", "weight": 0.4, "hue_deg": 240.0}],
    "sections": [{"name": "A", "bar": 0, "bars": 2}, {"name": "B", "bar": 2, "bars": 2}],
}  # fmt: skip


def write(folder, plain, seconds=7.0):
    folder.mkdir(exist_ok=True)
    (folder / "seed.json").write_text(plain if isinstance(plain, str) else json.dumps(plain))
    with wave.open(str(folder / "tune.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(bytes(2 * round(48_000 * seconds)))
    return folder


def changed(**changes):
    return SEED | changes


def sections(*bars):
    return changed(sections=[{"name": "A", "bar": one, "bars": 1} for one in bars])


DAMAGED = {
    "no palette": (changed(palette=[]), "palette"),
    "sections that go back": (sections(0, 3, 2), "do not follow each other"),
    "the same section twice": (sections(0, 2, 2), "do not follow each other"),
    "a late beginning": (sections(1, 2), "do not follow each other"),
    "a section after the end": (sections(0, 4), "do not follow each other"),
    "no number": (json.dumps(SEED).replace('"beat_s": 0.5', '"beat_s": NaN'), "beat_s"),
    "no end": (json.dumps(SEED).replace('"seconds": 6.0', '"seconds": Infinity'), "seconds"),
    "backward beats": (changed(beat_s=-0.5), "beat_s"),
    "another length": (changed(seconds=60.0), "do not agree"),
    "another format": (changed(format=2), "format"),
    "a way out": (changed(audio="../../etc/passwd"), "audio"),
    "half of it": (json.dumps(SEED)[:90], "not readable"),
    "a list": ("[]", "seed.json"),
    "a well": ("[" * 100_000, "not readable"),
    "other bytes": ("\ud7ff\x00", "not readable"),
}


def refusal(folder, venue, capsys):
    assert main(["show", "--config", str(venue), "--opening", str(folder), "--web", "off"]) == 1
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert str(folder) in line
    return line


@pytest.fixture
def bundled(root):
    return root / "config.yaml"


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_opening_is_one_sentence_before_any_light(tmp_path, bundled, capsys, kind):
    plain, words = DAMAGED[kind]
    assert words in refusal(write(tmp_path / "opening", plain), bundled, capsys)


def test_a_tune_that_was_cut_off_is_one_sentence_before_any_light(tmp_path, bundled, capsys):
    folder = write(tmp_path / "opening", SEED)
    whole = (folder / "tune.wav").read_bytes()
    for size, words in ((len(whole) // 2, "it was cut off"), (60, "it was cut off"), (30, "no sound can be read"),
                        (0, "no sound can be read")):  # fmt: skip
        (folder / "tune.wav").write_bytes(whole[:size])
        assert words in refusal(folder, bundled, capsys), size
    (folder / "tune.wav").write_bytes(b"dear diary" * 99)
    assert "no sound can be read" in refusal(folder, bundled, capsys)
    write(folder, SEED, seconds=5.0)
    assert "5.0 s of sound for 6.0 s of light" in refusal(folder, bundled, capsys)
    write(folder, SEED)
    assert read_opening(folder)[0].bars == 4


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from([1e-12, 0.2, 3.0, 1_000, -1, "tune.wav", "#00ff00"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["bar", "rgb", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def seeds(draw):
    """A good seed with some of its places, at any depth, replaced or taken away."""
    plain = json.loads(json.dumps(SEED))
    for _ in range(draw(st.integers(1, 4))):
        place = plain
        while isinstance(place, dict | list) and place:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
                place = place[key]
            elif draw(st.integers(0, 4)) == 0:
                del place[key]
                break
            else:
                place[key] = draw(VALUES)
                break
    return plain


@settings(max_examples=300, deadline=None)
@given(seeds())
def test_whatever_stands_in_it_is_refused_in_one_sentence_or_lit_to_its_end(tmp_path_factory, plain):
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    if not folder.is_dir():
        write(folder, SEED)
    (folder / "seed.json").write_text(json.dumps(plain))
    opening, said = None, ""
    try:
        opening, _ = read_opening(folder)
    except OpeningError as error:
        said = str(error)
    if opening is None:
        assert str(folder) in said
        assert "\n" not in said
        return
    assert 0 < opening.seconds <= 7.05
    conductor, onsets = Conductor(opening), -1
    for block in range(1, math.ceil(opening.seconds / 0.05) + 2):
        at_s = 0.05 * block
        token = conductor.token(100.0 + at_s, at_s)
        heard = conductor.pulse(Pulse(100.0 + at_s, block, -20.0, 0.5, 0.0, 0, 0.0, 0.3, ()), at_s)
        assert heard.onsets >= onsets
        assert np.isfinite(heard.onset_t_s)
        onsets = heard.onsets
        assert token is None or (0 <= token.hue < 180 and 0 <= token.value <= 255)
    assert conductor.over
