"""What a client has still to be sent: bounded, and ready to let go of what matters least."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

MAX_BYTES = 4 * 1024 * 1024
PREVIEW_BYTES = MAX_BYTES // 4
MAX_PICTURE_BYTES = 64 * 1024 * 1024
Key = tuple[str, ...]


@dataclass(eq=False, slots=True)
class Item:
    """A frame; None once it is taken back. One with a `key` gives way to a later one like it."""

    frame: str | bytes | None
    key: Key | None = None

    @property
    def size(self) -> int:
        """Roughly, for text: what counts is that a bound holds."""
        return 0 if self.frame is None else len(self.frame)


class Backlog:
    """Frames for one client, in order.

    A client that reads slowly loses previews first, then superseded progress. When even the rest
    does not fit, everything goes and one `resync` stands for it. Others never wait for it.
    """

    def __init__(self, resync: Callable[[], str]) -> None:
        self._resync = resync
        self._items: deque[Item] = deque()
        self._places: dict[Key, Item] = {}
        self._bytes = 0
        self._preview_bytes = 0
        self._picture_bytes = 0
        self._lost = False
        self._wake = asyncio.Event()

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._bytes

    def put(self, frame: str, key: Key | None = None) -> None:
        """Append a message; with a `key`, in the place of what it supersedes."""
        if self._lost:
            return  # the resync that is waiting covers it
        if key is not None and key in self._places:
            self._take_out(self._places.pop(key))
        if self._bytes + len(frame) > MAX_BYTES:
            self._drop_previews()
        if self._bytes + len(frame) > MAX_BYTES:
            self._give_up()
            return
        self._append(Item(frame, key))

    def answer(self, frame: str) -> None:
        """Append an answer to this client's own message; it is kept also after a give-up."""
        self._append(Item(frame))

    def put_preview(self, frame: bytes, key: Key) -> None:
        """Append a preview in the place of the last one of its node; dropped when it is tight."""
        if key in self._places:
            self._take_out(self._places.pop(key))
        if self._lost or self._preview_bytes + len(frame) > PREVIEW_BYTES:
            return
        self._append(Item(frame, key))

    def put_picture(self, frame: bytes) -> None:
        """Append a picture that is no mere preview: it is what the client came for."""
        if self._lost:
            return
        if self._picture_bytes + len(frame) > MAX_PICTURE_BYTES:
            self._give_up()
            return
        self._append(Item(frame))

    async def get(self) -> str | bytes:
        """The next frame; waits for one."""
        while True:
            while self._items:
                item = self._items.popleft()
                if item.frame is not None:
                    return self._hand_out(item, item.frame)
            if self._lost:
                self._lost = False
                return self._resync()
            self._wake.clear()
            await self._wake.wait()

    def texts(self, most: int) -> list[str]:
        """The texts that are next, of up to so many bytes together. Does not wait."""
        found: list[str] = []
        taken = 0
        while self._items and taken < most:
            frame = self._items[0].frame
            if isinstance(frame, bytes):
                break
            item = self._items.popleft()
            if frame is not None:
                item.frame = None
                taken += len(frame)
                if item.key is not None:
                    self._places.pop(item.key, None)
                found.append(frame)
        self._bytes -= taken
        return found

    def _append(self, item: Item) -> None:
        self._items.append(item)
        self._count(item, item.size)
        if item.key is not None:
            self._places[item.key] = item
        self._wake.set()

    def _hand_out(self, item: Item, frame: str | bytes) -> str | bytes:
        self._take_out(item)
        if item.key is not None:
            self._places.pop(item.key, None)
        return frame

    def _count(self, item: Item, size: int) -> None:
        """Pictures have a bound of their own: they would not leave room for anything else."""
        if isinstance(item.frame, str):
            self._bytes += size
        elif item.key is None:
            self._picture_bytes += size
        else:
            self._bytes += size
            self._preview_bytes += size

    def _take_out(self, item: Item) -> None:
        self._count(item, -item.size)
        item.frame = None  # its place in the row stays, empty

    def _drop_previews(self) -> None:
        for item in self._items:
            if isinstance(item.frame, bytes) and item.key is not None:
                self._take_out(item)
                self._places.pop(item.key, None)

    def _give_up(self) -> None:
        self._items.clear()
        self._places.clear()
        self._bytes = self._preview_bytes = self._picture_bytes = 0
        self._lost = True
        self._wake.set()
