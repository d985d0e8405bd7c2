"""The values of a ComfyUI node: a list by position there, names here.

Which value stands where follows from the order of the inputs in the node's class, which the file
does not say. `widgets.json` has that order for ComfyUI's own classes, as facts: `name:kind` for
each value, `+` where the editor adds what happens to it after a run, `^` where it adds an entry
for an upload button, `!` for inputs that are ports today but had a value once, `-` for values of
the editor itself, and `=text` for what stands there if nothing does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any, TypeAlias

from wirebrush.api import NodeSpec
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.reading import as_list, as_object
from wirebrush.graph.comfy.records import UiNode

CONTROLS = ("fixed", "increment", "decrement", "randomize", "increment-wrap")
SEEDS = frozenset({"seed", "noise_seed"})

_NUMBERS = (int, float)
_KINDS: Mapping[str, tuple[type, ...]] = {
    "i": _NUMBERS,
    "f": _NUMBERS,
    "s": (str,),
    "b": (bool, int, str),
    "c": (str, int, float, bool, list),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a class: its name, kind (`ifsbc`, else anything), and what follows it."""

    name: str
    kind: str = ""
    control: bool = False
    upload: bool = False
    forced: bool = False
    own: bool = False
    default: str | None = None

    def takes(self, item: object) -> bool:
        """Whether a value may stand here."""
        kinds = _KINDS.get(self.kind)
        if item is None or kinds is None:
            return True
        return isinstance(item, kinds) and (bool in kinds or not isinstance(item, bool))


Layout: TypeAlias = tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """A node's values by name. `rest` is what stood behind them, `raw` all that had no names."""

    named: dict[str, Any] = field(default_factory=dict[str, Any])
    controls: dict[str, str] = field(default_factory=dict[str, str])
    rest: tuple[Any, ...] = ()
    raw: Any = None


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


def decode(node: UiNode, layout: Layout | None) -> Values:
    """The node's values by name; `raw` holds them as they are if they cannot be told apart."""
    if isinstance(node.values, Values):
        return node.values
    by_name = as_object(node.raw.get("widgets_values_named")) or as_object(node.values)
    if by_name:
        return Values(dict(by_name))
    items = as_list(node.values)
    if layout is None:
        return Values(raw=items) if items else Values()
    return _aligned(items, _present(items, layout)) or Values(raw=items)


def encode(values: Values, layout: Layout, defaults: Mapping[str, Any]) -> list[Any]:
    """What `decode` read, as a list by position again."""
    items: list[Any] = []
    for place in layout:
        if place.forced:
            continue
        otherwise = False if place.own else defaults.get(place.name, place.default)
        items.append(values.named.get(place.name, otherwise))
        if place.control:
            items.append(values.controls.get(place.name, "fixed"))
        if place.upload:
            items.append("image")
    return [*items, *values.rest]


def _present(items: Sequence[Any], layout: Layout) -> list[Place]:
    """The places that this list fills: forced ones only if its length says so, and controls not
    if a program wrote it that has none."""
    plain = [place for place in layout if not place.forced]
    if len(items) == length(*layout) > length(*plain):
        return list(layout)
    bare = [Place(place.name, place.kind) for place in plain]
    if len(items) == len(plain) < length(*plain) and _aligned(items, plain) is None:
        return bare
    return plain


def length(*places: Place) -> int:
    """How many entries of a list these take."""
    return sum(1 + place.control + place.upload for place in places)


def _aligned(items: Sequence[Any], places: Sequence[Place]) -> Values | None:
    """The values in their places; None if one stands where it cannot."""
    found = Values({place.name: place.default for place in places if place.default is not None})
    position = 0
    for place in places:
        if position >= len(items):
            break
        item = items[position]
        if not place.takes(item):
            return None
        if not place.forced and not place.own and (item is not None or place.default is None):
            found.named[place.name] = item
        position += 1
        if place.control and position < len(items):
            control = _control(items[position])
            if control is not None:
                found.controls[place.name] = control
            elif place.kind:
                return None
            position += control is not None  # of an unknown class it may have been a guess
        position += place.upload
    return Values(found.named, found.controls, tuple(items[position:]))


def _control(item: object) -> str | None:
    """What happens to the value after a run; older files say it with a boolean."""
    if isinstance(item, bool):
        return "randomize" if item else "fixed"
    if item is None:
        return "fixed"
    return item if isinstance(item, str) and item in CONTROLS else None


def _place(text: str) -> Place:
    before, equals, default = text.partition("=")
    name, _, tail = before.rpartition(":")
    return Place(
        name,
        kind=tail.rstrip("+^!-"),
        control="+" in tail,
        upload="^" in tail,
        forced="!" in tail,
        own="-" in tail,
        default=default if equals else None,
    )


_KIND_OF_TYPE = {"INT": "i", "FLOAT": "f", "STRING": "s", "BOOLEAN": "b"}


def _of_spec(spec: NodeSpec) -> Layout:
    return tuple(
        Place(
            port.name,
            "c" if port.widget.kind == "choice" else _KIND_OF_TYPE.get(port.type, ""),
            control=port.widget.kind == "seed" or port.name in SEEDS,
        )
        for port in spec.inputs
        if port.widget is not None
    )
