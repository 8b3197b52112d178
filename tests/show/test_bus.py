"""Messages between processes: newest wins, commands keep their order, garbage is nothing."""

import dataclasses

import msgspec
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st
from promise import HANG_S
from run_doors import with_doors

from controller.bus.news import LightingStatus, ListeningStatus, ShownNews, StageNews
from controller.bus.sockets import Commander, Commands, Newest, Publisher, Reader, pack
from controller.bus.topics import TOKENS, TOPICS
from controller.messages import Command, LightToken, Operator, Pulse
from controller.text_out import STDERR, Drawing, TextOut

PULSE = Pulse(1.5, 3, -20.0, 0.5, 0.0, 7, 1.4, 0.9, (-30.0, -40.0))


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context


@pytest.fixture
def folder(tmp_path):
    return with_doors(tmp_path)


def test_a_late_reader_sees_the_newest_and_nothing_else(context, folder):
    publisher, newest = Publisher(context, folder, TOKENS), Newest(context, folder, TOKENS)
    while not newest.socket.poll(50):  # until the subscription has arrived
        publisher.send(LightToken(0.0, 0, 1, 2, 0.5, 0.5))
    for number in range(500):
        publisher.send(LightToken(number, number, 1, 2, 0.5, 0.5))
    looks, seen = 0, None
    while seen is None or seen.seq != 499:
        if newest.socket.poll(50):
            seen, looks = newest.take(), looks + 1
        else:  # the very last can meet a reading and be dropped: whoever publishes says it again
            publisher.send(LightToken(499, 499, 1, 2, 0.5, 0.5))
    assert looks < 250
    publisher.close()
    newest.close()


def test_commands_arrive_all_and_in_order(context, folder):
    commands, commander = Commands(context, folder), Commander(context, folder)
    sent = [Command("grand_master", number / 50) for number in range(50)]
    assert all(commander.send(command) for command in sent)
    got = []
    while len(got) < 50:
        assert commands.socket.poll(1000 * HANG_S)
        got += commands.take_all()
    assert got == sent
    commands.close()
    commander.close()


def test_nobody_listening_blocks_nobody(context, folder):
    commander = Commander(context, folder)
    answers = [commander.send(Command("hold", 1.0)) for _ in range(500)]
    assert not answers[-1]
    commander.close()


GOOD = {
    "pulses": PULSE,
    "tokens": LightToken(1.0, 1, 90, 128, 0.5, 0.5),
    "listening": ListeningStatus(1.0, "song.opus", sections=(1.0, 2.0), timings_ms={"embed": (1.0, 2.0, 3.0)}),
    "shown": ShownNews(1.0, b"\x01" * 1024),
    "stage": StageNews(1.0, {1: b"\x01" * 512}, "live", Operator(hold=True), LightingStatus(True), marks=((1.0, "a"),)),
    "commands": Command("hand", 1.0, "wash", (0.5, 200.0, 1.0)),
}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_what_every_topic_carries_survives_the_way(topic):
    assert Reader(topic.carries).read(pack(GOOD[topic.name])) == GOOD[topic.name]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_message_that_lacks_a_field_is_nothing(topic):
    plain = msgspec.to_builtins(GOOD[topic.name])
    needed = [
        one.name
        for one in dataclasses.fields(topic.carries)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    ]
    for name in needed:
        lacking = {word: part for word, part in plain.items() if word != name}
        assert Reader(topic.carries).read(msgspec.msgpack.encode(lacking)) is None


@given(st.binary(max_size=200))
def test_garbage_is_nothing(payload):
    assert Reader(Pulse).read(payload) is None


@given(st.dictionaries(st.text(max_size=5), st.integers(-5, 5)) | st.none() | st.integers(-5, 5))
def test_other_data_is_no_message(data):
    assert Reader(Command).read(msgspec.msgpack.encode(data)) is None


@given(
    st.sampled_from([one for one in dataclasses.fields(Pulse) if one.name != "kind"]),  # that one is a word
    st.text(max_size=3) | st.none() | st.lists(st.text(max_size=2), min_size=1),
)
def test_a_field_of_another_type_makes_it_no_message(field, part):
    data = {**dataclasses.asdict(PULSE), "stem_levels_db": [-30.0]}
    assert Reader(Pulse).read(msgspec.msgpack.encode(data)) is not None
    assert Reader(Pulse).read(msgspec.msgpack.encode({**data, field.name: part})) is None


@pytest.mark.parametrize("rows", [7, [1], [[1, 2, 3]], [["x", 0, 0, [1], 0, 0]]])
def test_takeovers_of_another_shape_make_it_no_message(rows):
    plain = dataclasses.asdict(GOOD["stage"])
    assert Reader(StageNews).read(msgspec.msgpack.encode(plain)) is not None
    assert Reader(StageNews).read(msgspec.msgpack.encode({**plain, "held": rows})) is None


def test_every_reader_of_a_show_is_read_or_not_opened(config, tmp_path, monkeypatch):
    """One that nobody reads grows by some forty bytes with each message: megabytes in a night (zeromq/libzmq#3171)."""
    import threading
    from types import SimpleNamespace

    import zmq

    from controller.bus import sockets as bus
    from controller.clock import ManualClock
    from controller.lighting import inbox
    from controller.lighting import process as lighting
    from controller.lighting.failover.lead import LeaderRecord
    from controller.watching import status_line

    opened, read = [], set()

    class Watched(bus.Newest):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            opened.append(self)

        def take(self):
            read.add(id(self))
            return super().take()

    class Sink:
        errors = 0

        def send(self, packet, now_s): ...

        def status(self):
            return {}

        def ports(self):
            return frozenset()

        def release(self): ...

    for module in (inbox, status_line):
        monkeypatch.setattr(module, "Newest", Watched)
    context = zmq.Context()
    run = SimpleNamespace(config=config, folder=tmp_path, context=context, stopping=threading.Event())
    clock, lead = ManualClock(100.0), LeaderRecord(tmp_path, "lighting")
    leads = lighting.Lighting(run, clock, Sink(), lead=lead)
    with status_line.StatusLine(tmp_path, Drawing(TextOut(STDERR), STDERR)) as line:
        for _ in range(3):
            clock.sleep_until(clock.now_s() + 0.025)
            leads.safe_cycle()
            line.update(1.0)
    assert leads.status().leads
    assert len(opened) == 4
    assert {id(one) for one in opened} == read
    leads.close()
    context.term()
