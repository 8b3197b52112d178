"""Videos as small pictures and blocks of sound on one clock. Edge: PyAV.

One thread, one frame at a time, scaled down in libswscale before NumPy sees it; sound in blocks of a minute. Times are
seconds of the container's own clock, wherever it starts.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from controller.arrays import Float32Array
from controller.listening.audio.mixdown import Mixdown
from controller.sound_format import SAMPLE_RATE_HZ
from tools.train.footage.chapters import LIST
from tools.train.footage.colour import CONVERTED, Converter, Encoding, encoding_of, refuse_log
from tools.train.footage.colour import HLG as HLG_TRANSFER
from tools.train.footage.errors import FootageError
from tools.train.footage.scene import HLG, PROFILES

Picture = npt.NDArray[np.uint8]

PIXELS = 64 * 36
"""A picture's small form has about so many; light on a stage is large."""
LEAST_SIDE = 12
MOST_HZ = 31.0
"""Frames that follow closer than this are skipped: 25 or 30 a second time an offset well enough."""
SKIP_ABOVE_HZ = 45.0
"""Faster films are decoded without the frames that no other frame needs: at least every second one remains."""
LONGEST_GAP_S = 600.0
PROBES = 24
SIDES = (1, 2)
PLACED = {1: "mono", 2: "stereo"}
UNPLACED = re.compile("channel|unknown")
"""In a layout's name: FFmpeg knows how many there are, and not where they stand."""
STILLS = ("png", "mjpeg", "bmp", "gif", "tiff", "webp")
FIRST_YEAR = 2000
MANY_TRACKS, LOOKS, SOUNDS_DB, BENEATH_DB = 2, 8, -55.0, 35.0
"""Of so many tracks one is chosen, by listening to a second at so many places: a track this loud sounds, unless another
is so much louder: an input with nothing in it hisses."""
CAMERA = (("com.apple.quicktime.make", "com.android.manufacturer", "make"),
          ("com.apple.quicktime.model", "com.android.model", "model"))  # fmt: skip
"""Under which keys films name make and model."""
AS_LONG = 0.9
"""Pictures that last so much of the longest last as long."""
LASTS = re.compile(r"^(\d+):(\d+):(\d+(?:\.\d+)?)$")
PROTECTED = ("encv", "enca", "drmi", "drms")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says about itself; `rotation` in degrees as it must be turned to be upright, anticlockwise.

    `sound_track`: which of the sound tracks is heard, from 0. `colours`: how its first picture codes them, for people.
    `profile`: how its camera was set, by a person's word (`scene.PROFILES`), or "".
    """

    codec: str
    width: int
    height: int
    fps: float
    rotation: int
    duration_s: float
    start_s: float
    sound: str
    sound_rate_hz: int
    sound_start_s: float
    sound_track: int = 0
    colours: str = ""
    profile: str = ""


@dataclass(slots=True)
class Trouble:
    """What went wrong while reading; counted, and told in the report."""

    bad_packets: int = 0
    notes: list[str] = field(default_factory=list)

    def tell(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _open(path: Path) -> "av.container.InputContainer":
    try:
        if path.stat().st_size == 0:
            raise FootageError("the file is empty (0 bytes); copy it again")
        if path.suffix == LIST:
            return av.open(str(path.absolute()), format="concat", options={"safe": "0"}, metadata_errors="ignore")
        return av.open(str(path.absolute()), metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise FootageError(f"not readable as a video ({reason}); copy it again or convert it") from error


def read_facts(path: Path, trouble: Trouble | None = None, *, track: int | None = None, profile: str = "") -> Facts:
    """Open a file and see what is in it.

    Args:
        trouble: told of a choice between several sound tracks, and of colours to convert.
        track: that is to be heard, from 0; None: the first one that sounds.
        profile: how the camera was set, one of `scene.PROFILES`; "": as the film says.

    Raises:
        FootageError: not a video, no picture, no sound, protected, colours that are not understood, or no such track.
    """
    trouble = trouble or Trouble()
    chosen = chosen_track(path, trouble, track)
    with _open(path) as container:
        video = film_of(container, trouble)
        streams = (video, *container.streams.audio[:1])
        if any(stream.codec_context is None for stream in streams):
            raise FootageError("is encrypted or unknown to this FFmpeg; export it without protection, as H.264")
        if any(stream.codec_context.codec_tag in PROTECTED for stream in streams):
            raise FootageError("is protected (DRM); export it without protection")
        if not container.streams.audio:
            raise FootageError("has no sound; features need what was heard with the light")
        audio = container.streams.audio[chosen]
        named = PROFILES.get(profile)
        if named is None:
            refuse_log({**container.metadata, **video.metadata})
        first = _first_frame(container, video)
        encoding = encoding_of(first, video.codec_context.codec_tag, named)
        colours = encoding.name if named is None else named.name
        if named is not None or not encoding.ordinary:
            trouble.tell(f"its colours ({colours}) were {CONVERTED}")
        start_s = first.time if first.time is not None else 0.0
        tick = audio.time_base or 0
        duration = container.duration / av.time_base if container.duration else 0.0
        return Facts(
            codec=video.codec_context.name,
            width=first.width,
            height=first.height,
            fps=float(video.average_rate or video.guessed_rate or 0),
            rotation=_rotation(first),
            duration_s=float(duration),
            start_s=float(start_s),
            sound=audio.codec_context.name,
            sound_rate_hz=int(audio.codec_context.sample_rate or 0),
            sound_start_s=float((audio.start_time or 0) * tick) if audio.start_time is not None else float(start_s),
            sound_track=chosen,
            colours=colours,
            profile=profile,
        )


def film_of(container: "av.container.InputContainer", trouble: Trouble | None = None) -> "av.VideoStream":
    """The film among the pictures of a file: the longest, of those the largest; a cover that is attached is none.

    Args:
        trouble: told where there was a choice.

    Raises:
        FootageError: there is no film.
    """
    films = [one for one in container.streams.video if not one.disposition & av.stream.Disposition.attached_pic]
    # some containers do not keep that it is attached; beside a film, what is a picture's codec is a picture
    films = [one for one in films if one.codec_context is None or one.codec_context.name not in STILLS] or films
    if not films:
        what = "has only an attached picture (a cover)" if container.streams.video else "has no picture"
        raise FootageError(f"{what}; give the video, not only its sound")
    longest_s = max(_lasts_s(one) for one in films)
    alike = [one for one in films if _lasts_s(one) >= AS_LONG * longest_s]
    chosen = max(alike, key=lambda one: (_pixels(one), -one.index))
    if len(films) > 1 and trouble is not None:
        why = "longest" if len(alike) == 1 else "largest"
        trouble.tell(f"picture {films.index(chosen) + 1} of {len(films)} was read, the {why}")
    return chosen


def _lasts_s(stream: "av.VideoStream") -> float:
    """As its container says, 0 where it does not."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    told = LASTS.match(stream.metadata.get("DURATION", ""))
    return sum(unit * float(part) for unit, part in zip((3600, 60, 1), told.groups(), strict=True)) if told else 0.0


def _pixels(stream: "av.VideoStream") -> int:
    return 0 if stream.codec_context is None else int(stream.codec_context.width * stream.codec_context.height)


def chosen_track(path: Path, trouble: Trouble, wanted: int | None = None) -> int:
    """Which sound track is heard, from 0: the wanted one, else the first that sounds. A choice is told.

    Raises:
        FootageError: there is no such track.
    """
    with _open(path) as container:
        count = len(container.streams.audio)
    if wanted is not None:
        if not 0 <= wanted < count:
            raise FootageError(f"has {count} sound tracks, no number {wanted + 1}; --audio-track counts from 1")
        return wanted
    if count < MANY_TRACKS:
        return 0
    levels_db = [_level_db(path, one) for one in range(count)]
    sounding = [one for one, level_db in enumerate(levels_db) if level_db > max(SOUNDS_DB, max(levels_db) - BENEATH_DB)]
    chosen = sounding[0] if sounding else 0
    listed = ", ".join(f"{one + 1} at {level_db:.0f} dB" for one, level_db in enumerate(levels_db))
    trouble.tell(f"sound track {chosen + 1} of {count} was heard ({listed}); --audio-track chooses another")
    return chosen


def _level_db(path: Path, track: int) -> float:
    """The loudest of some moments of a track, dBFS."""
    loudest = 0.0
    with _open(path) as container:
        audio = container.streams.audio[track]
        whole = container.duration or 0
        for share in np.linspace(0.02, 0.9, LOOKS):
            heard = 0
            try:
                container.seek(int(share * whole))
                for frame in container.decode(audio):
                    samples = frame.to_ndarray()
                    scale = float(np.iinfo(samples.dtype).max) if samples.dtype.kind in "iu" else 1.0
                    loudest = max(loudest, float(np.mean(np.square(samples.astype(np.float64) / scale))))
                    heard += frame.samples
                    if heard > frame.sample_rate:
                        break
            except (av.FFmpegError, StopIteration, OverflowError):
                continue
    return 10.0 * float(np.log10(loudest + 1e-12))


def _rotation(frame: "av.VideoFrame") -> int:
    return int(round(getattr(frame, "rotation", 0) / 90.0) * 90) % 360


def _first_frame(container: "av.container.InputContainer", video: "av.VideoStream") -> "av.VideoFrame":
    video.codec_context.thread_count = 1
    bad = 0
    try:
        for packet in container.demux(video):
            try:
                for frame in packet.decode():
                    return frame
            except av.FFmpegError:
                bad += 1
            if bad > 500:
                break
    except av.FFmpegError:
        bad += 1
    raise FootageError("no picture can be decoded (encrypted, damaged or cut short); copy it again")


def small_size(facts: Facts) -> tuple[int, int]:
    """Width and height of the small pictures, upright."""
    wide, high = (facts.height, facts.width) if facts.rotation % 180 else (facts.width, facts.height)
    width = (PIXELS * wide / high) ** 0.5
    return max(LEAST_SIDE, round(width)), max(LEAST_SIDE, round(PIXELS / width))


class Scaler:
    """Frames of any size, pixel format and colour encoding to small upright RGB pictures of BT.709.

    A frame tells its own encoding; what it means is looked up once for all that say the same.
    """

    def __init__(self, facts: Facts) -> None:
        self.width, self.height = small_size(facts)
        self._turns, self._profile = facts.rotation // 90, facts.profile
        self._reformatter = VideoReformatter()
        self._known: dict[tuple[object, ...], tuple[Encoding, Converter | None]] = {}

    def small(self, frame: "av.VideoFrame") -> Picture:
        """(height, width, 3) uint8, full range.

        Raises:
            FootageError: its colours are not understood.
        """
        width, height = (self.height, self.width) if self._turns % 2 else (self.width, self.height)
        encoding, converter = self._how(frame, width, height)
        if converter is not None:
            picture = converter.small(frame)
        else:
            scaled = self._reformatter.reformat(
                frame, width, height, "rgb24", src_colorspace=encoding.scaler_matrix, interpolation="AREA",
                dst_color_range="JPEG",
            )  # fmt: skip
            picture = scaled.to_ndarray()
        return np.ascontiguousarray(np.rot90(picture, self._turns)) if self._turns else picture

    def _how(self, frame: "av.VideoFrame", width: int, height: int) -> tuple[Encoding, Converter | None]:
        """What a frame's numbers mean, and what converts it; None: nothing has to."""
        said = (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range)
        key = (*map(int, said), frame.format.name, frame.width, frame.height)
        if key not in self._known:
            profile = PROFILES.get(self._profile)
            encoding = encoding_of(frame, profile=profile)
            if profile is None and encoding.transfer == HLG_TRANSFER:
                profile = HLG
            plain = encoding.ordinary and profile is None
            self._known[key] = encoding, None if plain else Converter(frame, encoding, width, height, profile)
        return self._known[key]


def probe(path: Path, facts: Facts) -> list[Picture]:
    """Small pictures from all over the film, by seeking; fewer where a file cannot be sought in."""
    scaler, pictures = Scaler(facts), []
    with _open(path) as container:
        video = film_of(container)
        video.codec_context.thread_count = 1
        for share in np.linspace(0.02, 0.98, PROBES):
            at = int((facts.start_s + share * max(facts.duration_s, 1.0)) / video.time_base)
            try:
                container.seek(at, stream=video)
                frame = next(container.decode(video))
            except (av.FFmpegError, StopIteration, OverflowError):
                continue
            pictures.append(scaler.small(frame))
    return pictures


def pictures(path: Path, facts: Facts, trouble: Trouble) -> Iterator[tuple[float, Picture]]:
    """Time and small picture of every frame that is looked at, in order; damaged packets are skipped and counted."""
    scaler, last_s = Scaler(facts), -np.inf
    with _open(path) as container:
        video = film_of(container)
        video.codec_context.thread_count = 1
        if facts.fps > SKIP_ABOVE_HZ:
            video.codec_context.skip_frame = "NONREF"
        for frame in _decoded(container, video, trouble):
            t_s = frame.time
            if t_s is None or t_s <= last_s or t_s - last_s < 1.0 / MOST_HZ - 1e-4:
                continue
            yield float(t_s), scaler.small(frame)
            last_s = t_s


def _decoded(
    container: "av.container.InputContainer", stream: "av.VideoStream | av.AudioStream", trouble: Trouble
) -> Iterator["av.VideoFrame | av.AudioFrame"]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError as error:
            trouble.tell(f"reading stopped early ({str(error).split(':', 1)[0]}); the file is cut short")
            return
        try:
            yield from packet.decode()
        except av.FFmpegError:
            trouble.bad_packets += 1


def sound(path: Path, trouble: Trouble, block_samples: int, *, track: int | None = None) -> Iterator[Float32Array]:
    """The sound, mono at 48 kHz, in blocks of `block_samples` (the last is shorter); holes are filled with silence.

    Sides that cancel each other are not added: the louder one is heard, and that is told.

    Args:
        track: which sound track, from 0; None: the first one that sounds.
    """
    track = chosen_track(path, trouble) if track is None else track
    pending: list[Float32Array] = []
    have = 0
    for part in _sound_parts(path, trouble, track):
        pending.append(part)
        have += len(part)
        if have >= block_samples:
            joined = np.concatenate(pending)
            whole = len(joined) // block_samples * block_samples
            for first in range(0, whole, block_samples):
                yield joined[first : first + block_samples]
            pending, have = [joined[whole:]], len(joined) - whole
    if have:
        yield np.concatenate(pending)


def _sound_parts(path: Path, trouble: Trouble, track: int) -> Iterator[Float32Array]:
    written, start_s = 0, None
    with _open(path) as container:
        audio = container.streams.audio[track]
        down = Down(audio.codec_context.layout, trouble)
        for frame in _decoded(container, audio, trouble):
            if frame.time is not None:
                start_s = frame.time if start_s is None else start_s
                hole_s = frame.time - start_s - written / SAMPLE_RATE_HZ
                if 0.05 < hole_s < LONGEST_GAP_S:
                    trouble.tell("holes in the sound were filled with silence")
                    yield np.zeros(round(hole_s * SAMPLE_RATE_HZ), np.float32)
                    written += round(hole_s * SAMPLE_RATE_HZ)
            frame.pts = None
            for samples in down.mono(frame):
                written += len(samples)
                yield samples
        yield from down.mono(None)


class Down:
    """Sound of any rate and layout to mono at 48 kHz.

    Sides are mixed by the show's own rule, which notices where they cancel each other or one is dead. Surround becomes
    two sides first, by FFmpeg's rule, which knows what a centre and a bass are; channels of a recorder, which stand
    nowhere, are sides as they are.

    Args:
        layout: of the track. trouble: told what was noticed.
    """

    def __init__(self, layout: "av.AudioLayout", trouble: Trouble) -> None:
        stands = not UNPLACED.search(layout.name)
        sides = layout.nb_channels if layout.nb_channels < len(SIDES) or not stands else len(SIDES)
        self._trouble = trouble
        self._resampler = av.AudioResampler(
            format="fltp", layout=PLACED.get(sides) if stands else layout, rate=SAMPLE_RATE_HZ
        )
        self._mixdown = Mixdown("the sound", range(1, sides + 1))

    def mono(self, frame: "av.AudioFrame | None") -> Iterator[Float32Array]:
        """(n,) float32 of a frame; None: what is left at the end."""
        for part in self._resampler.resample(frame):
            samples = np.nan_to_num(part.to_ndarray())
            yield self._mixdown.mix(np.ascontiguousarray(samples.T))
            for said in self._mixdown.said:
                self._trouble.tell(said)


def _told(path: Path) -> dict[str, str]:
    """What a container says of itself, keys in small letters."""
    with contextlib.suppress(FootageError), _open(path) as container:
        return {key.lower(): value for key, value in container.metadata.items()}
    return {}


def camera_of(path: Path) -> str:
    """Make and model of the camera, such as "Apple iPhone 15"; "" where the film does not say."""
    told = _told(path)
    return " ".join(next((told[key] for key in keys if key in told), "") for keys in CAMERA).strip()


def filmed(path: Path) -> datetime | None:
    """When a film was begun: in the camera's own time where it tells it, else in this machine's; None: nobody says."""
    if told := _told(path):
        for key in ("com.apple.quicktime.creationdate", "creation_time", "date"):
            with contextlib.suppress(ValueError):
                moment = datetime.fromisoformat(told.get(key, "").strip().replace("Z", "+00:00"))
                if moment.year < FIRST_YEAR:  # a clock that was never set
                    continue
                return moment.astimezone() if key == "creation_time" and moment.tzinfo else moment
    return None
