"""A workflow of ComfyUI's editor as one of ours.

What has no field with us stands beside the fields under `comfy`: the way back finds it there.
Reroutes become knots, groups frames, and widgets that a subgraph shows become its inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem
from wirebrush.graph.comfy.canvas_in import CanvasIn, Shared
from wirebrush.graph.comfy.group_nodes import without_group_nodes
from wirebrush.graph.comfy.reading import as_id, read_ui
from wirebrush.graph.comfy.records import UiSubgraph
from wirebrush.graph.comfy.widgets import Layouts
from wirebrush.graph.jsontext import DEFAULT_LIMITS, Limits
from wirebrush.graph.workflow import Subgraph, Workflow


@dataclass(frozen=True, slots=True)
class Imported:
    """The workflow, and what had to be said on the way (all of it warnings)."""

    workflow: Workflow
    problems: tuple[Problem, ...]


def import_workflow(
    data: Mapping[str, Any], catalog: Catalog, limits: Limits = DEFAULT_LIMITS
) -> Imported:
    """Our workflow for a file of ComfyUI's editor, as JSON that `read_json` gave."""
    ui, problems = read_ui(data, limits)

    def say(message: str, hint: str, node: str) -> None:
        problems.append(problem(Code.BAD_COMFY, message, hint, node, severity="warning"))

    layouts = Layouts(catalog)
    ui = without_group_nodes(ui, layouts, limits.nodes, say)
    shared = Shared(ui.subgraphs, catalog, layouts, say)
    canvas = CanvasIn(ui.graph, shared)
    workflow = Workflow(
        id=as_id(data.get("id")),
        nodes=canvas.nodes(),
        wires=tuple(canvas.wires()),
        frames=tuple(canvas.frames()),
        notes=tuple(canvas.notes()),
        subgraphs={item.id: _subgraph(item, shared) for item in ui.subgraphs.values()},
        extra=canvas.extra(),
    )
    return Imported(workflow, tuple(problems))


def _subgraph(item: UiSubgraph, shared: Shared) -> Subgraph:
    canvas = CanvasIn(item.graph, shared)
    fed = canvas.fed_from_outside()
    return Subgraph(
        id=item.id,
        name=item.name,
        nodes=canvas.nodes(),
        wires=tuple(canvas.wires()),
        inputs=tuple(canvas.port_in(port, fed.get(at, [])) for at, port in enumerate(item.inputs)),
        outputs=tuple(canvas.port_out(port, at) for at, port in enumerate(item.outputs)),
        frames=tuple(canvas.frames()),
        notes=tuple(canvas.notes()),
        extra=canvas.extra(),
    )
