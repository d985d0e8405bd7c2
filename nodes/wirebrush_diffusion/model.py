"""A diffusion network with what must be known to sample from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from wirebrush_diffusion.denoiser import Prediction
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latents import LatentFormat
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.patches import PatchedWeights
from wirebrush_diffusion.schedules import DiscreteSchedule, NoiseSchedule


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """What ControlNets add inside a UNet: one tensor per skip connection, one for the middle."""

    down: Sequence[Tensor]
    middle: Tensor

    def __add__(self, other: Residuals) -> Residuals:
        down = [mine + theirs for mine, theirs in zip(self.down, other.down, strict=True)]
        return Residuals(down, self.middle + other.middle)


@dataclass(slots=True, eq=False)
class DiffusionModel(Loaded):
    """`network` is diffusers' `UNet2DConditionModel`; families with other networks subclass this.

    Weights are changed only through `patches`, which can take every change back exactly.
    """

    network: nn.Module
    prediction: Prediction = Prediction.EPS
    schedule: NoiseSchedule = field(default_factory=DiscreteSchedule.from_betas)
    latent: LatentFormat = field(default_factory=LatentFormat)
    patches: PatchedWeights = field(init=False)

    def __post_init__(self) -> None:
        self.freeze()
        reads = self.config.in_channels
        if reads != self.latent.channels:
            raise DiffusionError(
                f"The network reads {reads} channels, its latents have {self.latent.channels}: "
                "it is a model for inpainting, editing or another latent space.",
                "Such models are not run yet. Any model can inpaint with SetLatentNoiseMask.",
            )
        self.patches = PatchedWeights(self.network)

    def predict(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor] | None = None,
        residuals: Residuals | None = None,
    ) -> Tensor:
        """The raw prediction, float32.

        `x` `[N,C,h,w]` already scaled, `timestep` `[N]`, `context` `[N,T,D]`; `extra` holds what a
        family's network wants besides (SDXL: `text_embeds`, `time_ids`).
        """
        output = self.network(
            x,
            timestep,
            encoder_hidden_states=context,
            added_cond_kwargs=dict(extra) if extra else None,
            down_block_additional_residuals=tuple(residuals.down) if residuals else None,
            mid_block_additional_residual=residuals.middle if residuals else None,
            return_dict=False,
        )[0]
        return output.float()
