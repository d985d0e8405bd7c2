"""A prompt as a workflow: nodes get places, so that what ran can be looked at and changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirebrush.api import Link
from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.workflow import End, Point, Wire, Workflow, WorkflowNode
from wirebrush.graph.workflow_text import natural

COLUMN, GAP = 352, 44
_HEAD, _ROW, _PICTURE = 66, 30, 220


def workflow_from_prompt(prompt: Prompt, catalog: Catalog) -> Workflow:
    """The workflow that compiles to this prompt, drawn from left to right."""
    names = {node_id: node_id.replace("/", ":") for node_id in prompt.nodes}
    places = _places(prompt, catalog)
    nodes = {
        names[node.id]: WorkflowNode(
            id=names[node.id],
            type=node.class_type,
            at=places[node.id],
            title=_title(node, catalog),
            values={k: v for k, v in node.inputs.items() if not isinstance(v, Link)},
        )
        for node in prompt.nodes.values()
    }
    wires = (
        Wire(End(names[link.node], _output(prompt, link, catalog)), End(names[node.id], port))
        for node in sorted(prompt.nodes.values(), key=lambda node: natural(node.id))
        for port, link in node.links()
        if link.node in names
    )
    return Workflow(nodes=nodes, wires=tuple(wires))


def _title(node: PromptNode, catalog: Catalog) -> str:
    """The node's own title; none if it is only that of its type."""
    spec = catalog.spec(node.class_type)
    usual = {node.class_type, spec.title if spec is not None else ""}
    return "" if node.title in usual else node.title


def _output(prompt: Prompt, link: Link, catalog: Catalog) -> str:
    spec = catalog.spec(prompt.nodes[link.node].class_type)
    names = [output.name for output in spec.outputs] if spec is not None else []
    unique = 0 <= link.output < len(names) and names.count(names[link.output]) == 1
    return names[link.output] if unique else f"#{link.output}"


def _places(prompt: Prompt, catalog: Catalog) -> dict[str, Point]:
    """Columns by the longest way from a start; in a column, by where the inputs come from."""
    columns: dict[int, list[PromptNode]] = {}
    for node_id, depth in _depths(prompt).items():
        columns.setdefault(depth, []).append(prompt.nodes[node_id])
    places: dict[str, Point] = {}
    for depth in sorted(columns):
        column = sorted(columns[depth], key=lambda node: _middle(node, places))
        top = 0.0
        for node in column:
            places[node.id] = (depth * COLUMN, top)
            top += _height(node, catalog) + GAP
    return places


def _middle(node: PromptNode, places: Mapping[str, Point]) -> tuple[float, tuple[int, int, str]]:
    above = [places[link.node][1] for _, link in node.links() if link.node in places]
    return (sum(above) / len(above) if above else 0.0, natural(node.id))


def _height(node: PromptNode, catalog: Catalog) -> float:
    spec = catalog.spec(node.class_type)
    if spec is None:
        return _HEAD + _ROW * len(node.inputs)
    widgets = [port.widget for port in spec.inputs if port.widget is not None]
    tall = sum(100 for widget in widgets if widget.multiline)
    picture = _PICTURE if spec.sink or any(widget.upload for widget in widgets) else 0
    return _HEAD + _ROW * max(len(spec.inputs), len(spec.outputs)) + tall + picture


def _depths(prompt: Prompt) -> dict[str, int]:
    """How many nodes lie before each, along the longest way; circles are cut somewhere."""
    depths: dict[str, int] = {}
    for node_id in _inputs_first(prompt):
        links = prompt.nodes[node_id].links()
        depths[node_id] = 1 + max((depths.get(link.node, -1) for _, link in links), default=-1)
    return depths


def _inputs_first(prompt: Prompt) -> Iterator[str]:
    """All nodes, each after those that it takes from, with a stack of our own."""
    begun: set[str] = set()
    for start in prompt.nodes:
        stack = [] if start in begun else [(start, prompt.nodes[start].links())]
        begun.add(start)
        while stack:
            node_id, links = stack[-1]
            above = next((link.node for _, link in links if link.node not in begun), None)
            if above is None:
                stack.pop()
                yield node_id
            elif above in prompt.nodes:
                begun.add(above)
                stack.append((above, prompt.nodes[above].links()))
