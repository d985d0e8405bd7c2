"""Whole runs against diffusers' pipelines: same weights, same noise, same levels, same picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
)
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.guidance.condition import Area, Condition
from wirebrush_diffusion.guidance.guide import Guided
from wirebrush_diffusion.latent.space import empty_latent
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS, Step
from wirebrush_diffusion.sampling import sample, sample_sigmas

Texts = tuple[list[Condition], list[Condition]]
BETAS: dict[str, Any] = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
STEPS, CFG, SEED = 8, 5.0, 3


@pytest.fixture(scope="module")
def parts(folder: Path) -> Parts:
    return load(folder)


@pytest.fixture(scope="module")
def texts(parts: Parts) -> tuple[list[Condition], list[Condition]]:
    positive, negative = (parts.text_encoder.encode(t).context for t in ("a red house", "fog"))
    return [Condition(positive)], [Condition(negative)]


def pipeline_latent(
    tiny: Any, texts: Texts, scheduler: Any, noise: Tensor, cfg: float = CFG
) -> Tensor:
    """What diffusers' own pipeline makes of the same start, unscaled."""
    unused: Any = None
    pipe = StableDiffusionPipeline(
        vae=tiny.vae,
        text_encoder=tiny.text,
        tokenizer=tiny.tokenizer,
        unet=tiny.unet,
        scheduler=scheduler,
        safety_checker=unused,
        feature_extractor=unused,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    result: Any = pipe(
        prompt_embeds=texts[0][0].context,
        negative_prompt_embeds=texts[1][0].context,
        latents=noise,
        num_inference_steps=STEPS,
        guidance_scale=cfg,
        output_type="latent",
    )
    return result.images / 0.18215


def our_latent(parts: Parts, texts: Texts, sigmas: list[float], noise: Tensor, name: str) -> Tensor:
    # pipelines give noise the variance sigma^2 + 1, whatever level they start from
    pure = math.isclose(sigmas[0], parts.model.schedule.sigmas[-1], rel_tol=1e-5)
    scale = 1.0 if pure else math.sqrt(sigmas[0] ** 2 + 1) / sigmas[0]
    return sample_sigmas(
        parts.model,
        empty_latent(64, 64),
        noise * scale,
        *texts,
        sigmas,
        sampler=SAMPLERS[name],
        seed=SEED,
        cfg=CFG,
    )


SCHEDULERS: dict[str, Callable[[], object]] = {
    "euler": lambda: EulerDiscreteScheduler(**BETAS, timestep_spacing="leading", steps_offset=1),
    "ddim": lambda: DDIMScheduler(
        **BETAS,
        timestep_spacing="leading",
        steps_offset=1,
        set_alpha_to_one=True,
        clip_sample=False,
    ),
    "dpmpp_2m": lambda: DPMSolverMultistepScheduler(
        **BETAS, timestep_spacing="leading", steps_offset=1, final_sigmas_type="zero"
    ),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_same_latent_as_the_pipeline(tiny: Any, parts: Parts, texts: Texts, name: str) -> None:
    scheduler = SCHEDULERS[name]()
    noise = initial_noise(empty_latent(64, 64), SEED)
    theirs = pipeline_latent(tiny, texts, scheduler, noise)
    levels = [parts.model.schedule.sigma(float(t)) for t in scheduler.timesteps]

    ours = our_latent(parts, texts, [*levels, 0.0], noise, name)

    scale = float(theirs.std())
    assert float((ours - theirs).abs().max()) / scale < 1e-4


def test_v_prediction_is_the_pipelines(
    tiny: Any, parts: Parts, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.model, "prediction", Prediction.V)
    scheduler = EulerDiscreteScheduler(
        **BETAS, timestep_spacing="leading", steps_offset=1, prediction_type="v_prediction"
    )
    noise = initial_noise(empty_latent(64, 64), SEED)
    theirs = pipeline_latent(tiny, texts, scheduler, noise)
    levels = [parts.model.schedule.sigma(float(t)) for t in scheduler.timesteps]

    ours = our_latent(parts, texts, [*levels, 0.0], noise, "euler")

    assert float((ours - theirs).abs().max() / theirs.std()) < 1e-4


def run(parts: Parts, texts: Texts, **options: Any) -> Tensor:
    settings = {"seed": SEED, "steps": 3, "cfg": CFG, "sampler": "euler"} | options
    latent = settings.pop("latent", empty_latent(64, 64))
    return sample(parts.model, latent, *texts, **settings)


def test_a_run_repeats_and_leaves_an_ordinary_tensor(parts: Parts, texts: Texts) -> None:
    first = run(parts, texts, sampler="dpmpp_2m_sde")

    assert torch.equal(first, run(parts, texts, sampler="dpmpp_2m_sde"))
    assert not torch.equal(first, run(parts, texts, sampler="dpmpp_2m_sde", seed=SEED + 1))
    assert not first.is_inference()
    first.add_(1)


def test_cfg_1_does_not_ask_for_the_negative(parts: Parts, texts: Texts) -> None:
    positive, negative = texts
    rows: list[int] = []
    handle = parts.model.network.conv_in.register_forward_hook(
        lambda module, inputs, output: rows.append(inputs[0].shape[0])
    )
    try:
        alone = run(parts, (positive, []), cfg=1.0)
        both = run(parts, (positive, negative), cfg=1.0)
        run(parts, texts)
    finally:
        handle.remove()

    assert torch.equal(alone, both)
    assert rows == [1] * 6 + [2] * 3
    with pytest.raises(DiffusionError, match="no negative condition"):
        run(parts, (positive, []))


def test_texts_of_different_length_are_the_same_as_one_by_one(parts: Parts, texts: Texts) -> None:
    long = [Condition(parts.text_encoder.encode("red house " * 60).context)]
    assert long[0].context.shape[1] == 154

    together = run(parts, (long, texts[1]))

    # no batching: the negative side's extra condition has another width of context
    repeated = [Condition(texts[1][0].context.repeat(1, 2, 1))]
    assert torch.allclose(together, run(parts, (long, repeated)), atol=1e-4)


def test_a_batch_is_its_pictures(parts: Parts, texts: Texts) -> None:
    batch = run(parts, texts, latent=empty_latent(64, 64, batch=3))

    third = run(parts, texts, batch_index=(2,))

    assert torch.allclose(batch[2:], third, rtol=1e-4, atol=1e-2)


def test_denoise_0_gives_the_latent_back_and_less_changes_less(parts: Parts, texts: Texts) -> None:
    start = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))

    assert torch.equal(run(parts, texts, latent=start, denoise=0.0), start)
    distances = [
        float((run(parts, texts, latent=start, denoise=amount, cfg=1.0) - start).abs().mean())
        for amount in (0.1, 0.5, 1.0)
    ]
    assert distances == sorted(distances)


@pytest.mark.parametrize(
    "sampler",
    ["euler", "ddim", "euler_ancestral", "dpmpp_2m_sde", "euler_cfg_pp", "seeds_3", "sa_solver"],
)
def test_outside_the_mask_nothing_changes(parts: Parts, texts: Texts, sampler: str) -> None:
    start = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    mask = torch.zeros((1, 64, 64))
    mask[:, :, 32:] = 1.0

    painted = run(parts, texts, latent=start, mask=mask, sampler=sampler)

    assert torch.allclose(painted[..., :4], start[..., :4], atol=1e-4)
    assert float((painted[..., 4:] - start[..., 4:]).abs().mean()) > 0.1


def test_a_full_area_is_no_area(parts: Parts, texts: Texts) -> None:
    (positive,), (negative,) = texts
    area = Area(height=1.0, width=1.0, relative=True)
    whole = Condition(positive.context, area=area, strength=0.7)

    assert torch.allclose(run(parts, ([whole], [negative])), run(parts, texts), atol=1e-4)


def test_areas_and_masks_count_where_they_are(parts: Parts, texts: Texts) -> None:
    (positive,), (negative,) = texts
    other = parts.text_encoder.encode("blue").context
    latent = empty_latent(192, 128)
    left = torch.zeros((1, 16, 24))
    left[..., :12] = 1.0
    plain = run(parts, texts, latent=latent, steps=1)

    masked = run(
        parts,
        ([Condition(positive.context, mask=left), Condition(other, mask=1 - left)], [negative]),
        latent=latent,
        steps=1,
    )
    halves = run(
        parts,
        ([positive, Condition(other, area=Area(16, 8, 0, 16))], [negative]),
        latent=latent,
        steps=1,
    )

    assert torch.allclose(masked[..., :12], plain[..., :12], atol=1e-4)
    assert not torch.allclose(masked[..., 12:], plain[..., 12:], atol=1e-3)
    assert torch.allclose(halves[..., :16], plain[..., :16], atol=1e-4)
    assert not torch.allclose(halves[..., 20:], plain[..., 20:], atol=1e-3)


@pytest.mark.parametrize(("masks", "pictures"), [(3, 2), (2, 3), (2, 4), (4, 1), (2, 2)])
def test_each_picture_has_a_mask(parts: Parts, texts: Texts, masks: int, pictures: int) -> None:
    """Too few are used again from the first; too many are left out."""
    (positive,), (negative,) = texts
    other = parts.text_encoder.encode("blue").context
    shades = torch.rand((masks, 8, 8), generator=torch.Generator().manual_seed(2))
    x = torch.randn((pictures, 4, 8, 8), generator=torch.Generator().manual_seed(1))

    def estimate(mask: Tensor, latent: Tensor) -> Tensor:
        both = [Condition(positive.context, mask=mask), Condition(other, mask=1 - mask)]
        with torch.inference_mode():
            return Guided(parts.model, both, [negative], CFG, latent.shape)(latent, 3.0)

    together = estimate(shades, x)

    for i in range(pictures):
        alone = estimate(shades[i % masks][None], x[i : i + 1])
        assert torch.allclose(together[i : i + 1], alone, atol=1e-4)


def test_conditions_can_take_turns(parts: Parts, texts: Texts) -> None:
    (positive,), negative = texts
    first = Condition(positive.context, end=0.5)
    then = Condition(positive.context, start=0.5)

    assert torch.allclose(run(parts, ([first, then], negative)), run(parts, texts), atol=1e-5)
    with pytest.raises(DiffusionError, match="No positive condition counts"):
        run(parts, ([first], negative))


def test_a_step_can_be_looked_at(parts: Parts, texts: Texts) -> None:
    steps: list[Step] = []
    run(parts, texts, on_step=steps.append)

    picture = parts.model.latent.preview(steps[-1].denoised)

    assert picture is not None
    assert picture.shape == (8, 8, 3)
    assert picture.dtype == torch.uint8


def test_half_precision_runs(folder: Path, texts: Texts) -> None:
    from wirebrush_diffusion.files.checkpoint import open_checkpoint

    model = open_checkpoint(folder).model(dtype=torch.bfloat16)
    latent = sample(model, empty_latent(64, 64), *texts, seed=1, steps=2, cfg=4.0)

    assert latent.dtype == torch.float32
    assert latent.isfinite().all()


def test_a_latent_of_another_family_is_refused(parts: Parts, texts: Texts) -> None:
    with pytest.raises(DiffusionError, match="16 channels, the model works on 4"):
        run(parts, texts, latent=torch.ones((1, 16, 8, 8)))
    assert run(parts, texts, latent=torch.zeros((1, 16, 8, 8))).shape == (1, 4, 8, 8)
