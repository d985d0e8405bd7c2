"""USO's style references (Wu et al. 2025, arXiv:2508.18966): pictures as words before FLUX's text.

What SigLIP sees in three of its layers becomes some words each, in the states that FLUX's own text
has inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, silu

from wirebrush_diffusion.control.controlnet import Control, ControlModel, Question, Window
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.precision import precision_for
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.model import DiffusionModel, Residuals

LEVELS = ("high", "mid", "low")
PREFIX, MARK = "feature_embedder.", "mid_layer_norm.bias"


class LevelWords(nn.Module):
    """A level's words: of its places, by a norm, into FLUX's states."""

    def __init__(self, places: int, words: int, seen: int, width: int) -> None:
        super().__init__()
        self.embedding_linear = nn.Linear(places, words)
        self.layer_norm = nn.LayerNorm(seen)
        self.projection = nn.Linear(seen, width)

    def forward(self, states: Tensor) -> Tensor:
        """`[B, places, seen]` -> `[B, words, width]`."""
        words = silu(self.embedding_linear(states.transpose(1, 2))).transpose(1, 2)
        return self.projection(self.layer_norm(words))


class StyleProjector(nn.Module):
    """Words of three levels, the last layers' first."""

    def __init__(self, places: int, words: int, seen: int, width: int) -> None:
        super().__init__()
        self.places, self.seen, self.width = places, seen, width
        self.levels = nn.ModuleDict(
            {level: LevelWords(places, words, seen, width) for level in LEVELS}
        )

    def forward(self, levels: Tensor) -> Tensor:
        """`[B, 3, places, seen]`, the last layers' first -> `[B, words, width]`."""
        read = zip(self.levels.values(), levels.unbind(dim=1), strict=True)
        return torch.cat([level(states) for level, states in read], dim=1)


@dataclass(slots=True, eq=False)
class StyleWords(ControlModel):
    """`network` is a `StyleProjector`."""

    network: nn.Module
    hosts: ClassVar[str] = "FluxTransformer2DModel"

    def check(self, control: Control, host: DiffusionModel) -> None:
        if type(host.network).__name__ != self.hosts:
            raise DiffusionError(
                "This model patch is for FLUX.1; the model that paints is not of that family.",
                "Choose a FLUX.1 dev model, with USO's LoRA.",
            )
        network: Any = self.network
        theirs = host.network.get_parameter("context_embedder.weight").shape[0]
        if network.width != theirs:
            raise DiffusionError(
                f"The model patch makes words {network.width} wide, the model's are {theirs}.",
                "Choose a patch of the same size of model.",
            )

    def check_seen(self, levels: Tensor) -> None:
        """Raise if it cannot read what a vision encoder saw, `[B, 3, places, D]`."""
        network: Any = self.network
        if tuple(levels.shape[2:]) != (network.places, network.seen):
            raise DiffusionError(
                f"The vision encoder sees {levels.shape[2]} places, {levels.shape[3]} wide; the "
                f"model patch reads {network.places}, {network.seen} wide.",
                "USO reads sigclip_vision_patch14_384.",
            )

    def words(self, levels: Tensor) -> Tensor:
        """Words `[1, all, width]` of what was seen in some pictures, one behind the other."""
        with torch.inference_mode():
            made = self.network(levels.to(self.device, self.dtype))
        return made.flatten(0, 1).unsqueeze(0)

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        return Residuals(alterations=[WordsBefore(hint[:, 0])])


@dataclass(frozen=True, slots=True, eq=False)
class StyleReference(Control):
    """A style reference at work: `hint` is what was seen, `[B, 3, places, D]`."""

    _words: list[Tensor] = field(init=False, repr=False, default_factory=list[Tensor])

    def prepared(self, height: int, width: int, area: Window | None, side: str = "") -> Tensor:
        """The words, `[1, 1, T, width]`; the same for every side and size."""
        if not self._words:
            assert isinstance(self.model, StyleWords)
            self._words.append(self.model.words(self.hint).unsqueeze(1))
        return self._words[0]


@dataclass(frozen=True, slots=True, eq=False)
class WordsBefore:
    """An alteration of FLUX's network: words `[N, T, width]` stand before the text."""

    words: Tensor

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        texts = network.get_submodule("context_embedder")
        handles = [
            network.register_forward_pre_hook(self._placed, with_kwargs=True),
            texts.register_forward_hook(self._joined),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _joined(self, module: nn.Module, given: object, text: Tensor) -> Tensor:
        return torch.cat([self.words.to(text), text], dim=1)

    def _placed(
        self, network: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Words stand where the text stands: nowhere. Nobody looks at them more or less."""
        more = self.words.shape[1]
        changed = {**named, "txt_ids": pad(named["txt_ids"], (0, 0, more, 0))}
        told = dict(named.get("joint_attention_kwargs") or {})
        if told.get("attention_mask") is not None:
            told["attention_mask"] = pad(told["attention_mask"], (more, 0, more, 0))
            changed["joint_attention_kwargs"] = told
        return given, changed


def load_style_words(file: WeightFile, device: str, dtype: torch.dtype | None = None) -> StyleWords:
    """The projector of a file; without a `dtype`, in the device's usual precision."""
    prefix = check_style_words(file)
    words, places = file.shape(f"{prefix}high_embedding_linear.0.weight")
    width, seen = file.shape(f"{prefix}high_projection.weight")
    with torch.device("meta"):
        network = StyleProjector(places, words, seen, width)
    tensors: dict[str, Tensor] = {}
    for level in LEVELS:
        for own, stored in (
            ("embedding_linear", "embedding_linear.0"),
            ("layer_norm", "layer_norm"),
            ("projection", "projection"),
        ):
            for leaf in ("weight", "bias"):
                name = f"{prefix}{level}_{stored}.{leaf}"
                if name in file:
                    tensors[f"levels.{level}.{own}.{leaf}"] = file.tensor(name)
    precision = precision_for(device, torch.bfloat16, dtype)
    fill(network, tensors, where=file.name, device=torch.device(device), dtype=precision)
    return StyleWords(network)


def check_style_words(file: WeightFile) -> str:
    """The prefix of the projector's names; raises if the file holds none.

    From names and shapes alone.
    """
    weights = ("high_embedding_linear.0.weight", "high_projection.weight")
    for prefix in (PREFIX, ""):
        known = prefix + MARK in file and all(prefix + name in file for name in weights)
        if known and all(len(file.shape(prefix + name)) == 2 for name in weights):
            return prefix
    kind, hint = kind_of(file)
    raise DiffusionError(
        f"{file.name} is {kind}; a model patch with USO's projector was expected.",
        hint or "Choose a file such as uso-flux1-projector-v1.safetensors.",
    )
