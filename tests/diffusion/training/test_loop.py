"""A training that was stopped, anywhere, ends with the same bits as one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.training.examples import generator_for
from wirebrush_diffusion.training.loop import DECAYS, OPTIMIZERS, Loop, LoopSettings


def loop(settings: LoopSettings | None = None, name: str = "line") -> Loop:
    """Learns a line from noisy points."""
    parameters = {
        "slope": nn.Parameter(torch.tensor([0.5, -0.5])),
        "unused": nn.Parameter(torch.ones(1)),
    }

    def loss(number: int) -> Tensor:
        x = torch.randn(4, 2, generator=generator_for(3, number))
        return ((x @ parameters["slope"] - x.sum(1)) ** 2).mean()

    return Loop(parameters, loss, settings or LoopSettings(learning_rate=0.01), name=name)


class Stopped(Exception):
    """Somebody cancelled."""


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("accumulated", [1, 3])
def test_two_halves_are_the_whole(tmp_path: Path, optimizer: str, accumulated: int) -> None:
    settings = LoopSettings(optimizer, 0.01, accumulated)
    whole = loop(settings)
    whole.run(20)
    state = tmp_path / "state.safetensors"

    loop(settings).run(7, state=state)
    halves = loop(settings)
    halves.run(20, state=state)

    assert halves.losses == whole.losses
    for name, parameter in whole.parameters.items():
        assert torch.equal(parameter, halves.parameters[name])
    assert whole.losses[-1] < whole.losses[0]


@given(decay=st.sampled_from(sorted(DECAYS)), warmup=st.integers(0, 30), steps=st.integers(1, 60))
def test_the_learning_rate_rises_then_falls_to_nothing(decay: str, warmup: int, steps: int) -> None:
    settings = LoopSettings(learning_rate=0.01, decay=decay, decay_steps=steps, warmup=warmup)

    rates = [settings.rate(step) for step in range(max(steps, warmup) + 1)]

    assert rates[:warmup] == sorted(rates[:warmup])
    assert all(0.0 <= rate <= 0.01 for rate in rates)
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    if decay == "constant":
        assert set(rates[warmup:]) == {0.01}
    elif steps > warmup:
        assert rates[warmup] == 0.01
        assert rates[steps] == pytest.approx(0.0, abs=1e-9)


def test_steps_follow_the_learning_rate(tmp_path: Path) -> None:
    """Plain gradient descent moves by the rate times the gradient; halves are the whole."""
    settings = LoopSettings("SGD", 0.01, clip=0.0, decay="linear", decay_steps=10, warmup=2)
    whole, plain = loop(settings), loop(LoopSettings("SGD", 0.01, clip=0.0))
    before = whole.parameters["slope"].detach().clone()

    whole.run(1)
    plain.run(1)

    moved = whole.parameters["slope"] - before
    assert torch.allclose(moved, (plain.parameters["slope"] - before) / 2, atol=1e-7)
    whole.run(10)
    loop(settings).run(4, state=tmp_path / "state.safetensors")
    halves = loop(settings)
    halves.run(10, state=tmp_path / "state.safetensors")
    assert halves.losses == whole.losses
    with pytest.raises(DiffusionError, match="no course of the learning rate 'wild'"):
        loop(LoopSettings(decay="wild"))


def test_who_stops_it_loses_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    whole = loop()
    whole.run(12)

    def stop(step: int, loss: float) -> None:
        if step == 5:
            raise Stopped

    with pytest.raises(Stopped):
        loop().run(12, state=state, on_step=stop)
    heard: list[int] = []
    again = loop()
    again.run(12, state=state, on_step=lambda step, loss: heard.append(step))

    assert heard == list(range(6, 13))
    assert again.losses == whole.losses


KILLED = """
import sys, time
sys.path[:0] = {paths!r}
from pathlib import Path
import wirebrush_diffusion.training.loop as module
from test_loop import loop
module.SAVE_SECONDS, module.SAVE_SHARE = 0.0, 1e9
def slowly(step, loss):
    print(step, flush=True)
    time.sleep(0.01)
loop().run(29, state=Path({state!r}), on_step=slowly)
time.sleep(600)  # whoever kills it may be late
"""


def test_a_kill_at_any_moment_leaves_a_whole_state(tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    code = KILLED.format(paths=[str(Path(__file__).parent), *sys.path], state=str(state))
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() not in ("8", ""):
            pass
        process.send_signal(signal.SIGKILL)
    whole = loop()
    whole.run(30)

    again = loop()
    again.resume(state, 30)
    begun = again.step
    again.run(30)

    assert 7 <= begun < 30
    assert again.losses == whole.losses
    assert torch.equal(again.parameters["slope"], whole.parameters["slope"])


def test_a_state_that_is_of_no_use_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    loop().run(9, state=state)
    fewer = loop()
    fewer.run(4, state=state)
    plain = loop()
    plain.run(4)
    assert fewer.losses == plain.losses

    state.write_bytes(state.read_bytes()[:100])
    damaged = loop()
    damaged.run(4, state=state)
    assert damaged.losses == plain.losses

    more = Loop({"slope": nn.Parameter(torch.ones(3))}, loop().loss, LoopSettings(), "line")
    loop().run(4, state=state)
    more.resume(state, 4)
    assert more.step == 0
    with pytest.raises(DiffusionError, match="state of another training"):
        loop(name="circle").run(4, state=state)


def test_what_cannot_go_well_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiffusionError, match="no optimiser 'Lion'"):
        loop(LoopSettings("Lion"))
    state = tmp_path / "state.safetensors"
    wild = loop(LoopSettings("SGD", 1e38, clip=0.0))
    with pytest.raises(DiffusionError, match=r"come apart: the loss of step \d is"):
        wild.run(50, state=state)
    assert not state.exists()
