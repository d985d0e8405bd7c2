"""Blocks compiled beside the work: same numbers, and nobody waits."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from small_card import SmallCard
from tiny_families import flux_parts
from torch import Tensor

from wirebrush_diffusion.compiling import (
    Compiled,
    compilation_of,
    compiler_problem,
    repeated_blocks,
)
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.memory.plans import Portion
from wirebrush_diffusion.memory.using import placed
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.patches.weights import WeightPatch
from wirebrush_diffusion.samplers import Step
from wirebrush_diffusion.samplers.step import silent
from wirebrush_diffusion.sampling import sample


class Compiler:
    """A backend that computes what it was given, once it may, and counts."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.graphs = 0
        self.calls = 0

    def __call__(self, graph: Any, examples: Any) -> Callable[..., Any]:
        assert self.may.wait(600)
        self.graphs += 1

        def compiled(*args: Any) -> Any:
            self.calls += 1
            return graph.forward(*args)

        return compiled


class Full:
    """A change of every weight by one."""

    def dense(self, like: Tensor) -> Tensor:
        return torch.ones_like(like)


@pytest.fixture
def model(tiny: Any) -> DiffusionModel:
    return DiffusionModel(deepcopy(tiny.unet))


@pytest.fixture
def texts() -> list[Condition]:
    torch.manual_seed(3)
    return [Condition(torch.randn(1, 7, 64)), Condition(torch.randn(1, 7, 64))]


def painted(
    model: DiffusionModel, texts: list[Condition], on_step: Callable[[Step], None] = silent
) -> Tensor:
    return sample(
        model, torch.zeros(1, 4, 8, 8), texts[:1], texts[1:], seed=1, steps=3, cfg=4.0,
        on_step=on_step,
    )  # fmt: skip


def close(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() <= 1e-5 * other.abs().max())


@pytest.mark.timeout(900)
def test_the_work_goes_on_while_it_is_compiled(
    model: DiffusionModel, texts: list[Condition]
) -> None:
    expected = painted(model, texts)
    compiler = Compiler()
    compilation = compilation_of(model.network, compiler)
    with Compiled(compiler).on(model.network):
        assert close(painted(model, texts), expected), "although the compiler has not begun"
        assert (compiler.graphs, compilation.calls) == (0, 0)
        compiler.may.set()
        assert compilation.wait(600), compilation.problem
        assert not compilation.problem
        assert close(painted(model, texts), expected)
        assert compiler.graphs > 0
        assert compilation.calls > 0
        assert compiler.calls > compiler.graphs, "code that is there is used"
    before = compiler.calls
    assert torch.equal(painted(model, texts), expected), "outside nothing is left of it"
    assert compiler.calls == before


@pytest.mark.timeout(900)
def test_patched_weights_are_seen_by_compiled_blocks(
    model: DiffusionModel, texts: list[Condition]
) -> None:
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
    patches = [WeightPatch("style", {name: Full()}, 0.5)]
    model.patches.apply(patches)
    styled = painted(model, texts)
    model.patches.remove()
    with Compiled("eager").on(model.network):
        painted(model, texts)
        assert compilation_of(model.network, "eager").wait(600)
        model.patches.apply(patches)
        assert close(painted(model, texts), styled)


@pytest.mark.timeout(900)
def test_what_cannot_be_compiled_computes_as_it_is(
    model: DiffusionModel, texts: list[Condition]
) -> None:
    def broken(graph: Any, examples: Any) -> Any:
        raise RuntimeError("no such luck\nand more")

    expected = painted(model, texts)
    with Compiled(broken).on(model.network):
        painted(model, texts)
        compilation = compilation_of(model.network, broken)
        assert compilation.wait(600)
        assert "cannot be compiled" in compilation.problem
        assert close(painted(model, texts), expected)


@pytest.mark.timeout(900)
def test_weights_that_come_and_go_are_not_compiled(
    model: DiffusionModel, texts: list[Condition]
) -> None:
    expected = painted(model, texts)
    (placement,) = model.placements
    card = SmallCard(placement.weight // 2 + 600_000, model)
    with (
        Compiled("eager").on(model.network),
        placed(card, [model], Portion(2, 500_000, 1.0)),
    ):
        assert placement.streaming
        assert close(painted(model, texts), expected)
        compilation = compilation_of(model.network, "eager")
        assert compilation.wait(600)
        assert compilation.calls == 0


@pytest.mark.timeout(900)
@pytest.mark.skipif(compiler_problem("inductor", "cpu") != "", reason="no C++ compiler")
def test_inductor(model: DiffusionModel, texts: list[Condition]) -> None:
    expected = painted(model, texts)
    blocks = [b for b in repeated_blocks(model.network) if "Transformer" in type(b).__name__]
    block: Any = blocks[0]
    compilation = compilation_of(model.network, "inductor")
    x, text = torch.randn(2, 16, block.norm1.normalized_shape[0]), torch.randn(2, 7, 64)
    longest = 0.0
    with Compiled("inductor").on(model.network), torch.inference_mode():
        reference = type(block).forward(block, x, encoder_hidden_states=text)
        began = time.monotonic()
        while True:
            started = time.monotonic()
            answer = block(x, encoder_hidden_states=text)
            longest = max(longest, time.monotonic() - started)
            assert close(answer, reference)
            if compilation.wait(0.2):
                break
        took = time.monotonic() - began
        assert not compilation.problem
        assert close(block(x, encoder_hidden_states=text), reference)
        assert compilation.calls > 0
    assert longest < max(0.5 * took, 20.0), "one call, the longest, did not wait for the compiler"
    assert torch.equal(painted(model, texts), expected)


def test_the_blocks_of_transformers_are_found() -> None:
    network = flux_parts()["transformer"]
    kinds = {type(block).__name__ for block in repeated_blocks(network)}
    assert kinds == {"FluxTransformerBlock", "FluxSingleTransformerBlock"}
    with pytest.raises(DiffusionError, match="no repeated blocks"):
        repeated_blocks(torch.nn.Linear(2, 2))


def test_a_missing_compiler_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "needs a C++ compiler" in compiler_problem("inductor", "cpu")
    assert "needs an NVIDIA card" in compiler_problem("cudagraphs", "cpu")
    assert compiler_problem("eager", "cpu") == ""
