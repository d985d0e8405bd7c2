"""The device that a worker owns: its name, its numerics, and the weights that stay on it.

Torch is asked only when it is installed and something needs it; a worker without torch runs nodes
that need none.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import psutil

T = TypeVar("T")
NUMERIC_PACKAGES = ("torch", "diffusers", "transformers", "numpy", "pillow")
CPU_SHARE = 0.5
GPU_SHARE = 0.85

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Resident:
    object: Any
    size: int
    seconds: float
    uses: int = 1
    age: float = 0.0

    @property
    def worth(self) -> float:
        return self.age + self.uses * self.seconds / max(self.size, 1)


@dataclass
class Device:
    """One device and what is resident on it.

    Args:
        name: The torch device: "cpu", "cuda:0", "mps".
        limit: Bytes that resident objects may take together; 0 chooses by the device's memory.
        poisoned: The device is in an error state that only a new process can leave.
    """

    name: str = "cpu"
    limit: int = 0
    poisoned: bool = False
    _resident: dict[str, _Resident] = field(default_factory=dict[str, _Resident])
    _building: dict[str, threading.Lock] = field(default_factory=dict[str, threading.Lock])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _age: float = 0.0

    @property
    def kind(self) -> str:
        """The family: "cpu", "cuda", "mps"."""
        return self.name.partition(":")[0]

    @property
    def used(self) -> int:
        """Bytes of what is resident."""
        return sum(item.size for item in list(self._resident.values()))

    def memory(self) -> int:
        """Bytes that the device has."""
        if self.kind == "cuda":
            return int(import_module("torch").cuda.get_device_properties(self.name).total_memory)
        return psutil.virtual_memory().total

    def title(self) -> str:
        """What people call the device."""
        if self.kind == "cuda":
            return str(import_module("torch").cuda.get_device_name(self.name))
        return {"mps": "Apple GPU"}.get(self.kind, f"CPU, {psutil.cpu_count() or 1} threads")

    def numerics(self) -> str:
        """What changes the last digits of results: part of every recipe key."""
        parts = [f"{name}={_short(text)}" for name, text in versions().items()]
        return " ".join([self.kind, *parts])

    def resident(self, key: str, build: Callable[[], T], *, size: int | None = None) -> T:
        """The object under `key`; built at most once at a time, kept while memory allows."""
        with self._lock:
            building = self._building.setdefault(key, threading.Lock())
        with building:
            found = self._resident.get(key)
            if found is not None:
                found.uses += 1
                found.age = self._age
                return found.object
            if size is not None:
                self._make_room(size)
            started = time.monotonic()
            made = build()
            seconds = time.monotonic() - started
            kept = _Resident(made, size if size is not None else weight_of(made), seconds)
            kept.age = self._age
            with self._lock:
                self._resident[key] = kept
            self._make_room(0, keep=key)
            return made

    def free(self) -> int:
        """Let go of everything resident and of torch's own caches; returns the bytes."""
        with self._lock:
            freed = self.used
            self._resident.clear()
        self._empty_cache()
        return freed

    def vram(self) -> int:
        """Bytes that torch holds on the device now."""
        torch = sys.modules.get("torch")
        if self.kind != "cuda" or torch is None:
            return 0
        return int(torch.cuda.memory_reserved(self.name))

    def _make_room(self, wanted: int, keep: str = "") -> None:
        """Let the least worthy go until `wanted` more bytes fit."""
        if not self.limit:
            self.limit = int(self.memory() * (CPU_SHARE if self.kind == "cpu" else GPU_SHARE))
        gone = False
        with self._lock:
            for key, item in sorted(self._resident.items(), key=lambda pair: pair[1].worth):
                if self.used + wanted <= self.limit:
                    break
                if key != keep:
                    del self._resident[key]
                    self._age = max(self._age, item.worth)
                    gone = True
                    log.info("Let go of %s (%d MB).", key, item.size >> 20)
        if gone:
            self._empty_cache()

    def _empty_cache(self) -> None:
        torch = sys.modules.get("torch")
        if torch is None or self.kind == "cpu":
            return
        getattr(torch, self.kind).empty_cache()


def weight_of(item: Any) -> int:
    """Bytes of the tensors that an object holds: a module's parameters and buffers, or those in
    its attributes and items, a few levels deep. Each is counted once."""
    tensors: dict[int, int] = {}
    _weigh(item, tensors, set(), 5)
    return sum(tensors.values())


def _weigh(item: Any, tensors: dict[int, int], seen: set[int], depth: int) -> None:
    nbytes = getattr(item, "nbytes", None)
    if isinstance(nbytes, int):
        tensors[id(item)] = nbytes
        return
    if depth == 0 or id(item) in seen or isinstance(item, str | bytes | type):
        return
    seen.add(id(item))
    for part in _parts(item):
        _weigh(part, tensors, seen, depth - 1)


def _parts(item: Any) -> list[Any]:
    """What an object consists of, as far as it may hold weights."""
    if callable(getattr(item, "parameters", None)) and callable(getattr(item, "buffers", None)):
        return [*item.parameters(), *item.buffers()]
    if isinstance(item, Mapping):
        return list(item.values())  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(item, list | tuple | set):
        return list(item)  # pyright: ignore[reportUnknownArgumentType]
    slots = [getattr(item, name, None) for name in getattr(item, "__slots__", ())]
    return [*slots, *getattr(item, "__dict__", {}).values()]


def versions() -> dict[str, str]:
    """The installed versions of what computes, without importing it."""
    found: dict[str, str] = {}
    for name in NUMERIC_PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _short(text: str) -> str:
    """Major and minor: patch releases do not change results."""
    return ".".join(text.split("+")[0].split(".")[:2])
