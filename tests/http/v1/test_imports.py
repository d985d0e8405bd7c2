"""Files of other programs, opened as workflows."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from http_studio import PROMPT, WORKFLOW, Studio
from PIL import Image, PngImagePlugin

UI = {"nodes": [{"id": 1, "type": "Stranger", "widgets_values": [1]}], "links": [], "version": 0.4}

DEEP = '{"nodes": ' + "[" * 90 + "]" * 90 + "}"


async def opened(studio: Studio, data: bytes, name: str) -> tuple[int, Any]:
    headers = {"X-Filename": name, "Content-Type": "application/octet-stream"}
    return (await studio.ask("POST", "/v1/import", data=data, headers=headers))[:2]


def picture(**texts: str) -> bytes:
    info, file = PngImagePlugin.PngInfo(), BytesIO()
    for name, text in texts.items():
        info.add_text(name, text)
    Image.new("RGB", (4, 4)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


async def test_every_kind_of_file_is_opened(studio: Studio) -> None:
    status, body = await opened(studio, json.dumps(UI).encode(), "my%20flow.json")
    assert status == 200
    assert body["workflow"]["format"] == "wirebrush/1"
    assert body["workflow"]["name"] == "my flow"
    assert body["workflow"]["nodes"]["1"]["type"] == "Stranger"

    for data in (json.dumps(PROMPT).encode(), picture(prompt=json.dumps(PROMPT))):
        status, body = await opened(studio, data, "x.png")
        assert status == 200
        assert set(body["workflow"]["nodes"]) == set(PROMPT)

    status, body = await opened(studio, json.dumps(WORKFLOW).encode(), "ours.json")
    assert body["workflow"]["nodes"].keys() == WORKFLOW["nodes"].keys()


async def test_missing_models_are_told_with_their_folder(studio: Studio) -> None:
    place = {"name": "m.safetensors", "directory": "loras", "url": "https://example.org/m"}
    node = {"id": 1, "type": "Stranger", "properties": {"models": [place]}}
    _, body = await opened(studio, json.dumps({"nodes": [node], "links": []}).encode(), "a.json")
    told = {problem["code"]: problem for problem in body["problems"]}
    assert set(told) == {"unknown_node_type", "file_not_found"}
    assert told["file_not_found"]["node"] == "1"
    assert "models/loras/" in told["file_not_found"]["hint"]
    assert "https://example.org/m" in told["file_not_found"]["hint"]


async def test_what_could_not_be_taken_over_is_said(studio: Studio) -> None:
    data = json.dumps({"nodes": [{"type": "A"}], "links": []}).encode()
    _, body = await opened(studio, data, "a.json")
    assert [problem["code"] for problem in body["problems"]] == ["bad_comfy"]


async def test_not_a_number_is_forgiven(studio: Studio) -> None:
    data = b'{"1": {"class_type": "Number", "inputs": {"value": 1}, "is_changed": [NaN]}}'
    assert (await opened(studio, data, "a.json"))[0] == 200


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (picture(), "a.png carries no workflow."),
        (picture(workflow="[" * 5_000), "a.png carries no workflow."),
        (b"", "a.png carries no workflow."),
        (picture(workflow=DEEP), "deep"),
    ],
)
async def test_files_without_a_workflow(studio: Studio, data: bytes, said: str) -> None:
    status, body = await opened(studio, data, "a.png")
    assert status == 400
    assert said in body["problems"][0]["message"]
    assert body["problems"][0]["hint"]
