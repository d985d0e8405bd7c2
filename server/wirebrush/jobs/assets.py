"""Assets: uploads, outputs and previews, stored by content and addressed by id.

A file is on disk, whole, before its row is; a row without its file means that somebody removed it
by hand. Names are labels: no path is ever built from one, except readable copies in `output/`,
whose names are cleaned and never followed through links.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import AsyncIterable, Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import ParamSpec, TypeVar

from wirebrush.graph.origin import Origin
from wirebrush.jobs import assettable, blobs, gallery
from wirebrush.jobs.blobs import Blobs, Incoming
from wirebrush.jobs.counting import Counters
from wirebrush.jobs.errors import AssetRefused, AssetTooLarge, AssetUnsaved
from wirebrush.jobs.gallery import DAY, Facets, Wanted
from wirebrush.jobs.ids import tail
from wirebrush.jobs.inputs import wanted_by_jobs
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.names import clean_label, clean_path, output_name, output_stem
from wirebrush.jobs.records import AssetKind, AssetRecord
from wirebrush.jobs.sniff import Content, sniff_output, sniff_upload
from wirebrush.jobs.thumbnails import Thumbnails

P = ParamSpec("P")
T = TypeVar("T")

MAX_UPLOAD = 64 << 20
PREVIEW_DAYS = 14
"""Previews are looked at and not kept; a node that needs one again makes it again."""
TRASH_DAYS = 30
PAGE_LIMIT = 500
_MEDIA = {"image": "image/", "mask": "image/", "audio": "audio/", "video": "video/"}


@dataclass(frozen=True, slots=True)
class MadeBy:
    """Which node of which job made a file, of what, and the name that its author wanted.

    `counted`: its name ends with a counter, as ComfyUI's clients expect; a file that is made anew
    gets another. Else the same work has the same name.
    """

    job: str
    node: str
    index: int
    prefix: str = ""
    mime: str = ""
    kind: AssetKind = "output"
    origin: Origin = field(default_factory=Origin)
    document: str | None = None
    document_name: str = ""
    counted: bool = False


class AssetStore:
    """The files below `folder`, with their rows in the journal and readable copies in `output`."""

    def __init__(self, folder: Path, journal: Journal, output: Path) -> None:
        self._blobs = Blobs(folder)
        self._journal = journal
        self._output = output
        self._thumbnails = Thumbnails(folder / "thumbnails")
        self._placing = asyncio.Lock()
        self._counters = Counters(output)

    @classmethod
    async def open(cls, folder: Path, journal: Journal, output: Path | None = None) -> AssetStore:
        """The store of a folder; what a crash left half written is removed, and old previews.

        Readable copies go to `output`, beside the folder if not given.
        """
        store = cls(folder, journal, output or folder.parent / "output")
        await asyncio.to_thread(store._blobs.prepare)
        await store.tidy()
        return store

    async def put(
        self,
        data: bytes | AsyncIterable[bytes],
        name: str,
        *,
        limit: int = MAX_UPLOAD,
        overwrite: bool = False,
        folder: str = "",
    ) -> AssetRecord:
        """Keep an upload. Its type is what its content says; its label is its name, below `folder`.

        AssetRefused if its kind may not be uploaded, or it is too large; AssetUnsaved if the disk
        is full.
        A name in use gets a number; with `overwrite` it means this file from now on.
        """
        incoming = await self._received(data, limit)
        try:
            content = await asyncio.to_thread(sniff_upload, incoming.path)
            label = clean_path(f"{folder}/{name}") if folder else clean_label(name)
            record = _record(incoming, content, "upload", label)
            async with self._placing:
                return await self._placed(incoming, record, overwrite)
        finally:
            await asyncio.to_thread(incoming.abandon)

    async def put_output(self, data: bytes, made: MadeBy) -> AssetRecord:
        """Keep what a node made; an output gets a readable copy, named after who made it."""
        incoming = await self._received(data, len(data))
        try:
            content = await asyncio.to_thread(sniff_output, incoming.path, made.mime)
            async with self._placing:
                name = await self._name_of(made, content)
                found = _record(incoming, content, made.kind, str(name))
                record = await self._placed(incoming, _with_origin(found, made), overwrite=True)
        finally:
            await asyncio.to_thread(incoming.abandon)
        if made.kind == "output":
            await _saved(blobs.copy_readable, self._blobs.path(record.id), self._output, name)
        return record

    async def _name_of(self, made: MadeBy, content: Content) -> PurePosixPath:
        """The name of an output. Nobody else looks for a free one meanwhile."""
        ending = content.extension
        if not made.counted:
            return output_name(made.prefix, tail(made.job), made.node, made.index, ending)
        stem = output_stem(made.prefix, ending)
        if not self._counters.knows(stem):
            taken = await self._journal.read(lambda db: assettable.labels_from(db, f"{stem}_"))
            await _saved(self._counters.look, stem, taken)
        return await _saved(self._counters.next, stem, ending)

    async def show_again(self, assets: Collection[str]) -> dict[str, AssetRecord]:
        """The records of outputs that are shown without being made anew, by id.

        Their readable copies come back if somebody removed them, or if we died before making them.
        """
        if not assets:
            return {}
        found = await self._journal.read(
            lambda db: [record for asset in assets if (record := assettable.get(db, asset))]
        )
        await _saved(self._copy_missing, [record for record in found if record.kind == "output"])
        return {record.id: record for record in found}

    async def labels(self, assets: Collection[str]) -> dict[str, list[str]]:
        """All names of these ids, the latest last."""
        return await self._journal.read(
            lambda db: {asset: assettable.labels_of(db, asset) for asset in assets}
        )

    async def get(self, asset: str) -> AssetRecord | None:
        """The record of an id."""
        return await self._journal.read(lambda db: assettable.get(db, asset))

    async def find(self, name: str, in_trash: bool = False) -> AssetRecord | None:
        """The record that an id or a label means; of what was deleted only if asked for."""
        return await self._journal.read(lambda db: assettable.find(db, name, in_trash))

    async def known(self, names: Collection[str]) -> set[str]:
        """Those of the ids and labels that mean something."""
        if not names:
            return set()
        return await self._journal.read(lambda db: assettable.known(db, names))

    async def there(self, ids: Collection[str]) -> set[str]:
        """Those of the ids whose bytes anybody can see: neither lost nor in the trash."""
        known = await self.known(ids)
        return await asyncio.to_thread(lambda: {one for one in known if self.path(one) is not None})

    async def page(
        self, wanted: Wanted | None = None, cursor: int | None = None, limit: int = 50
    ) -> tuple[list[AssetRecord], int | None]:
        """Files, the latest first, and the cursor of the next page (None: this was the last)."""
        count = max(1, min(limit, PAGE_LIMIT))
        return await self._journal.read(
            lambda db: gallery.page(db, wanted or Wanted(), cursor, count)
        )

    async def facets(self, kind: AssetKind | None = None, offset: int = 0) -> Facets:
        """What files can be narrowed by; days begin `offset` seconds before those of UTC."""
        return await self._journal.read(lambda db: gallery.facets(db, kind, offset))

    async def names(self, kind: str) -> list[str]:
        """The labels that an input of this kind takes: uploads (image, mask, audio, video), or
        pictures that were made (output), the newest first."""
        if kind == "output":
            return await self._journal.read(assettable.output_names)
        media = _MEDIA.get(kind)
        if media is None:
            return []
        return await self._journal.read(lambda db: assettable.upload_names(db, media))

    async def newest_of(self, documents: Collection[str]) -> dict[str, str]:
        """The latest output of each of these documents' jobs, if there is one."""
        if not documents:
            return {}
        return await self._journal.read(lambda db: gallery.newest_of(db, documents))

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
        """A WebP of at most the next of 64, 128, 256, 512 pixels; None for what is no picture.

        Also of what lies in the trash.
        """
        record = await self._journal.read(lambda db: assettable.get(db, asset, in_trash=True))
        path = await asyncio.to_thread(self.path, asset)
        if record is None or path is None or not record.mime.startswith("image/"):
            return None
        return await self._thumbnails.get(asset, path, size)

    async def tidy(self) -> None:
        """Remove for good what was not looked at or wanted back for long."""
        now = time.time()
        await self.forget_previews(now - PREVIEW_DAYS * DAY)
        await self.empty_trash(now - TRASH_DAYS * DAY)

    async def forget_previews(self, before: float) -> int:
        """Delete the previews made before that time, except starred ones: how many."""
        old = await self._journal.read(lambda db: assettable.previews_before(db, before))
        for asset in old:
            await self.delete(asset)
        return len(old)

    async def trash(self, asset: str) -> bool:
        """Delete a file so that it can be restored: only its readable copies go at once."""
        async with self._placing:
            labels = await self._journal.write(lambda db: assettable.trash(db, asset, time.time()))
            if labels is None:
                return False
            await asyncio.to_thread(self._remove_copies, asset, labels)
        return True

    async def restore(self, asset: str) -> AssetRecord | None:
        """Take a file out of the trash; None if it does not lie there."""
        async with self._placing:
            record = await self._journal.write(lambda db: assettable.restore(db, asset))
        if record is not None:
            await self.show_again([record.id])
        return record

    async def empty_trash(self, before: float | None = None) -> int:
        """Remove for good what was deleted before that time (all if None): how many.

        What an accepted job may still read stays until it has ended.
        """
        when = math.inf if before is None else before
        lying = await self._journal.read(lambda db: assettable.trashed_before(db, when))
        wanted = await wanted_by_jobs(self._journal) if lying else set[str]()
        gone = [asset for asset, names in lying.items() if names.isdisjoint(wanted)]
        return sum([await self._remove(asset, when) for asset in gone])

    async def delete(self, asset: str) -> bool:
        """Forget a file at once, with its labels, its readable copies and its thumbnails."""
        return await self.trash(asset) and await self._remove(asset, math.inf)

    async def _remove(self, asset: str, trashed_before: float) -> bool:
        async with self._placing:  # it may have been made anew, or restored, meanwhile
            gone = await self._journal.write(
                lambda db: assettable.remove(db, asset, trashed_before)
            )
            if gone:
                await asyncio.to_thread(self._blobs.remove, asset)
                await asyncio.to_thread(self._thumbnails.remove, asset)
        return gone

    def _copy_missing(self, records: Iterable[AssetRecord]) -> None:
        for record in records:
            name, source = PurePosixPath(record.name), self.path(record.id)
            if source is not None and not (self._output / name).exists():
                blobs.copy_readable(source, self._output, name)

    def _remove_copies(self, asset: str, labels: list[str]) -> None:
        source = self._blobs.path(asset)
        for label in labels:
            copy = self._output / label
            with suppress(OSError, AssetRefused):
                # An upload may bear any name: only what is this very file goes.
                if copy.is_file() and _same_bytes(copy, source):
                    blobs.remove_readable(self._output, PurePosixPath(label))

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
        self, incoming: Incoming, record: AssetRecord, overwrite: bool
    ) -> AssetRecord:
        """In its place, and on record. A delete of the same bytes comes before or after."""
        await _saved(self._blobs.keep, incoming)
        return await self._journal.write(lambda db: assettable.add(db, record, overwrite))


def _record(incoming: Incoming, content: Content, kind: AssetKind, name: str) -> AssetRecord:
    size = incoming.path.stat().st_size
    return AssetRecord(
        *(incoming.digest, name, content.mime, kind, size, time.time()),
        width=content.width,
        height=content.height,
    )


def _with_origin(record: AssetRecord, made: MadeBy) -> AssetRecord:
    origin = made.origin
    return replace(
        record,
        job=made.job,
        document=made.document,
        document_name=made.document_name,
        prompt=origin.prompt,
        models=origin.models,
        seed=None if origin.seed is None else str(origin.seed),
    )


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
