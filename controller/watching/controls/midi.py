"""MIDI controllers: found by a part of their name, found again when they were unplugged, their LEDs kept right.

What this program opens itself, Midi Through and the like are never taken for a controller, and what is sent to an LED
never for a press. Edge: a driver (`midi_driver.py`), a thread that looks for ports. A machine without MIDI costs one
warning.
"""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from controller.errors import first_line
from controller.watching.controls.mapping import Event

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often ports are looked for."""
RARELY_S = 60.0
"""And where there is no MIDI at all: every look makes ALSA write a line of its own."""
MOST_WAITING = 1_000
CLOCKS_A_BEAT = 24
CLOCKS_KNOWN = 2 * CLOCKS_A_BEAT
MOST_LOST = 4
"""Clocks that may be missing from those two beats before the first tempo is told."""
CLOCK_GAP_S = 0.5
OTHER_CLOCK_S = 2.0
"""A clock that has been silent for so long makes room for another one."""
PITCH_LOW, PITCH_RANGE = 8192, 16383
FINE_BY = 32
"""The fine half of controller N is controller N + 32 (MIDI 1.0, "Control Change")."""
FINE_WAIT_S = 0.02
"""So long a coarse half waits for its fine one."""
ECHO_S = 0.1
"""What comes back within this time and is what was just sent to an LED is its echo, once."""
LOOPS = ("midi through", "loopmidi", "loopbe", "iac driver", "iac bus", "rtpmidi loop", "virmidi")
"""Ports that hand back what they are given; opened only by their name."""
OURS = ("followspot", "rtmidi")
"""How the ports are called that this program opens, and others that are made with the same library."""


class Backend(Protocol):
    """What of a driver is used; its names are all different."""

    def get_input_names(self) -> list[str]: ...  # noqa: D102 - the driver's own
    def get_output_names(self) -> list[str]: ...  # noqa: D102
    def open_input(self, name: str, *, callback: Callable[[Any], None]) -> Any: ...  # noqa: ANN401, D102
    def open_output(self, name: str) -> Any: ...  # noqa: ANN401, D102


class Arrived(NamedTuple):
    """A message, the port it came by, and when."""

    port: str
    message: Any
    at_s: float


class MidiClock:
    """Tempo from MIDI clock, twenty-four a beat: told on each beat, over the last two of them.

    Start and Continue say where the beats are, and Stop that there are none; a clock that never says so is counted from
    its first message. A lost message does not move the beats, and neither does a bunch that was held up.
    """

    def __init__(self) -> None:
        self._heard: deque[tuple[int, float]] = deque()
        self._count = self._owed = 0
        self._beat = -1
        self._stopped = False

    def hear(self, now_s: float) -> float | None:
        """One clock; the beat's length when it is on a beat and known."""
        if self._heard and now_s - self._heard[-1][1] > CLOCK_GAP_S:
            self._heard.clear()
            self._count, self._owed, self._beat = 0, 0, -1
        if self._is_owed(now_s):  # it was held up: it was counted when the gap was seen
            return None
        count, self._count = self._count, self._count + 1
        self._heard.append((count, now_s))
        while self._heard[-1][0] - self._heard[0][0] > CLOCKS_KNOWN:
            self._heard.popleft()
        known = self._heard[-1][0] - self._heard[0][0]
        passed, self._beat = count // CLOCKS_A_BEAT != self._beat, count // CLOCKS_A_BEAT
        if not passed or self._stopped or known < CLOCKS_KNOWN - MOST_LOST:
            return None
        return (now_s - self._heard[0][1]) / known * CLOCKS_A_BEAT

    def _is_owed(self, now_s: float) -> bool:
        """Whether this clock was counted already; counts those that are missing before it: lost, or held up."""
        known = self._heard[-1][0] - self._heard[0][0] if self._heard else 0
        if known < CLOCKS_A_BEAT:
            return False
        usual_s = (self._heard[-1][1] - self._heard[0][1]) / known
        since_s = now_s - self._heard[-1][1]
        if self._owed and since_s < 0.3 * usual_s:
            self._owed -= 1
            return True
        self._owed = max(0, round(since_s / usual_s) - 1) if since_s > 1.7 * usual_s else 0
        self._count += self._owed
        return False

    def control(self, kind: str, pos: int = 0) -> None:
        """Start, Stop, Continue, or a song position in sixteenths (six clocks each)."""
        match kind:
            case "start":
                self._begin(0)
                self._stopped = False
            case "continue":
                self._stopped = False
            case "stop":
                self._stopped = True
            case "songpos":
                self._begin(6 * pos)

    def _begin(self, count: int) -> None:
        """The next clock is this one of the song; how far apart they are stays known."""
        by = count - self._count
        self._heard = deque((one + by, at_s) for one, at_s in self._heard)
        self._count, self._owed, self._beat = count, 0, (count - 1) // CLOCKS_A_BEAT


class Clocks:
    """One clock at a time: the first that is heard, until it is silent."""

    def __init__(self) -> None:
        self._clock, self._port, self._heard_s = MidiClock(), "", float("-inf")
        self._ignored: set[str] = set()

    def hear(self, port: str, message: Any, now_s: float) -> float | None:  # noqa: ANN401 - a mido message
        """A message of one of `CLOCK_KINDS`; the beat's length on a beat."""
        if port != self._port:
            if now_s - self._heard_s <= OTHER_CLOCK_S:
                if port not in self._ignored:
                    self._ignored.add(port)
                    log.info("MIDI: the clock of %s is not heard while that of %s is there", port, self._port)
                return None
            self._clock, self._port = MidiClock(), port
        self._heard_s = now_s
        if message.type == "clock":
            return self._clock.hear(now_s)
        self._clock.control(message.type, getattr(message, "pos", 0))
        return None


CLOCK_KINDS = ("clock", "start", "stop", "continue", "songpos")


class MidiReader:
    """Messages to events, with what a single message does not say: the two halves of fine controllers."""

    def __init__(self) -> None:
        self._coarse: dict[tuple[str, int, int], tuple[int, float]] = {}
        self._fine: dict[tuple[str, int, int], int] = {}

    def events(self, port: str, message: Any, now_s: float) -> list[Event]:  # noqa: ANN401 - a mido message
        """What a message says; the coarse half of a controller says something by itself, too."""
        plain = event_of(message)
        found = [] if plain is None else [plain]
        if message.type != "control_change":
            return found
        number = message.control
        if number < FINE_BY:
            key = (port, message.channel, number)
            self._coarse[key] = (message.value, now_s if key in self._fine else float("-inf"))
        elif number < 2 * FINE_BY:
            key = (port, message.channel, number - FINE_BY)
            if key in self._coarse:
                self._fine[key] = message.value
                self._coarse[key] = (self._coarse[key][0], float("-inf"))
                found.append(self._whole(key))
        return found

    def late(self, now_s: float) -> list[Event]:
        """Coarse halves whose fine one did not come: it stays as it was."""
        due = [key for key, (_, at_s) in self._coarse.items() if 0.0 <= now_s - at_s - FINE_WAIT_S < float("inf")]
        for key in due:
            self._coarse[key] = (self._coarse[key][0], float("-inf"))
        return [self._whole(key) for key in due]

    def _whole(self, key: tuple[str, int, int]) -> Event:
        _, channel, number = key
        return Event(f"cc14 {number}", channel + 1, (self._coarse[key][0] * 128 + self._fine.get(key, 0)) / 16383.0)


class Echoes:
    """What was sent to LEDs a moment ago: the same again from a port is no press, once."""

    def __init__(self) -> None:
        self._sent: deque[tuple[bytes, float]] = deque(maxlen=500)

    def note(self, message: Any, now_s: float) -> None:  # noqa: ANN401 - a mido message
        """An LED was told this."""
        self._sent.append((bytes(message.bytes()), now_s))

    def takes(self, message: Any, now_s: float) -> bool:  # noqa: ANN401 - a mido message
        """Whether this is the echo of something."""
        while self._sent and now_s - self._sent[0][1] > ECHO_S:
            self._sent.popleft()
        said = _bytes(message)
        found = next((one for one in self._sent if one[0] == said), None)
        if found is None:
            return False
        self._sent.remove(found)
        return True


def _bytes(message: Any) -> bytes:  # noqa: ANN401 - a mido message
    """As on the wire; a note that is let go by velocity 0 or by its own message is the same."""
    said = bytes(message.bytes())
    if message.type == "note_off":
        return bytes((said[0] | 0x10, said[1], 0))
    return said


class MidiPorts:
    """Every port whose name holds one of some words.

    Args:
        wanted: words in any case, `*` for all controllers. backend: a driver, or None where none is installed.
        now_s: time, for messages as they arrive.
    """

    def __init__(self, wanted: list[str], backend: Backend | None, now_s: Callable[[], float]) -> None:
        self._wanted, self._backend, self._now_s = wanted, backend, now_s
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Any] = {}
        self._waiting: deque[Arrived] = deque(maxlen=MOST_WAITING)
        self._look_s = float("-inf")
        self._told: set[str] = set()
        self._shown: dict[tuple[str, int], bool] = {}
        self._echoes = Echoes()
        self._closing = threading.Event()
        self._looking: threading.Thread | None = None
        self.lost = False

    @property
    def names(self) -> list[str]:
        """Of what is connected."""
        return sorted(self._inputs)

    def watch(self) -> None:
        """Look for ports in a thread from now on: opening one may take its driver a second."""
        self._looking = threading.Thread(target=self._keep_looking, name="midi ports", daemon=True)
        self._looking.start()

    def _keep_looking(self) -> None:
        while not self._closing.is_set():
            self._closing.wait(LOOK_S if self._look() else RARELY_S)

    def arrived(self, now_s: float) -> list[Arrived]:
        """What arrived since the last call, in order, without the echoes of LEDs; looks for ports now and then."""
        if self._looking is None and now_s >= self._look_s:
            self._look_s = now_s + (LOOK_S if self._look() else RARELY_S)
        found = []
        while self._waiting:
            one = self._waiting.popleft()
            if not self._echoes.takes(one.message, one.at_s):
                found.append(one)
        return found

    def _hear(self, port: str) -> Callable[[Any], None]:
        """What the driver calls with each message, in a thread of its own."""
        return lambda message: self._waiting.append(Arrived(port, message, self._now_s()))

    def show(self, lights: Mapping[tuple[str, int], bool], now_s: float = 0.0) -> None:
        """Light LEDs, only those that changed."""
        changed = {where: on for where, on in lights.items() if self._shown.get(where) != on}
        if not changed or not self._outputs:
            return
        self._shown.update(changed)
        for output in list(self._outputs.values()):
            with contextlib.suppress(OSError, ValueError, RuntimeError):  # an LED is not worth a warning
                for (what, channel), on in changed.items():
                    message = lamp(what, channel, on=on)
                    self._echoes.note(message, now_s)
                    output.send(message)

    def _look(self) -> bool:
        """Open what is new and let go of what is gone; whether this machine has MIDI."""
        if self._backend is None:
            self._tell("MIDI is not installed here: pip install mido python-rtmidi")
            return False
        try:
            inputs, outputs = list(self._backend.get_input_names()), list(self._backend.get_output_names())
        except Exception as error:  # noqa: BLE001 - every system's driver has errors of its own
            self._tell(f"no MIDI here: {first_line(error)}")
            return False
        backend = self._backend
        self._open(inputs, self._inputs, lambda name: backend.open_input(name, callback=self._hear(name)))
        if self._open(outputs, self._outputs, backend.open_output):
            self._shown.clear()
        self._name_what_is_not_there(inputs)
        return True

    def _open(self, there: list[str], mine: dict[str, Any], opened: Callable[[str], Any]) -> bool:
        """Let go of what is not there any more and open what is new; whether anything is new."""
        for name in [name for name in mine if name not in there]:
            if mine is self._inputs:
                log.warning("MIDI: %s is gone", name)
                self.lost = True
            with contextlib.suppress(Exception):
                mine.pop(name).close()
        new = [one for one in there if one not in mine and is_wanted(one, self._wanted)]
        for name in new:
            try:
                mine[name] = opened(name)
                log.info("MIDI: %s", name)
            except Exception as error:  # noqa: BLE001 - every system's driver has errors of its own
                self._tell(f"MIDI: {name} cannot be opened: {error}")
        return bool(new)

    def _name_what_is_not_there(self, there: list[str]) -> None:
        """Words that are in no controller's name."""
        for word in self._wanted:
            if word != "*" and word not in self._told and not any(word.lower() in name.lower() for name in there):
                others = ", ".join(f"'{name}'" for name in there if is_wanted(name, ["*"]))
                if others:
                    self._told.add(word)
                    log.warning("MIDI: '%s' is in no controller's name; there are: %s", word, others)
            elif word not in self._told:
                self._told.add(word)  # it was there once: that it is gone is said elsewhere

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            log.warning("%s", text)

    def close(self) -> None:
        """Close every port."""
        self._closing.set()
        if self._looking is not None:
            self._looking.join(1.0)
        for mine in (self._inputs, self._outputs):
            while mine:  # out of its place first: who still looks for ports closes none a second time
                _, port = mine.popitem()
                with contextlib.suppress(Exception):
                    port.close()


def is_wanted(name: str, wanted: list[str]) -> bool:
    """Whether a port is meant by one of some words: a part of its name in any case, or `*` for every controller."""
    plain = name.lower()
    client = plain.partition(":")[0]
    if client.startswith(OURS[0]):
        return False
    ours, loops = any(one in client for one in OURS), any(one in plain for one in LOOPS)
    for word in (one.lower() for one in wanted):
        if word == "*":
            if not ours and not loops:
                return True
        elif word in plain and (not ours or any(one in word for one in OURS)):
            return True
    return False


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
        case "program_change":
            return Event(f"program {message.program}", message.channel + 1, 1.0)
    return None


def lamp(what: str, channel: int, *, on: bool) -> Any:  # noqa: ANN401 - a mido message
    """The message that lights an LED, or switches it off."""
    import mido  # noqa: PLC0415 - only where a port is open

    kind, _, number = what.partition(" ")
    level = 127 if on else 0
    if kind == "note":
        return mido.Message("note_on", note=int(number), velocity=level, channel=max(0, channel - 1))
    return mido.Message("control_change", control=int(number or 0), value=level, channel=max(0, channel - 1))


def backend() -> Backend | None:
    """The system's ports, where `mido` and `python-rtmidi` are installed."""
    try:
        from controller.watching.controls.midi_driver import Driver  # noqa: PLC0415
    except ImportError:
        return None
    return Driver()
