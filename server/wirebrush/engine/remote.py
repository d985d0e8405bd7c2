"""Assets that live with the server: sent up as frames, asked for by id or name."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from wirebrush.api import NodeError
from wirebrush.channel import MAX_BLOB, BlockingChannel, ChannelClosed, Frame
from wirebrush.engine.assets import LocalAssets, Saved, is_asset_id

ANSWER_SECONDS = 60.0


@dataclass
class _Question:
    answered: threading.Event = field(default_factory=threading.Event)
    answer: Frame | None = None


class RemoteAssets:
    """The worker's `Assets`: the server keeps them, `copies` holds what was asked for.

    Args:
        channel: To the server.
        copies: A folder of copies by id.
    """

    def __init__(self, channel: BlockingChannel, copies: LocalAssets) -> None:
        self.job: tuple[str, int] = ("", 0)
        self._channel = channel
        self._copies = copies
        self._requests = count(1)
        self._open: dict[int, _Question] = {}
        self._closed = False

    def put(self, saved: Saved, data: bytes) -> None:
        """Send a file up. The pipe keeps order: it is there before any later event."""
        asset, (job, epoch) = saved.asset, self.job
        if len(data) > MAX_BLOB:
            raise NodeError(f"{asset.name} has {len(data) >> 20} MB: no file may have over 2 GB.")
        header = {
            "type": "asset", "job": job, "epoch": epoch, "id": asset.id, "name": asset.name,
            "mime": asset.mime, "kind": asset.kind, "width": asset.width, "height": asset.height,
            "node": saved.node, "index": saved.index,
        }  # fmt: skip
        self._channel.send(header, data)

    def missing(self, ids: Collection[str]) -> set[str]:
        """Those of them that the server has lost."""
        if not ids:
            return set()
        answer = self._ask({"type": "probe_assets", "ids": [*ids]})
        return {*ids}.difference(answer.header.get("there", ()))

    def find(self, name: str) -> tuple[str, Path] | None:
        """The asset's id and a copy of it on this machine."""
        if is_asset_id(name) and (known := self._copies.find(name)):
            return known
        answer = self._ask({"type": "need_asset", "id": name})
        if not answer.header.get("found"):
            return None
        asset_id = str(answer.header.get("id", ""))
        if known := self._copies.find(asset_id):
            return known
        asset_id, path = self._copies.add(answer.blob)
        return asset_id, path

    def answer(self, frame: Frame) -> None:
        """In the reader's thread: the server's answer to a question."""
        question = self._open.pop(int(frame.header.get("request", 0)), None)
        if question is not None:
            question.answer = frame
            question.answered.set()

    def trim(self, limit: int) -> None:
        """Delete the oldest copies: the server has them all."""
        self._copies.trim(limit)

    def close(self) -> None:
        """The server is gone: nobody will answer."""
        self._closed = True
        for question in list(self._open.values()):
            question.answered.set()

    def _ask(self, asked: Mapping[str, Any]) -> Frame:
        request, question = next(self._requests), _Question()
        self._open[request] = question
        self._channel.send({**asked, "request": request})
        question.answered.wait(0.0 if self._closed else ANSWER_SECONDS)
        self._open.pop(request, None)
        if question.answer is None:
            if self._closed:
                raise ChannelClosed("The server is gone.")
            wanted = asked.get("id", "a file that was shown before")
            raise NodeError(f"The server did not say within a minute whether there is {wanted!r}.")
        return question.answer
