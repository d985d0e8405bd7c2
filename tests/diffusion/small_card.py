"""A simulated card with what is resident on it, as an engine has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wirebrush_diffusion.network import Loaded


class SmallCard:
    """`limit` bytes for these networks; the first leave first."""

    device = "cpu"
    limited_by = "--vram-limit"
    apart = True

    def __init__(self, limit: int, *networks: Loaded) -> None:
        self.limit = limit
        self.networks = networks
        self.in_use: list[Any] = []
        for network in networks:
            network.live_in(self)

    def used(self) -> int:
        return sum(leaf.size for network in self.networks for leaf in network.leaves())

    def available(self) -> int:
        return self.limit - self.used()

    def reachable(self) -> int:
        idle = [network for network in self.networks if network not in self.in_use]
        return self.available() + sum(leaf.size for one in idle for leaf in one.leaves())

    def make_room(self, wanted: int) -> int:
        for network in self.networks:
            for leaf in network.leaves():
                if self.available() < wanted and network not in self.in_use:
                    leaf.leave()
        return self.available()

    @contextmanager
    def held(self, *items: object) -> Iterator[None]:
        before = list(self.in_use)
        self.in_use += items
        yield
        self.in_use = before
