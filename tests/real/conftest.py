"""Two hosts, olad between them, and a show that sends at forty cycles a second from one of them.

Where namespaces or programs are missing the tests say so and are skipped; where none may be missing
(FOLLOWSPOT_REQUIRE_REAL) they fail.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from enttec import EnttecWidget
from lab import Host, Lab, Olad, possible
from promise import HANG_S

from controller.clock import Deadlines, MonotonicClock
from controller.config import NetworkConfig, UniverseConfig
from controller.lighting.input.listener import Listener
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import Outputs
from controller.messages import DmxFrame


@pytest.fixture(scope="session")
def two_hosts(require_real: Callable[[str, object], None]) -> Iterator[Lab]:
    """Two hosts and a cable, and nothing running on them."""
    require_real("the right to make network namespaces", possible())
    lab = Lab()
    yield lab
    lab.close()


@pytest.fixture(scope="session")
def widget_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="followspot-lab-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def widget(widget_folder: Path) -> Iterator[EnttecWidget]:
    """An Enttec widget that is plugged in before olad starts.

    Its name is this process's own: olad locks a device by its name alone (/var/lock), and other workers have theirs.
    """
    (widget_folder / "dev").mkdir()
    widget = EnttecWidget(widget_folder / "dev" / f"ttyTEST{os.getpid()}")
    yield widget
    widget.unplug()


@pytest.fixture(scope="session")
def lab(
    widget_folder: Path, widget: EnttecWidget, require_real: Callable[[str, object], None]
) -> Iterator[tuple[Lab, Olad]]:
    """Two hosts; olad runs on the node."""
    require_real("the right to make network namespaces", possible())
    require_real("olad", shutil.which("olad"))
    lab = Lab()
    try:
        (widget_folder / "conf").mkdir()
        yield lab, Olad(lab, lab.node, widget_folder / "conf", widget_folder / "dev")
    finally:
        lab.close()


class Show:
    """The sending half of a show on one host: forty cycles a second in a thread.

    Attributes:
        sender, outputs: the real ones. levels: what to send, by universe: slots, or a function from the cycle to them.
    """

    def __init__(
        self,
        host: Host,
        outputs: dict[int, list[dict]],
        levels: dict[int, np.ndarray] | Callable[[int], dict[int, np.ndarray]],
        *,
        interface: str | None = None,
        cid: UUID | None = None,
        listener: Listener | None = None,
        poll_to: tuple[str, ...] = (),
    ) -> None:
        universes = {number: UniverseConfig(outputs=ones) for number, ones in outputs.items()}
        self.levels = levels
        self.sender = Sender(universes, NetworkConfig(source_name="Spot"), cid or uuid4(), poll_to)
        self.outputs = Outputs(universes, interface)
        self.cycles = 0
        self.listener = listener
        self._stopping = threading.Event()
        self._says_goodbye = True
        with host.here():  # a thread is born on the host of its parent
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        clock = MonotonicClock()
        deadlines = Deadlines(0.025, clock.now_s())
        while not self._stopping.is_set():
            clock.sleep_until(deadlines.next_s)
            now_s = clock.now_s()
            deadlines.advance(now_s)
            levels = self.levels(self.cycles) if callable(self.levels) else self.levels
            frames = [DmxFrame(now_s, self.cycles, number, slots) for number, slots in levels.items()]
            for packet in self.sender.packets(frames, now_s):
                self.outputs.send(packet, now_s)
            self.cycles += 1
            if self.listener is not None:
                self._hear(now_s)
        if self._says_goodbye:
            for packet in self.sender.farewell():
                self.outputs.send(packet, clock.now_s())

    def _hear(self, now_s: float) -> None:
        from controller.lighting.protocol import artnet

        for one in self.listener.receive(now_s, self.outputs.ports()):
            if artnet.opcode(one.payload) == artnet.OP_POLL_REPLY:
                self.sender.hear(artnet.decode_poll_reply(one.payload), one.ip, now_s)

    def state(self, words: str) -> str:
        """State of the output whose name holds these words."""
        return next((one.state for name, one in self.outputs.status().items() if words in name), "idle")

    def end(self, *, goodbye: bool = True) -> None:
        """End in order, or as if the process had died."""
        self._says_goodbye = goodbye
        self._stopping.set()
        self._thread.join(HANG_S)
        self.outputs.close()


@pytest.fixture
def show() -> Iterator[Callable[..., Show]]:
    """Makes shows that end with the test."""
    shows: list[Show] = []

    def make(*arguments, **options) -> Show:
        shows.append(Show(*arguments, **options))
        return shows[-1]

    yield make
    for one in shows:
        one.end()
