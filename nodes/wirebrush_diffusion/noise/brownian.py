"""Brownian motion that can be asked for any interval, in any order, from one seed.

A virtual Brownian tree (Gaines & Lyons 1997; Li et al. 2020, arXiv:2001.01328): the interval is
halved until the halves meet the question, and each half's increment is drawn from a seed that
depends on its place in the tree only. So more steps refine the *same* path, and a picture keeps
its composition. The seeds, the halving and the rounding are those of torchsde's `BrownianTree`,
which the whole field uses: the same seed draws the same noise.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

DIGITS = 6  # times are rounded to this many decimals, which ends the halving
POOL = 24  # words of numpy's seed pool, part of the seeds' definition

Node = tuple[int, int]  # depth, index from the left


class BrownianTree:
    """One path W on `[start, end]`, each point a tensor of `shape`, W(start) = 0."""

    def __init__(self, start: float, end: float, shape: torch.Size, seed: int) -> None:
        self.shape = shape
        self.seed = seed
        self.start = round(start, DIGITS)
        self.end = round(end, DIGITS)
        root_seed = np.random.SeedSequence(entropy=seed, pool_size=POOL).generate_state(3)[0]
        self._increments: dict[Node, Tensor] = {
            (0, 0): self._normal(root_seed) * math.sqrt(end - start)
        }

    def increment(self, start: float, end: float) -> Tensor:
        """W(end) - W(start), `start` < `end`; variance `end - start`."""
        start = max(round(start, DIGITS), self.start)
        end = min(round(end, DIGITS), self.end)
        total: Tensor | None = None
        stack: list[tuple[Node, float, float]] = [((0, 0), self.start, self.end)]
        while stack:
            node, left, right = stack.pop()
            if right <= start or left >= end:
                continue
            if start <= left and right <= end:
                part = self._increments[node]
                total = part if total is None else total + part
                continue
            middle = round(0.5 * (left + right), DIGITS)
            if middle in (left, right):
                continue
            self._split(node, left, middle, right)
            depth, index = node
            stack.append(((depth + 1, 2 * index + 1), middle, right))
            stack.append(((depth + 1, 2 * index), left, middle))
        return torch.zeros(self.shape) if total is None else total

    def _split(self, node: Node, left: float, middle: float, right: float) -> None:
        """Draw both halves' increments, given the whole's (a Brownian bridge)."""
        depth, index = node
        if (depth + 1, 2 * index) in self._increments:
            return
        whole = self._increments[node]
        seeds = np.random.SeedSequence(self.seed, spawn_key=(index, depth), pool_size=POOL)
        inverse = 1 / (right - left)
        noise = self._normal(seeds.generate_state(4)[0])
        deviation = math.sqrt((middle - left) * (right - middle) * inverse)
        first = (middle - left) * whole * inverse + deviation * noise
        self._increments[(depth + 1, 2 * index)] = first
        self._increments[(depth + 1, 2 * index + 1)] = whole - first

    def _normal(self, seed: int) -> Tensor:
        generator = torch.Generator("cpu").manual_seed(int(seed))
        return torch.randn(self.shape, generator=generator)
