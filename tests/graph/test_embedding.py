"""The texts that pictures carry."""

from __future__ import annotations

import json
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.graph.document import read_document
from wirebrush.graph.embedding import own_workflow, texts_for_pictures
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.workflow import Workflow

OURS = {
    "format": "wirebrush/1",
    "nodes": {
        "1": {"type": "LoadPicture", "values": {"image": "möwe.png"}},
        "2": {"type": "Save"},
    },
    "wires": [{"from": ["1", "IMAGE"], "to": ["2", "images"]}],
}


def texts_of(given: dict[str, Any], catalog: Catalog) -> dict[str, str]:
    document = read_document(given, catalog)
    assert isinstance(document.prompt, Prompt)
    return texts_for_pictures(document.prompt, document.workflow, given, catalog)


def test_a_picture_opens_here_and_in_comfyui(catalog: Catalog) -> None:
    texts = texts_of(OURS, catalog)
    assert json.loads(texts["wirebrush"]) == OURS
    assert json.loads(texts["prompt"])["2"]["inputs"] == {"images": ["1", 0]}
    there, problems = open_workflow(json.loads(texts["workflow"]), catalog)
    assert problems == ()
    assert there is not None
    assert there.nodes["1"].values == {"image": "möwe.png"}
    assert all(text.isascii() for text in texts.values())


def test_what_came_from_comfyui_goes_back_as_it_came(catalog: Catalog) -> None:
    theirs = json.loads(texts_of(OURS, catalog)["workflow"])
    texts = texts_of(theirs, catalog)
    assert json.loads(texts["workflow"]) == theirs
    assert json.loads(texts["wirebrush"])["format"] == "wirebrush/1"


def test_a_bare_prompt_has_no_workflow(catalog: Catalog, picture: dict[str, Any]) -> None:
    prompt = Prompt.from_json(picture)
    assert set(texts_for_pictures(prompt, None, None, catalog)) == {"prompt"}
    assert own_workflow(Workflow(), None) is None
