"""What a set list wishes binds the light: colours, what is forbidden, faces, darkness on the break."""

from dataclasses import replace

import numpy as np
import pytest

from controller.colour import apart_deg
from controller.config import with_overrides
from controller.evening.entry import ListEntry
from controller.evening.wishing import song_wish
from controller.listening.form.director import Director
from controller.looks.pack import bundled_packs, read_pack
from controller.looks.wardrobe import wardrobe
from controller.messages import NO_WISH, Command, Operator, Steering
from controller.people.operator import OperatorState, operator_from, plain_operator
from controller.people.wishes import in_force, steered
from tests.form.test_director import anything, band, section
from tests.look.band import Band, bright, cue


def wished(**entry):
    return song_wish(ListEntry(title="A song", **entry), 0)


def cues_of_a_song(pack, wish, steering=None):
    """The cues of a song of eight parts that are all there is: quiet, loud, again, rising, falling."""
    director = Director(read_pack(pack))
    director.bind(wish, steering or Steering())
    found = []
    for number, (label, rank, again) in enumerate(
        [
            ("A", 0.2, False),
            ("B", 0.8, False),
            ("A", 0.3, True),
            ("B", 0.9, True),
            ("C", 0.5, False),
            ("D", 0.95, False),
        ]
    ):
        for bars in (0, 9, 18):
            at_s = 40.0 * number + 2.0 * bars
            now = band(
                section(label, 40.0 * number, again=again),
                rank,
                bars=bars,
                biggest=rank > 0.7,
                risen=0.4,
                parts=4,
                share=0.2,
            )
            found.append(director.step(now, at_s - 0.1, anything))
    return [one for one in found if one is not None]


@pytest.mark.parametrize("pack", bundled_packs())
@pytest.mark.parametrize("asked", [("red",), ("blue", "magenta"), ("amber", "green", "purple"), ("yellow",)])
def test_looks_wear_the_colours_that_are_asked_for_and_no_others(pack, asked):
    wish = wished(asked=asked)
    wanted = wish.asked[::2]
    for one in cues_of_a_song(pack, wish):
        for hue_deg, saturation in zip(one.palette[::2], one.palette[1::2], strict=True):
            assert saturation >= 0.4, "white was not asked for"
            assert min(apart_deg(hue_deg, want) for want in wanted) <= 16.0
        assert "set list" in one.why


@pytest.mark.parametrize("pack", bundled_packs())
@pytest.mark.parametrize("forbidden", ["red", "green", "blue", "white", "magenta"])
def test_no_look_wears_what_is_forbidden(pack, forbidden):
    wish = wished(forbidden=(forbidden,))
    for one in cues_of_a_song(pack, wish):
        for hue_deg, saturation in zip(one.palette[::2], one.palette[1::2], strict=True):
            if forbidden == "white":
                assert saturation >= 0.4
            elif saturation >= 0.4:
                assert apart_deg(hue_deg, wish.forbidden[0]) >= 25.0


def test_white_alone_can_be_asked_for():
    for one in cues_of_a_song("rock", wished(asked=("white",))):
        assert max(one.palette[1::2]) < 0.4


def test_a_person_at_the_page_comes_before_the_set_list():
    chosen = wardrobe(read_pack("rock").gels, Steering(hues=(60,)), wished(asked=("red",)))
    assert all(apart_deg(one.hue_deg, 120.0) <= 16.0 for one in chosen.gels)


def test_without_a_wish_nothing_is_different():
    assert wardrobe(read_pack("jazz").gels, Steering()).gels == read_pack("jazz").gels
    assert steered(Operator()) == Steering()


def test_other_colours_are_worn_at_once():
    director = Director(read_pack("rock"))
    director.step(band(section("A", 0.0), 0.5), 0.1, anything)
    director.bind(wished(asked=("green",)), Steering())
    after = director.step(band(section("A", 0.0), 0.5), 3.3, anything)
    assert apart_deg(after.palette[0], 134.0) <= 16.0
    assert "wished" in after.why


@pytest.mark.parametrize("pack", bundled_packs())
def test_calm_songs_have_calmer_looks_than_wild_ones(pack):
    looks = read_pack(pack).looks

    def restless(energy):
        cues = cues_of_a_song(pack, wished(energy=energy))
        return np.mean([looks[one.look].figure.name not in ("still", "wave", "pulse") for one in cues])

    assert restless("calm") <= restless("wild")


def test_nothing_that_is_forbidden_is_spent():
    free = {one.spend for one in cues_of_a_song("rock", NO_WISH)}
    assert free & {"blinder", "strobe"}, "otherwise this test cannot fail"
    assert {one.spend for one in cues_of_a_song("rock", wished(blinder=False, strobe=False))} == {""}
    assert "strobe" not in {one.spend for one in cues_of_a_song("rock", wished(strobe=False))}


def test_a_song_begins_with_the_look_that_is_wished_for():
    name = next(iter(read_pack("rock").looks))
    assert cues_of_a_song("rock", wished(look=name))[0].look == name
    assert cues_of_a_song("rock", wished(look="no such look"))


# on the rig


def with_fixtures(config, change):
    """The configuration with other values for some of its fixtures."""
    fixtures = [{**one, **change(one)} for one in config.model_dump()["fixtures"]]
    return with_overrides(config, fixtures=fixtures)


def stage(config, wish=NO_WISH, look="chorus"):
    names = list(read_pack("rock").looks)
    made = Band(config)
    made.engine.obey(Command("wish", 1.0, wish=wish))
    made.cue = cue(next(one for one in names if look in read_pack("rock").looks[one].parts))
    return made


@pytest.mark.parametrize("way", ["button", "hand", "cue"])
@pytest.mark.parametrize("lamp", ["strobe", "blinder"])
def test_forbidden_lamps_stay_dark_whoever_asks(config, way, lamp):
    def brightest(wish):
        made = stage(config, wish)
        made.play(2.0)
        made.cycle.limiter.limit = lambda frames, *_args, **_more: frames  # who takes it out is no excuse
        if way == "hand":
            made.engine.obey(Command("hand", 1.0, lamp, (1.0, -1.0, 0.0)), made.now_s)
        elif way == "cue":
            made.cue = replace(made.cue, start_s=made.now_s + 0.1, spend=lamp, label="B")
        most = 0.0
        for _ in range(20):
            if way == "button":
                made.engine.obey(Command(lamp, 1.0), made.now_s)
            most = max(most, float(made.play(0.1)[:, made.heads(lamp)].max()))
        return most

    assert brightest(NO_WISH) > 0.3, "otherwise this test cannot fail"
    assert brightest(wished(**{lamp: False})) == 0.0


def test_a_person_may_ignore_the_wishes_of_one_song(config):
    made = stage(config, wished(strobe=False))
    made.engine.obey(Command("wishes_off", 1.0))
    made.play(1.0)
    most = 0.0
    for _ in range(20):
        made.engine.obey(Command("strobe", 1.0), made.now_s)
        most = max(most, float(made.play(0.1)[:, made.heads("strobe")].max()))
    assert most > 0.3
    made.engine.obey(Command("wish", 1.0, wish=song_wish(ListEntry(title="next", strobe=False), 1)))
    assert not in_force(made.engine.operator).strobe, "what was ignored was one song's"


def test_haze_that_is_forbidden_stays_off(config):
    armed = with_fixtures(config, lambda one: {"armed": True} if one["role"] == "hazer" else {})

    def hazed(wish):
        made = Band(armed)
        made.engine.obey(Command("wish", 1.0, wish=wish))
        hazer = next(one for one in made.patch.fixtures if one.config.role == "hazer").config
        made.engine.obey(Command("haze", 1.0), 0.0)
        made.play(0.1)
        frame = next(one for one in made.ticks[-1].frames if one.universe == hazer.universe)
        return frame.slots[hazer.address - 1 : hazer.address + 1].max()

    assert hazed(NO_WISH) > 0
    assert hazed(wished(haze=False)) == 0


def test_faces_wear_the_wished_colour(config):
    keyed = with_fixtures(config, lambda one: {"role": "key"} if one["id"] in ("front-1", "front-6") else {})
    made = stage(keyed, wished(key="amber"))
    light = made.play(6.0)[-1][made.heads("key")]
    assert len(light)
    assert (light[:, 2] < 0.3 * light[:, 0]).all(), "amber has little blue"
    plain = stage(keyed)
    white = plain.play(6.0)[-1][plain.heads("key")]
    assert (white[:, 2] > 0.3 * white[:, 0]).all()


def test_dark_on_the_break_means_dark(config):
    def left(wish):
        made = stage(config, wish)
        made.play(6.0)
        made.level_db = -120.0
        return bright(made.play(0.6)[-8:]).max()

    assert left(wished(dark_on_break=True)) == pytest.approx(0.0, abs=0.02)
    assert left(NO_WISH) > 0.1, "faces stay lit where nobody asked for darkness"


def test_a_part_without_drums_is_nearly_dark_where_that_was_asked_for(config):
    def left(wish):
        made = stage(config, wish, look="break")
        made.cue = replace(made.cue, part="break")
        return bright(made.play(6.0)[-40:]).mean()

    assert left(wished(dark_on_break=True)) < 0.3 * left(NO_WISH)


# what a person wishes, and what is kept of it


def test_a_wish_survives_the_way_to_the_spare():
    wish = wished(
        asked=("red", "white"), forbidden=("green",), energy="calm", strobe=False, key="amber", tempo_bpm=99.5
    )
    state = OperatorState()
    state.obey(Command("wish", 1.0, wish=wish), 1.0)
    state.obey(Command("moment", 1.0, "talk"), 2.0)
    assert operator_from(plain_operator(state.operator)) == state.operator
    assert state.operator.wish == wish


def test_undo_brings_the_song_before_back():
    state = OperatorState()
    state.obey(Command("wish", 1.0, wish=wished(asked=("red",))), 1.0)
    state.obey(Command("wish", 1.0, wish=song_wish(ListEntry(title="two"), 1)), 60.0)
    state.obey(Command("undo", 1.0), 70.0)
    assert state.operator.wish.number == 0


def test_the_wish_leans_on_the_model_as_a_person_would():
    operator = Operator(wish=wished(asked=("red", "white"), forbidden=("blue",), energy="wild"))
    found = steered(operator)
    assert (found.hues, found.forbidden) == ((0,), (116,))
    assert found.energy == pytest.approx(0.8)
    ignored = replace(operator, more=(("wishes_off", 1.0),))
    assert steered(ignored) == Steering()
