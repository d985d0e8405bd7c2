"""Conditions with weights of their own: as if each were asked of a model of its own."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_card import SmallCard
from steering import CFG, start
from torch import Tensor

from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.guidance.condition import Area, Condition
from wirebrush_diffusion.guidance.guide import Guided
from wirebrush_diffusion.memory.plans import Portion
from wirebrush_diffusion.memory.using import within
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.patches.hooks import Hook, Keyframe
from wirebrush_diffusion.patches.lora_kinds import Full
from wirebrush_diffusion.patches.weights import KEPT, Kept, WeightPatch
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas

BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0"
FIRST, SECOND = f"{BLOCK}.attn2.to_k.weight", f"{BLOCK}.ff.net.2.weight"
SIGMAS = [10.0, 6.0, 3.0, 1.0, 0.0]


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load(folder)


@pytest.fixture(scope="module")
def sides(parts: Parts) -> tuple[Condition, Condition]:
    red, fog = (Condition(parts.text_encoder.encode(text).context) for text in ("red", "fog"))
    return red, fog


@pytest.fixture(autouse=True)
def _as_loaded(parts: Parts) -> None:
    parts.model.patches.remove()


def patch(model: DiffusionModel, name: str, *weights: str) -> WeightPatch:
    generator = torch.Generator().manual_seed(len(name))
    shapes = model.patches.shapes()
    deltas = {w: Full({"diff": 0.3 * torch.randn(shapes[w], generator=generator)}) for w in weights}
    return WeightPatch(name, deltas)


@pytest.fixture(scope="module")
def style(parts: Parts) -> WeightPatch:
    return patch(parts.model, "style", FIRST, SECOND)


@pytest.fixture(scope="module")
def other(parts: Parts) -> WeightPatch:
    return patch(parts.model, "another", SECOND)


def with_patches(parts: Parts, *patches: WeightPatch) -> DiffusionModel:
    """A model of its own with the weights changed for good."""
    network = copy.deepcopy(parts.model.network)
    parameters = dict(network.named_parameters())
    for one in patches:
        for name, delta in one.deltas.items():
            parameters[name].data += one.strength * delta.dense(parameters[name].data)
    model = DiffusionModel(network)
    model.schedule, model.prediction = parts.model.schedule, parts.model.prediction
    return model


def hooked(condition: Condition, *patches: WeightPatch, **options: Any) -> Condition:
    hooks = tuple(Hook(one, options.get("keyframes", ())) for one in patches)
    return replace(condition, hooks=hooks)


def run(
    model: DiffusionModel, positive: list[Condition], negative: list[Condition], *held: WeightPatch
) -> Tensor:
    noise = start()
    with model.patches.held(held):
        return sample_sigmas(
            model,
            torch.zeros_like(noise),
            noise,
            positive,
            negative,
            SIGMAS,
            sampler=SAMPLERS["euler"],
            seed=1,
            cfg=CFG,
        )


def asked(model: DiffusionModel, condition: Condition, x: Tensor, sigma: float) -> Tensor:
    """The clean estimate for one condition alone."""
    with torch.inference_mode():
        return Guided(model, [condition], [], 1.0, x.shape)(x, sigma)


def by_hand(
    first: DiffusionModel, second: DiffusionModel, positive: Condition, negative: Condition
) -> Tensor:
    """Euler's steps with a model for each side."""
    scale = first.latent.scale
    x = start() * SIGMAS[0]
    for sigma, following in itertools.pairwise(SIGMAS):
        yes, no = (asked(*pair, x, sigma) for pair in ((first, positive), (second, negative)))
        denoised = no + CFG * (yes - no)
        x = x + (x - denoised) / sigma * (following - sigma)
    return x / scale


def test_each_side_has_its_own_weights(parts: Parts, sides: Any, style: Any, other: Any) -> None:
    positive, negative = sides
    expected = by_hand(with_patches(parts, style), with_patches(parts, other), *sides)

    ours = run(parts.model, [hooked(positive, style)], [hooked(negative, other)])

    assert (ours - expected).abs().max() <= 1e-3 * expected.std()


def test_one_side_alone(parts: Parts, sides: Any, style: Any) -> None:
    positive, negative = sides
    expected = by_hand(with_patches(parts, style), with_patches(parts), *sides)

    ours = run(parts.model, [hooked(positive, style)], [negative])

    assert (ours - expected).abs().max() <= 1e-3 * expected.std()
    assert not torch.allclose(ours, run(parts.model, [positive], [negative]), atol=1e-2)


def test_the_same_on_both_sides_is_the_whole_run(parts: Parts, sides: Any, style: Any) -> None:
    hooks = (Hook(style),)
    positive, negative = sides

    ours = run(parts.model, [replace(positive, hooks=hooks)], [replace(negative, hooks=hooks)])

    assert torch.equal(ours, run(parts.model, [positive], [negative], style))


def test_hooks_lie_beside_what_is_held(parts: Parts, sides: Any, style: Any, other: Any) -> None:
    both = with_patches(parts, other, style)
    expected = by_hand(both, with_patches(parts, other), *sides)

    ours = run(parts.model, [hooked(sides[0], style)], [sides[1]], other)

    assert (ours - expected).abs().max() <= 1e-3 * expected.std()
    assert parts.model.patches.applied == (("another", 1.0),)


def test_afterwards_nothing_is_left(parts: Parts, sides: Any, style: Any) -> None:
    weights = dict(parts.model.network.named_parameters())
    before = {name: weight.data.clone() for name, weight in weights.items()}

    run(parts.model, [hooked(sides[0], style)], [sides[1]])

    assert all(torch.equal(weights[name].data, data) for name, data in before.items())
    assert list(parts.model.patches.originals()) == []


@pytest.fixture
def worked_out(parts: Parts) -> Iterator[list[str]]:
    """Names of weights that are worked out while a test runs."""
    names: list[str] = []
    made = parts.model.patches._with
    parts.model.patches._with = lambda name, *rest: names.append(name) or made(name, *rest)
    yield names
    delattr(parts.model.patches, "_with")


def test_going_to_and_fro_works_nothing_out(
    parts: Parts, sides: Any, style: Any, other: Any, worked_out: list[str]
) -> None:
    run(parts.model, [hooked(sides[0], style)], [hooked(sides[1], other)])

    assert sorted(worked_out) == sorted([FIRST, SECOND, SECOND, FIRST])


def test_keyframes(parts: Parts, sides: Any, style: Any) -> None:
    frames = (Keyframe(0.5), Keyframe(1.0, 0.5), Keyframe(0.0, 1.0))
    schedule = parts.model.schedule
    hook = Hook(style, frames)

    strengths = [
        hook.at(schedule, schedule.at_percent(percent)).strength
        for percent in (0.0, 0.49, 0.5, 0.9, 1.0)
    ]
    late = Hook(style, (Keyframe(0.7, 0.4),))

    assert strengths == [0.5, 0.5, 1.0, 1.0, 0.0]
    assert late.at(schedule, schedule.sigmas[-1]).strength == 0.7
    strengths = {p.strength for s in SIGMAS[:-1] for p in [hook.at(schedule, s)]}
    assert len(strengths) == 2


def test_texts_are_read_anew_when_the_weights_change(parts: Parts, sides: Any, style: Any) -> None:
    """A keyframe changes the weights that a text's keys were made with."""
    switch = parts.model.schedule.at_percent(0.5)
    frames = (Keyframe(0.0), Keyframe(1.0, 0.5))
    positive, negative = sides
    levels = [switch * 2, switch * 1.5, switch * 0.5]

    hooked_side = hooked(positive, style, keyframes=frames)
    model = parts.model
    x = start() * levels[0]
    guided = Guided(model, [hooked_side], [negative], CFG, x.shape)
    with model.patches.held([]), torch.inference_mode():
        answers = [guided(x, level) for level in (*levels, levels[0])]
    plain = Guided(model, [positive], [negative], CFG, x.shape)
    with torch.inference_mode():
        before = plain(x, levels[0])
    full = Guided(model, [hooked(positive, style)], [negative], CFG, x.shape)
    with model.patches.held([]), torch.inference_mode():
        after = full(x, levels[2])

    assert torch.allclose(answers[0], before, atol=1e-4)
    assert torch.allclose(answers[2], after, atol=1e-4)
    assert torch.allclose(answers[3], before, atol=1e-4)


def test_fallbacks_fill_what_is_left(parts: Parts, sides: Any) -> None:
    red, fog = sides
    left, whole = replace(red, area=Area(8, 4)), replace(fog, fallback=True)
    right = replace(fog, mask=torch.tensor([[[0.0, 0.0, 1.0, 1.0]]]).repeat_interleave(4, 1))
    model, x = parts.model, start()

    def answer(*conditions: Condition) -> Tensor:
        with torch.inference_mode():
            return Guided(model, conditions, [], 1.0, x.shape)(x * 3, 3.0)

    masked = replace(red, mask=1 - right.mask if right.mask is not None else None)
    assert torch.allclose(answer(masked, whole), answer(masked, right), atol=1e-4)
    assert torch.equal(answer(red, whole), answer(red))
    assert torch.allclose(answer(whole), answer(fog), atol=1e-5)
    assert answer(left, whole).isfinite().all()


def test_what_is_kept_has_a_limit() -> None:
    kept = Kept(KEPT * 400)
    for i in range(5):
        kept.keep(((str(i), 1.0),), {"w": torch.zeros(100)})

    assert [len(kept.weights(((str(i), 1.0),))) for i in range(5)] == [0, 0, 1, 1, 1]
    assert kept.drop()
    assert not kept.drop()


class Failing:
    """Adds one; runs out of memory the first time."""

    def __init__(self) -> None:
        self.failures = [MemoryError("allocate memory")]

    def dense(self, like: Tensor) -> Tensor:
        if self.failures:
            raise self.failures.pop()
        return torch.ones_like(like)


def test_running_out_of_memory_leaves_nothing_half_done(parts: Parts, style: Any) -> None:
    patches, weights = parts.model.patches, dict(parts.model.network.named_parameters())
    plain = {name: weights[name].data.clone() for name in (FIRST, SECOND)}
    failing = WeightPatch("x", {**style.deltas, SECOND: Failing()})

    with patches.held([]):
        with pytest.raises(MemoryError):
            patches.lay([failing])
        patches.lay([])
        assert all(torch.equal(weights[name].data, data) for name, data in plain.items())
        patches.lay([failing])
        assert torch.allclose(weights[SECOND].data, plain[SECOND] + 1)
        assert not torch.equal(weights[FIRST].data, plain[FIRST])

    assert all(torch.equal(weights[name].data, data) for name, data in plain.items())


@pytest.mark.parametrize("share", [0.4, 4.0])
def test_on_a_small_card(parts: Parts, sides: Any, share: float) -> None:
    """Weights that travel while they are switched arrive as they shall be."""
    model = DiffusionModel(copy.deepcopy(parts.model.network))
    shapes = model.patches.shapes()
    small = {w: Full({"diff": 0.1 * torch.randn(shape)}) for w, shape in shapes.items()}
    both = [hooked(sides[0], WeightPatch("all", small))], [sides[1]]
    expected, plain = run(model, *both), run(model, [sides[0]], [sides[1]])
    size = sum(leaf.weight for leaf in model.leaves())
    card = SmallCard(int(share * size) + 4_000_000, model)
    portions = [Portion(2, 3_900_000, 1.0)]

    ours = within(card, [model], portions, lambda _: run(model, *both), "Painting")

    assert torch.equal(ours, expected)
    assert torch.equal(run(model, [sides[0]], [sides[1]]), plain)
