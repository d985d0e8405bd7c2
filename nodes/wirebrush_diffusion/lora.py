"""LoRA files (Hu et al. 2021, arXiv:2106.09685) as patches for a network's weights.

Read are the layouts in use: kohya's (`lora_unet_..._to_q.lora_up.weight` with `.alpha`, with
diffusers' or the original block names) and diffusers' and peft's (`unet...to_q.lora_A.weight`,
`...to_q.lora.down.weight`, `...processor.to_q_lora.down.weight`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.names import unet_name
from wirebrush_diffusion.weights import WeightFile

Target = Literal["unet", "text_encoder"]

UP = (
    ".lora_up.weight",
    ".lora_B.weight",
    ".lora_B.default.weight",
    ".lora.up.weight",
    "_lora.up.weight",
)
DOWN = (".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight", ".lora.down.weight",
        "_lora.down.weight")  # fmt: skip
MID = ".lora_mid.weight"
ALPHA = (".alpha", ".lora_alpha")
OTHER_KINDS = {
    "hada_w1_a": "LoHa",
    "lokr_w1": "LoKr",
    "oft_diag": "OFT",
    "oft_blocks": "OFT",
    "dora_scale": "DoRA",
    "a1.weight": "GLoRA",
}
KOHYA: Mapping[Target, tuple[str, ...]] = {
    "unet": ("lora_unet_",),
    "text_encoder": ("lora_te_text_model_", "lora_te1_text_model_"),
}
DIFFUSERS: Mapping[Target, tuple[str, ...]] = {
    "unet": ("unet.", "base_model.model.unet.", "diffusion_model.", ""),
    "text_encoder": ("text_encoder.text_model.", "text_encoder.", "text_model."),
}
_PROCESSOR = re.compile(r"\.processor\.(to_[qkv]|to_out)$")


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """`scale * up @ down` (`down` through `middle` for some convolutions): a weight's change."""

    up: Tensor
    down: Tensor
    scale: float
    middle: Tensor | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the factors."""
        middle = 0 if self.middle is None else self.middle.nbytes
        return self.up.nbytes + self.down.nbytes + middle

    def dense(self, like: Tensor) -> Tensor:
        up, down = self.up.to(like.device).float(), self.down.to(like.device).float()
        if self.middle is not None:
            middle = self.middle.to(like.device).float()
            product = torch.einsum("or,rshw,si->oihw", up.flatten(1), middle, down.flatten(1))
        else:
            product = up.flatten(1) @ down.flatten(1)
        return product.reshape(like.shape).mul_(self.scale)


def read_lora(
    file: WeightFile, target: Target, shapes: Mapping[str, tuple[int, ...]], layers: int = 2
) -> dict[str, LowRank]:
    """What a LoRA file changes in a network with these parameters; empty if nothing.

    `layers` is the UNet's `layers_per_block`. Raises when the file has parts for this network
    that do not fit it: then it was made for another model.
    """
    _refuse_others(file)
    aliases = _aliases(target, shapes, layers)
    deltas: dict[str, LowRank] = {}
    strangers: list[str] = []
    for base, (up, down) in sorted(_pairs(file.names()).items()):
        name = aliases.get(_plain(base))
        if name is not None:
            deltas[name] = _low_rank(file, base, up, down, name, shapes[name])
        elif _meant_for(target, base):
            strangers.append(base)
    if strangers and len(strangers) > len(deltas):
        raise DiffusionError(
            f"{file.name} was made for another model: {len(strangers)} of its parts do not exist "
            f"in this one, e.g. {strangers[0][:80]}.",
            "Use a LoRA of the same family as the checkpoint.",
        )
    return deltas


def check_lora(file: WeightFile) -> None:
    """Raise if the file holds no LoRA that can be read."""
    _refuse_others(file)
    if not _pairs(file.names()):
        raise DiffusionError(
            f"{file.name} is no LoRA: it has no pairs of up and down weights.",
            "Choose a LoRA file; checkpoints have a loader of their own.",
        )


def _pairs(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The common part of the names -> the names of the two factors."""
    known = set(names)
    pairs: dict[str, tuple[str, str]] = {}
    for name in known:
        for up, down in zip(UP, DOWN, strict=True):
            if name.endswith(up) and name.removesuffix(up) + down in known:
                base = name.removesuffix(up)
                pairs[base] = (name, base + down)
                break
    return pairs


def _plain(base: str) -> str:
    """A file's name for a module, in the one spelling that `_aliases` lists."""
    return _PROCESSOR.sub(r".\1", base)


def _aliases(target: Target, shapes: Mapping[str, tuple[int, ...]], layers: int) -> dict[str, str]:
    """Every spelling of a module -> the parameter's name."""
    attention = frozenset(
        int(m.group(1)) for name in shapes if (m := re.match(r"up_blocks\.(\d+)\.attentions", name))
    )
    renames: list[Callable[[str], str]] = [lambda name: name]
    if target == "unet":
        renames.append(lambda name: unet_name(name, layers, attention))
    aliases: dict[str, str] = {}
    for name, shape in shapes.items():
        if not name.endswith(".weight") or len(shape) < 2:
            continue
        for rename in renames:
            module = rename(name).removesuffix(".weight")
            for prefix in KOHYA[target]:
                aliases[prefix + module.replace(".", "_")] = name
            for prefix in DIFFUSERS[target]:
                aliases[prefix + module] = name
                aliases[prefix + module.removesuffix(".0")] = name  # to_out.0 is also to_out
                aliases[prefix + _short_projection(module)] = name
    return aliases


def _short_projection(module: str) -> str:
    """diffusers once called a text encoder's q_proj "to_q"."""
    head, _, leaf = module.rpartition(".")
    short = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out"}.get(leaf)
    return module if short is None else f"{head}.{short}"


def _meant_for(target: Target, base: str) -> bool:
    prefixes = [prefix for prefix in (*KOHYA[target], *DIFFUSERS[target]) if prefix]
    return base.startswith(tuple(prefixes))


def _low_rank(
    file: WeightFile, base: str, up: str, down: str, name: str, shape: tuple[int, ...]
) -> LowRank:
    factors = [file.tensor(part).clone() for part in (up, down)]
    if base + MID in file:
        factors.append(file.tensor(base + MID).clone())
    rank = factors[1].shape[0]
    if not all(torch.isfinite(factor.float()).all() for factor in factors):
        raise DiffusionError(
            f"{file.name}: {base[:80]} contains NaN or infinite numbers.", "Get another file."
        )
    if not _fits(factors, shape):
        parts = " and ".join(_sides(factor.shape) for factor in factors)
        raise DiffusionError(
            f"{file.name}: {base[:80]} is made of {parts}; the model's {name} is {_sides(shape)}.",
            "The LoRA was made for another model.",
        )
    scale = _alpha(file, base, rank) / rank
    return LowRank(factors[0], factors[1], scale, factors[2] if len(factors) > 2 else None)


def _alpha(file: WeightFile, base: str, rank: int) -> float:
    """The factors' scale times their rank; the rank itself if the file does not say."""
    name = next((base + suffix for suffix in ALPHA if base + suffix in file), None)
    if name is None:
        return float(rank)
    stored = file.tensor(name).float()
    if stored.numel() != 1 or not torch.isfinite(stored).all():
        raise DiffusionError(f"{file.name}: {name[:80]} is no number.", "Get another file.")
    return stored.item()


def _fits(factors: Sequence[Tensor], shape: tuple[int, ...]) -> bool:
    """Whether the factors' product has as many numbers as the weight."""
    if any(factor.ndim < 2 or 0 in factor.shape for factor in factors):
        return False
    up, down = (factor.flatten(1) for factor in factors[:2])
    if len(factors) == 2:
        return up.shape[1] == down.shape[0] and up.shape[0] * down.shape[1] == _numel(shape)
    middle = factors[2]
    joined = middle.ndim == 4 and middle.shape[:2] == (up.shape[1], down.shape[0])
    return joined and up.shape[0] * down.shape[1] * middle[0, 0].numel() == _numel(shape)


def _sides(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _numel(shape: tuple[int, ...]) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


def _refuse_others(file: WeightFile) -> None:
    for mark, kind in OTHER_KINDS.items():
        if any(mark in name for name in file.names()):
            raise DiffusionError(
                f"{file.name} is a {kind}, which is not read yet.", "Use a plain LoRA file."
            )
