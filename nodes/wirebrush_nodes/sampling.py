"""The sampler: where pictures come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import torch

from wirebrush.api import (
    Choice,
    Cond,
    Conditioning,
    Latent,
    Model,
    NodeError,
    Range,
    Run,
    Seed,
    Unit,
    node,
)
from wirebrush_diffusion.condition import Area, Condition
from wirebrush_diffusion.controlnet import Control
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.samplers import SAMPLERS, Step
from wirebrush_diffusion.sampling import sample
from wirebrush_diffusion.schedules import SCHEDULES
from wirebrush_nodes.control import ControlUse
from wirebrush_nodes.live import explained, live_controlnet, live_model, preview_of

Steps = Annotated[int, Range(1, 10000)]
Cfg = Annotated[float, Range(0.0, 100.0, 0.1)]
SamplerName = Annotated[str, Choice(tuple(SAMPLERS))]
SchedulerName = Annotated[str, Choice(tuple(SCHEDULES))]


@node(id="KSampler", category="sampling")
def ksampler(
    *,
    model: Model,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Unit = 1.0,
    run: Run,
) -> Latent:
    """Paint: start from noise and take it away, step by step, towards the positive text.

    The same seed and settings give the same picture. A latent with a noise mask is painted inside
    the mask only.

    Args:
        model: The model that paints.
        seed: Which noise to start from; another seed, another picture.
        steps: How many steps to take; more are finer and slower. 20 to 30 are usual.
        cfg: How closely to follow the text; 1 ignores the negative text and is twice as fast.
        sampler_name: How steps are taken. euler and dpmpp_2m are good first choices.
        scheduler: How the noise levels are spread over the steps.
        positive: What the picture should show.
        negative: What it should not show.
        latent_image: The canvas: an empty latent, or an encoded picture to start from.
        denoise: How much of the canvas may change: 1 paints anew, 0.5 keeps the layout.
    """
    with explained("model"), live_model(model, run) as network, explained("latent_image"):

        def on_step(step: Step) -> None:
            run.step(
                step.index + 1,
                step.total,
                lambda: preview_of(network, model, step.denoised, run),
            )

        controls = _Controls(run)
        samples = sample(
            network,
            latent_image.samples,
            _conditions(positive, "positive", controls, network, latent_image),
            _conditions(negative, "negative", controls, network, latent_image),
            seed=seed,
            steps=steps,
            cfg=cfg,
            sampler=sampler_name,
            schedule=scheduler,
            denoise=denoise,
            mask=latent_image.noise_mask,
            batch_index=latent_image.batch_index,
            on_step=on_step,
        )
    return replace(latent_image, samples=samples)


class _Controls:
    """Controls with live networks; equal ones are one object, so that sides share passes."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._made: list[tuple[ControlUse, Control]] = []

    def control(self, use: ControlUse) -> Control:
        for other, control in self._made:
            same = (use.net, use.strength, use.start, use.end)
            if same == (other.net, other.strength, other.start, other.end) and (
                use.image is other.image or torch.equal(use.image, other.image)
            ):
                return control
        with explained():
            network = live_controlnet(use.net, self._run)
        control = Control(network, use.image, use.strength, use.start, use.end)
        self._made.append((use, control))
        return control


def _conditions(
    conds: Conditioning, port: str, controls: _Controls, model: DiffusionModel, latent: Latent
) -> Sequence[Condition]:
    shape = model.latent.fit(latent.samples).shape
    return [_condition(cond, port, controls, model, shape) for cond in conds]


def _condition(
    cond: Cond, port: str, controls: _Controls, model: DiffusionModel, shape: Sequence[int]
) -> Condition:
    """A condition from the wire as the library's, checked against the model."""
    expected = model.context_width
    width = cond.embedding.shape[-1]
    if expected is not None and width != expected:
        raise NodeError(
            f"The text encoding is {width} wide, this model reads {expected}.",
            "Encode the text with the CLIP of the same checkpoint.",
            port=port,
        )
    options: dict[str, Any] = dict(cond.options)
    area = options.get("area")
    with explained(port):
        extra = model.inputs(cond.pooled, options, shape, negative=port == "negative")
    return Condition(
        context=cond.embedding,
        extra=extra,
        strength=options.get("strength", 1.0),
        area=None if area is None else Area(*area),
        mask=options.get("mask"),
        mask_strength=options.get("mask_strength", 1.0),
        start=options.get("start", 0.0),
        end=options.get("end", 1.0),
        controls=tuple(controls.control(use) for use in options.get("controls", ())),
    )
