"""The device that a worker owns: its name, its numerics, and the weights that stay on it.

Torch is asked only when it is installed and something needs it; a worker without torch runs nodes
that need none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

import psutil

from wirebrush.engine import hardware
from wirebrush.engine.residents import Residents
from wirebrush.engine.vram import DeviceMemory

T = TypeVar("T")
NUMERIC_PACKAGES = ("torch", "diffusers", "transformers", "numpy", "pillow")
HOST_SHARE = 0.5

log = logging.getLogger(__name__)


@dataclass
class Device:
    """One device, and what is resident: kept in the host's memory, and in parts on the device.

    Args:
        name: The torch device: "cpu", "cuda:0", "mps".
        limit: Bytes that resident objects may take together; 0 chooses by the host's memory.
        vram_limit: Bytes of the device that may be used; 0: all of a card. On the processor it
            makes a simulated card of that size.
        poisoned: The device is in an error state that only a new process can leave.
    """

    name: str = "cpu"
    limit: int = 0
    vram_limit: int = 0
    poisoned: bool = False
    _building: dict[str, threading.Lock] = field(default_factory=dict[str, threading.Lock])
    _age: float = 0.0

    def __post_init__(self) -> None:
        self._residents = Residents(self.kind)
        self._memory = DeviceMemory(self.name, self._residents, self.vram_limit)

    @property
    def kind(self) -> str:
        """The family: "cpu", "cuda", "mps"."""
        return hardware.kind_of(self.name)

    @property
    def room(self) -> DeviceMemory:
        """The device's memory as nodes see it."""
        return self._memory

    @property
    def used(self) -> int:
        """Bytes of what is resident, wherever it is."""
        return self._residents.used

    def memory(self) -> int:
        """Bytes that the device has, or may use of them if that was set."""
        return self._memory.limit if self.vram_limit else hardware.total_memory(self.name)

    def title(self) -> str:
        """What people call the device."""
        title = hardware.title_of(self.name)
        simulated = self.kind == "cpu" and self.vram_limit
        return f"{title}, as a device of {self.vram_limit / 2**30:.2g} GB" if simulated else title

    def numerics(self) -> str:
        """What changes the last digits of results: part of every recipe key."""
        parts = [f"{name}={_short(text)}" for name, text in versions().items()]
        return " ".join([self.kind, *parts])

    def resident(self, key: str, build: Callable[[], T], *, size: int | None = None) -> T:
        """The object under `key`; built at most once at a time, kept while memory allows."""
        residents = self._residents
        with residents.lock:
            building = self._building.setdefault(key, threading.Lock())
        with building:
            found = residents.items.get(key)
            if found is not None:
                found.touched()
                found.age = self._age
                return found.object
            if size is not None:
                self._make_room(size)
            started = time.monotonic()
            made = build()
            residents.add(key, made, size, time.monotonic() - started, self._age)
            self._make_room(0, keep=key)
            return made

    def free(self) -> int:
        """Let go of everything resident and of torch's own caches; returns the bytes."""
        with self._residents.lock:
            freed = self.used
            self._residents.items.clear()
        hardware.empty_cache(self.name)
        return freed

    def vram(self) -> int:
        """Bytes that are in use on the device now."""
        if self.kind == "cpu" and self.vram_limit:
            return self._residents.on_device()
        return hardware.reserved_by_torch(self.name)

    def _make_room(self, wanted: int, keep: str = "") -> None:
        """Let the least worthy objects go until `wanted` more bytes fit."""
        if not self.limit:
            self.limit = int(psutil.virtual_memory().total * HOST_SHARE)
        residents, gone = self._residents, False
        with residents.lock:
            for key, item in sorted(residents.items.items(), key=lambda pair: pair[1].worth):
                if self.used + wanted <= self.limit:
                    break
                if key != keep and not item.holders:
                    del residents.items[key]
                    self._age = max(self._age, item.worth)
                    gone = True
                    log.info("Let go of %s (%d MB).", key, item.size >> 20)
        if gone:
            hardware.empty_cache(self.name)


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
