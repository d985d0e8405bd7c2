"""What ComfyUI's own editor sends for its templates, and what we make of the same files.

`golden.json` has a digest of each prompt that front-end 1.27.10 sent: ids, types, links, values.
Left out are four values that the files do not hold and the editor takes from its defaults
(`SaveImage.filename_prefix` of `default`, `DifferentialDiffusion.strength` of three).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.comfy.prompting import comfy_prompt

GOLDEN: Mapping[str, str] = json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))


def digest(prompt: Mapping[str, Any]) -> str:
    """The order of nodes and inputs and the titles do not count; 8 and 8.0 are one number."""
    nodes = {
        node_id: [node["class_type"], {k: _plain(v) for k, v in node["inputs"].items()}]
        for node_id, node in prompt.items()
    }
    text = json.dumps(nodes, sort_keys=True, ensure_ascii=True)
    return blake2b(text.encode(), digest_size=12).hexdigest()


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def test_the_prompts_are_those_of_comfyuis_editor(templates: Mapping[str, Any]) -> None:
    nothing_known = Catalog()
    assert len(GOLDEN) == 101
    for name, expected in GOLDEN.items():
        workflow = import_workflow(templates[name], nothing_known).workflow
        assert digest(comfy_prompt(workflow, nothing_known)[0]) == expected, name


def test_nothing_had_to_be_left_behind(templates: Mapping[str, Any]) -> None:
    for name, data in templates.items():
        assert import_workflow(data, Catalog()).problems == (), name
