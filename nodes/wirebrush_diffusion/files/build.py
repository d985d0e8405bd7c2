"""Networks of diffusers' and transformers' classes, built without memory for their weights.

The two libraries take seconds to import; they are imported when the first network is built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from wirebrush_diffusion.errors import DiffusionError

LARGEST: Mapping[str, int] = {"layers": 256, "channels": 65536, "dim": 65536, "size": 1_000_000}
MOST_ENTRIES = 64
CLASSES = (
    "AutoencoderKL",
    "AutoencoderKLQwenImage",
    "AutoencoderTiny",
    "ChromaTransformer2DModel",
    "ControlNetModel",
    "ControlNetUnionModel",
    "FluxControlNetModel",
    "FluxTransformer2DModel",
    "HiDreamImageTransformer2DModel",
    "Lumina2Transformer2DModel",
    "PixArtTransformer2DModel",
    "QwenImageTransformer2DModel",
    "SD3ControlNetModel",
    "SD3Transformer2DModel",
    "T2IAdapter",
    "UNet2DConditionModel",
    "ZImageTransformer2DModel",
)
"""What a configuration may ask for, of diffusers' classes."""


def build_diffusers(kind: str, config: Mapping[str, Any]) -> nn.Module:
    """A diffusers model by class name; entries that it does not know are ignored, as there."""
    import diffusers

    _check_sizes(kind, config)
    if kind not in CLASSES:
        raise DiffusionError(f"{kind} is no network that can be built.", f"Known: {CLASSES}.")
    cls: Any = getattr(diffusers, kind)
    known = inspect.signature(cls.__init__).parameters
    arguments = {
        name: _sequence(setting, known[name].default)
        for name, setting in config.items()
        if name in known
    }
    return _empty(kind, lambda: cls(**arguments))


def _sequence(setting: Any, default: Any) -> Any:
    """JSON knows lists only; constructors want what they have themselves."""
    listed = isinstance(setting, list) and not isinstance(default, list)
    return tuple(setting) if listed else setting


def build_clip(config: Mapping[str, Any]) -> nn.Module:
    """A transformers `CLIPTextModel`; `with_projection` adds its `text_projection`."""
    from transformers import CLIPTextConfig, CLIPTextModel

    _check_sizes("CLIPTextModel", config)
    settings = {**config, "attn_implementation": "sdpa"}
    projected = settings.pop("with_projection", False)

    def make() -> nn.Module:
        clip = CLIPTextConfig(**settings)
        network = CLIPTextModel(clip)
        if projected:
            network.text_projection = nn.Linear(
                clip.hidden_size, clip.projection_dim or clip.hidden_size, bias=False
            )
        return network

    return _empty("CLIPTextModel", make)


def build_t5(config: Mapping[str, Any]) -> nn.Module:
    """A transformers `T5EncoderModel`."""
    from transformers import T5Config, T5EncoderModel

    _check_sizes("T5EncoderModel", config)

    def make() -> nn.Module:
        network = T5EncoderModel(T5Config(**config))
        network.set_input_embeddings(network.shared)  # one table under both of its names
        return network

    return _empty("T5EncoderModel", make)


def build_language(kind: str, config: Mapping[str, Any]) -> nn.Module:
    """A language model of transformers, by its `TextKind`; it is never asked to write.

    `headless` leaves the last norm out: then its answer is the last layer's states as they are.
    """
    import transformers

    _check_sizes(kind, config)
    classes = {"gemma2": "Gemma2", "qwen3": "Qwen3", "qwen25vl": "Qwen2_5_VL", "llama": "Llama"}
    name = classes[kind]
    settings = dict(config)
    if kind != "gemma2":  # whose attention bends its scores, which SDPA cannot
        settings["attn_implementation"] = "sdpa"
    headless = settings.pop("headless", False)

    def make() -> nn.Module:
        settled = getattr(transformers, f"{name}Config")(**settings)
        network = getattr(transformers, f"{name}Model")(settled)
        if headless:
            network.norm = nn.Identity()
        _compute(network)
        return network

    return _empty(f"{name}Model", make)


def _compute(network: nn.Module) -> None:
    """What no file holds: the angles of rotary positions, and the scale of Gemma's words."""
    for name, module in list(network.named_modules()):
        if hasattr(module, "scalar_embed_scale"):
            module.embed_scale = torch.tensor(module.scalar_embed_scale, device="cpu")
        if "inv_freq" in dict(module.named_buffers(recurse=False)):
            owner, _, leaf = name.rpartition(".")
            with torch.device("cpu"):
                setattr(network.get_submodule(owner), leaf, type(module)(module.config))


def build_vision(config: Mapping[str, Any], *, siglip: bool) -> nn.Module:
    """A transformers `SiglipVisionModel`, or `CLIPVisionModel`; `projection_dim` adds to the latter
    its `visual_projection`."""
    from transformers import (
        CLIPVisionConfig,
        CLIPVisionModel,
        SiglipVisionConfig,
        SiglipVisionModel,
    )

    kind = "SiglipVisionModel" if siglip else "CLIPVisionModel"
    _check_sizes(kind, config)
    settings = {**config, "attn_implementation": "sdpa"}
    if siglip:
        return _empty(kind, lambda: SiglipVisionModel(SiglipVisionConfig(**settings)))

    def make() -> nn.Module:
        network = CLIPVisionModel(CLIPVisionConfig(**settings))
        if width := config.get("projection_dim"):
            network.visual_projection = nn.Linear(config["hidden_size"], width, bias=False)
        return network

    return _empty(kind, make)


def _check_sizes(kind: str, config: Mapping[str, Any]) -> None:
    """Refuse a configuration that would keep us building for hours."""
    for name, setting in config.items():
        numbers = setting if isinstance(setting, list | tuple) else [setting]
        most = next((most for part, most in LARGEST.items() if part in name), None)
        too_large = most is not None and any(isinstance(n, int) and n > most for n in numbers)
        if too_large or len(numbers) > MOST_ENTRIES:
            raise DiffusionError(
                f"The configuration of this {kind} makes no sense: {name} is {str(setting)[:60]}.",
                "Get it again, from a place you trust.",
            )


def _empty(kind: str, make: Callable[[], nn.Module]) -> nn.Module:
    """Built on the meta device: no memory, and no time spent on random numbers."""
    try:
        with torch.device("meta"):
            network = make()
    except Exception as error:  # constructors raise whatever their arguments lead to
        raise DiffusionError(
            f"The configuration of this {kind} makes no sense: {str(error)[:200]}.",
            "Its config.json is damaged or written by hand.",
        ) from error
    for name, buffer in list(network.named_buffers()):
        if name.endswith("position_ids"):
            owner = network.get_submodule(name.rpartition(".")[0])
            owner.position_ids = torch.arange(buffer.shape[-1]).unsqueeze(0)
    return network
