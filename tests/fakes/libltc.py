"""The real encoder of linear timecode: libltc, which Debian's ltc-tools are made of."""

import ctypes
import ctypes.util

import numpy as np

STANDARDS = {24: 3, 25: 1, 30: 0}


class Timecode(ctypes.Structure):
    _fields_ = [
        ("timezone", ctypes.c_char * 6),
        *((name, ctypes.c_ubyte) for name in ("years", "months", "days", "hours", "mins", "secs", "frame")),
    ]  # fmt: skip


def found():
    """The library's name, None where it is not installed."""
    return ctypes.util.find_library("ltc")


def encoded(first, seconds, *, fps=25.0, rate_hz=48_000):
    """Sound -1..1 that begins with a timecode (hours, minutes, seconds, frames) and runs for so long."""
    library = ctypes.CDLL(found())
    library.ltc_encoder_create.restype = ctypes.c_void_p
    library.ltc_encoder_create.argtypes = [ctypes.c_double, ctypes.c_double, ctypes.c_int, ctypes.c_int]
    for name in ("set_timecode", "encode_frame", "inc_timecode", "free", "get_buffer"):
        function = getattr(library, f"ltc_encoder_{name}")
        function.argtypes = [ctypes.c_void_p] + ([ctypes.c_void_p] if name in ("set_timecode", "get_buffer") else [])
    library.ltc_encoder_get_buffer.restype = ctypes.c_int
    encoder = library.ltc_encoder_create(float(rate_hz), float(fps), STANDARDS[round(fps)], 0)
    timecode = Timecode(b"+0000", 0, 0, 0, *first)
    library.ltc_encoder_set_timecode(encoder, ctypes.byref(timecode))
    parts, buffer = [], ctypes.create_string_buffer(rate_hz)
    for _ in range(round(seconds * fps)):
        library.ltc_encoder_encode_frame(encoder)
        count = library.ltc_encoder_get_buffer(encoder, buffer)
        parts.append(np.frombuffer(buffer.raw[:count], np.uint8).astype(np.float32))
        library.ltc_encoder_inc_timecode(encoder)
    library.ltc_encoder_free(encoder)
    return (np.concatenate(parts) - 128.0) / 128.0
