"""How fast, and beside what: `python -m tools.train.symbolic speed [--notes 512] [--out speed.json]`.

* Writing: the same notes, told one by one to the graphs, to PyTorch with caches, and to the network as published
  (encoder and decoder over everything for each note), with the largest difference of any logit.
* Pre-training: tokens a second of MidiBERT and PianoBART beside `transformers` networks of the same size, if that is
  installed (below 5: later ones drop relative positions). All have our note layers, losses and optimiser, only the
  layers between are others; all on one thread, in single precision and in bfloat16.

Seconds are of the processor, so that other programs on the machine do not count. Edge: reads the clock.
"""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tools.train.symbolic import bart, bert
from tools.train.symbolic.embedding import NoteHead, real
from tools.train.symbolic.generation import CachedWriter, GraphWriter, RecomputingWriter, Writer
from tools.train.symbolic.masking import of_notes, random_notes
from tools.train.symbolic.objectives import Objective, Telling, Writing

Numbers = dict[str, Any]
PROMPT = 256
STEPS = 5


def writing(notes: int) -> Numbers:
    """Seconds to tell `notes` notes, and how far the cached logits are from the recomputed ones."""
    torch.manual_seed(1)
    size = replace(bart.SMALL, positions=max(notes, PROMPT))
    network, head = bart.PianoBart(size).eval(), NoteHead(size.d).eval()
    rng = np.random.default_rng(1)
    prompt, told = random_notes((PROMPT,), rng), random_notes((notes - 1,), rng)
    found: Numbers = {"notes": notes, "prompt": PROMPT, "parameters": _count(network)}
    with tempfile.TemporaryDirectory(prefix="followspot-speed-") as folder:
        writers: dict[str, Writer] = {
            "graphs": GraphWriter.of(network, head, Path(folder)),
            "cached": CachedWriter(network, head),
            "recomputed": RecomputingWriter(network, head),
        }
        logits = {}
        for name, writer in writers.items():
            begun = time.process_time()
            logits[name] = np.stack([writer.begin(prompt), *(writer.go_on(note) for note in told)])
            found[f"{name}_s"] = time.process_time() - begun
    for name in ("graphs", "cached"):
        found[f"{name}_difference"] = float(np.abs(logits[name] - logits["recomputed"]).max())
        found[f"{name}_times_faster"] = found["recomputed_s"] / found[f"{name}_s"]
    return found


def tokens_per_s(objective: Objective, batch: int, length: int, *, bfloat16: bool) -> float:
    """Tokens a processor second of a pre-training step, the best of a few."""
    rng = np.random.default_rng(1)
    notes = random_notes((batch, length), rng)
    notes[..., 0] = np.arange(length) // 8
    optimiser = torch.optim.AdamW(objective.parameters(), lr=1e-4, fused=True)
    seconds = []
    for _ in range(STEPS):
        begun = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            loss = objective(notes, np.arange(batch), rng)["loss"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        seconds.append(time.process_time() - begun)
    return batch * length / min(seconds[1:])


class PlainBert(nn.Module):
    """`transformers`' BERT between our note layers."""

    def __init__(self, size: bert.BertSize) -> None:
        import transformers  # noqa: PLC0415 - only here, and only if it is installed

        super().__init__()
        self.size = size
        self.embedding = bert.NoteEmbedding(size.width, size.d)
        config = transformers.BertConfig(
            vocab_size=1, hidden_size=size.d, num_hidden_layers=size.layers, num_attention_heads=size.heads,
            intermediate_size=size.ffn, max_position_embeddings=size.positions, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, position_embedding_type="relative_key_query",
        )  # fmt: skip
        self.bert = transformers.BertModel(config, add_pooling_layer=False)

    def forward(self, notes: Tensor) -> Tensor:
        """As `bert.MidiBert`."""
        return self.bert(inputs_embeds=self.embedding(notes), attention_mask=real(notes).long()).last_hidden_state


class PlainBart(nn.Module):
    """`transformers`' BART between our note layers."""

    def __init__(self, size: bart.BartSize) -> None:
        import transformers  # noqa: PLC0415

        super().__init__()
        self.size = size
        self.embedding = bart.NoteEmbedding(size.width, size.d)
        config = transformers.BartConfig(
            vocab_size=3, d_model=size.d, encoder_layers=size.encoder_layers, decoder_layers=size.decoder_layers,
            encoder_attention_heads=size.heads, decoder_attention_heads=size.heads, encoder_ffn_dim=size.ffn,
            decoder_ffn_dim=size.ffn, max_position_embeddings=size.positions, dropout=0.0, pad_token_id=1,
        )  # fmt: skip
        self.bart = transformers.BartModel(config)

    def forward(self, source: Tensor, told: Tensor) -> Tensor:
        """As `bart.PianoBart`."""
        return self.bart(
            inputs_embeds=self.embedding(source),
            attention_mask=real(source).long(),
            decoder_inputs_embeds=self.embedding(told),
            use_cache=False,
        ).last_hidden_state


def pretraining(batch: int, length: int, say: Callable[[str], None]) -> Numbers:
    """Tokens a second of both kinds of network, ours and, if they are installed, the plain ones."""
    there = find_spec("transformers") is not None
    if not there:
        say("transformers is not installed: pip install 'transformers<5' to set its networks beside ours")
    found: Numbers = {"batch": batch, "length": length}
    if there:
        found["transformers"] = version("transformers")
        if int(found["transformers"].split(".")[0]) >= 5:
            say(f"transformers {found['transformers']} drops relative positions: its BERT does less than ours")
    encoder, whole = replace(bert.SMALL, dropout=0.0), replace(bart.SMALL, dropout=0.0)
    for name, make, plain in (
        ("midibert", lambda: Telling(encoder, of_notes), lambda: PlainBert(encoder)),
        ("pianobart", lambda: Writing(whole), lambda: PlainBart(whole)),
    ):
        for kind in ("ours", "transformers") if there else ("ours",):
            for bfloat16 in (False, True):
                torch.manual_seed(1)
                objective = make()
                if kind == "transformers":
                    objective.network = plain()
                speed = tokens_per_s(objective, batch, length, bfloat16=bfloat16)
                precision = "bfloat16" if bfloat16 else "float32"
                found[f"{name}_{kind}_{precision}"] = speed
                say(f"{name}, {kind}, {precision}: {speed:,.0f} tokens a processor second, "
                    f"{_count(objective.network):,} parameters")  # fmt: skip
    return found


def measure(notes: int, batch: int, length: int, out: Path | None, say: Callable[[str], None] = print) -> Numbers:
    """All of it; also written as JSON to `out`."""
    written = writing(notes)
    for name in ("graphs", "cached"):
        say(
            f"writing {notes} notes, {name}: {written[f'{name}_s']:.2f} s of processor, recomputed "
            f"{written['recomputed_s']:.1f} s: {written[f'{name}_times_faster']:.0f} times faster, "
            f"largest difference of a logit {written[f'{name}_difference']:.1e}"
        )
    found = {"writing": written, "pretraining": pretraining(batch, length, say)}
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
