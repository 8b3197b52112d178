"""Pictures as people bring them: read where they can be, refused in one sentence where not."""

import numpy as np
import pytest
from PIL import Image

from controller.errors import OpeningError
from tools.train.image2music import colours
from tools.train.image2music.picture import MOST_PIXELS, open_picture


def refused(file):
    with pytest.raises(OpeningError) as caught:
        open_picture(file)
    said = str(caught.value)
    assert said.startswith(str(file))
    assert "\n" not in said
    return said


def test_what_is_no_picture_is_refused_with_a_remedy(tmp_path, png_of):
    assert "no such file" in refused(tmp_path / "gone.jpg")
    assert "not a file" in refused(tmp_path)
    for name, data, word in (("empty.png", b"", "empty"), ("text.jpg", b"hello" * 50, "that is known"),
                             ("cut.png", png_of(400, 400), "damaged"),
                             ("thin.png", png_of(4, 900), "at least")):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        assert word in refused(tmp_path / name)


def test_a_cut_photograph_is_refused(tmp_path, photo):
    file = tmp_path / "cut.jpg"
    Image.open(photo).save(file, quality=95)
    file.write_bytes(file.read_bytes()[:900])
    assert "damaged" in refused(file)


def test_a_decompression_bomb_is_refused_from_its_header(tmp_path, png_of):
    side = int(MOST_PIXELS**0.5) + 1
    (tmp_path / "bomb.png").write_bytes(png_of(side, side, bytes(1_000)))
    assert "megapixels" in refused(tmp_path / "bomb.png")
    (tmp_path / "worse.png").write_bytes(png_of(60_000, 60_000, bytes(1_000)))
    assert "megapixels" in refused(tmp_path / "worse.png")


def test_a_huge_file_is_not_even_read(tmp_path):
    with (tmp_path / "huge.png").open("wb") as out:
        out.truncate(70_000_000)
    assert "70 MB" in refused(tmp_path / "huge.png")


def test_cmyk_sixteen_bits_and_animations_are_read_and_said(tmp_path):
    grey = (np.linspace(0, 65_535, 64 * 64).reshape(64, 64)).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "deep.png")
    deep = open_picture(tmp_path / "deep.png")
    assert deep.rgb.max() > 250
    assert deep.rgb.min() < 5
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    printed = open_picture(tmp_path / "print.jpg")
    assert "CMYK" in printed.notes[0]
    assert printed.rgb[..., 0].mean() > 180
    assert printed.rgb[..., 2].mean() < 80
    frames = [Image.new("RGB", (40, 40), one) for one in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    moving = open_picture(tmp_path / "moving.gif")
    assert "animated" in moving.notes[0]
    assert moving.rgb[0, 0].tolist() == [255, 0, 0]


def test_what_is_see_through_lies_on_white_and_place_and_camera_are_dropped(tmp_path):
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert open_picture(tmp_path / "clear.png").rgb.min() == 255
    exif = Image.Exif()
    exif[0x010E] = "at home, 52.5 N"
    exif[0x0112] = 6  # lies on its side
    Image.new("RGB", (80, 40), "green").save(tmp_path / "phone.jpg", exif=exif)
    picture = open_picture(tmp_path / "phone.jpg")
    assert picture.rgb.shape[:2] == (80, 40)
    assert b"52.5" not in picture.jpeg()


def test_large_pictures_are_sent_small(tmp_path):
    Image.effect_noise((2_400, 1_800), 60).convert("RGB").save(tmp_path / "big.jpg")
    picture = open_picture(tmp_path / "big.jpg")
    assert picture.size == (2_400, 1_800)
    assert max(picture.whole.shape) <= 1_024
    assert max(picture.rgb.shape) <= 512


def test_colours_of_a_flag():
    flag = np.zeros((60, 90, 3), np.uint8)
    flag[:20], flag[20:40], flag[40:] = (220, 20, 20), (250, 250, 250), (20, 40, 200)
    found = colours.palette(flag, 3)
    assert {one.name.split()[-1] for one in found} == {"red", "white", "blue"}
    assert all(one.weight == pytest.approx(1 / 3, abs=0.01) for one in found)
    assert next(one for one in found if one.name == "white").hue_deg is None


def test_valence_and_arousal_are_the_means_of_their_maps(photo):
    rgb = open_picture(photo).rgb
    valence, arousal = colours.maps(rgb)
    light = colours.light_of(rgb)
    assert light.valence == pytest.approx(float(valence.mean()), abs=1e-5)
    assert light.arousal == pytest.approx(float(arousal.mean()), abs=1e-5)


def test_brighter_is_more_pleasant_and_saturation_more_arousing():
    def light(brightness, saturation):
        colour = np.array([brightness, brightness * (1 - saturation), brightness * (1 - saturation)])
        return colours.light_of(np.full((20, 20, 3), (255 * colour).astype(np.uint8)))

    assert light(0.9, 0.5).valence > light(0.3, 0.5).valence
    assert light(0.6, 0.9).arousal > light(0.6, 0.1).arousal
    assert light(0.9, 0.5).arousal < light(0.3, 0.5).arousal
    other = colours.Weights(arousal_brightness=0.31)  # the other reading of the literature
    bright, dark = (np.full((9, 9, 3), one, np.uint8) for one in (220, 60))
    assert colours.light_of(bright, other).arousal > colours.light_of(dark, other).arousal
