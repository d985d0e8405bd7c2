"""Controls against diffusers' pipelines: networks that have learnt something, and runs."""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.files.checkpoint import Parts
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas

SEED, SIDE, CFG, STEPS, STRENGTH = 3, 64, 4.0, 4, 0.7
PROMPT, NEGATIVE = "a red house", "fog"
HINT = torch.rand((1, SIDE, SIDE, 3), generator=torch.Generator().manual_seed(5))


def taught(network: nn.Module, seed: int = 2, much: float = 0.02) -> Any:
    """Its outputs start as zeros; make them matter."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(much * torch.randn(parameter.shape, generator=generator))
    return network.eval()


def steered_pipeline(cls: Any, pipe: Any, **more: Any) -> Any:
    """Another pipeline around the parts of one."""
    known = inspect.signature(cls.__init__).parameters
    parts = {part: found for part, found in pipe.components.items() if part in known}
    made = cls(**parts, **more)
    made.set_progress_bar_config(disable=True)
    return made


def start(channels: int = 4, side: int = SIDE) -> Tensor:
    """Noise to start from."""
    return initial_noise(torch.zeros((1, channels, side // 8, side // 8)), SEED)


def steered(
    parts: Parts,
    noise: Tensor,
    sigmas: list[float],
    *controls: Control,
    cfg: float = CFG,
    options: dict[str, Any] | None = None,
    negative_controls: tuple[Control, ...] | None = None,
) -> Tensor:
    """Our latent as the network sees it, at the end of a run with these controls."""
    sides: list[list[Condition]] = []
    for text, negative in ((PROMPT, False), (NEGATIVE, True)):
        said = parts.text_encoder.encode(text)
        extra = parts.model.inputs(said.pooled, options or {}, noise.shape, negative=negative)
        given = controls if not negative or negative_controls is None else negative_controls
        sides.append([Condition(said.context, extra, controls=given)])
    pure = math.isclose(sigmas[0], parts.model.schedule.sigmas[-1], rel_tol=1e-5)
    latent = sample_sigmas(
        parts.model,
        torch.zeros_like(noise),
        noise * (1.0 if pure else math.sqrt(sigmas[0] ** 2 + 1) / sigmas[0]),
        *sides,
        sigmas,
        sampler=SAMPLERS["euler"],
        seed=SEED,
        cfg=cfg,
    )
    return parts.model.latent.to_network(latent)
