"""Who listens on ComfyUI's websocket: a backlog for each client id, and what is put into them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from wirebrush.http.answers import to_text
from wirebrush.http.backlog import Backlog, Key

PLENTY = 256 * 1024
"""A client that is behind by so many bytes is spared what later messages supersede."""
_PICTURE, _TEXT, _PICTURE_WITH_FACTS = 1, 3, 4
_FORMATS = {"image/jpeg": 1, "image/png": 2}


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture for a client: a preview, or one that is only sent. `facts` say whose."""

    mime: str
    data: bytes = field(repr=False)
    facts: dict[str, str | None]

    def plain(self) -> bytes:
        """The frame for clients that know only pictures."""
        return struct.pack(">II", _PICTURE, _FORMATS.get(self.mime, 1)) + self.data

    def with_facts(self) -> bytes:
        """The frame for clients that asked for more."""
        head = json.dumps({**self.facts, "image_type": self.mime}).encode()
        return struct.pack(">II", _PICTURE_WITH_FACTS, len(head)) + head + self.data


@dataclass(eq=False, slots=True)
class Listener:
    """One socket. `knows_facts`: it said that previews may come with metadata."""

    id: str
    backlog: Backlog
    knows_facts: bool = False


class Sockets:
    """All listeners by their id: a later one with the same id takes the place of the first."""

    def __init__(self) -> None:
        self._listeners: dict[str, Listener] = {}

    def join(self, listener: Listener) -> None:
        """Send it everything from now on."""
        self._listeners[listener.id] = listener

    def leave(self, listener: Listener) -> None:
        """It is gone, unless another has taken its place already."""
        if self._listeners.get(listener.id) is listener:
            del self._listeners[listener.id]

    def hear(self, client: str | None) -> bool:
        """Whether anybody would hear what is said to this client (None: to all)."""
        return bool(self._listeners) if client is None else client in self._listeners

    def say(self, kind: str, data: object, client: str | None, key: Key | None = None) -> None:
        """Send a message; one with a `key` gives way to the next like it where clients are slow."""
        if self.hear(client):
            self.send(to_text({"type": kind, "data": data}), client, key)

    def send(self, text: str, client: str | None, key: Key | None = None) -> None:
        """Send a text that is a message already."""
        for listener in self._who(client):
            behind = listener.backlog.size > PLENTY
            listener.backlog.put(text, key if behind else None)

    def show(self, picture: Picture, client: str | None, key: Key) -> None:
        """Send a preview: the next one with this key takes its place if nobody has read it."""
        for listener in self._who(client):
            frame = picture.with_facts() if listener.knows_facts else picture.plain()
            listener.backlog.put_preview(frame, key)

    def tell(self, node: str, text: str, client: str | None, key: Key) -> None:
        """Send what a node says; the next one with this key takes its place like a preview's."""
        name = node.encode(errors="replace")
        frame = struct.pack(">II", _TEXT, len(name)) + name + text.encode(errors="replace")
        for listener in self._who(client):
            listener.backlog.put_preview(frame, key)

    def hand_over(self, picture: Picture, client: str | None) -> None:
        """Send a picture that is a result: nothing takes its place."""
        for listener in self._who(client):
            frame = picture.with_facts() if listener.knows_facts else picture.plain()
            listener.backlog.put_picture(frame)

    def _who(self, client: str | None) -> Iterable[Listener]:
        if client is None:
            return self._listeners.values()
        found = self._listeners.get(client)
        return () if found is None else (found,)
