"""T2I-Adapters act as in diffusers' pipelines, from folders and from both kinds of files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file
from steering import (
    CFG,
    HINT,
    NEGATIVE,
    PROMPT,
    SIDE,
    STEPS,
    STRENGTH,
    start,
    steered,
    steered_pipeline,
    taught,
)
from tiny_families import L_WIDTH, assembled, pipeline, saved, sd1_parts, unet
from torch import Tensor

from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.control.files import load_controlnet
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.unet import UNetModel
from wirebrush_diffusion.files.checkpoint import load

WIDTHS = (64, 128)
KINDS: dict[str, dict[str, Any]] = {
    "full": {"channels": [*WIDTHS]},
    "grey": {"channels": [*WIDTHS], "in_channels": 1},
    "light": {"channels": [*WIDTHS], "adapter_type": "light_adapter", "num_res_blocks": 4},
}


def adapter(**settings: Any) -> Any:
    torch.manual_seed(1)
    return taught(diffusers.T2IAdapter(**settings))


def authors(network: Any) -> dict[str, Tensor]:
    """By TencentARC's names."""
    light = network.config.adapter_type == "light_adapter"
    named: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        short = name.removeprefix("adapter.")
        match = re.fullmatch(r"body\.(\d+)\.resnets\.(\d+)\.(.+)", short)
        level = re.fullmatch(r"body\.(\d+)\.(in_conv\..+)", short)
        if match is not None and light:
            short = "body.{}.body.{}.{}".format(*match.groups())
        elif match is not None:
            place = 2 * int(match.group(1)) + int(match.group(2))
            short = f"body.{place}.{match.group(3)}"
        elif level is not None and not light:
            short = f"body.{2 * int(level.group(1))}.{level.group(2)}"
        named[short] = tensor
    return named


def deeper() -> Any:
    """Stable Diffusion 1 with a third level, as light adapters want it."""
    torch.manual_seed(0)
    down = ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D")
    up = ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D")
    levels: dict[str, Any] = {
        "block_out_channels": (*WIDTHS, WIDTHS[-1]),
        "down_block_types": down,
        "up_block_types": up,
    }
    parts = sd1_parts() | {"unet": unet(L_WIDTH, linear=False, **levels)}
    return assembled(diffusers.StableDiffusionPipeline, parts)


def theirs(pipe: Any, network: Any, noise: Tensor) -> tuple[Tensor, list[float]]:
    large = hasattr(pipe, "text_encoder_2")
    more: Any = {} if large else {"requires_safety_checker": False}
    cls = (
        diffusers.StableDiffusionXLAdapterPipeline
        if large
        else diffusers.StableDiffusionAdapterPipeline
    )
    steering = steered_pipeline(cls, pipe, adapter=network, **more)
    grey = network.config.in_channels == 1
    picture = HINT.mean(dim=-1, keepdim=True) if grey else HINT
    latent = steering(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        image=picture.movedim(-1, 1),
        latents=noise,
        num_inference_steps=STEPS,
        guidance_scale=CFG,
        adapter_conditioning_scale=STRENGTH,
        height=SIDE,
        width=SIDE,
        output_type="latent",
    ).images
    return latent, steering.scheduler.sigmas.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_as_in_diffusers(tmp_path: Path, kind: str) -> None:
    network, noise = adapter(**KINDS[kind]), start()
    network.save_pretrained(tmp_path / "adapter")
    save_file(authors(network), tmp_path / "author.safetensors")
    pipe = deeper() if kind == "light" else pipeline("sd1")
    parts = load(saved(pipe, tmp_path / "sd1"))

    expected, sigmas = theirs(pipe, network, noise)

    places = ("adapter", "adapter/diffusion_pytorch_model.safetensors", "author.safetensors")
    for place in places:
        use = Control(load_controlnet(tmp_path / place), HINT, STRENGTH)
        assert (steered(parts, noise, sigmas, use) - expected).abs().max() <= 1e-4
    assert (steered(parts, noise, sigmas) - expected).abs().max() > 1e-2


def test_for_sdxl(tmp_path: Path) -> None:
    network = adapter(channels=[64, 128, 128], downscale_factor=16, adapter_type="full_adapter_xl")
    noise = start()
    save_file(authors(network), tmp_path / "author.safetensors")
    parts = load(saved(pipeline("sdxl"), tmp_path / "sdxl"))

    expected, sigmas = theirs(pipeline("sdxl"), network, noise)

    use = Control(load_controlnet(tmp_path / "author.safetensors"), HINT, STRENGTH)
    assert (steered(parts, noise, sigmas, use) - expected).abs().max() <= 1e-4


def test_it_is_worked_out_once_in_a_run(tmp_path: Path) -> None:
    network = adapter(channels=[*WIDTHS])
    network.save_pretrained(tmp_path / "adapter")
    parts = load(saved(pipeline("sd1"), tmp_path / "sd1"))
    model = load_controlnet(tmp_path / "adapter")
    calls: list[int] = []
    model.network.register_forward_hook(lambda *given: calls.append(1))

    steered(parts, start(), [8.0, 4.0, 2.0, 1.0, 0.0], Control(model, HINT))

    assert len(calls) == 1


def test_latents_of_odd_sizes(tmp_path: Path) -> None:
    network = adapter(channels=[64, 128, 128], downscale_factor=16, adapter_type="full_adapter_xl")
    network.save_pretrained(tmp_path / "adapter")
    parts = load(saved(pipeline("sdxl"), tmp_path / "sdxl"))
    use = Control(load_controlnet(tmp_path / "adapter"), HINT)

    latent = steered(parts, start(side=88), [4.0, 0.0], use)

    assert latent.shape == (1, 4, 11, 11)


def test_another_familys_is_refused_in_words(tmp_path: Path) -> None:
    adapter(channels=[32, 64]).save_pretrained(tmp_path)
    use = Control(load_controlnet(tmp_path), HINT)

    with pytest.raises(DiffusionError, match=r"for levels \(32, 64\) wide, the model's are \(64,"):
        use.on(UNetModel(pipeline("sd1").unet))
