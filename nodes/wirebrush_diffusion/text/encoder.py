"""Text to conditions, through transformers' `CLIPTextModel`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.patches.weights import PatchedWeights
from wirebrush_diffusion.text.embeddings import LearnedWord
from wirebrush_diffusion.text.tokens import Tokenizer, Window

LAYERS = "language_layers"
"""The option of a condition with the states of a language model's layers."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """`context` `[1, places, D]`, `pooled` `[1, P]` (of the first window; None if the family's
    encoders have none), `layers` `[1, layers, places, D]` of a language model whose every layer is
    read; float32, CPU."""

    context: Tensor
    pooled: Tensor | None = None
    layers: Tensor | None = None

    @property
    def options(self) -> dict[str, Tensor]:
        """What a condition carries besides context and pooled text."""
        return {} if self.layers is None else {LAYERS: self.layers}


@dataclass(slots=True, eq=False)
class TextEncoder(Loaded):
    """A CLIP text encoder and its tokenizer.

    `layer` is what the family reads by default, counted from the end: -1 is the last.
    `norm_hidden`: a layer taken from the middle passes through the final norm, as Stable Diffusion
    1 and 2 expect. `cut` layers were left away at the end because the family never reads them.
    `pooled` goes through the network's `text_projection` if it has one. Weights are changed
    through `patches`.
    """

    network: nn.Module
    tokenizer: Tokenizer
    norm_hidden: bool = True
    layer: int = -1
    cut: int = 0
    patches: PatchedWeights = field(init=False)
    _words: Mapping[str, Tensor] = field(init=False, default_factory=dict[str, Tensor])

    def __post_init__(self) -> None:
        self.freeze()
        self.patches = PatchedWeights(self.network)

    @property
    def places(self) -> int:
        """Positions of one window."""
        return self.tokenizer.length

    @contextmanager
    def knowing(self, words: Mapping[str, LearnedWord]) -> Iterator[None]:
        """Learnt words by the names that texts call them by, while the block runs.

        Words of another width are left out. Words that are still learning get gradients.
        """
        width = self.config.hidden_size
        fitting = {name: word.of_width(width) for name, word in words.items()}
        before = self._words
        self._words = {name: rows for name, rows in fitting.items() if rows is not None}
        try:
            yield
        finally:
            self._words = before

    def encode(self, prompt: str, layer: int | None = None, windows: int = 1) -> Encoding:
        """The prompt as a condition, at least `windows` windows long.

        `layer` counts from the end: -1 is the last, -2 the one before ("CLIP skip 2"), None the
        family's own. A layer that the encoder does not have means the last.
        """
        read = self.tokenizer.windows(prompt, {n: len(rows) for n, rows in self._words.items()})
        read += [self.tokenizer.empty()] * (windows - len(read))
        weighted = any(weight != 1.0 for window in read for weight in window.weights)
        rows = [*read, self.tokenizer.empty()] if weighted else read
        hidden, pooled = self._forward(rows, layer)
        if weighted:
            hidden = weigh(hidden[:-1], hidden[-1], [window.weights for window in read])
        context = hidden.reshape(1, -1, hidden.shape[-1])
        return Encoding(context.clone(), pooled[:1].clone())

    def _forward(self, rows: Sequence[Window], layer: int | None) -> tuple[Tensor, Tensor]:
        """Hidden states `[N, places, D]` and pooled `[N, P]`, float32 on the CPU."""
        place = min(-1, (self.layer if layer is None else layer) + self.cut)
        ids = torch.tensor([row.ids for row in rows], device=self.device)
        learning = any(vectors.requires_grad for vectors in self._words.values())
        with torch.inference_mode(not learning), self._learned(rows):
            output = self.network(ids, output_hidden_states=place != -1)
            hidden = output.last_hidden_state
            if place != -1 and -place <= self.config.num_hidden_layers:
                hidden = output.hidden_states[place]
                if self.norm_hidden:
                    hidden = self.network.get_submodule("final_layer_norm")(hidden)
            pooled = output.pooler_output
            projection = getattr(self.network, "text_projection", None)
            pooled = pooled if projection is None else projection(pooled)
            return hidden.float().cpu(), pooled.float().cpu()

    @contextmanager
    def _learned(self, rows: Sequence[Window]) -> Iterator[None]:
        """Puts vectors of learnt words in place of tokens' while the block runs."""
        places = [(i, at, word) for i, row in enumerate(rows) for at, word in row.learned]
        if not places:
            yield
            return

        def replaced(module: nn.Module, args: object, states: Tensor) -> Tensor:
            states = states.clone()
            for i, at, word in places:
                states[i, at] = self._words[word.name][word.row].to(states)
            return states

        embedding = self.network.get_submodule("embeddings.token_embedding")
        hook = embedding.register_forward_hook(replaced)
        try:
            yield
        finally:
            hook.remove()


def weigh(hidden: Tensor, empty: Tensor, weights: Sequence[Sequence[float]]) -> Tensor:
    """Move each token's state away from (or towards) the empty prompt's at the same place.

    `hidden` `[N, places, D]`, `empty` `[places, D]`, `weights` `[N][places]`.
    """
    factors = torch.tensor(weights).unsqueeze(-1)
    moved = (hidden - empty) * factors + empty
    return torch.where(factors == 1.0, hidden, moved)
