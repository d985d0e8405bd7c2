"""The texts that pictures carry, so that they open as the graph that made them: here and there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.detect import Format, detect
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_text import workflow_to_json


def own_workflow(
    workflow: Workflow | None, given: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """A workflow that came in, in our format; `given` is its JSON and `workflow` what it means."""
    if workflow is None or given is None:
        return None
    return given if detect(given) is Format.WIREBRUSH else workflow_to_json(workflow)


def texts_for_pictures(
    prompt: Prompt,
    workflow: Workflow | None,
    given: Mapping[str, Any] | None,
    catalog: Catalog,
) -> dict[str, str]:
    """`prompt` in API format, `workflow` for ComfyUI's editor, and `wirebrush` for ours.

    All are ASCII: some readers of PNG files know only its oldest kind of text.
    """
    texts = {"prompt": _text(prompt.to_json())}
    own = own_workflow(workflow, given)
    if workflow is not None and own is not None:
        texts["workflow"] = _text(export_workflow(workflow, catalog) if own is given else given)
        texts["wirebrush"] = _text(own)
    return texts


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
