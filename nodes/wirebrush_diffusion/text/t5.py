"""Text to conditions, through transformers' `T5EncoderModel`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.patches.weights import PatchedWeights
from wirebrush_diffusion.text.embeddings import without_words
from wirebrush_diffusion.text.encoder import Encoding, weigh
from wirebrush_diffusion.text.pieces import Pieces
from wirebrush_diffusion.text.prompt import parse_prompt, without_breaks

MAX_PLACES = 4096


@dataclass(slots=True, eq=False)
class T5Encoder(Loaded):
    """A T5 encoder and its tokenizer.

    Each text gets `spare` empty places at its end; those still shorter than `places` are filled up.
    With `masked`, words do not look at empty places.
    """

    network: nn.Module
    pieces: Pieces
    places: int = 1
    spare: int = 0
    masked: bool = False
    patches: PatchedWeights = field(init=False)

    def __post_init__(self) -> None:
        self.freeze()
        self.patches = PatchedWeights(self.network)

    @contextmanager
    def filled(self, places: int, spare: int) -> Iterator[None]:
        """Other places, while the block runs."""
        own = self.places, self.spare
        self.places, self.spare = places, spare
        try:
            yield
        finally:
            self.places, self.spare = own

    def encode(self, prompt: str, layer: int | None = None, windows: int = 1) -> Encoding:
        """The prompt as a condition `[1, places, D]`, as long as it needs; `layer` is CLIP's."""
        tokens = [
            (token, piece.weight)
            for piece in parse_prompt(prompt)
            for token in self.pieces.ids(without_words(without_breaks(piece.text)))
        ]
        if len(tokens) >= MAX_PLACES:
            raise DiffusionError(
                f"The prompt has {len(tokens)} tokens; at most {MAX_PLACES - 1} are read.",
                "Shorten the text.",
            )
        tokens.append((self.pieces.end, 1.0))
        tokens += [(self.pieces.padding, 1.0)] * self.spare
        tokens += [(self.pieces.padding, 1.0)] * (self.places - len(tokens))
        ids, weights = [token for token, _ in tokens], [weight for _, weight in tokens]
        if all(weight == 1.0 for weight in weights):
            return Encoding(self._forward([ids]))
        empty = [self.pieces.end, *[self.pieces.padding] * (len(ids) - 1)]
        hidden = self._forward([ids, empty])
        return Encoding(weigh(hidden[:1], hidden[1], [weights]))

    def _forward(self, rows: Sequence[Sequence[int]]) -> Tensor:
        with torch.inference_mode():
            ids = torch.tensor(rows, device=self.device)
            mask = (ids != self.pieces.padding).int() if self.masked else None
            hidden = self.network(ids, attention_mask=mask).last_hidden_state
        return hidden.float().cpu().clone()
