"""What a workflow from elsewhere needs that is not here."""

from __future__ import annotations

from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.missing import in_a_line, missing_parts

PLACE = "https://example.org/sd15.safetensors"
LOADER = {"id": 1, "type": "LoadModel", "widgets_values": ["sd15.safetensors"]}
STRANGER = {"id": 2, "type": "Stranger"}


def named(name: str = "sd15.safetensors", folder: Any = "checkpoints", url: Any = PLACE) -> Any:
    return {"properties": {"models": [{"name": name, "directory": folder, "url": url}]}}


def missing(catalog: Catalog, *nodes: dict[str, Any], here: str = "", **more: Any) -> list[Problem]:
    data = {"nodes": list(nodes), "links": [], **more}
    workflow = import_workflow(data, catalog).workflow
    prompt, _ = compile_workflow(workflow, catalog, incomplete=True)
    return missing_parts(workflow, prompt, catalog, lambda kind, name: f"{kind}/{name}" == here)


def test_a_model_is_told_with_its_folder(catalog: Catalog) -> None:
    (problem,) = missing(catalog, LOADER)
    assert (problem.code, problem.node, problem.port) == ("file_not_found", "1", "ckpt_name")
    assert '"sd15.safetensors"' in problem.message
    assert problem.hint == "Put it into models/checkpoints/, or choose another one."
    assert missing(catalog, LOADER, here="checkpoints/sd15.safetensors") == []


def test_and_with_where_its_file_says_that_it_is_from(catalog: Catalog) -> None:
    for problem in (
        *missing(catalog, LOADER | named()),
        *missing(catalog, LOADER, models=named()["properties"]["models"]),
    ):
        assert "models/checkpoints/" in problem.hint
        assert problem.hint.endswith(f"it is from {PLACE}")


def test_nodes_that_nobody_knows_may_name_models_too(catalog: Catalog) -> None:
    found = missing(catalog, STRANGER | named("big.sft", "diffusion_models"))
    assert [item.code for item in found] == ["unknown_node_type", "file_not_found"]
    assert found[1].message == 'Stranger needs "big.sft", which is not here.'
    assert "models/diffusion_models/" in found[1].hint
    assert in_a_line(found) == "missing: 1 node type and 1 file"
    there = missing(catalog, STRANGER | named("big.sft", "vae"), here="vae/big.sft")
    assert [item.code for item in there] == ["unknown_node_type"]


def test_of_nodes_in_subgraphs_and_once_each(catalog: Catalog) -> None:
    inner = {"id": "s", "name": "S", "nodes": [STRANGER | named(), {**STRANGER, "id": 3} | named()]}
    instance = {"id": 9, "type": "s"}
    found = missing(catalog, instance, definitions={"subgraphs": [inner]})
    files = [item for item in found if item.code == "file_not_found"]
    assert [item.node for item in files] == [None]


@pytest.mark.parametrize(
    ("folder", "url"),
    [
        ("../../etc", PLACE),
        ("<script>", PLACE),
        (7, PLACE),
        ("vae", "javascript:alert(1)"),
        ("vae", "https://x/\x1b[31m"),
        ("vae", "https://[bad"),
        ("vae", "http://x/" + "a" * 400),
        ("vae", None),
    ],
)
def test_a_strangers_words_are_not_repeated(catalog: Catalog, folder: Any, url: Any) -> None:
    text = " ".join(item.sentence for item in missing(catalog, STRANGER | named("a", folder, url)))
    for word in ("..", "script", "\x1b", "//", "aaa"):
        assert word not in text


def test_muted_nodes_need_nothing(catalog: Catalog) -> None:
    assert missing(catalog, STRANGER | named() | {"mode": 2}) == []
