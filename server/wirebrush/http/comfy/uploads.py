"""Uploads by form: pictures, and masks for pictures that are there."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Any, cast

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from wirebrush.http.answers import answer
from wirebrush.http.comfy.pictures import OtherSize, with_mask
from wirebrush.http.comfy.replies import refusal, refused_file
from wirebrush.http.comfy.views import NoSuchName, label_of
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import Route
from wirebrush.jobs.assets import MAX_UPLOAD, AssetStore
from wirebrush.jobs.errors import JobsError

CHUNK = 256 * 1024
IDLE_SECONDS = 30.0
_LONGEST_FIELD = 64 * 1024
_MOST_PARTS = 20
_MOST_ALIKE = 100


@dataclass
class Form:
    """What a client sent: fields, and the file with its name."""

    path: Path
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def folder(self) -> str:
        """The folders that the file wants to lie in."""
        return self.fields.get("subfolder", "").replace("\\", "/").strip("/")

    @property
    def overwrites(self) -> bool:
        """Whether its name is to mean this file from now on."""
        return self.fields.get("overwrite") in ("true", "1")

    def label(self, number: int = 0) -> str:
        """The label that it wants, or the one with that number."""
        name = PurePosixPath(self.name)
        numbered = f"{name.stem} ({number}){name.suffix}" if number else self.name
        return f"{self.folder}/{numbered}" if self.folder else numbered

    @property
    def place(self) -> str:
        """`input`, `temp` or `output`: repeated to the client, and nothing else."""
        return self.fields.get("type") or "input"


class BadForm(Exception):
    """A form that cannot be read, or misses something."""


async def upload_image(request: web.Request) -> web.Response:
    """Keep a picture: it is then a choice of LoadImage under the name that is answered."""
    return await _upload(request, masked=False)


async def upload_mask(request: web.Request) -> web.Response:
    """Keep a picture that is there with the transparency of the one that is sent."""
    return await _upload(request, masked=True)


async def _upload(request: web.Request, masked: bool) -> web.Response:
    assets = request.app[SERVICES].assets
    with tempfile.TemporaryDirectory(prefix="wirebrush-upload-") as folder:
        form = Form(Path(folder, "file"))
        try:
            await _read(request, form)
            label_of(form.name, form.place, form.fields.get("subfolder", ""))
            if masked:
                await _put_on_original(form, assets)
            return answer(await _kept(form, assets))
        except NoSuchName as error:
            return refusal(400, error.sentence)
        except (BadForm, OtherSize) as error:
            return refusal(400, str(error))
        except JobsError as error:
            return refused_file(error)


async def _read(request: web.Request, form: Form) -> None:
    """The parts in any order; the file goes to the form's path."""
    try:
        reader = await request.multipart()
        for _ in range(_MOST_PARTS):
            async with asyncio.timeout(IDLE_SECONDS):
                part = await reader.next()
            if part is None:
                break
            if not isinstance(part, BodyPartReader):
                raise BadForm("A form within the form cannot be read.")
            if part.name == "image" and part.filename:
                form.name = part.filename
                await _keep_part(part, form.path)
            elif part.name:
                form.fields[part.name] = await _text(part)
    except (ValueError, AssertionError, LookupError, HttpProcessingError) as error:
        raise BadForm(f"The form cannot be read: {getattr(error, 'message', error)}.") from error
    if not form.name:
        raise BadForm("The form has no file called image.")


async def _keep_part(part: BodyPartReader, path: Path) -> None:
    with await asyncio.to_thread(path.open, "wb") as file:
        size = 0
        while chunk := await _chunk(part):
            size += len(chunk)
            if size > MAX_UPLOAD:
                raise BadForm(f"This file is larger than {MAX_UPLOAD >> 20} MiB.")
            await asyncio.to_thread(file.write, chunk)


async def _chunk(part: BodyPartReader) -> bytes:
    async with asyncio.timeout(IDLE_SECONDS):
        return await part.read_chunk(CHUNK)


async def _text(part: BodyPartReader) -> str:
    data = b""
    while chunk := await _chunk(part):
        data += chunk
        if len(data) > _LONGEST_FIELD:
            raise BadForm(f"The field {part.name!r} is longer than {_LONGEST_FIELD} bytes.")
    return data.decode(errors="replace")


async def _put_on_original(form: Form, assets: AssetStore) -> None:
    """Make the form's file the original picture with the mask as its transparency."""
    named = _original(form.fields.get("original_ref", ""))
    place = named.get("type") or "output"
    label = label_of(named.get("filename", ""), place, named.get("subfolder", ""))
    record = await assets.find(label)
    original = None if record is None else assets.path(record.id)
    if original is None:
        raise BadForm(f"There is no picture {label!r} to put the mask on.")
    data = await asyncio.to_thread(with_mask, original, form.path)
    if data is None:
        raise BadForm("The mask or its picture cannot be read.")
    await asyncio.to_thread(form.path.write_bytes, data)


def _original(text: str) -> Mapping[str, str]:
    data: Any = None
    with suppress(ValueError, RecursionError):
        data = json.loads(text)
    if not isinstance(data, dict):
        raise BadForm('original_ref must be {"filename", "type", "subfolder"} as JSON.')
    return {name: str(item) for name, item in cast("dict[str, Any]", data).items()}


async def _kept(form: Form, assets: AssetStore) -> dict[str, str]:
    """Keep the form's file: name, subfolder and type that mean it from now on."""
    before = await assets.find(form.label()) if form.overwrites else None
    overwrite = before is not None and before.kind == "upload"  # what nodes made keeps its name
    name = form.name if overwrite else await _free_name(form, assets)
    data = _chunks(form.path)
    record = await assets.put(data, name, overwrite=overwrite, folder=form.folder)
    folder, _, name = record.name.rpartition("/")
    return {"name": name, "subfolder": folder, "type": form.place}


async def _free_name(form: Form, assets: AssetStore) -> str:
    """The form's name, or the first with a number that means no other file: `x (1).png`."""
    digest = await asyncio.to_thread(_digest, form.path)
    for number in range(_MOST_ALIKE):
        there = await assets.find(form.label(number))
        if there is None or there.id == digest:
            return form.label(number).rpartition("/")[2]
    return form.name  # the store finds another one


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


ROUTES = (
    Route("POST", "/upload/image", upload_image, "Keep a picture."),
    Route("POST", "/upload/mask", upload_mask, "Keep a picture with a mask."),
)
