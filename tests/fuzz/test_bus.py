"""The control socket and the other topics of the bus: whatever arrives there, the desk goes on."""

import dataclasses
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import msgpack
import numpy as np
import pytest
import zmq
from damage import Watch, bent, bent_bytes
from memory_sink import MemorySink

from controller.bus.news import LightingStatus, StageNews
from controller.bus.sockets import Reader, pack
from controller.clock import ManualClock
from controller.lighting.engine import LookEngine
from controller.lighting.process import Lighting
from controller.messages import Command, Hand, LightToken, Operator, Pulse, Scene, Steering

GOOD = {
    Command: Command("hand", 1.0, "wash", (0.5, 200.0, 1.0)),
    LightToken: LightToken(1.0, 1, 90, 128, 0.5, 0.5),
    Pulse: Pulse(1.0, 1, -20.0, 0.7, 0.0, 3, 0.9, 0.8, (-30.0,)),
}


def payload(good, rng):
    if rng.random() < 0.5:
        return bent_bytes(pack(good), rng)
    return msgpack.packb(bent(dataclasses.asdict(good), rng), use_bin_type=True)


@pytest.mark.parametrize("kind", list(GOOD), ids=lambda kind: kind.__name__)
def test_whatever_is_on_the_bus_the_desk_goes_on(config, patch, inputs, kind):
    rng, watch, engine = np.random.default_rng(7), Watch(), LookEngine(config, patch)
    revived = 0
    for count in range(inputs):
        with watch.one():
            message = Reader(kind).read(payload(GOOD[kind], rng))
            if message is None:
                watch.refused += 1
                continue
            revived += 1
            hear(engine, message, count * 0.025)
        if revived % 50 == 0:
            frames = engine.tick(count * 0.025).frames
            assert all(frame.slots.dtype == np.uint8 for frame in frames)
            assert 0.0 <= engine.operator.grand_master <= 1.0
    watch.tell(f"bus, {kind.__name__}, {revived} of them taken")
    assert revived > inputs / 50


def hear(engine, message, now_s):
    match message:
        case Command():
            engine.obey(message, now_s)
        case LightToken():
            engine.hear_token(message)
        case Pulse():
            engine.hear_pulse(message, now_s)


def test_a_stage_message_of_any_shape_is_nothing_or_whole(inputs):
    rng, watch, reader = np.random.default_rng(8), Watch(), Reader(StageNews)
    scene = Scene("Chorus", (0.5, 1.0, 0.0, 0.0, 0.5, 0.5))
    operator = Operator(0.5, steering=Steering(hues=(3, 90)), hands=(Hand("wash", 0.5),), scene=scene)
    good = dataclasses.asdict(StageNews(1.0, {1: bytes(512)}, "live", operator, LightingStatus(True)))
    for _ in range(inputs):
        with watch.one():
            news = reader.read(msgpack.packb(bent(good, rng), use_bin_type=True))
            assert news is None or isinstance(news.operator.blackout, bool)
    watch.tell("bus, stage")


def test_a_flood_of_commands_delays_no_cycle(config, tmp_path):
    """A hundred thousand into the real socket, while cycles run."""
    context = zmq.Context()
    run = SimpleNamespace(config=config, folder=tmp_path, context=context, stopping=threading.Event())
    clock = ManualClock(100.0)
    lighting = Lighting(run, clock, MemorySink())
    push = context.socket(zmq.PUSH)
    push.setsockopt(zmq.LINGER, 0)
    push.connect(f"ipc://{tmp_path / 'commands'}")
    rng, sent = np.random.default_rng(9), 0
    watch = Watch()
    for _ in range(500):
        for _ in range(200):
            try:
                push.send(payload(GOOD[Command], rng), zmq.NOBLOCK)
                sent += 1
            except zmq.Again:
                break
        clock.sleep_until(clock.now_s() + 0.025)
        with watch.one():
            lighting.safe_cycle()
    status = lighting.status()
    push.close()
    lighting.close()
    context.term()
    watch.tell(f"{sent} commands into the socket")
    assert status.faults == 0
    assert status.cycles == 500


def test_the_sockets_lie_where_nobody_else_may_look():
    """Unix sockets in the run's folder, which Python makes for its owner alone."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="followspot-") as name:
        assert Path(name).stat().st_mode & 0o077 == 0
        assert Path(name).stat().st_uid == os.geteuid()
