"""Clocks of others: MIDI timecode as `mido` has it, song position, Art-Net packets; lost, late, and jumping."""

import asyncio
import struct

import mido
import pytest
from promise import HANG_S

from controller.evening.timecode import DROP_FPS, Timecode
from controller.watching.controls.outside_clocks import OutsideClocks
from controller.watching.controls.timecode import (
    AGAIN_S,
    GONE_S,
    ClockTeller,
    MidiTimecode,
    artnet_timecode,
    late_s,
)

RATES = {24.0: 0, 25.0: 1, DROP_FPS: 2, 30.0: 3}


def quarters(timecode, port=None):
    """The eight quarter frames of a timecode, as messages."""
    rate = RATES[timecode.fps]
    parts = [timecode.frames, timecode.seconds, timecode.minutes, timecode.hours | rate << 5]
    values = [one for part in parts for one in (part & 0xF, part >> 4)]
    return [mido.Message("quarter_frame", frame_type=at, frame_value=value) for at, value in enumerate(values)]


def after(timecode, frames):
    """So many frames later, without drop frame."""
    nominal = round(timecode.fps)
    count = ((timecode.hours * 60 + timecode.minutes) * 60 + timecode.seconds) * nominal + timecode.frames + frames
    rest, frame = divmod(count, nominal)
    return Timecode(rest // 3600, rest // 60 % 60, rest % 60, frame, timecode.fps)


def full(timecode):
    rate = RATES[timecode.fps]
    data = (0x7F, 0x7F, 0x01, 0x01, timecode.hours | rate << 5, timecode.minutes, timecode.seconds, timecode.frames)
    return mido.Message("sysex", data=data)


@pytest.mark.parametrize("fps", list(RATES))
def test_eight_quarter_frames_say_a_frame(fps):
    reader, said = MidiTimecode(), Timecode(13, 47, 21, 18, fps, drop=fps == DROP_FPS)
    heard = [reader.hear(one) for one in quarters(said)]
    assert heard[:7] == [None] * 7
    assert heard[7] == said
    assert late_s(quarters(said)[7], said) == pytest.approx(1.75 / fps)


def test_a_full_frame_says_it_at_once():
    said = Timecode(1, 2, 3, 4, 25.0)
    assert MidiTimecode().hear(full(said)) == said
    assert late_s(full(said), said) == 0.0


def test_a_lost_quarter_costs_two_frames_and_no_wrong_number():
    reader, said = MidiTimecode(), Timecode(0, 0, 59, 24, 25.0)
    messages = [one for step in range(6) for one in quarters(after(said, 2 * step))]
    del messages[11]
    found = [one for message in messages if (one := reader.hear(message)) is not None]
    wanted = [after(said, 2 * step) for step in range(6)]
    assert found == [wanted[0], *wanted[2:]]


def test_what_runs_backwards_is_not_followed():
    reader = MidiTimecode()
    messages = [one for step in range(4) for one in reversed(quarters(after(Timecode(1, 0, 0, 0), -2 * step)))]
    assert [reader.hear(one) for one in messages] == [None] * 32


@pytest.mark.parametrize("data", [(), (0x7F,), (0x7E, 0, 6, 1), (0x7F, 0x7F, 1, 1, 0xF8 & 0x7F, 61, 61, 31)])
def test_other_messages_say_nothing(data):
    assert MidiTimecode().hear(mido.Message("sysex", data=data)) is None


def packet(timecode, kind, code=0x9700):
    fields = bytes((0, 14, 0, 0, timecode.frames, timecode.seconds, timecode.minutes, timecode.hours, kind))
    return b"Art-Net\x00" + struct.pack("<H", code) + fields


def test_an_art_net_packet_says_a_frame():
    said = Timecode(5, 6, 7, 8, 25.0)
    assert artnet_timecode(packet(said, 1)) == said
    assert artnet_timecode(packet(said, 0)).fps == 24.0
    assert artnet_timecode(packet(said, 2)).drop


ONE = Timecode(1, 1, 1, 1)


@pytest.mark.parametrize(
    "wrong",
    [b"", b"Art-Net\x00", packet(ONE, 1, 0x5000), packet(Timecode(99, 1, 1, 1), 1), packet(ONE, 9), b"x" * 30],
)
def test_other_packets_say_nothing(wrong):
    assert artnet_timecode(wrong) is None


# what is told of them


def told(steps):
    """Commands for (source, place, moment)."""
    teller = ClockTeller()
    return [found for step in steps if (found := teller.hear(*step)) is not None]


def test_a_clock_that_runs_is_told_now_and_then():
    found = told([("MTC", 10.0 + 0.08 * at, 100.0 + 0.08 * at) for at in range(200)])
    assert 200 * 0.08 / AGAIN_S * 0.8 <= len(found) <= 200 * 0.08 / AGAIN_S + 2
    assert all(one.values[0] - one.values[1] == pytest.approx(-90.0) for one in found)


def test_jitter_is_no_jump_and_a_jump_is_told_at_once():
    steady = [("MTC", 10.0 + 0.08 * at, 100.0 + 0.08 * at + 0.02 * (at % 3 - 1)) for at in range(50)]
    jump = [("MTC", 500.0, 104.0)]
    assert len(told(steady)) <= 10
    assert told(steady + jump)[-1].values == (500.0, 104.0)


def test_one_clock_at_a_time_the_first_until_it_is_gone():
    both = [step for at in range(20) for step in (("MTC", 0.1 * at, 0.1 * at), ("LTC", 900.0, 0.1 * at))]
    assert {one.target for one in told(both)} == {"MTC"}
    later = [*both, ("LTC", 950.0, 2.0 + GONE_S)]
    assert told(later)[-1].target == "LTC"


class Still:
    now = 7.0

    def now_s(self):
        return self.now


def test_a_song_position_is_seconds_by_the_tempo():
    found = []
    clocks = OutsideClocks(Still(), lambda command, whose: found.append((command, whose)))
    clocks.song_position(mido.Message("songpos", pos=64), 1.0, 0.5)
    assert found == []
    clocks.song_position(mido.Message("continue"), 2.0, 0.5)
    assert found[-1][0].values == (8.0, 2.0)
    clocks.song_position(mido.Message("start"), 9.0, 0.5)
    assert found[-1][0].values == (0.0, 9.0)
    clocks.song_position(mido.Message("start"), 12.0, 0.0)
    assert len(found) == 2, "without a tempo nobody knows where that is"


def test_art_net_timecode_comes_over_a_real_socket():
    found = []

    async def hear():
        clocks = OutsideClocks(Still(), lambda command, whose: found.append((command, whose)))
        listening = asyncio.create_task(clocks.listen("127.0.0.9"))
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.9", 6454))
        while not found:
            transport.sendto(packet(Timecode(0, 1, 0, 0), 1))
            await asyncio.sleep(0.01)
        transport.close()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    asyncio.run(asyncio.wait_for(hear(), HANG_S))
    assert found[0][0].values == (60.0, 7.0)
    assert found[0][1] == "Art-Net timecode"
