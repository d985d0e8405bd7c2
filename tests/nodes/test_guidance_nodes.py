"""Nodes that change how a model is used: on the handle only, and gone without a trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import wirebrush_nodes
from wirebrush.api import Conditioning, Latent, Model, NodeError, SilentRun
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import Packs, assemble, pack_from
from wirebrush.graph.prompt import Prompt
from wirebrush_nodes import guidance, inner, latent_operations, model_sampling, perturbed
from wirebrush_nodes.latent import empty_latent_image
from wirebrush_nodes.loaders import checkpoint_loader_simple, lora_loader
from wirebrush_nodes.model_schedulers import basic_scheduler
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode
from wirebrush_nodes.tweaks import ALTERATIONS, RULES, SAMPLINGS, layers_named

Parts = tuple[Model, Conditioning, Conditioning, Latent]
Change = Callable[[Model], Model]

CHANGES: dict[str, Change] = {
    "RescaleCFG": guidance.rescale_cfg,
    "RenormCFG": lambda model: guidance.renorm_cfg(model, renorm_cfg=0.5),
    "DynamicThresholdingSimple": lambda model: guidance.dynamic_thresholding_simple(model, 2.0),
    "GuidanceInterval": lambda model: guidance.guidance_interval(model, 0.3, 0.6),
    "CFGZeroStar": lambda model: guidance.cfg_zero_star(model).patched_model,
    "CFGNorm": lambda model: guidance.cfg_norm(model).patched_model,
    "TCFG": lambda model: guidance.tcfg(model).patched_model,
    "APG": lambda model: guidance.apg(model, 0.5, 1.0, -0.5),
    "Mahiro": lambda model: guidance.mahiro(model).patched_model,
    "FreSca": lambda model: guidance.fre_sca(model, freq_cutoff=2),
    "LatentApplyOperationCFG": lambda model: latent_operations.latent_apply_operation_cfg(
        model, latent_operations.latent_operation_tonemap_reinhard()
    ),
    "Epsilon Scaling": lambda model: guidance.epsilon_scaling(model, 1.1),
    "VideoLinearCFGGuidance": guidance.video_linear_cfg_guidance,
    "VideoTriangleCFGGuidance": guidance.video_triangle_cfg_guidance,
    "PerturbedAttentionGuidance": perturbed.perturbed_attention_guidance,
    "SelfAttentionGuidance": perturbed.self_attention_guidance,
    "PatchModelAddDownscale": lambda model: inner.patch_model_add_downscale(model, 1),
    "HyperTile": lambda model: inner.hyper_tile(model, 32),
    "TomePatchModel": inner.tome_patch_model,
    "ModelSamplingDiscrete": model_sampling.model_sampling_discrete,
    "ModelSamplingContinuousEDM": model_sampling.model_sampling_continuous_edm,
    "ModelSamplingContinuousV": model_sampling.model_sampling_continuous_v,
    "ModelSamplingStableCascade": model_sampling.model_sampling_stable_cascade,
    "ModelSamplingSD3": model_sampling.model_sampling_sd3,
    "ModelSamplingAuraFlow": model_sampling.model_sampling_aura_flow,
    "ModelSamplingFlux": model_sampling.model_sampling_flux,
    "ModelSamplingLTXV": model_sampling.model_sampling_ltxv,
}
LEVELLED = {"FreeU", "FreeU_V2"}  # all levels of the tiny UNet are as wide: see test_alterations
FASTER = {"AttentionBackend", "TorchCompileModel"}  # which change no picture
TRANSFORMERS = {kind for kind in RULES if kind.startswith("SkipLayer")}


@pytest.fixture
def parts(run: SilentRun) -> Parts:
    model, clip, _ = checkpoint_loader_simple("tiny", run=run)
    positive, negative = (clip_text_encode(text, clip, run=run) for text in ("a house", "fog"))
    return model, positive, negative, empty_latent_image(64, 64, 2)


def paint(parts: Parts, run: SilentRun, model: Model | None = None) -> torch.Tensor:
    base, positive, negative, latent = parts
    return ksampler(
        model=base if model is None else model,
        seed=1,
        steps=4,
        cfg=5.0,
        scheduler="normal",
        positive=positive,
        negative=negative,
        latent_image=latent,
        run=run,
    ).samples


def test_every_kind_has_a_node() -> None:
    assert {*RULES, *ALTERATIONS, *SAMPLINGS} == {*CHANGES, *LEVELLED, *FASTER, *TRANSFORMERS}


@pytest.mark.parametrize("kind", CHANGES)
def test_the_picture_changes_and_the_model_does_not(
    parts: Parts, run: SilentRun, kind: str
) -> None:
    before = paint(parts, run)
    resident = set(run.kept)

    changed = CHANGES[kind](parts[0])
    painted = paint(parts, run, changed)

    assert [tweak.kind for tweak in changed.tweaks] == [kind]
    assert painted.isfinite().all()
    assert not torch.allclose(painted, before, atol=1e-3)
    assert torch.equal(paint(parts, run), before)
    assert set(run.kept) == resident  # nothing was loaded for it


def test_tweaks_and_patches_go_together(parts: Parts, run: SilentRun) -> None:
    model, clip, _ = checkpoint_loader_simple("tiny", run=run)
    styled, _ = lora_loader(model, clip, "style.safetensors", 1.0, 0.0, run=run)

    one = guidance.rescale_cfg(styled)
    other, _ = lora_loader(
        guidance.rescale_cfg(model), clip, "style.safetensors", 1.0, 0.0, run=run
    )

    assert torch.equal(paint(parts, run, one), paint(parts, run, other))
    assert not torch.equal(paint(parts, run, one), paint(parts, run, styled))


def test_a_schedulers_levels_follow_the_tweak(parts: Parts, run: SilentRun) -> None:
    flow = model_sampling.model_sampling_sd3(parts[0], 3.0)
    assert basic_scheduler(flow, "simple", 4, run=run).tolist() == pytest.approx(
        [1.0, 0.9, 0.75, 0.5, 0.0]
    )
    again = model_sampling.model_sampling_sd3(flow, 1.0)  # the last one counts
    assert basic_scheduler(again, "simple", 4, run=run).tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]


@pytest.mark.parametrize("kind", ["FreeU", "FreeU_V2"])
def test_freeu_reaches_the_network(parts: Parts, run: SilentRun, kind: str) -> None:
    model = {"FreeU": perturbed.free_u, "FreeU_V2": perturbed.free_u_v2}[kind](parts[0])
    assert model.tweaks[0].kind == kind
    with pytest.raises(NodeError, match="in this one all are 32 channels wide"):
        paint(parts, run, model)


def test_what_does_not_fit_is_said(parts: Parts, run: SilentRun) -> None:
    skipping = perturbed.skip_layer_guidance_sd3(parts[0], "1", 3.0, 0.0, 1.0)
    with pytest.raises(NodeError, match="UNet2DConditionModel has no transformer_blocks"):
        paint(parts, run, skipping)
    with pytest.raises(NodeError, match="'none' names no layer") as caught:
        perturbed.skip_layer_guidance_dit(parts[0], "none", "")
    assert caught.value.port == "double_layers"
    with pytest.raises(NodeError, match="sigma_min is 5"):
        paint(parts, run, model_sampling.model_sampling_continuous_edm(parts[0], "eps", 2.0, 5.0))


def test_deep_shrink_ends_when_it_shall(parts: Parts, run: SilentRun) -> None:
    def shrunk(start: float, end: float) -> torch.Tensor:
        model = inner.patch_model_add_downscale(parts[0], 1, 2.0, start, end)
        return paint(parts, run, model)

    before = paint(parts, run)

    assert not torch.allclose(shrunk(0.0, 0.3), before, atol=1e-3)
    assert not torch.allclose(shrunk(0.0, 0.3), shrunk(0.0, 1.0), atol=1e-3)
    assert torch.allclose(shrunk(0.4, 0.5), before, atol=1e-4), "between two levels"
    with pytest.raises(NodeError, match="no block 7 on the way down"):
        paint(parts, run, inner.patch_model_add_downscale(parts[0], 7))
    assert inner.tome_patch_model(parts[0], 0.0) == parts[0]


def test_layers_are_read_from_any_list() -> None:
    assert layers_named("7, 8 ;9") == (7, 8, 9)
    assert layers_named("") == ()


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


GRAPH: dict[str, Any] = {
    "1": node("CheckpointLoaderSimple", ckpt_name="tiny"),
    "2": node("RescaleCFG", model=["1", 0], multiplier=0.5),
    "3": node("CLIPTextEncode", text="a house", clip=["1", 1]),
    "4": node("CFGGuider", model=["2", 0], positive=["3", 0], negative=["3", 0], cfg=3.0),
    "5": node("RandomNoise", noise_seed=1),
    "6": node("SamplerDPMPP_2M_SDE", solver_type="heun", eta=0.5, s_noise=1.0, noise_device="cpu"),
    "7": node("BasicScheduler", model=["2", 0], scheduler="beta", steps=2, denoise=1.0),
    "8": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    "9": node(
        "SamplerCustomAdvanced",
        noise=["5", 0],
        guider=["4", 0],
        sampler=["6", 0],
        sigmas=["7", 0],
        latent_image=["8", 0],
    ),
    "10": node("VAEDecode", samples=["9", 1], vae=["1", 2]),
    "11": node("SaveImage", images=["10", 0], filename_prefix="tiny"),
}


@pytest.fixture(scope="module")
def packs() -> Packs:
    return assemble([pack_from("builtin", wirebrush_nodes)])


@pytest.fixture
def engines(packs: Packs, models: Path, tmp_path: Path) -> Callable[[], Engine]:
    settings = Settings(cache=tmp_path / "cache", models=[models])
    return lambda: Engine(packs, settings)


def test_what_lies_between_the_nodes_survives_a_restart(engines: Callable[[], Engine]) -> None:
    with engines() as engine:
        first = engine.run(Prompt.from_json(GRAPH), ["11"], lambda events: None)
    other = GRAPH | {"5": node("RandomNoise", noise_seed=2)}
    with engines() as engine:
        second = engine.run(Prompt.from_json(other), ["11"], lambda events: None)

    assert (first.state, first.summary.executed) == ("succeeded", 11), first
    assert second.state == "succeeded"
    assert second.summary.executed <= 4  # the noise, the sampler, the picture, the file
