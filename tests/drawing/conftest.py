"""A small venue with comments in its file, and a port that takes its light."""

import socket

import pytest
from promise import HANG_S

LINE = "universe: 1, address"
VENUE = """\
# The Cellar: whoever changes this file tells Ana.
venue: The Cellar
palette: ['#ff0000', '#00ff00']
audio: {source: 'file:bundled:controller/songs/metal_madness.opus'}
model: {embedder: 'bundled:models/embedder-small', decoder: 'bundled:models/skipbart-small'}
universes:
  1:   # the node under the stage
    outputs:
    - {type: artnet, host: 127.0.0.1, port: PORT, port_address: 0}

# Front truss first.
fixtures:
  - {id: wash-1, profile: OURSrgb-par-7ch, mode: 7ch, LINE: 1, role: wash, position_m: [-1.50, -1, 3.4]}   # flickers
  - {id: wash-2, profile: OURSrgb-par-7ch, mode: 7ch, LINE: 8, role: wash, position_m: [1.5, -1, 3], groups: [a, b]}
  # on the floor
  - {id: spot, profile: OURSmoving-spot, mode: 10ch, LINE: 101, role: beam, position_m: [0, 2.5, 0.2]}
  - {id: haze, profile: OURShazer, mode: 2ch, LINE: 511, role: hazer, position_m: [2, 3, 0]}
"""


@pytest.fixture
def node():
    """A socket that Art-Net is sent to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(HANG_S)
        yield ear


@pytest.fixture
def venue(tmp_path, node):
    file = tmp_path / "cellar.yaml"
    text = VENUE.replace("LINE", LINE).replace("OURS", "generic/").replace("PORT", str(node.getsockname()[1]))
    file.write_text(text, encoding="utf-8")
    return file
