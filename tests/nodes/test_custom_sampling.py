"""Sampling in one node and taken apart gives one picture; what does not fit is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from wirebrush.api import (
    Conditioning,
    Guider,
    Latent,
    Model,
    NodeError,
    Noise,
    Sampler,
    SilentRun,
)
from wirebrush_diffusion.noise.schedules import SCHEDULES
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_nodes.custom_sampling import (
    add_noise,
    disable_noise,
    random_noise,
    sampler_custom,
    sampler_custom_advanced,
)
from wirebrush_nodes.guiders import (
    basic_guider,
    cfg_guider_node,
    dual_cfg_guider,
    perp_neg,
    perp_neg_guider,
)
from wirebrush_nodes.latent import empty_latent_image
from wirebrush_nodes.levels import (
    extend_intermediate_sigmas,
    flip_sigmas,
    manual_sigmas,
    set_first_sigma,
    split_sigmas,
    split_sigmas_denoise,
)
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.model_sampling import model_sampling_discrete
from wirebrush_nodes.model_schedulers import (
    basic_scheduler,
    beta_sampling_scheduler,
    sampling_percent_to_sigma,
    sd_turbo_scheduler,
)
from wirebrush_nodes.more_samplers import (
    sampler_dpm_adaptative,
    sampler_dpmpp_2m_sde,
    sampler_dpmpp_3m_sde,
    sampler_dpmpp_sde,
    sampler_lcm_upscale,
    sampler_sa_solver,
)
from wirebrush_nodes.samplers import (
    ksampler_select,
    sampler_dpmpp_2s_ancestral,
    sampler_er_sde,
    sampler_euler_ancestral,
    sampler_euler_ancestral_cfg_pp,
    sampler_lms,
)
from wirebrush_nodes.sampling import ksampler, ksampler_advanced
from wirebrush_nodes.text import clip_text_encode

Parts = tuple[Model, Conditioning, Conditioning, Latent]
SEED, STEPS, CFG = 3, 4, 5.0


@pytest.fixture
def parts(run: SilentRun) -> Parts:
    model, clip, _ = checkpoint_loader_simple("tiny", run=run)
    positive, negative = (clip_text_encode(text, clip, run=run) for text in ("a house", "fog"))
    return model, positive, negative, empty_latent_image(64, 64, 1)


def whole(parts: Parts, run: SilentRun, **settings: Any) -> torch.Tensor:
    model, positive, negative, latent = parts
    given: dict[str, Any] = {"seed": SEED, "steps": STEPS, "cfg": CFG, "scheduler": "karras"}
    given |= {"latent_image": latent} | settings
    return ksampler(model=model, positive=positive, negative=negative, run=run, **given).samples


def taken_apart(
    parts: Parts, run: SilentRun, sampler: Sampler, scheduler: str = "karras"
) -> torch.Tensor:
    model, positive, negative, latent = parts
    guider = cfg_guider_node(model, positive, negative, CFG)
    sigmas = basic_scheduler(model, scheduler, STEPS, run=run)
    noise = random_noise(SEED)
    return sampler_custom_advanced(noise, guider, sampler, sigmas, latent, run=run).output.samples


ONE_LEVEL_MORE = {name for name, sampler in SAMPLERS.items() if sampler.skip_penultimate}


@pytest.mark.parametrize("name", sorted(set(SAMPLERS) - ONE_LEVEL_MORE))
def test_ksampler_is_its_parts(parts: Parts, run: SilentRun, name: str) -> None:
    painted = whole(parts, run, sampler_name=name)

    assert painted.isfinite().all()
    assert torch.equal(painted, taken_apart(parts, run, ksampler_select(name)))


@pytest.mark.parametrize("scheduler", SCHEDULES)
def test_ksampler_visits_basic_schedulers_levels(
    parts: Parts, run: SilentRun, scheduler: str
) -> None:
    painted = whole(parts, run, sampler_name="euler", scheduler=scheduler)
    assert torch.equal(painted, taken_apart(parts, run, ksampler_select("euler"), scheduler))


@pytest.mark.parametrize("name", ["euler", "heun", "dpm_2"])
def test_two_advanced_halves_are_the_whole(parts: Parts, run: SilentRun, name: str) -> None:
    model, positive, negative, latent = parts
    shared: dict[str, Any] = {
        "model": model,
        "positive": positive,
        "negative": negative,
        "noise_seed": SEED,
        "steps": STEPS,
        "cfg": CFG,
        "sampler_name": name,
        "scheduler": "karras",
        "run": run,
    }
    first = ksampler_advanced(
        latent_image=latent, end_at_step=2, return_with_leftover_noise="enable", **shared
    )
    second = ksampler_advanced(
        latent_image=first, add_noise="disable", start_at_step=2, **shared
    ).samples

    assert torch.allclose(second, whole(parts, run, sampler_name=name), atol=1e-3)
    nothing = ksampler_advanced(latent_image=first, start_at_step=9, **shared)
    assert torch.equal(nothing.samples, first.samples)


def test_split_sigmas_are_advanced_halves(parts: Parts, run: SilentRun) -> None:
    model, positive, negative, latent = parts
    guider = cfg_guider_node(model, positive, negative, CFG)
    euler = ksampler_select("euler")
    high, low = split_sigmas(basic_scheduler(model, "karras", STEPS, run=run), 2)

    half = sampler_custom_advanced(random_noise(SEED), guider, euler, high, latent, run=run)
    done = sampler_custom_advanced(disable_noise(), guider, euler, low, half.output, run=run)

    assert torch.allclose(done.output.samples, whole(parts, run, sampler_name="euler"), atol=1e-3)
    assert not torch.allclose(half.output.samples, half.denoised_output.samples, atol=1e-2)
    assert torch.allclose(done.output.samples, done.denoised_output.samples)


def test_sampler_custom_is_the_same(parts: Parts, run: SilentRun) -> None:
    model, positive, negative, latent = parts
    shared: dict[str, Any] = {
        "model": model,
        "noise_seed": SEED,
        "cfg": CFG,
        "positive": positive,
        "negative": negative,
        "sampler": ksampler_select("dpmpp_2m"),
        "sigmas": basic_scheduler(model, "karras", STEPS, run=run),
        "latent_image": latent,
        "run": run,
    }
    ends = sampler_custom(**shared)

    assert torch.equal(ends.output.samples, whole(parts, run, sampler_name="dpmpp_2m"))
    silent = sampler_custom(add_noise=False, **shared)
    assert not torch.equal(silent.output.samples, ends.output.samples)


SETTINGS: dict[str, tuple[Sampler, Sampler]] = {
    "euler_ancestral": (sampler_euler_ancestral(), sampler_euler_ancestral(0.3)),
    "euler_ancestral_cfg_pp": (
        sampler_euler_ancestral_cfg_pp(),
        sampler_euler_ancestral_cfg_pp(0.3),
    ),
    "lms": (sampler_lms(), sampler_lms(2)),
    "dpmpp_2s_ancestral": (sampler_dpmpp_2s_ancestral(), sampler_dpmpp_2s_ancestral(1.0, 0.5)),
    "er_sde": (sampler_er_sde(), sampler_er_sde("Reverse-time SDE")),
    "dpmpp_2m_sde": (sampler_dpmpp_2m_sde(), sampler_dpmpp_2m_sde("heun")),
    "dpmpp_3m_sde": (sampler_dpmpp_3m_sde(), sampler_dpmpp_3m_sde(0.5)),
    "dpmpp_sde": (sampler_dpmpp_sde(), sampler_dpmpp_sde(r=0.4)),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_start_as_the_name_and_matter(parts: Parts, run: SilentRun, name: str) -> None:
    same, other = SETTINGS[name]
    plain = taken_apart(parts, run, ksampler_select(name))

    assert torch.equal(taken_apart(parts, run, same), plain)
    assert not torch.equal(taken_apart(parts, run, other), plain)


def test_the_rest_of_the_samplers_with_settings(parts: Parts, run: SilentRun) -> None:
    model = parts[0]
    adams = taken_apart(parts, run, sampler_sa_solver(model))
    assert torch.equal(adams, taken_apart(parts, run, ksampler_select("sa_solver")))
    pece = taken_apart(parts, run, sampler_sa_solver(model, use_pece=True))
    assert torch.equal(pece, taken_apart(parts, run, ksampler_select("sa_solver_pece")))
    short = taken_apart(parts, run, sampler_sa_solver(model, simple_order_2=True))
    assert short.isfinite().all()
    adaptive = taken_apart(parts, run, sampler_dpm_adaptative(rtol=0.5, atol=0.5))
    noisy = taken_apart(parts, run, sampler_dpm_adaptative(rtol=0.5, atol=0.5, eta=1.0))
    assert not torch.equal(adaptive, noisy)
    assert noisy.isfinite().all()
    ode = taken_apart(parts, run, sampler_er_sde("ODE", eta=5.0))
    assert torch.equal(ode, taken_apart(parts, run, sampler_er_sde("Reverse-time SDE", eta=0.0)))


def test_a_picture_can_grow_while_it_is_painted(parts: Parts, run: SilentRun) -> None:
    same = taken_apart(parts, run, sampler_lcm_upscale(1.0))
    assert torch.allclose(same, taken_apart(parts, run, ksampler_select("lcm")), atol=1e-3)
    assert taken_apart(parts, run, sampler_lcm_upscale(2.0)).shape[-2:] == (16, 16)
    assert taken_apart(parts, run, sampler_lcm_upscale(1.5, 2)).shape[-2:] == (12, 12)

    model, positive, negative, latent = parts
    masked = (model, positive, negative, replace(latent, noise_mask=torch.ones(1, 64, 64)))
    with pytest.raises(NodeError, match="cannot keep what is outside a mask"):
        taken_apart(masked, run, sampler_lcm_upscale(2.0))


def test_guiders(parts: Parts, run: SilentRun) -> None:
    model, positive, negative, latent = parts
    sigmas = basic_scheduler(model, "karras", STEPS, run=run)

    def paint(guider: Guider) -> torch.Tensor:
        ends = sampler_custom_advanced(
            random_noise(SEED), guider, ksampler_select("euler"), sigmas, latent, run=run
        )
        return ends.output.samples

    assert torch.equal(paint(basic_guider(model, positive)), whole(parts, run, cfg=1.0))
    empty = negative
    dual = dual_cfg_guider(model, positive, negative, empty, CFG, 1.0)
    assert torch.allclose(paint(dual), whole(parts, run), atol=1e-2)
    perp = perp_neg_guider(model, positive, negative, empty, CFG, 0.0)
    assert torch.allclose(paint(perp), whole(parts, run), atol=1e-2)


def test_perp_neg_on_the_model_is_its_guider(parts: Parts, run: SilentRun) -> None:
    model, positive, negative, latent = parts
    sigmas = basic_scheduler(model, "karras", STEPS, run=run)
    empty = tuple(cond.with_options(width=64) for cond in positive)

    def paint(guider: Guider) -> torch.Tensor:
        ends = sampler_custom_advanced(
            random_noise(SEED), guider, ksampler_select("euler"), sigmas, latent, run=run
        )
        return ends.output.samples

    carrying = perp_neg(model, empty, 0.7)
    ours = paint(cfg_guider_node(carrying, positive, negative, CFG))

    assert torch.equal(
        ours, paint(perp_neg_guider(model, positive, negative, empty, CFG, neg_scale=0.7))
    )
    assert not torch.allclose(
        ours, paint(cfg_guider_node(model, positive, negative, CFG)), atol=1e-3
    )
    assert torch.equal(
        paint(basic_guider(carrying, positive)), paint(basic_guider(model, positive))
    )
    assert perp_neg(model, negative).key != perp_neg(model, empty).key
    with pytest.raises(NodeError, match="'area', which a model cannot carry"):
        perp_neg(model, (positive[0].with_options(area=(8, 8, 0, 0)),))


def test_noise_without_painting(parts: Parts, run: SilentRun) -> None:
    model, _, _, latent = parts
    sigmas = manual_sigmas("3, 1")

    noisy = add_noise(model, random_noise(1), sigmas, latent, run=run)
    more = add_noise(model, random_noise(1), manual_sigmas("6, 2"), latent, run=run)

    assert torch.allclose(more.samples, 2 * noisy.samples, atol=1e-4)
    assert torch.equal(
        add_noise(model, Noise(blank=True), sigmas, latent, run=run).samples, latent.samples
    )


def test_sigmas_are_cut_and_changed() -> None:
    sigmas = manual_sigmas("8, 4; 2 1,0")

    assert sigmas.tolist() == [8, 4, 2, 1, 0]
    assert [part.tolist() for part in split_sigmas(sigmas, 1)] == [[8, 4], [4, 2, 1, 0]]
    assert [part.tolist() for part in split_sigmas_denoise(sigmas, 0.5)] == [[8, 4, 2], [2, 1, 0]]
    assert [part.tolist() for part in split_sigmas_denoise(sigmas, 0.0)] == [[8, 4, 2, 1, 0], []]
    assert flip_sigmas(sigmas).tolist() == pytest.approx([1e-4, 1, 2, 4, 8])
    assert set_first_sigma(sigmas, 9).tolist() == [9, 4, 2, 1, 0]
    assert sigmas.tolist() == [8, 4, 2, 1, 0]
    longer = extend_intermediate_sigmas(sigmas, 2, 5, 3, "linear")
    assert longer.tolist() == [8, 4, 3, 2, 1, 0]


def test_levels_of_a_model(parts: Parts, run: SilentRun) -> None:
    model = parts[0]

    levels = beta_sampling_scheduler(model, 8, run=run)
    assert torch.equal(levels, basic_scheduler(model, "beta", 8, run=run))
    assert len(sd_turbo_scheduler(model, 2, run=run)) == 3
    half = basic_scheduler(model, "normal", 8, 0.5, run=run)
    assert torch.equal(half, basic_scheduler(model, "normal", 16, run=run)[-9:])
    top = sampling_percent_to_sigma(model, 0.0, True, run=run).sigma_value
    assert top == pytest.approx(float(basic_scheduler(model, "karras", 5, run=run)[0]), rel=1e-5)
    assert sampling_percent_to_sigma(model, 0.0, run=run).sigma_value > 1e8
    assert sampling_percent_to_sigma(model, 1.0, run=run).sigma_value == 0.0
    zero = model_sampling_discrete(model, "v_prediction", zsnr=True)
    assert float(basic_scheduler(zero, "normal", 5, run=run)[0]) > 1000


def test_what_cannot_be_sampled_is_said(parts: Parts, run: SilentRun) -> None:
    model, positive, _, latent = parts
    guider = basic_guider(model, positive)
    euler = ksampler_select("euler")

    def paint(guider: Guider, sampler: Sampler, sigmas: torch.Tensor) -> Any:
        return sampler_custom_advanced(Noise(1), guider, sampler, sigmas, latent, run=run)

    for bad, words in (
        (torch.tensor([0.0, 1.0]), "starts at noise level 0"),
        (torch.tensor([14.0, 0.0, 5.0, 0.0]), "level 2 of 4 is 0, where a run ends, but 5 comes"),
        (torch.tensor([[1.0, 0.0]]), "a row of numbers"),
        (torch.tensor([float("nan"), 0.0]), "a row of numbers"),
    ):
        with pytest.raises(NodeError, match=words) as caught:
            paint(guider, euler, bad)
        assert caught.value.port == "sigmas"
    with pytest.raises(NodeError, match="no list of numbers"):
        manual_sigmas("1, two")
    with pytest.raises(NodeError, match="no sampler 'magic'"):
        paint(guider, Sampler("magic"), manual_sigmas("1, 0"))
    with pytest.raises(NodeError, match="guiders of kind 'odd'"):
        paint(Guider("odd", model, {"positive": positive}), euler, manual_sigmas("1, 0"))
    with pytest.raises(NodeError, match="tweak 'Strange' that the built-in"):
        paint(basic_guider(model.tweaked("Strange"), positive), euler, manual_sigmas("1, 0"))
    with pytest.raises(NodeError, match="no positive condition") as caught:
        paint(basic_guider(model, ()), euler, manual_sigmas("1, 0"))
    assert caught.value.port == "guider"


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (torch.zeros((0, 4, 8, 8)), "a batch of no pictures"),
        (torch.full((1, 4, 8, 8), float("nan")), "no finite numbers"),
        (torch.full((1, 4, 8, 8), float("inf")), "no finite numbers"),
    ],
)
def test_what_is_no_latent_is_said(
    parts: Parts, run: SilentRun, samples: torch.Tensor, words: str
) -> None:
    model, positive, negative, _ = parts
    with pytest.raises(NodeError, match=words) as caught:
        whole((model, positive, negative, Latent(samples)), run)
    assert caught.value.port == "latent_image"


@pytest.mark.parametrize("name", ["euler", "lms", "dpmpp_2m_sde", "dpm_adaptive"])
def test_a_run_ends_at_its_first_zero(parts: Parts, run: SilentRun, name: str) -> None:
    model, positive, _, latent = parts

    def paint(levels: str) -> torch.Tensor:
        guider, sampler = basic_guider(model, positive), ksampler_select(name)
        given = (random_noise(1), guider, sampler, manual_sigmas(levels), latent)
        return sampler_custom_advanced(*given, run=run).output.samples

    assert torch.equal(paint("14, 5, 0, 0, 0"), paint("14, 5, 0"))


def test_no_levels_give_the_latent_back(parts: Parts, run: SilentRun) -> None:
    model, positive, _, latent = parts
    ends = sampler_custom_advanced(
        random_noise(1),
        basic_guider(model, positive),
        ksampler_select("euler"),
        manual_sigmas(""),
        latent,
        run=run,
    )
    assert torch.equal(ends.output.samples, latent.samples)
