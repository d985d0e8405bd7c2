"""LoRAs: every layout in use, exact removal, no dependence on order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import load
from wirebrush_diffusion.files.names import unet_name
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.patches.lora import check_lora, read_lora
from wirebrush_diffusion.patches.lora_kinds import LowRank
from wirebrush_diffusion.patches.lora_names import Modules, network_modules, text_modules
from wirebrush_diffusion.patches.weights import PatchedWeights, WeightPatch

Patched = tuple[PatchedWeights, torch.nn.Module, list[WeightPatch]]
RANK, ALPHA = 4, 2.0
UNET = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
UNET_OUT = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0"
CONV = "down_blocks.0.resnets.0.conv1"
TEXT = "encoder.layers.1.self_attn.q_proj"


def factors(seed: int, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    down = torch.randn((RANK, *shape[1:]), generator=generator)
    up = torch.randn((shape[0], RANK, *(1,) * (len(shape) - 2)), generator=generator)
    return up, down


def product(up: Tensor, down: Tensor, shape: tuple[int, ...]) -> Tensor:
    return (up.flatten(1) @ down.flatten(1)).reshape(shape)


def saved(path: Path, tensors: dict[str, Tensor]) -> WeightFile:
    save_file(tensors, path)
    return WeightFile(path)


def unet_modules(shapes: Mapping[str, tuple[int, ...]]) -> Modules:
    return network_modules("UNet2DConditionModel", shapes, 1)


def kohya(module: str) -> tuple[str, str, str]:
    base = module.replace(".", "_")
    return f"{base}.lora_up.weight", f"{base}.lora_down.weight", f"{base}.alpha"


UNET_LAYOUTS = {
    "kohya": lambda m: kohya(f"lora_unet_{m}"),
    "kohya, original names": lambda m: kohya(
        "lora_unet_" + unet_name(f"{m}.weight", 1, frozenset({1})).removesuffix(".weight")
    ),
    "peft": lambda m: (f"unet.{m}.lora_B.weight", f"unet.{m}.lora_A.weight", ""),
    "peft, default adapter": lambda m: (
        f"base_model.model.unet.{m}.lora_B.default.weight",
        f"base_model.model.unet.{m}.lora_A.default.weight",
        "",
    ),
    "diffusers": lambda m: (f"unet.{m}.lora.up.weight", f"unet.{m}.lora.down.weight", ""),
}


@pytest.mark.parametrize("layout", UNET_LAYOUTS)
@pytest.mark.parametrize("module", [UNET, UNET_OUT, CONV])
def test_unet_layouts(folder: Path, tmp_path: Path, layout: str, module: str) -> None:
    weights = load(folder).model.patches
    shape = weights.shapes()[f"{module}.weight"]
    up, down = factors(0, shape)
    up_name, down_name, alpha_name = UNET_LAYOUTS[layout](module)
    tensors = {up_name: up, down_name: down}
    if alpha_name:
        tensors[alpha_name] = torch.tensor(ALPHA)

    deltas = read_lora(saved(tmp_path / "x.safetensors", tensors), unet_modules(weights.shapes()))

    assert list(deltas) == [f"{module}.weight"]
    expected = product(up, down, shape) * (ALPHA / RANK if alpha_name else 1.0)
    assert torch.allclose(deltas[f"{module}.weight"].dense(torch.empty(shape)), expected, atol=1e-5)


def test_old_diffusers_attention_processors(folder: Path, tmp_path: Path) -> None:
    weights = load(folder).model.patches
    head, _, leaf = UNET.rpartition(".")
    up, down = factors(0, weights.shapes()[f"{UNET}.weight"])
    base = f"unet.{head}.processor.{leaf}_lora"
    file = saved(tmp_path / "x.safetensors", {f"{base}.up.weight": up, f"{base}.down.weight": down})

    assert list(read_lora(file, unet_modules(weights.shapes()))) == [f"{UNET}.weight"]


@pytest.mark.parametrize(
    "names",
    [
        kohya(f"lora_te_text_model.{TEXT}"),
        kohya(f"lora_te1_text_model.{TEXT}"),
        (
            f"text_encoder.text_model.{TEXT}.lora_B.weight",
            f"text_encoder.text_model.{TEXT}.lora_A.weight",
        ),
        (
            "text_encoder.text_model.encoder.layers.1.self_attn.to_q_lora.up.weight",
            "text_encoder.text_model.encoder.layers.1.self_attn.to_q_lora.down.weight",
        ),
    ],
)
def test_text_encoder_layouts(folder: Path, tmp_path: Path, names: tuple[str, ...]) -> None:
    weights = load(folder).text_encoder.patches
    up, down = factors(0, weights.shapes()[f"{TEXT}.weight"])
    file = saved(tmp_path / "x.safetensors", {names[0]: up, names[1]: down})

    assert list(read_lora(file, text_modules("l", weights.shapes()))) == [f"{TEXT}.weight"]
    assert read_lora(file, unet_modules(load(folder).model.patches.shapes())) == {}


@pytest.fixture
def patched(folder: Path, tmp_path: Path) -> Patched:
    model = load(folder).model
    shapes = model.patches.shapes()
    patches = []
    for seed, module in enumerate((UNET, UNET, UNET_OUT)):
        up, down = factors(seed, shapes[f"{module}.weight"])
        names = kohya(f"lora_unet_{module}")
        file = saved(tmp_path / f"{seed}.safetensors", {names[0]: up, names[1]: down})
        patches.append(
            WeightPatch(f"file {seed}", read_lora(file, unet_modules(shapes)), 0.5 + seed)
        )
    return model.patches, model.network, patches


def test_removal_is_exact(patched: Patched) -> None:
    weights, network, patches = patched
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    pointers = {name: tensor.data_ptr() for name, tensor in network.state_dict().items()}

    weights.apply(patches)
    changed = {n for n, t in network.state_dict().items() if not torch.equal(t, before[n])}
    weights.apply([])

    assert changed == {f"{UNET}.weight", f"{UNET_OUT}.weight"}
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())
    assert all(t.data_ptr() == pointers[n] for n, t in network.state_dict().items())


def test_order_and_history_do_not_matter(patched: Patched) -> None:
    weights, network, patches = patched
    weights.apply(patches)
    expected = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    weights.apply([patches[1]])
    weights.apply(list(reversed(patches)))

    assert all(torch.equal(t, expected[n]) for n, t in network.state_dict().items())


def test_two_jobs_do_not_see_each_others_patches(patched: Patched) -> None:
    weights, _, patches = patched
    seen: list[tuple[tuple[str, float], ...]] = []
    inside, finish = Event(), Event()

    def job() -> None:
        with weights.held(patches[:1]):
            inside.set()
            finish.wait(60)
            seen.append(weights.applied)

    first = Thread(target=job)
    first.start()
    inside.wait(60)
    second = Thread(target=lambda: seen.append(_applied_by(weights, patches[1:2])))
    second.start()
    finish.set()
    first.join(60)
    second.join(60)

    assert seen == [(("file 0", 0.5),), (("file 1", 1.5),)]


def _applied_by(
    weights: PatchedWeights, patches: list[WeightPatch]
) -> tuple[tuple[str, float], ...]:
    with weights.held(patches):
        return weights.applied


def test_strength_0_is_the_base_and_strength_is_linear(patched: Patched) -> None:
    weights, network, patches = patched
    base = network.get_parameter(f"{UNET}.weight").data.clone()

    def at(strength: float) -> Tensor:
        weights.apply([WeightPatch("file", patches[0].deltas, strength)])
        return network.get_parameter(f"{UNET}.weight").data.clone()

    one = at(1.0) - base
    assert torch.equal(at(0.0), base)
    assert torch.allclose(at(-2.0) - base, -2 * one, atol=1e-5)


def test_a_lora_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    shapes = load(folder).model.patches.shapes()
    up, down = factors(0, (640, 2048))
    for module, reason in (
        ("down_blocks.2.attentions.1.proj_in", "another model"),
        (UNET, "made for"),
    ):
        names = kohya(f"lora_unet_{module}")
        file = saved(tmp_path / "sdxl.safetensors", {names[0]: up, names[1]: down})
        with pytest.raises(DiffusionError, match=reason):
            read_lora(file, unet_modules(shapes))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"alpha": torch.tensor(float("nan"))}, "is no number"),
        ({"alpha": torch.ones(2)}, "is no number"),
        ({"lora_up.weight": torch.full((32, RANK), float("inf"))}, "NaN or infinite"),
        ({"lora_up.weight": torch.zeros(32, 0), "lora_down.weight": torch.zeros(0, 64)}, "made of"),
        ({"lora_mid.weight": torch.zeros(3)}, "made of"),
    ],
)
def test_damaged_loras(
    folder: Path, tmp_path: Path, change: dict[str, Tensor], reason: str
) -> None:
    shapes = load(folder).model.patches.shapes()
    up, down = factors(0, shapes[f"{UNET}.weight"])
    base = "lora_unet_" + UNET.replace(".", "_")
    parts = {"lora_up.weight": up, "lora_down.weight": down} | change
    file = saved(tmp_path / "x.safetensors", {f"{base}.{name}": t for name, t in parts.items()})

    with pytest.raises(DiffusionError, match=reason):
        read_lora(file, unet_modules(shapes))


def test_convolutions_through_a_middle_factor(folder: Path, tmp_path: Path) -> None:
    shapes = load(folder).model.patches.shapes()
    out, into, height, width = shapes[f"{CONV}.weight"]
    up, middle, down = (
        torch.randn(out, 2, 1, 1),
        torch.randn(2, 3, height, width),
        torch.randn(3, into, 1, 1),
    )
    base = "lora_unet_" + CONV.replace(".", "_")
    file = saved(
        tmp_path / "x.safetensors",
        {
            f"{base}.lora_up.weight": up,
            f"{base}.lora_mid.weight": middle,
            f"{base}.lora_down.weight": down,
        },
    )

    (delta,) = read_lora(file, unet_modules(shapes)).values()

    like = torch.empty(shapes[f"{CONV}.weight"])
    expected = torch.einsum("or,rshw,si->oihw", up[..., 0, 0], middle, down[..., 0, 0])
    assert torch.allclose(delta.dense(like), expected, atol=1e-5)


def test_other_files_are_named_for_what_they_are(single_file: Path, tmp_path: Path) -> None:
    half = saved(tmp_path / "half.safetensors", {"lora_unet_x.hada_w1_a": torch.zeros(2, 2)})
    oft = saved(tmp_path / "oft.safetensors", {"lora_unet_x.oft_blocks": torch.zeros(2, 2, 2)})

    with pytest.raises(DiffusionError, match="is incomplete, it has only hada_w1_a"):
        check_lora(half)
    with pytest.raises(DiffusionError, match="is a LyCORIS OFT, which is not read"):
        check_lora(oft)
    with pytest.raises(DiffusionError, match="is no LoRA"):
        check_lora(WeightFile(single_file))


def test_strengths_reuse_the_memory_but_never_the_original() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(8, 8).requires_grad_(False)
    original, kept = layer.weight.data, layer.weight.data.clone()
    delta = LowRank({"up": torch.randn(8, 2), "down": torch.randn(2, 8)})
    weights = PatchedWeights(layer)
    places: set[int] = set()
    for strength in (1.0, 0.5, -2.0):
        weights.apply([WeightPatch("style", {"weight": delta}, strength)])
        places.add(layer.weight.data_ptr())
        expected = kept + delta.dense(kept) * strength
        assert torch.allclose(layer.weight, expected, atol=1e-6)
    assert len(places) == 1
    weights.remove()
    assert layer.weight.data_ptr() == original.data_ptr()
    assert torch.equal(layer.weight, kept)
