"""Decoders that are told where in the song a hop lies: the graph is the network, one without them goes on as it was."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from controller.artefacts.artefact import Manifest, read_manifest  # noqa: E402
from controller.clock import MonotonicClock  # noqa: E402
from controller.errors import ModelError  # noqa: E402
from controller.listening.bearings import NAMES  # noqa: E402
from controller.listening.decider import Decider  # noqa: E402
from controller.listening.decode.parity import differences, read_probes  # noqa: E402
from controller.listening.decode.skipbart import DecoderNetwork, SkipBart  # noqa: E402
from controller.listening.decode.vocabulary import BEARINGS, BEARINGS_VERSION  # noqa: E402
from controller.messages import Embedding  # noqa: E402
from controller.metrics.correspondence import MusicFeatures  # noqa: E402
from controller.rehearsal.rehearse import rehearse  # noqa: E402
from tools.train.artefact import save_manifest, write_manifest  # noqa: E402
from tools.train.bearings import SongEar, followed  # noqa: E402
from tools.train.skipbart.__main__ import Recipe, Training  # noqa: E402
from tools.train.skipbart.dataset import LOST, PreparedSong, crop, draw_batch  # noqa: E402
from tools.train.skipbart.finetuning import Finetuning, judge, plan_for  # noqa: E402
from tools.train.skipbart.generate import Settings  # noqa: E402
from tools.train.skipbart.loss import Weights, decisive, light_loss  # noqa: E402
from tools.train.skipbart.network import SkipBart as Network  # noqa: E402
from tools.train.skipbart.parity import stand_in, write_parity  # noqa: E402
from tools.train.skipbart.step import export_step  # noqa: E402
from tools.train.skipbart.stretches import Stretch, draw  # noqa: E402
from tools.train.skipbart.table import HeldOut, without_look  # noqa: E402
from tools.train.skipbart.table import opened as played  # noqa: E402
from tools.train.skipbart.weights import read_network, told_version  # noqa: E402


@pytest.fixture
def told_network(tiny_size):
    torch.manual_seed(3)
    network = Network(replace(tiny_size, bearings=BEARINGS)).eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    return network


@pytest.fixture
def placed_song(lit_songs, rng):
    there = rng.normal(size=(1, lit_songs[0].hops, BEARINGS)).astype(np.float16)
    return replace(lit_songs[0], bearings=there)


@pytest.fixture
def artefact(told_network, placed_song, tmp_path):
    """The folder of an exported network that is told bearings."""
    export_step(told_network, tmp_path / "step.onnx")
    write_parity(told_network, placed_song, tmp_path / "parity.npz")
    write_manifest(tmp_path, tmp_path / "step.onnx", name="told", kind="decoder", embedder="e", embedder_sha256=None,
                   context_hops=told_network.size.positions, bearings=told_version(told_network), hop_s=0.1,
                   window_s=1.0, look_ahead_s=0.0)  # fmt: skip
    return tmp_path


def opened(folder):
    manifest = read_manifest(folder, "decoder", 0.1)
    return DecoderNetwork(folder, stand_in(manifest))


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_the_graph_says_what_the_network_says_and_listens(artefact, placed_song):
    network = opened(artefact)
    probes = read_probes(artefact)
    assert [probe.bearings.shape[1] for probe in probes] == [BEARINGS] * 3
    assert max(max(differences(network, probe).values()) for probe in probes) < 1e-4
    deaf = replace(probes[0], bearings=None)
    assert max(differences(network, deaf).values()) > 1e-2, "it was told nothing, and says the same"


@pytest.mark.filterwarnings("ignore")
def test_told_nothing_is_told_zeros_in_both_contexts(artefact, rng):
    network, hops = opened(artefact), 40  # more than a cache: the younger context decides in between
    plain, told = SkipBart(network), SkipBart(network)
    for hop in range(hops):
        embedding = Embedding(0.1 * hop, hop, rng.normal(size=512).astype(np.float32))
        for a, b in zip(plain.step(embedding, 3, 4), told.step(embedding, 3, 4, np.zeros(BEARINGS, np.float32)),
                        strict=True):  # fmt: skip
            np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore")
def test_its_weights_are_read_back_from_the_graph(artefact, told_network):
    network = read_network(artefact)
    assert network.size == replace(told_network.size, dropout=network.size.dropout)
    for name, tensor in told_network.state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor), name


@pytest.mark.filterwarnings("ignore")
def test_numbers_of_another_version_are_refused_by_name(artefact):
    manifest = read_manifest(artefact, "decoder", 0.1)
    later = {**manifest.model_dump(), "bearings": BEARINGS_VERSION + 1}
    save_manifest(artefact, Manifest.model_validate(later))
    with pytest.raises(ModelError, match=rf"bearings of version {BEARINGS_VERSION + 1}, this program tells version"):
        opened(artefact)
    save_manifest(artefact, Manifest.model_validate({**later, "bearings": None}))
    with pytest.raises(ModelError, match="nothing tells 'bearings'"):
        opened(artefact)


def test_a_network_without_them_goes_on_as_the_same_one(tiny_size, tiny_network, rng):
    training = Training(replace(tiny_size, bearings=BEARINGS), Recipe(), seed=1)
    training.begin_with({"network": tiny_network.state_dict()})
    music = torch.from_numpy(rng.normal(size=(1, 9, 512)).astype(np.float32))
    light = torch.zeros((1, 9, 2), dtype=torch.int64)
    there = torch.from_numpy(rng.normal(size=(1, 9, BEARINGS)).astype(np.float32))
    training.network.eval()
    for before, after in zip(tiny_network(music, light), training.network(music, light, None, there), strict=True):
        assert torch.equal(before, after)


def test_weights_of_another_size_are_refused(tiny_size, tiny_network):
    training = Training(replace(tiny_size, decoder_layers=3, bearings=BEARINGS), Recipe(), seed=1)
    with pytest.raises(ModelError, match="do not fit"):
        training.begin_with({"network": tiny_network.state_dict()})


def test_light_that_follows_from_bearings_alone_is_learnt(tiny_size, rng):
    there = np.zeros((1, 240, BEARINGS), np.float16)
    part = rng.integers(0, 2, 240)
    there[0, np.arange(240), NAMES.index("part_0") + part] = 1.0
    light = np.stack([np.where(part, 20, 110), np.full(240, 90)], axis=1)[None].astype(np.int16)
    music = rng.normal(size=(1, 240, 512)).astype(np.float16)
    songs = [PreparedSong("a", music, light, bearings=there)]
    losses = {}
    for told in (True, False):
        torch.manual_seed(0)
        network = Network(replace(tiny_size, bearings=BEARINGS if told else 0))
        optimiser = torch.optim.AdamW(network.parameters(), lr=6e-3)
        for step in range(120):
            batch = draw_batch(songs, 8, 24, np.random.default_rng(step))
            logits = network(*(torch.from_numpy(one) for one in (batch.music, batch.light_in)), None,
                             torch.from_numpy(batch.bearings))  # fmt: skip
            row = light_loss(logits, torch.from_numpy(batch.light), Weights())
            optimiser.zero_grad()
            row["loss"].backward()
            optimiser.step()
        losses[told] = float(row["hue_loss"])
    assert losses[True] < 0.5 * losses[False]


def test_bar_lines_new_looks_and_hits_count_more_whatever_is_wanted():
    there = torch.zeros(1, 4, BEARINGS)
    there[0, 1, NAMES.index("bar_cos")] = 1.0
    there[0, 2, NAMES.index("fresh")] = 0.95
    there[0, 3, NAMES.index("snare")] = 1.0
    hue, value = decisive(there)
    assert hue[0].tolist() == [1.0, 4.0, 4.0, 1.0]
    assert value[0].tolist() == [1.0, 1.0, 1.0, 2.0]
    logits = torch.zeros(1, 4, 181), torch.zeros(1, 4, 257)
    logits[0][0, 1, 7] = 5.0  # sure of the wrong one at the bar line
    light = torch.tensor([[[3, 9]] * 4])
    plain, weighed = (light_loss(logits, light, Weights(), told)["hue_loss"] for told in (None, there))
    assert weighed > plain


def test_some_crops_are_told_nothing_and_footage_without_them_neither(placed_song, lit_songs):
    crops = [crop(placed_song, 0, 8, view=0, show=0, rng=np.random.default_rng(seed)) for seed in range(400)]
    lost = np.mean([not one.bearings.any() for one in crops])
    assert lost == pytest.approx(LOST, abs=0.05)
    whole = crop(placed_song, 5, 8, view=0, show=0, rng=None)
    np.testing.assert_array_equal(whole.bearings[0], placed_song.bearings[0, 5:13].astype(np.float32))
    assert not crop(lit_songs[1], 0, 8, view=0, show=0, rng=None).bearings.any()


def test_footage_keeps_its_bearings_when_it_is_cut_and_drawn(placed_song):
    there = placed_song.bearings[0]
    film = Stretch("a", "", 0, placed_song.music[0], placed_song.light[0].astype(np.int64), {"bearings": there})
    part = film.cut(10, 40)
    np.testing.assert_array_equal(part.song().bearings[0], there[10:40])
    batch = draw([part.song()], 3, 30, np.random.default_rng(1))
    np.testing.assert_array_equal(batch.bearings[1], there[10:40].astype(np.float32))


def test_training_is_told_the_numbers_of_a_rehearsal(config, tmp_path, rng):
    """A quarter of a minute of four on the floor, heard by the show's stages and by those of training."""
    beats = np.arange(0.0, 15.0, 0.5)
    t_s = np.arange(15 * 48_000) / 48_000
    kick = sum(np.exp(-40.0 * (t_s - at)) * np.sin(2 * np.pi * 60 * (t_s - at)) * (t_s >= at) for at in beats)
    samples = (0.4 * kick + 0.02 * rng.standard_normal(len(t_s))).astype(np.float32)
    soundfile.write(tmp_path / "song.wav", samples, 48_000, subtype="FLOAT")
    kept = []

    class Spy(Decider):
        def step(self, window):
            token = super().step(window)
            kept.append(self._bearings)
            return token

    rehearse(config, tmp_path / "song.wav", tmp_path / "out", Spy(config, MonotonicClock(), patient=True))
    ear = SongEar(config.audio.silence_db)
    heard = [ear.hop(part) for part in np.split(samples, len(kept))]
    told = followed(heard, np.zeros((len(kept), 2), np.int64)).astype(np.float32)
    song = slice(0, NAMES.index("hung"))  # what look hangs is another matter: it is another light
    np.testing.assert_allclose(np.stack(kept)[:, song], told[:, song], atol=2e-3)
    assert np.abs(told[:, NAMES.index("beat_cos")]).max() > 0.9, "it heard beats"
    assert told[:, NAMES.index("loudness")].max() > 0.5
    assert told[:, NAMES.index("hit")].max() > 0.2
    drums = told[:, NAMES.index("kick") : NAMES.index("tom") + 1]
    assert drums.max() > 0.3, "and somebody who drums"


def placed(song, rng):
    """A stretch of footage with bearings, and the same without."""
    there = rng.normal(size=(song.hops, BEARINGS)).astype(np.float16)
    music, light = song.music[0], song.light[0].astype(np.int64)
    return tuple(Stretch("a", "", 0, music, light, heard) for heard in ({"bearings": there}, {}))


def test_training_a_room_and_judging_it_read_the_bearings_of_its_footage(told_network, lit_songs, rng):
    told, plain = placed(lit_songs[0], rng)
    assert judge(told_network, [told])["loss"] != pytest.approx(judge(told_network, [plain])["loss"], rel=1e-3)
    plan = replace(plan_for(20.0), trained="ends", dropout=0.0)
    runs = [Finetuning(copy.deepcopy(told_network), plan, 1) for _ in range(2)]
    losses = [run.loss([one.song()])["loss"].item() for run, one in zip(runs, (told, plain), strict=True)]
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)


def test_training_on_songs_moves_what_reads_bearings(tiny_size, placed_song):
    training = Training(replace(tiny_size, bearings=BEARINGS), Recipe(batch=4, warmup=1), seed=1)
    training.step([placed_song])
    for side in ("encoder", "decoder"):
        assert getattr(training.network.bearings, side).abs().max() > 0.0


@pytest.mark.filterwarnings("ignore")
def test_a_light_of_its_own_is_played_with_the_bearings_of_the_song(artefact, placed_song):
    features = MusicFeatures(*(np.zeros(0),) * 3, beats=np.zeros(0, np.int64))
    there = without_look(placed_song.bearings[0])
    assert there[:, : NAMES.index("hung")].any()
    assert not there[:, NAMES.index("hung") :].any(), "the look that hung was another's"
    music, hits = placed_song.music[0].astype(np.float32), np.ones(placed_song.hops, np.float32)
    with played(artefact, stand_in(read_manifest(artefact, "decoder", 0.1)), Settings()) as light:
        told, plain = (
            light(HeldOut("a", music, hits, placed_song.light, features, one), np.random.default_rng(1))
            for one in (there, None)
        )
    assert (told != plain).any()
