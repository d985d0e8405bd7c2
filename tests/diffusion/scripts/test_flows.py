"""Scripts for models that were trained as flows, whose texts language models read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from both_ways import assert_same, node, prompt
from tiny_families import saved
from tiny_language import pipeline

TOLD = "You are an assistant. <Prompt Start> a red house"


def flow(model: str, models: Path, shift: float = 2.5, **sampling: Any) -> dict[str, Any]:
    """A prompt for a tiny model that is there as a folder, with its levels bent."""
    saved(pipeline(model), models / "checkpoints" / model)
    nodes = prompt(model, **sampling)
    nodes["4"]["class_type"] = "EmptySD3LatentImage"
    nodes["2"]["inputs"]["text"] = TOLD if model == "lumina2" else "a (red:1.2) house"
    nodes["8"] = node("ModelSamplingAuraFlow", model=["1", 0], shift=shift)
    nodes["5"]["inputs"]["model"] = ["8", 0]
    return nodes


@pytest.mark.parametrize("cfg", [1.0, 2.5])
def test_qwen_image(cfg: float, both: Any, models: Path) -> None:
    """Where its texts begin is counted by the true tokenizer, which a tiny one is not."""
    nodes = flow("qwen_image", models, sampler_name="euler", scheduler="simple", cfg=cfg)
    begin = pipeline("qwen_image").prompt_template_encode_start_idx
    counted = f"pipe.to(device)\npipe.prompt_template_encode_start_idx = {begin}\n"
    assert_same(*both(nodes, change=("pipe.to(device)\n", counted)))


@pytest.mark.parametrize(("cfg", "sampler"), [(1.0, "res_multistep"), (3.0, "dpmpp_2m")])
def test_z_image(cfg: float, sampler: str, both: Any, models: Path) -> None:
    nodes = flow("z_image", models, sampler_name=sampler, scheduler="simple", cfg=cfg)
    nodes["9"] = node("ConditioningZeroOut", conditioning=["2", 0])
    if cfg == 1:
        nodes["5"]["inputs"]["negative"] = ["9", 0]
    assert_same(*both(nodes))


@pytest.mark.parametrize(
    ("renorm", "sampler"), [(None, "euler"), (1.0, "res_multistep"), (0.4, "euler")]
)
def test_lumina_2(renorm: float | None, sampler: str, both: Any, models: Path) -> None:
    nodes = flow("lumina2", models, sampler_name=sampler, scheduler="normal")
    nodes["3"]["inputs"]["text"] = "blurry " * 40
    if renorm is not None:
        nodes["9"] = node("RenormCFG", model=["8", 0], cfg_trunc=100.0, renorm_cfg=renorm)
        nodes["5"]["inputs"]["model"] = ["9", 0]
    assert_same(*both(nodes))


def test_its_own_way_to_tell_lumina_2_what_it_is(both: Any, models: Path) -> None:
    nodes = flow("lumina2", models, sampler_name="euler", scheduler="simple", steps=3)
    told = {"system_prompt": "alignment", "user_prompt": "red house"}
    nodes["2"] = node("CLIPTextEncodeLumina2", clip=["1", 1], **told)
    assert_same(*both(nodes))
