"""The memory of the device as nodes see it: a card's, or a simulated one of a size that was set."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass

from wirebrush.engine import hardware
from wirebrush.engine.residents import Residents

GPU_SHARE = 0.92
"""Of a card's memory: the rest is the display's, the driver's and the kernels'."""
OPTION = "--vram-limit"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Real accounting: a card is asked; on a simulated one what is resident there is added up.

    Args:
        device: The torch device.
        residents: What is kept.
        set_limit: Bytes that a person allowed; 0 leaves it to the hardware.
    """

    device: str
    residents: Residents
    set_limit: int = 0

    @property
    def limited_by(self) -> str:
        return OPTION if self.set_limit else ""

    @property
    def apart(self) -> bool:
        return self.device != "cpu" or self.set_limit > 0

    @property
    def limit(self) -> int:
        hard = hardware.total_memory(self.device)
        hard = int(hard * GPU_SHARE) if hardware.kind_of(self.device) == "cuda" else hard
        return min(self.set_limit, hard) if self.set_limit else hard

    def available(self) -> int:
        if hardware.kind_of(self.device) == "cuda":
            spared = hardware.total_memory(self.device) * (1 - GPU_SHARE)
            free = int(hardware.free_memory(self.device) - spared)
            if self.set_limit:
                free = min(free, self.set_limit - hardware.used_by_torch(self.device))
            return max(0, free)
        if self.set_limit:
            return self.limit - self.residents.on_device()
        return hardware.free_memory(self.device)

    def reachable(self) -> int:
        if not self.apart:
            return self.available()
        return self.available() + self.residents.on_device(free_only=True)

    def make_room(self, wanted: int) -> int:
        missing = wanted - self.available()
        if missing > 0 and self.apart:
            gone, freed = self.residents.shed(missing)
            if gone:
                log.info("%d parts left %s: %d MB.", gone, self.device, freed >> 20)
                hardware.empty_cache(self.device)
        return self.available()

    def held(self, *items: object) -> AbstractContextManager[None]:
        return self.residents.held(items)
