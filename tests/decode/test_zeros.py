"""Arrays for a network's tensors: side by side in memory, each as its manifest says."""

import numpy as np

from controller.artefacts.artefact import Tensor
from controller.listening.session import APART, zeros


def test_arrays_lie_side_by_side_and_none_reaches_into_another():
    shapes = {"music": [1, 1, 5], "hue": [1, 1], "a.key": [1, 2, 3, 4], "a.value": [1, 2, 4, 3]}
    tensors = [
        Tensor(name=name, dtype="int64" if name == "hue" else "float32", shape=shape) for name, shape in shapes.items()
    ]
    made = zeros(tensors)
    assert {name: list(one.shape) for name, one in made.items()} == shapes
    assert made["hue"].dtype == np.int64
    floats = [made[name] for name in shapes if name != "hue"]
    assert all(one.flags.c_contiguous and not one.any() for one in made.values())
    places = [(one.ctypes.data - floats[0].ctypes.data) // 4 for one in floats]
    assert places == [0, APART, 3 * APART]
    floats[1][...] = 1.0
    assert not floats[0].any()
    assert not floats[2].any()
