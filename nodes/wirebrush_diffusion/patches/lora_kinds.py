"""The kinds of weight changes that files hold in factors, and what each makes of a weight.

LoRA (Hu et al. 2021, arXiv:2106.09685), LoHa (FedPara, Hyeon-Woo et al. 2021, arXiv:2108.06098),
LoKr (Yeh et al. 2023, arXiv:2309.14859), DoRA (Liu et al. 2024, arXiv:2402.09353), OFT (Qiu et al.
2023, arXiv:2306.07280) and BOFT (Liu et al. 2023, arXiv:2311.06243) with one factor.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor

from wirebrush_diffusion.patches.lora_names import Place
from wirebrush_diffusion.patches.weights import Delta


@dataclass(frozen=True, slots=True, eq=False)
class Factors(Delta, ABC):
    """A change made of small tensors, by the names they have in files."""

    parts: Mapping[str, Tensor]
    scale: float = 1.0

    @property
    def nbytes(self) -> int:
        """Memory of the factors."""
        return sum(part.nbytes for part in self.parts.values())

    def part(self, name: str, like: Tensor) -> Tensor:
        """A factor in float32, where the weight is."""
        return self.parts[name].to(like.device).float()

    @abstractmethod
    def dense(self, like: Tensor) -> Tensor:
        """The change of the weight `like` at strength 1: float32, in its shape, on its device."""


class Full(Factors):
    """The change itself."""

    __slots__ = ()

    def dense(self, like: Tensor) -> Tensor:
        return self.part("diff", like).reshape(like.shape) * self.scale


class LowRank(Factors):
    """LoRA: `up @ down`, for some convolutions with a core between them."""

    __slots__ = ()

    def dense(self, like: Tensor) -> Tensor:
        up, down = self.part("up", like).flatten(1), self.part("down", like)
        if "mid" in self.parts:
            product = _through(self.part("mid", like), up.T, down.flatten(1))
        else:
            product = up @ down.flatten(1)
        return product.reshape(like.shape).mul_(self.scale)

    def added(
        self, total: Tensor, base: Tensor, strength: float, spare: Tensor | None = None
    ) -> Tensor:
        """In one operation, without the whole product in memory; see `patches.Adding`."""
        if "mid" in self.parts:
            change = self.dense(base)
            return torch.add(total, change, alpha=strength)
        up, down = self.part("up", base).flatten(1), self.part("down", base).flatten(1)
        share, flat = self.scale * strength, total.reshape(total.shape[0], -1)
        if total is base:
            out = None if spare is None else spare.reshape(flat.shape)
            return torch.addmm(flat, up, down, alpha=share, out=out).reshape(base.shape)
        return flat.addmm_(up, down, alpha=share).reshape(base.shape)


class Hadamard(Factors):
    """LoHa: two low-rank products, multiplied number by number."""

    __slots__ = ()

    def dense(self, like: Tensor) -> Tensor:
        halves: list[Tensor] = []
        for side in "12":
            a, b = (self.part(f"hada_w{side}_{end}", like) for end in "ab")
            core = f"hada_t{side}"
            halves.append(_through(self.part(core, like), a, b) if core in self.parts else a @ b)
        return (halves[0] * halves[1]).reshape(like.shape).mul_(self.scale)


class Kronecker(Factors):
    """LoKr: a Kronecker product of two matrices, each whole or a low-rank product."""

    __slots__ = ()

    def dense(self, like: Tensor) -> Tensor:
        first, second = self._side("1", like), self._side("2", like)
        if second.ndim == 4:
            first = first[:, :, None, None]
        return torch.kron(first, second.contiguous()).reshape(like.shape).mul_(self.scale)

    def _side(self, side: str, like: Tensor) -> Tensor:
        if f"lokr_w{side}" in self.parts:
            return self.part(f"lokr_w{side}", like)
        a, b = (self.part(f"lokr_w{side}_{end}", like) for end in "ab")
        core = f"lokr_t{side}"
        return _through(self.part(core, like), a, b) if core in self.parts else a @ b


class Rotation(Factors):
    """OFT: blocks of the inputs are rotated. Blocks are kept as upper triangles `[n, b(b-1)/2]`.

    The rotation is peft's default, five terms of the Neumann series of Cayley's transform.
    """

    __slots__ = ()

    def dense(self, like: Tensor) -> Tensor:
        stored = self.part("oft_R", like)
        side = (1 + isqrt(1 + 8 * stored.shape[1])) // 2
        rows, columns = torch.triu_indices(side, side, 1, device=like.device)
        skew = stored.new_zeros(stored.shape[0], side, side)
        skew[:, rows, columns] = stored
        skew = skew - skew.mT
        square = skew @ skew
        turn = torch.eye(side, device=like.device) + 2 * (skew + square + square @ skew)
        return _turned(like, turn + square @ square) - like


class Butterfly(Factors):
    """BOFT with one factor: Cayley rotations of blocks of inputs, and a scale for each output."""

    __slots__ = ()

    def dense(self, like: Tensor) -> Tensor:
        stored = self.part("boft_R", like)[0]
        skew = 0.5 * (stored - stored.mT)
        one = torch.eye(skew.shape[-1], device=like.device).expand_as(skew)
        turn = torch.linalg.solve(one + skew, one - skew, left=False)
        scales = self.part("boft_s", like).reshape(-1, *(1,) * (like.ndim - 1))
        return _turned(like, turn) * scales - like


@dataclass(frozen=True, slots=True, eq=False)
class Decomposed(Delta):
    """DoRA: the changed weight's rows (or, `across`, columns) get lengths that were learnt."""

    inner: Delta
    magnitude: Tensor
    across: bool = False

    @property
    def nbytes(self) -> int:
        """Memory of the factors."""
        return getattr(self.inner, "nbytes", 0) + self.magnitude.nbytes

    def dense(self, like: Tensor) -> Tensor:
        changed = like + self.inner.dense(like)
        kept = 1 if self.across else 0
        others = [side for side in range(like.ndim) if side != kept]
        lengths = torch.linalg.vector_norm(changed, dim=others, keepdim=True)
        wanted = self.magnitude.to(like.device).float().reshape(lengths.shape)
        # a row of zeros has no direction: it stays
        return changed * torch.where(lengths > 0, wanted / lengths, 1.0) - like


@dataclass(frozen=True, slots=True, eq=False)
class Cut(Delta):
    """The part of a change that belongs to one of several weights the file keeps together."""

    inner: Delta
    place: Place

    @property
    def nbytes(self) -> int:
        """Memory of the factors."""
        return getattr(self.inner, "nbytes", 0)

    def dense(self, like: Tensor) -> Tensor:
        whole = like.new_empty((self.place.total, *like.shape[1:]))
        return self.place.pick(self.inner.dense(whole))


def _through(core: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """A Tucker product: core `[r,s,h,w]`, left `[r,out]`, right `[s,in]` -> `[out,in,h,w]`."""
    return torch.einsum("rshw,ro,si->oihw", core, left, right)


def _turned(weight: Tensor, turn: Tensor) -> Tensor:
    """The weight with blocks of its inputs rotated; one block may serve for all."""
    side = turn.shape[-1]
    blocks = weight.reshape(weight.shape[0], -1, side)
    if turn.shape[0] not in (1, blocks.shape[1]):
        raise ValueError("as many rotations as blocks of inputs were expected")
    return torch.einsum("onk,nck->onc", blocks, turn.expand(blocks.shape[1], -1, -1)).reshape(
        weight.shape
    )
