"""Model files and the pictures beside them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from http_studio import Studio
from PIL import Image


def add(tmp_path: Path, name: str, data: bytes = b"model") -> Path:
    path = tmp_path / "models" / "loras" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def picture(kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (600, 300), "red").save(file, kind)
    return file.getvalue()


async def test_models_of_a_kind_with_their_pictures(studio: Studio, tmp_path: Path) -> None:
    add(tmp_path, "plain.safetensors")
    add(tmp_path, "styles/ink.safetensors", b"12345")
    add(tmp_path, "styles/ink.preview.png", picture())
    add(tmp_path, "folder/config.json", b"{}")
    add(tmp_path, "folder.webp", picture("WEBP"))
    models = (await studio.ask("GET", "/v1/models/loras"))[1]["models"]
    assert [(m["name"], m["size"], m["has_thumbnail"]) for m in models] == [
        ("folder", 2, True),
        ("plain.safetensors", 5, False),
        ("styles/ink.safetensors", 5, True),
    ]
    assert all(model["modified"] > 0 for model in models)
    for name in ("styles%2fink.safetensors", "folder"):
        path = f"/v1/models/loras/{name}/thumbnail?size=128"
        status, body, headers = await studio.ask("GET", path)
        assert (status, headers["Content-Type"]) == (200, "image/webp")
        assert Image.open(io.BytesIO(body)).size == (128, 64)
        again = await studio.ask("GET", path, headers={"If-None-Match": headers["ETag"]})
        assert again[0] == 304
    assert (await studio.ask("GET", "/v1/models/loras/plain.safetensors/thumbnail"))[0] == 404


@pytest.mark.parametrize("ending", ["png", "preview.png", "jpg", "preview.jpeg", "webp"])
async def test_the_usual_names_of_pictures(studio: Studio, tmp_path: Path, ending: str) -> None:
    add(tmp_path, "x.v2.safetensors")
    kind = {"jpg": "JPEG", "peg": "JPEG", "ebp": "WEBP"}.get(ending[-3:], "PNG")
    add(tmp_path, f"x.v2.{ending}", picture(kind))
    assert (await studio.ask("GET", "/v1/models/loras/x.v2.safetensors/thumbnail"))[0] == 200


async def test_a_new_picture_is_shown(studio: Studio, tmp_path: Path) -> None:
    add(tmp_path, "x.safetensors")
    file = add(tmp_path, "x.png", picture())
    path = "/v1/models/loras/x.safetensors/thumbnail"
    before = await studio.ask("GET", path)
    small = io.BytesIO()
    Image.new("RGB", (9, 9), "blue").save(small, "PNG")
    file.write_bytes(small.getvalue())
    after = await studio.ask("GET", path)
    assert before[2]["ETag"] != after[2]["ETag"]
    assert Image.open(io.BytesIO(after[1])).size == (9, 9)


async def test_what_is_no_picture_is_not_shown(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    for name, data in (("a", b"<svg/>"), ("b", b"\x89PNG\r\n\x1a\n" + bytes(50)), ("c", b"")):
        add(tmp_path, f"{name}.safetensors")
        add(tmp_path, f"{name}.png", data)
        status, body, _ = await studio.ask("GET", f"/v1/models/loras/{name}.safetensors/thumbnail")
        assert (status, "error" in body) == (404, True)
    add(tmp_path, "d.safetensors")
    (tmp_path / "models" / "loras" / "d.png").symlink_to(tmp_path / "secret")
    assert (await studio.ask("GET", "/v1/models/loras/d.safetensors/thumbnail"))[0] == 404


@pytest.mark.parametrize("kind", ["nothing", "..", "%2e%2e", "a%2fb", ".hidden", "C:"])
async def test_other_kinds_have_no_models(studio: Studio, kind: str) -> None:
    status, body, _ = await studio.ask("GET", f"/v1/models/{kind}")
    assert status == 404 or body["models"] == []
    status = (await studio.ask("GET", f"/v1/models/{kind}/..%2fx/thumbnail"))[0]
    assert status == 404
