"""ComfyUI's own templates with the node types that are here: what they need besides model files."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from wirebrush.catalog import Catalog
from wirebrush.engine.packs import load_packs
from wirebrush.graph.codes import Code
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.document import checked, open_document

GOLDEN = Path(__file__).parent / "graph" / "comfy" / "golden.json"
"""Its keys are the 101 templates without paid services."""

VALID = 56
"""How many of them are without error, model files aside; more is better."""


def test_whatever_stops_a_template_is_a_node_type_that_is_not_here() -> None:
    catalog = Catalog.from_json(json.loads(json.dumps(load_packs().catalog())))
    folder = files("comfyui_workflow_templates").joinpath("templates")
    valid = 0
    for name in json.loads(GOLDEN.read_text("utf-8")):
        data = json.loads(folder.joinpath(f"{name}.json").read_text("utf-8"))
        assert import_workflow(data, catalog).problems == (), name
        document = checked(open_document(data, catalog), catalog, None, lambda kind, file: True)
        codes = {problem.code for problem in document.errors}
        assert codes <= {Code.UNKNOWN_NODE_TYPE.value}, (name, document.errors)
        valid += not codes
    assert valid >= VALID
