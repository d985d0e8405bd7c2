"""What networks should answer, for every kind of prediction."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import DiscreteSchedule, FlowSchedule
from wirebrush_diffusion.training.objective import LOSSES, TIMES, draw_levels, loss_named, task

SCHEDULES: dict[Prediction, Any] = {
    kind: FlowSchedule(shift=3.0) if kind is Prediction.FLOW else DiscreteSchedule.from_betas()
    for kind in Prediction
}


@pytest.mark.parametrize("kind", Prediction)
def test_the_right_answer_denoises_exactly(kind: Prediction) -> None:
    schedule = SCHEDULES[kind]
    model: Any = SimpleNamespace(prediction=kind, schedule=schedule)
    data, noise = torch.randn(5, 4, 6, 6), torch.randn(5, 4, 6, 6)
    table = schedule.sigmas
    levels = [table[place] for place in (0, 10, 400, 900, 999)]

    x, times, answer = task(model, data, noise, levels)

    for row, sigma in enumerate(levels):
        noisy = kind.noised(data[row], noise[row], sigma)
        scaling = kind.scaling(sigma)
        assert (x[row] - scaling.input * noisy).abs().max() <= 1e-5 * max(1.0, noisy.abs().max())
        denoised = scaling.denoised(noisy.double(), answer[row].double())
        assert (denoised - data[row]).abs().max() <= 1e-4 * max(1.0, sigma)
        assert times[row].item() == pytest.approx(schedule.timestep(sigma))


def test_the_usual_answers_by_their_usual_formulas() -> None:
    data, noise = torch.randn(1, 4, 6, 6), torch.randn(1, 4, 6, 6)

    def answer(kind: Prediction, sigma: float) -> torch.Tensor:
        model: Any = SimpleNamespace(prediction=kind, schedule=SCHEDULES[kind])
        return task(model, data, noise, [sigma]).answer

    alpha = 1 / (1 + 0.7**2) ** 0.5
    assert torch.allclose(answer(Prediction.EPS, 0.7), noise, atol=1e-6)
    assert torch.allclose(answer(Prediction.FLOW, 0.7), noise - data, atol=1e-6)
    velocity = alpha * noise - 0.7 * alpha * data
    assert torch.allclose(answer(Prediction.V, 0.7), velocity, atol=1e-6)
    assert torch.allclose(answer(Prediction.X0, 0.7), data, atol=1e-6)


@pytest.mark.parametrize("times", TIMES)
def test_levels_are_spread_over_the_whole_schedule(times: str) -> None:
    schedule = DiscreteSchedule.from_betas()
    levels = draw_levels(schedule, 2000, torch.Generator().manual_seed(0), times)
    places = torch.tensor([schedule.timestep(level) for level in levels]) / 999

    middle = ((places > 0.25) & (places < 0.75)).float().mean()
    assert middle == pytest.approx(0.5 if times == "uniform" else 0.73, abs=0.02)
    assert places.min() < 0.06
    assert places.max() > 0.94


def test_losses_by_name() -> None:
    one, two = torch.tensor([0.0, 0.0]), torch.tensor([2.0, 0.0])
    found = {name: loss_named(name)(one, two).item() for name in LOSSES}
    assert found == {"MSE": 2.0, "L1": 1.0, "Huber": 0.75, "SmoothL1": 0.75}
    with pytest.raises(DiffusionError, match="no loss 'L0'"):
        loss_named("L0")
