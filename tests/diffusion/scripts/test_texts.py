"""Texts with weights, long ones, learnt words and skipped layers: as the graph reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from both_ways import assert_same, node, prompt
from tiny_families import pipeline, saved

LONG = "a (red:1.4) house, ((cat)) on a red house, " * 9


def test_weights_windows_and_skipped_layers(both: Any) -> None:
    nodes = prompt("tiny", sampler_name="euler", scheduler="normal", steps=3)
    nodes["2"]["inputs"] |= {"text": LONG, "clip": ["8", 0]}
    nodes["3"]["inputs"]["text"] = "red (blue:0.7) \\(house\\)"
    nodes["8"] = node("CLIPSetLastLayer", clip=["1", 1], stop_at_clip_layer=-2)
    assert_same(*both(nodes))


def test_both_encoders_of_sdxl(both: Any, models: Path) -> None:
    saved(pipeline("sdxl"), models / "checkpoints" / "sdxl")
    nodes = prompt("sdxl", sampler_name="dpmpp_2m", scheduler="karras", steps=3)
    nodes["4"]["inputs"] |= {"width": 64, "height": 64, "batch_size": 1}
    nodes["2"]["inputs"]["text"] = LONG
    assert_same(*both(nodes))


@pytest.mark.parametrize("text", ["embedding:postcards-homestead at dawn", "(at:1.3) dawn"])
def test_learnt_words(text: str, both: Any) -> None:
    nodes = prompt("postcards", sampler_name="euler", scheduler="normal", steps=2)
    nodes["2"]["inputs"]["text"] = "(embedding:postcards-regatta:0.8) " + text
    assert_same(*both(nodes))


def test_a_negative_text_that_is_read_without_loras(both: Any) -> None:
    nodes = prompt("postcards", sampler_name="euler", scheduler="normal", steps=2)
    strengths = {"strength_model": 0.8, "strength_clip": 0.9}
    name = "postcards-woodcut.safetensors"
    nodes["8"] = node("LoraLoader", model=["1", 0], clip=["1", 1], lora_name=name, **strengths)
    nodes["2"]["inputs"]["clip"] = ["8", 1]
    nodes["5"]["inputs"]["model"] = ["8", 0]
    assert_same(*both(nodes))


def test_texts_for_parts_of_the_picture(both: Any) -> None:
    """One for the whole with less strength, and two that meet; the first is longer."""
    nodes = prompt("tiny", sampler_name="euler", scheduler="normal", steps=2)
    nodes["4"]["inputs"] |= {"width": 160, "height": 96}
    nodes["8"] = node("CLIPTextEncode", text=LONG, clip=["1", 1])
    nodes["9"] = node("CLIPTextEncode", text="a red house", clip=["1", 1])
    place = {"width": 96, "height": 64, "x": 0, "y": 32}
    nodes["10"] = node("ConditioningSetArea", conditioning=["8", 0], strength=0.7, **place)
    place |= {"x": 64, "y": 8}
    nodes["11"] = node("ConditioningSetArea", conditioning=["9", 0], strength=1.0, **place)
    both_areas = {"conditioning_1": ["10", 0], "conditioning_2": ["11", 0]}
    nodes["12"] = node("ConditioningCombine", **both_areas)
    nodes["13"] = node("ConditioningCombine", conditioning_1=["12", 0], conditioning_2=["2", 0])
    nodes["5"]["inputs"]["positive"] = ["13", 0]
    assert_same(*both(nodes))
