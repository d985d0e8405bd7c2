"""Textual inversion (Gal et al. 2022): a new word for what some pictures have in common.

Only the word's vectors learn; the text encoders and the network stay as they are.

    word = WordTraining(model, reader, pictures, InversionSettings("tabby", begin="cat"))
    word.run(500, state=Path("state.safetensors"))
    word.trained().save(Path("models/embeddings/tabby.safetensors"))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.lean import forget_texts
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.text.embeddings import MAX_VECTORS, LearnedWord, words_in
from wirebrush_diffusion.text.encoder import TextEncoder
from wirebrush_diffusion.text.reading import Reader
from wirebrush_diffusion.training.examples import Example, Order, generator_for
from wirebrush_diffusion.training.files import write_tensors
from wirebrush_diffusion.training.loop import Loop, LoopSettings, OnTrained, unheard
from wirebrush_diffusion.training.objective import (
    check_trainable,
    draw_levels,
    loss_named,
    predicted,
    task,
)

Layout = Literal["emb_params", "diffusers"]
"""How files name the vectors: as the field does (`emb_params`, `clip_l` and `clip_g` where there
are two encoders), or under the word itself, as diffusers does."""


class Captioned(NamedTuple):
    """A picture's latent `[C,h,w]`, unscaled, and its caption with `embedding:word` in it."""

    latent: Tensor
    caption: str


@dataclass(frozen=True, slots=True)
class InversionSettings:
    """The word, how many vectors it has, and the text whose first token they begin as."""

    word: str
    vectors: int = 4
    begin: str = "a"
    batch_size: int = 1
    seed: int = 0
    loss: str = "MSE"
    times: str = "uniform"
    loop: LoopSettings = field(default_factory=lambda: LoopSettings(learning_rate=5e-3))


@dataclass(frozen=True, slots=True, eq=False)
class TrainedWord:
    """A word's vectors `[n,D]` by the role of the text encoder that reads them."""

    word: str
    vectors: Mapping[str, Tensor]
    losses: tuple[float, ...]

    def tensors(self, layout: Layout = "emb_params") -> dict[str, Tensor]:
        """By the names that files have."""
        if len(self.vectors) > 1:
            return {f"clip_{role}": tensor for role, tensor in self.vectors.items()}
        (only,) = self.vectors.values()
        return {"emb_params" if layout == "emb_params" else f"<{self.word}>": only}

    def save(self, path: Path, layout: Layout = "emb_params") -> None:
        """Write the file, whole or not at all."""
        write_tensors(path, self.tensors(layout), {"format": "pt"})


@dataclass(eq=False)
class WordTraining:
    """A training at work: see the module."""

    model: DiffusionModel
    reader: Reader
    pictures: Sequence[Captioned]
    settings: InversionSettings

    def __post_init__(self) -> None:
        check_trainable(self.model)
        told = self.settings
        _check(self.pictures, told)
        encoders = {
            role: part for role, part in self.reader.parts.items() if isinstance(part, TextEncoder)
        }
        if not encoders:
            raise DiffusionError(
                "This model's text encoders can learn no words.", "Train a LoRA instead."
            )
        self._vectors = {
            role: nn.Parameter(_beginning(encoder, told.begin).repeat(told.vectors, 1))
            for role, encoder in encoders.items()
        }
        self._loss = loss_named(told.loss)
        self._latents = [
            self.model.latent.to_network(picture.latent.float().unsqueeze(0))
            for picture in self.pictures
        ]
        same = Condition(torch.zeros(1, 1, 1))
        examples = [Example(picture.latent, same) for picture in self.pictures]
        self._order = Order(examples, told.batch_size, told.seed)
        self.loop = Loop(self._vectors, self.loss, told.loop, name=repr(told))

    @property
    def word(self) -> LearnedWord:
        """The word as it is now, for `Reader.knowing`."""
        return LearnedWord(self.settings.word, tuple(self._vectors.values()))

    def run(self, steps: int, *, state: Path | None = None, on_step: OnTrained = unheard) -> None:
        """Train until `steps` are done; see `Loop.run`."""
        try:
            self.loop.run(steps, state=state, on_step=on_step)
        finally:
            forget_texts(self.model.network)

    def loss(self, number: int) -> Tensor:
        """The loss of batch `number`."""
        told = self.settings
        chosen = self._order.batch(number)
        generator = generator_for(told.seed, "noise", number)
        levels = draw_levels(self.model.schedule, len(chosen), generator, told.times)
        data = torch.cat([self._latents[place] for place in chosen])
        noise = torch.randn(data.shape, generator=generator)
        return self.loss_at(data, noise, levels, [self.pictures[place].caption for place in chosen])

    def loss_at(
        self, data: Tensor, noise: Tensor, levels: Sequence[float], captions: Sequence[str]
    ) -> Tensor:
        """The loss for scaled latents `[N,C,h,w]` with noise of these levels."""
        device = self.model.device
        asked = task(self.model, data.to(device), noise.to(device), levels)
        with self.reader.knowing({self.settings.word: self.word}):
            texts = [self._condition(caption, data.shape) for caption in captions]
        return self._loss(predicted(self.model, asked.x, asked.times, texts), asked.answer)

    def trained(self) -> TrainedWord:
        """What was learnt so far."""
        vectors = {role: rows.detach().cpu().clone() for role, rows in self._vectors.items()}
        return TrainedWord(self.settings.word, vectors, tuple(self.loop.losses))

    def _condition(self, caption: str, shape: Sequence[int]) -> Condition:
        encoding = self.reader.encode(caption)
        extra = self.model.inputs(encoding.pooled, {}, (1, *shape[1:]))
        return Condition(encoding.context, extra)


def _check(pictures: Sequence[Captioned], told: InversionSettings) -> None:
    if not 1 <= told.vectors <= MAX_VECTORS:
        raise DiffusionError(
            f"A word can have 1 to {MAX_VECTORS} vectors, not {told.vectors}.", "4 are usual."
        )
    silent = [picture.caption for picture in pictures if told.word not in words_in(picture.caption)]
    if silent:
        raise DiffusionError(
            f"The word is not in {len(silent)} of {len(pictures)} captions: {silent[0][:60]!r}.",
            f"Write embedding:{told.word} where it belongs.",
        )


def _beginning(encoder: TextEncoder, text: str) -> Tensor:
    """The vector `[1,D]` of the text's first token, float32."""
    token = encoder.tokenizer.windows(text)[0].ids[1]
    embedding = encoder.network.get_submodule("embeddings.token_embedding")
    rows = embedding.get_parameter("weight")
    return rows[token : token + 1].detach().clone().float()
