"""Networks that read several frames in one call hear what they would hear one by one; what cannot is refused."""

import shutil

import numpy as np
import pytest
import yaml

from controller.artefacts.artefact import read_manifest, sha256_of
from controller.errors import ModelError
from controller.listening.time.frame_network import open_networks
from controller.listening.time.front import FIRST_FRAMES, FRAME_S
from controller.listening.time.hearing import Hearing
from controller.listening.time.leading import hearing_folder
from controller.messages import AudioBlock


def written(config, tmp_path, together, *, fixed=False):
    """The bundled artefact with a manifest that says so many frames; `fixed`: and a network that takes just those."""
    folder = tmp_path / f"hearing-{together}"
    shutil.copytree(hearing_folder(config), folder)
    path, file = folder / "manifest.yaml", folder / "beats.onnx"
    plain = yaml.safe_load(path.read_text())
    plain["step"]["inputs"][0]["shape"][0] = plain["step"]["outputs"][0]["shape"][0] = together
    if fixed:
        onnx = pytest.importorskip("onnx", reason="writing a network needs the train extra")
        network = onnx.load(file)
        for one in (network.graph.input[0], network.graph.output[0]):
            one.type.tensor_type.shape.dim[0].dim_value = together
        onnx.save(network, file)
        plain["step"]["sha256"] = sha256_of(file)
    path.write_text(yaml.safe_dump(plain))
    return folder


def beats_of(folder):
    return open_networks(folder, read_manifest(folder, "hearing", FRAME_S))[0]


@pytest.fixture
def frames(rng):
    return list(np.abs(rng.normal(0.0, 0.3, (43, 272))).astype(np.float32))


def test_together_they_are_heard_as_one_by_one(config, tmp_path, frames):
    together, alone = beats_of(hearing_folder(config)), beats_of(written(config, tmp_path, 1, fixed=True))
    assert (together.together, alone.together) == (5, 1)
    by_hops = np.concatenate([together.hear(frames[:4]), together.hear(frames[4:])])
    np.testing.assert_allclose(by_hops, np.concatenate([alone.hear([one]) for one in frames]), atol=5e-6)
    assert np.ptp(by_hops, axis=0).min() > 1e-3


def test_it_begins_anew(config, frames):
    network = beats_of(hearing_folder(config))
    first, later = network.hear(frames), network.hear(frames)
    assert np.abs(first - later).max() > 1e-4
    network.reset()
    np.testing.assert_array_equal(network.hear(frames), first)


def test_two_with_a_state_of_their_own(config, frames):
    one = beats_of(hearing_folder(config))
    other = one.another()
    heard = one.hear(frames)
    other.hear(frames[::-1])
    np.testing.assert_array_equal(other.another().hear(frames), heard)


def test_at_the_end_of_a_hop_nothing_waits(config, rng):
    folder = hearing_folder(config)
    hearing, made = Hearing(folder, read_manifest(folder, "hearing", FRAME_S)), []
    for hop in range(4):
        hearing.hear(AudioBlock(0.1 * (hop + 1), hop, rng.normal(0, 0.1, (4_800, 1)).astype(np.float32)))
        made.append(len(hearing.frames))
    assert made == [FIRST_FRAMES, 5, 5, 5]


def test_one_that_always_takes_five_is_refused(config, tmp_path):
    """The first hop completes four."""
    with pytest.raises(ModelError, match=r"beats\.onnx: does not hear 5 frames at once, and not one after them"):
        beats_of(written(config, tmp_path, 5, fixed=True))


def test_one_that_takes_others_than_its_manifest_says_is_refused(config, tmp_path):
    folder = written(config, tmp_path, 5, fixed=True)
    plain = yaml.safe_load((folder / "manifest.yaml").read_text())
    plain["step"]["inputs"][0]["shape"][0] = 7
    (folder / "manifest.yaml").write_text(yaml.safe_dump(plain))
    with pytest.raises(ModelError, match=r"input 'frames' is float32 \[5, 272\], the manifest says float32 \[7, 272\]"):
        beats_of(folder)
