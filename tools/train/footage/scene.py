"""Films that hold the light of the scene and not that of a screen: HLG as cameras write it, and log profiles. Pure.

What they hold is undone to linear light, brought to the primaries of BT.709, and coded as an ordinary camera would have
done it (ITU-R BT.709, 1.2). The same stage is then learnt in the same colours, whatever the camera was set to; FFmpeg
knows HLG by what a screen shows, which is paler, and no camera's log curve (docs/decisions/0044). White is where a
white paper would be: what is brighter clips.

Curves and gamuts are those that the makers publish: ITU-R BT.2100-2 and BT.2408 (HLG, its white at 75 %); Sony,
"Technical Summary for S-Gamut3.Cine/S-Log3" (2014) and "S-Log2" (2012); Panasonic, "V-Log/V-Gamut Reference Manual"
(2014); Canon, "Canon Log Gamma Curves" (2020); Apple, "Apple Log Profile White Paper" (2023); Fujifilm, "F-Log" and
"F-Log2 Data Sheet" (2022); DJI, "White Paper on D-Log and D-Gamut" (2017); Nikon, "N-Log Specification" (2018);
ARRI, "ALEXA Log C Curve" (2017, EI 800).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from controller.arrays import Float64Array
from tools.train.primaries import BT709, BT2020, Primaries, to_xyz

D65 = np.array([0.3127, 0.3290, 1.0 - 0.3127 - 0.3290]) / 0.3290
S_GAMUT3_CINE: Primaries = ((0.766, 0.275), (0.225, 0.800), (0.089, -0.087))
S_GAMUT: Primaries = ((0.730, 0.280), (0.140, 0.855), (0.100, -0.050))
V_GAMUT: Primaries = ((0.730, 0.280), (0.165, 0.840), (0.100, -0.030))
CINEMA_GAMUT: Primaries = ((0.740, 0.270), (0.170, 1.140), (0.080, -0.100))
D_GAMUT: Primaries = ((0.710, 0.310), (0.210, 0.880), (0.090, -0.080))
ALEXA_WIDE: Primaries = ((0.6840, 0.3130), (0.2210, 0.8480), (0.0861, -0.1020))
HLG_WHITE = 0.265
"""Scene light at 75 % of the signal."""
CODES, NARROW = 1023.0, (64.0, 876.0)
"""Log curves count in numbers of ten bits, of which a signal of limited range uses 64 to 940."""


def hlg(signal: Float64Array) -> Float64Array:
    """Light of the scene, white is 1, of a signal 0..1; so do all here."""
    low, high = signal**2 / 3.0, (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12.0
    return np.where(signal <= 0.5, low, high) / HLG_WHITE


def s_log2(code: Float64Array) -> Float64Array:
    signal = (code * CODES - NARROW[0]) / NARROW[1]
    high = (219.0 * (10.0 ** ((signal - 0.646596) / 0.432699) - 0.037584)) / 155.0
    low = (signal - 0.030001222851889303) / 3.53881278538813
    return 0.9 * np.where(signal >= 0.030001222851889303, high, low)


def s_log3(code: Float64Array) -> Float64Array:
    high = 10.0 ** ((code * CODES - 420.0) / 261.5) * 0.19 - 0.01
    low = (code * CODES - 95.0) * 0.01125 / (171.2102946929 - 95.0)
    return np.where(code >= 171.2102946929 / CODES, high, low)


def v_log(code: Float64Array) -> Float64Array:
    return np.where(code < 0.181, (code - 0.125) / 5.6, 10.0 ** ((code - 0.598206) / 0.241514) - 0.00873)


def c_log(code: Float64Array) -> Float64Array:
    return 0.9 * _mirrored(code, 0.12512248, 0.45310179, 10.1596)


def c_log2(code: Float64Array) -> Float64Array:
    return 0.9 * _mirrored(code, 0.092864125, 0.24136077, 87.099375)


def c_log3(code: Float64Array) -> Float64Array:
    low = -(10.0 ** ((0.12783901 - code) / 0.36726845) - 1.0) / 14.98325
    middle, high = (code - 0.12512219) / 1.9754798, (10.0 ** ((code - 0.12240537) / 0.36726845) - 1.0) / 14.98325
    return 0.9 * np.where(code < 0.097465473, low, np.where(code <= 0.15277891, middle, high))


def _mirrored(code: Float64Array, black: float, slope: float, steep: float) -> Float64Array:
    """A curve that goes on below black as it does above it."""
    return np.sign(code - black) * (10.0 ** (np.abs(code - black) / slope) - 1.0) / steep


def apple_log(signal: Float64Array) -> Float64Array:
    dark, cut = -0.05641088, 47.28711236 * (0.01 + 0.05641088) ** 2
    low = np.sqrt(np.maximum(signal, 0.0) / 47.28711236) + dark
    return np.where(signal >= cut, 2.0 ** ((signal - 0.69336945) / 0.08550479) - 0.00964052, low)


def f_log(code: Float64Array) -> Float64Array:
    high = (10.0 ** ((code - 0.790453) / 0.344676) - 0.009468) / 0.555556
    return np.where(code < 0.100537775223865, (code - 0.092864) / 8.735631, high)


def f_log2(code: Float64Array) -> Float64Array:
    high = (10.0 ** ((code - 0.384316) / 0.245281) - 0.064829) / 5.555556
    return np.where(code < 0.100686685370811, (code - 0.092864) / 8.799461, high)


def d_log(code: Float64Array) -> Float64Array:
    return np.where(code <= 0.14, (code - 0.0929) / 6.025, (10.0 ** (3.89616 * code - 2.27752) - 0.0108) / 0.9892)


def n_log(code: Float64Array) -> Float64Array:
    numbers = code * CODES
    return np.where(numbers < 452.0, (numbers / 650.0) ** 3 - 0.0075, np.exp((numbers - 619.0) / 150.0))


def log_c3(code: Float64Array) -> Float64Array:
    high = (10.0 ** ((code - 0.385537) / 0.247190) - 0.052272) / 5.555556
    return np.where(code > 5.367655 * 0.010591 + 0.092809, high, (code - 0.092809) / 5.367655)


@dataclass(frozen=True, slots=True)
class Profile:
    """How a camera was set: its `name` for people, its curve back to light, its gamut, and whether the curve counts in
    `numbers` of ten bits whatever the range, or in shares of the signal."""

    name: str
    light: Callable[[Float64Array], Float64Array]
    primaries: Primaries
    numbers: bool = True


HLG = Profile("HLG", hlg, BT2020, numbers=False)
PROFILES = {
    "slog2": Profile("S-Log2", s_log2, S_GAMUT),
    "slog3": Profile("S-Log3, S-Gamut3.Cine", s_log3, S_GAMUT3_CINE),
    "slog3-sgamut3": Profile("S-Log3, S-Gamut3", s_log3, S_GAMUT),
    "vlog": Profile("V-Log", v_log, V_GAMUT),
    "clog": Profile("C-Log", c_log, CINEMA_GAMUT),
    "clog2": Profile("C-Log2", c_log2, CINEMA_GAMUT),
    "clog3": Profile("C-Log3", c_log3, CINEMA_GAMUT),
    "applelog": Profile("Apple Log", apple_log, BT2020, numbers=False),
    "flog": Profile("F-Log", f_log, BT2020),
    "flog2": Profile("F-Log2", f_log2, BT2020),
    "dlog": Profile("D-Log", d_log, D_GAMUT),
    "nlog": Profile("N-Log", n_log, BT2020),
    "logc3": Profile("ARRI LogC3", log_c3, ALEXA_WIDE),
}
"""What `--transfer` may name."""


def matrix(primaries: Primaries) -> Float64Array:
    """(3, 3) linear light of some primaries to that of BT.709; both are white at D65 (SMPTE RP 177)."""
    return np.asarray(np.linalg.solve(to_xyz(BT709, D65), to_xyz(primaries, D65)))


class Developer:
    """Coded pictures of a profile as an ordinary camera would have filmed them.

    Args:
        full: whether the signal's black is 0 and not 16 of 255.
    """

    def __init__(self, profile: Profile, *, full: bool) -> None:
        signal = np.arange(1 << 16) / ((1 << 16) - 1.0)
        code = signal if full or not profile.numbers else (NARROW[0] + NARROW[1] * signal) / CODES
        self._light = profile.light(code).astype(np.float32)
        self._turn = matrix(profile.primaries).T.astype(np.float32)

    def develop(self, coded: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint16 of the signal to uint8 of BT.709, full range."""
        light = np.clip(self._light[coded] @ self._turn, 0.0, 1.0)
        code = np.where(light < 0.018, 4.5 * light, 1.099 * light**0.45 - 0.099)
        return np.rint(255.0 * code).astype(np.uint8)
