"""A picture's colours, light and edges, and what they suggest of pleasure and arousal. Pure, NumPy only.

Source of the weights: Valdez & Mehrabian, "Effects of color on emotions", J. Exp. Psychology: General, 1994: pleasure
.69 brightness + .22 saturation, arousal -.31 brightness + .60 saturation. Departures: both are brought to -1..1 over
the range that photographs take, and edges add to arousal. Caveat: later work (Wilms & Oberfeld 2018) finds bright
colours more
arousing, so the sign of brightness in arousal is contested: `Weights` is an argument everywhere.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, ByteArray, Float32Array
from controller.colour import to_linear

COLOURS = 5
MORE = 3
"""Of so many times the colours that are wanted the best are kept."""
ROUNDS = 12
REACH = 30.0
"""In CIELAB: what lies further apart is two colours, and no mean of both is there."""
WHITE = np.array([0.95047, 1.0, 1.08883])
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
GREY = 12.0
"""Chroma under which a colour has no hue to speak of."""
HUE_NAMES = ((15, "red"), (38, "orange"), (68, "yellow"), (160, "green"), (198, "turquoise"), (258, "blue"),
             (292, "violet"), (338, "pink"), (361, "red"))  # fmt: skip
EDGE_FULL = 0.12
"""Mean edge strength, relative to the picture's light, that counts as busy."""
USUAL_PLEASURE, USUAL_AROUSAL = (0.2, 0.75), (0.1, 0.65)
"""Shares of their possible range between which most photographs lie: -1 and 1 are there, so that pictures differ."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How brightness, saturation and edges (each 0..1) make pleasure and arousal."""

    pleasure_brightness: float = 0.69
    pleasure_saturation: float = 0.22
    arousal_brightness: float = -0.31
    arousal_saturation: float = 0.60
    arousal_edges: float = 0.20


USUAL = Weights()


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour of a palette: `#rrggbb`, share of the picture 0..1, name, hue in degrees or None where it is grey."""

    rgb: str
    weight: float
    name: str
    hue_deg: float | None
    chroma: float


@dataclass(frozen=True, slots=True)
class Light:
    """What a picture is made of, each 0..1, and what that suggests, -1..1."""

    brightness: float
    saturation: float
    contrast: float
    edges: float
    valence: float
    arousal: float


def lab(rgb: ByteArray) -> Float32Array:
    """(..., 3) sRGB bytes to CIELAB (D65)."""
    xyz = to_linear(rgb.astype(np.float32) / 255.0) @ (TO_XYZ / WHITE[:, None]).T.astype(np.float32)
    cube = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    lightness = 116 * cube[..., 1] - 16
    return np.stack([lightness, 500 * (cube[..., 0] - cube[..., 1]), 200 * (cube[..., 1] - cube[..., 2])], -1).astype(
        np.float32
    )


def palette(rgb: ByteArray, count: int = COLOURS) -> tuple[Colour, ...]:
    """The colours a picture is made of, largest first: k-means in CIELAB, started at the same places every time."""
    pixels = rgb[::4, ::4].reshape(-1, 3) if rgb.shape[0] * rgb.shape[1] > 40_000 else rgb.reshape(-1, 3)
    points = lab(pixels)
    centres = _settled(points, _far_apart(points, MORE * count))
    centres = _settled(points, _joined(points, centres, count), REACH)
    nearest = _nearest(points, centres)
    found = []
    for number, centre in enumerate(centres):
        of_it = nearest == number
        if of_it.any():
            near = of_it & _near(points, centre, REACH)
            found.append(_colour(pixels[near if near.any() else of_it], int(of_it.sum()) / len(pixels)))
    return tuple(sorted(found, key=lambda one: -one.weight))


def _settled(points: Float32Array, centres: Float32Array, reach: float = np.inf) -> Float32Array:
    """Centres after the rounds of k-means; what lies further than `reach` from its centre does not draw it away."""
    for _ in range(ROUNDS):
        nearest = _nearest(points, centres)
        moved = []
        for number, centre in enumerate(centres):
            its = (nearest == number) & _near(points, centre, reach)
            moved.append(points[its].mean(axis=0) if its.any() else centre)
        centres = np.stack(moved)
    return centres


def _near(points: Float32Array, centre: Float32Array, reach: float) -> BoolArray:
    return np.asarray(((points - centre) ** 2).sum(axis=1) <= reach**2)


def _joined(points: Float32Array, centres: Float32Array, count: int) -> Float32Array:
    """So many of more centres: those that matter least are given up, one by one, to whoever is nearest to them.

    What a centre is worth is how many points it has times how far they would have to go. So the seam between two flat
    colours, which is thin, goes before either of them does, and two flat colours are not mixed into a third: of two
    that lie far apart the larger one stays as it is.
    """
    kept = list(centres)
    sizes = np.bincount(_nearest(points, centres), minlength=len(centres)).astype(np.float64).tolist()
    while len(kept) > count:
        stack = np.stack(kept)
        apart = np.sqrt(((stack[:, None] - stack[None]) ** 2).sum(axis=-1)) + np.where(
            np.eye(len(kept)) > 0, np.inf, 0.0
        )
        least = int(np.argmin(np.array(sizes) * apart.min(axis=1)))
        to = int(apart[least].argmin())
        whole = sizes[least] + sizes[to]
        if whole > 0:
            if apart[least, to] <= REACH:
                kept[to] = ((sizes[to] * kept[to] + sizes[least] * kept[least]) / whole).astype(np.float32)
            elif sizes[least] > sizes[to]:
                kept[to] = kept[least]
        sizes[to] = whole
        del kept[least], sizes[least]
    return np.stack(kept)


def _far_apart(points: Float32Array, count: int) -> Float32Array:
    """First centres: the mean, then again and again the point that is furthest from all, outliers (2 %) left out."""
    centres = [points.mean(axis=0)]
    for _ in range(count - 1):
        far = np.min([((points - one) ** 2).sum(axis=1) for one in centres], axis=0)
        limit = np.quantile(far, 0.98)
        centres.append(points[int(np.argmax(np.where(far <= limit, far, -1.0)))])
    return np.stack(centres)


def _nearest(points: Float32Array, centres: Float32Array) -> npt.NDArray[np.int64]:
    distances = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)[None]
    return np.asarray(distances.argmin(axis=1))


def _colour(pixels: ByteArray, weight: float) -> Colour:
    mean = pixels.mean(axis=0).round().astype(np.uint8)
    _, a, b = lab(mean)
    chroma = float(np.hypot(a, b))
    hue = float(hsv(mean[None, None])[0, 0, 0]) if chroma >= GREY else None
    code = "#" + "".join(f"{one:02x}" for one in mean)
    return Colour(
        code,
        round(weight, 4),
        name_of(mean, hue),
        None if hue is None else round(hue, 1),
        round(chroma, 1),
    )


def name_of(rgb: ByteArray, hue_deg: float | None) -> str:
    """A plain name for a colour, such as "dark blue"."""
    lightness = float(lab(rgb)[0])
    if hue_deg is None:
        return next(name for below, name in ((12, "black"), (40, "dark grey"), (75, "grey"), (92, "light grey"), (101,
        "white"))
                    if lightness < below)  # fmt: skip
    hue = next(name for below, name in HUE_NAMES if hue_deg < below)
    if hue in ("orange", "yellow") and lightness < 50:
        return "brown"
    return ("dark " if lightness < 35 else "light " if lightness > 78 else "") + hue


def hsv(rgb: ByteArray) -> Float32Array:
    """(H, W, 3) bytes to hue 0..360, saturation and value 0..1."""
    scaled = rgb.astype(np.float32) / 255.0
    high, low = scaled.max(axis=-1), scaled.min(axis=-1)
    spread = np.maximum(high - low, 1e-9)
    red, green, blue = scaled[..., 0], scaled[..., 1], scaled[..., 2]
    sextant = np.select(
        [high == red, high == green], [(green - blue) / spread, 2 + (blue - red) / spread], 4 + (red - green) / spread
    )
    hue = np.where(high == low, 0.0, (60.0 * sextant) % 360.0)
    return np.stack([hue, (high - low) / np.maximum(high, 1e-9), high], -1).astype(np.float32)


def edge_strength(rgb: ByteArray) -> Float32Array:
    """(H, W) how much lightness changes from pixel to pixel, relative to the mean lightness of the picture."""
    grey = rgb.astype(np.float32).mean(axis=-1) / 255.0
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, 1:], down[1:] = np.abs(np.diff(grey, axis=1)), np.abs(np.diff(grey, axis=0))
    return np.asarray((across + down) / max(float(grey.mean()), 0.05), np.float32)


def maps(rgb: ByteArray, weights: Weights = USUAL) -> tuple[Float32Array, Float32Array]:
    """(H, W) each pixel's part in valence and in arousal; their means are the picture's numbers, exactly."""
    colours = hsv(rgb)
    saturation, brightness = colours[..., 1] * colours[..., 2] ** 0.5, colours[..., 2]
    edges = np.minimum(edge_strength(rgb) / EDGE_FULL, 4.0) / 4.0
    pleasure = weights.pleasure_brightness * brightness + weights.pleasure_saturation * saturation
    arousal = (
        weights.arousal_brightness * brightness
        + weights.arousal_saturation * saturation
        + weights.arousal_edges * edges
    )
    return _spread(pleasure, USUAL_PLEASURE, weights.pleasure_brightness, weights.pleasure_saturation), _spread(
        arousal, USUAL_AROUSAL, weights.arousal_brightness, weights.arousal_saturation, weights.arousal_edges
    )


def _spread(raw: Float32Array, usual: tuple[float, float], *weights: float) -> Float32Array:
    """What photographs usually have, as a share of what the weights allow, to -1..1; a single pixel may lie outside."""
    least, most = sum(min(one, 0.0) for one in weights), sum(max(one, 0.0) for one in weights)
    share = (raw - least) / max(most - least, 1e-9)
    return np.asarray(2.0 * (share - usual[0]) / (usual[1] - usual[0]) - 1.0, np.float32)


def light_of(rgb: ByteArray, weights: Weights = USUAL) -> Light:
    """A picture's numbers."""
    colours = hsv(rgb)
    valence, arousal = maps(rgb, weights)
    return Light(
        brightness=float(colours[..., 2].mean()),
        saturation=float(colours[..., 1].mean()),
        contrast=float(rgb.astype(np.float32).mean(axis=-1).std() / 127.5),
        edges=float(np.minimum(edge_strength(rgb) / EDGE_FULL, 4.0).mean() / 4.0),
        valence=float(np.clip(valence.mean(), -1, 1)),
        arousal=float(np.clip(arousal.mean(), -1, 1)),
    )
