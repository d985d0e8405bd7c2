"""Text to conditions, through language models: Gemma 2, Qwen3, Qwen2.5-VL and Llama 3.

They read a text word by word from the left, so what follows a word does not change its state, and
nothing needs to be filled up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.patches.weights import PatchedWeights
from wirebrush_diffusion.text.embeddings import without_words
from wirebrush_diffusion.text.encoder import Encoding, weigh
from wirebrush_diffusion.text.prompt import parse_prompt, without_breaks
from wirebrush_diffusion.text.reading import TextPart
from wirebrush_diffusion.text.speech import Speech
from wirebrush_diffusion.vision.sight import VISION_PAD, Sight

MAX_PLACES = 3072
PADDING = "<pad>"
STARTS: Mapping[str, str] = {"gemma2": "<bos>", "llama": "<|begin_of_text|>"}
FILL = "<|eot_id|>"  # Llama's filling


@dataclass(slots=True, eq=False)
class LanguageEncoder(Loaded):
    """A language model and its tokenizer; `part` says what stands around a text.

    `network` is transformers' `Gemma2Model`, `Qwen3Model`, `Qwen2_5_VLModel` or `LlamaModel`; its
    answer is what the family reads, of Llama that of every layer. `sight` is there if it can look
    at pictures.
    """

    network: nn.Module
    speech: Speech
    part: TextPart
    sight: Sight | None = None
    patches: PatchedWeights = field(init=False)

    def __post_init__(self) -> None:
        self.freeze()
        self.patches = PatchedWeights(self.network)

    @property
    def places(self) -> int:
        """Positions of the shortest encoding."""
        return self.part.places

    def encode(self, prompt: str, layer: int | None = None, windows: int = 1) -> Encoding:
        """The prompt as a condition `[1, places, D]`, as long as it needs; `layer` is CLIP's."""
        before, after = self._start(), self.speech.ids(self.part.after)
        tokens = [(token, 1.0) for token in before]
        tokens += self._weighed(prompt)
        tokens += [(token, 1.0) for token in after]
        hidden = len(before) if self.part.hides else 0
        ids, weights = [token for token, _ in tokens], [weight for _, weight in tokens]
        self._check_length(len(ids))
        if self.part.kind == "llama":
            return self._every_layer(ids)
        states = self._forward(ids)
        if any(weight != 1.0 for weight in weights):
            padding = self.speech.id_of(PADDING) or 0
            empty = self._forward([*before, *[padding] * (len(ids) - len(before))])
            states = weigh(states, empty[0], [weights])
        return Encoding(states[:, hidden:])

    def see(self, prompt: str, pictures: Sequence[Tensor], before: str, *, named: bool) -> Encoding:
        """A text about pictures `[1,H,W,3]` 0..1. `before` stands before it, and is not given away.

        `named` calls them "Picture 1: ..." and so on.
        """
        if self.sight is None:
            raise DiffusionError(
                "This text encoder cannot look at pictures: its file holds no vision part.",
                "Use a whole Qwen2.5-VL, such as qwen_2.5_vl_7b_fp8_scaled.",
            )
        grids, patches = self.sight.patches(pictures)
        text = "".join(
            (f"Picture {i}: " if named else "") + self.sight.marks(grid)
            for i, grid in enumerate(grids, 1)
        )
        start = self.speech.ids(before)
        ids = [*start, *self.speech.ids(text + prompt + self.part.after)]
        self._check_length(len(ids))
        pad = self.speech.id_of(VISION_PAD)
        more: dict[str, Any] = {}
        if grids:
            more = {
                "pixel_values": patches.to(self.device, self.dtype),
                "image_grid_thw": torch.tensor(grids, device=self.device),
                "mm_token_type_ids": torch.tensor(
                    [[int(token == pad) for token in ids]], device=self.device
                ),
            }
        return Encoding(self._forward(ids, more)[:, len(start) :])

    def _start(self) -> list[int]:
        mark = STARTS.get(self.part.kind)
        start = None if mark is None else self.speech.id_of(mark)
        return [*([] if start is None else [start]), *self.speech.ids(self.part.before)]

    def _weighed(self, prompt: str) -> list[tuple[int, float]]:
        if not self.part.weighted:
            return [(token, 1.0) for token in self.speech.ids(without_words(prompt))]
        return [
            (token, piece.weight)
            for piece in parse_prompt(prompt)
            for token in self.speech.ids(without_words(without_breaks(piece.text)))
        ]

    def _check_length(self, count: int) -> None:
        if count > MAX_PLACES:
            raise DiffusionError(
                f"The prompt has {count} tokens; at most {MAX_PLACES} are read.",
                "Shorten the text.",
            )

    def _every_layer(self, ids: Sequence[int]) -> Encoding:
        """The states of all layers, filled up to as many places as the family reads at least."""
        spare = max(self.part.places - len(ids), 0)
        filled = [*ids, *[self.speech.id_of(FILL) or 0] * spare]
        with torch.inference_mode():
            given = torch.tensor([filled], device=self.device)
            mask = torch.tensor([[1] * len(ids) + [0] * spare], device=self.device)
            told = {"attention_mask": mask, "use_cache": False, "output_hidden_states": True}
            answer = self.network(input_ids=given, **told)
            layers = torch.stack(answer.hidden_states[1:], dim=1).float().cpu().clone()
        return Encoding(layers[:, -1], None, layers)

    def _forward(self, ids: Sequence[int], more: Mapping[str, Any] | None = None) -> Tensor:
        """States `[1, places, D]`, float32 on the CPU."""
        with torch.inference_mode():
            given = torch.tensor([ids], device=self.device)
            answer = self.network(input_ids=given, use_cache=False, **(more or {}))
            return answer.last_hidden_state.float().cpu().clone()
