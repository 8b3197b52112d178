"""A slow embedder at a lower pace: the arithmetic, what is held, lateness, and the same in every rehearsal."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from controller.clock import ManualClock
from controller.config import with_overrides
from controller.listening.decider import Decider
from controller.listening.embed.embedder import Embedder
from controller.listening.embed.paced import LATE_IN_A_ROW, SLOWEST, PacedEmbedder, advice, hops_for
from controller.messages import Window


def windows(count, rng):
    for hop in range(count):
        yield Window(
            0.1 * (hop + 1), hop, rng.normal(0, 0.1, 48_000).astype(np.float32), np.zeros((0, 48_000), np.float32)
        )


@pytest.fixture
def embedder(root):
    return Embedder(root / "models" / "embedder-small")


@pytest.mark.parametrize(
    ("embed_ms", "decode_ms", "hops"), [(1, 2, 1), (40, 29, 1), (40, 31, 2), (110, 15, 2), (216, 28, 4), (9_000, 1, 20)]
)
def test_the_pace_follows_from_what_was_measured(embed_ms, decode_ms, hops):
    assert hops_for(embed_ms / 1e3, decode_ms / 1e3) == hops


def test_advice_names_what_works():
    said = advice("openl3-music-mel256-512", 0.216, 4, "openl3-mel256")
    for word in ("216 ms", "every 4 hops", "quantize", "distill", "model.threads", "cuda"):
        assert word in said


def test_every_hop_is_the_embedder_itself(embedder, rng):
    paced = PacedEmbedder(embedder, 1, None, patient=False)
    for window in windows(3, rng):
        np.testing.assert_array_equal(paced.embed(window).vector, embedder.embed(window).vector)


def test_an_embedding_is_taken_its_pace_later_and_says_what_it_is_about(embedder, rng):
    given = list(windows(10, rng))
    exact = [embedder.embed(window) for window in given]
    with ThreadPoolExecutor(1) as executor:
        paced = PacedEmbedder(embedder, 3, executor, patient=True)
        got = [paced.embed(window) for window in given]
    about = [0, 0, 0, 0, 0, 0, 3, 3, 3, 6]
    assert [round(one.t_s / 0.1) - 1 for one in got] == about
    assert [one.seq for one in got] == list(range(10))
    for one, source in zip(got, about, strict=True):
        np.testing.assert_array_equal(one.vector, exact[source].vector)


@pytest.mark.warns("embedding falls behind")
def test_a_late_worker_is_not_waited_for_and_slows_the_pace(embedder, rng):
    held = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        paced = PacedEmbedder(embedder, 2, executor, patient=False)
        executor.submit(held.wait, 30.0)
        got = [paced.embed(window) for window in windows(2 + LATE_IN_A_ROW, rng)]
        assert len({one.t_s for one in got}) == 1
        assert paced.late == LATE_IN_A_ROW
        assert paced.every == 3
        held.set()
        executor.submit(int).result()
        assert [one.t_s for one in (paced.embed(window) for window in windows(4, rng))][-1] <= got[0].t_s
    assert paced.every <= SLOWEST


def test_a_rehearsal_at_a_pace_is_the_same_each_time(config, rng):
    slow = with_overrides(config, model={"embed_every": 3})
    given = list(windows(14, rng))
    deciders = [Decider(slow, ManualClock(), patient=True) for _ in range(2)]
    first, second = ([decider.step(window) for window in given] for decider in deciders)
    assert first == second


@pytest.mark.warns("one embedding every 3 hops")
def test_a_machine_that_is_too_slow_is_told_so(config, caplog, monkeypatch):
    class SlowClock(ManualClock):
        """Every look at it costs 0.15 s."""

        def now_s(self):
            self.sleep_until(super().now_s() + 0.15)
            return super().now_s()

    Decider(config, SlowClock())
    assert "one embedding every 3 hops" in caplog.text
