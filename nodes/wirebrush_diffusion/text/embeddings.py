"""Textual inversion (Gal et al. 2022): words learnt as vectors, written `embedding:name`.

Files come in two layouts: the field's (`emb_params`, or `clip_l` and `clip_g` for SDXL) and
diffusers' (one tensor under the word itself). Which tensor an encoder reads follows from its width.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.prompt import parse_prompt

MAX_TENSORS = 8
MAX_VECTORS = 75  # more do not fit into one window
_WORD = re.compile(r"embedding:([^\s,]+)")


@dataclass(frozen=True, slots=True, eq=False)
class LearnedWord:
    """A word's vectors `[n, D]`, one tensor for each encoder that knows it."""

    name: str
    vectors: tuple[Tensor, ...]

    def of_width(self, width: int) -> Tensor | None:
        """The vectors for an encoder of that width."""
        return next((v for v in self.vectors if v.shape[-1] == width), None)


def words_in(text: str) -> list[str]:
    """The names of learnt words in a text, each once."""
    plain = "\n".join(piece.text for piece in parse_prompt(text))
    return list(dict.fromkeys(_WORD.findall(plain)))


def split_words(text: str) -> list[tuple[str, str | None]]:
    """A text of one weight in parts: plain text, and then the name of the word after it."""
    parts = _WORD.split(text)
    names: Iterable[str | None] = [*parts[1::2], None]
    return list(zip(parts[::2], names, strict=True))


def without_words(text: str) -> str:
    """A text of one weight without its learnt words, for encoders that have none."""
    return _WORD.sub("", text)


def read_word(file: WeightFile) -> LearnedWord:
    """The word that a file holds."""
    names = list(file.names())
    shapes = [file.shape(name) for name in names]
    if not names or len(names) > MAX_TENSORS or any(len(shape) not in (1, 2) for shape in shapes):
        raise DiffusionError(
            f"{file.name} holds no learnt word: expected one tensor of vectors, found {len(names)} "
            f"tensors, the first {list(shapes[0]) if shapes else 'none'}.",
            "A LoRA belongs into models/loras, a checkpoint into models/checkpoints.",
        )
    vectors = [
        file.tensor(name).float().reshape(-1, shape[-1])
        for name, shape in zip(names, shapes, strict=True)
    ]
    longest = max(len(tensor) for tensor in vectors)
    if longest > MAX_VECTORS:
        raise DiffusionError(
            f"{file.name} has {longest} vectors; at most {MAX_VECTORS} can stand in a text.",
            "Is it another kind of file?",
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in vectors):
        raise DiffusionError(f"{file.name} holds numbers that are not finite.", "Get it again.")
    return LearnedWord(file.name, tuple(vectors))
