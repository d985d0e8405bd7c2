"""What an executor works with: the parts of an engine, and one job's wishes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from wirebrush.api import NodeSpec, Port
from wirebrush.engine.assets import Assets
from wirebrush.engine.cache.tiered import TieredStore
from wirebrush.engine.devices import Device
from wirebrush.engine.files import Files
from wirebrush.engine.flights import Flights
from wirebrush.engine.keeping import Shelf, Workspaces
from wirebrush.engine.leases import Leases
from wirebrush.engine.loop import LoopThread
from wirebrush.engine.packs import Packs
from wirebrush.engine.recorder import Recorder
from wirebrush.graph.recipe import NEVER_SAME, Recipe, RecipeBook

Rules: TypeAlias = Literal["", "comfy"]
"""Whose rules a job runs by where ours differ. ComfyUI's: the first node that fails ends the job,
and a blocker's message is told without failing it."""

CHEAP_SECONDS = 0.005
HISTORY_NODES = 50_000


class Costs:
    """What a node of each type took lately."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def note(self, node_type: str, seconds: float) -> None:
        """A node of this type took so long."""
        before = self._seconds.get(node_type, seconds)
        self._seconds[node_type] = before + 0.25 * (seconds - before)

    def is_cheap(self, node_type: str) -> bool:
        """Whether it is known to be cheaper than coordinating with others."""
        return self._seconds.get(node_type, 1.0) < CHEAP_SECONDS


class History:
    """The recipes that nodes had in earlier jobs, to explain misses."""

    def __init__(self) -> None:
        self.recipes: dict[str, Recipe] = {}
        self._lock = threading.Lock()

    def remember(self, recipes: Mapping[str, Recipe]) -> None:
        """A job's recipes; the oldest are forgotten when there are too many."""
        with self._lock:
            self.recipes.update(recipes)
            if (excess := len(self.recipes) - HISTORY_NODES) > 0:
                for node_id in list(self.recipes)[:excess]:
                    del self.recipes[node_id]


@dataclass(frozen=True, slots=True)
class PackWorld:
    """What keys depend on besides the prompt, asked from the packs and the files."""

    packs: Packs
    files: Files

    def ports(self, spec: NodeSpec, values: Mapping[str, Any]) -> Sequence[Port]:
        """The further inputs of a dynamic node."""
        hook = self.packs.types[spec.id].declared.ports
        return () if hook is None else hook(values)

    def fingerprint(self, spec: NodeSpec, values: Mapping[str, Any]) -> str:
        """What the node's hooks see now: of the world, and of the files that its values name."""
        declared = self.packs.types[spec.id].declared
        seen = "" if declared.fingerprint is None else str(declared.fingerprint(values))
        if seen == NEVER_SAME:
            return seen
        refs = [] if declared.files is None else [*declared.files(values)]
        refs += [] if declared.finds is None else declared.finds(self.files)
        for ref in refs:
            names = [ref.name] if ref.name else self.files.names(ref.kind)
            seen += "".join(f"|{ref.kind}/{n}={self.files.digest(ref.kind, n)}" for n in names)
        return seen

    def file(self, kind: str, name: str) -> str:
        """The digest of a file."""
        return self.files.digest(kind, name)


@dataclass(frozen=True, slots=True)
class Parts:
    """What all jobs of an engine share."""

    packs: Packs
    store: TieredStore
    recorder: Recorder
    flights: Flights
    leases: Leases | None
    loop: LoopThread
    device: Device
    files: Files
    assets: Assets
    shelf: Shelf
    workspaces: Workspaces
    book: RecipeBook
    costs: Costs = field(default_factory=Costs)
    history: History = field(default_factory=History)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a job wants: which nodes, under which name, with what embedded and shown.

    `again`: an earlier attempt was cut off, and nobody may have heard what its nodes showed.
    """

    targets: Sequence[str]
    scope: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    previews: bool = False
    again: bool = False
    rules: Rules = ""

    @property
    def comfy(self) -> bool:
        """Whether ComfyUI's rules hold."""
        return self.rules == "comfy"


def shown_assets(shown: Iterable[Any]) -> list[str]:
    """The assets among what a node shows."""
    return [output.asset for output in shown if output.asset is not None]
