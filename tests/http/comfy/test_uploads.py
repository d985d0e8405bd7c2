"""Uploads by form, as ComfyUI's clients send them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from aiohttp import FormData
from http_studio import Studio
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from wirebrush.jobs.assets import MadeBy


def picture(colour: Any = "red", size: int = 8, mode: str = "RGB", **texts: str) -> bytes:
    file, info = io.BytesIO(), PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    Image.new(mode, (size, size), colour).save(file, "PNG", pnginfo=info)
    return file.getvalue()


async def send(
    studio: Studio, data: bytes, name: str = "me.png", path: str = "/upload/image", **fields: str
) -> tuple[int, Any]:
    form = FormData()
    for field in ("overwrite", "subfolder"):
        if field in fields:
            form.add_field(field, fields.pop(field))
    form.add_field("image", data, filename=name, content_type="image/png")
    for field, text in fields.items():
        form.add_field(field, text)
    status, body, _ = await studio.ask_bare("POST", path, data=form)
    return status, body


async def choices(studio: Studio) -> list[str]:
    _, body, _ = await studio.ask_bare("GET", "/object_info/Open")
    return body["Open"]["input"]["required"]["image"][0]


async def test_an_upload_is_a_choice_by_its_answered_name(comfy: Studio) -> None:
    assert await send(comfy, picture()) == (
        200,
        {"name": "me.png", "subfolder": "", "type": "input"},
    )
    status, there = await send(comfy, picture("blue"), subfolder="a/b", path="/api/upload/image")
    assert (status, there) == (200, {"name": "me.png", "subfolder": "a/b", "type": "input"})
    assert await choices(comfy) == ["a/b/me.png", "me.png"]
    assert (await comfy.ask_bare("GET", "/view?filename=me.png&subfolder=a/b&type=input"))[
        1
    ] == picture("blue")


SOUND = b"RIFF\x24\0\0\0WAVEfmt " + bytes(500)
FILM = b"\0\0\0\x20ftypisom\0\0\x02\0" + bytes(500)


@pytest.mark.parametrize(
    ("name", "data", "mime"), [("s.wav", SOUND, "audio/wav"), ("f.mp4", FILM, "video/mp4")]
)
async def test_sound_and_films_are_kept_and_sent_as_what_they_are(
    comfy: Studio, name: str, data: bytes, mime: str
) -> None:
    assert await send(comfy, data, name, subfolder="clips") == (
        200,
        {"name": name, "subfolder": "clips", "type": "input"},
    )
    place = f"/view?filename={name}&subfolder=clips&type=input"
    status, body, headers = await comfy.ask_bare("GET", place)
    assert (status, body, headers["Content-Type"]) == (200, data, mime)
    assert headers["Content-Disposition"] == f'filename="{name}"'
    status, body, _ = await comfy.ask_bare("GET", place, headers={"Range": "bytes=0-3"})
    assert (status, body) == (206, data[:4])
    other = data + b"more"
    stem, _, ending = name.partition(".")
    again = (await send(comfy, other, name, subfolder="clips"))[1]
    assert again["name"] == f"{stem} (1).{ending}"
    over = (await send(comfy, other + b"!", name, subfolder="clips", overwrite="true"))[1]
    assert over["name"] == name
    assert (await comfy.ask_bare("GET", place))[1] == other + b"!"


async def test_the_same_again_another_one_and_an_overwritten_one(comfy: Studio) -> None:
    await send(comfy, picture())
    assert (await send(comfy, picture()))[1]["name"] == "me.png"
    for number, colour in enumerate(("blue", "white"), 1):
        assert (await send(comfy, picture(colour)))[1]["name"] == f"me ({number}).png"
    assert (await send(comfy, picture("blue")))[1]["name"] == "me (1).png"
    in_folder = (await send(comfy, picture("blue"), subfolder="a"))[1]
    assert (in_folder["name"], in_folder["subfolder"]) == ("me.png", "a")
    assert (await send(comfy, picture("lime"), overwrite="true"))[1]["name"] == "me.png"
    body = (await comfy.ask_bare("GET", "/view?filename=me.png&type=input"))[1]
    assert body == picture("lime")


async def test_what_a_node_made_keeps_its_name(comfy: Studio) -> None:
    made = await comfy.services.assets.put_output(picture(), MadeBy("job-1", "9", 0, "cat"))
    status, body = await send(comfy, picture("blue"), made.name, overwrite="1")
    assert status == 200
    assert body["name"] != made.name
    assert await comfy.services.assets.find(made.name) == made


@pytest.mark.parametrize("place", ["temp", "output"])
async def test_the_type_is_said_back(comfy: Studio, place: str) -> None:
    assert (await send(comfy, picture(), type=place))[1]["type"] == place
    assert (await comfy.ask_bare("GET", f"/view?filename=me.png&type={place}"))[0] == 200


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("a.png", {"subfolder": "../../x"}, "subfolder"),
        ("a.png", {"subfolder": "a/../../x"}, "subfolder"),
        ("a.png", {"subfolder": "/etc"}, "subfolder"),
        ("../x.png", {}, "filename"),
        ("a.png", {"subfolder": "a\0b"}, "control characters"),
        ("a.png", {"type": "models"}, "type must be"),
        ("a.png", {"subfolder": "x" * 70_000}, "longer"),
    ],
)
async def test_refusals_say_why(
    comfy: Studio, name: str, fields: dict[str, str], words: str
) -> None:
    status, body = await send(comfy, picture(), name, **fields)
    assert status == 400
    assert words in body.decode()
    assert await choices(comfy) == []


async def test_a_name_that_no_client_library_would_send(comfy: Studio) -> None:
    name = b"filename*=utf-8''a%00b.png"
    form = b'--b\r\nContent-Disposition: form-data; name="image"; ' + name + b"\r\n\r\n"
    status, body, _ = await comfy.ask_bare(
        *("POST", "/upload/image"),
        data=form + picture() + b"\r\n--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert (status, b"control characters" in body) == (400, True), body


@pytest.mark.parametrize(
    ("data", "words"), [(b"<script>alert(1)</script>", "HTML"), (b"PK\x03\x04zip", "zip")]
)
async def test_content_that_is_no_picture(comfy: Studio, data: bytes, words: str) -> None:
    status, body = await send(comfy, data)
    assert status == 400
    assert words in body.decode()
    assert await choices(comfy) == []


async def test_a_form_without_a_file_and_no_form(comfy: Studio) -> None:
    for data in (FormData({"foo": "1"}), FormData({"image": "text"})):
        data._is_multipart = True
        status, body, _ = await comfy.ask_bare("POST", "/upload/image", data=data)
        assert (status, body) == (400, b"The form has no file called image.")
    for kind in ("application/json", "multipart/form-data"):
        status, _, _ = await comfy.ask_bare(
            "POST", "/upload/image", data=b"{}", headers={"Content-Type": kind}
        )
        assert status == 400


async def test_a_mask_becomes_the_transparency_of_its_picture(comfy: Studio) -> None:
    await send(comfy, picture("blue", prompt='{"1": {}}'), subfolder="a")
    mask = picture((9, 9, 9, 40), mode="RGBA")
    named = {"filename": "me.png", "subfolder": "a", "type": "input"}
    status, body = await send(
        comfy, mask, "m.png", "/upload/mask", subfolder="clipspace", original_ref=json.dumps(named)
    )
    assert (status, body) == (200, {"name": "m.png", "subfolder": "clipspace", "type": "input"})
    data = (await comfy.ask_bare("GET", "/view?filename=m.png&subfolder=clipspace&type=input"))[1]
    result = Image.open(io.BytesIO(data))
    assert result.getpixel((0, 0)) == (0, 0, 255, 40)
    assert result.text["prompt"] == '{"1": {}}'  # type: ignore[attr-defined]
    known = await comfy.services.assets.known(["clipspace/m.png [input]"])
    assert known == {"clipspace/m.png [input]"}


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("", "original_ref must be"),
        ("[1]", "original_ref must be"),
        ('{"filename": "gone.png"}', "no picture 'gone.png'"),
        ('{"filename": "../me.png"}', "leaves no folder"),
        ('{"filename": "me.png", "type": "models"}', "type must be"),
        ('{"filename": "me.png", "type": "input"}', "9 x 9 pixels, its picture 8 x 8"),
    ],
)
async def test_masks_without_their_picture(comfy: Studio, named: str, words: str) -> None:
    await send(comfy, picture())
    mask = picture((9, 9, 9, 40), 9, "RGBA")
    status, body = await send(comfy, mask, "m.png", "/upload/mask", original_ref=named)
    assert (status, words in body.decode()) == (400, True)
