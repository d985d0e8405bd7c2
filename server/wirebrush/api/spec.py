"""A node type as data: what the server validates against and the browser draws from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, Literal

_FLAGS = (
    "sink",
    "dynamic",
    "fingerprint",
    "validates",
    "effects",
    "deprecated",
    "experimental",
    "lossy",
)


class _Missing(Enum):
    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing.MISSING
"""Stands for "there is no default": `None` may itself be one."""

Unchecked = Literal["", "values", "types", "all"]
CachePolicy = Literal["pure", "node", "never"]
"""`node`: as `pure`, but two nodes with equal inputs are two results: its id is part of the key."""


@dataclass(frozen=True, slots=True)
class Widget:
    """How a value is edited in place.

    `kind` is one of int, float, seed, text, toggle, choice, file. `choices` of a file widget are
    those that mean no file; whoever serves the catalog adds the files, because folders change
    while the server runs. `lossy` choices make the result less exact.
    """

    kind: str
    min: float | int | None = None
    max: float | int | None = None
    step: float | int | None = None
    multiline: bool = False
    placeholder: str = ""
    choices: tuple[str | int | float | bool, ...] | None = None
    folder: str | None = None
    upload: bool = False
    lossy: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the defaults, so that a catalog stays small."""
        data: dict[str, Any] = {"kind": self.kind}
        for name in ("min", "max", "step", "folder"):
            if getattr(self, name) is not None:
                data[name] = getattr(self, name)
        for name in ("multiline", "placeholder", "upload"):
            if getattr(self, name):
                data[name] = getattr(self, name)
        if self.choices is not None:
            data["choices"] = list(self.choices)
        if self.lossy:
            data["lossy"] = list(self.lossy)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Widget:
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        if known.get("choices") is not None:
            known["choices"] = tuple(known["choices"])
        known["lossy"] = tuple(known.get("lossy", ()))
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Port:
    """One input. Without a widget it takes a wire only; with one, a wire or a value.

    `type` is the field's name for it (`MODEL`, `INT`, `*` for any, `IMAGE,MASK` for either).
    `optional` marks inputs that may be left open although they have no default. What is `unchecked`
    its node looks at by itself: "values", so bounds and choices are only shown, and an unknown type
    takes any value; "types" of wires; "all", both. `hints` are options, as JSON has them, by which
    the editor that the node was written for shows the input; nothing here depends on them.
    """

    name: str
    type: str
    default: Any = MISSING
    widget: Widget | None = None
    optional: bool = False
    lazy: bool = False
    list: bool = False
    link: bool = False
    help: str = ""
    unchecked: Unchecked = ""
    hints: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def required(self) -> bool:
        """True if a prompt without this input is wrong."""
        return self.default is MISSING and not self.optional

    def accepts(self, output_type: str) -> bool:
        """Whether a wire from an output of this type may end here."""
        if "*" in (self.type, output_type) or self.unchecked in ("types", "all"):
            return True
        mine, theirs = set(self.type.split(",")), set(output_type.split(","))
        if self.type == "FLOAT" and output_type == "INT":
            return True
        return bool(mine & theirs)

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.default is not MISSING:
            data["default"] = self.default
        if self.widget is not None:
            data["widget"] = self.widget.to_json()
        for name in ("optional", "lazy", "list", "link", "help", "unchecked", "hints"):
            if getattr(self, name):
                data[name] = getattr(self, name)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Port:
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        if isinstance(known.get("widget"), Mapping):
            known["widget"] = Widget.from_json(known["widget"])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Output:
    """One output slot. `list` means the node gives a list of such values."""

    name: str
    type: str
    list: bool = False
    help: str = ""

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.list:
            data["list"] = True
        if self.help:
            data["help"] = self.help
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Output:
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node type.

    `version` is the author's own; `pack` and `source` (hash of the pack's files) are filled in by
    the pack loader. `sink` nodes are what a prompt is run for. `dynamic` nodes have further ports
    that depend on their values; `fingerprint` nodes look at the world before they are keyed;
    `validates` nodes have an opinion about their values, which the worker is asked for; `effects`
    nodes act on the world, and are not repeated by themselves after a crash. `lossy` nodes make
    results less exact, mostly to be faster. `hints` are what the editor that the node was written
    for wants to know of it, as JSON; nothing here depends on them.
    """

    id: str
    title: str = ""
    category: str = ""
    help: str = ""
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Output, ...] = ()
    version: str = "1"
    cache: CachePolicy = "pure"
    sink: bool = False
    dynamic: bool = False
    fingerprint: bool = False
    validates: bool = False
    effects: bool = False
    deprecated: bool = False
    experimental: bool = False
    lossy: bool = False
    formerly: tuple[str, ...] = ()
    pack: str = ""
    source: str = ""
    hints: Mapping[str, Any] = field(default_factory=dict[str, Any])
    _by_name: dict[str, Port] = field(
        default_factory=dict[str, Port], init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self._by_name.update((port.name, port) for port in self.inputs)

    def port(self, name: str) -> Port | None:
        """The input of that name, or None."""
        return self._by_name.get(name)

    def loses(self, values: Mapping[str, Any]) -> bool:
        """Whether a node with these values makes results less exact: always, or by a choice."""
        return self.lossy or any(
            values.get(port.name, port.default) in port.widget.lossy
            for port in self.inputs
            if port.widget is not None and port.widget.lossy
        )

    def owned_by(self, pack: str, source: str) -> NodeSpec:
        """The same node type, stamped with the pack that declares it."""
        return replace(self, pack=pack, source=source)

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"id": self.id, "title": self.title or self.id}
        for name in ("category", "help", "version", "cache", "pack", "source"):
            data[name] = getattr(self, name)
        for name in _FLAGS:
            if getattr(self, name):
                data[name] = True
        if self.formerly:
            data["formerly"] = list(self.formerly)
        if self.hints:
            data["hints"] = self.hints
        data["inputs"] = [port.to_json() for port in self.inputs]
        data["outputs"] = [output.to_json() for output in self.outputs]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NodeSpec:
        known = {
            name: data[name]
            for name in cls.__dataclass_fields__
            if name in data and not name.startswith("_")
        }
        known["inputs"] = tuple(Port.from_json(item) for item in _items(data, "inputs"))
        known["outputs"] = tuple(Output.from_json(item) for item in _items(data, "outputs"))
        known["formerly"] = tuple(known.get("formerly", ()))
        return cls(**known)


def _items(data: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    return data.get(key, ())
