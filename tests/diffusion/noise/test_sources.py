"""Noise: the field's seeds, batches that can be cut, one path for any number of steps."""

from __future__ import annotations

import math

import pytest
import torch

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.brownian import BrownianTree
from wirebrush_diffusion.noise.sources import brownian_noise, independent_noise, initial_noise

RECORDED = [[-6.594462, 2.1187], [0.545143, 8.721922]]
LIKE = torch.zeros((3, 4, 8, 8))


def test_a_seed_is_one_generator_per_batch() -> None:
    torch.manual_seed(42)
    expected = torch.randn(LIKE.shape)

    assert torch.equal(initial_noise(LIKE, 42), expected)


def test_a_cut_batch_draws_the_noise_it_had() -> None:
    whole = initial_noise(LIKE, 5)

    assert torch.equal(initial_noise(LIKE[:2], 5, (2, 0)), whole[[2, 0]])
    with pytest.raises(DiffusionError, match="1 places for a batch of 3"):
        initial_noise(LIKE, 5, (0,))


def test_our_generator_leaves_the_global_one_alone() -> None:
    state = torch.get_rng_state()
    initial_noise(LIKE, 1)
    independent_noise(LIKE, 1)(2.0, 1.0)
    brownian_noise(LIKE, 1, 0.1, 2.0)(2.0, 1.0)
    assert torch.equal(torch.get_rng_state(), state)


def test_largest_seed() -> None:
    assert initial_noise(LIKE, 2**64 - 1).isfinite().all()
    assert independent_noise(LIKE, 2**64 - 1)(2.0, 1.0).isfinite().all()


def test_the_brownian_path_is_additive_and_of_unit_variance() -> None:
    tree = BrownianTree(0.03, 14.6, torch.Size((64, 64)), seed=9)

    parts = tree.increment(1.0, 2.5) + tree.increment(2.5, 7.0)

    assert torch.allclose(parts, tree.increment(1.0, 7.0), atol=1e-5)
    assert float(tree.increment(1.0, 7.0).std()) == pytest.approx(math.sqrt(6.0), rel=0.05)


def test_order_of_questions_does_not_matter() -> None:
    first = BrownianTree(0.0, 1.0, torch.Size((4, 4)), seed=1)
    second = BrownianTree(0.0, 1.0, torch.Size((4, 4)), seed=1)
    first.increment(0.1, 0.2)

    assert torch.equal(first.increment(0.7, 0.9), second.increment(0.7, 0.9))


def test_values_are_the_ones_the_field_draws() -> None:
    """Recorded from torchsde 0.2.6: BrownianTree(t0, zeros(2, 2), t1, entropy=7)."""
    tree = BrownianTree(0.029167, 14.614642, torch.Size((2, 2)), seed=7)

    recorded = torch.tensor(RECORDED)

    assert torch.allclose(tree.increment(3.3, 9.77), recorded, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_values_are_torchsdes(seed: int) -> None:
    torchsde = pytest.importorskip("torchsde")
    shape = torch.Size((1, 4, 8, 8))
    theirs = torchsde.BrownianTree(t0=0.03, w0=torch.zeros(shape), t1=14.5, entropy=seed)
    ours = BrownianTree(0.03, 14.5, shape, seed)

    for start, end in ((0.03, 0.1), (0.1, 0.4321), (2.0, 14.5)):
        assert torch.allclose(ours.increment(start, end), theirs(start, end), atol=1e-5)


def test_a_path_can_be_walked_both_ways() -> None:
    noise = brownian_noise(LIKE, 5, 0.1, 2.0)

    assert torch.equal(noise(0.5, 1.5), -noise(1.5, 0.5))
    assert not noise(1.0, 1.0).any()
