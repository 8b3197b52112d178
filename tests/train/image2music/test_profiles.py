"""A picture with a colour profile is the same picture: by the profiles of phones, cameras, presses and grey scans."""

import struct
import zlib

import icc
import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image

from tools.train.image2music.colours import light_of, palette
from tools.train.image2music.picture import open_picture

PATCHES = np.array([(190, 60, 60), (205, 140, 60), (190, 190, 70), (70, 170, 80), (70, 170, 170), (70, 80, 190),
                    (130, 80, 180), (190, 80, 140)], np.uint8)  # fmt: skip
SIDE = 32


def tiled(patches):
    rows = [np.concatenate([np.tile(one, (SIDE, SIDE, 1)) for one in half], axis=1) for half in np.split(patches, 2)]
    return np.concatenate(rows).astype(np.uint8)


def tiles(rgb):
    """The mean colour (8, 3) of each tile's middle."""
    rgb = np.asarray(rgb, np.float64)
    return np.array([rgb[r * SIDE + 8 : r * SIDE + 24, c * SIDE + 8 : c * SIDE + 24].mean(axis=(0, 1)) for r in (0, 1)
                     for c in range(4)])  # fmt: skip


def hues(rgb):
    import colorsys

    return np.array([360.0 * colorsys.rgb_to_hsv(*(one / 255.0))[0] for one in rgb])


def hues_apart(one, other):
    apart = np.abs(hues(one) - hues(other)) % 360.0
    return float(np.minimum(apart, 360.0 - apart).max())


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("space", icc.SPACES)
def test_o15_a_wide_picture_has_its_own_hues(tmp_path, space, ending):
    path = tmp_path / f"wide.{ending}"
    image = Image.fromarray(icc.in_space(tiled(PATCHES), space))
    quality = {"jpg": {"quality": 97, "subsampling": 0}, "webp": {"lossless": True}}.get(ending, {})
    image.save(path, icc_profile=icc.of_space(space), **quality)
    picture = open_picture(path)
    assert hues_apart(tiles(picture.rgb), PATCHES) < 4.0
    assert np.abs(tiles(picture.rgb) - PATCHES).max() < 8.0
    assert any("profile" in note for note in picture.notes)
    image.save(path, **quality)
    assert hues_apart(tiles(open_picture(path).rgb), PATCHES) > 4.0, "without its profile it is another picture"


def test_o15_ink_by_its_presss_profile(tmp_path):
    ink = np.array([(0, 1, 1, 0), (0, 0.5, 1, 0), (0, 0, 1, 0.1), (0.9, 0, 1, 0), (0.9, 0, 0.3, 0), (1, 0.8, 0, 0),
                    (0.6, 0.9, 0, 0), (0.1, 0.9, 0.2, 0)])  # fmt: skip
    codes = np.rint(255 * ink)
    image = Image.frombytes("CMYK", (4 * SIDE, 2 * SIDE), tiled(codes).tobytes())
    image.save(tmp_path / "ink.tif", icc_profile=icc.of_press())
    picture = open_picture(tmp_path / "ink.tif")
    assert hues_apart(tiles(picture.rgb), icc.encoded(icc.printed(codes / 255))) < 5.0
    assert not any("guess" in note for note in picture.notes)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_o15_a_grey_picture_by_its_profile(tmp_path, mode):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    image = Image.fromarray(ramp)
    image = image if mode == "L" else Image.merge("LA", (image, Image.new("L", image.size, 255)))
    image.save(tmp_path / "grey.png", icc_profile=icc.of_grey(1.8))
    picture = open_picture(tmp_path / "grey.png")
    wanted = icc.encoded((np.arange(256) / 255.0) ** 1.8)
    assert np.abs(picture.rgb[32, :, 0].astype(float) - wanted).max() < 4.0
    assert any("no colour" in note for note in picture.notes)


def test_o15_five_spaces_are_read_as_one_picture(tmp_path):
    """What leads to the music is the same, so the tune is."""
    rgb, seen = tiled(PATCHES), {}
    Image.fromarray(rgb).save(tmp_path / "sRGB.png")
    for space in icc.SPACES:
        Image.fromarray(icc.in_space(rgb, space)).save(tmp_path / f"{space}.png", icc_profile=icc.of_space(space))
    Image.fromarray(rgb).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    for path in tmp_path.glob("*.png"):
        picture = open_picture(path)
        light = light_of(picture.rgb)
        seen[path.stem] = (light.valence, light.arousal), sorted(one.name for one in palette(picture.rgb))
    wanted = seen["sRGB"]
    for name, (mood, names) in seen.items():
        assert mood == pytest.approx(wanted[0], abs=0.04), name
        assert names == wanted[1], name


def without_a_profile(path, space, ending):
    """A picture in a wide space that says so in the way of its format, and not by a profile."""
    image = Image.fromarray(icc.in_space(tiled(PATCHES), space))
    if ending == "jpg":
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
        image.save(path, quality=97, subsampling=0, exif=exif)
        return
    image.save(path)
    primaries, _, gamma = icc.SPACES[space]
    numbers = [0.3127, 0.3290, *(xy for one in primaries for xy in one)]
    chunks = {
        "cicp.png": [(b"cICP", bytes((12, 4, 0, 1)))],
        "chrm.png": [(b"gAMA", struct.pack(">I", round(1e5 / gamma))),
                     (b"cHRM", struct.pack(">8I", *(round(1e5 * one) for one in numbers)))],
    }[ending]  # fmt: skip
    data = path.read_bytes()
    added = b"".join(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
                     for kind, body in chunks)  # fmt: skip
    path.write_bytes(data[:33] + added + data[33:])  # behind IHDR


@pytest.mark.parametrize(
    ("space", "ending"),
    [("Adobe RGB", "jpg"), ("Display P3", "cicp.png"), ("Display P3", "chrm.png"), ("Adobe RGB", "chrm.png")],
)
def test_o15_what_a_file_says_without_a_profile_is_heeded(tmp_path, space, ending):
    path = tmp_path / f"told.{ending}"
    without_a_profile(path, space, ending)
    picture = open_picture(path)
    assert hues_apart(tiles(picture.rgb), PATCHES) < 4.0
    assert np.abs(tiles(picture.rgb) - PATCHES).max() < 8.0
    assert any("which it says" in note for note in picture.notes)


def test_numbers_that_mean_srgb_change_nothing(tmp_path):
    path = tmp_path / "plain.png"
    Image.fromarray(tiled(PATCHES)).save(path)
    data = path.read_bytes()
    body = b"gAMA" + struct.pack(">I", 45_455)
    path.write_bytes(data[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + data[33:])
    assert open_picture(path).notes == ()
    assert (tiles(open_picture(path).rgb) == PATCHES).all()


def test_o15_a_picture_in_hdr_is_said_to_be_a_guess(tmp_path):
    path = tmp_path / "hdr.png"
    Image.fromarray(tiled(PATCHES)).save(path)
    data = path.read_bytes()
    body = b"cICP" + bytes((9, 16, 0, 1))
    path.write_bytes(data[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + data[33:])
    assert any("HDR (PQ)" in note for note in open_picture(path).notes)
