"""Any graph as a workflow of ours: what the editor opens, whatever was dropped on it."""

from __future__ import annotations

from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.detect import Format, detect
from wirebrush.graph.drawing import workflow_from_prompt
from wirebrush.graph.jsontext import DEFAULT_LIMITS, Limits
from wirebrush.graph.parse import prompt_from_data
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import workflow_from_data


def open_workflow(
    data: Any, catalog: Catalog, limits: Limits = DEFAULT_LIMITS
) -> tuple[Workflow | None, tuple[Problem, ...]]:
    """The workflow in JSON that `read_json` gave, and what was said on the way.

    Ours as it is, one of ComfyUI's editor imported, a prompt drawn. None if it cannot be read.
    """
    found = detect(data)
    if found is Format.COMFY_WORKFLOW:
        imported = import_workflow(data, catalog, limits)
        wrong = any(item.severity == "error" for item in imported.problems)
        return (None if wrong else imported.workflow), imported.problems
    if found is Format.WIREBRUSH:
        workflow = workflow_from_data(data, limits)
        return (workflow, ()) if isinstance(workflow, Workflow) else (None, tuple(workflow))
    prompt = prompt_from_data(data, limits)
    if isinstance(prompt, Prompt):
        return workflow_from_prompt(prompt, catalog), ()
    return None, tuple(prompt)
