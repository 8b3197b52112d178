"""This machine's MIDI ports by `python-rtmidi`, each by its place: of several with one name each is another port.

`mido` knows a port by its name alone, so that of two controllers of one name (macOS gives them no numbers) it lists and
opens the first; here it only reads and writes the messages. A machine may have JACK or PipeWire and no ALSA sequencer
(a container, a kernel without it): RtMidi itself gives up at the first system that fails. Edge: the system's MIDI.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mido
import rtmidi

CLIENT = "Followspot"
"""What this program is called among MIDI clients."""


class Driver:
    """Lists ports, and opens them by the names it lists.

    Args:
        api: of `rtmidi`; the first one of this system that works, if nothing is said.
    """

    def __init__(self, api: int = rtmidi.API_UNSPECIFIED) -> None:
        self._chosen = api
        self._works: int | None = None

    def get_input_names(self) -> list[str]:
        """What can be heard."""
        return self._names(rtmidi.MidiIn)

    def get_output_names(self) -> list[str]:
        """What can be sent to."""
        return self._names(rtmidi.MidiOut)

    def open_input(self, name: str, *, callback: Callable[[Any], None]) -> "Input":
        """Hear a port; each message is handed over in a thread of the driver.

        Raises:
            OSError, ValueError: it is not there any more, or cannot be opened.
        """
        return Input(self._opened(rtmidi.MidiIn, name), callback)

    def open_output(self, name: str) -> "Output":
        """Send to a port; raises as `open_input` does."""
        return Output(self._opened(rtmidi.MidiOut, name))

    def _names(self, kind: type) -> list[str]:
        client = self._client(kind)
        try:
            return numbered(client.get_ports())
        finally:
            client.delete()

    def _opened(self, kind: type, name: str) -> Any:  # noqa: ANN401 - a client of rtmidi
        client = self._client(kind)
        try:
            client.open_port(numbered(client.get_ports()).index(name))
        except Exception:
            client.delete()
            raise
        return client

    def _client(self, kind: type) -> Any:  # noqa: ANN401 - a client of rtmidi
        failed: Exception = OSError("this system has no MIDI that python-rtmidi knows")
        for api in self._apis() if self._works is None else (self._works,):
            try:
                client = kind(api, name=CLIENT)
            except Exception as error:  # noqa: BLE001 - every system's driver has errors of its own
                failed = error
                continue
            self._works = api
            return client
        self._works = None
        raise failed

    def _apis(self) -> list[int]:
        """What may work here; asking for a JACK that does not run fills the terminal."""
        if self._chosen != rtmidi.API_UNSPECIFIED:
            return [self._chosen]
        return [one for one in rtmidi.get_compiled_api() if one != rtmidi.API_UNIX_JACK or jack_runs()]


def jack_runs() -> bool:
    """Whether there may be a JACK server: jackd's shared memory, or PipeWire."""
    pipewire = Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere")) / "pipewire-0"
    return sys.platform != "linux" or pipewire.exists() or any(Path("/dev/shm").glob("jack*"))  # noqa: S108


class Input:
    """An open input."""

    def __init__(self, client: Any, callback: Callable[[Any], None]) -> None:  # noqa: ANN401 - a client of rtmidi
        self._client = client
        client.ignore_types(sysex=False, timing=False, active_sense=True)
        client.set_callback(lambda said, _data: _hand_over(said[0], callback))

    def close(self) -> None:
        """Hear no more."""
        self._client.cancel_callback()
        self._client.close_port()
        self._client.delete()


class Output:
    """An open output."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - a client of rtmidi
        self._client = client

    def send(self, message: Any) -> None:  # noqa: ANN401 - a mido message
        """Send a message.

        Raises:
            OSError, ValueError, RuntimeError: it does not get through.
        """
        self._client.send_message(message.bytes())

    def close(self) -> None:
        """Let it go."""
        self._client.close_port()
        self._client.delete()


def numbered(names: Sequence[str]) -> list[str]:
    """Names that are all different: of two, `NAME (1 of 2)` and `NAME (2 of 2)`.

    When one of them is pulled out nobody knows which; the other one's name changes too, so that it is opened anew.
    """
    counts, seen = Counter(names), Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if counts[name] == 1 else f"{name} ({seen[name]} of {counts[name]})")
    return found


def _hand_over(said: Sequence[int], callback: Callable[[Any], None]) -> None:
    try:
        message = mido.Message.from_bytes(said)
    except ValueError:  # no message of MIDI
        return
    callback(message)
