"""A song in the rehearsal room: parts rolled anew, pins that stay, cues and lines in the slots, exports that hold."""

from dataclasses import replace

import av
import numpy as np
import pytest

from controller.errors import AudioError, PlanError
from controller.listening.decode.vocabulary import hue_distance
from controller.listening.plan.plan import TimedCue, read_plan, write_plan
from controller.listening.plan.section_look import SectionLook
from controller.rehearsal.room import rolling
from controller.rehearsal.room.export import export
from controller.rehearsal.room.sound import hear
from controller.rehearsal.room.studio import Studio

SECONDS = 24.0


def test_a_first_roll_lights_the_whole_song(studio):
    assert studio.light.shape == (240, 2)
    assert len(np.unique(studio.light[:, 1])) > 5
    assert studio.rows.shape == (480, studio.rows.shape[1], 5)
    assert studio.rows[40:, :, :3].max() > 60
    assert studio.notes.marks[0][0] == 0.0


def test_the_same_seed_is_the_same_light(room_config, sound, studio):
    again = Studio.fresh(room_config, sound)
    assert (again.light == studio.light).all()
    assert (again.rows == studio.rows).all()


def looks_at(studio, from_s, to_s):
    return [one for one in studio.notes.looks if from_s <= one.t_s < to_s]


def test_a_first_roll_hangs_looks_that_are_seen(studio):
    assert 1 <= len(studio.notes.looks) <= 12
    assert not studio.stale
    plain = replace(studio, notes=studio.notes.model_copy(update={"looks": ()}))
    plain.stage()
    first = round(studio.notes.looks[0].t_s * 20) + 20
    assert not np.array_equal(plain.rows[first:], studio.rows[first:])


def test_a_look_that_somebody_chose_hangs_from_its_moment_on(studio):
    before = studio.rows
    (kept,) = looks_at(studio, 0.0, 5.0)[:1] or studio.notes.looks[:1]
    mine = SectionLook(t_s=12.0, look=kept.look, palette=((240.0, 1.0),), level=1.0)
    studio.notes = studio.notes.model_copy(update={"looks": (*looks_at(studio, 0.0, 12.0), mine)})
    assert studio.stale
    studio.stage()
    assert np.array_equal(studio.rows[:236], before[:236])
    lit = studio.rows[300:470, :, :3].astype(float).sum(axis=(0, 1))
    assert lit[2] > 2.0 * lit[0], "it is blue"


def test_a_roll_in_one_colour_hangs_looks_in_that_colour(studio):
    outside = [one for one in studio.notes.looks if one.t_s < 4.0]
    studio.roll(4.0, 20.0, 5, palette=["#0000ff"])
    assert [one for one in studio.notes.looks if one.t_s < 4.0] == outside
    inside = looks_at(studio, 4.0, 19.9)
    assert inside
    assert all(abs(one.palette[0][0] - 240.0) < 20.0 for one in inside)


def test_looks_are_chosen_anew_for_the_light_that_is_there(studio):
    light, first = studio.light.copy(), studio.notes.looks
    studio.notes = studio.notes.model_copy(update={"looks": ()})
    studio.pin(10.0, 14.0, keep=True)
    studio.dress(0.0, SECONDS)
    assert np.array_equal(studio.light, light)
    assert {one.look for one in studio.notes.looks} & {one.look for one in first}
    assert not looks_at(studio, 10.0, 13.9), "what is pinned stays"


def test_a_part_is_rolled_anew_and_the_rest_stays(studio):
    before = studio.light.copy()
    studio.roll(8.0, 14.0, 77)
    changed = np.flatnonzero((studio.light != before).any(axis=1))
    assert len(changed) > 5
    assert changed.min() >= 80
    assert changed.max() < 140
    assert studio.notes.seed == 77


def test_what_is_pinned_stays(studio):
    before = studio.light.copy()
    studio.pin(9.0, 11.0, keep=True)
    studio.roll(0.0, SECONDS, 78)
    assert (studio.light[90:110] == before[90:110]).all()
    assert (studio.light != before).any()
    studio.pin(10.0, 12.0, keep=True)
    assert studio.notes.pins == ((9.0, 12.0),)
    studio.pin(9.5, 10.0, keep=False)
    assert studio.notes.pins == ((9.0, 9.5), (10.0, 12.0))


def test_a_palette_is_kept_to(studio):
    studio.roll(4.0, 20.0, 5, palette=["#0000ff"])
    assert all(hue_distance(int(hue), 120) <= 8 for hue in studio.light[41:200, 0])


def test_cues_and_lines_are_in_the_slots(studio):
    lines = {"grand_master": ((0.0, 1.0), (14.0, 1.0), (15.0, 0.2), (24.0, 0.2))}
    cues = (TimedCue(t_s=5.0, name="blackout"), TimedCue(t_s=6.0, name="blackout", amount=0.0))
    lit = studio.rows[:, :, :3].astype(float).mean(axis=(1, 2))
    studio.notes = studio.notes.model_copy(update={"cues": cues, "lines": lines})
    studio.stage()
    now = studio.rows[:, :, :3].astype(float).mean(axis=(1, 2))
    assert now[102:118].max() == 0.0
    assert now[160:280] == pytest.approx(lit[160:280], abs=12.0)
    assert now[320:470].mean() < 0.8 * lit[320:470].mean()


def hops_of(studio):
    """Make the stage; how many hops were played for it."""
    told = []
    studio.stage(told.append)
    return len(told)


def test_p50_a_cue_lights_anew_what_comes_after_it_and_nothing_else(studio):
    played = []
    for cues in ((TimedCue(t_s=14.0, name="blackout"),), (TimedCue(t_s=14.0, name="hold"),), ()):
        studio.notes = studio.notes.model_copy(update={"cues": cues})
        played.append(hops_of(studio))
        whole = replace(studio)  # a stage of its own, which knows nothing
        assert hops_of(whole) == studio.sound.hops
        assert np.array_equal(studio.rows, whole.rows)
        assert studio.limited == whole.limited
    assert played[1:] == [120, 120]
    assert hops_of(studio) == 0, "nothing changed, nothing is played"


def test_an_export_changes_no_count_of_another_stage(studio):
    studio.stage()
    studio._staging.limited = 7  # as if another light had been staged
    list(studio.ticks())
    assert studio._staging.limited == 7


def test_a_stage_that_was_broken_off_is_made_whole_the_next_time(studio):
    def breaks(share):
        if share > 0.5:
            raise KeyboardInterrupt

    studio.stage()
    studio.notes = studio.notes.model_copy(update={"cues": (TimedCue(t_s=1.0, name="blackout"),)})
    with pytest.raises(KeyboardInterrupt):
        studio.stage(breaks)
    studio.stage()
    whole = replace(studio)
    whole.stage()
    assert np.array_equal(studio.rows, whole.rows)


def test_automation_leans_on_the_next_roll(studio):
    for amount, bright in ((0.0, False), (1.0, True)):
        studio.notes = studio.notes.model_copy(update={"lines": {"intensity": ((0.0, amount),)}})
        studio.roll(0.0, SECONDS, 5)
        assert bool(studio.light[20:, 1].mean() > 110) is bright


def test_a_plan_goes_on_where_somebody_left_off(room_config, sound, studio, tmp_path):
    studio.roll(0.0, SECONDS, 99)
    studio.pin(1.0, 3.0, keep=True)
    write_plan(studio.plan(), tmp_path / "take.plan")
    again = Studio.opened(room_config, sound, read_plan(tmp_path / "take.plan"))
    assert (again.light == studio.light).all()
    assert again.notes == studio.notes


def test_exports(studio, take, tmp_path):
    tokens = export(studio, take, "tokens", tmp_path / "a").read_text().splitlines()
    assert tokens[0] == "t_s,hue,value"
    assert tokens[1] == f"0.1,{studio.light[0, 0]},{studio.light[0, 1]}"
    assert len(tokens) == 241
    ola = export(studio, take, "ola", tmp_path / "a").read_text().splitlines()
    assert ola[0] == "OLA Show"
    assert len(ola) > 3_000
    film = export(studio, take, "film", tmp_path / "a")
    with av.open(str(film)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.width, picture.height) == (1280, 720)
        assert float(container.duration) / av.time_base == pytest.approx(SECONDS, abs=0.2)
        assert sound.rate == 48_000
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(frames) == 480
    levels = np.array([frame.mean() for frame in frames[40:]])
    luma = np.array([0.299, 0.587, 0.114])  # as the film's grey has it: blue is darker than it is bright
    shown = (np.square(studio.rows[40:480, :, :3] / 255.0) @ luma).mean(axis=1)
    # picture by picture it changes as the show does; how bright a fixture is in the picture is the picture's own matter
    assert np.corrcoef(np.diff(levels), np.diff(shown))[0, 1] > 0.8
    assert abs(np.corrcoef(np.diff(levels)[1:], np.diff(shown)[:-1])[0, 1]) < 0.4  # and not a picture later
    with pytest.raises(PlanError, match="none of tokens"):
        export(studio, take, "poster", tmp_path / "a")
    with pytest.raises(PlanError, match="cannot be written"):
        export(studio, take, "tokens", take / "a")


def test_what_is_no_song_is_named(room_config, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"nothing")
    for path in (tmp_path / "a.wav", tmp_path / "nowhere.wav", tmp_path):
        with pytest.raises(AudioError, match=str(tmp_path)):
            hear(room_config, path)


def test_a_roll_tells_the_model_how_loud_each_hop_is_and_what_was_hit(room_config, sound, monkeypatch):
    heard = []

    class Spy(rolling.Decider):
        def decide(self, embedding, t_s, hit, planned=None, loudness=0.0):
            heard.append((hit, loudness))
            return super().decide(embedding, t_s, hit, planned, loudness)

    monkeypatch.setattr(rolling, "Decider", Spy)
    Studio.fresh(room_config, sound)
    assert heard == [(float(hit), pulses[-1].loudness) for hit, pulses in zip(sound.hits, sound.pulses, strict=True)]
    assert max(loudness for _, loudness in heard) > 0.5
