"""The scheduler nodes: SIGMAS as the field has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from wirebrush.api import NodeError
from wirebrush_nodes.latent import empty_latent_image
from wirebrush_nodes.model_schedulers import ltxv_scheduler
from wirebrush_nodes.schedulers import (
    align_your_steps_scheduler,
    exponential_scheduler,
    gits_scheduler,
    karras_scheduler,
    laplace_scheduler,
    optimal_steps_scheduler,
    polyexponential_scheduler,
    vp_scheduler,
)

ALL: dict[str, Callable[[int], torch.Tensor]] = {
    "KarrasScheduler": karras_scheduler,
    "ExponentialScheduler": exponential_scheduler,
    "PolyexponentialScheduler": lambda steps: polyexponential_scheduler(steps, rho=2.0),
    "VPScheduler": vp_scheduler,
    "AlignYourStepsScheduler": lambda steps: align_your_steps_scheduler("SDXL", steps),
    "OptimalStepsScheduler": lambda steps: optimal_steps_scheduler("Wan", steps),
    "GITSScheduler": lambda steps: gits_scheduler(1.0, steps),
    "LTXVScheduler": ltxv_scheduler,
    "LaplaceScheduler": lambda steps: laplace_scheduler(steps + 1),  # which ends above 0
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("steps", [3, 10, 33])
def test_sigmas_are_a_row_of_float32_that_descends(name: str, steps: int) -> None:
    sigmas = ALL[name](steps)

    assert sigmas.dtype == torch.float32
    assert sigmas.shape == (steps + 1,)
    assert (sigmas[:-1] >= sigmas[1:]).all()
    assert (float(sigmas[-1]) == 0.0) == (name != "LaplaceScheduler")


@pytest.mark.parametrize(
    "schedule",
    [
        lambda denoise: align_your_steps_scheduler("SD1", 10, denoise),
        lambda denoise: optimal_steps_scheduler("FLUX", 10, denoise),
        lambda denoise: gits_scheduler(1.2, 10, denoise),
    ],
)
def test_less_denoising_is_the_end(schedule: Callable[[float], torch.Tensor]) -> None:
    assert torch.equal(schedule(0.3), schedule(1.0)[-4:])
    assert len(schedule(0.0)) == 0


def test_a_latent_says_how_large_it_is() -> None:
    small, large = (empty_latent_image(side, side, 1) for side in (256, 512))

    assert torch.equal(ltxv_scheduler(10, latent=large), ltxv_scheduler(10))
    assert (ltxv_scheduler(10, latent=small)[1:-2] < ltxv_scheduler(10)[1:-2]).all()


def test_what_cannot_be_spaced_is_said_at_its_input() -> None:
    with pytest.raises(NodeError, match="levels above 0 only") as caught:
        exponential_scheduler(10, 14.6, 0.0)
    assert caught.value.port == "sigma_min"
    with pytest.raises(NodeError, match="rho is 0") as caught:
        karras_scheduler(10, rho=0.0)
    assert caught.value.port == "rho"
