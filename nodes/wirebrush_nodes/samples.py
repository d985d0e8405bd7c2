"""Samples of a training: what the model by now makes of a text, painted if somebody looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from wirebrush.api import Model, Run
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.samplers import Step
from wirebrush_diffusion.sampling import sample
from wirebrush_nodes.live import preview_of

SAMPLE_STEPS, SAMPLE_CFG = 12, 4.0
Sides: TypeAlias = tuple[Condition, Condition | None]
"""The text of the samples, and the empty one."""


@dataclass(eq=False)
class Samples:
    """Painted by the training itself between two steps, because it changes the network; made into
    a picture beside it, when `look` is asked.

    `shape` is one latent's, `[C,h,w]`; the noise is always that of the seed.
    """

    network: DiffusionModel
    handle: Model
    sides: Sides
    shape: torch.Size
    seed: int
    run: Run
    every: int
    _looked: bool = field(init=False, default=False)
    _due: bool = field(init=False, default=False)
    _newest: Tensor | None = field(init=False, default=None)

    def step(self, number: int) -> None:
        """After each step of the training: paint, if it is time and somebody looks."""
        self._due = self._due or number % self.every == 0
        if self._due and self._looked:
            self._due = False
            self._newest = self._painted()

    def look(self) -> bytes | None:
        """The newest sample as a picture; None if that was seen already. In any thread."""
        self._looked = True
        newest, self._newest = self._newest, None
        return None if newest is None else preview_of(self.network, self.handle, newest, self.run)

    def _painted(self) -> Tensor:
        """Scaled for the network."""
        text, empty = self.sides

        def checked(step: Step) -> None:
            self.run.check()

        latent = sample(
            self.network,
            torch.zeros(1, *self.shape),
            [text],
            [] if empty is None else [empty],
            seed=self.seed,
            steps=SAMPLE_STEPS,
            cfg=1.0 if empty is None else SAMPLE_CFG,
            sampler="dpmpp_2m",
            on_step=checked,
        )
        return self.network.latent.to_network(latent)
