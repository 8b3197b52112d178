"""Skip-BART in PyTorch: music embeddings and past light to the next light; no training code.

Source: Zhao et al., "Skip-BART", ICLR 2026, on BART (Lewis et al., ACL 2020): post-LayerNorm blocks, exact GELU,
learned positions with BART's offset of two rows, a LayerNorm after the input embeddings on both sides.

Two regimes, one code (`Size.chunk`):
* bidirectional (chunk 0, as published): the encoder and the cross-attention see the whole song, past and future;
* streaming (chunk n): hop i sees the hops of its own chunk of n and all before it, so its look-ahead is at most n - 1
  hops; with chunk 1, the bundled model, it is zero, and keys and values of every layer can be cached exactly.
The decoder reads its own light causally in both.

Departure: no unused parts. The shared token embedding and the idle `attention` of every MLP are left out; `official.py`
reads them past, `lora.py` adds the adapters.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from controller.listening.decode.vocabulary import BEARINGS, HUE_CLASSES, VALUE_CLASSES
from tools.train.embedder.network import EMBEDDING

POSITION_OFFSET = 2  # BART's table keeps two rows that no position uses


@dataclass(frozen=True, slots=True)
class Size:
    """Dimensions of a Skip-BART. The defaults are the official ones, but streaming."""

    d: int = 1024
    encoder_layers: int = 8
    decoder_layers: int = 8
    heads: int = 8
    ffn: int = 2048
    positions: int = 1024
    dropout: float = 0.1
    chunk: int = 1
    """Hops that the encoder takes in at once; 0: the whole sequence (bidirectional)."""
    skip: bool = True
    """Whether the decoder hears the music of its own hop through the skip connection; False is an ablation."""
    light: bool = True
    """Whether the decoder is told the light before each hop; False is an ablation."""
    bearings: int = 0
    """How many numbers it is told beside sound and light (`listening/bearings.py`); 0: none, as published."""

    @property
    def d_head(self) -> int:
        """Width of one attention head."""
        return self.d // self.heads


OFFICIAL = Size(chunk=0)
SMALL = Size(d=192, encoder_layers=3, decoder_layers=4, heads=4, ffn=384, positions=512, bearings=BEARINGS)


def sight(length: int, chunk: int, attend: Tensor | None, device: torch.device) -> Tensor | None:
    """What each hop may see: (L, L) or, with `attend`, (B, 1, L, L) bool, True where it may; None: plainly causal.

    Args:
        chunk: as in `Size`.
        attend: (B, L) bool, False for padding.
    """
    if chunk == 1 and attend is None:
        return None
    part = torch.arange(length, device=device) // chunk if chunk else torch.zeros(length, dtype=torch.int64)
    seen = part.to(device)[None, :] <= part.to(device)[:, None]
    return seen if attend is None else seen & attend[:, None, None, :]


class Attention(nn.Module):
    """Multi-head attention: causal by index, or after a mask (see `sight`)."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads, self.d_head = size.heads, size.d_head
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(size.d, size.d) for _ in range(4))

    def split(self, x: Tensor) -> Tensor:
        """(B, L, d) to (B, H, L, Dh)."""
        return x.unflatten(-1, (self.heads, self.d_head)).transpose(1, 2)

    def forward(self, x: Tensor, source: Tensor, seen: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.q_proj(x)), self.split(self.k_proj(source)), self.split(self.v_proj(source))
        mixed = functional.scaled_dot_product_attention(q, k, v, seen, is_causal=seen is None)  # (B, H, L, Dh)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """One post-LayerNorm layer: self-attention, in the decoder also cross-attention, feed-forward."""

    def __init__(self, size: Size, *, cross: bool) -> None:
        super().__init__()
        self.self_attn = Attention(size)
        self.self_attn_layer_norm = nn.LayerNorm(size.d)
        self.encoder_attn = Attention(size) if cross else None
        self.encoder_attn_layer_norm = nn.LayerNorm(size.d) if cross else None
        self.fc1, self.fc2 = nn.Linear(size.d, size.ffn), nn.Linear(size.ffn, size.d)
        self.final_layer_norm = nn.LayerNorm(size.d)
        self.dropout = nn.Dropout(size.dropout)

    def feed_forward(self, x: Tensor) -> Tensor:
        """The feed-forward sub-layer with its residual and LayerNorm."""
        return self.final_layer_norm(x + self.dropout(self.fc2(functional.gelu(self.fc1(x)))))

    def forward(
        self, x: Tensor, own: Tensor | None, memory: Tensor | None = None, across: Tensor | None = None
    ) -> Tensor:
        x = self.self_attn_layer_norm(x + self.dropout(self.self_attn(x, x, own)))
        if self.encoder_attn is not None and self.encoder_attn_layer_norm is not None and memory is not None:
            x = self.encoder_attn_layer_norm(x + self.dropout(self.encoder_attn(x, memory, across)))
        return self.feed_forward(x)


class Stack(nn.Module):
    """Input LayerNorm, positions and layers of one side."""

    def __init__(self, size: Size, layers: int, *, cross: bool) -> None:
        super().__init__()
        self.embed_positions = nn.Embedding(size.positions + POSITION_OFFSET, size.d)
        self.layernorm_embedding = nn.LayerNorm(size.d)
        self.layers = nn.ModuleList(Block(size, cross=cross) for _ in range(layers))
        self.dropout = nn.Dropout(size.dropout)

    def embed(self, x: Tensor, position: Tensor) -> Tensor:
        """Add positions (L,) to inputs (B, L, d) and normalise."""
        return self.dropout(self.layernorm_embedding(x + self.embed_positions(position + POSITION_OFFSET)))

    def forward(
        self, x: Tensor, own: Tensor | None = None, memory: Tensor | None = None, across: Tensor | None = None
    ) -> Tensor:
        """(B, L, d) to (B, L, d); `own` and `across`: what self- and cross-attention may see, as `sight` gives it."""
        x = self.embed(x, torch.arange(x.shape[1], device=x.device))
        for layer in self.layers:
            x = layer(x, own, memory, across)
        return x


class Bearings(nn.Module):
    """Numbers of where a hop lies to what is added to the inputs of encoder and decoder; at first nothing is added.

    So a network that was trained without them goes on as the same one.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.encoder = nn.Parameter(torch.zeros(size.bearings, size.d))
        self.decoder = nn.Parameter(torch.zeros(size.bearings, size.d))


def output_head(d: int, classes: int) -> nn.Sequential:
    """Hidden state to logits: the paper's two-layer MLP."""
    return nn.Sequential(nn.Linear(d, d), nn.LeakyReLU(0.01), nn.Linear(d, classes))


class SkipBart(nn.Module):
    """Music (B, L, 512) and the light before each hop (B, L, 2) to the logits of the light at each hop.

    Row i is told `light_in[i]`, the light of hop i - 1, and through the skip path the music of hop i itself.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.music_encoder = nn.Linear(EMBEDDING, size.d)
        self.music_decoder = nn.Linear(EMBEDDING, size.d // 2)  # the skip connection
        self.hue_embedding = nn.Embedding(HUE_CLASSES, size.d // 4)
        self.value_embedding = nn.Embedding(VALUE_CLASSES, size.d // 4)
        self.encoder = Stack(size, size.encoder_layers, cross=False)
        self.decoder = Stack(size, size.decoder_layers, cross=True)
        self.hue_head = output_head(size.d, HUE_CLASSES)
        self.value_head = output_head(size.d, VALUE_CLASSES)
        self.bearings = Bearings(size) if size.bearings else None
        _initialise(self)

    def encoder_input(self, music: Tensor, bearings: Tensor | None = None) -> Tensor:
        """Music (B, L, 512) and bearings (B, L, K) of each hop: (B, L, d)."""
        heard = self.music_encoder(music)
        return heard if self.bearings is None or bearings is None else heard + bearings @ self.bearings.encoder

    def decoder_input(self, music: Tensor, light_in: Tensor, bearings: Tensor | None = None) -> Tensor:
        """Concatenate hue, value and music features of each hop, and add its bearings: (B, L, d)."""
        hue, value = self.hue_embedding(light_in[..., 0]), self.value_embedding(light_in[..., 1])
        heard = self.music_decoder(music)
        # multiplied rather than left out, so that an exported graph keeps all its inputs
        if not self.size.light:
            hue, value = 0 * hue, 0 * value
        if not self.size.skip:
            heard = 0 * heard
        whole = torch.cat([hue, value, heard], dim=-1)
        return whole if self.bearings is None or bearings is None else whole + bearings @ self.bearings.decoder

    def forward(
        self, music: Tensor, light_in: Tensor, attend: Tensor | None = None, bearings: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Whole sequences at once.

        Args:
            music: (B, L, 512) float32, L <= size.positions.
            light_in: (B, L, 2) int64, hue 0..180 and value 0..256, one hop late.
            attend: (B, L) bool, False where music is padding; None: nowhere.
            bearings: (B, L, K) float32, where each hop lies; None: nobody knows.

        Returns:
            Hue logits (B, L, 181) and value logits (B, L, 257).
        """
        return self.answer(music, light_in, attend, bearings)[:2]

    def answer(
        self, music: Tensor, light_in: Tensor, attend: Tensor | None = None, bearings: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `forward`, and the encoder's output (B, L, d)."""
        seen = sight(music.shape[1], self.size.chunk, attend, music.device)
        memory = self.encoder(self.encoder_input(music, bearings), seen)
        hidden = self.decoder(self.decoder_input(music, light_in, bearings), None, memory, seen)
        return self.hue_head(hidden), self.value_head(hidden), memory


def _initialise(network: SkipBart) -> None:
    """Initial weights for training from scratch.

    Inside the decoder's layers BART's normal 0.02: with larger ones, twelve LayerNorms behind twelve additions leave
    nothing of the input. The encoder, whose input stays in view, learns to follow beats sooner with twice that. Glorot
    for the MLPs at both ends, music at half of it: light must not whisper beside music, or the network needs hundreds
    of steps to notice that most light is the light of the hop before (LOG.md, first evening).
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            if ".layers." in name:
                nn.init.normal_(module.weight, std=0.04 if name.startswith("encoder.") else 0.02)
            else:
                nn.init.xavier_normal_(module.weight, gain=0.5 if name.startswith("music") else 1.0)
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
    _neighbours_alike(network.hue_embedding, period=180.0)
    _neighbours_alike(network.value_embedding, period=512.0)  # half a turn: 0 and 255 are opposite ends


@torch.no_grad()
def _neighbours_alike(table: nn.Embedding, period: float) -> None:
    """Start an embedding as sines and cosines of its index, so that neighbouring tokens begin as neighbours.

    The last row (PAD) stays near zero.
    """
    classes, width = table.weight.shape
    phase = 2.0 * torch.pi * torch.arange(classes - 1)[:, None] / period * (1 + torch.arange(width // 2))[None, :]
    amplitude = 2.8 / (1.0 + 0.2 * torch.arange(width // 2))
    table.weight[:-1] = torch.cat([torch.sin(phase) * amplitude, torch.cos(phase) * amplitude], dim=1)
