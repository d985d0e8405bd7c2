"""The prompt of a workflow as ComfyUI's editor would send it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wirebrush.api import MISSING, Link
from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.nametokens import with_names
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.workflow import Workflow


def comfy_prompt(
    workflow: Workflow, catalog: Catalog, now: datetime | None = None
) -> tuple[dict[str, Any], list[Problem]]:
    """The prompt in API format, and what had to be said on the way.

    Unlike ours, nodes inside subgraphs are called `12:3`, every value of a known node is spelled
    out, and what needs a muted node stays, without that input. Tokens in names of files are
    replaced if `now` says what the time is.
    """
    compiled, problems = compile_workflow(workflow, catalog, incomplete=True)
    if now is not None:
        compiled = with_names(compiled, workflow, catalog, now)
    nodes = [_node(node, catalog) for node in compiled.nodes.values()]
    return Prompt({node.id: node for node in nodes}).to_json(), problems


def _node(node: PromptNode, catalog: Catalog) -> PromptNode:
    spec = catalog.spec(node.class_type)
    inputs = {
        port.name: port.default
        for port in (spec.inputs if spec is not None else ())
        if port.widget is not None and port.default is not MISSING and port.default is not None
    }
    for name, item in node.inputs.items():
        inputs[name] = Link(_joined(item.node), item.output) if isinstance(item, Link) else item
    title = node.title or (spec.title if spec is not None else node.class_type)
    return PromptNode(_joined(node.id), node.class_type, inputs, title)


def _joined(node_id: str) -> str:
    return node_id.replace("/", ":")
