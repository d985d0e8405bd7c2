"""`comfy.utils`: progress, resizing, weight files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from wirebrush.api import NodeError
from wirebrush_comfy.shims.progress import ProgressBar
from wirebrush_comfy.world import World
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.weights import refuse_pickles
from wirebrush_diffusion.pictures.resize import resize


def common_upscale(
    samples: Tensor, width: int, height: int, upscale_method: str, crop: str
) -> Tensor:
    """`[B,C,H,W]` (or `[B,C,T,H,W]`) at a new size; `crop="center"` keeps the proportions."""
    frames = samples
    if samples.ndim == 5:
        frames = samples.movedim(2, 1).flatten(0, 1)
    try:
        resized = resize(frames, int(width), int(height), upscale_method, crop)
    except DiffusionError as error:
        raise NodeError(error.message, error.hint) from error
    if samples.ndim == 5:
        batch, channels, count = samples.shape[:3]
        return resized.reshape(batch, count, channels, height, width).movedim(1, 2)
    return resized


def lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """`[B,C,H,W]` resized with a Lanczos window."""
    return common_upscale(samples, width, height, "lanczos", "disabled")


def bislerp(samples: Tensor, width: int, height: int) -> Tensor:
    """A latent `[B,C,H,W]` resized along its directions."""
    return common_upscale(samples, width, height, "bislerp", "disabled")


def load_torch_file(
    ckpt: str | Path,
    safe_load: bool = False,
    device: Any = None,
    return_metadata: bool = False,
) -> Any:
    """The tensors of a safetensors file by name; pickles are refused, as everywhere here."""
    path = Path(ckpt)
    try:
        refuse_pickles(path)
    except DiffusionError as error:
        raise NodeError(error.message, error.hint) from error
    place = str(device) if device is not None else "cpu"
    with safe_open(str(path), framework="pt", device=place) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    return (tensors, metadata) if return_metadata else tensors


def save_torch_file(
    sd: Mapping[str, Tensor], ckpt: str | Path, metadata: dict[str, str] | None = None
) -> None:
    """Tensors by name, as a safetensors file."""
    save_file({name: tensor.contiguous() for name, tensor in sd.items()}, str(ckpt), metadata)


def repeat_to_batch_size(tensor: Tensor, batch_size: int, dim: int = 0) -> Tensor:
    """As many items along a dimension as wanted: cut off, or begun again from the first."""
    size = tensor.shape[dim]
    if size < batch_size:
        repeats = [1] * tensor.ndim
        repeats[dim] = -(-batch_size // size)
        tensor = tensor.repeat(repeats)
    return tensor.narrow(dim, 0, batch_size)


def calculate_parameters(sd: Mapping[str, Tensor], prefix: str = "") -> int:
    """How many numbers the tensors of that prefix hold."""
    return sum(tensor.nelement() for name, tensor in sd.items() if name.startswith(prefix))


def state_dict_prefix_replace(
    state_dict: dict[str, Any], replace_prefix: Mapping[str, str], filter_keys: bool = False
) -> dict[str, Any]:
    """The tensors under other names; with `filter_keys` only those that were renamed."""
    target: dict[str, Any] = {} if filter_keys else state_dict
    for old, new in replace_prefix.items():
        for name in [name for name in state_dict if name.startswith(old)]:
            target[new + name[len(old) :]] = state_dict.pop(name)
    return target


def get_attr(obj: Any, attr: str) -> Any:
    """An attribute by its dotted path."""
    for name in attr.split("."):
        obj = getattr(obj, name)
    return obj


def set_attr(obj: Any, attr: str, value: Any) -> Any:
    """Set an attribute by its dotted path; gives what was there before."""
    path, _, name = attr.rpartition(".")
    owner = get_attr(obj, path) if path else obj
    before = getattr(owner, name)
    setattr(owner, name, value)
    return before


def tiled_scale(
    samples: Tensor,
    function: Any,
    tile_x: int = 64,
    tile_y: int = 64,
    overlap: int = 8,
    upscale_amount: float = 4,
    out_channels: int = 3,
    output_device: Any = "cpu",
    pbar: ProgressBar | None = None,
) -> Tensor:
    """A function laid over `[B,C,H,W]` tile by tile; where tiles overlap they fade."""
    height, width = samples.shape[-2:]
    size = (round(height * upscale_amount), round(width * upscale_amount))
    summed = torch.zeros((samples.shape[0], out_channels, *size), device=output_device)
    weights = torch.zeros((1, 1, *size), device=output_device)
    for top in _starts(height, tile_y, overlap):
        for left in _starts(width, tile_x, overlap):
            piece = samples[..., top : top + tile_y, left : left + tile_x]
            done = function(piece).to(output_device)
            fade = _fade(done.shape[-2:], max(1, round(overlap * upscale_amount)), output_device)
            rows = slice(round(top * upscale_amount), round(top * upscale_amount) + done.shape[-2])
            cols = slice(
                round(left * upscale_amount), round(left * upscale_amount) + done.shape[-1]
            )
            summed[..., rows, cols] += done * fade
            weights[..., rows, cols] += fade
            if pbar is not None:
                pbar.update(1)
    return summed / weights


def get_tiled_scale_steps(width: int, height: int, tile_x: int, tile_y: int, overlap: int) -> int:
    """How many tiles there are."""
    return len(_starts(height, tile_y, overlap)) * len(_starts(width, tile_x, overlap))


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin: the last one ends at the edge."""
    if length <= tile:
        return [0]
    step = max(1, tile - overlap)
    return [*range(0, length - tile, step), length - tile]


def _fade(size: torch.Size, overlap: int, device: Any) -> Tensor:
    """Weights `[1,1,H,W]` that fall towards the edges of a tile, and never reach zero."""
    ramps: list[Tensor] = []
    for length in size:
        place = torch.arange(length, device=device, dtype=torch.float32)
        edge = torch.minimum(place, length - 1 - place) + 1
        ramps.append((edge / overlap).clamp(max=1.0))
    return (ramps[0][:, None] * ramps[1][None, :])[None, None]


def utils(_world: World) -> Mapping[str, Any]:
    """The module `comfy.utils`."""
    functions = (
        ProgressBar, common_upscale, lanczos, bislerp, load_torch_file, save_torch_file,
        repeat_to_batch_size, calculate_parameters, state_dict_prefix_replace, get_attr, set_attr,
        tiled_scale, get_tiled_scale_steps,
    )  # fmt: skip
    return {item.__name__: item for item in functions} | {
        "PROGRESS_BAR_ENABLED": True,
        "PROGRESS_BAR_HOOK": None,
        "set_progress_bar_enabled": lambda _enabled: None,
        "set_progress_bar_global_hook": lambda _hook: None,
    }
