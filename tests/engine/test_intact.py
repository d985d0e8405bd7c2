"""A node that writes into its inputs is told so, and the cache keeps no changed values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from wirebrush.api import Latent
from wirebrush.engine.intact import Intact

NODES = """
import torch

@node(id="Zeros", category="t")
def zeros() -> Image:
    LOG.append("Zeros")
    return torch.zeros(2, 2)

@node(id="Spoil", category="t")
def spoil(image: Image) -> Image:
    return image.add_(1)

@node(id="Latent0", category="t")
def latent0() -> Latent:
    return Latent(torch.zeros(1, 4, 2, 2))

@node(id="SpoilLatent", category="t")
async def spoil_latent(latent: Latent) -> Latent:
    latent.samples[0] = 7
    return latent

@node(id="Sum", category="t")
def total(image: Image, *, run: Run) -> None:
    run.show_text(str(float(image.sum())))
"""


def test_the_node_is_named_and_the_value_is_made_anew(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(NODES)
    job = bench.run({"1": ("Zeros", {}), "2": ("Spoil", {"image": ["1", 0]})}, "2")
    assert job.state == "failed"
    (problem,) = job.finished.problems
    assert (problem.node, problem.port) == ("2", "image")
    assert "changed its input 'image' in place" in problem.message
    assert "image.clone()" in problem.hint
    again = bench.run({"1": ("Zeros", {}), "3": ("Sum", {"image": ["1", 0]})}, "3")
    assert again.texts == {"3": ["0.0"]}
    assert "1" in again.ran, "the changed tensor was not taken for the result of Zeros"


def test_records_and_async_nodes_are_watched_too(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(NODES)
    job = bench.run({"1": ("Latent0", {}), "2": ("SpoilLatent", {"latent": ["1", 0]})}, "2")
    assert [item[:2] for item in job.problems] == [("node_error", "2")]


@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: [t], lambda t: {"k": (t,)}, Latent])
def test_tensors_are_found_wherever_they_are(wrap: Callable[[torch.Tensor], Any]) -> None:
    tensor = torch.zeros(2)
    intact = Intact({"x": wrap(tensor), "n": 1, "text": "a"})
    assert intact.changed() == []
    tensor[0] = 1
    assert intact.changed() == ["x"]


def test_what_torch_does_not_count_is_left_alone() -> None:
    with torch.inference_mode():
        tensor = torch.zeros(2)
    assert Intact({"x": tensor}).changed() == []
