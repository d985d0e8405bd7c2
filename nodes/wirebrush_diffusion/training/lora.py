"""Training a LoRA or one of its kin on latents with texts.

trained = train_lora(model, examples, LoraSettings(rank=8), steps=200, state=Path("state.st"))
trained.save(path)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.patches.weights import Delta
from wirebrush_diffusion.training.adapters import Adapters
from wirebrush_diffusion.training.examples import Example, Order, generator_for
from wirebrush_diffusion.training.files import write_tensors
from wirebrush_diffusion.training.loop import Loop, LoopSettings, OnTrained, unheard
from wirebrush_diffusion.training.lora_layout import lora_tensors
from wirebrush_diffusion.training.objective import (
    check_trainable,
    draw_levels,
    loss_named,
    predicted,
    task,
)


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """What decides the result besides the examples and the number of steps.

    `alpha` divided by `rank` scales what is learnt; None is the rank itself. `caption_dropout` is
    the share of texts replaced by the empty one. `times`: see `objective.TIMES`.
    """

    algorithm: str = "LoRA"
    rank: int = 8
    alpha: float | None = None
    batch_size: int = 1
    seed: int = 0
    loss: str = "MSE"
    times: str = "uniform"
    caption_dropout: float = 0.0
    gradient_checkpointing: bool = False
    loop: LoopSettings = field(default_factory=LoopSettings)

    @property
    def scale_alpha(self) -> float:
        """The alpha that is meant."""
        return float(self.rank if self.alpha is None else self.alpha)


@dataclass(frozen=True, slots=True, eq=False)
class TrainedLora:
    """Tensors by the names that files have for them, what the file says of itself, the losses."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    losses: tuple[float, ...]

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_tensors(path, self.tensors, self.metadata)


@dataclass(eq=False)
class LoraTraining:
    """A training at work. While it is `attached`, the model paints with what was learnt so far."""

    model: DiffusionModel
    examples: Sequence[Example]
    settings: LoraSettings
    empty: Condition | None = None
    existing: Mapping[str, Delta] | None = None
    """The weights' changes that a LoRA file made, to go on from: see `read_lora`."""
    name: str = ""
    """Says which training a state belongs to; empty: the settings do."""

    def __post_init__(self) -> None:
        check_trainable(self.model)
        told, network = self.settings, self.model.network
        self._order = Order(self.examples, told.batch_size, told.seed)
        self._loss = loss_named(told.loss)
        self._latents = [
            self.model.latent.to_network(example.latent.float().unsqueeze(0))
            for example in self.examples
        ]
        self.adapters = (
            Adapters.new(network, told.algorithm, told.rank, told.scale_alpha, told.seed)
            if self.existing is None
            else Adapters.resumed(network, told.algorithm, self.existing)
        )
        parameters = self.adapters.parameters()
        self.loop = Loop(parameters, self.loss, told.loop, name=self.name or repr(told))

    @contextmanager
    def attached(self) -> Iterator[None]:
        """The network learns, and answers with what it learnt, while the block runs."""
        network, told = self.model.network, self.settings
        with (
            self.adapters.attached(network),
            checkpointed(network, wanted=told.gradient_checkpointing),
        ):
            yield

    def run(self, steps: int, *, state: Path | None = None, on_step: OnTrained = unheard) -> None:
        """Train until `steps` are done; see `Loop.run`."""
        with self.attached():
            self.loop.run(steps, state=state, on_step=on_step)

    def loss(self, number: int) -> Tensor:
        """The loss of batch `number`."""
        chosen = self._order.batch(number)
        generator = generator_for(self.settings.seed, "noise", number)
        levels = draw_levels(self.model.schedule, len(chosen), generator, self.settings.times)
        data = torch.cat([self._latents[place] for place in chosen])
        noise = torch.randn(data.shape, generator=generator)
        texts = [self._text(place, generator) for place in chosen]
        return self.loss_at(data, noise, levels, texts)

    def loss_at(
        self, data: Tensor, noise: Tensor, levels: Sequence[float], texts: Sequence[Condition]
    ) -> Tensor:
        """The loss for scaled latents `[N,C,h,w]` with noise of these levels."""
        device = self.model.device
        asked = task(self.model, data.to(device), noise.to(device), levels)
        return self._loss(predicted(self.model, asked.x, asked.times, texts), asked.answer)

    def trained(self, dtype: torch.dtype = torch.float32) -> TrainedLora:
        """What was learnt so far, in that precision."""
        tensors = lora_tensors(self.adapters, type(self.model.network).__name__, dtype)
        told = self.settings
        metadata = {
            "format": "pt",
            "ss_network_module": "networks.lora" if told.algorithm == "LoRA" else "lycoris.kohya",
            "ss_network_args": f'{{"algo": "{told.algorithm.lower()}"}}',
            "ss_network_dim": str(told.rank),
            "ss_network_alpha": f"{told.scale_alpha:g}",
            "ss_steps": str(self.loop.step),
            "ss_seed": str(told.seed),
            "ss_learning_rate": f"{told.loop.learning_rate:g}",
            "ss_optimizer": told.loop.optimizer,
        }
        return TrainedLora(tensors, metadata, tuple(self.loop.losses))

    def _text(self, place: int, generator: torch.Generator) -> Condition:
        text, empty = self.examples[place].condition, self.empty
        dropped = torch.rand((), generator=generator).item() < self.settings.caption_dropout
        if not dropped or empty is None or empty.context.shape != text.context.shape:
            return text
        return replace(text, context=empty.context, extra={**text.extra, **empty.extra})


def train_lora(
    model: DiffusionModel,
    examples: Sequence[Example],
    settings: LoraSettings,
    *,
    steps: int,
    empty: Condition | None = None,
    existing: Mapping[str, Delta] | None = None,
    state: Path | None = None,
    on_step: OnTrained = unheard,
) -> TrainedLora:
    """Train, and give the LoRA. The model is afterwards bit for bit what it was.

    With a `state` file a training that was stopped goes on where it was, exactly.
    """
    training = LoraTraining(model, examples, settings, empty, existing)
    training.run(steps, state=state, on_step=on_step)
    return training.trained()


@contextmanager
def checkpointed(network: Any, *, wanted: bool) -> Iterator[None]:
    """Inner answers are computed again when gradients need them: slower, and with less memory."""
    if not wanted or not getattr(network, "_supports_gradient_checkpointing", False):
        yield
        return
    network.enable_gradient_checkpointing()
    try:
        yield
    finally:
        network.disable_gradient_checkpointing()
