"""MIDI controllers: found by a part of their name, found again when they were unplugged, their lamps kept right.

Edge: `mido` over `python-rtmidi`. A machine without MIDI costs one warning.
"""

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from controller.watching.controls.mapping import Event

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often ports are looked for."""
RARELY_S = 60.0
"""And where there is no MIDI at all: every look makes ALSA write a line of its own."""
MOST_WAITING = 1_000
CLOCKS_A_BEAT = 24
PITCH_LOW, PITCH_RANGE = 8192, 16383


class Backend(Protocol):
    """What of `mido` is used."""

    def get_input_names(self) -> list[str]: ...  # noqa: D102 - mido's own
    def get_output_names(self) -> list[str]: ...  # noqa: D102
    def open_input(self, name: str, *, callback: Callable[[Any], None]) -> Any: ...  # noqa: ANN401, D102
    def open_output(self, name: str) -> Any: ...  # noqa: ANN401, D102


class MidiClock:
    """Tempo from MIDI clock, twenty-four a beat: seconds between beats, smoothed over two of them."""

    def __init__(self) -> None:
        self._at_s: deque[float] = deque(maxlen=2 * CLOCKS_A_BEAT + 1)

    def hear(self, now_s: float) -> float | None:
        """One clock; the beat's length when it is on a beat and known."""
        if self._at_s and now_s - self._at_s[-1] > 0.5:
            self._at_s.clear()
        self._at_s.append(now_s)
        if len(self._at_s) < self._at_s.maxlen or (len(self._at_s) - 1) % CLOCKS_A_BEAT:  # type: ignore[operator]
            return None
        return (self._at_s[-1] - self._at_s[0]) / 2.0


class MidiPorts:
    """Every port whose name holds one of some words.

    Args:
        wanted: words, `*` for all. backend: `mido`, or None where it is not installed.
    """

    def __init__(self, wanted: list[str], backend: Backend | None) -> None:
        self._wanted, self._backend = wanted, backend
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Any] = {}
        self._waiting: deque[Any] = deque(maxlen=MOST_WAITING)
        self._look_s = float("-inf")
        self._told = False
        self._shown: dict[tuple[str, int], bool] = {}
        self.lost = False

    @property
    def names(self) -> list[str]:
        """Of what is connected."""
        return sorted(self._inputs)

    def events(self, now_s: float) -> list[Any]:
        """Messages that arrived since the last call, in order; looks for ports now and then."""
        if now_s >= self._look_s:
            self._look_s = now_s + (LOOK_S if self._look() else RARELY_S)
        found = []
        while self._waiting:
            found.append(self._waiting.popleft())
        return found

    def show(self, lights: Mapping[tuple[str, int], bool]) -> None:
        """Light lamps, only those that changed."""
        changed = {where: on for where, on in lights.items() if self._shown.get(where) != on}
        if not changed or not self._outputs:
            return
        self._shown.update(changed)
        for output in list(self._outputs.values()):
            with contextlib.suppress(OSError, ValueError, RuntimeError):  # a lamp is not worth a warning
                for (what, channel), on in changed.items():
                    output.send(lamp(what, channel, on=on))

    def _look(self) -> bool:
        """Open what is new and let go of what is gone; whether this machine has MIDI."""
        if self._backend is None:
            self._tell("MIDI is not installed here: pip install mido python-rtmidi")
            return False
        try:
            inputs, outputs = self._backend.get_input_names(), self._backend.get_output_names()
        except Exception as error:  # noqa: BLE001 - every system's driver has errors of its own
            self._tell(f"no MIDI here: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
            return False
        self._open(inputs, self._inputs, lambda name: self._backend.open_input(name, callback=self._waiting.append))  # type: ignore[union-attr]
        if self._open(outputs, self._outputs, self._backend.open_output):
            self._shown.clear()
        return True

    def _open(self, there: list[str], mine: dict[str, Any], opened: Callable[[str], Any]) -> bool:
        """Let go of what is not there any more and open what is new; whether anything is new."""
        for name in [name for name in mine if name not in there]:
            if mine is self._inputs:
                log.warning("MIDI: %s is gone", name)
                self.lost = True
            with contextlib.suppress(Exception):
                mine.pop(name).close()
        new = [one for one in there if one not in mine and any(word in ("*",) or word in one for word in self._wanted)]
        for name in new:
            try:
                mine[name] = opened(name)
                log.info("MIDI: %s", name)
            except Exception as error:  # noqa: BLE001 - every system's driver has errors of its own
                self._tell(f"MIDI: {name} cannot be opened: {error}")
        return bool(new)

    def _tell(self, text: str) -> None:
        if not self._told:
            self._told = True
            log.warning("%s", text)

    def close(self) -> None:
        """Close every port."""
        for port in (*self._inputs.values(), *self._outputs.values()):
            with contextlib.suppress(Exception):
                port.close()


def event_of(message: Any) -> Event | None:  # noqa: ANN401 - a mido message
    """A MIDI message as an event; None for what no mapping knows."""
    match message.type:
        case "control_change":
            return Event(f"cc {message.control}", message.channel + 1, message.value / 127.0)
        case "note_on":
            return Event(f"note {message.note}", message.channel + 1, message.velocity / 127.0)
        case "note_off":
            return Event(f"note {message.note}", message.channel + 1, 0.0)
        case "pitchwheel":
            return Event("pitch", message.channel + 1, (message.pitch + PITCH_LOW) / PITCH_RANGE)
    return None


def lamp(what: str, channel: int, *, on: bool) -> Any:  # noqa: ANN401 - a mido message
    """The message that lights a lamp, or puts it out."""
    import mido  # noqa: PLC0415 - only where a port is open

    kind, _, number = what.partition(" ")
    level = 127 if on else 0
    if kind == "note":
        return mido.Message("note_on", note=int(number), velocity=level, channel=max(0, channel - 1))
    return mido.Message("control_change", control=int(number or 0), value=level, channel=max(0, channel - 1))


def backend() -> Backend | None:
    """`mido`, where it is installed."""
    try:
        import mido  # noqa: PLC0415
    except ImportError:
        return None
    found: Backend = mido
    return found
