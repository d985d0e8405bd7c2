"""Server <-> worker: frames of JSON with an optional blob, over a pair of pipes. No pickle.

A frame is `u32 header length, u32 blob length` (big endian), the header as UTF-8 JSON, the blob.
The header always has `"type"`. Values that would need a path travel as bytes under a key, so
that the other end may be on another machine.

Worker -> server
    hello      {protocol, pid, device, device_name, memory, versions, packs}
    importing  {pack}                                  before each pack's import; null after the
                                                       last: who dies now, no pack is to blame
    catalog    {nodes: [NodeSpec...], failures: [{pack, error, traceback}], digest}
    event      {job, epoch, event}                     blob: preview bytes
    events     {job, epoch, events}                    what needs no blob: all that there is; an id
                                                       alone: that node's value was taken, and it
                                                       shows nothing
    asset      {job, epoch, id, name, mime, kind, width, height, node, index}    blob: the file
    need_asset {request, id}                           id: an asset id, or the name of an upload
    probe_assets {request, ids}                        which of them are there, for all to see
    finished   {job, epoch, event}                     event: Finished; the worker is free again
    plan       {request, nodes, error}                 nodes: {id: "cached" | "run"}
    check      {request, problems, error}              what nodes have against their values
    beat       {job, progress, rss, vram}              every second, from a thread of its own
    log        {level, text}
Server -> worker
    run        {job, epoch, attempt, targets, metadata, previews, scope, rules}
                                                       blob: the prompt as JSON, which need not be
                                                       written anew; comfy: metadata lacks it
    plan       {request, prompt, targets}              what a run would compute, also during a job
    check      {request, prompt}                       whether the nodes take their values
    free       {results}                               after the jobs that wait: let go of models
                                                       and, if asked, of results in memory
    cancel     {job}
    asset      {request, found, id, name, mime}        blob: the file
    asset      {request, there}                        the ids of those that are there
    stop       {}                                      finish nothing new, exit 0
"""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

PROTOCOL = 2
MAX_HEADER = 64 * 1024 * 1024
EVENTS_SIZE = 64 * 1024
"""A frame of events that has so many characters gets no more of them: others want to be read."""
_AT_ONCE = 16
"""So many events are written in one go: each alone takes several times as long."""
MAX_BLOB = 2 * 1024 * 1024 * 1024
_SIZES = struct.Struct(">II")
_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class ChannelClosed(Exception):
    """The other end is gone, or speaks something else."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: its header (JSON object with "type") and a blob, often empty."""

    header: Mapping[str, Any]
    blob: bytes = b""

    @property
    def type(self) -> str:
        return str(self.header.get("type", ""))


def encode(header: Mapping[str, Any], blob: bytes = b"") -> bytes:
    """The frame as bytes. ValueError for NaN and infinities: JSON has no words for them."""
    return _frame_of(_dump(header), blob)


class EventEncoder:
    """Encodes the frames of one job's events: what they have in common is written once."""

    def __init__(self, job: str, epoch: int) -> None:
        head = _dump({"job": job, "epoch": epoch})[:-1]
        self._one = f'{head},"type":"event","event":'
        self._many = f'{head},"type":"events","events":['

    def with_blob(self, event: Mapping[str, Any], blob: bytes) -> bytes:
        """The frame of an event that has bytes beside its JSON."""
        return _frame_of(f"{self._one}{_dump(event)}}}", blob)

    def together(self, events: Iterable[Mapping[str, Any] | str]) -> Iterator[bytes]:
        """Frames of events without: one for many of them, which costs far less than one each."""
        texts: list[str] = []
        room = EVENTS_SIZE
        waiting = iter(events)
        while some := list(islice(waiting, _AT_ONCE)):
            text = _dump(some)[1:-1]
            texts.append(text)
            room -= len(text)
            if room < 0:
                yield self._joined(texts)
                texts, room = [], EVENTS_SIZE
        if texts:
            yield self._joined(texts)

    def _joined(self, texts: Iterable[str]) -> bytes:
        return _frame_of(f"{self._many}{','.join(texts)}]}}", b"")


def text_to_bytes(text: str) -> bytes:
    """A text as it travels; a half of a surrogate pair, which JSON may hold, survives."""
    return text.encode("utf-8", "surrogatepass")


def text_from_bytes(data: bytes) -> str:
    """What `text_to_bytes` wrote."""
    return data.decode("utf-8", "surrogatepass")


def _frame_of(text: str, blob: bytes) -> bytes:
    head = text_to_bytes(text)
    return _SIZES.pack(len(head), len(blob)) + head + blob


def _sizes(raw: bytes) -> tuple[int, int]:
    head, blob = _SIZES.unpack(raw)
    if head > MAX_HEADER or blob > MAX_BLOB:
        raise ChannelClosed(f"A frame announces {head} + {blob} bytes: not our protocol.")
    return head, blob


def _frame(head: bytes, blob: bytes) -> Frame:
    try:
        header = json.loads(text_from_bytes(head))
    except ValueError as error:
        raise ChannelClosed(f"A frame's header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise ChannelClosed("A frame's header is not a JSON object.")
    return Frame(header, blob)  # pyright: ignore[reportUnknownArgumentType] (JSON)


class BlockingChannel:
    """The worker's end: blocking reads in one thread, writes from any thread."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()

    def send(self, header: Mapping[str, Any], blob: bytes = b"") -> None:
        """Write one frame; ChannelClosed if the other end is gone."""
        self._write(encode(header, blob))

    def send_many(self, frames: Iterable[bytes]) -> None:
        """Write encoded frames at once: many small ones cost little more than one."""
        self._write(b"".join(frames))

    def _write(self, data: bytes) -> None:
        try:
            with self._lock:
                self._writer.write(data)
                self._writer.flush()
        except (OSError, ValueError) as error:
            raise ChannelClosed(str(error)) from error

    def receive(self) -> Frame:
        """Wait for the next frame; ChannelClosed at the end."""
        head, blob = _sizes(self._exactly(_SIZES.size))
        return _frame(self._exactly(head), self._exactly(blob))

    def _exactly(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count:
            part = self._reader.read(count)
            if not part:
                raise ChannelClosed("The server is gone.")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


class AsyncChannel:
    """The server's end, over asyncio streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, header: Mapping[str, Any], blob: bytes = b"") -> None:
        """Write one frame and wait until the pipe has room again."""
        try:
            self._writer.write(encode(header, blob))
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise ChannelClosed(str(error)) from error

    async def receive(self) -> Frame:
        """Wait for the next frame; ChannelClosed at the end."""
        try:
            head, blob = _sizes(await self._reader.readexactly(_SIZES.size))
            return _frame(
                await self._reader.readexactly(head), await self._reader.readexactly(blob)
            )
        except (asyncio.IncompleteReadError, OSError) as error:
            raise ChannelClosed("The worker is gone.") from error
