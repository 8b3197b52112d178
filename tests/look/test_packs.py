"""Packs of looks: those that come along, those that people write, and what is said of their mistakes."""

from itertools import pairwise

import pytest

from controller.colour import apart_deg
from controller.commands.check import examine
from controller.config import read_config, with_overrides
from controller.errors import ConfigError
from controller.looks.gels import GELS, SICKLY_DEG, nearest_gel, on_face, pale_gel, palette_of
from controller.looks.look import PARTS, Look
from controller.looks.pack import Pack, bundled_packs, pack_of, read_pack

HARMONIES = ("alone", "analogous", "complement", "white", "pastel")
ONE = """
looks:
  mine:
    parts: [verse]
    lit: {key: 0.4, back: 0.5}
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "band.yaml"
        file.write_text(text)
        return file

    return write


@pytest.mark.parametrize("name", bundled_packs())
def test_a_bundled_pack_has_looks_for_every_part_and_several_for_what_comes_often(name):
    pack = read_pack(name)
    assert 9 <= len(pack.looks) <= 15
    for part, least in {**dict.fromkeys(PARTS, 1), "intro": 2, "verse": 3, "chorus": 3}.items():
        assert sum(part in look.parts for look in pack.looks.values()) >= least, part
    for look in pack.looks.values():
        assert "key" in look.lit, f"{look.name}: nobody's face"
        assert look.figure.name == "still" or set(look.figure.roles) <= set(look.lit), (
            f"{look.name}: a figure of nobody"
        )
        assert "accents" not in look.model_fields_set or set(look.accents) <= set(look.lit), look.name


def test_the_bundled_packs_are_those_that_were_promised():
    assert bundled_packs() == ("acoustic", "ballad", "electronic", "jazz", "metal", "rock")


@pytest.mark.parametrize("name", bundled_packs())
def test_the_chorus_opens_and_the_intro_hides(name):
    """More roles and more light in a big chorus than in a small intro, and washes only there."""
    pack = read_pack(name)
    chorus, intro = pack.fitting("chorus", 1.0)[0], pack.fitting("intro", 0.1)[0]
    assert len(chorus.lit) > len(intro.lit)
    assert chorus.level[1] > intro.level[0] + 0.2
    assert "wash" in chorus.lit
    assert "wash" not in intro.lit


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("rank", [0.0, 0.3, 0.7, 1.0])
def test_there_is_always_a_fitting_look_and_the_best_stands_first(part, rank):
    for name in bundled_packs():
        found = read_pack(name).fitting(part, rank)
        assert found
        misfits = [max(look.rank[0] - rank, rank - look.rank[1], 0.0) for look in found]
        assert all(a <= b for a, b in pairwise(misfits))
        assert all(part in look.parts for look in found)


def test_a_part_that_a_pack_lacks_is_lent_a_related_one():
    only = Pack("only", {"one": Look(name="one", parts=("chorus",))})
    assert [only.fitting(part, 0.5)[0].name for part in PARTS] == ["one"] * len(PARTS)


def test_no_gel_is_mustard_or_lime_and_none_makes_faces_sick():
    for gel in GELS:
        assert not 56.0 < gel.hue_deg < 115.0 or gel.saturation < 0.15, gel.name
        if 60.0 <= gel.hue_deg <= 110.0:
            assert not on_face(gel)
    assert SICKLY_DEG[0] <= 60.0
    assert SICKLY_DEG[1] >= 110.0
    assert len({gel.name for gel in GELS}) == len(GELS)


def test_every_hue_has_a_gel_nearby_and_whites_and_pastels_are_in_the_box():
    for hue_deg in [*range(50), *range(125, 360)]:
        assert apart_deg(nearest_gel(hue_deg).hue_deg, hue_deg) <= 13.0
        assert nearest_gel(hue_deg).saturation > 0.8
    assert sum(gel.saturation < 0.4 for gel in GELS) >= 4
    assert sum(0.4 <= gel.saturation < 0.6 for gel in GELS) >= 8
    assert pale_gel(250.0).name == "L137 Special Lavender"


@pytest.mark.parametrize("harmony", HARMONIES)
def test_a_palette_is_what_its_harmony_says(harmony):
    for hue_deg in range(0, 360, 15):
        main = nearest_gel(hue_deg)
        palette = palette_of(harmony, main)
        assert 1 <= len(palette) <= 3
        match harmony:
            case "alone":
                assert palette == (main,)
            case "white":
                assert all(gel.saturation < 0.4 for gel in palette)
            case "pastel":
                assert palette[0] == main
                assert palette[1].saturation < 0.6
            case "analogous":
                assert 10.0 < apart_deg(palette[1].hue_deg, main.hue_deg) < 50.0
            case "complement":
                assert apart_deg(palette[1].hue_deg, main.hue_deg) > 110.0
                assert on_face(palette[1])


def test_a_band_with_gels_of_its_own_gets_them_back():
    mine = (nearest_gel(0.0), nearest_gel(240.0))
    assert palette_of("complement", mine[1], mine) == (mine[1], mine[0])


def test_a_venue_adds_its_own_to_a_bundled_pack(written):
    file = written(ONE + "extends: rock\ngels: {our blue: {hue_deg: 231, saturation: 0.9}}\n")
    pack = read_pack(file)
    assert pack.looks["mine"].lit == {"key": 0.4, "back": 0.5}
    assert "open chorus" in pack.looks
    assert [gel.name for gel in pack.gels] == ["our blue"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ONE, "band.yaml:3: looks: no look for intro, chorus"),
        (ONE.replace("0.5", "1.5"), "band.yaml:5: looks.mine.lit.back: must be at most 1"),
        (ONE.replace("back", "balcony"), "band.yaml:5: looks.mine.lit"),
        (ONE.replace("[verse]", "[refrain]"), "band.yaml:4: looks.mine.parts[0]"),
        (ONE + "    figure: {name: chase, roles: [key]}", "key takes part in no figure"),
        (ONE + "    level: [0.9, 0.1]", "level is written least first"),
        (ONE + "    colour: red", "band.yaml:6: looks.mine.colour: there is no such key"),
        (ONE + "lookz: 1", "band.yaml:6: lookz"),
        (ONE + "  mine: {}", "band.yaml:6: 'mine' stands here twice"),
        ("looks: {a: 1}", "band.yaml:1: looks.a"),
        ("looks: [", "band.yaml:1: not valid YAML"),
        ("", "band.yaml"),
        ("extends: band.yaml\n" + ONE, "extends itself"),
        ("extends: polka\n" + ONE, "no pack of looks called 'polka'"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(written, text, says):
    with pytest.raises(ConfigError) as told:
        read_pack(written(text))
    assert says in str(told.value)


def test_check_refuses_a_pack_that_is_not_there(config, root):
    with pytest.raises(ConfigError, match="called 'polka'; it is one of acoustic, ballad"):
        examine(with_overrides(config, look={"pack": "polka"}), audio=False, page=False)
    with pytest.raises(ConfigError, match=r"config\.yaml:\d+: look\.pack: .*nowhere\.yaml: no such file"):
        pack_of(with_overrides(read_config(root / "config.yaml"), look={"pack": "nowhere.yaml"}))
