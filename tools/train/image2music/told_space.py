"""Which colours a picture means that has no colour profile: files also tell them by a word or by numbers. Pure.

Cameras write Adobe RGB as two letters of EXIF and no profile (DCF 2.0, "R03"); PNG has numbers for primaries and gamma
(PNG third edition, 11.3.2: cICP before sRGB before gAMA and cHRM), AVIF those of ITU-T H.273 (ISO/IEC 14496-12, nclx).
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from controller.arrays import ByteArray, Float32Array
from controller.colour import to_encoded, to_linear
from tools.train.image2music.colours import TO_XYZ, WHITE
from tools.train.primaries import BT709, BT2020, Primaries, to_xyz

ADOBE: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3: Primaries = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
BY_NUMBER = {9: ("BT.2020", BT2020), 11: ("DCI-P3", P3), 12: ("Display P3", P3)}
GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
"""Of H.273; others are as good as sRGB's, but for HDR."""
HDR = {16: "PQ", 18: "HLG"}
INTEROPERABILITY, COLOUR_SPACE, ADOBE_SPACE = 1, 0xA001, 2
SAME = 0.01
"""Primaries nearer than this are the same, and so are gammas within three times as much."""
PNG, HEAD_BYTES = b"\x89PNG\r\n\x1a\n", 4_096


@dataclass(frozen=True, slots=True)
class Space:
    """Red, green and blue of a `name`: `primaries` as CIE x and y, `gamma` (None: the curve of sRGB), and in `hdr` the
    curve that is not read here."""

    name: str
    primaries: Primaries = BT709
    gamma: float | None = None
    hdr: str = ""

    def said_of(self, name: str) -> str:
        """What the owner of a picture may want to know."""
        if self.hdr:
            return f"{name} is in HDR ({self.hdr}): its colours are a guess; save it without HDR"
        return f"the colours of {name} are read as {self.name}, which it says that they are"

    def in_srgb(self, rgb: ByteArray) -> ByteArray:
        """(..., 3) codes 0..255 of this space as those of sRGB, what does not fit cut off."""
        codes: Float32Array = np.arange(256, dtype=np.float32) / np.float32(255.0)
        curve = to_linear(codes) if self.gamma is None else codes ** np.float32(self.gamma)
        turn = np.linalg.inv(TO_XYZ) @ to_xyz(self.primaries, WHITE)
        light = curve[rgb] @ turn.T.astype(np.float32)
        return np.rint(255.0 * to_encoded(np.clip(light, 0.0, 1.0))).astype(np.uint8)


def told_space(image: Image.Image, data: bytes) -> Space | None:
    """What a picture says of its colours besides a profile; None: nothing, or sRGB.

    Args:
        data: the whole file.
    """
    numbers = _numbers(data)
    if numbers is not None:
        return _by_number(*numbers)
    if image.format in ("JPEG", "MPO", "TIFF"):
        return Space("Adobe RGB", ADOBE, 563 / 256) if _is_adobe(image) else None
    return None if "srgb" in image.info else _by_chunks(image.info)


def _is_adobe(image: Image.Image) -> bool:
    exif = image.getexif()
    told = exif.get_ifd(ExifTags.IFD.Interop).get(INTEROPERABILITY, "")
    return str(told).strip("\0 ") == "R03" or exif.get_ifd(ExifTags.IFD.Exif).get(COLOUR_SPACE) == ADOBE_SPACE


def _numbers(data: bytes) -> tuple[int, int] | None:
    """Primaries and transfer by H.273, of a PNG or an AVIF."""
    if data.startswith(PNG):
        at = len(PNG)
        while at + 10 <= len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            if kind == b"cICP":
                return data[at + 8], data[at + 9]
            if kind == b"IDAT":
                return None
            at += 12 + size
    at = data.find(b"colrnclx", 0, HEAD_BYTES) if data[4:8] == b"ftyp" else -1
    return struct.unpack_from(">HH", data, at + 8) if 0 < at < len(data) - 12 else None


def _by_number(primaries: int, transfer: int) -> Space | None:
    name, found = BY_NUMBER.get(primaries, ("", BT709))
    if not name and transfer not in (*GAMMAS, *HDR):
        return None
    return Space(name or "sRGB's primaries", found, GAMMAS.get(transfer), HDR.get(transfer, ""))


def _by_chunks(info: dict[str, Any]) -> Space | None:
    """Of PNG's cHRM (white, red, green, blue) and gAMA."""
    told = info.get("chromaticity", (0.0, 0.0, *np.ravel(BT709)))
    primaries = tuple((float(x), float(y)) for x, y in np.reshape(told[2:8], (3, 2)))
    gamma = 1.0 / float(info["gamma"]) if info.get("gamma") else None
    as_srgb = gamma is None or abs(gamma - 2.2) <= 3 * SAME
    if np.abs(np.array(primaries) - np.array(BT709)).max() <= SAME and as_srgb:
        return None
    if min(y for _, y in primaries) <= 0.0:
        return None
    return Space("its numbers (cHRM, gAMA)", (primaries[0], primaries[1], primaries[2]), None if as_srgb else gamma)
