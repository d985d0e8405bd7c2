"""The true models' shapes, in files that hold nothing: what is built from them is what diffusers'
configurations say. Nothing of their weights is ever in memory."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
import transformers
from original_names import framed_vae_tensors, language_tensors, written
from torch import Tensor, nn

from wirebrush_diffusion.autoencoder.frames import CLASS, framed_plan
from wirebrush_diffusion.families import recognised
from wirebrush_diffusion.families.lumina2 import RULES as LUMINA2_RULES
from wirebrush_diffusion.families.z_image import RULES as Z_IMAGE_RULES
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.build import build_diffusers, build_language
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.language_files import language_config, language_layout, language_of
from wirebrush_diffusion.text.reading import TextPart


def hollow(path: Path, tensors: Mapping[str, Tensor]) -> WeightFile:
    """A safetensors file in bf16 with these names and shapes, and a hole for its numbers."""
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + 2 * math.prod(tensor.shape)
        header[name] = {"dtype": "BF16", "shape": [*tensor.shape], "data_offsets": [start, end]}
    content = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(content)) + content)
        file.truncate(8 + len(content) + end)
    return WeightFile(path)


def on_paper(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return make()


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


NETWORKS: dict[str, tuple[Callable[[], nn.Module], Any, float]] = {
    "Lumina 2": (
        lambda: diffusers.Lumina2Transformer2DModel(cap_feat_dim=2304),
        LUMINA2_RULES,
        2.6,
    ),
    "Z-Image": (
        lambda: diffusers.ZImageTransformer2DModel(axes_lens=[1536, 512, 512]),
        Z_IMAGE_RULES,
        6.2,
    ),
    "Qwen-Image": (diffusers.QwenImageTransformer2DModel, {}, 20.4),
}
CHOSEN = ("axes_lens", "rope_theta", "sample_size", "_class_name")
"""Lengths of tables, which are made as long as needed, and what does not matter."""


@pytest.mark.parametrize("title", NETWORKS)
def test_networks(tmp_path: Path, title: str) -> None:
    make, rules, billions = NETWORKS[title]
    true = on_paper(make)
    file = hollow(tmp_path / "model.safetensors", written(rules, true.state_dict()))

    family, prefix, plan = recognised(file)
    built = build_diffusers(family.network, plan.config)

    assert (family.title, prefix) == (title, "")
    assert shapes(built) == shapes(true)
    assert plan.layout.shapes() == shapes(true)
    config: Any = true.config
    for name, setting in plan.config.items():
        if name not in CHOSEN:
            expected = config[name]
            assert setting == (list(expected) if isinstance(setting, list) else expected), name
    assert sum(p.numel() for p in built.parameters()) / 1e9 == pytest.approx(billions, abs=0.1)


def gemma2_2b() -> nn.Module:
    return transformers.Gemma2Model(transformers.Gemma2Config())


def qwen3_4b() -> nn.Module:
    config = transformers.Qwen3Config(
        hidden_size=2560,
        intermediate_size=9728,
        num_hidden_layers=36,
        num_attention_heads=32,
        num_key_value_heads=8,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
    )
    return transformers.Qwen3Model(config)


def qwen25vl_7b() -> nn.Module:
    text = {
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {
            "rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24],
        },
    }  # fmt: skip
    vision = {"hidden_size": 1280, "intermediate_size": 3420, "out_hidden_size": 3584}
    config = transformers.Qwen2_5_VLConfig(text_config=text, vision_config=vision)
    return transformers.Qwen2_5_VLModel(config)


LANGUAGES = {"gemma2": gemma2_2b, "qwen3": qwen3_4b, "qwen25vl": qwen25vl_7b}


SETTINGS = (
    "rms_norm_eps", "rope_parameters", "head_dim", "num_heads", "window_size", "sliding_window",
    "num_attention_heads", "num_key_value_heads", "query_pre_attn_scalar", "layer_types",
    "fullatt_block_indexes",
)  # fmt: skip
"""What shapes do not tell."""


def plain(config: Any, name: str) -> Any:
    setting = getattr(config, name, None)
    return list(setting) if isinstance(setting, tuple | list) else setting


@pytest.mark.parametrize("kind", LANGUAGES)
def test_language_models(tmp_path: Path, kind: Any) -> None:
    true: Any = on_paper(LANGUAGES[kind])
    file = hollow(tmp_path / "text.safetensors", language_tensors(true, ""))

    found = language_of(file)
    assert found is not None
    assert found == (kind, "model.")
    layout = language_layout(file, *found)
    config = language_config(Shapes(file, named=layout.shapes()), kind, TextPart("x", kind=kind))
    built: Any = build_language(kind, config)

    assert shapes(built) == shapes(true)
    assert {n: s for n, s in layout.shapes().items() if n in shapes(true)} == shapes(true)
    for part in ("text_config", "vision_config") if kind == "qwen25vl" else ("",):
        ours, theirs = (getattr(n.config, part) if part else n.config for n in (built, true))
        told = [{name: plain(config, name) for name in SETTINGS} for config in (ours, theirs)]
        assert told[0] == told[1]


def test_the_autoencoder_with_a_time_axis(tmp_path: Path) -> None:
    true: Any = on_paper(diffusers.AutoencoderKLQwenImage)
    file = hollow(tmp_path / "vae.safetensors", framed_vae_tensors(true, ""))

    config, layout = framed_plan(file, "")

    assert shapes(build_diffusers(CLASS, config)) == shapes(true) == layout.shapes()
    assert all(list(setting) == list(true.config[name]) if isinstance(setting, list)
               else setting == true.config[name] for name, setting in config.items())  # fmt: skip
