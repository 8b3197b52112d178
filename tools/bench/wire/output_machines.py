"""What does it take to feed several output machines, what do they get, and what does one that is lost do to the others?

One host sends sACN or Art-Net over a switch to others that each run an olad of their own (network namespaces of one
computer: root). All share its processors and its clock, and every universe begins with the moment of its cycle:

- `wire_ms`: from the start of the sender's cycle until the kernel has the packet at the output machine's card;
- `olad_ms`: until a client of that olad has the levels, the client's own wake-up included;
- `apart_ms`: between the first and the last such client that has levels of one cycle, first universe of each machine.
"""

import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.bench.run.hosts import Host, Switched, possible
from tools.bench.run.olad import Olad
from tools.bench.run.processes import Program, cpu_percent, python, running, usage
from tools.bench.run.result import Figures, Options, SkippedError, percentiles
from tools.bench.run.staging import START_TIMEOUT_S, staged_show
from tools.bench.run.waiting import pause, wait_for
from tools.bench.wire.watching import Got, Machine, Watch, longest_gap_s

MACHINES, QUICK_MACHINES = (1, 2, 4), (2,)
EACH, QUICK_EACH = (1, 8, 16), (8,)
FULL_S, QUICK_S = 10, 4
OUTAGE_S, QUICK_OUTAGE_S = 5, 2
SETTLE_S, TIMEOUT_S = 4.0, 60.0
ARTNET_EACH = 4
"""An olad's Art-Net plugin hears four universes."""
WAYS = (("sacn", "multicast"), ("sacn", "unicast"), ("artnet", "unicast"))
LOSSES = ("cable", "olad")
AIMS = {f"lost.{what}.{protocol} {way}.others_gap_ms": "≤ 100" for what in LOSSES for protocol, way in WAYS}


@dataclass(frozen=True, slots=True)
class Feed:
    """`machines` output machines with `each` universes, fed by `protocol`; `way`: unicast or multicast."""

    machines: int
    each: int
    protocol: str = "sacn"
    way: str = "multicast"

    @property
    def name(self) -> str:
        """In the table."""
        return f"{self.machines} x {self.each} {self.protocol} {self.way}"

    def universes(self, machine: int) -> list[int]:
        """Those of one machine, as its olad numbers them."""
        first = 1 if self.protocol == "artnet" else machine * self.each + 1
        return list(range(first, first + self.each))


def measure(options: Options) -> Figures:
    """Rates, gaps, losses and delays at each machine; the sender's processor time; what a lost machine does."""
    check_possible()
    seconds, outage_s = options.pick(FULL_S, QUICK_S), options.pick(OUTAGE_S, QUICK_OUTAGE_S)
    machines, each = (QUICK_MACHINES, QUICK_EACH) if options.quick else (MACHINES, EACH)
    feeds = [Feed(many, universes) for many in machines for universes in each]
    feeds += [Feed(2, ARTNET_EACH if protocol == "artnet" else 8, protocol, way) for protocol, way in WAYS[1:]]
    return {
        "fed": {one.name: fed(one, seconds) for one in feeds},
        "lost": {
            what: {
                f"{protocol} {way}": lost(Feed(2, ARTNET_EACH, protocol, way), what, outage_s) for protocol, way in WAYS
            }
            for what in LOSSES
        },
        "show": {f"{many} machines": show(many, seconds) for many in (1, 2)},
    }


def check_possible() -> None:
    """Raise SkippedError with the word for what is missing."""
    if not possible():
        raise SkippedError("no network namespaces here: that takes Linux, root, `ip` (iproute2) and no container")
    if not shutil.which("olad"):
        raise SkippedError("olad is not installed (Debian package `ola`)")


@contextmanager
def network_of(feed: Feed) -> Iterator[tuple[Path, Host, Watch]]:
    """A folder, the listening machine, and the output machines with their olads, watched."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, network = Path(name), Switched(feed.machines)
        folder.chmod(0o755)  # olad is a user of its own
        try:
            pairs = [
                (host, Olad(network, host, folder / f"olad{n}", feed.protocol, feed.universes(n)))
                for n, host in enumerate(network.machines)
            ]
            for _, olad in pairs:
                wait_for(olad.answers, START_TIMEOUT_S, "olad")
            watch = Watch(pairs)
            try:
                yield folder, network.listening, watch
            finally:
                watch.close()
        finally:
            network.close()


@contextmanager
def sending(feed: Feed, folder: Path, here: Host, watch: Watch, seconds: float) -> Iterator[Program]:
    """The sender on the listening machine; it has begun when the block is entered."""
    words = ("--each", str(feed.each), "--protocol", feed.protocol, "--way", feed.way, "--seconds", str(seconds))
    to = [one.host.address for one in watch.machines]
    command = [*here.prefix, *python("tools.bench.wire.feeding", *words, "--interface", here.address, "--to", *to)]
    with running(command, folder, "sender") as program:
        wait_for(lambda: all(one.updates for one in watch.machines), START_TIMEOUT_S, "levels at every olad")
        yield program


def fed(feed: Feed, seconds: float) -> Figures:
    """What the machines got, and what that took."""
    with network_of(feed) as (folder, here, watch):
        used = [usage(one.olad.pid) for one in watch.machines]
        began_s = time.monotonic()
        with sending(feed, folder, here, watch, seconds) as program:
            told = program.finish(seconds + TIMEOUT_S)
        spent_s = time.monotonic() - began_s
        olads = [
            cpu_percent(before, usage(one.olad.pid), spent_s)["all"]
            for before, one in zip(used, watch.machines, strict=True)
        ]
    sent = int(told["cycles"]) * feed.each
    own = [[got for got in one.packets if got.universe in one.olad.universes] for one in watch.machines]
    return {
        "sender_percent_of_a_core": told["cpu_percent"],
        "olad_percent_of_a_core": max(olads),
        "rate_hz": min(rate_hz(one, feed.each) for one in own),
        "lost": sum(sent - len(one) for one in own),
        "of_other_machines": sum(len(one.packets) - len(mine) for one, mine in zip(watch.machines, own, strict=True)),
        "gap_ms": _ms(max(longest_gap_s(one) for one in own)),
        "olad_gap_ms": _ms(max(longest_gap_s(one.updates) for one in watch.machines)),
        "wire_ms": percentiles([got.t_s - got.cycle_s for one in own for got in one], 50, 99, 100),
        "olad_ms": percentiles([got.t_s - got.cycle_s for one in watch.machines for got in one.updates], 50, 99, 100),
        "apart_ms": percentiles(apart_s(watch.machines), 50, 99, 100),
        "sender_lateness_ms": told["lateness_ms"],
    }


def lost(feed: Feed, what: str, seconds: float) -> Figures:
    """The second machine is lost in the middle: what the first one gets meanwhile, and when the second has light again.

    Args:
        what: "cable": pulled and plugged in again; "olad": killed and started again. seconds: for each third.
    """
    with network_of(feed) as (folder, here, watch):
        stays, goes = watch.machines
        with sending(feed, folder, here, watch, 3 * seconds + START_TIMEOUT_S) as program:
            pause(seconds, f"{what}: before")
            gone_s = _take(goes, what)
            pause(seconds, f"{what}: gone", program.check_alive)
            back_s = _bring(goes, what, watch)
            wait_for(lambda: goes.updates[-1].t_s > back_s, START_TIMEOUT_S, "levels again")
            pause(seconds, f"{what}: back", program.check_alive)
    first = next(got for got in goes.updates if got.t_s > back_s)
    packet = next(got for got in goes.packets if got.t_s > back_s)
    return {
        "others_gap_ms": _ms(longest_gap_s([one for one in stays.packets if one.universe in stays.olad.universes])),
        "others_olad_gap_ms": _ms(longest_gap_s(stays.updates)),
        "back_at_its_card_ms": _ms(packet.t_s - back_s),
        "back_at_its_olad_ms": _ms(first.t_s - back_s),
        "away_s": round(first.t_s - gone_s, 2),
    }


def _take(machine: Machine, what: str) -> float:
    """Lose a machine; returns when."""
    if what == "cable":
        machine.host.cable(plugged=False)
    else:
        machine.olad.kill()
    return time.monotonic()


def _bring(machine: Machine, what: str, watch: Watch) -> float:
    """Have it back; returns when that was done, or begun: an olad takes a while to start."""
    now_s = time.monotonic()
    if what == "cable":
        machine.host.cable(plugged=True)
        return time.monotonic()
    machine.olad.restart()
    wait_for(machine.olad.answers, START_TIMEOUT_S, "olad")
    watch.follow(machine)
    return now_s


def show(machines: int, seconds: float) -> Figures:
    """A whole show of the bundled rig: universe 1 goes to the first machine, universe 2 to the last one, by sACN."""
    feed = Feed(machines, 2 // machines, "sacn", "unicast")
    with network_of(feed) as (folder, here, watch):
        hosts = [one.host.address for one in watch.machines]
        universes = {
            number: {"outputs": [{"type": "sacn", "universe": number, "host": hosts[(number - 1) * machines // 2]}]}
            for number in (1, 2)
        }
        changes: dict[str, Figures] = {"universes": universes, "network": {"interface": here.address}}
        with staged_show(folder, 0, "--web", "off", "--loop", changes=changes, before=here.prefix) as program:
            wait_for(lambda: all(one.updates for one in watch.machines), START_TIMEOUT_S, "light at every olad")
            pause(SETTLE_S, "show: settling", program.check_alive)
            before, from_s = usage(program.pid), time.monotonic()
            pause(seconds, "show", program.check_alive)
            after, to_s = usage(program.pid), time.monotonic()
        own = [got for one in watch.machines for got in one.packets if from_s <= got.t_s <= to_s]
        told = [got for one in watch.machines for got in one.updates if from_s <= got.t_s <= to_s]
    return {
        "cpu_percent": cpu_percent(before, after, to_s - from_s),
        "rate_hz": rate_hz(own, 2),
        "olad_rate_hz": rate_hz(told, 2),
        "lost": missing(own),
        "gap_ms": _ms(longest_gap_s(own)),
        "olad_gap_ms": _ms(longest_gap_s(told)),
    }


def rate_hz(got: list[Got], universes: int) -> float:
    """The lowest rate of any of so many universes; 0 if one of them got nothing."""
    times: dict[int, list[float]] = {}
    for one in got:
        times.setdefault(one.universe, []).append(one.t_s)
    rates = [(len(each) - 1) / (each[-1] - each[0]) for each in times.values() if len(each) > 1]
    return round(min(rates), 2) if len(rates) == universes else 0.0


def apart_s(machines: list[Machine]) -> list[float]:
    """Of each cycle, how far apart the machines' olads had the levels of their first universe; none for one machine."""
    times: dict[float, list[float]] = {}
    for machine in machines:
        for one in machine.updates:
            if one.universe == machine.olad.universes[0]:
                times.setdefault(one.cycle_s, []).append(one.t_s)
    return [max(each) - min(each) for each in times.values() if len(each) == len(machines) > 1]


def missing(got: list[Got]) -> int:
    """How many packets are missing between those that came, by their numbers (0 to 255, of each universe)."""
    numbers: dict[int, list[int]] = {}
    for one in got:
        numbers.setdefault(one.universe, []).append(one.sequence)
    return sum((after - before - 1) % 256 for each in numbers.values() for before, after in itertools.pairwise(each))


def _ms(seconds: float) -> float:
    return round(1e3 * seconds, 1)
