"""Messages between processes: newest wins, commands keep their order, garbage is nothing."""

import dataclasses

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from controller.bus.sockets import Commander, Commands, Newest, Publisher, pack, revive, unpack
from controller.messages import Command, LightToken, Pulse

PULSE = Pulse(1.5, 3, -20.0, 0.5, 0.0, 7, 1.4, 0.9, (-30.0, -40.0))


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context


def wait(newest):
    assert newest.socket.poll(2000)
    return newest.take()


def test_a_late_reader_sees_the_newest_and_nothing_else(context, tmp_path):
    publisher, newest = Publisher(context, tmp_path, "pulses"), Newest(context, tmp_path, "pulses")
    while not newest.socket.poll(50):  # until the subscription has arrived
        publisher.send(PULSE)
    for number in range(500):
        publisher.send(LightToken(number, number, 1, 2, 0.5, 0.5))
    seen = wait(newest)
    while newest.socket.poll(100):
        seen = newest.take()
    assert seen["seq"] == 499
    assert newest.take() is None
    publisher.close()
    newest.close()


def test_commands_arrive_all_and_in_order(context, tmp_path):
    commands, commander = Commands(context, tmp_path), Commander(context, tmp_path)
    sent = [Command("grand_master", number / 50) for number in range(50)]
    assert all(commander.send(command) for command in sent)
    got = []
    while len(got) < 50 and commands.socket.poll(2000):
        got += commands.take_all()
    assert got == sent
    commands.close()
    commander.close()


def test_nobody_listening_blocks_nobody(context, tmp_path):
    commander = Commander(context, tmp_path)
    answers = [commander.send(Command("hold", 1.0)) for _ in range(500)]
    assert not answers[-1]
    commander.close()


def test_messages_survive_the_way():
    assert revive(Pulse, unpack(pack(PULSE))) == PULSE


@given(st.binary(max_size=200))
def test_garbage_is_nothing(payload):
    assert revive(Pulse, unpack(payload)) is None


@given(st.dictionaries(st.text(max_size=5), st.integers()) | st.none() | st.integers())
def test_other_data_is_no_message(data):
    assert revive(Command, data) is None


@given(
    st.sampled_from(dataclasses.fields(Pulse)),
    st.text(max_size=3) | st.none() | st.lists(st.text(max_size=2), min_size=1),
)
def test_a_field_of_another_type_makes_it_no_message(field, part):
    data = {**dataclasses.asdict(PULSE), "stem_levels_db": [-30.0]}
    assert revive(Pulse, data) is not None
    assert revive(Pulse, {**data, field.name: part}) is None


def test_every_reader_of_a_show_is_read_or_not_opened(config, tmp_path, monkeypatch):
    """One that nobody reads grows by some forty bytes with each message: megabytes in a night (zeromq/libzmq#3171)."""
    import threading
    from types import SimpleNamespace

    import zmq

    from controller.bus import sockets as bus
    from controller.clock import ManualClock
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

    for module in (lighting, status_line):
        monkeypatch.setattr(module, "Newest", Watched)
    context = zmq.Context()
    run = SimpleNamespace(config=config, folder=tmp_path, context=context, stopping=threading.Event())
    clock, lead = ManualClock(100.0), LeaderRecord(tmp_path, "lighting")
    leads = lighting.Lighting(run, clock, Sink(), lead=lead)
    with status_line.StatusLine(tmp_path) as line:
        for _ in range(3):
            clock.sleep_until(clock.now_s() + 0.025)
            leads._safe_cycle()
            line.update(1.0)
    assert leads.status()["leads"]
    assert len(opened) == 3
    assert {id(one) for one in opened} == read
    leads.close()
    context.term()
