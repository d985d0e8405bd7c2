"""A training goes on where it was stopped, and ends when its clock has run out."""

from pathlib import Path

import torch
from torch import Tensor, nn

from wirebrush_postcards.loop import Loop
from wirebrush_postcards.optimizer import Clock


def toy(out: Path, seconds: float) -> tuple[Loop, nn.Parameter]:
    weight = nn.Parameter(torch.full((3,), 4.0))
    adam = torch.optim.AdamW([weight], lr=0.05)
    return Loop([adam], weight.detach, Clock(seconds), out, save_every=0.05), weight


def loss_of(weight: Tensor) -> Tensor:
    return weight.square().mean()


def test_it_learns_and_keeps_its_state(tmp_path: Path) -> None:
    loop, weight = toy(tmp_path / "toy.pt", 0.2)
    assert loop.resume() is None
    loop.run(lambda: loss_of(weight))
    assert loop.step > 0
    assert loss_of(weight.detach()) < 16

    again, fresh = toy(tmp_path / "toy.pt", 0.2)
    assert torch.equal(again.resume(), weight.detach())
    assert (again.step, again.clock.spent) == (loop.step, loop.clock.spent)
    again.run(lambda: loss_of(fresh))
    assert again.step == loop.step, "the clock has run out"


def test_a_larger_budget_goes_on(tmp_path: Path) -> None:
    loop, weight = toy(tmp_path / "toy.pt", 0.05)
    loop.run(lambda: loss_of(weight))
    longer, other = toy(tmp_path / "toy.pt", loop.clock.spent + 0.05)
    other.data.copy_(longer.resume())
    longer.run(lambda: loss_of(other))
    assert longer.step > loop.step
