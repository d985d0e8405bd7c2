"""In which precision networks run, and in which they lie in memory."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from wirebrush_diffusion.errors import DiffusionError

STORAGES: Mapping[str, torch.dtype] = {
    "fp8_e4m3fn": torch.float8_e4m3fn,
    "fp8_e4m3fn_fast": torch.float8_e4m3fn,
    "fp8_e5m2": torch.float8_e5m2,
}
"""The field's names for precisions that only store. All are lossy unless the file has them."""


class Host(str):
    """The host's memory ("cpu" to torch), for weights that are brought to `device` to compute."""

    device: str

    def __new__(cls, device: str) -> Host:
        host = super().__new__(cls, "cpu")
        host.device = device
        return host


def precision_for(device: str, half: torch.dtype, dtype: torch.dtype | None) -> torch.dtype:
    """`dtype` if one is asked for, else half precision where the device is fast at it."""
    if dtype is not None:
        return dtype
    computing = device.device if isinstance(device, Host) else device
    return half if computing.startswith("cuda") else torch.float32


def mapped_precision(device: str, precision: torch.dtype) -> torch.dtype | None:
    """The precision whose weights may stay in their file: the processor's, used as they are."""
    return precision if device == "cpu" else None


def set_precision(network: nn.Module, precision: torch.dtype, storage: str | None) -> None:
    """Give an empty network the precision that it computes in, and the one that it is stored in.

    With a storage, the large matrices lie in memory so and are brought to `precision` layer by
    layer, each time they are used.
    """
    nn.Module.to(network, precision)  # diffusers' own warns, of weights that are not there yet
    if storage is None:
        return
    if storage not in STORAGES:
        raise DiffusionError(
            f"There is no weight_dtype {storage!r}.", f"Known are default, {', '.join(STORAGES)}."
        )
    network.enable_layerwise_casting(STORAGES[storage], precision)
