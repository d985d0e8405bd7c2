"""Loading controls: diffusers folders, and single files in diffusers' or their authors' names.

Which layout a file has is seen by its names; `KINDS` tells them apart, from the most particular on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.control.adapter import AdapterControl
from wirebrush_diffusion.control.adapter_file import adapter_plan
from wirebrush_diffusion.control.controlnet import ControlModel
from wirebrush_diffusion.control.flow import FluxControl, SD3Control
from wirebrush_diffusion.control.flow_file import (
    flux_plan,
    sd3_plan,
    stability_kind,
    stability_plan,
    widened,
    xlabs_plan,
)
from wirebrush_diffusion.control.lora import changed_plan, needs_model
from wirebrush_diffusion.control.plan import ControlPlan
from wirebrush_diffusion.control.shapes import diffusers_control_config, union_config
from wirebrush_diffusion.control.union import UnionControl
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.architectures import controlnet_config
from wirebrush_diffusion.files.build import build_diffusers
from wirebrush_diffusion.files.folder import load_network, read_config
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.layout import Layout, Stored
from wirebrush_diffusion.files.names import controlnet_name
from wirebrush_diffusion.files.precision import precision_for
from wirebrush_diffusion.files.single_file import renamed_tensors
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.model import DiffusionModel

PREFIXES = ("control_model.", "")
FIRST = "zero_convs.0.0.weight"
MODELS: Mapping[str, type[ControlModel]] = {
    "ControlNetModel": ControlModel,
    "ControlNetUnionModel": UnionControl,
    "SD3ControlNetModel": SD3Control,
    "FluxControlNetModel": FluxControl,
    "T2IAdapter": AdapterControl,
}
"""diffusers' class -> ours."""
HALVES: Mapping[str, torch.dtype] = {
    "SD3ControlNetModel": torch.bfloat16,
    "FluxControlNetModel": torch.bfloat16,
}
"""Half precision is fp16 for those that are not named."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Files with all of `marks` are read by `plan`."""

    marks: tuple[str, ...]
    plan: Callable[[WeightFile], ControlPlan]


def _union_plan(file: WeightFile) -> ControlPlan:
    return ControlPlan("ControlNetUnionModel", union_config(file), _as_it_is(file).tensors)


def _plain_plan(file: WeightFile) -> ControlPlan:
    return ControlPlan("ControlNetModel", diffusers_control_config(file), _as_it_is(file).tensors)


def _as_it_is(file: WeightFile) -> Layout:
    return Layout(file, {name: Stored(name) for name in file.names()})


def _original_plan(prefix: str) -> Callable[[WeightFile], ControlPlan]:
    def plan(file: WeightFile) -> ControlPlan:
        config = controlnet_config(file, prefix)
        layers = config["layers_per_block"]
        hints = 2 * (len(config["conditioning_embedding_out_channels"]) - 1)

        def tensors(network: nn.Module) -> Mapping[str, Tensor]:
            return renamed_tensors(
                file, network, prefix, lambda name: controlnet_name(name, layers, hints)
            )

        return ControlPlan("ControlNetModel", config, named=tensors)

    return plan


KINDS: tuple[Kind, ...] = (
    Kind(("task_embedding", "controlnet_mid_block.weight"), _union_plan),
    Kind(("controlnet_mid_block.weight",), _plain_plan),
    *(Kind((prefix + FIRST,), _original_plan(prefix)) for prefix in PREFIXES),
    Kind(("controlnet_blocks.0.weight", "double_blocks.0.img_attn.qkv.weight"), xlabs_plan),
    Kind(("controlnet_blocks.0.weight", "transformer_blocks.0.attn.qkv.weight"), stability_plan),
    Kind(("controlnet_blocks.0.weight", "pos_embed_input.proj.weight"), sd3_plan),
    Kind(
        ("controlnet_x_embedder.weight", "transformer_blocks.0.attn.add_q_proj.weight"), flux_plan
    ),
    Kind(("adapter.body.0.resnets.0.block1.weight",), adapter_plan),
    Kind(("body.0.in_conv.weight",), adapter_plan),
    Kind(("body.0.block1.weight", "conv_in.weight"), adapter_plan),
)
OTHERS: Mapping[str, str] = {
    "controlnet_x_embedder.": "a ControlNet of a family that is not known here",
    "single_controlnet_blocks.": "a ControlNet for FLUX in MistoLine's layout",
    "control_layers.": "a ControlNet for Z-Image",
    "transformer_layes.": "a style adapter (T2I-Adapter) or an incomplete union ControlNet",
}
"""What files begin with that are of no kind above."""


def load_controlnet(
    path: Path,
    device: str = "cpu",
    dtype: torch.dtype | None = torch.float32,
    model: DiffusionModel | None = None,
) -> ControlModel:
    """A ControlNet or T2I-Adapter; without a `dtype`, in the device's usual one for its family.

    `model` is for files that are a change of one: see `depends_on_model`.
    """
    if path.is_dir():
        kind, network = _from_folder(path, device, dtype)
        marks = 0
    else:
        file = WeightFile(path)
        plan = changed_plan(file, model) if needs_model(file) else _plan(file)
        kind, network = plan.kind, build_diffusers(plan.kind, plan.config)
        plan.complete(network)
        precision = precision_for(device, _half(kind), dtype)
        fill(
            network,
            plan.read(network),
            where=file.name,
            device=torch.device(device),
            dtype=precision,
        )
        marks = stability_kind(file)
    control = MODELS[kind](network.to(device))
    if isinstance(control, SD3Control):
        control.kind = marks
    elif kind in ("ControlNetModel", "ControlNetUnionModel"):
        widths = control.config.conditioning_embedding_out_channels
        control.downscale = 2 ** (len(widths) - 1)
    return control


def depends_on_model(path: Path) -> bool:
    """Whether what lies at the path is a change of a model, and cannot be used without one."""
    return not path.is_dir() and needs_model(WeightFile(path))


def check_controlnet(path: Path) -> None:
    """Raise if nothing at the path can be read as a control; from names and shapes alone."""
    if path.is_dir():
        _folder_kind(path, read_config(path / "config.json"))
    elif not needs_model(file := WeightFile(path)):
        _plan(file)


def _half(kind: str) -> torch.dtype:
    return HALVES.get(kind, torch.float16)


def _from_folder(path: Path, device: str, dtype: torch.dtype | None) -> tuple[str, nn.Module]:
    config = read_config(path / "config.json")
    kind = _folder_kind(path, config)
    precision = precision_for(device, _half(kind), dtype)
    more = int(config.get("extra_condition_channels") or 0)

    def complete(network: nn.Module) -> None:
        if more:
            widened(network, more)

    return kind, load_network(path, kind, device, precision, None, complete)


def _folder_kind(path: Path, config: Mapping[str, Any]) -> str:
    kind = config.get("_class_name", "ControlNetModel")
    if kind not in MODELS:
        raise DiffusionError(
            f"{path.name} holds a {str(kind)[:60]}; a ControlNet or T2I-Adapter was expected.",
            f"Read are folders of {', '.join(MODELS)}.",
        )
    return kind


def _plan(file: WeightFile) -> ControlPlan:
    for kind in KINDS:
        if all(mark in file for mark in kind.marks):
            return kind.plan(file)
    mark = file.with_prefix(*OTHERS)
    found = kind_of(file)[0] if mark is None else OTHERS[mark]
    raise DiffusionError(
        f"{file.name} is {found}; a ControlNet or T2I-Adapter was expected.",
        "Choose one for Stable Diffusion 1, 2, XL, 3 or FLUX.1.",
    )
