"""Sound card in: PortAudio's callback copies and returns; a device that vanishes is opened again.

Edge: devices, a thread. PortAudio is imported when it is needed, so that a show from a file needs no sound library.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from controller.arrays import Float32Array
from controller.clock import Clock
from controller.errors import AudioError
from controller.listening.audio.block_queue import BlockQueue
from controller.listening.audio.file_source import finite
from controller.listening.audio.mixdown import Mixdown
from controller.listening.audio.sound_server import ServerSource, ServerStream, current_source, heard_by, is_server
from controller.sound_format import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from sounddevice import CallbackFlags

log = logging.getLogger(__name__)

STALL_S = 1.0
FIRST_S = 10.0
"""A device may take so long until its first block; a stall counts from then on."""
ASK_S = 3.0
"""How often a sound server is asked which of its sources is heard, by two programs that are started for it."""
MOST_OPENED = 64
QUEUE_S = 0.5
MAX_BLOCK_SAMPLES = 19_200  # 100 ms at 192 kHz
RETRY_S = (0.5, 1.0, 2.0, 5.0)


def portaudio() -> Any:  # noqa: ANN401 - a module without type hints
    """The `sounddevice` module.

    Raises:
        AudioError: PortAudio is not installed.
    """
    try:
        import sounddevice  # noqa: PLC0415 - loads PortAudio, which only capture needs
    except OSError as error:
        raise AudioError(
            f"no sound library ({error}); install PortAudio (Debian: apt-get install libportaudio2) "
            "or use --audio file:PATH"
        ) from error
    return sounddevice


def input_devices() -> list[dict[str, Any]]:
    """What can be recorded from: number, name, interface, channels, default rate; `label` tells equal names apart."""
    sounddevice = portaudio()
    apis = sounddevice.query_hostapis()
    found = [
        {
            "index": index,
            "name": device["name"],
            "interface": apis[device["hostapi"]]["name"],
            "channels": device["max_input_channels"],
            "rate_hz": device["default_samplerate"],
        }
        for index, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"] > 0
    ]
    counts = Counter(one["name"] for one in found)
    seen: Counter[str] = Counter()
    for one in found:
        seen[one["name"]] += 1
        one["label"] = one["name"] if counts[one["name"]] == 1 else f"{one['name']} #{seen[one['name']]}"
    return found


def find_device(name: str) -> dict[str, Any]:
    """The input device of this name, of which this is part of the name, or the default.

    Args:
        name: in any case; of devices of one name `NAME #2` is the second, `NAME, INTERFACE` the one of an interface.

    Raises:
        AudioError: no such device; the message lists those there are.
    """
    devices = input_devices()
    wanted = name.lower()
    by_interface = {one["index"]: f"{one['name']}, {one['interface']}".lower() for one in devices}
    rules: tuple[Callable[[dict[str, Any]], bool], ...] = (
        lambda one: bool(one["label"] == name),
        lambda one: bool(one["name"] == name),
        lambda one: bool(by_interface[one["index"]] == wanted),
        lambda one: wanted in str(one["label"]).lower(),
        lambda one: wanted in by_interface[one["index"]],
    )
    for rule in rules:
        if found := [one for one in devices if rule(one)]:
            return found[0]
    if name == "default" and devices:
        return devices[0]
    names = ", ".join(f"'{device['label']}'" for device in devices) or "none"
    raise AudioError(f"audio device '{name}' not found; input devices here: {names} (see `followspot devices`)")


def input_channels(device: dict[str, Any], channels: tuple[int, ...]) -> int:
    """How many channels to open so that all wished ones are among them: all there are, or a server would mix them.

    Raises:
        AudioError: the device has fewer.
    """
    if max(channels) > device["channels"]:
        raise AudioError(
            f"audio device '{device['name']}' has {device['channels']} input channels; audio.channels asks for "
            f"{max(channels)}"
        )
    return int(min(device["channels"], max(MOST_OPENED, *channels)))


class Capture:
    """Keeps a device open and its blocks coming.

    Many attributes: a device, its stream and what is known of both, each by itself.

    Args:
        device: name as `followspot devices` prints it.
        channels: inputs of the device that are mixed, counted from 1; the first two where it has no more.
        block_s: wished block length. latency: PortAudio's buffering wish: seconds, "low" or "high".
        clock: stamps blocks. timecode: input that is no sound but timecode, counted from 1; None: there is none.

    Attributes:
        heard_from: the input that is really heard, for people; "" before it is known.
    """

    def __init__(
        self,
        device: str,
        *,
        channels: tuple[int, ...],
        block_s: float,
        latency: float | str,
        clock: Clock,
        timecode: int | None = None,
    ) -> None:
        self._device = device
        self._music = len(channels)
        channels = channels if timecode is None else (*channels, timecode)
        self._channels = channels
        self._block_s = block_s
        self._latency = latency
        self._clock = clock
        self._queue = BlockQueue(max(8, round(QUEUE_S / block_s)), MAX_BLOCK_SAMPLES, len(channels))
        self._picked = np.array(channels) - 1
        self._stream: Any = None
        self._resample: soxr.ResampleStream | None = None
        self._down = Mixdown(device, channels[: self._music], offset=True)
        self._resample_timecode: soxr.ResampleStream | None = None
        self._heard_s: float | None = None
        self._opened_s = clock.now_s()
        self._asked_s = float("-inf")
        self._stop = threading.Event()
        self._overflows = 0
        self._why = ""
        self.heard_from = self._source_name = ""
        self.losses = 0
        self.over = False
        self._thread = threading.Thread(target=self._keep_open, name="capture", daemon=True)

    @property
    def overruns(self) -> int:
        """Blocks lost because nobody took them in time, here or in the driver."""
        return self._queue.overruns + self._overflows

    @property
    def bad_samples(self) -> int:
        """None are changed here; the listener cleans what it hears."""
        return 0

    @property
    def levels_db(self) -> list[float]:
        """Of each input that is listened to, dBFS, as of the last second."""
        return self._down.levels_db

    @property
    def said(self) -> list[str]:
        """What was noticed about the inputs, for people."""
        return self._down.said

    def read(self, timeout_s: float) -> tuple[Float32Array, float] | None:
        """The next block at 48 kHz and the time of its last sample, or None when none came.

        (n, 1) float32, or (n, 2) where there is timecode, which stands behind the sound.
        """
        got = self._queue.get(timeout_s)
        if got is None:
            return None
        samples = finite(got[0])[0]
        mono = self._down.mix(samples[:, : self._music])
        resample, resample_timecode = self._resample, self._resample_timecode
        if resample is not None:
            mono = resample.resample_chunk(mono)
        if samples.shape[1] == self._music:
            return mono[:, None], got[1]
        timecode = samples[:, self._music]
        if resample_timecode is not None:
            timecode = resample_timecode.resample_chunk(np.ascontiguousarray(timecode))
        return np.stack([mono, timecode], axis=1), got[1]

    def start(self) -> None:
        """Open the device and watch over it from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the device."""
        self._stop.set()
        self._thread.join(2.0)

    def _keep_open(self) -> None:
        attempt = 0
        while not self._stop.is_set():
            try:
                opened = self._open()
                if opened:
                    attempt = 0
                    self._watch()
                    self._close()
            except Exception:
                # top of a thread: whatever a driver raises, the device is tried again
                log.exception("audio device '%s' cannot be used", self._device)
                self._close()
            if self._stop.is_set():
                return
            if attempt == 0:
                self.losses += 1
                because = f": {self._why}" if self._why else ""
                log.warning(
                    "audio device '%s' has disappeared or delivers no sound%s; trying to open it again",
                    self._device,
                    because,
                )
            self._stop.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)])
            attempt += 1
            self._forget_devices()

    def _open(self) -> bool:
        sounddevice = portaudio()
        self._heard_s, self._opened_s, self._why = None, self._clock.now_s(), ""
        try:
            found = find_device(self._device)
            input_channels(found, self._channels)
            source = current_source() if is_server(found) else None
            rate_hz = self._begin(sounddevice, found) if source is None else self._begin_at_server(source)
        except (sounddevice.PortAudioError, AudioError, ValueError, OSError) as error:
            self._why = str(error)
            log.debug("opening '%s' failed: %s", self._device, error)
            self._close()
            return False
        self._resample = self._resample_timecode = None
        if rate_hz != SAMPLE_RATE_HZ:
            self._resample, self._resample_timecode = (
                soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ") for _ in range(2)
            )
        self._down = Mixdown(self._device, self._channels[: self._music], rate_hz=rate_hz, offset=True)
        self._stream.start()
        return True

    def _begin(self, sounddevice: ModuleType, found: dict[str, Any]) -> int:
        """A stream of PortAudio with every channel of the device, or as many as it lets us have; its rate."""
        error: Exception | None = None
        for channels in dict.fromkeys(
            (input_channels(found, self._channels), max(2, *self._channels), *self._channels)
        ):
            if not max(self._channels) <= channels <= found["channels"]:
                continue
            try:
                rate_hz = self._usable_rate(sounddevice, found, channels)
                self._stream = sounddevice.InputStream(
                    device=found["index"],
                    samplerate=rate_hz,
                    channels=channels,
                    dtype="float32",
                    blocksize=round(self._block_s * rate_hz),
                    latency=self._latency,
                    callback=self._callback,
                )
            except sounddevice.PortAudioError as problem:
                error = problem
                continue
            self.heard_from = str(found["label"])
            return rate_hz
        raise error or AudioError(f"audio device '{found['name']}' cannot be opened")

    def _begin_at_server(self, source: ServerSource) -> int:
        """A stream of a sound server, which would mix the channels of its card for PortAudio; its rate."""
        if max(self._channels) > len(source.channels):
            raise AudioError(
                f"{source.label} has {len(source.channels)} inputs; audio.channels asks for {max(self._channels)}"
            )
        block = round(self._block_s * source.rate_hz)
        self._stream = ServerStream(source, block=block, latency=self._latency, callback=self._take)
        self._note_source(source.name, source.label)
        return source.rate_hz

    def _usable_rate(self, sounddevice: ModuleType, found: dict[str, Any], channels: int) -> int:
        try:
            sounddevice.check_input_settings(device=found["index"], samplerate=SAMPLE_RATE_HZ, channels=channels)
        except sounddevice.PortAudioError:
            return int(found["rate_hz"])
        return SAMPLE_RATE_HZ

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            now_s = self._clock.now_s()
            patience_s = FIRST_S if self._heard_s is None else STALL_S
            if now_s - (self._opened_s if self._heard_s is None else self._heard_s) > patience_s:
                self._why = f"no sound for {patience_s:.0f} s"
                return
            if not self._stream.active:
                return
            if isinstance(self._stream, ServerStream) and now_s - self._asked_s > ASK_S:
                self._asked_s = now_s
                self._note_source(*heard_by(self._stream.pid))

    def _note_source(self, name: str, label: str) -> None:
        """Say it when the server lets us hear another source than before: a card was pulled out."""
        if name and self._source_name and name != self._source_name:
            log.warning("the sound server moved us: now heard is '%s' (%s), not '%s'", label, name, self.heard_from)
        self._source_name, self.heard_from = name or self._source_name, label or self.heard_from

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        # closing a device that was pulled out can hang in the driver: do not wait for it for ever
        closer = threading.Thread(target=stream.abort, kwargs={"ignore_errors": True}, daemon=True)
        closer.start()
        closer.join(1.0)
        if not closer.is_alive():
            stream.close(ignore_errors=True)

    def _forget_devices(self) -> None:
        """PortAudio lists devices once, at its start: start it again to see one that came back."""
        sounddevice = portaudio()
        try:
            sounddevice._terminate()  # noqa: SLF001 - sounddevice offers no public call for this
            sounddevice._initialize()  # noqa: SLF001
        except sounddevice.PortAudioError as error:
            log.debug("PortAudio did not start again: %s", error)

    def _callback(self, samples: Float32Array, _frames: int, _times: object, status: "CallbackFlags") -> None:
        """PortAudio's own thread: copy and return."""
        self._overflows += bool(status.input_overflow)
        self._take(samples)

    def _take(self, samples: Float32Array) -> None:
        """Keep the wished channels of a block, (n, channels of the device)."""
        now_s = self._clock.now_s()
        self._heard_s = now_s
        self._queue.put(samples[:, self._picked], now_s)
