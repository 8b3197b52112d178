"""What a film says of its colours, and its pictures as ordinary video (BT.709). Edge: FFmpeg's filters through PyAV.

Colours are converted by the light that a screen would show, as players do: transfer undone, primaries by matrix,
203 cd/m² as white (ITU-R BT.2408), and back. FFmpeg's scaler has all of it (docs/decisions/0044). What a film does not
say is taken for what its size makes likely; what is said and not understood is refused by name.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

import av
from av.filter import Graph
from av.sidedata.sidedata import Type as SideData

from controller.arrays import ByteArray
from tools.train.footage.errors import FootageError
from tools.train.footage.scene import Developer, Profile

UNSAID = (0, 2, 3)
"""ITU-T H.273: reserved and unspecified; as a matrix 0 is RGB."""
RGB, BT709, BT470BG, BT2020, PQ, HLG = 0, 1, 5, 9, 16, 18
MATRICES = {RGB: "RGB", BT709: "BT.709", 4: "FCC", BT470BG: "BT.601", 6: "BT.601", 7: "SMPTE 240M", BT2020: "BT.2020"}
PRIMARIES = {BT709: "BT.709", 4: "BT.470 M", BT470BG: "BT.601 (625)", 6: "BT.601 (525)", 7: "SMPTE 240M", 8: "film",
             BT2020: "BT.2020", 10: "XYZ", 11: "DCI-P3", 12: "Display P3", 22: "EBU"}  # fmt: skip
TRANSFERS = {BT709: "BT.709", 4: "gamma 2.2", 5: "gamma 2.8", 6: "BT.601", 7: "SMPTE 240M", 8: "linear",
             11: "xvYCC", 12: "BT.1361", 13: "sRGB", 14: "BT.2020", 15: "BT.2020", PQ: "PQ", 17: "DCI",
             HLG: "HLG"}  # fmt: skip
ALIKE = (BT709, 6, 14, 15)
"""Transfers that a screen shows alike."""
REFUSED_MATRICES = {8: "YCgCo", 10: "BT.2020 with constant luminance", 11: "SMPTE 2085", 12: "a derived matrix",
                    13: "a derived matrix", 14: "ICtCp", 15: "IPT (Dolby Vision)", 16: "YCgCo-R",
                    17: "YCgCo-R"}  # fmt: skip
REFUSED_TRANSFERS = {9: "a logarithmic transfer", 10: "a logarithmic transfer", 256: "V-Log"}
DOLBY = ("dvh1", "dvhe", "dvav", "dva1", "dav1")
CONVERTED = "converted to BT.709"
GRADED = "export it graded, as ordinary video (BT.709)"
NAMED = "name it with --transfer, or export it graded, as ordinary video (BT.709)"
SD = (1024, 576)
"""Width and height that pictures of BT.601 do not go beyond."""
FULL = 2
KEYS = re.compile(r"gamma|transfer|colou?r|profile|picture|lut", re.IGNORECASE)
LOG = re.compile(r"\b([sczn]-?log-?[23]?|f-?log-?2?|d-?log(-?m2?)?|[vl]-?log|apple[ ._-]?log([ ._-]?2)?|log-?c[34]?|"
                 r"red-?log\w*)\b", re.IGNORECASE)  # fmt: skip
"""Names of cameras' logarithmic curves, looked for only under keys that tell of colour: "vlog" is a word in titles."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How code values stand for colours; numbers of ITU-T H.273, `full`: black is 0 and not 16."""

    matrix: int
    primaries: int
    transfer: int
    full: bool

    @property
    def ordinary(self) -> bool:
        """Whether its red, green and blue are those of BT.709 as they are."""
        return self.primaries == BT709 and self.transfer in ALIKE

    @property
    def scaler_matrix(self) -> int | None:
        """The matrix as PyAV's reformatter wants it: it knows BT.601 by one of its two numbers; None: there is none."""
        return BT470BG if MATRICES[self.matrix] == "BT.601" else self.matrix or None

    @property
    def name(self) -> str:
        """For people: "HLG, BT.2020, full range"."""
        parts = [TRANSFERS[self.transfer], PRIMARIES[self.primaries], MATRICES[self.matrix]]
        return ", ".join([*dict.fromkeys(parts), *(["full range"] if self.full else [])])


def encoding_of(frame: "av.VideoFrame", tag: str = "", profile: Profile | None = None) -> Encoding:
    """What a frame says, completed by what is likely.

    Args:
        tag: the codec's four letters; some say Dolby Vision. profile: that a person names, whatever the frame says of
            its light.

    Raises:
        FootageError: it says what is not understood here, or says too little of wide colours.
    """
    matrix, primaries, transfer = int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc)
    if matrix in REFUSED_MATRICES:
        raise FootageError(f"is coded as {REFUSED_MATRICES[matrix]}, which is not read here; {GRADED}")
    if profile is not None:
        transfer = BT709
    if transfer in REFUSED_TRANSFERS:
        raise FootageError(f"has {REFUSED_TRANSFERS[transfer]}, a log profile; {NAMED}")
    if transfer in UNSAID:
        _refuse_wide(frame, tag, wide=BT2020 in (matrix, primaries))
    rgb = frame.format.is_rgb
    if rgb or matrix in (*UNSAID, RGB):
        matrix = RGB if rgb else _likely_matrix(frame, wide=primaries == BT2020 or transfer in (PQ, HLG))
    if primaries in UNSAID:
        primaries = BT2020 if matrix == BT2020 or transfer in (PQ, HLG) else BT709
    transfer = BT709 if transfer in UNSAID else transfer
    for what, said, known in (("primaries", primaries, PRIMARIES), ("transfer", transfer, TRANSFERS),
                              ("matrix", matrix, MATRICES)):  # fmt: skip
        if said not in known:
            raise FootageError(f"has colours nobody here knows ({what} {said} of H.273); {GRADED}")
    return Encoding(matrix, primaries, transfer, int(frame.color_range) == FULL or frame.format.name.startswith("yuvj"))


def _refuse_wide(frame: "av.VideoFrame", tag: str, *, wide: bool) -> None:
    """Light whose transfer is not told is taken for BT.709's, but not where the rest says that it is none."""
    if tag in DOLBY or SideData.DOVI_METADATA in frame.side_data or SideData.DOVI_RPU_BUFFER in frame.side_data:
        raise FootageError(f"is Dolby Vision without ordinary colours beneath it (profile 5); {GRADED}")
    if wide:
        raise FootageError(f"has colours of BT.2020 and does not say how light is coded, as log profiles do; {NAMED}")


def _likely_matrix(frame: "av.VideoFrame", *, wide: bool) -> int:
    if wide:
        return BT2020
    return BT470BG if frame.width <= SD[0] and frame.height <= SD[1] else BT709


def refuse_log(told: dict[str, str]) -> None:
    """Refuse a film whose metadata name a logarithmic curve.

    Raises:
        FootageError: with the name as it stands there.
    """
    for key, value in told.items():
        found = LOG.search(value) if KEYS.search(key) else None
        if found:
            raise FootageError(f"was filmed in a log profile ({found[0]}); {NAMED}")


class Converter:
    """Frames of one size, format and encoding to small RGB pictures of BT.709.

    Small first: a room's picture of a few thousand pixels is all that is converted, in sixteen bits.

    Args:
        profile: how the camera was set, of a film that holds the light of the scene; None: it holds a screen's.
    """

    def __init__(
        self, frame: "av.VideoFrame", encoding: Encoding, width: int, height: int, profile: Profile | None = None
    ) -> None:
        self._developer = None if profile is None else Developer(profile, full=encoding.full)
        self._graph = Graph()
        self._graph.threads = 1
        source = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)
        )
        said = (f"colorspace={encoding.matrix}:color_primaries={encoding.primaries}:color_trc={encoding.transfer}:"
                f"range={'pc' if encoding.full else 'tv'}")  # fmt: skip
        steps = [
            ("setparams", said),
            ("scale", f"{width}:{height}:flags=area"),
            # in one step with the next, FFmpeg 8.1 takes the matrix for BT.709's: 2 of 180 off, up to 3 in violet
            ("format", "gbrp16le"),
        ]
        if profile is None:
            steps += [
                ("scale", "out_primaries=bt709:out_transfer=bt709:intent=relative_colorimetric"),
                ("format", "rgb24"),
            ]
        nodes = [source, *(self._graph.add(name, options) for name, options in steps), self._graph.add("buffersink")]
        self._graph.link_nodes(*nodes).configure()

    def small(self, frame: "av.VideoFrame") -> ByteArray:
        """The frame as (h, w, 3), full range.

        Raises:
            FootageError: FFmpeg cannot convert it after all.
        """
        try:
            self._graph.vpush(frame)
            found = self._graph.vpull().to_ndarray()
        except (av.FFmpegError, OSError, NotImplementedError) as error:
            raise FootageError(f"its colours cannot be converted ({str(error)[:80]}); {GRADED}") from error
        return found if self._developer is None else self._developer.develop(found)
