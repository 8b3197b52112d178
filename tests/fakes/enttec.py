"""An Enttec DMX USB Pro that is only a pseudo terminal: answers what the real one answers, keeps the frames it is sent.

OLA's own driver takes it for a real one (tests/real), which is what makes it a judge of our driver.
"""

import contextlib
import os
import select
import threading
import time
import tty
from pathlib import Path

from controller.lighting.protocol import enttec_pro
from controller.lighting.protocol.enttec_pro import WidgetReader

ANSWERS = {
    enttec_pro.GET_PARAMETERS: bytes((68, 1, 9, 1, 40)),
    enttec_pro.GET_SERIAL: bytes.fromhex("56341200"),
    enttec_pro.MANUFACTURER: b"\x4e\x45ENTTEC\0",
    enttec_pro.DEVICE_NAME: b"\x01\x00DMX USB PRO\0",
}


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
        self._thread.join(1.0)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)
