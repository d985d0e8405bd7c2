"""Stored pictures by name, as ComfyUI's clients ask for them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from http_studio import Studio
from PIL import Image

from wirebrush.http.comfy.views import NoSuchName, label_of
from wirebrush.jobs.assets import MadeBy


def picture(mode: str = "RGBA", colour: Any = (255, 0, 0, 128), size: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (size, size), colour).save(file, "PNG")
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


async def made(studio: Studio, data: bytes, kind: Any = "output", prefix: str = "cats/a") -> str:
    record = await studio.services.assets.put_output(
        data, MadeBy("job-1", "9", 0, prefix, kind=kind)
    )
    return record.name


async def test_an_output_in_its_folder_an_upload_and_a_preview(comfy: Studio) -> None:
    assets = comfy.services.assets
    output = (await made(comfy, picture())).rpartition("/")[2]
    preview = await made(comfy, picture(size=9), "preview", "look")
    upload = (await assets.put(picture(size=10), "me.png")).name
    for query, size in (
        (f"filename={output}&subfolder=cats", 8),
        (f"filename={output}&subfolder=cats&type=output", 8),
        (f"filename={preview}&type=temp", 9),
        (f"filename={upload}&type=input", 10),
        (f"filename={upload}%20%5Binput%5D&type=output", 10),
        (f"filename=folder/{upload}&type=input", 10),
    ):
        for prefix in ("/view", "/api/view"):
            status, body, headers = await comfy.ask_bare("GET", f"{prefix}?{query}")
            assert (status, headers["Content-Type"]) == (200, "image/png"), query
            assert opened(body).size == (size, size)
            assert headers["Content-Disposition"].startswith('filename="')
            assert "sandbox" in headers["Content-Security-Policy"]


async def test_the_names_of_each_place_the_newest_first(comfy: Studio) -> None:
    one, two = await made(comfy, picture()), await made(comfy, picture(size=7), prefix="b")
    seen = await made(comfy, picture(size=9), "preview", "look")
    await comfy.services.assets.put(picture(size=10), "me.png")
    ask = comfy.ask_bare
    assert (await ask("GET", "/internal/files/output"))[1] == [two, one]
    assert (await ask("GET", "/internal/files/temp"))[1] == [seen]
    assert (await ask("GET", "/internal/files/input"))[1] == ["me.png"]
    assert (await ask("GET", "/internal/files/x"))[:2] == (
        400,
        {"error": "Invalid directory type"},
    )


async def test_parts_of_a_file_and_the_same_again(comfy: Studio) -> None:
    await comfy.services.assets.put(picture(), "me.png")
    headers = {"Range": "bytes=0-3"}
    status, body, _ = await comfy.ask_bare("GET", "/view?filename=me.png", headers=headers)
    assert (status, body) == (206, b"\x89PNG")
    _, _, seen = await comfy.ask_bare("GET", "/view?filename=me.png")
    headers = {"If-None-Match": seen["ETag"]}
    assert (await comfy.ask_bare("GET", "/view?filename=me.png", headers=headers))[0] == 304
    assert (await comfy.ask_bare("HEAD", "/view?filename=me.png"))[0] == 200


async def test_one_channel(comfy: Studio) -> None:
    await comfy.services.assets.put(picture(), "soft.png")
    await comfy.services.assets.put(picture("RGB", "lime"), "hard.png")
    _, body, headers = await comfy.ask_bare("GET", "/view?filename=soft.png&channel=rgb")
    assert (headers["Content-Type"], opened(body).mode) == ("image/png", "RGB")
    assert opened(body).getpixel((0, 0)) == (255, 0, 0)
    for name, alpha in (("soft", 128), ("hard", 255)):
        _, body, headers = await comfy.ask_bare("GET", f"/view?filename={name}.png&channel=a")
        assert opened(body).getpixel((0, 0)) == (0, 0, 0, alpha)
    _, body, _ = await comfy.ask_bare("GET", "/view?filename=soft.png&channel=rgba")
    assert body == picture()


@pytest.mark.parametrize(
    ("preview", "kind"),
    [
        ("webp", "WEBP"),
        ("webp;50", "WEBP"),
        ("jpeg", "JPEG"),
        ("jpeg;1", "JPEG"),
        ("jpeg;9999", "JPEG"),
        ("png;x", "WEBP"),
        ("jpeg&channel=rgba", "WEBP"),
        ("jpeg&channel=rgb", "JPEG"),
    ],
)
async def test_previews(comfy: Studio, preview: str, kind: str) -> None:
    await comfy.services.assets.put(picture(), "soft.png")
    path = f"/view?filename=soft.png&preview={preview}"
    status, body, headers = await comfy.ask_bare("GET", path)
    assert (status, headers["Content-Type"]) == (200, f"image/{kind.lower()}")
    assert opened(body).format == kind


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("filename=", 400),
        ("filename=gone.png", 404),
        ("filename=/etc/passwd", 400),
        ("filename=../me.png", 400),
        ("filename=me..png", 400),
        ("filename=me.png&type=models", 400),
        ("filename=me.png&subfolder=../..", 403),
        ("filename=me.png&subfolder=/etc", 403),
        ("filename=me.png&subfolder=C:", 403),
        ("filename=me.png&subfolder=..%5C..", 403),
    ],
)
async def test_names_that_are_not_there(comfy: Studio, query: str, status: int) -> None:
    await comfy.services.assets.put(picture(), "me.png")
    assert (await comfy.ask_bare("GET", f"/view?{query}"))[0] == status


async def test_nothing_that_is_stored_runs(comfy: Studio) -> None:
    script = b"<script>alert(1)</script>"
    record = await comfy.services.assets.put_output(
        script, MadeBy("job-1", "9", 0, "x.html", mime="text/html")
    )
    for name in (record.name, record.id):
        _, body, headers = await comfy.ask_bare("GET", f"/view?filename={name}")
        assert body == script
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["[input]", "a [input]", "a]", "a [temp] [input]"])
def test_a_place_in_a_name(name: str) -> None:
    assert label_of(name, None, "") == name.removesuffix(" [input]")


def test_a_place_alone_is_no_name() -> None:
    with pytest.raises(NoSuchName):
        label_of(" [temp]", None, "")
