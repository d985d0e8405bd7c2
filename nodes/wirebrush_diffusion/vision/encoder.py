"""Pictures as conditions: CLIP's and SigLIP's vision encoders, and FLUX Redux on top of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.layout import Layout, Stored
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.memory.portions import reading_portion
from wirebrush_diffusion.network import Loaded

CLIP_MEAN, CLIP_SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)

EARLY = (-11, -20)
"""Counted from the last layer: whose states tell of style."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a vision encoder sees: states of all places `[B,T,D]`, of the last layer and the one
    before, the whole `[B,D]`, that beside texts `[B,P]` if the encoder has a projection, and
    `early` states `[B,2,T,D]` of a SigLIP that has as many layers (see `EARLY`); float32, CPU."""

    last: Tensor
    penultimate: Tensor
    pooled: Tensor
    projected: Tensor | None = None
    early: Tensor | None = None


@dataclass(slots=True, eq=False)
class VisionEncoder(Loaded):
    """`network` is transformers' `SiglipVisionModel` or `CLIPVisionModel`, which may have a
    `visual_projection` besides."""

    network: nn.Module

    def __post_init__(self) -> None:
        self.freeze()

    def encode(self, pictures: Tensor, *, crop: bool = True) -> Seen:
        """Pictures `[B,H,W,C]` 0..1; `crop` cuts the middle out, else they are squeezed."""
        if pictures.ndim != 4 or pictures.shape[-1] not in (3, 4):
            raise DiffusionError(f"A picture batch is [B,H,W,3], not {tuple(pictures.shape)}.")
        return self._seen(self._prepared(pictures[..., :3].movedim(-1, 1).float(), crop))

    def blank(self, count: int) -> Seen:
        """What it sees in pictures of nothing: all zeros, as it reads them."""
        side = self.config.image_size
        return self._seen(torch.zeros((count, 3, side, side)))

    def _seen(self, planes: Tensor) -> Seen:
        portion = reading_portion([self.config.hidden_size], self.dtype.itemsize)
        whole = replace(portion, rows=len(planes), activations=portion.activations * len(planes))
        return self.within([whole], lambda _: self._looked(planes), "Looking at the picture")

    def _looked(self, planes: Tensor) -> Seen:
        with torch.inference_mode():
            answer = self.network(planes.to(self.device, self.dtype), output_hidden_states=True)
            states = (answer.last_hidden_state, answer.hidden_states[-2], answer.pooler_output)
            projection = getattr(self.network, "visual_projection", None)
            projected = None if projection is None else projection(answer.pooler_output)
            known = self._siglip and len(answer.hidden_states) >= -min(EARLY)
            found = [answer.hidden_states[layer] for layer in EARLY] if known else []
            early = torch.stack(found, dim=1) if found else None
            last, penultimate, pooled = (state.float().cpu().clone() for state in states)
            return Seen(last, penultimate, pooled, _kept(projected), _kept(early))

    @property
    def _siglip(self) -> bool:
        return self.config.model_type.startswith("siglip")

    def _prepared(self, planes: Tensor, crop: bool) -> Tensor:
        side = self.config.image_size
        if crop:
            height, width = planes.shape[-2:]
            scale = side / min(height, width)
            size = (max(round(height * scale), side), max(round(width * scale), side))
            planes = interpolate(planes, size, mode="bicubic", antialias=True)
            top, left = (size[0] - side) // 2, (size[1] - side) // 2
            planes = planes[..., top : top + side, left : left + side]
        elif planes.shape[-2:] != (side, side):
            planes = interpolate(planes, (side, side), mode="bicubic", antialias=True)
        planes = planes.mul(255).clamp(0, 255).round().div(255)
        mean, spread = ((0.5,) * 3, (0.5,) * 3) if self._siglip else (CLIP_MEAN, CLIP_SPREAD)
        return (planes - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(spread).view(3, 1, 1)


def _kept(state: Tensor | None) -> Tensor | None:
    return None if state is None else state.float().cpu().clone()


class StyleModel(nn.Module):
    """FLUX.1 Redux: what SigLIP sees -> states like those of a text."""

    def __init__(self, seen: int, wide: int, text: int) -> None:
        super().__init__()
        self.redux_up = nn.Linear(seen, wide)
        self.redux_down = nn.Linear(wide, text)

    def forward(self, seen: Tensor) -> Tensor:
        """`[B,T,seen]` -> `[B,T,text]`."""
        return self.redux_down(silu(self.redux_up(seen)))


def load_style(file: WeightFile, device: str, dtype: torch.dtype) -> StyleModel:
    """The style model of a file."""
    check_style(file)
    wide, seen = file.shape("redux_up.weight")
    with torch.device("meta"):
        model = StyleModel(seen, wide, file.shape("redux_down.weight")[0])
    layout = Layout(file, {name: Stored(name) for name in file.names()})
    fill(model, layout.tensors(), where=file.name, device=torch.device(device), dtype=dtype)
    return model.eval().requires_grad_(False)


def check_style(file: WeightFile) -> None:
    """Raise if the file is no style model; from names alone."""
    if "redux_up.weight" not in file or "redux_down.weight" not in file:
        kind, hint = kind_of(file)
        raise DiffusionError(
            f"{file.name} is {kind}; a style model was expected.",
            hint or "Choose flux1-redux-dev or another Redux model.",
        )


def styled(model: StyleModel, seen: Seen) -> Tensor:
    """The states `[1, B * T, D]` that stand for the pictures; float32, CPU."""
    weight = model.redux_up.weight
    if seen.last.shape[-1] != weight.shape[1]:
        raise DiffusionError(
            f"The vision encoder's states are {seen.last.shape[-1]} wide, this style model reads "
            f"{weight.shape[1]}.",
            "FLUX Redux reads sigclip_vision_patch14_384.",
        )
    with torch.inference_mode():
        states = model(seen.last.to(weight.device, weight.dtype))
    return states.float().cpu().flatten(0, 1).unsqueeze(0).clone()
