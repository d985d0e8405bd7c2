"""With controls and hooks, too, no step asks a tensor for its value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from steering import HINT, SEED, start, taught
from test_control_adapters import adapter
from test_controlnet_union import union_of
from test_image_prompts import SEEN
from test_image_prompts import adapter as image_adapter
from test_no_waiting import Listening
from tiny_families import pipeline, saved

from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.control.files import load_controlnet
from wirebrush_diffusion.control.image_prompt import ImagePrompt
from wirebrush_diffusion.control.image_prompt_file import load_image_adapter
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.patches.hooks import Hook, Keyframe
from wirebrush_diffusion.patches.lora_kinds import Full
from wirebrush_diffusion.patches.weights import WeightPatch
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.samplers.step import Step
from wirebrush_diffusion.sampling import sample_sigmas

WEIGHT = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight"
NETWORKS: dict[str, tuple[str, Any, str]] = {
    "plain": ("sd1", lambda unet: taught(diffusers.ControlNetModel.from_unet(unet)), "auto"),
    "adapter": ("sd1", lambda unet: adapter(channels=[64, 128]), "auto"),
    "union": ("sdxl", union_of, "depth"),
}


@pytest.mark.parametrize("kind", [*NETWORKS, "picture", "hooks"])
def test_no_step_waits(tmp_path: Path, kind: str) -> None:
    family, make, mode = NETWORKS.get(kind, ("sd1", None, "auto"))
    pipe = pipeline(family)
    parts = load(saved(pipe, tmp_path / "model"))
    controls: list[Control] = []
    hooks: tuple[Hook, ...] = ()
    if kind == "picture":
        file = WeightFile(image_adapter(pipe.unet, "basic", tmp_path))
        mask = torch.ones(1, 8, 8)
        controls = [ImagePrompt(load_image_adapter(file, "cpu"), torch.ones(1, SEEN), mask=mask)]
    elif kind == "hooks":
        change = Full({"diff": torch.ones(parts.model.patches.shapes()[WEIGHT])})
        frames = (Keyframe(0.1), Keyframe(1.0, 0.5))
        hooks = (Hook(WeightPatch("x", {WEIGHT: change}), frames),)
    else:
        make(pipe.unet).save_pretrained(tmp_path / "control")
        controls = [Control(load_controlnet(tmp_path / "control"), HINT, mode=mode)]
    listens_while_painting(parts, tuple(controls), hooks)


def listens_while_painting(
    parts: Parts, controls: tuple[Control, ...], hooks: tuple[Hook, ...]
) -> None:
    noise, listening = start(), Listening()
    said = parts.text_encoder.encode("red")
    extra = parts.model.inputs(said.pooled, {}, noise.shape)
    side = Condition(said.context, extra, controls=controls, hooks=hooks)

    def on_step(step: Step) -> None:
        listening.listens = step.index < step.total - 1

    with parts.model.patches.held([]), listening:
        sample_sigmas(
            parts.model,
            torch.zeros_like(noise),
            noise,
            [side],
            [Condition(said.context, extra, controls=controls)],
            [8.0, 6.0, 3.0, 1.0, 0.0],
            sampler=SAMPLERS["euler"],
            seed=SEED,
            cfg=4.0,
            on_step=on_step,
        )

    assert listening.heard == []
