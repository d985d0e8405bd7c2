"""From the document to what runs: names become indexes, subgraphs unfold, muted nodes go.

Nothing is decided here that `validate` decides: wrong values pass through, defaults stay out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from wirebrush.api import Link, NodeSpec
from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.flatten import FlatNode, flatten
from wirebrush.graph.jsontext import DEFAULT_LIMITS, Limits
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.workflow import VALUE_NODE, End, Workflow


def compile_workflow(
    workflow: Workflow,
    catalog: Catalog,
    limits: Limits = DEFAULT_LIMITS,
    *,
    incomplete: bool = False,
) -> tuple[Prompt, list[Problem]]:
    """The prompt that a workflow means, and what had to be said on the way.

    Nodes inside subgraphs are called `12/3`. A muted node is left out with all that need it,
    unless `incomplete` keeps them without that input, as ComfyUI's editor does; a bypassed one
    hands its inputs on, the k-th output of a type the k-th input of that type.
    """
    flat = flatten(workflow, limits)
    compilation = _Compilation(catalog, flat.nodes, list(flat.problems))
    compilation.connect(flat.wires)
    compilation.settle()
    if not incomplete:
        compilation.leave_out()
    return compilation.prompt(), compilation.problems


@dataclass(frozen=True, slots=True)
class _Value:
    """A plain value that a bypassed node hands on."""

    item: Any


@dataclass(frozen=True, slots=True)
class _Nothing:
    """What comes from a node that does not run."""

    node: str


_Source: TypeAlias = Link | _Value | _Nothing


@dataclass
class _Compilation:
    """One compilation: each step fills the next table."""

    catalog: Catalog
    nodes: Mapping[str, FlatNode]
    problems: list[Problem]
    incoming: dict[str, dict[str, Link]] = field(default_factory=dict[str, dict[str, Link]])
    settled: dict[str, dict[str, _Source]] = field(default_factory=dict[str, dict[str, _Source]])
    behind: dict[Link, _Source] = field(default_factory=dict[Link, _Source])
    gone: dict[str, str] = field(default_factory=dict[str, str])  # node -> the muted one to blame

    def spec(self, node_id: str) -> NodeSpec | None:
        """The node's type, or None if nothing is known of it."""
        node = self.nodes[node_id]
        return node.spec or self.catalog.spec(node.type) or node.guess

    def connect(self, wires: list[tuple[End, End]]) -> None:
        """Sort the wires by the input where they end, with output names turned to indexes."""
        for source, target in wires:
            if target.node not in self.nodes:
                message = f"A wire from node {quoted(source.node)} ends at no node."
                hint = "Remove it: nothing would use it."
                node = source.node if source.node in self.nodes else None
                self._report(Code.DANGLING_LINK, message, hint, node, severity="warning")
                continue
            port = self._input_name(target)
            index = self._output_index(source, End(target.node, port))
            into = self.incoming.setdefault(target.node, {})
            if port in into:
                message = f"Two wires end at {quoted(port)} of {self._label(target.node)}."
                self._report(Code.TWO_WIRES, message, "Remove one of them.", target.node, port)
            elif index is not None:
                into[port] = Link(source.node, index)

    def _input_name(self, target: End) -> str:
        spec, index = self.spec(target.node), _index(target.port)
        if spec is None or index is None or spec.port(target.port) or index >= len(spec.inputs):
            return target.port
        return spec.inputs[index].name

    def _output_index(self, source: End, target: End) -> int | None:
        if source.node not in self.nodes:
            return 0  # validation says that there is no such node
        spec, index = self.spec(source.node), _index(source.port)
        names = [output.name for output in spec.outputs] if spec is not None else []
        if source.port in names:
            return names.index(source.port)
        if index is not None:
            return index
        if spec is None:
            return 0  # validation says that the type is not known
        has = ", ".join(quoted(name) for name in names[:12]) or "none"
        message = (
            f"{self._label(target.node)}: {quoted(target.port)} is connected to the output "
            f"{quoted(source.port)} of {self._label(source.node)}, which it does not have."
        )
        hint = f"Connect it again; the outputs are: {has}."
        self._report(Code.BAD_OUTPUT, message, hint, target.node, target.port)
        return None

    def settle(self) -> None:
        """See through the bypassed nodes: what really arrives at each input of the others."""
        for node_id, into in self.incoming.items():
            if self.nodes[node_id].runs:
                self.settled[node_id] = {port: self._behind(link) for port, link in into.items()}

    def _behind(self, link: Link) -> _Source:
        passed: set[Link] = set()
        found: _Source = link
        while isinstance(found, Link) and found.node in self.nodes:
            if found in self.behind:
                found = self.behind[found]
                break
            node = self.nodes[found.node]
            if node.runs:
                break
            turning = found in passed  # bypassed nodes in a circle
            passed.add(found)
            hidden = node.mode == "mute" or turning
            found = _Nothing(found.node) if hidden else self._handed_on(found)
        self.behind.update((each, found) for each in passed)  # long chains are walked once
        return found

    def _handed_on(self, link: Link) -> _Source:
        """What a node that does not run gives at this output: one of its own inputs."""
        value_node = self.nodes[link.node].type == VALUE_NODE.type
        spec = self.spec(link.node)
        port = VALUE_NODE.port if value_node else _counterpart(spec, link.output)
        if port is None:
            return _Nothing(link.node)
        if port in (into := self.incoming.get(link.node, {})):
            return into[port]
        values = self.nodes[link.node].values
        return _Value(values[port]) if port in values else _Nothing(link.node)

    def leave_out(self) -> None:
        """Find the nodes that cannot run because something that they need does not."""
        users: dict[str, list[str]] = {}
        for node_id, source in self._needed_sources():
            if isinstance(source, _Nothing):
                self.gone.setdefault(node_id, source.node)
            else:
                users.setdefault(source.node, []).append(node_id)
        stack = list(self.gone)
        while stack:
            left = stack.pop()
            for user in users.get(left, ()):
                if user not in self.gone:
                    self.gone[user] = self.gone[left]
                    stack.append(user)
        for node_id in self.nodes:
            if node_id in self.gone and (spec := self.spec(node_id)) is not None and spec.sink:
                self._warn_left_out(node_id)

    def _needed_sources(self) -> Iterator[tuple[str, Link | _Nothing]]:
        """Each node with each source that it cannot run without."""
        for node_id, sources in self.settled.items():
            for port, source in sources.items():
                if not isinstance(source, _Value) and self._needs(node_id, port):
                    yield node_id, source

    def _needs(self, node_id: str, port_name: str) -> bool:
        """Whether a node cannot run when nothing arrives at this input."""
        if port_name in self.nodes[node_id].values:
            return False
        spec = self.spec(node_id)
        port = spec.port(port_name) if spec is not None else None
        return port.required if port is not None else spec is None

    def _warn_left_out(self, node_id: str) -> None:
        blame = self.gone[node_id]
        word = "muted" if self.nodes[blame].mode == "mute" else "bypassed and hands nothing on"
        message = f"{self._label(node_id)} is left out: it needs {self._label(blame)}, which is "
        hint = f"Switch {self._label(blame)} on again if you want this result."
        self._report(Code.LEFT_OUT, message + f"{word}.", hint, node_id, severity="warning")

    def prompt(self) -> Prompt:
        """The nodes that run, with values and links by port name, in the order of the type."""
        nodes = (
            PromptNode(node.id, node.type, self._inputs(node), node.title)
            for node in self.nodes.values()
            if node.runs and node.id not in self.gone
        )
        return Prompt({node.id: node for node in nodes})

    def _inputs(self, node: FlatNode) -> dict[str, Any]:
        inputs = dict(node.values)
        for port, source in self.settled.get(node.id, {}).items():
            if isinstance(source, _Value):
                inputs[port] = source.item
            elif isinstance(source, Link) and source.node not in self.gone:
                inputs[port] = source
        spec = self.spec(node.id)
        order = {port.name: place for place, port in enumerate(spec.inputs if spec else ())}
        names = sorted(inputs, key=lambda name: (order.get(name, len(order)), name))
        return {name: inputs[name] for name in names}

    def _label(self, node_id: str) -> str:
        node = self.nodes.get(node_id)
        name = (node.title.strip() or node.type)[:60] if node is not None else "a missing node"
        return f"{name} (node {node_id[:60]})"

    def _report(
        self,
        code: Code,
        message: str,
        hint: str,
        node: str | None,
        port: str | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        self.problems.append(problem(code, message, hint, node, port, severity))


def _index(port: str) -> int | None:
    """`#3` is the fourth port."""
    digits = port[1:]
    known = port.startswith("#") and digits.isascii() and digits.isdecimal() and len(digits) < 6
    return int(digits) if known else None


def _counterpart(spec: NodeSpec | None, output: int) -> str | None:
    """The input that stands for an output when the node is bypassed.

    The k-th output of a type takes the k-th input of that type, else the first; without one of
    the very type, the first that a wire of this type fits.
    """
    if spec is None or not 0 <= output < len(spec.outputs):
        return None
    wanted = spec.outputs[output].type
    same = [port.name for port in spec.inputs if port.type == wanted]
    rank = sum(other.type == wanted for other in spec.outputs[:output])
    if same:
        return same[rank] if rank < len(same) else same[0]
    fitting = (p.name for p in spec.inputs if p.widget is None and p.accepts(wanted))
    return next(fitting, None)
