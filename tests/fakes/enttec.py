"""An Enttec DMX USB Pro that is only a pseudo terminal: answers what the real one answers, keeps the frames it is sent.

OLA's own driver takes it for a real one (tests/real), which is what makes it a judge of our driver.
"""

import contextlib
import os
import select
import threading
import time
import tty
from dataclasses import dataclass
from pathlib import Path

from promise import HANG_S

from controller.lighting.protocol import enttec_pro

GET_PARAMETERS, GET_SERIAL, MANUFACTURER, DEVICE_NAME = 3, 10, 77, 78
ANSWERS = {
    GET_PARAMETERS: bytes((68, 1, 9, 1, 40)),
    GET_SERIAL: bytes.fromhex("56341200"),
    MANUFACTURER: b"\x4e\x45ENTTEC\0",
    DEVICE_NAME: b"\x01\x00DMX USB PRO\0",
}


@dataclass(frozen=True, slots=True)
class WidgetMessage:
    """One message of a widget."""

    label: int
    data: bytes


class WidgetReader:
    """Finds messages in a stream that may begin anywhere and lose bytes: what is no message is skipped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.skipped = 0

    def feed(self, received: bytes) -> list[WidgetMessage]:
        """Messages that are whole now. Never raises."""
        self._buffer += received
        found: list[WidgetMessage] = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> WidgetMessage | None:
        buffer = self._buffer
        while buffer:
            start = buffer.find(enttec_pro.START)
            self._skip(len(buffer) if start < 0 else start)
            if len(buffer) < 4:
                return None
            length = buffer[2] | buffer[3] << 8
            if length > enttec_pro.MOST_BYTES:
                self._skip(1)
            elif len(buffer) < length + 5:
                return None
            elif buffer[length + 4] != enttec_pro.END:
                self._skip(1)
            else:
                message = WidgetMessage(buffer[1], bytes(buffer[4 : length + 4]))
                del buffer[: length + 5]
                return message
        return None

    def _skip(self, count: int) -> None:
        self.skipped += count
        del self._buffer[:count]


class EnttecWidget:
    """One widget.

    Attributes:
        path: what a driver opens. frames: (time, label, slots with start code) as they came. stalled: reads nothing.
    """

    def __init__(self, link: Path | None = None) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        Path(self.path).chmod(0o666)
        self._link = link
        if link is not None:
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)
        self.reader = WidgetReader()
        self.frames: list[tuple[float, int, bytes]] = []
        self.labels: list[int] = []
        self.stalled = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping:
            if self.stalled or not select.select([self._master], [], [], 0.02)[0]:
                time.sleep(0.005)  # noqa: TID251 - a device takes real time
                continue
            with contextlib.suppress(OSError):
                for message in self.reader.feed(os.read(self._master, 4096)):
                    self._answer(message.label, message.data)

    def _answer(self, label: int, data: bytes) -> None:
        self.labels.append(label)
        if label in (enttec_pro.SEND_DMX, enttec_pro.SEND_DMX_2):
            self.frames.append((time.monotonic(), label, data))
        elif label in ANSWERS:
            os.write(self._master, enttec_pro.encode_message(label, ANSWERS[label]))

    def unplug(self) -> None:
        """Pull it out."""
        self._stopping = True
        self._thread.join(HANG_S)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)
