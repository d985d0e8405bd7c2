"""Networks that read more than a latent: masks, pictures to edit, pictures to enlarge."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from original_names import unet_tensors, written
from safetensors.torch import save_file
from tiny_families import pipeline, saved
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.flux import RULES, packed, unpacked
from wirebrush_diffusion.files.checkpoint import Parts, load, open_checkpoint
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas

SEED, STEPS, CFG, SIDE = 5, 4, 3.0, 64
PROMPT, NEGATIVE = "a red house", "fog"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, Parts]]:
    pairs: dict[str, tuple[Any, Parts]] = {}

    def get(name: str) -> tuple[Any, Parts]:
        if name not in pairs:
            pipe = pipeline(name)
            pairs[name] = pipe, load(saved(pipe, tmp_path_factory.mktemp(name) / name))
        return pairs[name]

    return get


def picture(side: int = SIDE) -> Tensor:
    """`[1,H,W,3]`, 0..1."""
    return torch.rand((1, side, side, 3), generator=torch.Generator().manual_seed(1))


def mask() -> Tensor:
    """`[1,H,W]`: the right half is to be painted."""
    white = torch.zeros((1, SIDE, SIDE))
    white[..., SIDE // 2 :] = 1.0
    return white


def masked_latent(parts: Parts) -> Tensor:
    kept = (picture() - 0.5) * (1 - mask()[..., None]) + 0.5
    return parts.autoencoder.encode(kept)


def run(
    parts: Parts,
    noise: Tensor,
    sigmas: list[float],
    cfg: float,
    options: Any,
    negatives: Any = None,
) -> Tensor:
    """Our latent, scaled as the network sees it; the negative side may have its own options."""
    texts = (PROMPT, NEGATIVE) if cfg != 1.0 else (PROMPT,)
    sides: list[list[Condition]] = []
    for text in texts:
        encoding = parts.text_encoder.encode(text)
        own = negatives if text == NEGATIVE and negatives is not None else options
        extra = parts.model.inputs(encoding.pooled, own, noise.shape)
        sides.append([Condition(encoding.context, extra)])
    pure = math.isclose(sigmas[0], parts.model.schedule.sigmas[-1], rel_tol=1e-5)
    scale = 1.0 if pure else math.sqrt(sigmas[0] ** 2 + 1) / sigmas[0]
    latent = sample_sigmas(
        parts.model,
        torch.zeros_like(noise),
        noise * scale,
        sides[0],
        sides[-1],
        sigmas,
        sampler=SAMPLERS["euler"],
        seed=SEED,
        cfg=cfg,
    )
    return (latent - parts.model.latent.shift) * parts.model.latent.scale


def test_an_inpainting_model(made: Any) -> None:
    pipe, parts = made("inpaint")
    noise = initial_noise(torch.zeros((1, 4, 8, 8)), SEED)

    expected = pipe(
        PROMPT,
        image=picture().movedim(-1, 1),
        mask_image=mask(),
        negative_prompt=NEGATIVE,
        latents=noise,
        strength=1.0,
        num_inference_steps=STEPS,
        guidance_scale=CFG,
        height=SIDE,
        width=SIDE,
        output_type="latent",
    ).images
    options = {"concat_latent_image": masked_latent(parts), "concat_mask": mask()}
    ours = run(parts, noise, pipe.scheduler.sigmas.tolist(), CFG, options)

    assert parts.model.beside == 5
    assert (ours - expected).abs().max() <= 1e-4


def test_an_inpainting_model_sees_what_the_run_itself_has(made: Any) -> None:
    """Without a node that says it: the latent and its mask, or mid-grey that is all to paint."""
    _, parts = made("inpaint")
    shape = (2, 4, 8, 8)
    latent = torch.randn(shape, generator=torch.Generator().manual_seed(SEED))
    hole = torch.zeros((1, 1, 8, 8))
    hole[..., 2:5, 3:6] = 0.7
    given = {"latent_image": latent, "denoise_mask": hole}

    seen = parts.model.inputs(None, given, shape)["concat"]
    assert torch.equal(seen[:, :1], hole.round().expand(2, -1, -1, -1))
    assert torch.equal(seen[:, 1:], latent * parts.model.latent.scale)
    told = {"concat_latent_image": torch.ones(1, 4, 8, 8), "concat_mask": torch.ones(1, 8, 8)}
    alone = parts.model.inputs(None, told, shape)["concat"]
    assert torch.equal(parts.model.inputs(None, given | told, shape)["concat"], alone)

    bare = parts.model.inputs(None, {"latent_image": latent}, shape)["concat"]
    assert torch.equal(bare[:, 0], torch.ones(1, 8, 8))
    assert bare[0, 1:, 0, 0].tolist() == pytest.approx([0.8223, -0.6876, 0.6364, 0.1380])


def test_an_editing_model_sees_the_picture_unscaled(made: Any) -> None:
    pipe, parts = made("edit")
    x = initial_noise(torch.zeros((2, 4, 8, 8)), SEED)
    shown = parts.autoencoder.encode(picture())
    text = parts.text_encoder.encode(PROMPT).context.expand(2, -1, -1)

    extra = parts.model.inputs(None, {"concat_latent_image": shown}, x.shape)
    ours = parts.model.predict(
        x, torch.full((2,), 300.0), text, {n: t.expand(2, -1, -1, -1) for n, t in extra.items()}
    )
    with torch.inference_mode():
        beside = pipe.vae.encode(picture().movedim(-1, 1) * 2 - 1).latent_dist.mode()
        expected = pipe.unet(torch.cat([x, beside.expand(2, -1, -1, -1)], 1), 300.0, text).sample

    assert (ours - expected).abs().max() <= 1e-5


def test_the_upscaler(made: Any) -> None:
    pipe, parts = made("x4")
    small = picture(16)
    noise = initial_noise(torch.zeros((1, 4, 16, 16)), SEED)

    expected = pipe(
        PROMPT,
        image=small.movedim(-1, 1),
        negative_prompt=NEGATIVE,
        latents=noise,
        noise_level=70,
        generator=torch.Generator().manual_seed(0),
        num_inference_steps=STEPS,
        guidance_scale=CFG,
        output_type="latent",
    ).images
    options = {"concat_image": small.movedim(-1, 1) * 2 - 1, "noise_augmentation": 0.2}
    ours = run(parts, noise, pipe.scheduler.sigmas.tolist(), CFG, options)

    assert parts.model.latent.downscale == parts.autoencoder.downscale == 4
    assert (ours - expected).abs().max() <= 1e-4
    with pytest.raises(DiffusionError, match="SD_4XUpscale_Conditioning"):
        parts.model.inputs(None, {}, noise.shape)


def test_a_filling_flux(made: Any) -> None:
    pipe, parts = made("fill")
    noise = initial_noise(torch.zeros((1, 16, 8, 8)), SEED)

    tokens = pipe(
        PROMPT,
        image=picture().movedim(-1, 1),
        mask_image=mask(),
        latents=packed(noise),
        max_sequence_length=256,
        num_inference_steps=STEPS,
        guidance_scale=30.0,
        height=SIDE,
        width=SIDE,
        output_type="latent",
    ).images
    options = {
        "concat_latent_image": masked_latent(parts),
        "concat_mask": mask(),
        "guidance": 30.0,
    }
    ours = run(parts, noise, pipe.scheduler.sigmas.tolist(), 1.0, options)

    assert parts.model.beside == 80
    assert (ours - unpacked(tokens, 4, 4)).abs().max() <= 1e-4


@pytest.mark.parametrize("name", ["inpaint", "edit", "x4", "fill"])
def test_single_files_of_them(made: Any, tmp_path: Path, name: str) -> None:
    pipe, parts = made(name)
    path = tmp_path / "model.safetensors"
    if name == "fill":
        save_file(written(RULES, pipe.transformer.state_dict(), "model.diffusion_model."), path)
    else:
        save_file(unet_tensors(pipe.unet, "model.diffusion_model."), path)

    model = open_checkpoint(path).model()

    expected = parts.model.network.state_dict()
    assert all(torch.equal(t, expected[n]) for n, t in model.network.state_dict().items())
    assert (type(model), model.latent) == (type(parts.model), parts.model.latent)
    assert model.schedule.sigmas[-1] == pytest.approx(parts.model.schedule.sigmas[-1])
    if name == "x4":  # its first level has no attention
        assert model.config.only_cross_attention == (False, True, False)


def test_what_is_not_given_is_all_to_be_painted(made: Any) -> None:
    for name, count in (("inpaint", 5), ("edit", 4), ("fill", 80)):
        model = made(name)[1].model
        beside = model.inputs(None, {}, (2, model.latent.channels, 8, 8))["concat"]
        assert beside.shape == (1, count, 8, 8)
