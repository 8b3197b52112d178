"""Sound card in: PortAudio's callback copies and returns; a device that vanishes is opened again.

Edge: devices, a thread. PortAudio is imported when it is needed, so that a show from a file needs no sound library.
"""

import logging
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from controller.arrays import Float32Array
from controller.clock import Clock
from controller.errors import AudioError
from controller.listening.audio.block_queue import BlockQueue
from controller.sound_format import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from sounddevice import CallbackFlags

log = logging.getLogger(__name__)

STALL_S = 1.0
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
    """What can be recorded from: name, host interface, channels, default rate."""
    sounddevice = portaudio()
    apis = sounddevice.query_hostapis()
    return [
        {
            "name": device["name"],
            "interface": apis[device["hostapi"]]["name"],
            "channels": device["max_input_channels"],
            "rate_hz": device["default_samplerate"],
        }
        for device in sounddevice.query_devices()
        if device["max_input_channels"] > 0
    ]


def find_device(name: str) -> dict[str, Any]:
    """The input device of this name, of which this is part of the name, or the default.

    Raises:
        AudioError: no such device; the message lists those there are.
    """
    devices = input_devices()
    exact = [device for device in devices if device["name"] == name]
    partly = [device for device in devices if name.lower() in device["name"].lower()]
    for found in (exact, partly):
        if found:
            return found[0]
    if name == "default" and devices:
        return devices[0]
    names = ", ".join(f"'{device['name']}'" for device in devices) or "none"
    raise AudioError(f"audio device '{name}' not found; input devices here: {names} (see `followspot devices`)")


def input_channels(device: dict[str, Any], channels: tuple[int, ...]) -> int:
    """How many channels to open so that all wished ones are among them.

    Raises:
        AudioError: the device has fewer.
    """
    if max(channels) > device["channels"]:
        raise AudioError(
            f"audio device '{device['name']}' has {device['channels']} input channels; audio.channels asks for "
            f"{max(channels)}"
        )
    return max(channels)


class Capture:
    """Keeps a device open and its blocks coming.

    Args:
        device: name as `followspot devices` prints it.
        channels: inputs of the device that are mixed, counted from 1; the first two where it has no more.
        block_s: wished block length. latency: PortAudio's buffering wish: seconds, "low" or "high".
        clock: stamps blocks.
    """

    def __init__(
        self, device: str, *, channels: tuple[int, ...], block_s: float, latency: float | str, clock: Clock
    ) -> None:
        self._device = device
        self._channels = channels
        self._block_s = block_s
        self._latency = latency
        self._clock = clock
        self._queue = BlockQueue(max(8, round(QUEUE_S / block_s)), MAX_BLOCK_SAMPLES, max(channels))
        self._stream: Any = None
        self._rate_hz = SAMPLE_RATE_HZ
        self._resample: soxr.ResampleStream | None = None
        self._heard_s = clock.now_s()
        self._stop = threading.Event()
        self._overflows = 0
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

    def read(self, timeout_s: float) -> tuple[Float32Array, float] | None:
        """The next block as (n, 1) float32 at 48 kHz and the time of its last sample, or None when none came."""
        got = self._queue.get(timeout_s)
        if got is None:
            return None
        mono = got[0][:, [channel - 1 for channel in self._channels]].mean(axis=1, dtype=np.float32)
        resample = self._resample
        if resample is not None:
            mono = resample.resample_chunk(mono)
        return mono[:, None], got[1]

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
            opened = self._open()
            if opened:
                attempt = 0
                self._watch()
                self._close()
            if self._stop.is_set():
                return
            if attempt == 0:
                self.losses += 1
                log.warning("audio device '%s' is gone or silent as a stone; trying to open it again", self._device)
            self._stop.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)])
            attempt += 1
            self._forget_devices()

    def _open(self) -> bool:
        sounddevice = portaudio()
        try:
            found = find_device(self._device)
            channels = input_channels(found, self._channels)
            rate_hz = self._usable_rate(sounddevice, found, channels)
            self._resample = None
            if rate_hz != SAMPLE_RATE_HZ:
                self._resample = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ")
            self._heard_s = self._clock.now_s()
            self._stream = sounddevice.InputStream(
                device=found["name"],
                samplerate=rate_hz,
                channels=channels,
                dtype="float32",
                blocksize=round(self._block_s * rate_hz),
                latency=self._latency,
                callback=self._callback,
            )
            self._stream.start()
        except (sounddevice.PortAudioError, AudioError, ValueError) as error:
            log.debug("opening '%s' failed: %s", self._device, error)
            self._close()
            return False
        return True

    def _usable_rate(self, sounddevice: ModuleType, found: dict[str, Any], channels: int) -> int:
        try:
            sounddevice.check_input_settings(device=found["name"], samplerate=SAMPLE_RATE_HZ, channels=channels)
        except sounddevice.PortAudioError:
            return int(found["rate_hz"])
        return SAMPLE_RATE_HZ

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            stalled = self._clock.now_s() - self._heard_s > STALL_S
            if stalled or not self._stream.active:
                return

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
        now_s = self._clock.now_s()
        self._heard_s = now_s
        self._overflows += bool(status.input_overflow)
        self._queue.put(samples, now_s)
