"""Files up and down."""

from __future__ import annotations

import asyncio
import io
import re

import pytest
from aiohttp import FormData
from http_studio import Studio
from PIL import Image


def png(color: str = "red", size: int = 64) -> bytes:
    """A picture."""
    file = io.BytesIO()
    Image.new("RGB", (size, size), color).save(file, "PNG")
    return file.getvalue()


async def upload(studio: Studio, data: bytes, name: str = "cat.png") -> tuple[int, dict[str, str]]:
    status, body, _ = await studio.ask(
        "POST", "/v1/assets", data=data, headers={"X-Filename": name}
    )
    return status, body


async def test_a_picture_comes_back_as_it_was(studio: Studio) -> None:
    status, record = await upload(studio, png())
    assert status == 201
    assert (record["name"], record["mime"], record["width"]) == ("cat.png", "image/png", 64)
    status, body, headers = await studio.ask("GET", f"/v1/assets/{record['id']}")
    assert status == 200
    assert body == png()
    assert headers["Content-Type"] == "image/png"
    assert "immutable" in headers["Cache-Control"]
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("inline")


async def test_ranges_and_revalidation(studio: Studio) -> None:
    _, record = await upload(studio, png())
    path = f"/v1/assets/{record['id']}"
    status, body, _ = await studio.ask("GET", path, headers={"Range": "bytes=0-3"})
    assert status == 206
    assert body == b"\x89PNG"
    _, _, headers = await studio.ask("GET", path)
    again = await studio.ask("GET", path, headers={"If-None-Match": headers["ETag"]})
    assert again[0] == 304
    _, _, headers = await studio.ask("GET", f"{path}?download")
    assert headers["Content-Disposition"].startswith("attachment")


async def test_a_form_does_as_well(studio: Studio) -> None:
    form = FormData()
    form.add_field("image", png(), filename="form.png", content_type="image/png")
    status, body, _ = await studio.ask("POST", "/v1/assets", data=form)
    assert status == 201
    assert body["name"] == "form.png"


@pytest.mark.parametrize("data", [b"", b"--b", b"--b\r\n", b"--x\r\n\r\n", b"\x00" * 1000])
async def test_t46_a_broken_form_is_refused(studio: Studio, data: bytes) -> None:
    for kind in ("multipart/form-data; boundary=b", "multipart/form-data"):
        status, body, _ = await studio.ask(
            "POST", "/v1/assets", data=data, headers={"Content-Type": kind}
        )
        assert status in (400, 415, 422), body


async def test_a_form_with_a_broken_header_is_told(studio: Studio) -> None:
    name = b'Content-Disposition: form-data; name="x"; filename="\xff\x00"'
    body = b"--b\r\n" + name + b"\r\n\r\nx\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    status, answer, _ = await studio.ask("POST", "/v1/assets", data=body, headers=headers)
    assert (status, answer["error"]["code"]) == (400, "bad_form")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.png", b"<html><script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("model.png", b"PK\x03\x04" + bytes(100)),
        ("model.safetensors", b"\x80\x04\x95" + bytes(100)),
        ("script.py", b"import os"),
        ("empty.png", b""),
    ],
)
async def test_t14_what_is_no_picture_is_refused_by_content(
    studio: Studio, name: str, data: bytes
) -> None:
    status, body = await upload(studio, data, name)
    assert status == 422, body
    assert (await studio.ask("GET", "/v1/assets"))[1]["assets"] == []


@pytest.mark.parametrize(
    "name", ["../../etc/x.png", "C:\\x.png", "a/b.png", "con", "é\u202ex.png", "x" * 400 + ".png"]
)
async def test_hostile_names_are_labels(studio: Studio, name: str) -> None:
    from urllib.parse import quote

    status, record = await upload(studio, png(), quote(name))
    assert status == 201
    assert not re.search(r"[/\\\u202e]", record["name"])
    _, _, headers = await studio.ask("GET", f"/v1/assets/{record['id']}")
    assert "\n" not in headers["Content-Disposition"]


@pytest.mark.parametrize("asset", ["x", "%2e%2e%2f%2e%2e%2ftoken", "..%5cx", "0" * 64, "a" * 99])
async def test_what_is_not_there_is_unknown(studio: Studio, asset: str) -> None:
    for method, end in (("GET", ""), ("GET", "/info"), ("GET", "/thumbnail"), ("DELETE", "")):
        status, body, _ = await studio.ask(method, f"/v1/assets/{asset}{end}")
        assert status == 404
        assert "error" in body


async def test_thumbnails_are_small_and_kept_by_browsers(studio: Studio) -> None:
    _, record = await upload(studio, png(size=600))
    path = f"/v1/assets/{record['id']}/thumbnail?size=128"
    status, body, headers = await studio.ask("GET", path)
    assert status == 200
    assert max(Image.open(io.BytesIO(body)).size) <= 128
    assert headers["Content-Type"] == "image/webp"
    assert (await studio.ask("GET", path.replace("128", "9")))[0] == 400


async def test_listing_and_deleting(studio: Studio) -> None:
    ids = [(await upload(studio, png(c), f"{c}.png"))[1]["id"] for c in ("red", "blue", "green")]
    first = (await studio.ask("GET", "/v1/assets?limit=2&kind=upload"))[1]
    second = (await studio.ask("GET", f"/v1/assets?limit=2&cursor={first['next']}"))[1]
    assert [item["id"] for item in first["assets"] + second["assets"]] == ids[::-1]
    assert (await studio.ask("GET", "/v1/assets?kind=secret"))[0] == 400
    assert (await studio.ask("DELETE", f"/v1/assets/{ids[0]}"))[0] == 200
    assert (await studio.ask("GET", f"/v1/assets/{ids[0]}"))[0] == 404


async def test_a_raw_body_needs_a_name(studio: Studio) -> None:
    assert (await studio.ask("POST", "/v1/assets", data=png()))[0] == 415
    status, body, _ = await studio.ask("POST", "/v1/assets", data=png(), headers={"X-Filename": ""})
    assert status == 400
    assert "X-Filename" in body["error"]["message"]


async def test_an_upload_that_breaks_off_leaves_nothing(studio: Studio) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", studio.port)
    lines = [
        "POST /v1/assets HTTP/1.1",
        f"Host: 127.0.0.1:{studio.port}",
        f"Authorization: {studio.bearer['Authorization']}",
        "X-Filename: half.png",
        "Content-Length: 100000",
        "",
        "",
    ]
    writer.write("\r\n".join(lines).encode() + png()[:50])
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await asyncio.sleep(0.1)
    assert (await studio.ask("GET", "/v1/assets"))[1]["assets"] == []
