"""What torch says about a device. It is asked only where it is installed and already needed."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import psutil


def kind_of(name: str) -> str:
    """The family: "cpu", "cuda", "mps"."""
    return name.partition(":")[0]


def total_memory(name: str) -> int:
    """Bytes that the device has."""
    if kind_of(name) == "cuda":
        return int(import_module("torch").cuda.get_device_properties(name).total_memory)
    return psutil.virtual_memory().total


def free_memory(name: str) -> int:
    """Bytes that new tensors can have: what nobody uses, and what torch keeps in reserve."""
    torch = _loaded()
    if kind_of(name) != "cuda" or torch is None:
        return psutil.virtual_memory().available
    free, _ = torch.cuda.mem_get_info(name)
    return int(free + torch.cuda.memory_reserved(name) - torch.cuda.memory_allocated(name))


def used_by_torch(name: str) -> int:
    """Bytes of this process's tensors on a card; 0 elsewhere."""
    torch = _loaded()
    if kind_of(name) != "cuda" or torch is None:
        return 0
    return int(torch.cuda.memory_allocated(name))


def reserved_by_torch(name: str) -> int:
    """Bytes that torch holds on a card, used or not; 0 elsewhere."""
    torch = _loaded()
    if kind_of(name) != "cuda" or torch is None:
        return 0
    return int(torch.cuda.memory_reserved(name))


def empty_cache(name: str) -> None:
    """Give what torch keeps in reserve back to the device."""
    torch = _loaded()
    if torch is not None and kind_of(name) != "cpu":
        getattr(torch, kind_of(name)).empty_cache()


def title_of(name: str) -> str:
    """What people call the device."""
    if kind_of(name) == "cuda":
        return str(import_module("torch").cuda.get_device_name(name))
    return {"mps": "Apple GPU"}.get(kind_of(name), f"CPU, {psutil.cpu_count() or 1} threads")


def _loaded() -> Any:
    """Torch, if somebody imported it: who has not has no tensors either."""
    return sys.modules.get("torch")
