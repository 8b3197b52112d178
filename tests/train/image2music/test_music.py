"""Composing: every bar full, nothing copied, wishes followed, critics that know true tunes from false ones."""

import shutil
import subprocess
import wave
from collections import Counter

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import OpeningError
from tools.train.image2music import words
from tools.train.image2music.copying import LIMIT, LONGEST, Guard, codes, hashes
from tools.train.image2music.corpus import corpus_folder, part_of, read_corpus
from tools.train.image2music.critic import TrigramCritic, auc
from tools.train.image2music.damage import FALSE, NOISES
from tools.train.image2music.form import PERIOD, arrange, count_forms, form_of, repeated, sections_of
from tools.train.image2music.gate import faults_in, judge
from tools.train.image2music.harmony import harmonise
from tools.train.image2music.measures import measure, outside
from tools.train.image2music.melody import LENGTHS, SCALES, Melody, Sound, write_abc
from tools.train.image2music.ngram import NgramComposer
from tools.train.image2music.playing import PEAK, quarter_s, voices, write_midi, write_wav
from tools.train.image2music.wish import in_key, wish_for

NAMES = ("4/4", "3/4", "6/8")


@pytest.fixture(scope="module")
def composer(tunes):
    return NgramComposer([one.melody for one in tunes])


def composed(composer, wish, seed, form=PERIOD):
    (rows,) = composer.compose(wish, form, None, count=1, rng=np.random.default_rng(seed))
    return in_key(words.decode(rows, wish.request.metre, wish.request.mode, 60), wish.mean_pitch)


def test_corpus_tunes_are_read_with_words_and_identities(tunes):
    assert len(tunes) > 200
    assert {one.name.split("/")[0] for one in tunes} == {"oneills1850", "ryansMammoth", "airdsAirs"}
    assert any("tenderly" in one.words for one in tunes)
    assert not any(noise in one.words for one in tunes for noise in ("collected", "o'neill", "title", "7"))
    assert Counter(part_of(one) for one in tunes).keys() == {"train", "validation", "test"}
    by_identity = {}
    for one in tunes:
        by_identity.setdefault(one.identity, set()).add(part_of(one))
    assert all(len(parts) == 1 for parts in by_identity.values())  # no setting of a held-out tune is learnt


def test_a_tune_that_claims_rights_is_left_out(corpus, tmp_path):
    for name in ("oneills1850", "ryansMammoth", "airdsAirs"):
        (tmp_path / name).mkdir()
    text = next((corpus / "ryansMammoth").glob("*.abc")).read_text()
    (tmp_path / "ryansMammoth" / "one.abc").write_text(text)
    (tmp_path / "ryansMammoth" / "two.abc").write_text(text.replace("K:", "N:Copyright 2003 by somebody\nK:", 1))
    assert [one.name.split("/")[1] for one in read_corpus(tmp_path)] == ["one"]
    with pytest.raises(OpeningError, match="none of"):
        corpus_folder(tmp_path / "nowhere")


@settings(max_examples=25, deadline=None)
@given(valence=st.floats(-1, 1), arousal=st.floats(-1, 1), seed=st.integers(0, 1_000))
def test_every_tune_passes_the_gate_whatever_is_wished(composer, valence, arousal, seed):
    wish = wish_for(valence, arousal)
    melody = composed(composer, wish, seed)
    assert all(sum(one.length for one in bar) == melody.bar_ticks for bar in melody.in_bars())
    assert {one % 12 for one in melody.heights()} <= set(SCALES[melody.mode])
    assert melody.heights()[-1] % 12 == 0
    whole = arrange(melody, 32)
    verdict = judge(write_abc(whole, "t", wish.bpm, (), sections_of(32)), bars=32, program=False)
    assert verdict.clean, verdict.words()


def test_bars_repeat_as_the_form_says_and_kept_bars_stay(composer):
    wish = wish_for(0.5, 0.0)
    rng = np.random.default_rng(1)
    (rows,) = composer.compose(wish, PERIOD, None, count=1, rng=rng)
    for bar, first in repeated(PERIOD).items():
        assert (rows[rows[:, 3] == bar][:, :3] == rows[rows[:, 3] == first][:, :3]).all()
    kept = {bar: rows[rows[:, 3] == bar] for bar in range(16) if PERIOD[bar] != 2}
    (again,) = composer.compose(wish, PERIOD, None, count=1, rng=np.random.default_rng(99), kept=kept)
    for bar, those in kept.items():
        assert (again[again[:, 3] == bar] == those).all()


def test_forms_of_real_tunes_are_found(tunes):
    forms = count_forms(one.melody for one in tunes)
    assert len(forms) > 5
    assert all(len(form) == 16 and form[0] == 0 for form in forms)
    bar = [Sound(0, 0, 48, 0)]
    same = Melody("4/4", "maj", 60, tuple(Sound(at, 0, 48, 0) for at in range(16)))
    assert form_of(same) == (0,) * 16
    assert form_of(Melody("4/4", "maj", 60, tuple(bar))) is None


def longest_with(melody: Melody, other: Melody) -> int:
    """Steps of the longest run shared with one tune."""
    row, against, best = codes(melody), codes(other), 0
    for length in range(1, min(LONGEST, len(row), len(against)) + 1):
        if not np.isin(hashes(row, length), hashes(against, length)).any():
            break
        best = length
    return best


def test_a_copy_is_found_in_any_key_and_a_stranger_is_not(tunes):
    melodies = [one.melody for one in tunes]
    guard = Guard(melodies)
    copied = Melody(melodies[5].metre, melodies[5].mode, 71, melodies[5].sounds)
    assert guard.over(copied)
    found = guard.longest(copied)
    assert found.length >= min(40, len(copied.heights()) - 1)
    strange = tuple(Sound(at, 0, LENGTHS[at % 5], (7 * at) % 23 - 9) for at in range(40))
    assert not guard.over(Melody("4/4", "maj", 60, strange))
    part = melodies[5].sounds[: LIMIT + 4]
    quoting = Melody("4/4", "maj", 60, (*strange[:10], *part))
    assert guard.over(quoting)
    assert longest_with(quoting, melodies[5]) >= LIMIT + 1


def test_the_trigram_knows_real_tunes_from_shuffled_pitches(tunes, rng):
    train = [one.melody for one in tunes if part_of(one) == "train"]
    test = [one.melody for one in tunes if part_of(one) != "train"][:40]
    critic = TrigramCritic(train)
    true = [one.score for one in critic.judge(test)]
    for kind in ("pitches shuffled", "grammar-random"):
        false = [one.score for one in critic.judge([FALSE[kind](melody, rng) for melody in test])]
        assert auc(true, false) > 0.9, kind


def test_false_melodies_keep_what_they_say_they_keep(tunes, rng):
    melody = next(one.melody for one in tunes if one.melody.metre == "4/4" and one.melody.bars >= 16)
    pitches = FALSE["pitches shuffled"](melody, rng)
    assert sorted(pitches.heights()) == sorted(melody.heights())
    assert [one.length for one in pitches.sounds] == [one.length for one in melody.sounds]
    bars = FALSE["bars shuffled"](melody, rng)
    assert sorted(bars.heights()) == sorted(melody.heights())
    assert bars != melody
    noise = FALSE["grammar-random"](melody, rng)
    assert {one % 12 for one in noise.heights()} <= set(SCALES[melody.mode])
    rows = words.encode(melody)
    for damage in NOISES:
        assert damage(rows, rng).shape[1] == 4
        assert (rows == words.encode(melody)).all()  # nothing is damaged in place


def test_rows_are_melodies_and_back(tunes):
    for one in tunes[:50]:
        melody = one.melody
        assert words.decode(words.encode(melody), melody.metre, melody.mode, melody.tonic) == melody


def test_wishes_are_monotone_and_keys_bring_the_pitch():
    arousals = [wish_for(0.0, one) for one in np.linspace(-1, 1, 9)]
    assert [one.bpm for one in arousals] == sorted({one.bpm for one in arousals})
    modes = [wish_for(one, 0.0).request.mode for one in (0.5, 0.0, -0.2, -0.9)]
    assert modes == ["maj", "mix", "dor", "min"]
    melody = Melody("4/4", "maj", 60, (Sound(0, 0, 24, 0), Sound(0, 24, 24, 7)))
    for wanted in (62.0, 70.0, 78.0):
        moved = in_key(melody, wanted)
        assert abs(moved.tonic + 3.5 - wanted) <= 1.5


def test_measures_know_steps_leaps_and_repeats(scale):
    plain = measure(scale)
    assert plain["stepwise"] == 1.0
    assert plain["closes"] == 1.0
    assert plain["range"] == 12.0
    twice = Melody(
        "4/4", "maj", 62, scale.sounds + tuple(Sound(s.bar + 2, s.position, s.length, s.height) for s in scale.sounds)
    )
    assert measure(twice)["repeated"] == 0.5
    assert outside(0.5, 0.4, 0.6) == 0.0
    assert outside(0.9, 0.4, 0.6) > 1.0
    assert outside(0.1, 0.4, 0.6) > 1.0  # from both sides


def test_chords_hold_the_melody_and_end_at_home(scale):
    chords = harmonise(scale)
    assert len(chords) == scale.bars
    assert chords[-1].name == "D"
    assert all(45 <= chord.pitches[0] <= 60 for chord in chords)


def test_midi_has_every_beat_where_it_is_said_to_be(scale, tmp_path):
    chords = harmonise(scale)
    write_midi(scale, chords, 97, tmp_path / "t.mid", title="é", band="even")
    starts = {"melody": [], "bass": []}
    for track in mido.MidiFile(tmp_path / "t.mid").tracks[1:]:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity and track.name in starts:
                starts[track.name].append(now)
    assert starts["melody"] == [240 * at for at in range(16)]  # eighths of 480 pulses a quarter, none has drifted
    assert starts["bass"] == [0, 1_920]


@pytest.mark.parametrize("synthesiser", ["sines", "fluidsynth"])
def test_sound_has_a_level_a_length_and_begins_with_the_first_beat(scale, tmp_path, synthesiser, require_real):
    if synthesiser == "fluidsynth":
        require_real("fluidsynth", shutil.which("fluidsynth") is not None)
    chords = harmonise(scale)
    midi = tmp_path / "t.mid"
    write_midi(scale, chords, 120, midi, title="t", band="even")
    played = write_wav(midi, voices(scale, chords, 120), 4.0, tmp_path / "t.wav", synthesiser=synthesiser)
    assert played.startswith(synthesiser)
    with wave.open(str(tmp_path / "t.wav")) as sound:
        rate = sound.getframerate()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32_768.0
    assert len(samples) == 6 * rate
    assert np.abs(samples).max() == pytest.approx(PEAK, abs=0.01)
    first = np.flatnonzero(np.abs(samples) > 0.02)[0] / rate
    assert first < 0.03
    assert np.abs(samples[-100:]).max() < 0.01
    assert quarter_s(scale, 120) == 0.5


def test_abc2midi_is_asked_and_its_words_are_read(scale, require_real, tmp_path):
    require_real("abc2midi", shutil.which("abc2midi") is not None)
    good = write_abc(scale, "scale", 100)
    assert judge(good).judged == ("own reader", "abc2midi")
    assert judge(good).clean
    (tmp_path / "bad.abc").write_text("X:1\nT:t\nM:4/4\nL:1/8\nK:D\nA2B2 [c2d2 e2 | ^ |]\n")
    said = subprocess.run(["abc2midi", "bad.abc"], cwd=tmp_path, capture_output=True, check=False)
    assert said.returncode == 0  # which is why its text is read
    assert faults_in(said.stdout.decode())


def test_without_abc2midi_the_gate_stands_alone_and_says_so(scale, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    verdict = judge(write_abc(scale, "scale", 100))
    assert verdict.clean
    assert verdict.judged == ("own reader",)


def test_the_gates_words_are_few_and_placed(scale):
    broken = write_abc(scale, "scale", 100).replace("|", "e |", 1)
    verdict = judge(broken, bars=3)
    assert not verdict.clean
    assert "bar 1" in verdict.words()
    assert judge(write_abc(scale, "scale", 100), bars=3, program=False).faults[0].problem == "2 bars instead of 3"
