"""GDTF files to profiles."""

import io
import zipfile

import pytest
from gdtf_file import DESCRIPTION, packed

from controller.errors import ProfileError
from controller.rig.profiles.gdtf import profile_of


def test_offsets_geometry_emitters_wheels_and_resets():
    profile = profile_of(packed(), "gdtf:Spot")
    layout = [(slot.name, slot.byte, slot.heads) for slot in profile.layout("Extended")]
    assert layout[:4] == [("Pan", 0, ()), ("Pan", 1, ()), ("Tilt", 1, ()), ("Tilt", 0, ())]
    assert layout[9:] == [(f"ColorAdd_{one}", 0, (head,)) for head in (0, 1) for one in "RGB"]
    assert profile.channels["ColorAdd_G"].xyY == (0.17, 0.7, 60.0)
    assert [one.colour for one in profile.channels["Color1"].slots] == ["#ffffff", "#ff0000", "#0000ff"]
    assert profile.channels["Shutter1"].open_level == 23
    assert (profile.channels["Control1"].at, profile.channels["Control1"].forbidden) == (0, [(100, 255)])
    assert (profile.channels["Pan"].degrees, profile.kind) == (540, "mover")


def bomb():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("description.xml", b"<a>" + b" " * 20_000_000 + b"</a>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a zip", "no GDTF file"),
        (packed()[:200], "no GDTF file"),
        (bomb(), "no fixture needs that"),
        (packed("<GDTF/>"), "no mode can be used"),
        (packed('<!DOCTYPE x [<!ENTITY a "b">]><GDTF/>'), "declares things"),
        (packed(DESCRIPTION.replace('Offset="9"', 'Offset="900"')), "not at 1 to 512"),
    ],
)
def test_what_is_no_gdtf_file_is_refused(content, said):
    with pytest.raises(ProfileError, match=said):
        profile_of(content, "gdtf:x")
