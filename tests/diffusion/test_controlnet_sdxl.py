"""ControlNets for SDXL act as in diffusers' pipeline, from folders and single files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from tiny_families import pipeline, saved

from wirebrush_diffusion.control.controlnet import Control, ControlModel
from wirebrush_diffusion.control.files import load_controlnet
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.unet import UNetModel
from wirebrush_diffusion.files.checkpoint import load
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas

HINT = torch.rand((1, 64, 64, 3), generator=torch.Generator().manual_seed(5))
ASKED: dict[str, Any] = {
    "prompt": "a red house",
    "negative_prompt": "fog",
    "image": HINT.movedim(-1, 1),
    "num_inference_steps": 4,
    "guidance_scale": 4.0,
    "controlnet_conditioning_scale": 0.7,
    "height": 64,
    "width": 64,
    "output_type": "latent",
}


def control_of(unet: Any) -> Any:
    """A ControlNet that has learnt something."""
    torch.manual_seed(2)
    widths = (16, 16, 16, 16)
    control = diffusers.ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=widths)
    with torch.no_grad():
        for parameter in control.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return control.eval()


def test_as_in_diffusers(tmp_path: Path) -> None:
    pipe = pipeline("sdxl")
    parts, control = load(saved(pipe, tmp_path / "sdxl")), control_of(pipe.unet)
    control.save_pretrained(tmp_path / "control")
    settings: Any = {"force_zeros_for_empty_prompt": False, "add_watermarker": False}
    steered: Any = diffusers.StableDiffusionXLControlNetPipeline(
        **pipe.components, **settings, controlnet=control
    )
    steered.set_progress_bar_config(disable=True)
    noise = initial_noise(torch.zeros((1, 4, 8, 8)), 3)
    expected = steered(latents=noise, **ASKED).images
    sigmas = steered.scheduler.sigmas.tolist()
    places = (tmp_path / "control", tmp_path / "control" / "diffusion_pytorch_model.safetensors")
    for place in places:
        use = Control(load_controlnet(place), HINT, strength=0.7)
        sides: list[list[Condition]] = []
        for text in ("a red house", "fog"):
            said = parts.text_encoder.encode(text)
            extra = parts.model.inputs(said.pooled, {}, noise.shape)
            sides.append([Condition(said.context, extra, controls=(use,))])
        ours = sample_sigmas(
            parts.model,
            torch.zeros_like(noise),
            noise * (sigmas[0] ** 2 + 1) ** 0.5 / sigmas[0],
            *sides,
            sigmas,
            sampler=SAMPLERS["euler"],
            seed=3,
            cfg=4.0,
        )
        assert (ours * parts.model.latent.scale - expected).abs().max() <= 1e-4


def test_another_familys_is_refused_in_words() -> None:
    use = Control(ControlModel(control_of(pipeline("sdxl").unet)), HINT)

    with pytest.raises(DiffusionError, match="reads texts 192 wide, the model 64"):
        use.on(UNetModel(pipeline("sd1").unet))
