"""Model files, as ComfyUI lists them."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from http_studio import Studio
from PIL import Image


def put(tmp_path: Path, name: str, data: bytes = b"model") -> None:
    path = tmp_path / "models" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (900, 300), "red").save(file, "PNG")
    return file.getvalue()


def safetensors(texts: Any, size: int = 0) -> bytes:
    head = json.dumps({"__metadata__": texts, "pad": " " * size}).encode()
    return len(head).to_bytes(8, "little") + head


async def test_kinds_and_names(comfy: Studio, tmp_path: Path) -> None:
    put(tmp_path, "loras/b/ink.safetensors")
    put(tmp_path, "unet/old.safetensors")
    kinds = (await comfy.ask_bare("GET", "/models"))[1]
    assert kinds[:5] == ["checkpoints", "configs", "loras", "vae", "text_encoders"]
    assert (await comfy.ask_bare("GET", "/api/models/loras"))[1] == ["b/ink.safetensors"]
    assert (await comfy.ask_bare("GET", "/models/diffusion_models"))[1] == ["old.safetensors"]
    assert (await comfy.ask_bare("GET", "/models/custom_nodes"))[:2] == (200, [])
    for unknown in ("nope", "%2e%2e%2fx"):
        assert (await comfy.ask_bare("GET", f"/models/{unknown}"))[0] == 404


async def test_folders_and_files(comfy: Studio, tmp_path: Path) -> None:
    put(tmp_path, "unet/old.safetensors", b"12345")
    folders = (await comfy.ask_bare("GET", "/experiment/models"))[1]
    kinds = [item["name"] for item in folders]
    assert "checkpoints" in kinds
    assert not {"configs", "custom_nodes"} & set(kinds)
    [found] = (await comfy.ask_bare("GET", "/experiment/models/diffusion_models"))[1]
    assert list(found) == ["name", "pathIndex", "modified", "created", "size"]
    assert (found["name"], found["size"]) == ("old.safetensors", 5)
    listed = folders[kinds.index("diffusion_models")]["folders"]
    assert listed[found["pathIndex"]] == str(tmp_path / "models" / "unet")
    paths = (await comfy.ask_bare("GET", "/internal/folder_paths"))[1]
    assert paths["diffusion_models"] == listed
    assert (await comfy.ask_bare("GET", "/experiment/models/configs"))[:2] == (200, [])
    assert (await comfy.ask_bare("GET", "/experiment/models/nope"))[0] == 404


async def test_the_picture_of_a_model(comfy: Studio, tmp_path: Path) -> None:
    put(tmp_path, "loras/a/ink.safetensors", safetensors({}))
    put(tmp_path, "loras/a/ink.preview.png", picture())
    cover = json.dumps([base64.b64encode(picture()).decode()])
    put(tmp_path, "loras/cover.safetensors", safetensors({"ssmd_cover_images": cover}))
    for name in ("a%2Fink.safetensors", "cover.safetensors"):
        path = f"/experiment/models/preview/loras/0/{name}"
        status, body, headers = await comfy.ask_bare("GET", path)
        assert (status, headers["Content-Type"]) == (200, "image/webp")
        assert Image.open(io.BytesIO(body)).size == (512, 171)


@pytest.mark.parametrize("covers", ["", "[]", "{}", '["!"]', "[1]", "no json", '["aGVsbG8="]', 7])
async def test_no_picture(comfy: Studio, tmp_path: Path, covers: object) -> None:
    put(tmp_path, "loras/x.safetensors", safetensors({"ssmd_cover_images": covers}))
    for place in ("0/x.safetensors", "9/x.safetensors", "x/x.safetensors", "0/..%2Fx", "0/gone"):
        assert (await comfy.ask_bare("GET", f"/experiment/models/preview/loras/{place}"))[0] == 404


async def test_what_a_model_says_about_itself(comfy: Studio, tmp_path: Path) -> None:
    put(tmp_path, "loras/ink.safetensors", safetensors({"author": "me"}))
    path = "/view_metadata/loras?filename=ink.safetensors"
    assert (await comfy.ask_bare("GET", path))[:2] == (200, {"author": "me"})


@pytest.mark.parametrize(
    "data",
    [b"", b"12345678", safetensors([1]), safetensors({}, 1 << 20), b"\xff" * 20, b"\4" + b"\0" * 7],
)
async def test_models_that_say_nothing(comfy: Studio, tmp_path: Path, data: bytes) -> None:
    put(tmp_path, "loras/x.safetensors", data)
    put(tmp_path, "loras/x.ckpt", data)
    for name in ("x.safetensors", "x.ckpt", "gone.safetensors", "../x.safetensors", ""):
        assert (await comfy.ask_bare("GET", f"/view_metadata/loras?filename={name}"))[0] == 404
    assert (await comfy.ask_bare("GET", "/view_metadata/loras"))[0] == 404
