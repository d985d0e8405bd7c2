"""IP-Adapters act as in diffusers' pipelines, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.image_processor import IPAdapterMaskProcessor
from safetensors.torch import load_file, save_file
from steering import CFG, NEGATIVE, PROMPT, SIDE, STEPS, start, steered, steered_pipeline
from tiny_families import pipeline, saved
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.control.image_prompt import ImagePrompt, looking
from wirebrush_diffusion.control.image_prompt_file import load_image_adapter
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.files.weights import WeightFile

WEIGHT, SEEN, STATES, TEXTS = 0.6, 24, 64, {"sd1": 64, "sdxl": 192}
PLAIN, ADAPTER = diffusers.StableDiffusionPipeline, "ip-adapter.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, Parts]]:
    kept: dict[str, tuple[Any, Parts]] = {}

    def get(name: str) -> tuple[Any, Parts]:
        if name not in kept:
            pipe = pipeline(name)
            kept[name] = pipe, load(saved(pipe, tmp_path_factory.mktemp("models") / name))
        return kept[name]

    return get


def encoder() -> Any:
    torch.manual_seed(7)
    config = CLIPVisionConfig(
        hidden_size=STATES,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=1,
        image_size=28,
        patch_size=7,
        projection_dim=SEEN,
    )
    return CLIPVisionModelWithProjection(config).eval()


def projection(kind: str, width: int) -> dict[str, Tensor]:
    """The image projection of a file, in its authors' names."""
    shapes: dict[str, tuple[int, ...]] = {"norm.weight": (width,), "norm.bias": (width,)}
    if kind == "basic":
        shapes |= {"proj.weight": (4 * width, SEEN), "proj.bias": (4 * width,)}
    elif kind == "full":
        shapes = {"proj.0.weight": (STATES, STATES), "proj.0.bias": (STATES,)}
        shapes |= {"proj.2.weight": (width, STATES), "proj.2.bias": (width,)}
        shapes |= {"proj.3.weight": (width,), "proj.3.bias": (width,)}
    else:
        inner = 64
        shapes = {"latents": (1, 5, inner), "proj_in.weight": (inner, STATES)}
        shapes |= {"proj_in.bias": (inner,), "proj_out.weight": (width, inner)}
        shapes |= {
            "proj_out.bias": (width,),
            "norm_out.weight": (width,),
            "norm_out.bias": (width,),
        }
        for i in range(4):
            for norm in ("0.norm1", "0.norm2", "1.0"):
                shapes[f"layers.{i}.{norm}.weight"] = shapes[f"layers.{i}.{norm}.bias"] = (inner,)
            shapes[f"layers.{i}.0.to_q.weight"] = shapes[f"layers.{i}.0.to_out.weight"] = (
                64,
                inner,
            )
            shapes[f"layers.{i}.0.to_kv.weight"] = (128, inner)
            shapes[f"layers.{i}.1.1.weight"] = (4 * inner, inner)
            shapes[f"layers.{i}.1.3.weight"] = (inner, 4 * inner)
    return {name: torch.randn(shape) * 0.3 for name, shape in shapes.items()}


def adapter(unet: Any, kind: str, path: Path, seed: int = 5) -> Path:
    """A file as their authors save them."""
    torch.manual_seed(seed)
    width = unet.config.cross_attention_dim
    tensors = {f"image_proj.{n}": t for n, t in projection(kind, width).items()}
    for i, (_, layer) in enumerate(looking(unet)):
        for leaf in ("k", "v"):
            shape = layer.to_k.weight.shape
            tensors[f"ip_adapter.{2 * i + 1}.to_{leaf}_ip.weight"] = torch.randn(shape) * 0.2
    save_file(tensors, path / ADAPTER)
    return path / ADAPTER


def seen_by(vision: Any, kind: str, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """What the encoder says of a picture, and of nothing, as the kind of adapter wants it."""
    with torch.inference_mode():
        answers = [vision(p, output_hidden_states=True) for p in (pixels, torch.zeros_like(pixels))]
    if kind == "basic":
        return answers[0].image_embeds, torch.zeros_like(answers[0].image_embeds)
    return answers[0].hidden_states[-2], answers[1].hidden_states[-2]


def pixels(count: int = 1) -> Tensor:
    return torch.randn((count, 3, 28, 28), generator=torch.Generator().manual_seed(9))


def theirs(
    name: str, file: Path, vision: Any, embeds: list[Tensor], noise: Tensor, **more: Any
) -> tuple[Tensor, list[float]]:
    """The pipeline's latent with embeddings `[2, n, ...]`, negative first."""
    pipe = pipeline(name)
    cls = PLAIN if name == "sd1" else diffusers.StableDiffusionXLPipeline
    extra: Any = {"requires_safety_checker": False}
    if name == "sdxl":
        extra = {"force_zeros_for_empty_prompt": False, "add_watermarker": False}
    steering = steered_pipeline(cls, pipe, **extra)
    steering.register_modules(image_encoder=vision)
    tensors = load_file(file)
    state = {
        part: {n.removeprefix(f"{part}."): t for n, t in tensors.items() if n.startswith(part)}
        for part in ("image_proj", "ip_adapter")
    }
    steering.load_ip_adapter(state, subfolder="", weight_name="")
    steering.set_ip_adapter_scale(WEIGHT)
    latent = steering(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        ip_adapter_image_embeds=embeds,
        latents=noise,
        num_inference_steps=STEPS,
        guidance_scale=CFG,
        height=SIDE,
        width=SIDE,
        output_type="latent",
        **more,
    ).images
    return latent, steering.scheduler.sigmas.tolist()


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [("sd1", "basic", 1), ("sd1", "plus", 1), ("sd1", "full", 1), ("sdxl", "basic", 2)],
)
def test_as_in_diffusers(made: Any, tmp_path: Path, name: str, kind: str, count: int) -> None:
    pipe, parts = made(name)
    file, vision, noise = adapter(pipe.unet, kind, tmp_path), encoder(), start()
    yes, no = seen_by(vision, kind, pixels(count))

    expected, sigmas = theirs(name, file, vision, [torch.stack([no, yes])], noise)

    model = load_image_adapter(WeightFile(file), "cpu")
    use = ImagePrompt(model, yes, WEIGHT, against=no)
    processors = [layer.processor for _, layer in looking(parts.model.network)]
    ours = steered(parts, noise, sigmas, use)
    plain = steered(parts, noise, sigmas)
    assert (ours - expected).abs().max() <= 1e-4
    assert (plain - expected).abs().max() > 1e-2
    assert [layer.processor for _, layer in looking(parts.model.network)] == processors


def test_inside_a_mask(made: Any, tmp_path: Path) -> None:
    pipe, parts = made("sd1")
    file, vision, noise = adapter(pipe.unet, "basic", tmp_path), encoder(), start()
    yes, no = seen_by(vision, "basic", pixels())
    mask = torch.zeros((1, SIDE, SIDE))
    mask[:, 16:48, :32] = 1.0
    masks = IPAdapterMaskProcessor().preprocess([mask[0][None]], height=SIDE, width=SIDE)

    expected, sigmas = theirs(
        "sd1",
        file,
        vision,
        [torch.stack([no, yes])],
        noise,
        cross_attention_kwargs={"ip_adapter_masks": [masks.reshape(1, 1, SIDE, SIDE)]},
    )

    model = load_image_adapter(WeightFile(file), "cpu")
    use = ImagePrompt(model, yes, WEIGHT, against=no, mask=mask)
    assert (steered(parts, noise, sigmas, use) - expected).abs().max() <= 1e-4


def test_several_with_times_and_hints(made: Any, tmp_path: Path) -> None:
    pipe, parts = made("sd1")
    (tmp_path / "second").mkdir()
    files = [
        adapter(pipe.unet, "basic", tmp_path),
        adapter(pipe.unet, "basic", tmp_path / "second", 6),
    ]
    yes, _ = seen_by(encoder(), "basic", pixels())
    one, two = (load_image_adapter(WeightFile(file), "cpu") for file in files)
    noise, sigmas = start(), [8.0, 4.0, 0.0]

    def run(*uses: Control) -> Tensor:
        return steered(parts, noise, sigmas, *uses)

    first, second = ImagePrompt(one, yes, 0.5), ImagePrompt(two, yes, 0.5)
    both = run(first, second)
    assert not torch.allclose(both, run(first), atol=1e-2)
    assert torch.allclose(both, run(second, first), atol=1e-3)
    assert torch.equal(run(ImagePrompt(one, yes, 0.0)), run())
    assert torch.equal(run(ImagePrompt(one, yes, 0.5, start=0.9)), run())
    weak = run(ImagePrompt(one, yes, 0.5, mode="weak output"))
    assert not torch.allclose(weak, run(first), atol=1e-3)
    assert torch.equal(run(), run())


def test_another_familys_is_refused_in_words(made: Any, tmp_path: Path) -> None:
    pipe, _ = made("sd1")
    model = load_image_adapter(WeightFile(adapter(pipe.unet, "basic", tmp_path)), "cpu")
    use = ImagePrompt(model, torch.zeros(1, SEEN))

    with pytest.raises(DiffusionError, match="has 4 layers for texts 64 wide, the model 8 layers"):
        use.on(made("sdxl")[1].model)
    with pytest.raises(DiffusionError, match="is for Stable Diffusion 1, 2 or XL"):
        use.on(made("flux")[1].model)
    with pytest.raises(DiffusionError, match=r"cannot read .* states 7 wide"):
        model.tokens(torch.zeros(1, 7))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"image_proj.proj.weight": None}, "is an incomplete IP-Adapter"),
        ({"ip_adapter.1.to_v_ip.weight": None}, "missing layers.0.to_v_ip.weight"),
        ({"image_proj.norm.weight": None}, "image projection is incomplete"),
        ({"ip_adapter.1.to_k_ip.weight": float("nan")}, "contains NaN or infinite"),
        ({"image_proj.proj.bias": float("inf")}, "contains NaN or infinite"),
    ],
)
def test_damaged_files(made: Any, tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    tensors = load_file(adapter(made("sd1")[0].unet, "basic", tmp_path))
    for name, value in change.items():
        tensors[name] = torch.full_like(tensors[name], value or 0.0)
        if value is None:
            del tensors[name]
    save_file(tensors, tmp_path / "damaged.safetensors")

    with pytest.raises(DiffusionError, match=reason):
        load_image_adapter(WeightFile(tmp_path / "damaged.safetensors"), "cpu")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("image_proj.norm.weight", "image_proj.proj.0.weight"), r"for faces \(FaceID\)"),
        (("image_proj.perceiver_resampler.proj_in.weight",), r"for faces \(FaceID Plus\)"),
        (("controlnet_mid_block.weight",), "is a ControlNet"),
        (("x",), "of a kind that is not known here"),
    ],
)
def test_other_files_are_named(tmp_path: Path, names: tuple[str, ...], found: str) -> None:
    save_file({name: torch.zeros(2, 2) for name in names}, tmp_path / "x.safetensors")

    with pytest.raises(DiffusionError, match=f"{found}.*; an IP-Adapter for pictures was expected"):
        load_image_adapter(WeightFile(tmp_path / "x.safetensors"), "cpu")


def test_layers_are_counted_as_diffusers_counts_them(made: Any) -> None:
    unet: nn.Module = pipeline("sdxl").unet
    theirs = [n for n in pipeline("sdxl").unet.attn_processors if n.endswith("attn2.processor")]

    assert [f"{name}.processor" for name, _ in looking(unet)] == theirs
