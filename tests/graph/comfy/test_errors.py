"""Problems in the words of ComfyUI's `POST /prompt`."""

from __future__ import annotations

from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.errors import node_errors
from wirebrush.graph.document import read_document
from wirebrush.graph.prompt import Prompt


def errors(picture: dict[str, Any], node: str, catalog: Catalog, **inputs: Any) -> dict[str, Any]:
    changed = picture[node] | {"inputs": picture[node]["inputs"] | inputs}
    document = read_document(picture | {node: changed}, catalog, None, lambda kind, name: False)
    assert isinstance(document.prompt, Prompt)
    outputs = {node: ["9"]}
    return node_errors(document.prompt, document.problems, outputs, catalog, lambda kind: ["x"])


@pytest.mark.parametrize(
    ("inputs", "kind", "message", "details"),
    [
        ({"steps": 0}, "value_smaller_than_min", "Value 0 smaller than min of 1", "steps"),
        ({"steps": 10**9}, "value_bigger_than_max", "Value 1000000000 bigger than max of", "steps"),
        (
            {"sampler_name": "eular"},
            "value_not_in_list",
            "Value not in list",
            "sampler_name: 'eular' not in list",
        ),
        ({"steps": "many"}, "invalid_input_type", "Failed to convert an input value", "steps, "),
        ({"model": ["1", 1]}, "return_type_mismatch", "Return type mismatch", "model, "),
    ],
)
def test_each_kind_of_error(
    picture: dict[str, Any],
    catalog: Catalog,
    inputs: dict[str, Any],
    kind: str,
    message: str,
    details: str,
) -> None:
    found = errors(picture, "5", catalog, **inputs)["5"]
    assert found["class_type"] == picture["5"]["class_type"]
    assert found["dependent_outputs"] == ["9"]
    (error,) = found["errors"]
    assert error["type"] == kind
    assert error["message"].startswith(message)
    assert error["details"].startswith(details)
    (name, value), *_ = inputs.items()
    assert error["extra_info"]["input_name"] == name
    assert error["extra_info"]["input_config"]
    told = error["extra_info"].get("received_value", error["extra_info"].get("linked_node"))
    assert told == value


def test_a_missing_input_and_a_missing_file(picture: dict[str, Any], catalog: Catalog) -> None:
    del picture["5"]["inputs"]["model"]
    found = errors(picture, "5", catalog)
    (error,) = found["5"]["errors"]
    assert (error["type"], error["details"]) == ("required_input_missing", "model")
    (error,) = found["1"]["errors"]
    assert error["type"] == "value_not_in_list"
    assert error["extra_info"]["input_config"] == [["x"], {}]
