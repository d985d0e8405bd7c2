"""One run for every sampler node: from values on wires to a latent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from wirebrush.api import Conditioning, Guider, Latent, Model, NodeError, Noise, Run
from wirebrush_diffusion.guidance import guide as guidance
from wirebrush_diffusion.guidance.guide import Conditions, Guided, GuidedDenoiser
from wirebrush_diffusion.guidance.lazy import lazily
from wirebrush_diffusion.guidance.three_sides import DualGuided, PerpNegGuided
from wirebrush_diffusion.inpaint import latent_mask
from wirebrush_diffusion.memory.plans import Portion
from wirebrush_diffusion.memory.portions import painting_portions
from wirebrush_diffusion.memory.using import within
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import Sampler, Step
from wirebrush_diffusion.sampling import Outcome, sample_guided
from wirebrush_nodes.ambient import ambient_controls
from wirebrush_nodes.conditions import Controls, condition_from
from wirebrush_nodes.hooking import HookMaker
from wirebrush_nodes.live import explained, live_model, preview_of, weights_of
from wirebrush_nodes.perpendicular import with_perp_neg
from wirebrush_nodes.tweaks import LAZY_CACHE, gradual_mask, rules_of, step_cache_of

Levels = Callable[[DiffusionModel], Sequence[float]]
"""The noise levels of a run, once the model is known."""

NEGATIVE = ("negative", "empty")


def paint(
    guider: Guider,
    latent: Latent,
    levels: Levels,
    sampler: Sampler,
    noise: Noise,
    run: Run,
    *,
    port: str | None = None,
) -> tuple[Latent, Latent]:
    """The end of the run and its last clean estimate.

    `port` is to blame for what is wrong with the guider; without one, its own parts are ports.
    """
    guider, handle = with_perp_neg(guider), guider.model
    with explained(port or "model"), live_model(handle, run) as network, explained(port):
        canvas = _canvas(network, latent)

        def on_step(step: Step) -> None:
            run.step(
                step.index + 1, step.total, lambda: preview_of(network, handle, step.denoised, run)
            )

        conditions = _converted(guider, network, _painted(canvas, latent), noise.seed, run, port)
        start = _start(canvas, latent, noise)

        def work(portion: Portion) -> Outcome:
            model = network.in_parts(portion.rows)
            lead = _library_guider(guider, model, conditions)
            lazy = step_cache_of(LAZY_CACHE, handle.tweaks, model)
            return sample_guided(
                model,
                lead if lazy is None else lazily(lead, lazy, model.prediction),
                canvas,
                start,
                levels(network),
                sampler=sampler,
                seed=noise.seed,
                mask=latent.noise_mask,
                gradual=gradual_mask(handle),
                on_step=on_step,
            )

        return _latents(latent, _within(run, network, conditions, canvas, work))


def _within(
    run: Run,
    network: DiffusionModel,
    conditions: Mapping[str, Conditions],
    canvas: Tensor,
    work: Callable[[Portion], Outcome],
) -> Outcome:
    """The run with the network and its controls on the device, in parts that memory allows."""
    given = [condition for side in conditions.values() for condition in side]
    controls = list(dict.fromkeys(c.model for one in given for c in one.controls))
    height, width = (side * network.latent.downscale for side in canvas.shape[-2:])
    portions = painting_portions(
        network.config,
        canvas.shape[0] * max(len(given), 1),
        canvas[0, 0].numel(),
        network.dtype.itemsize,
        controls=len(controls),
    )
    what = f"Painting {width}x{height}"
    return within(run.memory, [network, *controls], portions, work, what)


def cfg_guider(model: Model, positive: Conditioning, negative: Conditioning, cfg: float) -> Guider:
    """Classifier-free guidance."""
    sides = {"positive": positive, "negative": negative}
    return Guider("cfg", model, sides, (("cfg", cfg),))


def noised(
    handle: Model, noise: Noise, levels: Sequence[float], latent: Latent, run: Run
) -> Latent:
    """The latent with as much noise as lies between the first and the last level."""
    if not levels:
        return latent
    spread = abs(levels[0] - levels[-1]) if len(levels) > 1 else levels[0]
    with explained("model"), live_model(handle, run) as network:
        canvas = _canvas(network, latent)
        start = _start(canvas, latent, noise)
        x = network.prediction.noised(network.latent.to_network(canvas), start, spread)
        return replace(latent, samples=network.latent.from_network(x))


def _canvas(model: DiffusionModel, latent: Latent) -> Tensor:
    with explained("latent_image"):
        return model.latent.fit(latent.samples).float()


def _painted(canvas: Tensor, latent: Latent) -> dict[str, Tensor]:
    """What the run begins with, for models that look at it: those made for inpainting."""
    painted = {"latent_image": canvas}
    if latent.noise_mask is not None:
        painted["denoise_mask"] = latent_mask(latent.noise_mask, canvas)
    return painted


def _start(canvas: Tensor, latent: Latent, noise: Noise) -> Tensor:
    if noise.blank:
        return torch.zeros_like(canvas)
    with explained("latent_image"):
        return initial_noise(canvas, noise.seed, latent.batch_index)


def _latents(latent: Latent, outcome: Outcome) -> tuple[Latent, Latent]:
    return replace(latent, samples=outcome.samples), replace(latent, samples=outcome.denoised)


def _converted(
    guider: Guider,
    model: DiffusionModel,
    painted: Mapping[str, Tensor],
    seed: int,
    run: Run,
    port: str | None,
) -> dict[str, Conditions]:
    shape = painted["latent_image"].shape
    weights = weights_of(guider.model, "", run)
    assert weights is not None  # it is the model that paints
    hooks = HookMaker(guider.model, weights, weights_of, run)
    controls = Controls(run, hooks, ambient_controls(guider.model, run), guider.model)
    converted: dict[str, Conditions] = {
        role: [
            condition_from(
                cond,
                model,
                controls,
                shape,
                port=port or role,
                negative=role in NEGATIVE,
                seed=seed,
                painted=painted,
            )
            for cond in conds
        ]
        for role, conds in guider.conditions.items()
    }
    controls.look(model, int(shape[-2]), int(shape[-1]))
    return converted


def _library_guider(
    guider: Guider, model: DiffusionModel, conditions: Mapping[str, Conditions]
) -> guidance.Guider:
    settings: dict[str, Any] = dict(guider.settings)
    rules = rules_of(guider.model)
    given = [conditions.get(role, ()) for role in ("positive", "middle", "negative", "empty")]
    positive, middle, negative, empty = given

    def make(shape: Sequence[int], *, pairs: bool) -> GuidedDenoiser:
        if guider.kind == "dual":
            return DualGuided(
                model,
                (positive, middle, negative),
                (settings["cfg_conds"], settings["cfg_cond2_negative"]),
                shape,
                style=settings["style"],
                rules=rules,
            )
        if guider.kind == "perp_neg":
            sides = (positive, negative, empty)
            cfg, neg_scale = settings["cfg"], settings["neg_scale"]
            return PerpNegGuided(model, sides, cfg, neg_scale, shape, rules=rules)
        if guider.kind != "cfg":
            raise NodeError(
                f"The built-in samplers do not know guiders of kind {guider.kind!r}.",
                "Sample with the nodes of the pack that it comes from.",
                port="guider",
            )
        cfg = settings.get("cfg", 1.0)
        return Guided(model, positive, negative, cfg, shape, rules=rules, pairs=pairs)

    return make
