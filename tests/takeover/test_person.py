"""A desk's packets all the way to our frames, and what is written down about it."""

import json
import threading
from uuid import UUID

import numpy as np
import pytest
from lab import wait_for

from controller.bus.news import TakeoverStatus
from controller.config import with_overrides
from controller.lighting.input.feed import Datagram
from controller.lighting.protocol import artnet, sacn
from controller.lighting.takeover.console_merge import ConsoleMerge, News, Situation
from controller.messages import DmxFrame, LightToken, Pulse
from controller.records.journal import Journal
from controller.rig.observe import Observer

DESK = {
    "inputs": [
        {"type": "sacn", "universe": 1, "sacn_universe": 5},
        {"type": "artnet", "universe": 2, "port_address": 3},
    ]
}
NOW = Situation(
    "live",
    LightToken(0.0, 0, 60, 200, 1.0, 1.0),
    Pulse(0.0, 0, -12.0, 0.75, 0.0, 0, 0.0, 0.0, ()),
)


class Ears:
    """A listener without sockets."""

    refused = 0

    def __init__(self):
        self.waiting, self.answered = [], []

    def receive(self, now_s, own_ports):
        waiting, self.waiting = self.waiting, []
        return iter(waiting)

    def address_towards(self, ip):
        return f"{ip}1"

    def answer(self, payload, ip):
        self.answered.append((ip, payload))

    def status(self):
        return {"5568": "ok"}


class Notes:
    dropped = 0

    def __init__(self):
        self.entries = []

    def add(self, entry):
        self.entries.append(entry)


@pytest.fixture
def person(config, patch):
    ears, notes = Ears(), Notes()
    return ConsoleMerge(with_overrides(config, desk=DESK), patch, UUID(int=1), ears, notes), ears, notes


def frames(level=50):
    return [DmxFrame(0.0, 0, universe, np.full(512, level, np.uint8)) for universe in (1, 2)]


def desk(ears, sequence, level):
    slots = np.zeros(512, np.uint8)
    slots[:5] = level  # dimmer and colours of the first lamp
    ears.waiting.append(Datagram(5568, "10.0.0.9", sacn.encode_data(slots, 5, sequence, UUID(int=2))))


def test_a_fader_on_sacn_takes_over_and_is_written_down(person):
    person, ears, notes = person
    for cycle, level in enumerate((0, 0, 99)):
        desk(ears, cycle, level)
        assert person.listen(cycle * 0.025, frozenset()) == []
        merged = person.merge(frames(), cycle * 0.025, NOW, blackout=False)
    assert 99 in merged[0].slots[:8]
    assert set(merged[0].slots[8:].tolist()) == {50}
    assert set(merged[1].slots.tolist()) == {50}
    assert [one.attribute for one in person.status().active]
    first = notes.entries[0]
    assert first["event"] == "start"
    assert first["fixture"] == "front-1"
    assert set(first["desk"]) == {99}
    assert set(first["ours"]) == {50}
    assert (first["health"], first["hue"], first["value"], first["loudness"]) == ("live", 60, 200, 0.75)
    assert json.dumps(first)
    assert person.status().begun == len(notes.entries)


def fader_up(console, ears, levels=(0, 200), ours=50, first=0):
    """A desk that is heard, and whose first lamp then moves, from a cycle on; what leaves in the end."""
    for cycle, level in enumerate(levels, first):
        desk(ears, cycle, level)
        console.listen(cycle * 0.025, frozenset())
        merged = console.merge(frames(ours), cycle * 0.025, NOW, blackout=False)
    return merged


def test_a_blackout_is_dark_whatever_lies_on_the_desk(person, patch):
    console, ears, _ = person
    observer = Observer(patch)
    seen = lambda made: observer.observe({one.universe: one.slots for one in made}).light.max()  # noqa: E731
    assert seen(fader_up(console, ears, ours=0)) > 0.5
    assert seen(console.merge(frames(0), 0.05, NOW, blackout=True)) == 0.0
    assert seen(console.merge(frames(0), 0.075, NOW, blackout=False)) > 0.5


@pytest.mark.parametrize(("how", "level"), [("htp", 220), ("ltp", 99)])
def test_the_configuration_says_whose_intensity_counts(config, patch, how, level):
    ears = Ears()
    console = ConsoleMerge(with_overrides(config, desk={**DESK, "intensity": how}), patch, UUID(int=1), ears)
    merged = fader_up(console, ears, (0, 99), ours=220)
    (dimmer,) = (lane.slots[0] for lane in patch.lanes if lane.fixture == 0 and lane.control == "intensity")
    assert merged[0].slots[dimmer] == level


def test_the_configuration_says_for_how_long(config, patch):
    ears = Ears()
    terms = {**DESK, "hands_off_s": 1.0, "hand_back_s": 0.5}
    console = ConsoleMerge(with_overrides(config, desk=terms), patch, UUID(int=1), ears)
    fader_up(console, ears)
    going = {}
    for cycle in range(2, 100):
        desk(ears, cycle, 200)
        console.listen(cycle / 40, frozenset())
        console.merge(frames(), cycle / 40, NOW, blackout=False)
        going.setdefault(tuple({one.going_back for one in console.status().active}), cycle / 40)
    assert going == pytest.approx({(False,): 0.05, (True,): 1.025, (): 1.525}, abs=0.03)


def test_the_status_tells_what_is_held_and_what_was_heard(person):
    console, ears, notes = person
    ears.refused, notes.dropped = 3, 2
    payloads = (b"nonsense", sacn.encode_sync(1, 1, UUID(int=2)))
    ears.waiting = [Datagram(5568, "10.0.0.9", payload) for payload in payloads]
    fader_up(console, ears)
    status = console.status()
    assert [(one.fixture, one.attribute, one.since_s, one.going_back) for one in status.active] == [
        ("front-1", "intensity", 0.025, False), ("front-1", "colour", 0.025, False),
    ]  # fmt: skip
    assert (status.begun, status.not_kept, status.refused) == (len(status.active), 2, 3)
    assert (status.packets.taken, status.packets.ignored, status.packets.malformed) == (2, 1, 1)
    assert status.listening == {"5568": "ok"}


def test_without_a_listener_the_status_is_empty(config, patch):
    assert ConsoleMerge(config, patch, UUID(int=1)).status() == TakeoverStatus()


def test_what_does_not_change_is_no_news(person):
    """A log of the show keeps every piece of news: a desk that lies still costs nothing in it."""
    console, ears, _ = person
    fader_up(console, ears, (0, 0))
    assert console.news == News()
    console.relay(())  # nobody holds anything, here or there
    fader_up(console, ears, (0, 99, 99), first=2)
    assert console.news == News()
    console.relay(())
    console.merge(frames(), 0.1, NOW, blackout=False)
    assert console.news == News(held=())


def test_who_polls_is_answered_and_who_answers_is_passed_on(person):
    person, ears, _ = person
    reply = artnet.encode_poll_reply(artnet.ArtPollReply("10.0.0.7", "node", (4,)))
    ears.waiting = [Datagram(6454, "10.0.0.8", artnet.encode_artpoll()), Datagram(6454, "10.0.0.7", reply)]
    replies = person.listen(0.0, frozenset())
    assert [(ip, one.outputs) for ip, one in replies] == [("10.0.0.7", (4,))]
    ((ip, payload),) = ears.answered
    assert ip == "10.0.0.8"
    answer = artnet.decode_poll_reply(payload)
    assert (answer.ip, answer.outputs) == ("10.0.0.81", (3,))


def test_leaving_goes_to_the_end_look(person):
    person, ears, _ = person
    for cycle, level in enumerate((0, 200)):
        desk(ears, cycle, level)
        person.listen(cycle * 0.025, frozenset())
        person.merge(frames(), cycle * 0.025, NOW, blackout=False)
    person.leave(0.05, 1.0)
    assert person.merge(frames(0), 0.3, NOW, blackout=False)[0].slots.any()
    assert not person.merge(frames(0), 1.1, NOW, blackout=False)[0].slots.any()


def test_without_inputs_the_frames_pass_untouched(config, patch):
    ours = frames()
    assert ConsoleMerge(config, patch, UUID(int=1)).merge(ours, 0.0, NOW, blackout=False) is ours


def test_the_journal_keeps_lines(tmp_path):
    journal = Journal(tmp_path / "state" / "takeovers.jsonl")
    journal.add({"fixture": "front-1"})
    journal.add({"fixture": "front-2"})
    journal.close()
    lines = [json.loads(one) for one in (tmp_path / "state" / "takeovers.jsonl").read_text().splitlines()]
    assert [one["fixture"] for one in lines] == ["front-1", "front-2"]
    assert lines[0]["at"].endswith("+00:00")


@pytest.mark.warns("cannot be written", "can be written again; 5 lines were not kept")
def test_a_full_disk_costs_lines_and_is_said_once(tmp_path, caplog, monkeypatch):
    journal = Journal(tmp_path / "takeovers.jsonl")
    works, full = journal._write, [True]

    def write(entry):
        if full[0]:
            raise OSError(28, "No space left on device")
        works(entry)

    monkeypatch.setattr(journal, "_write", write)
    for number in range(5):
        journal.add({"number": number})
    wait_for(lambda: journal.dropped == 5, 5, "five lines that are not kept")
    full[0] = False
    journal.add({"number": 5})
    journal.close()
    said = [one.getMessage() for one in caplog.records]
    assert len([one for one in said if "cannot be written" in one]) == 1
    assert len([one for one in said if "can be written again; 5 lines were not kept" in one]) == 1
    assert '"number": 5' in (tmp_path / "takeovers.jsonl").read_text()


def test_a_journal_that_cannot_keep_up_never_waits(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "takeovers.jsonl")
    disk = threading.Event()  # which answers only after everything was said: who waited for it would wait for ever
    monkeypatch.setattr(journal, "_write", lambda entry: disk.wait())
    for number in range(3_000):
        journal.add({"number": number})
    assert journal.dropped >= 1_900
    disk.set()
    journal.close()


def test_a_process_that_follows_holds_what_the_other_one_held(person, config, patch):
    """The leader dies with a fader up: its spare keeps the level until the desk is heard again, and then follows it."""
    leader, ears, _ = person
    for cycle, level in enumerate((0, 99)):
        desk(ears, cycle, level)
        leader.listen(cycle * 0.025, frozenset())
        leader.merge(frames(), cycle * 0.025, NOW, blackout=False)
    plain = json.loads(json.dumps(leader.held()))
    ears, notes = Ears(), Notes()
    spare = ConsoleMerge(with_overrides(config, desk=DESK), patch, UUID(int=1), ears, notes)
    spare.relay(())
    spare.merge(frames(), 0.03, NOW, blackout=False)
    spare.relay(plain)
    wanted = leader.merge(frames(), 0.05, NOW, blackout=False)
    assert np.array_equal(spare.merge(frames(), 0.05, NOW, blackout=False)[0].slots, wanted[0].slots)
    assert np.array_equal(spare.merge(frames(), 1.05, NOW, blackout=False)[0].slots, wanted[0].slots)
    desk(ears, 200, 99)
    spare.listen(1.1, frozenset())
    assert np.array_equal(spare.merge(frames(), 1.1, NOW, blackout=False)[0].slots, wanted[0].slots)
    desk(ears, 201, 120)
    spare.listen(1.2, frozenset())
    assert 120 in spare.merge(frames(), 1.2, NOW, blackout=False)[0].slots[:8]
    assert notes.entries == []  # it was one takeover, and the leader has written down that it began


def test_who_has_no_ears_yet_holds_what_the_other_one_held(person, config, patch):
    """Only who leads listens: the other one's ports are opened when it has to go on."""
    leader, ears, _ = person
    wanted = fader_up(leader, ears, (0, 99))
    spare = ConsoleMerge(with_overrides(config, desk=DESK), patch, UUID(int=1))
    spare.relay(leader.held())
    merged = spare.merge(frames(), 0.05, NOW, blackout=False)
    assert [one.slots.tolist() for one in merged] == [one.slots.tolist() for one in wanted]


def test_a_desk_that_died_with_the_leader_holds_nothing_for_long(person, config, patch):
    leader, ears, _ = person
    for cycle, level in enumerate((0, 99)):
        desk(ears, cycle, level)
        leader.listen(cycle * 0.025, frozenset())
        leader.merge(frames(), cycle * 0.025, NOW, blackout=False)
    spare = ConsoleMerge(with_overrides(config, desk=DESK), patch, UUID(int=1), Ears())
    spare.relay(leader.held())
    spare.merge(frames(), 0.05, NOW, blackout=False)
    for cycle in range(400):
        merged = spare.merge(frames(), 0.05 + 0.025 * cycle, NOW, blackout=False)
    assert set(merged[0].slots.tolist()) == {50}
    assert spare.status().active == ()


@pytest.mark.parametrize("index", [-1, 99_999])
def test_an_attribute_that_is_not_there_changes_nothing(person, index):
    person, _, _ = person
    person.relay(((index, 0.0, 0.0, (1,), -1.0, 0.0),))
    assert set(person.merge(frames(), 0.0, NOW, blackout=False)[0].slots.tolist()) == {50}


def test_a_journal_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("controller.records.journal.FULL_BYTES", 1_000)
    journal = Journal(tmp_path / "takeovers.jsonl")
    for number in range(100):
        journal.add({"number": number})
    journal.close()
    files = sorted(tmp_path.iterdir())
    assert [one.name for one in files] == ["takeovers.jsonl", "takeovers.jsonl.1"]
    assert all(one.stat().st_size < 1_200 for one in files)
    assert '"number": 99' in files[0].read_text()
