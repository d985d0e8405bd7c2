"""Assets: uploads, outputs and previews, stored by content and addressed by id.

A file is on disk, whole, before its row is; a row without its file means that somebody removed it
by hand. Names are labels: no path is ever built from one, except readable copies in `output/`,
whose names are cleaned and never followed through links.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ParamSpec, TypeVar

from wirebrush.jobs import assettable, blobs
from wirebrush.jobs.blobs import Blobs, Incoming
from wirebrush.jobs.errors import AssetRefused, AssetTooLarge, AssetUnsaved
from wirebrush.jobs.ids import tail
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.names import clean_label, output_name
from wirebrush.jobs.records import AssetKind, AssetRecord
from wirebrush.jobs.sniff import Content, sniff_output, sniff_upload
from wirebrush.jobs.thumbnails import Thumbnails

P = ParamSpec("P")
T = TypeVar("T")

MAX_UPLOAD = 64 << 20
PREVIEW_DAYS = 14
"""Previews are looked at and not kept; a node that needs one again makes it again."""
PAGE_LIMIT = 500
_MEDIA = {"image": "image/", "mask": "image/", "audio": "audio/", "video": "video/"}


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Which node of which job made a file, and the name that its author wanted."""

    job: str
    node: str
    index: int
    prefix: str = ""
    mime: str = ""
    kind: AssetKind = "output"


class AssetStore:
    """The files below `folder`, with their rows in the journal and readable copies in `output`."""

    def __init__(self, folder: Path, journal: Journal, output: Path) -> None:
        self._blobs = Blobs(folder)
        self._journal = journal
        self._output = output
        self._thumbnails = Thumbnails(folder / "thumbnails")
        self._placing = asyncio.Lock()

    @classmethod
    async def open(cls, folder: Path, journal: Journal, output: Path | None = None) -> AssetStore:
        """The store of a folder; what a crash left half written is removed, and old previews.

        Readable copies go to `output`, beside the folder if not given.
        """
        store = cls(folder, journal, output or folder.parent / "output")
        await asyncio.to_thread(store._blobs.prepare)
        await store.forget_previews(time.time() - PREVIEW_DAYS * 86_400)
        return store

    async def put(
        self,
        data: bytes | AsyncIterable[bytes],
        name: str,
        *,
        limit: int = MAX_UPLOAD,
        overwrite: bool = False,
    ) -> AssetRecord:
        """Keep an upload. Its type is what its content says.

        AssetRefused if it is no picture or workflow, or too large; AssetUnsaved if the disk is
        full.
        A name in use gets a number; with `overwrite` it means this file from now on.
        """
        incoming = await self._received(data, limit)
        try:
            content = await asyncio.to_thread(sniff_upload, incoming.path)
            label = clean_label(name)
            return await self._placed(incoming, content, "upload", label, overwrite)
        finally:
            await asyncio.to_thread(incoming.abandon)

    async def put_output(self, data: bytes, made: MadeBy) -> AssetRecord:
        """Keep what a node made; an output gets a readable copy, named after who made it."""
        incoming = await self._received(data, len(data))
        try:
            content = await asyncio.to_thread(sniff_output, incoming.path, made.mime)
            name = output_name(
                made.prefix, tail(made.job), made.node, made.index, content.extension
            )
            record = await self._placed(incoming, content, made.kind, str(name), overwrite=True)
        finally:
            await asyncio.to_thread(incoming.abandon)
        if made.kind == "output":
            await _saved(blobs.copy_readable, self._blobs.path(record.id), self._output, name)
        return record

    async def show_again(self, asset: str) -> AssetRecord | None:
        """The record of an output that is shown without being made anew.

        Its readable copy comes back if somebody removed it, or if we died before making it.
        """
        record = await self.get(asset)
        source = self.path(asset)
        if record is not None and record.kind == "output" and source is not None:
            await _saved(self._copy_missing, source, PurePosixPath(record.name))
        return record

    async def get(self, asset: str) -> AssetRecord | None:
        """The record of an id."""
        return await self._journal.read(lambda db: assettable.get(db, asset))

    async def find(self, name: str) -> AssetRecord | None:
        """The record that an id or a label means."""
        return await self._journal.read(lambda db: assettable.find(db, name))

    async def known(self, names: Collection[str]) -> set[str]:
        """Those of the ids and labels that mean something."""
        if not names:
            return set()
        return await self._journal.read(lambda db: assettable.known(db, names))

    async def page(
        self, kind: AssetKind | None = None, before: str | None = None, limit: int = 50
    ) -> list[AssetRecord]:
        """The latest first; the next page is `before` the last id of this one."""
        count = max(1, min(limit, PAGE_LIMIT))
        return await self._journal.read(lambda db: assettable.page(db, kind, before, count))

    async def names(self, kind: str) -> list[str]:
        """The labels of uploads that an input of this kind (image, mask, audio, video) takes."""
        media = _MEDIA.get(kind)
        if media is None:
            return []
        return await self._journal.read(lambda db: assettable.upload_names(db, media))

    async def newest_of(self, documents: Collection[str]) -> dict[str, str]:
        """The latest output of each of these documents' jobs, if there is one."""
        if not documents:
            return {}
        return await self._journal.read(lambda db: assettable.newest_of(db, documents))

    async def star(self, asset: str, starred: bool) -> AssetRecord | None:
        """Mark or unmark a favourite."""
        return await self._journal.write(lambda db: assettable.star(db, asset, starred))

    def path(self, asset: str) -> Path | None:
        """Where the bytes of an id lie; None if they are not there."""
        try:
            path = self._blobs.path(asset)
        except ValueError:
            return None
        return path if path.is_file() else None

    async def read(self, asset: str) -> bytes | None:
        """The bytes of an id; None if they are gone, or are not what they were."""

        def load() -> bytes | None:
            path = self.path(asset)
            data = None if path is None else path.read_bytes()
            if data is None or hashlib.sha256(data).hexdigest() != asset:
                return None
            return data

        return await asyncio.to_thread(load)

    async def thumbnail(self, asset: str, size: int = 256) -> bytes | None:
        """A WebP of at most the next of 64, 128, 256, 512 pixels; None for what is no picture."""
        record = await self.get(asset)
        path = await asyncio.to_thread(self.path, asset)
        if record is None or path is None or not record.mime.startswith("image/"):
            return None
        return await self._thumbnails.get(asset, path, size)

    async def forget_previews(self, before: float) -> int:
        """Delete the previews made before that time, except starred ones: how many."""
        old = await self._journal.read(lambda db: assettable.previews_before(db, before))
        for asset in old:
            await self.delete(asset)
        return len(old)

    async def delete(self, asset: str) -> bool:
        """Forget a file, with its labels, its readable copies and its thumbnails."""
        async with self._placing:
            labels = await self._journal.write(lambda db: assettable.remove(db, asset))
            if labels is None:
                return False
            await asyncio.to_thread(self._remove_files, asset, labels)
        return True

    def _copy_missing(self, source: Path, name: PurePosixPath) -> None:
        if not (self._output / name).exists():
            blobs.copy_readable(source, self._output, name)

    def _remove_files(self, asset: str, labels: list[str]) -> None:
        source = self._blobs.path(asset)
        for label in labels:
            copy = self._output / label
            with suppress(OSError, AssetRefused):
                # An upload may bear any name: only what is this very file goes.
                if copy.is_file() and _same_bytes(copy, source):
                    blobs.remove_readable(self._output, PurePosixPath(label))
        self._blobs.remove(asset)
        self._thumbnails.remove(asset)

    async def _received(self, data: bytes | AsyncIterable[bytes], limit: int) -> Incoming:
        """The bytes in a file of their own, synced."""
        incoming = await _saved(self._blobs.begin)
        size = 0
        try:
            async for chunk in _chunks(data):
                size += len(chunk)
                if size > limit:
                    raise AssetTooLarge(
                        f"This file is larger than {limit >> 20} MiB.", "Send a smaller one."
                    )
                await _saved(incoming.write, chunk)
            await _saved(incoming.sync)
        except BaseException:
            await asyncio.to_thread(incoming.abandon)
            raise
        return incoming

    async def _placed(
        self, incoming: Incoming, content: Content, kind: AssetKind, name: str, overwrite: bool
    ) -> AssetRecord:
        size = incoming.path.stat().st_size
        async with self._placing:  # a delete of the same bytes comes before or after, not between
            asset = await _saved(self._blobs.keep, incoming)
            record = AssetRecord(
                *(asset, name, content.mime, kind, size, time.time()),
                width=content.width,
                height=content.height,
            )
            return await self._journal.write(lambda db: assettable.add(db, record, overwrite))


async def _saved(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking file work in a thread; what the disk says becomes a sentence."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        raise AssetUnsaved(
            f"The file could not be saved: {error.strerror or error}.",
            "Check that the data folder's disk has space and can be written; then retry.",
        ) from error


async def _chunks(data: bytes | AsyncIterable[bytes]) -> AsyncIterable[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    async for chunk in data:
        yield chunk


def _same_bytes(one: Path, other: Path) -> bool:
    if one.samefile(other):
        return True
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()
