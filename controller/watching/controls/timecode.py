"""Timecode from wires that are not sound: MIDI timecode, MIDI's song position, Art-Net. Pure: messages and bytes in.

MIDI timecode sends a frame's number in eight quarter frames, so that it takes two frames to say one (MMA, "MIDI Time
Code", 1991); where it jumps, or stands, a whole one comes as a system exclusive message. Art-Net sends each frame in
one packet (Art-Net 4, ArtTimeCode).
"""

import struct
from typing import Any

from controller.evening.timecode import DROP_FPS, Source, Timecode
from controller.messages import Command

RATES = (24.0, 25.0, DROP_FPS, 30.0)
PIECES = 8
FULL = (0x7F, 0x01, 0x01)
"""Of a full frame, behind 7F and the device: real time, MIDI timecode, full message."""
ARTNET, OP_TIMECODE, ARTNET_BYTES = b"Art-Net\x00", 0x9700, 19
JUMP_S, AGAIN_S, GONE_S = 0.06, 0.5, 1.0
"""From how far off a clock is told anew at once, how often it is told anyhow, and after how long it is gone."""


class MidiTimecode:
    """One port's MIDI timecode."""

    def __init__(self) -> None:
        self._pieces: dict[int, int] = {}
        self._next = 0

    def hear(self, message: Any) -> Timecode | None:  # noqa: ANN401 - a mido message
        """The timecode at the moment of this message, where it says one."""
        if message.type == "sysex":
            return _full(tuple(message.data))
        if message.type != "quarter_frame":
            return None
        number = message.frame_type
        if number != self._next:  # one was lost, or it runs backwards: from the next beginning on
            self._pieces.clear()
        self._pieces[number], self._next = message.frame_value, (number + 1) % PIECES
        if number != PIECES - 1 or len(self._pieces) < PIECES:
            return None
        low, high = [self._pieces[one] for one in range(0, 8, 2)], [self._pieces[one] for one in range(1, 8, 2)]
        frames, seconds, minutes, hours = (a | b << 4 for a, b in zip(low, high, strict=True))
        return _coded(hours, minutes, seconds, frames & 0x1F)


def late_s(message: Any, timecode: Timecode) -> float:  # noqa: ANN401 - a mido message
    """How long ago the frame began that a message tells: seven quarters for the last quarter frame, else nothing."""
    return (PIECES - 1) / (4.0 * timecode.fps) if message.type == "quarter_frame" else 0.0


def _full(data: tuple[int, ...]) -> Timecode | None:
    if len(data) != len(FULL) + 5 or data[0] != FULL[0] or data[2:4] != FULL[1:]:
        return None
    return _coded(*data[4:8])


def _coded(hours: int, minutes: int, seconds: int, frames: int) -> Timecode | None:
    """A frame whose rate stands in two bits of its hours; None if there is no such frame."""
    rate = hours >> 5 & 0b11
    made = Timecode(
        hours & 0x1F, minutes & 0x3F, seconds & 0x3F, frames, RATES[rate], drop=rate == RATES.index(DROP_FPS)
    )
    return made if made.sound else None


def artnet_timecode(packet: bytes) -> Timecode | None:
    """The timecode of an ArtTimeCode packet; None if it is none."""
    if len(packet) < ARTNET_BYTES or not packet.startswith(ARTNET):
        return None
    (code,) = struct.unpack_from("<H", packet, 8)
    frames, seconds, minutes, hours, kind = packet[14:19]
    if code != OP_TIMECODE or kind >= len(RATES):
        return None
    made = Timecode(hours, minutes, seconds, frames, RATES[kind], drop=RATES[kind] == DROP_FPS)
    return made if made.sound else None


class ClockTeller:
    """Tells the show where somebody else's clock stands: at once where it jumps, else now and then.

    One clock at a time: the first that runs, until it is gone.
    """

    def __init__(self) -> None:
        self._by: Source | None = None
        self._place_s = self._at_s = 0.0
        self._told_s = self._heard_s = float("-inf")

    def hear(self, by: Source, place_s: float, at_s: float) -> Command | None:
        """What to tell of a clock that stands at a place at a moment.

        Args:
            by: what kind of clock. place_s: its time, seconds. at_s: the machine's time of that moment.
        """
        if by != self._by and at_s - self._heard_s < GONE_S:
            return None
        expected = self._place_s + (at_s - self._at_s)
        jumped = by != self._by or abs(place_s - expected) > JUMP_S
        self._by, self._heard_s = by, at_s
        if not jumped and at_s - self._told_s < AGAIN_S:
            return None
        self._place_s, self._at_s, self._told_s = place_s, at_s, at_s
        return Command("clock", 1.0, by, (place_s, at_s))
