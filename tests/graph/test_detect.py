from __future__ import annotations

import pytest

from wirebrush.graph.detect import Format, detect


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"format": "wirebrush/1", "nodes": {}}, Format.WIREBRUSH),
        ({"format": "wirebrush/9"}, Format.WIREBRUSH),
        ({"format": 999, "nodes": {}}, Format.WIREBRUSH),
        ({"format": {"class_type": "A"}}, Format.PROMPT),  # a node called "format"
        ({"3": {"class_type": "A", "inputs": {}}}, Format.PROMPT),
        ({"3": {}}, Format.PROMPT),
        ({"prompt": {"class_type": "A", "inputs": {}}}, Format.PROMPT),  # a node called "prompt"
        ({"nodes": [], "links": [], "version": 0.4}, Format.COMFY_WORKFLOW),
        ({"version": 1, "nodes": [{"id": 1}], "links": []}, Format.COMFY_WORKFLOW),
        ({}, Format.EMPTY),
        ({"prompt": {"3": {}}, "client_id": "x"}, Format.UNKNOWN),
        ({"a": 1}, Format.UNKNOWN),
        ([], Format.UNKNOWN),
        (None, Format.UNKNOWN),
        ("wirebrush/1", Format.UNKNOWN),
    ],
)
def test_documents_are_told_apart(data: object, kind: Format) -> None:
    assert detect(data) is kind
