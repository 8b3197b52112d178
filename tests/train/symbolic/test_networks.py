"""The networks are what the papers say: relative attention, causality, padding, published parameter counts."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tools.train.skipbart.network import SMALL as SKIP_SMALL  # noqa: E402
from tools.train.symbolic import bart, bert  # noqa: E402
from tools.train.symbolic.attention import RelativeAttention, along_keys, along_queries  # noqa: E402
from tools.train.symbolic.embedding import NoteHead, by_attribute  # noqa: E402
from tools.train.symbolic.heads import SequenceHead  # noqa: E402
from tools.train.symbolic.vocabulary import PAD, SIZES, SOS, VALUES  # noqa: E402


def naive_weights(attention, x, hidden):
    """relative_key_query as `transformers` 4.x computes it: an (L, L, d_head) array and two einsums."""
    batch, length, _ = x.shape
    heads, width = attention.heads, attention.d_head

    def split(y):
        return y.view(batch, length, heads, width).permute(0, 2, 1, 3)

    q, k = split(attention.query(x)), split(attention.key(x))
    place = torch.arange(length)
    distance = place.view(-1, 1) - place.view(1, -1)
    table = attention.distance_embedding(distance + attention.positions - 1)
    scores = q @ k.transpose(-1, -2)
    scores = scores + torch.einsum("bhld,lrd->bhlr", q, table) + torch.einsum("bhrd,lrd->bhlr", k, table)
    scores = scores / width**0.5 + torch.where(hidden, -1e30, 0.0)
    return scores.softmax(dim=-1)


@pytest.mark.parametrize("length", [1, 2, 7, 16])
def test_relative_attention_is_the_naive_one(length):
    torch.manual_seed(1)
    attention = RelativeAttention(24, 3, 16, 0.0)
    torch.nn.init.normal_(attention.distance_embedding.weight)
    x = torch.randn(2, length, 24)
    hidden = torch.zeros(2, 1, 1, length, dtype=torch.bool)
    if length > 2:
        hidden[1, ..., -2:] = True
    ours = attention.weights(x, hidden).detach()
    torch.testing.assert_close(ours, naive_weights(attention, x, hidden).detach(), atol=1e-5, rtol=0)
    assert float(ours[1, ..., -2:].abs().max() if length > 2 else 0.0) == 0.0


def test_gradients_of_the_diagonals_are_exact():
    table = torch.randn(2, 4, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(along_queries, table)
    assert torch.autograd.gradcheck(along_keys, table)


def test_diagonals_lie_where_they_should():
    length = 3
    table = torch.arange(-2, 3.0).expand(1, length, 5)
    assert along_queries(table)[0].tolist() == [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]  # m - l
    assert along_keys(table)[0].tolist() == [[0, -1, -2], [1, 0, -1], [2, 1, 0]]  # l - m


def test_bert_hears_order_and_no_padding(music):
    torch.manual_seed(2)
    network = bert.MidiBert(bert.TINY).eval()
    for layer in network.layers:
        torch.nn.init.normal_(layer.attention.distance_embedding.weight)
    notes = torch.from_numpy(music)
    with torch.no_grad():
        whole, short = network(notes), network(notes[3:, :30])
        torch.testing.assert_close(whole[3:, :30], short, atol=1e-5, rtol=0)
        swapped = notes[:1].clone()
        swapped[:, [3, 4]] = swapped[:, [4, 3]]
        moved = network(swapped)[:, [4, 3]]
    assert float((moved - whole[:1, [3, 4]]).abs().max()) > 1e-3


def test_the_attentions_are_those_of_the_layers(music):
    network = bert.MidiBert(bert.TINY).eval()
    found = network.attentions(torch.from_numpy(music))
    assert found.shape == (2, 4, 4, 48, 48)
    torch.testing.assert_close(found.sum(dim=-1), torch.ones(2, 4, 4, 48))
    assert float(found[:, 3, :, :, 30:].max()) == 0.0


def test_bart_decoder_is_causal_and_the_encoder_is_not(music):
    torch.manual_seed(3)
    network = bart.PianoBart(bart.TINY).eval()
    notes = torch.from_numpy(music[:1])
    other = notes.clone()
    other[:, 20, 3] += 5
    with torch.no_grad():
        plain = network(notes, notes)
        told = network(notes, other)
        heard = network(other, notes)
    assert torch.equal(plain[:, :20], told[:, :20])
    assert float((plain - told)[:, 20:].abs().max()) > 1e-4
    assert float((plain - heard)[:, 0].abs().max()) > 1e-6


def test_bart_sees_no_padding_in_its_prompt(music):
    torch.manual_seed(3)
    network = bart.PianoBart(bart.TINY).eval()
    notes = torch.from_numpy(music)
    with torch.no_grad():
        one, other = network(notes[3:], notes[:1]), network(notes[3:, :30], notes[:1])
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_bfloat16_attention_is_the_same_attention(music):
    torch.manual_seed(4)
    network = bart.PianoBart(bart.TINY).eval()
    notes = torch.from_numpy(music)
    with torch.no_grad():
        exact = network(notes, bart.late(notes))
        with torch.autocast("cpu", torch.bfloat16):
            rough = network(notes, bart.late(notes))
    assert float((exact - rough.float()).abs().mean()) < 0.03 * float(exact.abs().mean())


def test_late_notes_begin_with_sos(music):
    told = bart.late(torch.from_numpy(music))
    assert told[:, 0].tolist() == [SOS.tolist()] * 4
    assert torch.equal(told[:, 1:], torch.from_numpy(music)[:, :-1])


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_official_sizes_have_the_published_parameters():
    """118 595 840 and 224 004 096, less what no forward pass reads (named in the modules)."""
    with torch.device("meta"):
        encoder, whole = bert.MidiBert(bert.OFFICIAL), bart.PianoBart(bart.OFFICIAL)
        heads = NoteHead(768), NoteHead(1024)
    gate = 2048 * 1024 + 1024 + 1024 * 1024 + 1024 + 1024 * 2048 + 2048
    assert count(encoder) == 118_595_840 - 30_522 * 768 - 1_024 * 768 - 768 - (768 * 768 + 768) - gate
    assert count(encoder) + count(heads[0]) == 88_530_176 + 119_580_160 - 118_595_840
    assert count(whole) == 224_004_096 - 50_265 * 1_024
    assert count(heads[1]) == 1_312_000


def test_the_small_backbone_is_skip_barts():
    for name in ("d", "encoder_layers", "decoder_layers", "heads", "ffn", "positions"):
        assert getattr(bart.SMALL, name) == getattr(SKIP_SMALL, name)


def test_logits_are_side_by_side_in_token_order():
    head = NoteHead(16)
    hidden = torch.randn(2, 3, 16)
    parts = by_attribute(head(hidden))
    assert [part.shape[-1] for part in parts] == list(SIZES)
    torch.testing.assert_close(parts[5], head.proj[5](hidden))


def test_pooling_is_deaf_to_padding():
    torch.manual_seed(5)
    head = SequenceHead(16, 3).eval()
    hidden = torch.randn(2, 10, 16)
    attend = torch.ones(2, 10, dtype=torch.bool)
    attend[1, 6:] = False
    louder = hidden.clone()
    louder[1, 6:] *= 100.0
    torch.testing.assert_close(head(hidden, attend), head(louder, attend))
    torch.testing.assert_close(head(hidden, attend)[1:], head(hidden[1:, :6], attend[1:, :6]))


def test_padding_is_outside_of_the_values():
    assert (np.array(VALUES) == PAD).all()
