"""Packs as data: what a worker found of each, and which of them it may import.

Packs that declare Wirebrush nodes are on unless somebody turned them off. Packs that are written
for another tool are off until somebody turns them on: importing a pack runs its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

PackKind: TypeAlias = Literal["builtin", "native", "comfyui"]
"""`builtin` came with Wirebrush, `native` declares Wirebrush nodes, `comfyui` is written for
ComfyUI."""

BUILTIN = "builtin"
"""The name of the pack that came with Wirebrush."""


@dataclass(frozen=True, slots=True)
class PackReport:
    """What a worker found of a pack.

    `file` is the name of its folder or file, empty if it is installed; `on` says whether it was to
    be imported, `loaded` whether it was. `source` is the hash of its code and `size` its bytes.
    `web` are its folders with files for ComfyUI's page, relative to its own, by name.
    """

    name: str
    kind: PackKind
    file: str = ""
    on: bool = True
    loaded: bool = False
    nodes: tuple[str, ...] = ()
    seconds: float = 0.0
    size: int = 0
    source: str = ""
    web: Mapping[str, str] = field(default_factory=dict[str, str])

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON data."""
        return {**asdict(self), "nodes": list(self.nodes)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PackReport:
        """Read what `to_json` wrote."""
        known: dict[str, Any] = {n: data[n] for n in cls.__dataclass_fields__ if n in data}
        known["nodes"] = tuple(known.get("nodes", ()))
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a pack ended a worker; `source` is the hash of the code that did, empty for any code."""

    why: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class PackChoice:
    """Which packs a worker imports.

    `switches` are those that somebody set; `all_on` decides for the others. `ended` are packs that
    an earlier worker did not survive: they are left out as long as their code is the same.
    """

    switches: Mapping[str, bool] = field(default_factory=dict[str, bool])
    all_on: bool = False
    ended: Mapping[str, Ended] = field(default_factory=dict[str, Ended])

    def is_on(self, name: str, kind: PackKind) -> bool:
        """Whether a pack is to be imported, if nothing speaks against it."""
        return self.switches.get(name, self.all_on or kind != "comfyui")

    def obstacle(self, name: str, source: str) -> str:
        """Why a pack that is on is not imported all the same; empty if it is."""
        ended = self.ended.get(name)
        return ended.why if ended is not None and ended.source in ("", source) else ""

    def without(self, name: str, ended: Ended) -> PackChoice:
        """The same choice, after that pack ended a worker."""
        return PackChoice(self.switches, self.all_on, {**self.ended, name: ended})

    def to_json(self) -> dict[str, Any]:
        """As a worker is told it."""
        return {
            "switches": dict(self.switches),
            "all_on": self.all_on,
            "ended": {name: asdict(ended) for name, ended in self.ended.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PackChoice:
        """Read what `to_json` wrote; what is left out has its default."""
        ended: Mapping[str, Mapping[str, Any]] = data.get("ended") or {}
        return cls(
            dict(data.get("switches") or {}),
            bool(data.get("all_on")),
            {name: Ended(str(item["why"]), str(item["source"])) for name, item in ended.items()},
        )
