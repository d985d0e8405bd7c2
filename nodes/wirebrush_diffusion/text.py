"""Text to conditions, through transformers' `CLIPTextModel`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.patches import PatchedWeights
from wirebrush_diffusion.tokens import Tokenizer, Window


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """`context` `[1, windows * places, D]`, `pooled` `[1, P]` of the first window; float32, CPU."""

    context: Tensor
    pooled: Tensor


@dataclass(slots=True, eq=False)
class TextEncoder(Loaded):
    """A CLIP text encoder and its tokenizer.

    `norm_hidden`: a layer taken from the middle passes through the final norm, as Stable
    Diffusion 1 and 2 expect. Weights are changed through `patches` only.
    """

    network: nn.Module
    tokenizer: Tokenizer
    norm_hidden: bool = True
    patches: PatchedWeights = field(init=False)

    def __post_init__(self) -> None:
        self.freeze()
        self.patches = PatchedWeights(self.network)

    def encode(self, prompt: str, layer: int = -1) -> Encoding:
        """The prompt as a condition.

        `layer` counts from the end: -1 is the last, -2 the one before ("CLIP skip 2"). A layer that
        the encoder does not have means the last.
        """
        windows = self.tokenizer.windows(prompt)
        weighted = any(weight != 1.0 for window in windows for weight in window.weights)
        rows = [*windows, self.tokenizer.empty()] if weighted else windows
        hidden, pooled = self._forward([row.ids for row in rows], layer)
        if weighted:
            hidden = _weighted(hidden[:-1], hidden[-1], windows)
        context = hidden.reshape(1, -1, hidden.shape[-1])
        return Encoding(context.clone(), pooled[:1].clone())

    def _forward(self, rows: Sequence[Sequence[int]], layer: int) -> tuple[Tensor, Tensor]:
        """Hidden states `[N, places, D]` and pooled `[N, P]`, float32 on the CPU."""
        with torch.inference_mode():
            output = self.network(
                torch.tensor(rows, device=self.device), output_hidden_states=layer != -1
            )
            hidden = output.last_hidden_state
            if layer != -1 and -layer <= self.config.num_hidden_layers:
                hidden = output.hidden_states[layer]
                if self.norm_hidden:
                    hidden = self._final_norm()(hidden)
            pooled = output.pooler_output
            return hidden.float().cpu(), pooled.float().cpu()

    def _final_norm(self) -> nn.Module:
        return self.network.get_submodule("final_layer_norm")


def _weighted(hidden: Tensor, empty: Tensor, windows: Sequence[Window]) -> Tensor:
    """Move each token's state away from (or towards) the empty prompt's at the same place.

    `hidden` `[N, places, D]`, `empty` `[places, D]`.
    """
    weights = torch.tensor([window.weights for window in windows]).unsqueeze(-1)
    moved = (hidden - empty) * weights + empty
    return torch.where(weights == 1.0, hidden, moved)
