"""Nothing in a loop asks a tensor for its value, so that no device is ever waited for.

Tensors on the meta device have no values: whoever asks for one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.guide import guided
from wirebrush_diffusion.guidance.rules import (
    CfgNorm,
    CfgZeroStar,
    DynamicThresholding,
    EpsilonScaling,
    FrameRamp,
    Mahiro,
    Moment,
    ProjectedGuidance,
    RenormCfg,
    RescaleCfg,
    Rule,
    TangentialDamping,
)
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.schedules import DiscreteSchedule
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.samplers.space import DIFFUSION, FLOW, Space
from wirebrush_diffusion.samplers.step import Step, silent
from wirebrush_diffusion.sampling import sample

X = torch.empty((2, 4, 8, 8), device="meta")


@pytest.mark.parametrize("space", [DIFFUSION, FLOW], ids=["diffusion", "flow"])
@pytest.mark.parametrize("name", sorted(set(SAMPLERS) - {"dpm_adaptive"}))
def test_no_sampler_waits(name: str, space: Space) -> None:
    """But dpm_adaptive, which must look at its error."""

    def model(x: Tensor, sigma: float) -> Tensor:
        return torch.empty_like(x)

    sigmas = [1.0, 0.8, 0.5, 0.3, 0.1, 0.0]
    result = SAMPLERS[name].function(
        model, X, sigmas, on_step=silent, noise=lambda sigma, after: X.clone(), space=space
    )
    assert result.is_meta
    assert result.shape == X.shape


RULES: list[Rule] = [
    Rule(),
    RescaleCfg(),
    RenormCfg(),
    DynamicThresholding(),
    FrameRamp(),
    CfgZeroStar(),
    CfgNorm(),
    TangentialDamping(),
    ProjectedGuidance(momentum=0.5),
    Mahiro(),
    EpsilonScaling(),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_no_rule_waits(rule: Rule) -> None:
    moment = Moment(X, 2.0, 5.0, X.clone(), X.clone(), DiscreteSchedule.from_betas())
    result = guided(moment, [rule.begun()], lambda *asked: X)
    assert result.is_meta


WAITS = ("aten::_local_scalar_dense", "aten::item", "aten::is_nonzero", "aten::equal")


class Listening(TorchDispatchMode):
    """Hears every question for a value, once it listens."""

    def __init__(self) -> None:
        super().__init__()
        self.listens = False
        self.heard: list[str] = []

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        name = str(getattr(func, "name", lambda: "")())
        if self.listens and name.startswith(WAITS):
            self.heard.append(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", ["euler", "euler_ancestral", "dpmpp_2m", "dpmpp_2m_sde", "heun"])
def test_no_step_of_a_whole_run_waits(name: str, tiny: Any) -> None:
    """Guidance, batching and the network included, from the first step to the last."""
    texts = [Condition(torch.randn(1, 7, 64)), Condition(torch.randn(1, 14, 64))]
    listening = Listening()

    def on_step(step: Step) -> None:
        listening.listens = step.index < step.total - 1

    with listening:
        sample(
            DiffusionModel(tiny.unet), torch.zeros(1, 4, 8, 8), texts[:1], texts[1:],
            seed=1, steps=4, cfg=4.0, sampler=name, on_step=on_step,
        )  # fmt: skip
    assert listening.heard == []


@pytest.mark.parametrize("space", [DIFFUSION, FLOW], ids=["diffusion", "flow"])
@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_what_was_reported_is_not_changed_afterwards(name: str, space: Space) -> None:
    """Previews look at it in another thread."""
    torch.manual_seed(0)
    seen: list[tuple[Tensor, Tensor]] = []
    SAMPLERS[name].function(
        lambda x, sigma: x.mul(0.5).add(0.1),
        torch.randn(1, 4, 8, 8),
        [0.99, 0.8, 0.5, 0.3, 0.1, 0.0],
        on_step=lambda step: seen.append((step.denoised, step.denoised.clone())),
        noise=lambda sigma, after: torch.ones(1, 4, 8, 8),
        space=space,
    )
    assert seen
    assert all(torch.equal(now, then) for now, then in seen)
