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
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from controller.arrays import ByteArray
from tools.train.image2music.colours import GREY, lab
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.told_space import told_space

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "MPO", "AVIF")
"""Plain rasters; none of them starts another program."""
MOST_BYTES = 60_000_000
MOST_PIXELS = 80_000_000
ANIMATED, WITH_MAPS = ("GIF", "WEBP", "PNG", "AVIF"), ("MPO",)
"""Several pictures in other formats are no animation: pages, or behind a phone's photograph what belongs to it, such as
a map of how bright its parts are on better screens."""
SIDE = 512
"""Longest side that is looked at."""
SENT_SIDE = 1024
LEAST_SIDE = 8
MOST_FRAMES = 40
LEAST_COLOUR = 0.004
"""Share of a picture that must have a hue, or it is a picture without colour."""
PALE = 0.75
"""Mean light of what is not see-through from which it would be lost on white."""
SRGB = ImageCms.createProfile("sRGB")
PHONE = "export it from the phone as JPEG (“most compatible”)"
FRAME, AS_PNG, RAW = "save one of its pictures as PNG", "export it as PNG", "develop it and save it as JPEG"
OTHERS = (
    (b"%PDF", 0, "a PDF", "save its first page as PNG"),
    (b"<svg", None, "a drawing (SVG)", AS_PNG),
    (b"<!doctype html", None, "a web page", "save the picture itself"),
    (b"<html", None, "a web page", "save the picture itself"),
    (b"8BPS", 0, "a Photoshop file", AS_PNG),
    (b"gimp xcf", 0, "a GIMP file", AS_PNG),
    (b"%!PS", 0, "PostScript", AS_PNG),
    (b"\xc5\xd0\xd3\xc6", 0, "PostScript", AS_PNG),
    *(
        (b"ftyp" + brand, 4, "a HEIC photograph", PHONE)
        for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
    ),
    (b"ftypmif1", 4, "a HEIF photograph", PHONE),
    (b"ftypmsf1", 4, "a HEIF photograph", PHONE),
    (b"ftypcrx", 4, "a raw photograph (Canon)", RAW),
    (b"FUJIFILMCCD-RAW", 0, "a raw photograph (Fujifilm)", RAW),
    (b"IIRO", 0, "a raw photograph (Olympus)", RAW),
    (b"IIU\x00", 0, "a raw photograph (Panasonic)", RAW),
    (b"ftyp", 4, "a film", FRAME),
    (b"\x1a\x45\xdf\xa3", 0, "a film", FRAME),
    (b"RIFF", 0, "sound or a film", FRAME),
    (b"\xff\x0a", 0, "JPEG XL", "save it as JPEG or PNG"),
    (b"\x00\x00\x00\x0cJXL ", 0, "JPEG XL", "save it as JPEG or PNG"),
    (b"\x00\x00\x00\x0cjP  ", 0, "JPEG 2000", "save it as JPEG or PNG"),
    (b"\x00\x00\x01\x00", 0, "an icon", AS_PNG),
    (b"PK\x03\x04", 0, "an archive or an office file", "export the picture in it as PNG"),
    (b"\xd0\xcf\x11\xe0", 0, "an office file", "export the picture in it as PNG"),
    (b"{\\rtf", 0, "a text (RTF)", "export the picture in it as PNG"),
)
"""How other files that people have begin, what they are, and the way out."""


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
            raise OpeningError(f"{path}: {_what_else(data)}") from error
        except Image.DecompressionBombError as error:
            raise OpeningError(_too_large(path, "more pixels than memory is safe for")) from error
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError, IndexError, TypeError) as error:
            # what Pillow's decoders raise on damaged files differs by format
            raise OpeningError(f"{path}: the picture is damaged ({error}); save it again or use another") from error


def _what_else(data: bytes) -> str:
    """What a file is that is no picture, and what to do."""
    for magic, place, what, way in OTHERS:
        if (magic in data[:2_000].lower()) if place is None else data[place:].startswith(magic):
            return f"this is {what}, which is not read; {way}"
    return "no picture that is known; save it as JPEG, PNG or WebP"


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
    if getattr(image, "n_frames", 1) > 1 and image.format not in ANIMATED:
        image.seek(0)
        if image.format not in WITH_MAPS:
            notes.append(f"{path.name} holds {image.n_frames} pictures: the first one is read")
    elif getattr(image, "n_frames", 1) > 1:
        number = _telling_frame(image)
        image.seek(number)
        notes.append(f"{path.name} is animated: picture {number + 1} of {image.n_frames}, which shows most, is read")
    if image.mode not in ("RGB", "RGBA", "L", "LA", "P", "PA", "CMYK", "LAB"):
        notes.append(f"{path.name} has mode {image.mode}: its colours are converted")
    image.draft("RGB", (2 * SENT_SIDE, 2 * SENT_SIDE))
    upright = ImageOps.exif_transpose(_eight_bits(image))
    profile = image.info.get("icc_profile")
    coloured, said = _in_srgb(upright, profile, path.name)
    whole = _flat(coloured)
    notes += said
    whole.thumbnail((SENT_SIDE, SENT_SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    if profile is None and (space := told_space(image, data)) is not None:
        whole = Image.fromarray(space.in_srgb(np.asarray(whole)))
        notes.append(space.said_of(path.name))
    if not _has_colour(whole):
        notes.append(f"{path.name} has no colour: the opening is lit in the house's own palette")
    small = whole.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return Picture(path.name, np.asarray(small), (width, height), hashlib.sha256(data).hexdigest(), tuple(notes),
                   np.asarray(whole))  # fmt: skip


def _has_colour(image: Image.Image) -> bool:
    """Whether enough of a picture is neither black, grey nor white."""
    small = image.copy()
    small.thumbnail((128, 128), Image.Resampling.BOX)
    _, a, b = np.moveaxis(lab(np.asarray(small)), -1, 0)
    return bool((np.hypot(a, b) >= GREY).mean() >= LEAST_COLOUR)


def _telling_frame(image: Image.Image) -> int:
    """Number of the picture of an animation in which most is to be seen: many fade in from nothing."""
    count = image.n_frames
    seen = {}
    for number in np.unique(np.linspace(0, count - 1, min(count, MOST_FRAMES)).round().astype(int)).tolist():
        image.seek(number)
        small = image.convert("RGBA")
        small.thumbnail((64, 64))
        pixels = np.asarray(small, np.float32)
        seen[number] = float((pixels[..., :3] * pixels[..., 3:] / 255.0).std())
    return max(seen, key=lambda one: (round(seen[one], 1), -one))


def _in_srgb(image: Image.Image, profile: bytes | None, name: str) -> tuple[Image.Image, list[str]]:
    """The picture in a screen's colours, by its own colour profile, and what its owner may want to know.

    Ink without a profile is a guess: nobody knows what paper it was meant for.
    """
    if profile is None:
        return image, [f"{name} is in ink ({image.mode}) without a colour profile: its colours are a guess"] * (
            image.mode in ("CMYK", "LAB")
        )
    bare, alpha = image, None
    if image.mode in ("P", "PA") or "transparency" in image.info:
        bare = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    if bare.mode in ("RGBA", "LA"):
        alpha, bare = bare.getchannel("A"), bare.convert(bare.mode.removesuffix("A"))
    try:
        known = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(bare, known, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        return image, [f"the colour profile of {name} is not used ({str(error).splitlines()[0]})"]
    if shown is None:
        return image, []
    if alpha is not None:
        shown.putalpha(alpha)
    shown.info.pop("transparency", None)
    title = ImageCms.getProfileDescription(known).strip()
    return shown, [] if "sRGB" in title else [f"the colours of {name} are read by its profile ({title})"]


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen-bit and floating-point greys to eight bits, the whole range of the file kept."""
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image
    grey = np.asarray(image, np.float64)
    top = 65_535.0 if image.mode != "F" and grey.max() > 255 else max(float(grey.max()), 1.0)
    return Image.fromarray(np.clip(255.0 * grey / top, 0, 255).astype(np.uint8))


def _flat(image: Image.Image) -> Image.Image:
    """In RGB; what is see-through lies on white, as on a printed poster, or on black, where white would hide it."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        pixels = np.asarray(layered, np.float32) / 255.0
        weight = pixels[..., 3]
        light = float((pixels[..., :3].mean(axis=-1) * weight).sum() / max(float(weight.sum()), 1e-6))
        paper = Image.new("RGBA", layered.size, "black" if light > PALE else "white")
        return Image.alpha_composite(paper, layered).convert("RGB")
    return image.convert("RGB")
