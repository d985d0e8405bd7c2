"""Reading a workflow from JSON: a `Workflow`, or problems that say what and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.detect import Format
from wirebrush.graph.fields import Fields, as_end
from wirebrush.graph.jsontext import DEFAULT_LIMITS, Limits, Path, read_json
from wirebrush.graph.migrations import migrate
from wirebrush.graph.parse import id_problem, too_many_links, too_many_nodes, wrong_format
from wirebrush.graph.workflow import (
    Frame,
    Mode,
    Note,
    Subgraph,
    SubgraphInput,
    SubgraphOutput,
    Wire,
    Workflow,
    WorkflowNode,
)

_MODES: Mapping[object, Mode] = {"": "", "mute": "mute", "bypass": "bypass"}


def load_workflow(
    source: str | bytes | bytearray | dict[str, Any], limits: Limits = DEFAULT_LIMITS
) -> Workflow | list[Problem]:
    """The workflow that a text (or data that is parsed already) holds, or what is wrong with it."""
    data, problems = read_json(source, limits, locate_in_workflow)
    return problems or workflow_from_data(data, limits)


def workflow_from_data(data: Any, limits: Limits = DEFAULT_LIMITS) -> Workflow | list[Problem]:
    """The same for JSON that `read_json` gave."""
    if wrong := wrong_format(data, Format.WIREBRUSH):
        return [wrong]
    lifted = migrate(data)
    if isinstance(lifted, Problem):
        return [lifted]
    reader = _Reader(limits)
    workflow = reader.workflow(lifted)
    return reader.problems or workflow


def locate_in_workflow(path: Path) -> tuple[str | None, str | None]:
    """The node and the port that a place in a workflow belongs to."""
    if path[:1] == ("subgraphs",):
        path = path[2:]  # a definition may have many instances: the id inside is what there is
    node = str(path[1]) if len(path) > 1 and path[0] == "nodes" else None
    port = str(path[3]) if len(path) > 3 and path[2] == "values" else None
    return node, port


@dataclass
class _Reader:
    """One reading: its limits, and the problems so far."""

    limits: Limits
    problems: list[Problem] = field(default_factory=list[Problem])
    nodes: int = 0
    wires: int = 0

    def workflow(self, data: Mapping[str, Any]) -> Workflow:
        """The document; what is wrong is in `problems` afterwards."""
        fields = self._fields(data, "The workflow")
        fields.text("format")
        view = fields.object("view")
        workflow = Workflow(
            id=fields.text("id"),
            name=fields.text("name"),
            nodes=self._nodes(fields),
            wires=self._wires(fields),
            frames=self._frames(fields),
            notes=self._notes(fields),
            subgraphs=self._subgraphs(fields),
            view=view if "view" in data else None,
            extra=fields.extra(),
        )
        if self.nodes > self.limits.nodes:
            self.problems.append(too_many_nodes(self.nodes, self.limits))
        if self.wires > self.limits.links:
            self.problems.append(too_many_links(self.wires, self.limits))
        return workflow

    def _fields(self, data: Mapping[str, Any], what: str, node: str | None = None) -> Fields:
        return Fields(data, what, node, self.problems)

    def _items(self, parent: Fields, name: str, what: str) -> Iterator[Fields]:
        """The objects of a list field."""
        for place, item in enumerate(parent.list(name), 1):
            if isinstance(item, dict):
                yield self._fields(cast("dict[str, Any]", item), f"{what} {place}")
            else:
                code = Code.BAD_WIRE if name == "wires" else Code.BAD_FIELD
                message = f"{what} {place} is {quoted(item)}, not an object."
                self.problems.append(problem(code, message, "Correct it, or remove it."))

    def _nodes(self, parent: Fields) -> dict[str, WorkflowNode]:
        nodes: dict[str, WorkflowNode] = {}
        raw = parent.object("nodes")
        if "nodes" not in parent.data:
            parent.wrong("nodes", "an object of nodes by id; {} if there are none")
        self.nodes += len(raw)
        for node_id, item in raw.items():
            if bad := id_problem(node_id, self.limits, forbidden="/"):
                self.problems.append(bad)
            if isinstance(item, dict):
                nodes[node_id] = self._node(node_id, cast("dict[str, Any]", item))
            else:
                message = f"Node {quoted(node_id)} is {quoted(item)}, not an object."
                hint = 'Write a node as {"type": "KSampler", "at": [0, 0], "values": {}}.'
                self.problems.append(problem(Code.BAD_NODE, message, hint, node_id))
        return nodes

    def _node(self, node_id: str, data: Mapping[str, Any]) -> WorkflowNode:
        fields = self._fields(data, f"Node {quoted(node_id)}", node_id)
        node_type = fields.text("type")
        if not node_type.strip() and isinstance(data.get("type", ""), str):
            message = f"Node {quoted(node_id)} does not say its type."
            hint = 'Name the node type: {"type": "KSampler", ...}.'
            self.problems.append(problem(Code.MISSING_CLASS_TYPE, message, hint, node_id))
        return WorkflowNode(
            id=node_id,
            type=node_type,
            at=fields.point("at") or (0, 0),
            size=fields.point("size"),
            title=fields.text("title"),
            values=fields.object("values"),
            controls=self._controls(fields),
            mode=self._mode(fields),
            collapsed=fields.flag("collapsed"),
            color=fields.text("color"),
            extra=fields.extra(),
        )

    def _controls(self, fields: Fields) -> dict[str, str]:
        controls = fields.object("controls")
        if not all(isinstance(item, str) for item in controls.values()):
            fields.wrong("controls", 'words by port, such as {"seed": "randomize"}')
            return {}
        return controls

    def _mode(self, fields: Fields) -> Mode:
        mode = fields.text("mode")
        if mode not in _MODES:
            fields.wrong("mode", '"mute" or "bypass"')
        return _MODES.get(mode, "")

    def _wires(self, parent: Fields) -> tuple[Wire, ...]:
        wires: list[Wire] = []
        for fields in self._items(parent, "wires", "Wire"):
            self.wires += 1
            source, target = fields.end("from"), fields.end("to")
            if source is not None and target is not None:
                wires.append(Wire(source, target, fields.points("knots"), fields.extra()))
        return tuple(wires)

    def _frames(self, parent: Fields) -> tuple[Frame, ...]:
        return tuple(
            Frame(
                id=fields.text("id"),
                title=fields.text("title"),
                at=fields.point("at") or (0, 0),
                size=fields.point("size") or (0, 0),
                color=fields.text("color"),
                extra=fields.extra(),
            )
            for fields in self._items(parent, "frames", "Frame")
        )

    def _notes(self, parent: Fields) -> tuple[Note, ...]:
        return tuple(
            Note(
                id=fields.text("id"),
                text=fields.text("text"),
                at=fields.point("at") or (0, 0),
                size=fields.point("size") or (0, 0),
                color=fields.text("color"),
                extra=fields.extra(),
            )
            for fields in self._items(parent, "notes", "Note")
        )

    def _subgraphs(self, parent: Fields) -> dict[str, Subgraph]:
        subgraphs: dict[str, Subgraph] = {}
        for name, item in parent.object("subgraphs").items():
            if isinstance(item, dict):
                subgraphs[name] = self._subgraph(name, cast("dict[str, Any]", item))
            else:
                message = f"Subgraph {quoted(name)} is {quoted(item)}, not an object."
                hint = "Correct it, or remove it."
                self.problems.append(problem(Code.BAD_FIELD, message, hint))
        return subgraphs

    def _subgraph(self, name: str, data: Mapping[str, Any]) -> Subgraph:
        fields = self._fields(data, f"Subgraph {quoted(name)}")
        return Subgraph(
            id=name,
            name=fields.text("name"),
            nodes=self._nodes(fields),
            wires=self._wires(fields),
            inputs=tuple(self._inputs(fields)),
            outputs=tuple(self._outputs(fields)),
            frames=self._frames(fields),
            notes=self._notes(fields),
            extra=fields.extra(),
        )

    def _inputs(self, parent: Fields) -> Iterator[SubgraphInput]:
        for fields in self._items(parent, "inputs", f"{parent.what}: input"):
            ends = [as_end(item) for item in fields.list("to")]
            if None in ends:
                fields.wrong("to", 'a list of ends, such as [["4", "model"]]', Code.BAD_WIRE)
            to = tuple(end for end in ends if end is not None)
            yield SubgraphInput(
                self._port_id(fields), fields.text("name"), _type(fields), to, fields.extra()
            )

    def _outputs(self, parent: Fields) -> Iterator[SubgraphOutput]:
        for fields in self._items(parent, "outputs", f"{parent.what}: output"):
            source = fields.end("from")
            port_id, name, kind = self._port_id(fields), fields.text("name"), _type(fields)
            if source is not None:
                yield SubgraphOutput(port_id, source, name, kind, fields.extra())

    def _port_id(self, fields: Fields) -> str:
        port_id = fields.text("id")
        if not port_id:
            fields.wrong("id", "a text that names the port")
        return port_id


def _type(fields: Fields) -> str:
    return fields.text("type") or "*"
