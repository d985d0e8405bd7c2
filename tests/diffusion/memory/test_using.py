"""A network on a device that is too small gives the same answer, in more steps."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_card import SmallCard
from torch import Tensor, nn

from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import open_checkpoint
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.memory.meter import SimulatedOutOfMemory
from wirebrush_diffusion.memory.placement import placement_of
from wirebrush_diffusion.memory.plans import Portion
from wirebrush_diffusion.memory.room import Plenty
from wirebrush_diffusion.memory.using import placed, within
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.patches.weights import WeightPatch
from wirebrush_diffusion.pictures.resize import resize
from wirebrush_diffusion.sampling import sample
from wirebrush_postcards import models_path

KB = 1024
WHOLE = [Portion(2, 600 * KB, 1.0)]


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


def painted(model: DiffusionModel, texts: list[Condition], rows: int = 0) -> Tensor:
    view = model.in_parts(rows)
    return sample(view, torch.zeros(2, 4, 8, 8), texts[:1], texts[1:], seed=1, steps=3, cfg=4.0)


def weights(model: DiffusionModel) -> int:
    (placement,) = model.placements
    return placement.weight


def test_all_that_is_counted_is_counted_once(model: DiffusionModel) -> None:
    exact = sum(parameter.nbytes for parameter in model.network.parameters())
    assert weights(model) == exact
    shared = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    shared[1].weight = shared[0].weight
    placement = placement_of(shared)
    assert placement.weight == (16 + 4 + 4) * 4
    assert placement.shared.weight == 64


@settings(max_examples=12, deadline=None)
@given(share=st.floats(0.02, 1.5))
def test_any_size_of_card_paints_the_same_bits(share: float) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        *(nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.LayerNorm(32)) for _ in range(12))
    )
    loaded = Net(network)
    x = torch.randn(3, 32)
    expected = network(x)
    card = SmallCard(int(share * sum(p.nbytes for p in network.parameters())) + 16 * KB, loaded)

    answer = loaded.within([Portion(3, 4 * KB, 1.0)], lambda _: network(x), "Counting")

    assert torch.equal(answer, expected)
    assert card.used() <= card.limit


class Net(DiffusionModel):
    """Any network, placed as a model is."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network.requires_grad_(False)


def test_a_small_card_holds_no_more_than_two_blocks_beside_what_stays(
    model: DiffusionModel, texts: list[Condition]
) -> None:
    expected = painted(model, texts)
    card = SmallCard(weights(model) // 2 + 700 * KB, model)
    seen: list[int] = []

    def work(portion: Portion) -> Tensor:
        for module in model.network.modules():
            module.register_forward_pre_hook(lambda *_: seen.append(card.used()))
        return painted(model, texts)

    result = within(card, [model], WHOLE, work, "Painting")

    assert torch.equal(result, expected)
    assert max(seen) <= card.limit - 600 * KB
    assert 0 < card.used() < weights(model)


def test_every_layer_that_computes_has_its_weights_there(
    model: DiffusionModel, texts: list[Condition]
) -> None:
    card = SmallCard(weights(model) // 8 + 600 * KB, model)
    (placement,) = model.placements
    by_module = {id(leaf.module): leaf for leaf in placement.leaves}
    away: list[str] = []

    def work(portion: Portion) -> Tensor:
        for name, module in model.network.named_modules():
            leaf = by_module.get(id(module))
            if leaf is not None:
                module.register_forward_pre_hook(
                    lambda *_, leaf=leaf, name=name: None if leaf.here else away.append(name)
                )
        return painted(model, texts)

    within(card, [model], WHOLE, work, "Painting")
    assert away == []


def test_two_models_take_turns(model: DiffusionModel, tiny: Any, texts: list[Condition]) -> None:
    other = DiffusionModel(deepcopy(tiny.unet))
    card = SmallCard(weights(model) + 2_500 * KB, model, other)
    for one in (model, other, model):
        within(card, [one], WHOLE, lambda _, one=one: painted(one, texts), "Painting")
        assert card.used() <= card.limit
        assert all(leaf.here for leaf in one.leaves()), "what was used last is here, whole"


def test_patches_come_and_go_wherever_the_weights_are(
    model: DiffusionModel, texts: list[Condition]
) -> None:
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
    patches = [WeightPatch("style", {name: Full()}, 0.5)]
    plain = painted(model, texts)
    model.patches.apply(patches)
    styled = painted(model, texts)
    model.patches.remove()

    for limit in (4 * weights(model), weights(model) // 2 + 700 * KB):
        card = SmallCard(limit, model)
        for wanted, expected in (([], plain), (patches, styled), ([], plain)):
            model.patches.apply(wanted)
            result = within(card, [model], WHOLE, lambda _: painted(model, texts), "Painting")
            assert torch.equal(result, expected)
        model.patches.apply(patches)
        for leaf in model.leaves():
            leaf.leave()
        model.patches.remove()
        assert torch.equal(painted(model, texts), plain)


def test_rows_in_parts_are_the_same_picture(model: DiffusionModel, texts: list[Condition]) -> None:
    whole = painted(model, texts)
    for rows in (1, 2, 3):
        assert (painted(model, texts, rows) - whole).abs().max() < 1e-5 * whole.abs().max()


def test_what_is_made_of_texts_is_made_once_though_rows_are_split(
    model: DiffusionModel, texts: list[Condition]
) -> None:
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
    asked: list[int] = []
    model.network.get_submodule(name).register_forward_hook(lambda *_: asked.append(1))
    painted(model, texts, 1)
    assert len(asked) == 4, "once for each of four rows, in three steps"


def test_running_out_is_tried_once_with_less(model: DiffusionModel) -> None:
    card = SmallCard(2 * weights(model), model)
    tried: list[int] = []

    def work(portion: Portion) -> str:
        tried.append(portion.rows)
        if portion.rows > 1:
            raise SimulatedOutOfMemory(10, 5)
        return "done"

    portions = [Portion(rows, rows * KB, float(rows)) for rows in (4, 2, 1)]
    model.live_in(Plenty())
    with pytest.raises(DiffusionError):
        within(card, [model], portions, work, "Painting 64x64")
    assert tried == [4, 2]
    tried.clear()
    assert within(card, [model], portions[1:], work, "Painting 64x64") == "done"
    assert tried == [2, 1]


def test_it_says_what_was_needed_and_what_there_is(model: DiffusionModel) -> None:
    card = SmallCard(50 * KB, model)

    def work(portion: Portion) -> Tensor:
        return torch.zeros(1_000_000)

    with pytest.raises(DiffusionError) as raised:
        within(card, [model], WHOLE, work, "Painting 64x64")

    message = raised.value.message
    assert message.startswith("Painting 64x64 needs more memory than there is: at least ")
    assert "cpu may use 50 KB (--vram-limit)" in message
    assert "--vram-limit" in raised.value.hint
    assert card.used() < card.limit, "nothing is left behind"


def test_other_errors_are_not_tried_again(model: DiffusionModel) -> None:
    tried: list[int] = []

    def work(portion: Portion) -> None:
        tried.append(1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        within(SmallCard(2**30, model), [model], WHOLE, work, "Painting")
    assert tried == [1]


def test_work_is_measured_and_the_next_plan_knows(model: DiffusionModel) -> None:
    card = SmallCard(2**30, model)
    within(card, [model], [Portion(1, KB, 10.0)], lambda _: torch.zeros(250_000).sum(), "Work")
    (placement,) = model.placements
    assert placement.measured["cpu"] == pytest.approx(100_000, rel=0.01)


@pytest.fixture(scope="module")
def postcards() -> Autoencoder:
    return open_checkpoint(models_path() / "checkpoints" / "postcards").autoencoder()


def test_pictures_in_tiles_differ_little(postcards: Autoencoder) -> None:
    colours = torch.rand((1, 3, 5, 5), generator=torch.Generator().manual_seed(1))
    picture = resize(colours, 640, 640, "bicubic").clamp(0, 1).movedim(1, -1)
    latent = postcards.encode(picture)
    whole = postcards.decode(latent)
    (placement,) = postcards.placements
    SmallCard(placement.weight + 120_000 * KB, postcards)
    in_tiles, back = postcards.decode(latent), postcards.encode(picture)
    postcards.live_in(Plenty())

    assert in_tiles.shape == whole.shape == (1, 640, 640, 3)
    assert 0 < (in_tiles - whole).abs().mean() < 4 / 255
    assert 0 < (back - latent).abs().mean() < 0.15 * latent.abs().mean()


def test_a_batch_of_pictures_goes_one_by_one(tiny: Any) -> None:
    vae = Autoencoder(deepcopy(tiny.vae))
    latents = torch.randn(3, 4, 8, 8)
    whole = vae.decode(latents)
    (placement,) = vae.placements
    SmallCard(placement.weight + 5_000 * KB, vae)
    assert (vae.decode(latents) - whole).abs().max() < 1e-5


def test_what_is_in_use_is_not_placed_again(model: DiffusionModel, texts: list[Condition]) -> None:
    card = SmallCard(weights(model) // 2 + 700 * KB, model)
    with placed(card, [model], WHOLE[0]):
        before = card.used()
        within(card, [model], WHOLE, lambda _: painted(model, texts), "Painting")
        assert card.used() == before
