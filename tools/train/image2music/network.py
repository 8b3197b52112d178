"""The composer, a small PianoBART, and the critic, a small MidiBERT, over notes of melodies.

Source: PianoBART (Liang et al., ICME 2024) and Adversarial-MidiBERT (Zhao, ICMR 2025), read as methods. Departures:
four attributes of a note instead of eight; the decoder is told where the note it writes will stand, and draws the
duration first and the pitch after it instead of all attributes at once; the request stands before the source.
"""

import torch
from torch import Tensor, nn

from tools.train.image2music import words
from tools.train.skipbart.network import Size, Stack, output_head

COMPOSER = Size(d=128, encoder_layers=2, decoder_layers=4, heads=4, ffn=384, positions=320, dropout=0.1)
CRITIC = Size(d=128, encoder_layers=4, decoder_layers=0, heads=4, ffn=384, positions=320, dropout=0.1)
KINDS = 3


class Notes(nn.Module):
    """Rows of notes (B, N, 4) to (B, N, d): pitch, duration, position and bar side by side, as PianoBART has them."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.pitch = nn.Embedding(words.PITCH_SIZE, d // 2)
        self.duration = nn.Embedding(words.DURATION_SIZE, d // 4)
        self.position = nn.Embedding(words.POSITION_SIZE, d // 4)
        self.bar = nn.Embedding(words.BAR_SIZE, d // 4)
        self.joined = nn.Linear(d + d // 4, d)

    def forward(self, rows: Tensor) -> Tensor:
        parts = (self.pitch(rows[..., 0]), self.duration(rows[..., 1]), self.position(rows[..., 2]))
        return self.joined(torch.cat([*parts, self.bar(rows[..., 3])], dim=-1))


class Composer(nn.Module):
    """Request and example in; for each note the logits of its duration, and of its pitch given that."""

    def __init__(self, size: Size = COMPOSER) -> None:
        super().__init__()
        self.size, d = size, size.d
        self.notes = Notes(d)
        self.request = nn.Embedding(words.REQUESTS, d)
        self.kind = nn.Embedding(KINDS, d)
        self.left = nn.Embedding(words.BAR_SIZE, d // 4)
        self.told = nn.Linear(d + 3 * (d // 4), d)
        self.encoder = Stack(size, size.encoder_layers, cross=False)
        self.decoder = Stack(size, size.decoder_layers, cross=True)
        self.duration_head = output_head(d, words.DURATIONS)
        self.drawn = nn.Embedding(words.DURATIONS, d)
        self.pitch_head = output_head(d, words.PITCHES)
        _initialise(self)

    def encode(self, request: Tensor, source: Tensor, kind: Tensor, there: Tensor) -> Tensor:
        """(B, 4 + S, d) what the decoder reads.

        Args:
            request: (B, 4). source: (B, S, 4) notes. kind: (B,) what the source is. there: (B, 4 + S) bool, no padding.
        """
        wanted = self.request(request)
        given = self.notes(source) + self.kind(kind)[:, None]
        return self.encoder(torch.cat([wanted, given], dim=1), there[:, None, None, :])

    def tell(self, told: Tensor) -> Tensor:
        """(B, N, 6) as `words.shifted` has it, to (B, N, d)."""
        notes = self.notes
        before = (notes.pitch(told[..., 0]), notes.duration(told[..., 1]), notes.position(told[..., 2]))
        place = (notes.position(told[..., 3]), notes.bar(told[..., 4]), self.left(told[..., 5]))
        return self.told(torch.cat([*before, *place], dim=-1))

    def pitches(self, hidden: Tensor, duration: Tensor) -> Tensor:
        """Logits (..., 42) of the pitch of a note whose duration is drawn."""
        return self.pitch_head(hidden + self.drawn(duration))

    def forward(
        self, request: Tensor, source: Tensor, kind: Tensor, there: Tensor, *, told: Tensor, duration: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Duration logits (B, N, 16) and pitch logits (B, N, 42) of whole melodies; `duration` (B, N), the true
        ones."""
        memory = self.encode(request, source, kind, there)
        hidden = self.decoder(self.tell(told), None, memory, there[:, None, None, :])
        return self.duration_head(hidden), self.pitches(hidden, duration)


class Critic(nn.Module):
    """Melodies with notes hidden, and their metre and mode; logits of every note's pitch and duration.

    A third head says of each note of a whole melody whether it stands where a person would have put it.
    """

    def __init__(self, size: Size = CRITIC) -> None:
        super().__init__()
        self.size = size
        self.notes = Notes(size.d)
        self.request = nn.Embedding(words.REQUESTS, size.d)
        self.encoder = Stack(size, size.encoder_layers, cross=False)
        self.pitch_head = output_head(size.d, words.PITCHES)
        self.duration_head = output_head(size.d, words.DURATIONS)
        self.order_head = output_head(size.d, 1)
        _initialise(self)

    def forward(self, request: Tensor, rows: Tensor, there: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pitch logits (B, N, 42), duration logits (B, N, 16) and the logit (B, N) of each note being in its place.

        Args:
            request: (B, 2) metre and mode. rows: (B, N, 4). there: (B, N) bool, False for padding.
        """
        x = torch.cat([self.request(request), self.notes(rows)], dim=1)
        seen = torch.cat([torch.ones_like(request, dtype=torch.bool), there], dim=1)
        hidden = self.encoder(x, seen[:, None, None, :])[:, 2:]
        return self.pitch_head(hidden), self.duration_head(hidden), self.order_head(hidden)[..., 0]


def _initialise(network: nn.Module) -> None:
    """Glorot at both ends, BART's normal 0.02 inside the layers, as in `tools/train/skipbart/network.py`."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            if ".layers." in name:
                nn.init.normal_(module.weight, std=0.02)
            else:
                nn.init.xavier_normal_(module.weight)
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02 if "positions" in name else 0.1)
