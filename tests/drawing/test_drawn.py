"""A patch that is drawn: what may be done to it, what it says, and what is written."""

import math
from itertools import pairwise

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.commands.drawing.addresses import SlotRange, clashes, proposed
from controller.commands.drawing.catalogue import Catalogue
from controller.commands.drawing.file import PatchFile, next_universe
from controller.commands.drawing.lamp_check import LampCheck
from controller.commands.drawing.shapes import spread
from controller.config import read_config
from controller.errors import ConfigError, ControllerError, PatchError
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import cell_places

PAR = ("generic/rgb-par-7ch", "7ch")


@pytest.fixture
def drawing(venue):
    return PatchFile(venue)


def row(drawing, name):
    return next(one for one in drawing.drawn.told() if one["id"] == name)


def changed_lines(drawing):
    return [line for line in drawing.difference().splitlines()[2:] if line[0] in "+-"]


def test_fixtures_get_names_free_addresses_and_the_height_of_their_kind(drawing):
    drawn = drawing.drawn
    assert drawn.add(*PAR, 3, "line", [(-2, 1), (2, 1)]) == ["wash-3", "wash-4", "wash-5"]
    assert [row(drawing, f"wash-{n}")["address"] for n in (3, 4, 5)] == [15, 22, 29]  # nothing fits behind the hazer
    assert [row(drawing, f"wash-{n}")["x"] for n in (3, 4, 5)] == [-2.0, 0.0, 2.0]
    assert row(drawing, "wash-3")["z"] == 3.4
    assert drawn.refusal() == ""


def test_what_is_wrong_is_said_at_the_fixture_and_written_only_when_it_is_right(drawing, venue):
    before = venue.read_text()
    drawing.drawn.set(["wash-2"], {"address": 5})
    assert row(drawing, "wash-1")["problems"] == ["shares address 5 with wash-2"]
    with pytest.raises(PatchError, match=r"wash-2 .* overlaps wash-1 at address 5"):
        drawing.write()
    assert venue.read_text() == before
    drawing.drawn.set(["wash-2"], {"address": 508})
    assert row(drawing, "wash-2")["problems"][0] == "ends at 514; the highest address it fits at is 506"
    drawing.drawn.address(["wash-1", "wash-2"], 1, 20)
    assert [row(drawing, name)["address"] for name in ("wash-1", "wash-2")] == [20, 27]
    drawing.write()
    assert [one.address for one in read_config(venue).fixtures] == [20, 27, 101, 511]


def test_only_what_was_changed_is_another_line_and_comments_stay(drawing, venue):
    drawn = drawing.drawn
    drawn.shift(["wash-1"], [0.5, 0.25])
    drawn.set(["spot"], {"turn_deg": 90, "invert_pan": True})
    drawn.set(["wash-2"], {"groups": None})
    drawn.remove(["haze"])
    drawn.add_universe(next_universe)
    drawn.add(*PAR, 1, "line", [(0, 1)], universe=2)
    out = [line[1:] for line in changed_lines(drawing) if line[0] == "+"]
    assert (out[0], "port_address: 1}" in out[2]) == ("  2:", True)
    assert "[-1.0, -0.75, 3.4]} # flickers" in out[3]
    assert len(out) == 7  # the universe, three lamps that were there, and the new one
    drawing.write()
    text = venue.read_text()
    for comment in (
        "# The Cellar: whoever",
        "# the node under",
        "# Front truss first.",
        "# on the floor",
        "# flickers",
    ):
        assert comment in text
    assert text.index("  2:") < text.index("# Front truss first.")
    assert read_config(venue).fixtures[-1].universe == 2
    assert drawing.difference() == ""


BLOCKS = """\
venue: Blocks
palette: ["#ff0000"]
audio: {source: "file:bundled:controller/songs/metal_madness.opus"}
model: {embedder: "bundled:models/embedder-small", decoder: "bundled:models/skipbart-small"}
universes:
    1:
        outputs:
            - type: sacn
              universe: 7   # main
# end of universes
fixtures:
    # first
    -   id: a
        profile: generic/rgb-par
        mode: 3ch   # dip 1
        universe: 1
        address: 1
        role: wash
        position_m: [0, 0, 3]
    # second
    -   id: b
        profile: generic/rgb-par
        mode: 3ch
        universe: 1
        address: 4
        role: wash
        position_m:
            - 1
            - 0
            - 3
"""


def test_a_file_in_blocks_of_several_widths_keeps_every_line_that_is_not_meant(tmp_path):
    file = tmp_path / "blocks.yaml"
    file.write_text(BLOCKS)
    drawing = PatchFile(file)
    drawing.drawn.shift(["a"], [0.1, 0])
    drawing.drawn.add_universe(next_universe)
    drawing.drawn.add("generic/rgb-par", "3ch", 1, "line", [(0, 1)], universe=2)
    gone = [line[1:].strip() for line in changed_lines(drawing) if line[0] == "-"]
    assert gone == ["position_m: [0, 0, 3]"]
    drawing.write()
    made = read_config(file)
    assert (made.universes[2].outputs[0].universe, made.fixtures[-1].universe) == (8, 2)
    while drawing.drawn.undoable:  # also what is saved already
        drawing.drawn.move(-1)
    drawing.write()
    assert yaml.safe_load(file.read_text()) == yaml.safe_load(BLOCKS)


def test_the_singer_and_the_drums_are_marked_moved_and_forgotten(drawing, venue):
    before, drawn = venue.read_text(), drawing.drawn
    drawn.mark("singer", [])
    drawn.mark("singer", [-1.2, 1.0])
    drawn.mark("drums", [0.5, 3])
    drawing.write()
    look = read_config(venue).look
    assert (look.singer_m, look.drums_m) == ((-1.2, 1.0, 1.6), (0.5, 3.0, 1.2))
    assert PatchFile(venue).drawn.now.marks == {"singer": [-1.2, 1.0, 1.6], "drums": [0.5, 3.0, 1.2]}
    drawn.mark("drums", None)
    drawing.write()
    assert read_config(venue).look.drums_m is None
    with pytest.raises(ConfigError, match="what can be marked is singer, drums"):
        drawn.mark("bar", [0, 0])
    while drawn.undoable:
        drawn.move(-1)
    drawing.write()
    assert read_config(venue).look == PatchFile(venue).config.look
    assert yaml.safe_load(venue.read_text())["fixtures"] == yaml.safe_load(before)["fixtures"]


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(drawing, venue):
    drawing.drawn.remove(["haze"])
    venue.write_text(venue.read_text() + "# Ana was here\n")
    with pytest.raises(ConfigError, match="somebody else has changed it"):
        drawing.write()
    assert venue.read_text().endswith("# Ana was here\n")


REFUSED = (
    (lambda drawn: drawn.add("generic/nothing", "7ch", 1, "line", []), "no profile 'generic/nothing'"),
    (lambda drawn: drawn.add(PAR[0], "9ch", 1, "line", []), "mode '9ch': it has 7ch"),
    (lambda drawn: drawn.add(*PAR, 201, "line", []), "1 to 200 at once"),
    (lambda drawn: drawn.add(*PAR, 1, "heart", []), "none of line, arc, grid"),
    (lambda drawn: drawn.add(*PAR, 100, "grid", []), "no room for 7 slots in universe 1; add a universe"),
    (lambda drawn: drawn.shift(["nobody"], [1, 1]), "choose a fixture"),
    (lambda drawn: drawn.shift(["spot"], [math.nan, 0]), "within 100 m"),
    (lambda drawn: drawn.set(["wash-1", "wash-2"], {"address": 3}), "each fixture has its own"),
    (lambda drawn: drawn.set(["wash-1"], {"id": "wash-2"}), "'wash-2' is there already"),
    (lambda drawn: drawn.set(["wash-1"], {"role": "king"}), "a role is one of key"),
    (lambda drawn: drawn.set(["wash-1"], {"max_intensity": 7}), "max_intensity: Input should be less than"),
    (lambda drawn: drawn.set(["wash-1"], {"allow_laser": True}), "not set here"),
    (lambda drawn: drawn.address(["wash-1"], 9, 1), "universe 9 is not there"),
    (lambda drawn: drawn.arrange(["wash-1"], "line"), "two fixtures or more"),
)


@pytest.mark.parametrize(("wish", "said"), REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(drawing, wish, said):
    with pytest.raises(ControllerError, match=said):
        wish(drawing.drawn)
    assert drawing.drawn.now == drawing.drawn.saved
    assert not drawing.drawn.undoable


WISHES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 3), st.sampled_from(("line", "arc", "grid"))),
        st.tuples(st.just("shift"), st.integers(0, 9), st.floats(-2, 2), st.floats(-2, 2)),
        st.tuples(st.just("remove"), st.integers(0, 9)),
        st.tuples(st.just("set"), st.integers(0, 9), st.sampled_from((0.5, None)), st.sampled_from((["a", "b"], None))),
        st.tuples(st.just("undo")),
        st.tuples(st.just("redo")),
        st.tuples(st.just("write")),
    ),
    max_size=6,
)


def do(drawn, verb, *words):
    names = [row["id"] for row in drawn.now.rows]
    if verb == "add":
        drawn.add(*PAR, words[0], words[1], [])
    elif verb in ("undo", "redo"):
        drawn.move(-1 if verb == "undo" else 1)
    elif names:
        name = names[words[0] % len(names)]
        if verb == "shift":
            drawn.shift([name], words[1:])
        elif verb == "remove":
            drawn.remove([name])
        else:
            drawn.set([name], {"max_intensity": words[1], "groups": words[2]})


def by_name(rows):
    return sorted(rows, key=lambda row: row["id"])


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(wishes=WISHES)
def test_whatever_is_done_the_file_says_the_same_and_undone_it_is_as_it_was(venue, wishes):
    before = venue.read_text()
    drawing = PatchFile(venue)
    drawn, first = drawing.drawn, list(drawing.drawn.now.rows)
    written = False
    for wish in wishes:
        if wish == ("write",):
            if drawn.refusal():
                continue
            drawing.write()
            assert not drawn.differs
            written = True
        else:
            do(drawn, *wish)
    assert by_name(yaml.safe_load(drawing.text())["fixtures"]) == by_name(drawn.now.rows)
    while drawn.undoable:
        drawn.move(-1)
    assert by_name(yaml.safe_load(drawing.text())["fixtures"]) == by_name(first)
    assert written or drawing.text() == before
    venue.write_text(before)


def test_shapes_begin_and_end_where_they_are_told_and_are_even():
    for shape in ("line", "arc", "grid"):
        assert spread(1, shape, (0, 0), (4, 2)) == [(2.0, 1.0)]
    line = spread(5, "line", (-2, 1), (2, 1))
    assert line == [(-2, 1), (-1, 1), (0, 1), (1, 1), (2, 1)]
    arc = spread(5, "arc", (-2, 1), (2, 1))
    assert arc[0] == pytest.approx((-2, 1))
    assert arc[4] == pytest.approx((2, 1))
    assert arc[2] == pytest.approx((0, 2))  # away from the audience
    steps = [math.dist(one, other) for one, other in pairwise(arc)]
    assert steps == pytest.approx([steps[0]] * 4)
    assert spread(6, "grid", (-2, 0), (2, 2)) == [(-2, 0), (0, 0), (2, 0), (-2, 2), (0, 2), (2, 2)]


@given(st.lists(st.integers(1, 200), min_size=1, max_size=12), st.lists(st.integers(1, 100), max_size=6))
def test_proposed_addresses_are_free(sizes, there):
    at, taken = 1, []
    for number, size in enumerate(there):
        if at + size <= 512:
            taken.append(SlotRange(f"old-{number}", 1, at, size))
            at += size + number
    try:
        found = proposed(sizes, taken, [1, 2, 3])
    except PatchError:
        assert sum(sizes) > 512
        return
    new = [SlotRange(f"n{n}", *place, size) for n, (place, size) in enumerate(zip(found, sizes, strict=True))]
    assert clashes([*taken, *new]) == {}


def test_a_bar_that_is_turned_has_its_cells_along_the_turn(drawing):
    across, up = (np.array(cell_places((1.0, 2.0, 3.0), 3, turn)) for turn in (0.0, 90.0))
    assert across == pytest.approx(np.array([(0.88, 2, 3), (1, 2, 3), (1.12, 2, 3)]))
    assert up == pytest.approx(np.array([(1, 1.88, 3), (1, 2, 3), (1, 2.12, 3)]))
    (name,) = drawing.drawn.add("generic/pixel-bar-8", "26ch", 1, "line", [(0, 1)])
    drawing.drawn.set([name], {"turn_deg": 90})
    places = patch_of(drawing.as_drawn()).positions_m[-8:]
    assert places[:, 0] == pytest.approx([0.0] * 8, abs=1e-6)
    assert places[-1, 1] - places[0, 1] == pytest.approx(7 * 0.12)


def test_the_library_is_searched_by_parts_of_maker_and_model(drawing):
    catalogue = Catalogue(drawing.library)
    assert [one.reference for one in catalogue.search("spot gen mov")] == ["generic/moving-spot"]
    assert catalogue.search("no such lamp anywhere") == []
    assert catalogue.search("")[0].library == "own"
    told = catalogue.told("generic/moving-spot")
    assert told["role"] in ("beam", "mover")
    assert told["modes"][0]["slots"] == 10


def test_the_thorough_walk_tries_what_may_help_and_keeps_what_does(drawing):
    patch = patch_of(drawing.as_drawn())
    check = LampCheck(patch, ["wash-1", "haze"], thorough=True)
    assert check.told()["of"] == 1  # no haze without a person
    check.answer("no")
    asked = check.told()
    assert asked["tried"]
    helped = check.answer("yes")
    assert (helped.fixture, helped.channel in asked["question"]) == ("wash-1", True)
    drawing.drawn.rest(helped.fixture, helped.channel, helped.level)
    assert f"override: {{{helped.channel}: {{rest: {helped.level}}}}}" in drawing.text()
    check.answer("back")
    assert check.told()["step"] == 1
    check.answer("skip")
    assert check.over
    assert check.answers == {"wash-1": {"white": True}}
    with pytest.raises(ConfigError, match="while a check is going on"):
        check.answer("yes")
