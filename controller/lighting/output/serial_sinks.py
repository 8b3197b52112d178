"""USB devices behind a serial port, each in a thread of its own: one that stalls or is unplugged delays nobody else.

Between the cycle and a device's thread lies one place for the newest frame of each output; a frame that was not taken
in time is replaced, never queued. Edge: serial ports, threads.
"""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

import serial
from serial.tools import list_ports

from controller.clock import Clock, MonotonicClock
from controller.config import EnttecProConfig, OpenDmxConfig
from controller.lighting.output.ledger import Ledger
from controller.lighting.output.streams import Packet
from controller.lighting.protocol import enttec_pro, open_dmx

if sys.platform == "win32":  # raises SerialException alone
    TermiosError = OSError
else:
    from termios import error as TermiosError  # noqa: N812 - it is a class

log = logging.getLogger(__name__)

FAILURES = (serial.SerialException, OSError, ValueError, TermiosError)
RETRY_S = (0.5, 1.0, 2.0, 5.0)
WRITE_TIMEOUT_S = 0.25
"""Without one, pyserial waits for a stalled device for ever."""
ENTTEC_BAUD = 57_600
"""Any number would do: the port is virtual."""
IDLE_S = 0.25


class SerialDevice(Protocol):
    """What a thread does with its serial port. All of it may raise what `FAILURES` names."""

    period_s: float
    repeats: bool

    def open(self) -> Any:  # noqa: ANN401 - pyserial has no types
        """The port, ready for frames."""
        ...

    def write(self, port: Any, payload: bytes) -> None:  # noqa: ANN401
        """One frame."""
        ...


class SerialSinks:
    """All serial devices by the path or number they are configured with.

    Args:
        ledger: where outputs are counted.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._threads: dict[str, DeviceThread] = {}

    def add(self, output: EnttecProConfig | OpenDmxConfig) -> None:
        """Start the thread of a device; both outputs of a Mk2 share one."""
        known = self._threads.get(output.device)
        if known is not None:
            if isinstance(known.device, EnttecPro) and isinstance(output, EnttecProConfig):
                known.device.second_port |= output.output == 2
            return
        device = EnttecPro(output) if isinstance(output, EnttecProConfig) else OpenDmx(output, MonotonicClock())
        self._threads[output.device] = DeviceThread(output.device, device, self._ledger)

    def send(self, packet: Packet, now_s: float) -> None:  # noqa: ARG002 - the threads have their own pace
        """Hand over the newest frame."""
        self._threads[packet.address[0]].hand_over(packet)

    def close(self) -> None:
        """End the threads."""
        for one in self._threads.values():
            one.close()


class DeviceThread:
    """Writes the newest frames to one device, opens it again when it was lost.

    Args:
        name: of the device. device: how it is written to. ledger: where outputs are counted.
    """

    def __init__(self, name: str, device: SerialDevice, ledger: Ledger) -> None:
        self.device = device
        self._ledger = ledger
        self._newest: dict[str, bytes] = {}
        self._fresh: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._port: Any = None
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=f"serial {name}", daemon=True)
        self._thread.start()

    def hand_over(self, packet: Packet) -> None:
        """Leave a frame for the thread; replaces the one that it has not taken yet."""
        with self._changed:
            self._newest[packet.output] = packet.payload
            self._fresh.add(packet.output)
            self._changed.notify()

    def _run(self) -> None:
        while not self._stopping.is_set():
            frames = self._take()
            if not frames:
                continue
            try:
                self._write(frames)
                self._failures = 0
                self._stopping.wait(self.device.period_s)
            except FAILURES as error:
                self._fail(frames, error)
            except Exception as error:  # noqa: BLE001 - the top of a thread: a driver's surprise must not end it
                self._fail(frames, error)
        self._let_go()

    def _take(self) -> dict[str, bytes]:
        """The newest frames; those that came since the last time, or all where a device needs them again and again."""
        with self._changed:
            if not self._fresh:
                self._changed.wait(self.device.period_s if self.device.repeats else IDLE_S)
            chosen = self._newest if self.device.repeats else {name: self._newest[name] for name in self._fresh}
            self._fresh.clear()
            return dict(chosen)

    def _write(self, frames: dict[str, bytes]) -> None:
        if self._port is None:
            self._port = self.device.open()
        for name, payload in frames.items():
            self.device.write(self._port, payload)
            self._ledger.account(name).good()

    def _fail(self, frames: dict[str, bytes], error: Exception) -> None:
        self._let_go()
        for name in frames:
            self._ledger.account(name).bad(error)
        self._stopping.wait(RETRY_S[min(self._failures, len(RETRY_S) - 1)])
        self._failures += 1

    def _let_go(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            try:
                port.close()
            except FAILURES as error:
                log.debug("a lost device does not close: %s", error)

    def close(self) -> None:
        """End the thread; one that hangs in a driver is left behind."""
        self._stopping.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(1.0)


class EnttecPro:
    """An Enttec DMX USB Pro: it keeps the line alive by itself and must not be written to faster than it sends.

    Args:
        output: as configured.
    """

    repeats = False

    def __init__(self, output: EnttecProConfig) -> None:
        self._device = output.device
        self.period_s = 1.0 / output.rate_hz
        self.second_port = output.output == 2

    def open(self) -> Any:  # noqa: ANN401
        """The port; a Mk2's second output switched on."""
        port = open_port(self._device, ENTTEC_BAUD)
        if self.second_port:
            port.write(enttec_pro.encode_second_port())
        return port

    def write(self, port: Any, payload: bytes) -> None:  # noqa: ANN401
        """One message; what the widget says meanwhile is thrown away, or its buffer would fill."""
        waiting = port.in_waiting
        if waiting:
            port.read(waiting)
        port.write(payload)


class OpenDmx:
    """An FTDI cable: break, mark after break and pace are made here.

    Args:
        output: as configured. clock: for break and mark; both have a least length and no greatest.
    """

    repeats = True

    def __init__(self, output: OpenDmxConfig, clock: Clock) -> None:
        self._device, self._clock = output.device, clock
        self._break_s, self._mab_s = output.break_us * 1e-6, output.mab_us * 1e-6
        whole_s = open_dmx.wire_s(b"\0" * 513) + self._break_s + self._mab_s
        # the frame is still leaving when the write returns, and the next break must not cut it
        self.period_s = max(1.0 / output.rate_hz, whole_s + 0.002)

    def open(self) -> Any:  # noqa: ANN401
        """The port at 250 kbit/s, 8N2."""
        return open_port(self._device, open_dmx.BAUD, stop_bits=serial.STOPBITS_TWO)

    def write(self, port: Any, payload: bytes) -> None:  # noqa: ANN401
        """One frame."""
        port.break_condition = True
        self._clock.sleep_until(self._clock.now_s() + self._break_s)
        port.break_condition = False
        self._clock.sleep_until(self._clock.now_s() + self._mab_s)
        port.write(payload)


def open_port(device: str, baud: int, stop_bits: float = serial.STOPBITS_ONE) -> Any:  # noqa: ANN401
    """A serial port that no other program has open.

    Raises:
        serial.SerialException: not there, or taken.
    """
    path = device_path(device, list_ports.comports)
    return serial.Serial(path, baud, stopbits=stop_bits, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True)


def device_path(device: str, ports: Callable[[], list[Any]]) -> str:
    """The path of a device; `serial:NUMBER` is looked for by the serial number in its USB descriptor.

    Raises:
        serial.SerialException: no device has this number.
    """
    if not device.startswith("serial:"):
        return device
    number = device.removeprefix("serial:")
    found = next((str(one.device) for one in ports() if one.serial_number == number), None)
    if found is None:
        raise serial.SerialException(f"no serial port has the number {number}")
    return found
