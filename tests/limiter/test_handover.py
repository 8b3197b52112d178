"""Three flashes in any second, across a change of leader too (R8): between two processes, and between two machines."""

import numpy as np
import pytest

from controller.lighting.limiter import Limiter
from controller.lighting.standby.heartbeat import MOST_BYTES, Heartbeat, WordKind, decode, encode, secret_of
from controller.lighting.standby.standing import Gathering, in_pieces
from controller.messages import Command
from controller.records.cycles import Cycle, Heard, cycle_of, plain
from controller.rig.patch.configured import patch_of
from tests.limiter.eye import most_flashes
from tests.limiter.rooms import Show, demo, flat, frames, pars
from tools.bench.stages.limiting import many

MOST = 3.0


def relay(patch, wished, died):
    """What leaves while leaders die at these cycles; each announced its last frame, and half of them never sent it."""
    leader, other, sent, times_s = Limiter(patch), Limiter(patch), [], []
    announced = b""
    for cycle, row in enumerate(wished):
        now_s = cycle / 40
        if cycle in died:
            leader, other = other, leader
            leader.adopt(announced, now_s)
        silent = np.roll(wished, 3, axis=0)[cycle]  # the other has no desk, or another phase of the same
        other.limit(frames(patch, silent), now_s)
        made = leader.limit(frames(patch, row), now_s)
        announced = leader.standing
        if cycle + 1 in died and died.index(cycle + 1) % 2:
            continue
        sent.append(flat(made))
        times_s.append(now_s)
    return np.array(sent), np.array(times_s)


@pytest.mark.parametrize("half", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("rows", [False, True], ids=["all lamps", "rows in turns"])
def test_r8_no_second_has_more_flashes_when_leaders_die(half, rows, rng):
    patch = patch_of(pars())
    wished = np.zeros((1_200, 512), np.uint8)
    for cycle in range(1_200):
        on = cycle // half % 2
        wished[cycle, :36], wished[cycle, 36:72] = 255 * on, 255 * (1 - on if rows else on)
    died = sorted({int(cycle) for cycle in rng.integers(60, 1_200, 25)})
    slots, times_s = relay(patch, wished, died)
    assert most_flashes(patch, slots, times_s) <= MOST


def test_r8_who_knows_nothing_of_the_one_before_lets_nothing_flash_for_a_second():
    patch = patch_of(pars())
    limiter = Limiter(patch)
    lit, dark = np.zeros(512, np.uint8), np.zeros(512, np.uint8)
    lit[:72] = 255
    limiter.limit(frames(patch, lit), 0.0)
    limiter.adopt(b"", 0.025)
    dim = lit // 2
    shown = [flat(limiter.limit(frames(patch, dim if cycle % 4 < 2 else lit), cycle / 40)) for cycle in range(1, 41)]
    assert (np.array(shown)[:, :72] == 255).all()
    assert not flat(limiter.limit(frames(patch, dark), 1.05, dark=True)).any()  # but dark is dark


def test_r8_the_light_goes_on_from_the_frame_that_was_announced():
    show = Show(demo())
    show.run(2.0)
    before, other = show.shown[-1], Show(demo(), seed=9)
    other.run(2.0)
    made = other.cycle.run(2.0, Heard(shown=before.tobytes()))
    lamps = [lane.slots[0] for lane in show.patch.lanes if lane.control == "intensity"]
    assert np.abs(flat(made.frames)[lamps].astype(int) - before[lamps]).max() <= 26


def test_r8_what_was_handed_over_stands_in_the_log():
    """A replay goes on from the same frame, or its bytes would differ."""
    for heard in (Heard(shown=b""), Heard(shown=bytes(range(256)) * 4), Heard(shown=b"x", held=()), Heard(held=())):
        cycle = Cycle(1.0, heard, 7)
        assert cycle_of(plain(cycle)) == cycle
    assert len(plain(Cycle(1.0, Heard(commands=(Command("hold", 1.0),)), 7))) == 8  # as in older logs


SECRET = secret_of("key")


def words(standing, shown, number):
    """The datagrams of a standing."""
    pieces = in_pieces(standing, shown, number)
    return [
        encode(Heartbeat(WordKind.STANDING, b"speaker.", bytes(8), number + at, piece), SECRET)
        for at, piece in enumerate(pieces)
    ]


def gathered(payloads, gathering=None):
    gathering = gathering or Gathering()
    whole = [gathering.take(decode(payload, SECRET)) for payload in payloads]
    return gathering.whole, sum(whole)


@pytest.mark.parametrize("config", [demo(), many()], ids=["24 fixtures", "512 heads"])
def test_r8_a_standing_arrives_whole_in_datagrams_that_fit_any_packet(config, rng):
    patch = patch_of(config)
    limiter = Limiter(patch)
    for cycle in range(20):
        wished = rng.integers(0, 256, patch.nowhere).astype(np.uint8)  # no lamp does what another does
        limiter.limit(frames(patch, wished), cycle / 40)
    sent = words(limiter.standing, limiter.shown, 1)
    assert max(map(len, sent)) <= MOST_BYTES
    assert gathered(sent) == (limiter.standing, 1)


def test_r8_a_standing_of_which_a_piece_is_lost_is_left_out():
    one, two = (np.random.default_rng(seed).bytes(3_500) for seed in (1, 2))
    gathering = Gathering()
    assert gathered(words(one, b"", 10), gathering) == (one, 1)
    assert gathered(words(two, b"", 20)[:-1], gathering) == (one, 0)
    assert gathered(words(two, b"", 30), gathering) == (two, 1)
    assert gathered(words(two, b"", 40)[1:] + words(one, b"", 50)[:1], gathering) == (two, 0)


def test_r8_of_what_is_too_large_the_slots_alone_are_told_or_nothing():
    noise = np.random.default_rng(1).bytes
    huge, slots = noise(40_000), noise(5_000)
    assert gathered(words(huge, slots, 1))[0] == slots
    assert in_pieces(huge, huge, 1) == []


def test_r8_nonsense_is_no_standing():
    part = b"nonsense"
    for said in (
        7,
        None,
        [],
        [1, 0, 1, part],
        [1, 5, 2, part],
        [1, -1, 1, part],
        [1, 0, 1 << 40, part],
        [1, 0, 1, "x"],
    ):
        gathering = Gathering()
        gathering.take(Heartbeat(WordKind.STANDING, b"speaker.", bytes(8), 1, {"standing": said}))
        assert gathering.whole == b""
