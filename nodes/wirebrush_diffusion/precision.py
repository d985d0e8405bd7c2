"""In which precision networks run."""

from __future__ import annotations

import torch


def precision_for(device: str, half: torch.dtype, dtype: torch.dtype | None) -> torch.dtype:
    """`dtype` if one is asked for, else half precision where the device is fast at it."""
    if dtype is not None:
        return dtype
    return half if device.startswith("cuda") else torch.float32
