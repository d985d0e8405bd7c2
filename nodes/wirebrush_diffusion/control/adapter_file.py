"""Files with T2I-Adapters, in TencentARC's names and in diffusers'."""

from __future__ import annotations

import re

from wirebrush_diffusion.control.plan import ControlPlan
from wirebrush_diffusion.files.architectures import Config, Shapes
from wirebrush_diffusion.files.layout import Layout, Stored
from wirebrush_diffusion.files.weights import WeightFile

PREFIX = "adapter."
BLOCKS = 2  # residual blocks of a level, where a file does not tell
FOLD, LARGE_FOLD = 8, 16
_LIGHT = re.compile(r"body\.(\d{1,4})\.body\.(\d{1,4})\.(.+)")
_FULL = re.compile(r"body\.(\d{1,4})\.(block1|block2|in_conv)\.(.+)")


def adapter_plan(file: WeightFile) -> ControlPlan:
    """The three kinds: full ones for Stable Diffusion 1 and for XL, and light ones."""
    ours = file.with_prefix(PREFIX) is not None
    light = "body.0.in_conv.weight" in file and "conv_in.weight" not in file
    blocks = _blocks(file)
    entries = {
        name if ours else PREFIX + (_light(name) if light else _full(name, blocks)): Stored(name)
        for name in file.names()
    }
    layout = Layout(file, entries)
    shapes = Shapes(file, named=layout.shapes())
    config = _light_config(shapes) if _is_light(shapes) else _full_config(shapes)
    return ControlPlan("T2IAdapter", config, layout.tensors)


def _blocks(file: WeightFile) -> int:
    """Blocks of a level in authors' names: a level begins where a convolution widens it."""
    wider = (i for i in range(1, 64) if f"body.{i}.in_conv.weight" in file)
    return next(wider, BLOCKS)


def _light(name: str) -> str:
    match = _LIGHT.fullmatch(name)
    return name if match is None else "body.{}.resnets.{}.{}".format(*match.groups())


def _full(name: str, blocks: int) -> str:
    match = _FULL.fullmatch(name)
    if match is None:
        return name
    level, place = divmod(int(match.group(1)), blocks)
    layer, leaf = match.group(2), match.group(3)
    inner = "in_conv" if layer == "in_conv" else f"resnets.{place}.{layer}"
    return f"body.{level}.{inner}.{leaf}"


def _is_light(shapes: Shapes) -> bool:
    return not shapes.has(f"{PREFIX}conv_in.weight")


def _levels(shapes: Shapes) -> int:
    return shapes.count(r"adapter\.body\.(\d{1,4})\.")


def _full_config(shapes: Shapes) -> Config:
    read = shapes.of(f"{PREFIX}conv_in.weight")[1]
    fold = LARGE_FOLD if read % LARGE_FOLD**2 == 0 else FOLD
    widths = [
        shapes.of(f"{PREFIX}body.{i}.resnets.0.block1.weight")[0] for i in range(_levels(shapes))
    ]
    return {
        "in_channels": read // fold**2,
        "channels": widths,
        "num_res_blocks": shapes.count(r"adapter\.body\.0\.resnets\.(\d{1,4})\."),
        "downscale_factor": fold,
        "adapter_type": "full_adapter_xl" if fold == LARGE_FOLD else "full_adapter",
    }


def _light_config(shapes: Shapes) -> Config:
    widths = [shapes.of(f"{PREFIX}body.{i}.out_conv.weight")[0] for i in range(_levels(shapes))]
    return {
        "in_channels": shapes.of(f"{PREFIX}body.0.in_conv.weight")[1] // FOLD**2,
        "channels": widths[:-1],
        "num_res_blocks": shapes.count(r"adapter\.body\.0\.resnets\.(\d{1,4})\."),
        "downscale_factor": FOLD,
        "adapter_type": "light_adapter",
    }
