"""T2I-Adapters (Mou et al. 2023, arXiv:2302.08453): small controls that read nothing but the hint.

What they add is the same at every step, so it is worked out once per run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar
from weakref import ref

from torch import Tensor
from torch.nn.functional import interpolate

from wirebrush_diffusion.control.controlnet import Control, ControlModel, Question, pixels
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.model import DiffusionModel, Residuals

STEP = 8  # pixels per latent position


@dataclass(slots=True, eq=False)
class AdapterControl(ControlModel):
    """`network` is diffusers' `T2IAdapter`."""

    hosts: ClassVar[str] = "UNet2DConditionModel"
    _known: list[tuple[ref[Tensor], list[Tensor]]] = field(
        init=False, repr=False, default_factory=list[tuple[ref[Tensor], list[Tensor]]]
    )

    @property
    def context_width(self) -> int | None:
        return None

    def check_texts(self, host: DiffusionModel) -> None:
        """Adapters read no text; what they add must be as wide as the UNet's levels."""
        levels, own = tuple(host.config.block_out_channels), tuple(self.config.channels)
        large = self.config.adapter_type == "full_adapter_xl"
        light = self.config.adapter_type == "light_adapter"
        found = (*own, own[-1]) if light else own
        if found[: len(levels)] != levels or len(found) - len(levels) != large:
            raise DiffusionError(
                f"The T2I-Adapter is for levels {found} wide, the model's are {levels}.",
                "Choose a T2I-Adapter of the model's family.",
            )

    def read(self, control: Control, host: DiffusionModel, height: int, width: int) -> Tensor:
        hint = pixels(control.hint, height * STEP, width * STEP)
        return hint.mean(dim=1, keepdim=True) if self.config.in_channels == 1 else hint

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        features = next((known for of, known in self._known if of() is hint), None)
        if features is None:
            features = self._features(hint)
            self._known.append((ref(hint, self._forget), features))
        return Residuals(inside=[feature * control.strength for feature in features])

    def _features(self, hint: Tensor) -> list[Tensor]:
        """One tensor for each level."""
        fold = self.config.downscale_factor
        height, width = hint.shape[-2:]
        if height % fold or width % fold:
            size = (-(-height // fold) * fold, -(-width // fold) * fold)
            hint = interpolate(hint, size, mode="nearest-exact")
        return self.network(hint)

    def _forget(self, hint: ref[Tensor]) -> None:
        self._known[:] = [known for known in self._known if known[0] is not hint]
