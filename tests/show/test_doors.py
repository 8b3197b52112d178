"""Where there are no Unix sockets: the same messages over ports, which nobody else can read or write."""

import contextlib
import json
import signal

import pytest
import zmq
from promise import HANG_S
from run_doors import with_doors
from running_show import heard, over, run_folder, start

from controller.bus.doors import DOORS, RUN_FILE, TRANSPORT, connect
from controller.bus.sockets import Commander, Commands, Newest, Publisher, pack
from controller.bus.topics import COMMANDS, TOKENS, TOPICS
from controller.messages import Command, LightToken
from controller.system import START

TOKEN = LightToken(1.0, 7, 1, 2, 0.5, 0.5)


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A run's folder with ports."""
    monkeypatch.setenv(TRANSPORT, "tcp")
    return with_doors(tmp_path)


def test_every_topic_has_a_port_of_its_own(folder):
    ports = json.loads((folder / RUN_FILE).read_text())[DOORS]["ports"]
    assert {topic.name for topic in TOPICS} <= set(ports)
    assert len(set(ports.values())) == len(ports)


def test_the_newest_state_and_all_commands_arrive(context, folder):
    publisher, newest = Publisher(context, folder, TOKENS), Newest(context, folder, TOKENS)
    commands, commander = Commands(context, folder), Commander(context, folder)
    while not newest.socket.poll(50):
        publisher.send(TOKEN)
    assert newest.take() == TOKEN
    sent = [Command("grand_master", number / 10) for number in range(10)]
    for one in sent:
        while not commander.send(one):  # until it is connected
            commander._sockets[0].poll(50, zmq.POLLOUT)
    got = []
    while len(got) < len(sent):
        assert commands.socket.poll(1000 * HANG_S)
        got += commands.take_all()
    assert got == sent
    for one in (publisher, newest, commands, commander):
        one.close()


def test_who_does_not_know_the_key_is_not_heard(context, folder, tmp_path):
    commands, commander = Commands(context, folder), Commander(context, folder)
    port = json.loads((folder / RUN_FILE).read_text())[DOORS]["ports"][COMMANDS.name]
    strangers = [context.socket(zmq.PUSH), context.socket(zmq.PUSH)]
    for stranger in strangers:
        stranger.setsockopt(zmq.LINGER, 0)
    strangers[0].connect(f"tcp://127.0.0.1:{port}")  # in clear
    strangers[1].curve_serverkey = zmq.curve_keypair()[0]  # with a key of its own
    strangers[1].curve_publickey, strangers[1].curve_secretkey = zmq.curve_keypair()
    strangers[1].connect(f"tcp://127.0.0.1:{port}")
    for stranger in strangers:
        said = 0
        with contextlib.suppress(zmq.Again):  # what waits for a connection that never comes has an end
            while True:
                stranger.send(pack(Command("blackout", 1.0)), zmq.NOBLOCK)
                said += 1
        assert said > 0
    while not commander.send(Command("grand_master", 0.5)):
        commander._sockets[0].poll(50, zmq.POLLOUT)
    assert commands.socket.poll(1000 * HANG_S)
    assert commands.take_all() == [Command("grand_master", 0.5)]
    for one in (*strangers, commands, commander):
        one.close()


def test_without_doors_it_is_the_folder(context, tmp_path):
    sock = context.socket(zmq.PUSH)
    sock.setsockopt(zmq.LINGER, 0)
    connect(sock, tmp_path, "x")
    assert sock.getsockopt(zmq.LAST_ENDPOINT) == f"ipc://{tmp_path / 'x'}".encode()
    sock.close()


def test_a_show_as_on_windows(venue, wire, tmp_path):
    """Over ports, and ended by closed inputs: tokens come from the process that listens to the one that lights."""
    log = tmp_path / "log"
    show = start(venue, environment={TRANSPORT: "tcp", START: "spawn"}, stderr=log)
    heard(show, wire, lambda: "lighting: the show is live" in log.read_text())
    sockets = [one for one in run_folder(show).iterdir() if one.is_socket()]
    show.send_signal(signal.SIGINT)
    over(show, wire)
    assert show.communicate(timeout=HANG_S)[0]
    assert show.returncode == 0, log.read_text()
    assert sockets == []
