"""What a client of ComfyUI asks about the server itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from http_studio import Studio

from wirebrush.http.comfy.facts import devices_of
from wirebrush.jobs.status import WorkerStatus


async def test_the_machine(comfy: Studio) -> None:
    board = comfy.services.workers
    board.put(WorkerStatus("cpu-0", "idle", "cpu", "An x86", None))
    _, body, _ = await comfy.ask_bare("GET", "/system_stats")
    assert list(body["system"]) == [
        *("os", "ram_total", "ram_free", "comfyui_version", "required_frontend_version"),
        *("installed_templates_version", "required_templates_version", "python_version"),
        *("pytorch_version", "embedded_python", "argv"),
    ]
    assert (body["system"]["argv"], body["system"]["comfyui_version"]) == ([], "0.3.64")
    assert body["system"]["os"] in ("posix", "nt")
    [device] = body["devices"]
    assert (device["name"], device["type"], device["index"]) == ("cpu", "cpu", None)
    assert 0 < device["vram_free"] <= device["vram_total"] == body["system"]["ram_total"]


def test_devices_once_each_with_what_is_free() -> None:
    statuses = [
        WorkerStatus("cuda-0", "idle", "cuda:0", "Big Card", 1000, vram=300),
        WorkerStatus("cuda-0-b", "idle", "cuda:0", "Big Card", 1000, vram=400),
        WorkerStatus("mps-0", "idle", "mps", "Apple", 500, vram=700),
        WorkerStatus("new", "starting"),
    ]
    first, second = devices_of([status.to_json() for status in statuses], 5000, 2000)
    assert first == {
        "name": "cuda:0 Big Card",
        "type": "cuda",
        "index": 0,
        **{"vram_total": 1000, "vram_free": 600},
        **{"torch_vram_total": 1000, "torch_vram_free": 600},
    }
    assert (second["type"], second["index"], second["vram_free"]) == ("mps", 0, 0)


async def test_features(comfy: Studio) -> None:
    _, body, _ = await comfy.ask_bare("GET", "/features")
    assert body == {"supports_preview_metadata": True, "max_upload_size": 64 << 20}


@pytest.mark.parametrize(
    ("path", "body"),
    [("extensions", []), ("workflow_templates", {}), ("i18n", {}), ("global_subgraphs", {})],
)
async def test_what_only_packs_would_add(comfy: Studio, path: str, body: object) -> None:
    for prefix in ("/", "/api/"):
        assert (await comfy.ask_bare("GET", prefix + path))[:2] == (200, body)


async def test_embeddings_have_no_endings(comfy: Studio, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "embeddings" / "sub"
    folder.mkdir(parents=True)
    (folder / "misty.v1.safetensors").touch()
    assert (await comfy.ask_bare("GET", "/embeddings"))[1] == ["sub/misty.v1"]


async def test_options_grant_nothing(comfy: Studio) -> None:
    for path in ("/features", "/api/prompt", "/userdata/x"):
        status, body, headers = await comfy.ask_bare("OPTIONS", path)
        assert (status, body) == (200, b"")
        assert not any(name.startswith("Access-Control") for name in headers)
    foreign = {"Origin": "http://evil.test"}
    assert (await comfy.ask_bare("OPTIONS", "/prompt", headers=foreign))[0] == 403
