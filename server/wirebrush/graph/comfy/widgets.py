"""Which values a ComfyUI node has, and in which order: a list by position there, names here.

Which value stands where follows from the order of the inputs in the node's class, which the file
does not say. `widgets.json` has that order for ComfyUI's own classes, as facts: `name:kind` for
each value, `+` where the editor adds what happens to it after a run, `^` where it adds an entry
for an upload button, `!` for inputs that are ports today but had a value once, `-` for values of
the editor itself, and `=text` for what stands there if nothing does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from math import isfinite
from typing import Any, TypeAlias

from wirebrush.api import NodeSpec, Port
from wirebrush.catalog import Catalog

CONTROLS = ("fixed", "increment", "decrement", "randomize", "increment-wrap")
SEEDS = frozenset({"seed", "noise_seed"})

_NUMBERS = (int, float)
_CONVERT: Mapping[str, type[int] | type[float]] = {"i": int, "f": float}
_KINDS: Mapping[str, tuple[type, ...]] = {
    "i": _NUMBERS,
    "f": _NUMBERS,
    "s": (str,),
    "b": (bool, int, str),
    "c": (str, int, float, bool, list),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a class: its name, kind (`ifsbc`, else anything), and what follows it.

    `behind` is an entry that is nobody's value: of an upload button, or of a choice's filter.
    """

    name: str
    kind: str = ""
    control: bool = False
    behind: str | None = None
    forced: bool = False
    own: bool = False
    default: str | None = None

    @property
    def held(self) -> bool:
        """Whether what stands here is a value of the node."""
        return not self.forced and not self.own

    def takes(self, item: object) -> bool:
        """Whether a value may stand here."""
        kinds = _KINDS.get(self.kind)
        if item is None or kinds is None:
            return True
        return isinstance(item, kinds) and (bool in kinds or not isinstance(item, bool))

    def meant(self, item: object) -> Any:
        """What an item stands for here: `"20"` is 20 where a number stands."""
        return meant(self.kind, item)


def meant(kind: str, item: object) -> Any:
    """A text that a number was written as, or a number where a text stands, converted as ComfyUI
    does it before it runs; anything else as it is."""
    if kind == "s" and type(item) in (int, float):
        return str(item)
    if kind in _CONVERT and isinstance(item, str):
        with suppress(ValueError):
            number = _CONVERT[kind](item)
            return number if kind == "i" or isfinite(number) else item
    return item


Layout: TypeAlias = tuple[Place, ...]


@dataclass(frozen=True)
class Layouts:
    """Where the values of each class stand: ComfyUI's own, then those of the catalog."""

    catalog: Catalog

    @cached_property
    def _known(self) -> Mapping[str, str]:
        text = files("wirebrush.graph.comfy").joinpath("widgets.json").read_text("utf-8")
        found: dict[str, str] = json.loads(text)
        return found

    def of(self, type_name: str, edited: Sequence[str]) -> Layout | None:
        """The places of a node's values; `edited` are the inputs that its file says are widgets.

        None if nothing tells.
        """
        known = self._known.get(type_name)
        if known is not None:
            return tuple(map(_place, known.split()))
        spec = self.catalog.spec(type_name)
        if spec is not None:
            return _of_spec(spec)
        return tuple(Place(name, control=name in SEEDS) for name in edited) or None


def length(*places: Place) -> int:
    """How many entries of a list these take."""
    return sum(1 + place.control + (place.behind is not None) for place in places)


def _place(text: str) -> Place:
    before, equals, default = text.partition("=")
    name, _, tail = before.rpartition(":")
    return Place(
        name,
        kind=tail.rstrip("+^!-"),
        control="+" in tail,
        behind="image" if "^" in tail else None,
        forced="!" in tail,
        own="-" in tail,
        default=default if equals else None,
    )


KIND_OF_TYPE: Mapping[str, str] = {"INT": "i", "FLOAT": "f", "STRING": "s", "BOOLEAN": "b"}


def _of_spec(spec: NodeSpec) -> Layout:
    return tuple(
        _of_port(port)
        for port in spec.inputs
        if port.widget is not None or "multi_select" in port.hints
    )


def _of_port(port: Port) -> Place:
    widget = port.widget
    if widget is None or widget.kind == "choice":
        controlled = bool(port.hints.get("control_after_generate"))
        return Place(port.name, "c", controlled, "" if controlled else None)
    control = widget.kind == "seed" or port.name in SEEDS
    return Place(port.name, KIND_OF_TYPE.get(port.type, ""), control)
