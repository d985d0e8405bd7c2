"""Judging a prompt as ComfyUI's `POST /prompt` does: output by output, in its order and words.

Every node's structure is looked at first; a cycle stops all of it, wherever it is. Inputs and
values are judged only where a wanted output needs them; outputs that fail, or that hang on a link
from nowhere, are left out, and the others run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from wirebrush.api import NodeSpec, Port
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.errors import Fault, bad_link, cycle, mismatch, missing
from wirebrush.graph.comfy.literals import judged
from wirebrush.graph.comfy.object_info import Choices
from wirebrush.graph.cycles import cycle_problems
from wirebrush.graph.prompt import Prompt, is_link
from wirebrush.graph.values import FilesLookup

MOST_NODES = 200
"""So many nodes' errors are told; nobody reads more."""


@dataclass(frozen=True, slots=True)
class World:
    """What a prompt is judged against. `choices` are asked for only to say what there is."""

    catalog: Catalog
    files: FilesLookup
    choices: Choices


@dataclass(slots=True)
class Judge:
    """One prompt's trial. `data` is its API format and gets the values that will run."""

    data: dict[str, Any]
    prompt: Prompt
    world: World
    faults: dict[str, list[Fault]] = field(default_factory=dict[str, list[Fault]])
    order: list[str] = field(default_factory=list[str])
    broken: bool = False
    """Whether nodes feed themselves, so that nothing can run."""
    _specs: dict[str, NodeSpec | None] = field(default_factory=dict[str, NodeSpec | None])

    def __post_init__(self) -> None:
        spec = self.world.catalog.spec
        self._specs = {node.id: spec(node.class_type) for node in self.prompt.nodes.values()}

    def structure(self) -> bool:
        """Look at every node's links; whether nothing can run."""
        for problem in cycle_problems(self.prompt):
            if problem.node is not None:
                self._blame(problem.node, cycle(problem))
        self.broken = bool(self.faults)
        for node_id, spec in self._specs.items():
            if spec is None:
                continue
            for name, item in self._inputs(node_id).items():
                if isinstance(item, list):
                    self._link(node_id, spec, name, cast("list[Any]", item))
        return self.broken

    def outputs(self, wanted: Iterable[str]) -> None:
        """Judge the wanted nodes and all that they need."""
        seen: set[str] = set()
        for output in wanted:
            self._walk(output, seen)

    def accuse(self, node: str, fault: Fault, *, alone: bool = False) -> None:
        """Somebody else found something wrong with a node; `alone` if nothing else counts."""
        if alone:
            self.faults.pop(node, None)
        self._blame(node, fault)

    def passed(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """The wanted nodes that nothing is wrong with, neither in them nor in what they need."""
        if not self.faults:
            return tuple(wanted)
        spoilt = _reached(self._users(), self.faults)
        return tuple(node for node in wanted if node not in spoilt)

    def node_errors(self, wanted: Sequence[str]) -> dict[str, Any]:
        """`{node id: {errors, dependent_outputs, class_type}}`."""
        users: Mapping[str, Sequence[str]] = self._users() if self.faults else {}
        found: dict[str, Any] = {}
        for node_id, faults in self._sorted():
            reached = _reached(users, [node_id])
            found[node_id] = {
                "errors": [fault.to_json() for fault in faults],
                "dependent_outputs": [output for output in wanted if output in reached],
                "class_type": self.prompt.nodes[node_id].class_type,
            }
        return found

    def details(self, wanted: Iterable[str]) -> str:
        """What is wrong with the outputs themselves, a line each."""
        own = (fault for output in wanted for fault in self.faults.get(output, ()))
        return "\n".join(f"{fault.message}: {fault.details}" for fault in own)

    # --- inside --------------------------------------------------------------------------------

    def _sorted(self) -> list[tuple[str, list[Fault]]]:
        """By the order in which the nodes were judged; a node's faults in that of its inputs."""
        place = {node_id: index for index, node_id in enumerate(self.order)}
        last = len(place)
        found = sorted(self.faults.items(), key=lambda item: place.get(item[0], last))
        return found[:MOST_NODES]

    def _walk(self, output: str, seen: set[str]) -> None:
        """Judge what is not judged yet, sources before those that use them."""
        stack = [(output, iter(self._sources(output)))] if output not in seen else []
        seen.add(output)
        while stack:
            node_id, sources = stack[-1]
            for source in sources:
                if source not in seen:
                    seen.add(source)
                    stack.append((source, iter(self._sources(source))))
                    break
            else:
                stack.pop()
                self.order.append(node_id)

    def _sources(self, node_id: str) -> list[str]:
        """Judge the node's own inputs; the nodes that it is fed by."""
        spec = self._specs[node_id]
        inputs = self._inputs(node_id)
        sources: list[str] = []
        if spec is None:
            return sources
        further = len(inputs)
        for port in spec.inputs:
            if port.name not in inputs:
                if not port.optional:
                    self._blame(node_id, missing(port))
                continue
            further -= 1
            item: Any = inputs[port.name]
            if not isinstance(item, list):
                inputs[port.name] = self._literal(node_id, spec, port, item)
            elif self._fits(node_id, spec, port, link := cast("list[Any]", item)):
                sources.append(link[0])
        if further:
            sources.extend(self._undeclared(spec, inputs))
        return sources

    def _undeclared(self, spec: NodeSpec, inputs: Mapping[str, Any]) -> Iterable[str]:
        """The nodes that feed inputs of which the node's type says nothing."""
        for name, item in inputs.items():
            if spec.port(name) is None and isinstance(item, list):
                link = cast("list[Any]", item)
                if self._broken(link) is None:
                    yield link[0]

    def _literal(self, node_id: str, spec: NodeSpec, port: Port, item: Any) -> Any:
        """The value as it will run."""
        value, fault = judged(spec, port, item, self.world.files, self.world.choices)
        if fault is not None:
            self._blame(node_id, fault)
        return value

    def _fits(self, node_id: str, spec: NodeSpec, port: Port, link: list[Any]) -> bool:
        if self.faults and self._broken(link) is not None:
            return False  # which was said when all links were looked at
        source = self._specs[link[0]]
        if source is None or port.unchecked in ("types", "all"):
            return True
        slot: int = link[1]
        given = source.outputs[slot].type
        if _overlap(given, port.type):
            return True
        self._blame(node_id, mismatch(spec, port, given, link, self.world.choices))
        return False

    def _link(self, node_id: str, spec: NodeSpec, name: str, item: list[Any]) -> None:
        """A list is a link, whatever it is meant to be."""
        why = self._broken(item)
        if why is not None:
            self._blame(node_id, bad_link(spec, name, item, why, self.world.choices))

    def _broken(self, item: list[Any]) -> str | None:
        """What is wrong with a link: nothing, its shape (""), or where it comes from."""
        if not is_link(item):
            return ""
        source: str = item[0]
        slot: int = item[1]
        if source not in self._specs:
            return f"there is no node {source[:60]!r}"
        spec = self._specs[source]
        if spec is not None and not 0 <= slot < len(spec.outputs):
            return f"node {source[:60]!r} has {len(spec.outputs)} outputs, counted from 0"
        return None

    def _inputs(self, node_id: str) -> dict[str, Any]:
        return self.data[node_id]["inputs"]

    def _blame(self, node_id: str, fault: Fault) -> None:
        self.faults.setdefault(node_id, []).append(fault)

    def _users(self) -> Mapping[str, Sequence[str]]:
        users: dict[str, list[str]] = {}
        for node in self.prompt.nodes.values():
            for _, link in node.links():
                users.setdefault(link.node, []).append(node.id)
        return users


def _overlap(given: str, wanted: str) -> bool:
    """Whether two types have one in common; `*` has all."""
    if given == wanted or "*" in (given, wanted):
        return True
    return not {*given.split(",")}.isdisjoint(part.strip() for part in wanted.split(","))


def _reached(users: Mapping[str, Sequence[str]], start: Iterable[str]) -> frozenset[str]:
    """These nodes and all that are fed by them."""
    reached: set[str] = set()
    stack = list(start)
    while stack:
        node_id = stack.pop()
        if node_id not in reached:
            reached.add(node_id)
            stack.extend(users.get(node_id, ()))
    return frozenset(reached)
