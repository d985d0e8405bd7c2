"""What `Annotated` may carry on a parameter, and the common shorthands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a number, both included; `step` is what one nudge of the widget changes."""

    min: float | int | None = None
    max: float | int | None = None
    step: float | int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text field; `multiline` makes it a box."""

    multiline: bool = False
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values: a sequence, or a function asked whenever the catalog is made."""

    options: Sequence[str | int | float | bool] | Callable[[], Sequence[str | int | float | bool]]

    def values(self) -> tuple[str | int | float | bool, ...]:
        """The choices as they are now."""
        options = self.options
        return tuple(options() if callable(options) else options)


@dataclass(frozen=True, slots=True)
class File:
    """The name of a file: a model of `models/<kind>/`, or an asset when kind is image, mask...

    The value is a name or an asset id, never a path; `run.file(kind, name)` resolves it. The
    file's content is part of the recipe key, so that a replaced file is noticed. `none` is one more
    choice that means no file, e.g. "[None]".
    """

    kind: str
    upload: bool = False
    none: str = ""


@dataclass(frozen=True, slots=True)
class SeedWidget:
    """A number that can be fixed, stepped or drawn anew before each run."""


@dataclass(frozen=True, slots=True)
class Optional:
    """Lists an input that has a default under `optional` for API clients, as ComfyUI does."""


@dataclass(frozen=True, slots=True)
class Lossy:
    """Those of an input's choices that make the result less exact than the others would."""

    choices: tuple[str, ...]


class Lazy(Protocol[T_co]):
    """An input that is computed only if it is called: `return yes() if condition else no()`.

    The function may be called again from its start once the value is there, so it must do
    nothing but choose before it calls.
    """

    def __call__(self) -> T_co: ...

    @property
    def ready(self) -> bool:
        """Whether the value is there already: then calling costs nothing."""
        ...

    def ask(self, *others: Lazy[object]) -> None:
        """Have this value made, and those of the others beside it. Calling them gives them."""
        ...


MAX_SEED = 0xFFFF_FFFF_FFFF_FFFF

Seed = Annotated[int, SeedWidget(), Range(0, MAX_SEED)]
Unit = Annotated[float, Range(0.0, 1.0, 0.01)]
