"""ControlNets: three layouts give the same network, and it acts as in diffusers' pipeline."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel, EulerDiscreteScheduler, StableDiffusionControlNetPipeline
from safetensors.torch import save_file
from torch import Tensor

from wirebrush_diffusion.control.controlnet import Control, ControlModel
from wirebrush_diffusion.control.files import load_controlnet
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.files.names import controlnet_name
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.latent.space import empty_latent
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample, sample_sigmas

HINT = torch.rand((1, 64, 64, 3), generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load(folder)


@pytest.fixture(scope="module")
def conditions(parts: Parts) -> tuple[Condition, Condition]:
    red, fog = (Condition(parts.text_encoder.encode(text).context) for text in ("red", "fog"))
    return red, fog


def run(
    parts: Parts, conditions: tuple[Condition, Condition], *controls: Control, **options: Any
) -> Tensor:
    positive, negative = (replace(c, controls=controls) for c in conditions)
    settings = {"seed": 1, "steps": 4, "cfg": 4.0} | options
    return sample(parts.model, empty_latent(64, 64), [positive], [negative], **settings)


def original_tensors(network: ControlNetModel) -> dict[str, Tensor]:
    hints = len(network.controlnet_cond_embedding.blocks)
    return {
        f"control_model.{controlnet_name(name, 1, hints)}": tensor.contiguous()
        for name, tensor in network.state_dict().items()
    }


def test_three_layouts_one_network(tiny_control: ControlNetModel, tmp_path: Path) -> None:
    tiny_control.save_pretrained(tmp_path / "folder")
    save_file(original_tensors(tiny_control), tmp_path / "original.safetensors")
    expected = tiny_control.state_dict()
    places = (
        tmp_path / "folder",
        tmp_path / "original.safetensors",
        tmp_path / "folder" / "diffusion_pytorch_model.safetensors",
    )

    for place in places:
        loaded = load_controlnet(place)
        tensors = loaded.network.state_dict()
        assert tensors.keys() == expected.keys()
        assert all(torch.equal(tensor, expected[name]) for name, tensor in tensors.items())
        assert loaded.downscale == 8


def pipelines_latent(
    tiny: Any,
    network: ControlNetModel,
    scheduler: Any,
    red: Condition,
    fog: Condition,
    noise: Tensor,
) -> Tensor:
    """What diffusers' own pipeline makes of the same start, unscaled."""
    unused: Any = None
    pipe = StableDiffusionControlNetPipeline(
        vae=tiny.vae,
        text_encoder=tiny.text,
        tokenizer=tiny.tokenizer,
        unet=tiny.unet,
        controlnet=network,
        scheduler=scheduler,
        safety_checker=unused,
        feature_extractor=unused,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    result: Any = pipe(
        prompt_embeds=red.context,
        negative_prompt_embeds=fog.context,
        image=HINT.movedim(-1, 1),
        latents=noise,
        num_inference_steps=5,
        guidance_scale=4.0,
        controlnet_conditioning_scale=0.8,
        output_type="latent",
    )
    return result.images / 0.18215


def test_it_acts_as_in_diffusers(
    tiny: Any,
    tiny_control: ControlNetModel,
    parts: Parts,
    conditions: tuple[Condition, Condition],
) -> None:
    scheduler: Any = EulerDiscreteScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        timestep_spacing="leading",
    )
    noise = initial_noise(empty_latent(64, 64), 1)
    theirs = pipelines_latent(tiny, tiny_control, scheduler, *conditions, noise)
    controls = (Control(ControlModel(tiny_control), HINT, strength=0.8),)
    sigmas = [*(parts.model.schedule.sigma(float(t)) for t in scheduler.timesteps), 0.0]

    ours = sample_sigmas(
        parts.model,
        empty_latent(64, 64),
        noise * math.sqrt(sigmas[0] ** 2 + 1) / sigmas[0],
        [replace(conditions[0], controls=controls)],
        [replace(conditions[1], controls=controls)],
        sigmas,
        sampler=SAMPLERS["euler"],
        seed=1,
        cfg=4.0,
    )

    assert float((ours - theirs).abs().max() / theirs.std()) < 1e-4


def test_strength_and_time(
    tiny_control: ControlNetModel, parts: Parts, conditions: tuple[Condition, Condition]
) -> None:
    model = ControlModel(tiny_control)
    plain = run(parts, conditions)
    full = run(parts, conditions, Control(model, HINT))

    assert torch.equal(run(parts, conditions, Control(model, HINT, strength=0.0)), plain)
    assert torch.equal(run(parts, conditions, Control(model, HINT, start=1.0)), plain)
    assert not torch.allclose(full, plain, atol=1e-2)
    early = run(parts, conditions, Control(model, HINT, end=0.5))
    assert not torch.allclose(early, plain, atol=1e-2)
    assert not torch.allclose(early, full, atol=1e-2)


def test_several_add_up(
    tiny_control: ControlNetModel, parts: Parts, conditions: tuple[Condition, Condition]
) -> None:
    model = ControlModel(tiny_control)
    half = Control(model, HINT, strength=0.5)

    both = run(parts, conditions, half, half, steps=1)

    assert torch.allclose(
        both, run(parts, conditions, Control(model, HINT), steps=1), rtol=1e-3, atol=1e-2
    )


def test_hints_of_any_size(
    tiny_control: ControlNetModel, parts: Parts, conditions: tuple[Condition, Condition]
) -> None:
    model = ControlModel(tiny_control)
    large = HINT.repeat_interleave(2, 1).repeat_interleave(2, 2)

    assert torch.equal(
        run(parts, conditions, Control(model, large)), run(parts, conditions, Control(model, HINT))
    )


def test_each_picture_of_a_batch_has_its_hint(
    tiny_control: ControlNetModel, parts: Parts, conditions: tuple[Condition, Condition]
) -> None:
    hints = torch.rand((2, 64, 64, 3), generator=torch.Generator().manual_seed(6))
    control = Control(ControlModel(tiny_control), hints)
    positive, negative = (replace(c, controls=(control,)) for c in conditions)

    batch = sample(parts.model, empty_latent(64, 64, 3), [positive], [negative], seed=1, steps=2)

    for i, hint in enumerate((hints[:1], hints[1:], hints[:1])):
        alone = Control(control.model, hint)
        single = run(parts, conditions, alone, steps=2, cfg=8.0, batch_index=(i,))
        assert torch.allclose(batch[i : i + 1], single, rtol=1e-3, atol=5e-2)


def test_other_files_are_refused(single_file: Path) -> None:
    with pytest.raises(DiffusionError, match="is a VAE; a ControlNet or T2I-Adapter was expected"):
        load_controlnet(single_file)
