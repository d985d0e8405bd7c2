"""Unfolding the subgraphs of a workflow: one flat graph whose inner nodes are called `12/3`.

An instance disappears: its wires end at, or start from, the nodes inside. Only a muted or
bypassed instance stays as a single node, because nothing inside it will run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wirebrush.api import NodeSpec, Output, Port
from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.comfy.placeholder import placeholder, searched_name
from wirebrush.graph.jsontext import Limits
from wirebrush.graph.parse import too_many_links, too_many_nodes
from wirebrush.graph.workflow import VALUE_NODE, End, Mode, Subgraph, Workflow, WorkflowNode


@dataclass(frozen=True, slots=True)
class FlatNode:
    """A node of the unfolded graph.

    `spec` is set for an instance that was not unfolded; `guess` is what the document says of a type
    that may be unknown here. `name` is what tokens in names of files call it.
    """

    id: str
    type: str
    title: str
    mode: Mode
    values: dict[str, Any]
    spec: NodeSpec | None = None
    guess: NodeSpec | None = None
    name: str = ""

    @property
    def runs(self) -> bool:
        """Whether it is executed, rather than seen through."""
        return not self.mode and self.type != VALUE_NODE.type


@dataclass
class FlatGraph:
    """The unfolded graph: nodes by id in document order, wires between real nodes."""

    nodes: dict[str, FlatNode] = field(default_factory=dict[str, FlatNode])
    wires: list[tuple[End, End]] = field(default_factory=list[tuple[End, End]])
    problems: list[Problem] = field(default_factory=list[Problem])


def flatten(workflow: Workflow, limits: Limits) -> FlatGraph:
    """All nodes and wires of the workflow with its instances unfolded, as deep as they go."""
    unfolding = _Unfolding(workflow.subgraphs, limits)
    unfolding.run(workflow)
    return unfolding.flat


@dataclass(frozen=True, slots=True)
class _Level:
    """A graph to be unfolded: the top, or the inside of one instance."""

    prefix: str
    graph: Workflow | Subgraph
    chain: tuple[str, ...]  # the definitions around it


@dataclass
class _Unfolding:
    subgraphs: Mapping[str, Subgraph]
    limits: Limits
    flat: FlatGraph = field(default_factory=FlatGraph)
    instances: int = 0
    entries: dict[End, tuple[End, ...]] = field(default_factory=dict[End, tuple[End, ...]])
    exits: dict[End, End | None] = field(default_factory=dict[End, End | None])  # None: not wired
    unfolded: set[str] = field(default_factory=set[str])
    wires: list[tuple[End, End]] = field(default_factory=list[tuple[End, End]])
    overrides: list[tuple[End, Any]] = field(default_factory=list[tuple[End, Any]])
    steps: int = 0  # through the ports of instances: a short text can mean a great many

    def run(self, workflow: Workflow) -> None:
        """Unfold level by level with a stack of our own; then join the wires."""
        stack: list[_Level] = [_Level("", workflow, ())]
        while stack:
            level = stack.pop()
            inner = list(self._level(level))
            stack.extend(reversed(inner))
            if self._too_large():
                return
        for source, target in self.wires:
            self._join(source, target)
        for end, item in reversed(self.overrides):  # the outermost instance has the last word
            for inside in self._inside(end):
                if inside.node in self.flat.nodes:
                    self.flat.nodes[inside.node].values[inside.port] = item
        if self.steps > self.limits.links:
            self.flat.problems.append(too_many_links(self.steps, self.limits))

    def _too_large(self) -> bool:
        nodes, wires = len(self.flat.nodes) + self.instances, len(self.wires)
        if nodes > self.limits.nodes:
            self.flat.problems.append(too_many_nodes(nodes, self.limits))
        if wires > self.limits.links:
            self.flat.problems.append(too_many_links(wires, self.limits))
        return nodes > self.limits.nodes or wires > self.limits.links

    def _level(self, level: _Level) -> Iterator[_Level]:
        """Take over the nodes and wires of one level; the instances in it are the next ones."""
        for wire in level.graph.wires:
            self.wires.append((_inner(level, wire.source), _inner(level, wire.target)))
        for node in level.graph.nodes.values():
            flat_id = level.prefix + node.id
            definition = self.subgraphs.get(node.subgraph) if node.subgraph is not None else None
            if node.subgraph is None:
                self._keep(flat_id, node, None)
            elif definition is None:
                message = f"Node {quoted(flat_id)} is an instance of a subgraph that is missing."
                hint = "Remove the node, or paste the subgraph again from where it came."
                self._report(Code.UNKNOWN_SUBGRAPH, message, hint, flat_id)
            elif node.mode:
                self._keep(flat_id, node, interface(definition))
            elif definition.id in level.chain:
                message = f"The subgraph {_name(definition)} contains itself (node {flat_id})."
                hint = "Remove the instance of it that is inside."
                self._report(Code.RECURSIVE_SUBGRAPH, message, hint, flat_id)
            else:
                yield self._enter(flat_id, node, definition, level)

    def _keep(self, flat_id: str, node: WorkflowNode, spec: NodeSpec | None) -> None:
        self.flat.nodes[flat_id] = FlatNode(
            id=flat_id,
            type=node.type,
            title=node.title,
            mode=node.mode,
            values=dict(node.values),
            spec=spec,
            guess=placeholder(node.type, node.extra) if spec is None else None,
            name=searched_name(node.type, node.extra) if spec is None else "",
        )

    def _enter(
        self, flat_id: str, node: WorkflowNode, definition: Subgraph, level: _Level
    ) -> _Level:
        self.instances += 1
        self.unfolded.add(flat_id)
        inside = _Level(f"{flat_id}/", definition, (*level.chain, definition.id))
        for port in definition.inputs:
            self.entries[End(flat_id, port.id)] = tuple(_inner(inside, end) for end in port.to)
        for port in definition.outputs:
            wired = port.source.node != ""
            self.exits[End(flat_id, port.id)] = _inner(inside, port.source) if wired else None
        for name, item in node.values.items():
            self.overrides.append((End(flat_id, name), item))
        return inside

    def _join(self, source: End, target: End) -> None:
        """A wire between real nodes for one that may start or end at instances."""
        while source.node in self.unfolded:
            self.steps += 1
            inner = self.exits.get(source)
            if inner is None:
                self._report_exit(source, target)
                return
            source = inner
        self.flat.wires.extend((source, inside) for inside in self._inside(target))

    def _inside(self, end: End) -> Iterator[End]:
        """The real inputs that an input stands for: itself, or those inside the instance."""
        stack = [end]
        while stack and self.steps <= self.limits.links:
            self.steps += 1
            end = stack.pop()
            if end.node not in self.unfolded:
                yield end
            elif end in self.entries:
                stack.extend(reversed(self.entries[end]))
            else:
                message = f"Subgraph node {end.node} has no input {quoted(end.port)}."
                hint = "Remove the value or wire, or give the subgraph that input."
                item = problem(Code.UNKNOWN_INPUT, message, hint, end.node, end.port, "warning")
                self.flat.problems.append(item)

    def _report_exit(self, source: End, target: End) -> None:
        output = f"output {quoted(source.port)}"
        if source in self.exits:
            message = f"Subgraph node {source.node} hands out nothing at its {output}."
            hint = "Open it and wire something inside to that output, or remove the wire."
        else:
            message = f"Subgraph node {source.node} has no {output}."
            hint = "Remove the wire, or give the subgraph that output."
        self._report(Code.BAD_OUTPUT, message, hint, target.node, target.port)

    def _report(
        self, code: Code, message: str, hint: str, node: str, port: str | None = None
    ) -> None:
        self.flat.problems.append(problem(code, message, hint, node, port))


def interface(definition: Subgraph) -> NodeSpec:
    """The definition seen from outside: a node type with its ports, by their ids."""
    return NodeSpec(
        id=definition.id,
        title=definition.name,
        inputs=tuple(Port(port.id, port.type) for port in definition.inputs),
        outputs=tuple(Output(port.id, port.type) for port in definition.outputs),
    )


def _inner(level: _Level, end: End) -> End:
    return End(level.prefix + end.node, end.port)


def _name(definition: Subgraph) -> str:
    return quoted(definition.name or definition.id)
