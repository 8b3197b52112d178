"""A picture's colours as people see them: through its profile, of its telling frame, and none where there are none."""

import io

import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image, ImageCms, ImageDraw

from controller.listening.opening.conducting import HOUSE_HUES, Conductor
from controller.listening.opening.opening import Opening
from tools.train.image2music.colours import palette
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.picture import open_picture

TILES = ("#c83232", "#32c832", "#3232c8", "#c8a028")


def tiles(mode="RGB"):
    image = Image.new("RGB", (128, 64))
    for at, colour in enumerate(TILES):
        ImageDraw.Draw(image).rectangle((32 * at, 0, 32 * at + 31, 63), fill=colour)
    return image.convert(mode)


def profile(name):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def hues(path):
    found = [one.hue_deg for one in palette(open_picture(path).rgb) if one.hue_deg is not None and one.weight > 0.1]
    return sorted(found)


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "P", "LAB"])
def test_o15_the_same_picture_in_another_space_is_the_same_picture(tmp_path, kind):
    plain = tmp_path / "plain.png"
    tiles().save(plain)
    other = tmp_path / f"other.{'tif' if kind == 'LAB' else 'png'}"
    if kind == "LAB":
        lab = ImageCms.profileToProfile(tiles(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"),
                                        outputMode="LAB")  # fmt: skip
        lab.save(other, icc_profile=profile("LAB"))
    else:
        tiles(kind).save(other, icc_profile=profile("sRGB"))
    assert hues(other) == pytest.approx(hues(plain), abs=4.0)


def test_o15_a_damaged_profile_is_said_and_the_picture_read(tmp_path):
    path = tmp_path / "bad.png"
    tiles().save(path, icc_profile=b"no profile at all")
    assert any("is not used" in one for one in open_picture(path).notes)


def test_o15_ink_without_a_profile_is_said_to_be_a_guess(tmp_path):
    path = tmp_path / "ink.jpg"
    tiles("CMYK").save(path, quality=95)
    assert any("guess" in one for one in open_picture(path).notes)


def test_o16_a_white_logo_is_seen_and_has_no_colour(tmp_path):
    logo = Image.new("RGBA", (200, 100), (255, 255, 255, 0))
    ImageDraw.Draw(logo).ellipse((20, 10, 180, 90), fill=(255, 255, 255, 255))
    path = tmp_path / "logo.png"
    logo.save(path)
    picture = open_picture(path)
    assert picture.rgb.min() == 0, "white on white is nothing"
    assert any("no colour" in one for one in picture.notes)
    dark = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    ImageDraw.Draw(dark).ellipse((20, 10, 180, 90), fill=(200, 30, 30, 255))
    dark.save(path)
    assert open_picture(path).rgb.max() == 255
    assert open_picture(path).notes == ()


def test_o16_no_colour_is_the_houses_and_never_red():
    white = [{"rgb": "#ffffff", "weight": 1.0, "hue_deg": None}]
    opening = Opening(format=1, title="x", audio="tune.wav", palette=white, valence=0, arousal=0,
                      beat_s=0.5, beats_a_bar=4, bars=8, seconds=16.0,
                      sections=[{"name": "A", "bar": 0, "bars": 8}])  # fmt: skip
    assert {Conductor(opening, (110, 140)).light(0.5 * beat).hue for beat in range(32)} == {110, 140}
    assert {Conductor(opening).light(0.5 * beat).hue for beat in range(32)} == set(HOUSE_HUES)
    assert Conductor(opening, (110,)).hues == (), "nothing is forbidden to the night by a picture without colour"
    assert 0 not in HOUSE_HUES


def test_o17_flat_colours_stay_what_they_are(tmp_path):
    path = tmp_path / "flat.jpg"
    tiles().save(path, quality=60)
    wanted = [45.0, 120.0, 240.0, 360.0]
    assert sorted(one if one > 20.0 else one + 360.0 for one in hues(path)) == pytest.approx(wanted, abs=8.0)


@pytest.mark.parametrize("ground", ["black", "white"])
@pytest.mark.parametrize("shares", [(1, 1, 1, 1, 1), (4, 4, 1, 1, 1)])
def test_o17_of_more_colours_than_a_palette_holds_none_is_mixed(tmp_path, ground, shares):
    colours = ("#dc1e1e", "#ff9600", "#1eaa3c", "#283cd2", "#a028b4")
    image, at = Image.new("RGB", (400, 400), ground), 10
    for colour, share in zip(colours, shares, strict=True):
        wide = 370 * share // sum(shares)
        ImageDraw.Draw(image).rectangle((at, 30, at + wide - 6, 360), fill=colour)
        at += wide
    path = tmp_path / "six.jpg"
    image.save(path, quality=60)
    there = [0.0, 35.3, 131.1, 233.0, 291.4]
    found = hues(path)
    assert len(found) >= 3
    for hue in found:
        assert min(abs((hue - one + 180.0) % 360.0 - 180.0) for one in there) < 8.0, hue


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_o18_an_animation_is_read_where_it_shows_most(tmp_path, ending):
    path = tmp_path / f"fade.{ending}"
    Image.new("RGB", (128, 64)).save(path, save_all=True, append_images=[tiles(), Image.new("RGB", (128, 64))])
    picture = open_picture(path)
    assert "picture 2 of 3" in picture.notes[0]
    assert picture.rgb.max() > 150


def test_o18_what_lies_behind_a_phones_photograph_is_no_animation(tmp_path):
    """Phones keep a map of brightness behind the picture (MPO): more is to be seen in it, and it has no colour."""
    path = tmp_path / "phone.jpg"
    grid = np.kron(np.indices((8, 16)).sum(axis=0) % 2, np.full((8, 8), 255)).astype(np.uint8)
    tiles().save(path, "MPO", save_all=True, append_images=[Image.fromarray(grid).convert("RGB")], quality=95)
    picture = open_picture(path)
    found = sorted(one if one > 20.0 else one + 360.0 for one in hues(path))
    assert found == pytest.approx([45.0, 120.0, 240.0, 360.0], abs=8.0)
    assert picture.notes == ()


def test_o18_of_pages_the_first_one_is_read_and_that_is_said(tmp_path):
    path = tmp_path / "scan.tif"
    Image.new("RGB", (64, 64), "#204080").save(path, save_all=True, append_images=[tiles()])
    picture = open_picture(path)
    assert "2 pictures: the first one" in picture.notes[0]
    assert len(hues(path)) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7\n" + b"x" * 100, "PDF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\x00\x00\x00\x18ftypheic" + b"x" * 100, "HEIC"),
        (b"8BPS" + b"x" * 100, "Photoshop"),
        (b"PK\x03\x04" + b"x" * 100, "office"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "office"),
        (b"\x00\x00\x00\x18ftyphevc" + b"x" * 100, "HEIC"),
        (b"\x00\x00\x00\x18ftypcrx " + b"x" * 100, "raw photograph"),
        (b"FUJIFILMCCD-RAW " + b"x" * 100, "raw photograph"),
        (b"\x1a\x45\xdf\xa3" + b"x" * 100, "a film"),
        (b"\x00\x00\x00\x20ftypisom" + b"x" * 100, "a film"),
        (b"gimp xcf v011" + b"x" * 100, "GIMP"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "a web page"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"x" * 100, "JPEG 2000"),
        (b"{\\rtf1 hello}", "RTF"),
        (b"hello " * 30, "no picture that is known"),
    ],
)
def test_o19_other_files_are_named_for_what_they_are(tmp_path, data, words):
    path = tmp_path / "poster"
    path.write_bytes(data)
    with pytest.raises(OpeningError, match=words):
        open_picture(path)


def test_levels_are_not_changed_by_a_profile_that_is_srgb(tmp_path):
    path, buffer = tmp_path / "same.png", io.BytesIO()
    tiles().save(path, icc_profile=profile("sRGB"))
    tiles().save(buffer, "PNG")
    assert np.abs(open_picture(path).rgb.astype(int) - np.asarray(tiles()).astype(int)).max() <= 2
