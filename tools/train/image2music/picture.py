"""Opening a picture that somebody brought: every kind that can be read, and one clear refusal for every other.

Edge: reads files. Sizes are checked from the header before anything is unpacked, so that a small file that unfolds to
gigabytes is refused. Place and camera (EXIF) never leave this file.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from controller.arrays import ByteArray
from tools.train.image2music.errors import OpeningError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "MPO", "AVIF")
"""Plain rasters; none of them starts another program."""
MOST_BYTES = 60_000_000
MOST_PIXELS = 80_000_000
SIDE = 512
"""Longest side that is looked at."""
SENT_SIDE = 1024
LEAST_SIDE = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is looked at.

    Attributes:
        rgb: (H, W, 3) uint8, longest side at most 512, upright. size: original width and height in pixels.
        sha256: of the file. notes: what was done to it that its owner may want to know.
        whole: the same with a longest side of at most 1024, for endpoints and pages.
    """

    name: str
    rgb: ByteArray
    size: tuple[int, int]
    sha256: str
    notes: tuple[str, ...]
    whole: ByteArray

    def jpeg(self, side: int = SENT_SIDE, quality: int = 85) -> bytes:
        """As JPEG without any metadata, longest side at most `side`."""
        image = Image.fromarray(self.whole)
        image.thumbnail((side, side))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()


def open_picture(path: Path) -> Picture:
    """Read a picture.

    Raises:
        OpeningError: not there, empty, too large, no picture or a broken one.
    """
    data = _bytes(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what is checked and said here
        try:
            Image.init()  # all kinds, or those that are not known yet cannot be named
            with Image.open(io.BytesIO(data), formats=[one for one in FORMATS if one in Image.OPEN]) as image:
                return _read(path, data, image)
        except UnidentifiedImageError as error:
            raise OpeningError(f"{path}: no picture that is known; save it as JPEG, PNG or WebP") from error
        except Image.DecompressionBombError as error:
            raise OpeningError(_too_large(path, "more pixels than memory is safe for")) from error
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError, IndexError, TypeError) as error:
            # what Pillow's decoders raise on damaged files differs by format
            raise OpeningError(f"{path}: the picture is damaged ({error}); save it again or use another") from error


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise OpeningError(f"{path}: not a file; name one picture")
        if size == 0:
            raise OpeningError(f"{path}: the file is empty; save the picture again")
        if size > MOST_BYTES:
            raise OpeningError(
                f"{path}: {size / 1e6:.0f} MB; pictures up to {MOST_BYTES / 1e6:.0f} MB are read: save it smaller"
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise OpeningError(f"{path}: no such file") from error
    except OSError as error:
        raise OpeningError(f"{path}: cannot be read: {error.strerror}") from error


def _too_large(path: Path, what: str) -> str:
    return f"{path}: {what}; pictures up to {MOST_PIXELS / 1e6:.0f} megapixels are read: save it smaller"


def _read(path: Path, data: bytes, image: Image.Image) -> Picture:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise OpeningError(_too_large(path, f"{width} x {height} pixels"))
    if min(width, height) < LEAST_SIDE:
        raise OpeningError(f"{path}: {width} x {height} pixels; at least {LEAST_SIDE} x {LEAST_SIDE} are needed")
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"{path.name} is animated: only its first picture is read")
    if image.mode not in ("RGB", "RGBA", "L", "LA", "P"):
        notes.append(f"{path.name} has mode {image.mode}: its colours are converted")
    image.draft("RGB", (2 * SENT_SIDE, 2 * SENT_SIDE))
    upright = ImageOps.exif_transpose(_eight_bits(image))
    whole = _flat(upright)
    whole.thumbnail((SENT_SIDE, SENT_SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    small = whole.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return Picture(path.name, np.asarray(small), (width, height), hashlib.sha256(data).hexdigest(), tuple(notes),
                   np.asarray(whole))  # fmt: skip


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen-bit and floating-point greys to eight bits, the whole range of the file kept."""
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image
    grey = np.asarray(image, np.float64)
    top = 65_535.0 if image.mode != "F" and grey.max() > 255 else max(float(grey.max()), 1.0)
    return Image.fromarray(np.clip(255.0 * grey / top, 0, 255).astype(np.uint8))


def _flat(image: Image.Image) -> Image.Image:
    """In RGB; what is see-through lies on white, as on a printed poster."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(paper, layered).convert("RGB")
    return image.convert("RGB")
