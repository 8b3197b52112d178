"""One host, two with an olad each: every one has its own light, and a lost one takes nothing from the other."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from lab import possible, wait_for
from promise import HANG_S, kept

from tools.bench.run.hosts import Switched
from tools.bench.run.olad import Olad
from tools.bench.wire.watching import Watch, longest_gap_s

BOTH = (1, 2)
"""Each olad would take either universe: what it has is what came."""
ON = 40
"""Levels that have to come before it is said that they go on."""


@pytest.fixture
def machines(require_real):
    """The network, and a watch of its two output machines."""
    require_real("the right to make network namespaces", possible())
    require_real("olad", shutil.which("olad"))
    with tempfile.TemporaryDirectory(prefix="followspot-lab-") as name:
        folder, network = Path(name), Switched(2)
        folder.chmod(0o755)
        try:
            olads = [Olad(network, host, folder / host.card, "sacn", BOTH) for host in network.machines]
            for one in olads:
                wait_for(one.answers, HANG_S, "olad")
            watch = Watch(zip(network.machines, olads, strict=True))
            yield network, watch
            watch.close()
        finally:
            network.close()


def flat(level):
    return np.full(512, level, np.uint8)


def has(machine, universe, level):
    return machine.levels.get(universe) == bytes([level]) * 512


def goes_on(machine):
    """Levels come, forty times."""
    already = len(machine.updates)
    wait_for(lambda: len(machine.updates) > already + ON, HANG_S, "levels of the machine that is left")


@pytest.mark.warns("nobody takes it there", "works again")
def test_each_machine_has_its_own_light_and_a_lost_one_takes_nothing_from_the_other(machines, show):
    network, watch = machines
    stays, goes = watch.machines
    outputs = {
        number: [{"type": "sacn", "universe": number, "host": one.host.address}]
        for number, one in zip(BOTH, watch.machines, strict=True)
    }
    sends = show(network.listening, outputs, {1: flat(11), 2: flat(22)}, interface=network.listening.address)
    wait_for(lambda: has(stays, 1, 11) and has(goes, 2, 22), HANG_S, "the light of both machines")
    begun_s = stays.updates[-1].t_s

    goes.host.cable(plugged=False)
    goes_on(stays)
    sends.levels = {1: flat(33), 2: flat(44)}
    wait_for(lambda: has(stays, 1, 33), HANG_S, "new light at the machine that is left")
    assert has(goes, 2, 22), "olad holds what it had"
    goes.host.cable(plugged=True)
    wait_for(lambda: has(goes, 2, 44), HANG_S, "light after the cable is in again")

    goes.olad.kill()
    goes.levels.clear()
    goes_on(stays)
    wait_for(lambda: sends.state(f"to {goes.host.address}") == "failed", HANG_S, "the word that it is lost")
    goes.olad.restart()
    wait_for(goes.olad.answers, HANG_S, "olad again")
    watch.follow(goes)
    wait_for(lambda: has(goes, 2, 44), HANG_S, "light at an olad that was started again")
    wait_for(lambda: sends.state(f"to {goes.host.address}") == "ok", HANG_S, "the word that it is back")
    goes_on(stays)
    assert {one.universe for one in stays.packets} == set(stays.levels) == {1}, "its own universe and nothing else"
    assert {one.universe for one in goes.packets} == set(goes.levels) == {2}
    kept("the other machine's longest gap at its card", longest_gap_s(stays.packets, begun_s), 0.1)
    kept("and at its olad", longest_gap_s(stays.updates, begun_s), 0.1)
