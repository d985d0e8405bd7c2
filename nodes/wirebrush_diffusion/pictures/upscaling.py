"""Upscale models out of files, and pictures through them in tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.memory.plans import Portion
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.pictures.tiling import OnTile, tiled
from wirebrush_diffusion.pictures.upscalers import build_upscaler, esrgan_name, last_layer

WRAPPERS = ("params_ema.", "params.", "module.")
MAX_LAYERS = 4096
TILES, OVERLAP = (512, 256, 128), 32  # pixels
ENLARGING = 256.0  # numbers that each pixel of the answer takes inside


@dataclass(slots=True, eq=False)
class Upscaler(Loaded):
    """A network `[B,3,H,W]` -> `[B,3,H*scale,W*scale]`, 0..1."""

    network: nn.Module
    scale: float

    def enlarged(self, pictures: Tensor, on_tile: OnTile) -> Tensor:
        """Pictures `[B,H,W,3 or 4]` -> `[B,H*scale,W*scale,3]`, float32 on the CPU.

        Tiles are as large as memory allows.
        """
        if pictures.ndim != 4 or pictures.shape[-1] not in (3, 4):
            raise DiffusionError(
                f"A picture batch is [B,H,W,3], got {'x'.join(map(str, pictures.shape))}."
            )
        planes = pictures[..., :3].movedim(-1, 1)

        def work(portion: Portion) -> Tensor:
            result = tiled(self._answer, planes, portion.tile, OVERLAP, self.scale, on_tile)
            return result.movedim(1, -1).clamp_(0.0, 1.0).contiguous()

        pixel = ENLARGING * self.scale**2 * self.dtype.itemsize
        portions = [Portion(1, int(pixel * t * t), float(t * t), t) for t in TILES]
        height, width = planes.shape[-2:]
        return self.within(portions, work, f"Enlarging {width}x{height}")

    def _answer(self, planes: Tensor) -> Tensor:
        with torch.inference_mode():
            answer = torch.cat(
                [self.network(one.to(self.device, self.dtype)) for one in planes.split(1)]
            )
        return answer.float().cpu().clone()


OTHERS: Mapping[str, str] = MappingProxyType(
    {
        "residual_group.overlap_attn.": "HAT",
        "residual_group.blocks.0.attn.logit_scale": "Swin2SR",
        "residual_group.blocks.0.attn.": "SwinIR",
        "layers.0.blocks.0.attn.": "DAT",
        "residual_layer.0.residual_layer.": "OmniSR",
        "block_1.c1_r.": "SPAN",
        "feats.1.lk.": "PLKSR",
        "unet1.conv1.": "RealCUGAN",
    }
)
"""By a piece of a tensor's name: kinds that only spandrel reads. The first that fits counts."""


def _has(file: WeightFile, mark: str) -> bool:
    return any(mark in name for name in file.names())


def load_upscaler(file: WeightFile, device: str, dtype: torch.dtype) -> Upscaler:
    """The upscale model in a file: ESRGAN and compact ones; with spandrel installed, others."""
    prefix = file.with_prefix(*WRAPPERS) or ""
    names = [name for name in file.names() if name.startswith(prefix)]
    if len(names) > MAX_LAYERS:
        raise _unknown(file)
    bare = {name: name.removeprefix(prefix) for name in names}
    last = last_layer(dict.fromkeys(bare.values()))
    ours = {esrgan_name(short, last): name for name, short in bare.items()}
    network = build_upscaler({name: file.shape(full) for name, full in ours.items()})
    if network is None:
        return _by_spandrel(file, device, dtype)
    tensors = {name: file.tensor(full) for name, full in ours.items()}
    fill(network, tensors, where=file.name, device=torch.device(device), dtype=dtype)
    upscaler = Upscaler(network, float(network.scale))  # type: ignore[arg-type]  # both kinds have it
    upscaler.freeze()
    return upscaler


def _by_spandrel(file: WeightFile, device: str, dtype: torch.dtype) -> Upscaler:
    if find_spec("spandrel") is None:
        raise _unknown(file)
    spandrel: Any = import_module("spandrel")  # an extra, because it needs torchvision
    loader = spandrel.ModelLoader()
    try:
        found = loader.load_from_state_dict({name: file.tensor(name) for name in file.names()})
    except Exception as error:  # it raises whatever a file leads to
        raise _unknown(file) from error
    if found.input_channels != 3 or found.output_channels != 3 or found.scale < 1:
        raise _unknown(file)
    upscaler = Upscaler(found.model.to(device, dtype), float(found.scale))
    upscaler.freeze()
    return upscaler


def _unknown(file: WeightFile) -> DiffusionError:
    kind = next((kind for mark, kind in OTHERS.items() if _has(file, mark)), None)
    if kind is not None and find_spec("spandrel") is None:
        return DiffusionError(
            f"{file.name} is a {kind} model, which needs a library that is not installed.",
            "Install spandrel: pip install 'wirebrush[upscale]'. ESRGAN and Real-ESRGAN models are "
            "read without it.",
        )
    return DiffusionError(
        f"{file.name} is no upscale model that is known here: it is {kind_of(file)[0]}.",
        "ESRGAN and Real-ESRGAN models are read as they are; for others install spandrel "
        "(pip install 'wirebrush[upscale]').",
    )
