"""The values that travel along wires.

Pictures and masks are bare tensors as in the whole field: IMAGE `[B,H,W,C]` float 0..1, MASK
`[B,H,W]` float, 1 = masked. Everything else is a small frozen record. A record decorated with
`value` can be kept in the disk cache: its fields must be scalars, tensors, tuples, lists, dicts
or further such records. Models are *handles*: recipes of how to get the weights, not the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

if TYPE_CHECKING:
    from torch import Tensor
else:
    Tensor = Any

C = TypeVar("C", bound=type)
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class TypeName:
    """In `Annotated`: the name a value's type has on ports, e.g. `TypeName("SIGMAS")`."""

    name: str


def value(type_name: str) -> Callable[[C], C]:
    """Give a frozen dataclass its port type and let the disk cache keep it."""

    def mark(cls: C) -> C:
        setattr(cls, "__value_type__", type_name)  # noqa: B010 (pyright: not declared on type)
        return cls

    return mark


Image = Annotated[Tensor, TypeName("IMAGE")]
"""Pictures, `[B,H,W,C]` float32, 0..1, C = 3 or 4."""

Mask = Annotated[Tensor, TypeName("MASK")]
"""Masks, `[B,H,W]` float32, 0..1; 1 is the masked region."""


@value("LATENT")
@dataclass(frozen=True, eq=False, slots=True)
class Latent:
    """A batch of latents: `samples` `[B,C,h,w]` (or `[B,C,t,h,w]`), unscaled by the model's factor.

    `noise_mask` `[B,H,W]`: 1 where new content is wanted. `batch_index`: the position that each
    item had in the batch it was cut from, so that it draws the same noise again.
    """

    samples: Tensor
    noise_mask: Tensor | None = None
    batch_index: tuple[int, ...] | None = None


@value("FILE")
@dataclass(frozen=True, slots=True)
class FileRef:
    """A file by folder kind and name, with the digest of its content; never a path."""

    kind: str
    name: str
    digest: str = ""


Settings = tuple[tuple[str, Scalar], ...]
"""Names and scalars, in an order that belongs to the value."""


@value("PATCH")
@dataclass(frozen=True, slots=True)
class Patch:
    """One change to a model's weights: which file, how strongly.

    A merge has the `other` model it is made with, and `settings` that say how; `file` is the
    other's. A patch that is in no file yet has its `tensors` here, by the names they have in files;
    `file.digest` then stands for them.
    """

    kind: str
    file: FileRef
    strength: float = 1.0
    other: Handle | None = None
    settings: Settings = ()
    tensors: Mapping[str, Tensor] | None = field(default=None, repr=False, compare=False)


@value("TWEAK")
@dataclass(frozen=True, slots=True)
class Tweak:
    """One change to how a model is used - its noise levels, guidance, layers - not to its weights.

    `kind` names it, for the pack that makes and reads it; `settings` are its numbers. What no
    number can say, such as a mask, is in `tensors`; a digest among the settings stands for them.
    """

    kind: str
    settings: Settings = ()
    tensors: Mapping[str, Tensor] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Handle:
    """A recipe for weights: a source file, the part of it, patches in order, and options.

    `tweaks` change the use of the weights, in their order; the weights stay. `others` are further
    files that belong to it, as when each text encoder has its own. Handles are cheap, immutable and
    comparable; `key` names the weights they stand for.
    """

    source: FileRef
    part: str = ""
    patches: tuple[Patch, ...] = ()
    options: tuple[tuple[str, Scalar], ...] = ()
    others: tuple[FileRef, ...] = ()
    tweaks: tuple[Tweak, ...] = ()

    def patched(self, patch: Patch) -> Self:
        """This handle with one more patch on top."""
        return replace(self, patches=(*self.patches, patch))

    def tweaked(self, kind: str, **settings: Scalar) -> Self:
        """This handle with one more tweak, e.g. `model.tweaked("RescaleCFG", multiplier=0.7)`."""
        return replace(self, tweaks=(*self.tweaks, Tweak(kind, tuple(settings.items()))))

    def with_option(self, name: str, setting: Scalar) -> Self:
        """This handle with an option set, e.g. `("clip_skip", -2)`."""
        rest = tuple(item for item in self.options if item[0] != name)
        return replace(self, options=(*rest, (name, setting)))

    def option(self, name: str, default: Scalar = None) -> Scalar:
        """The option's setting, or the default."""
        return dict(self.options).get(name, default)

    @property
    def key(self) -> str:
        """A short stable name for exactly these weights."""
        return blake2b(repr(self).encode(), digest_size=16).hexdigest()


@value("MODEL")
@dataclass(frozen=True, slots=True)
class Model(Handle):
    """A diffusion model."""


@value("CLIP")
@dataclass(frozen=True, slots=True)
class Clip(Handle):
    """One or several text encoders with their tokenizers."""


@value("VAE")
@dataclass(frozen=True, slots=True)
class Vae(Handle):
    """An autoencoder between pictures and latents."""


@value("CONTROL_NET")
@dataclass(frozen=True, slots=True)
class ControlNet(Handle):
    """A ControlNet or T2I-Adapter."""


@value("COND")
@dataclass(frozen=True, eq=False, slots=True)
class Cond:
    """One text (or other) condition: `embedding` `[B,T,D]`, optional `pooled` `[B,P]`.

    `options` holds what narrows it: area, strength, mask, start/end percent, controls...
    """

    embedding: Tensor
    pooled: Tensor | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def with_options(self, **options: Any) -> Cond:
        """The same condition with some options set."""
        return replace(self, options={**self.options, **options})


Conditioning = Annotated[tuple[Cond, ...], TypeName("CONDITIONING")]
"""Conditions that apply together, each with its own area and strength."""


Sigmas = Annotated[Tensor, TypeName("SIGMAS")]
"""Noise levels of a run, `[steps + 1]` float32 on the CPU; they descend and mostly end in 0."""


@value("NOISE")
@dataclass(frozen=True, slots=True)
class Noise:
    """Where a run's noise comes from. `blank`: there is none at the start, only between steps."""

    seed: int = 0
    blank: bool = False


@value("SAMPLER")
@dataclass(frozen=True, slots=True)
class Sampler:
    """How steps are taken: a sampler by name, with settings of its own."""

    name: str
    settings: Settings = ()


@value("GUIDER")
@dataclass(frozen=True, eq=False, slots=True)
class Guider:
    """A model with the conditions that lead it; `kind` says how they are weighed.

    `conditions` by role: "positive", "negative"...
    """

    kind: str
    model: Model
    conditions: Mapping[str, tuple[Cond, ...]]
    settings: Settings = ()
