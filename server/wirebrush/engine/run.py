"""The real `Run`: what a node says becomes events, files and assets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PureWindowsPath
from typing import Any, TypeVar

from wirebrush.api import Asset, FileRef, Memory, NodeError
from wirebrush.api.run import AssetKind
from wirebrush.engine.assets import Assets, Saved
from wirebrush.engine.cancel import Cancellation
from wirebrush.engine.devices import Device
from wirebrush.engine.files import Files
from wirebrush.engine.keeping import Shelf, Workspaces
from wirebrush.engine.previews import Previews
from wirebrush.engine.problems import readable
from wirebrush.engine.saying import Saying
from wirebrush.events import Event, NodeProgress, NodeSaid, NodeSent, Output, Preview
from wirebrush.graph.prompt import PromptNode, node_to_json

T = TypeVar("T")
PROGRESS_SECONDS = 1 / 30
PREVIEW_SECONDS = 0.2
TEXT_LIMIT = 100_000
"""Characters of a text that travel to the page."""
SAID_LIMIT = 10_000
"""Characters of what a node says while it works."""
NAME_LIMIT = 200
SENT_LIMIT = 1_000_000
"""Characters of a message to clients."""
DATA_LIMIT = 4_000_000
"""Characters of JSON that a node may give to clients."""


class LiveGraph(Mapping[str, Mapping[str, Any]]):
    """The nodes of a running job in API format, growing as they do."""

    def __init__(self, nodes: Mapping[str, PromptNode]) -> None:
        self._nodes = nodes

    def __getitem__(self, node_id: str) -> Mapping[str, Any]:
        return node_to_json(self._nodes[node_id])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._nodes))

    def __len__(self) -> int:
        return len(self._nodes)


@dataclass(frozen=True, slots=True)
class Services:
    """What all runs of a job share.

    `emit` tells events at once; `in_turn` tells one after those of nodes that wait to be told.
    """

    device: Device
    files: Files
    assets: Assets
    cancellation: Cancellation
    emit: Callable[[Sequence[Event]], None]
    metadata: Mapping[str, str]
    previews: bool
    progressed: Callable[[], None]
    shelf: Shelf
    workspaces: Workspaces
    graph: Mapping[str, Mapping[str, Any]]
    in_turn: Callable[[Event], None]


@dataclass
class NodeRun:
    """One node's run. `shown` gathers what the node shows, `reasons` why its result is rough."""

    node: str
    services: Services
    shown: list[Output] = field(default_factory=list[Output])
    reasons: list[str] = field(default_factory=list[str])
    _last_progress: float = 0.0
    _last_preview: float = 0.0

    def __post_init__(self) -> None:
        self._previews = Previews(self._show_preview)
        self._saying = Saying(lambda text: self.services.in_turn(NodeSaid(self.node, text)))

    @property
    def graph(self) -> Mapping[str, Mapping[str, Any]]:
        return self.services.graph

    @property
    def device(self) -> str:
        return self.services.device.name

    @property
    def memory(self) -> Memory:
        return self.services.device.room

    @property
    def metadata(self) -> Mapping[str, str]:
        return self.services.metadata

    def step(
        self, value: int, total: int, preview: Callable[[], bytes | None] | None = None
    ) -> None:
        self.check()
        self.services.progressed()
        now = time.monotonic()
        if now - self._last_progress >= PROGRESS_SECONDS or value >= total:
            self._last_progress = now
            self.services.emit([NodeProgress(self.node, int(value), int(total))])
        if preview is None or not self.services.previews or value >= total:
            return
        if now - self._last_preview >= PREVIEW_SECONDS:
            self._last_preview = now
            self._previews.offer(preview)

    def say(self, text: str) -> None:
        self.check()
        self.services.progressed()
        self._saying.say(readable(text)[:SAID_LIMIT])

    def send(self, name: str, data: str) -> None:
        self.check()
        if len(name) <= NAME_LIMIT and len(data) <= SENT_LIMIT:
            self.services.in_turn(NodeSent(self.node, readable(name), readable(data)))

    def ended(self) -> None:
        """The node's function has returned: no preview or word comes after what it made."""
        self._previews.drop()
        self._saying.end()

    def check(self) -> None:
        self.services.cancellation.check()

    def file(self, kind: str, name: str) -> FileRef:
        self.check()
        return self.services.files.ref(kind, name)

    def names(self, kind: str) -> Sequence[str]:
        return self.services.files.names(kind)

    def path(self, ref: FileRef) -> Path:
        return self.services.files.path(ref)

    def resident(self, key: str, build: Callable[[], T], *, size: int | None = None) -> T:
        self.check()
        return self.services.device.resident(key, build, size=size)

    def save(
        self,
        data: bytes,
        *,
        name: str,
        mime: str,
        kind: AssetKind = "output",
        width: int | None = None,
        height: int | None = None,
    ) -> Asset:
        self.check()
        if kind == "output" and leaves_its_folder(str(name)):
            raise self._outside(str(name))
        width, height = _number(width), _number(height)
        asset = Asset(sha256(data).hexdigest(), str(name), str(mime), kind, width, height)
        index = sum(output.asset is not None for output in self.shown)
        self.services.assets.put(Saved(asset, self.node, index), data)
        self.shown.append(
            Output(
                kind, asset=asset.id, name=asset.name, mime=asset.mime, width=width, height=height
            )
        )
        return asset

    def store(self, kind: str, name: str, write: Callable[[Path], None]) -> FileRef:
        self.check()
        return self.services.shelf.store(kind, name, write)

    def workspace(self, key: str) -> Path:
        return self.services.workspaces.open(key)

    def _outside(self, name: str) -> NodeError:
        inputs = self.graph.get(self.node, {}).get("inputs", {})
        return NodeError(
            f"{readable(name)[:200]!r} lies outside the folder of outputs, so it is not saved.",
            'Begin the name without "/" and without ".."; "portraits/me" makes a folder.',
            port="filename_prefix" if "filename_prefix" in inputs else None,
        )

    def _show_preview(self, data: bytes) -> None:
        self.services.emit([Preview(self.node, _mime(data), data)])

    def show_text(self, text: str) -> None:
        text = readable(text)
        if len(text) > TEXT_LIMIT:
            text = f"{text[:TEXT_LIMIT]}… ({len(text) - TEXT_LIMIT} more characters)"
        self.shown.append(Output("text", text=text))

    def show_data(self, data: Mapping[str, Any]) -> None:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, default=readable)
        if len(text) > DATA_LIMIT:
            raise NodeError(
                f"This node shows {len(text)} characters of data; {DATA_LIMIT} are possible.",
                "Save it to a file, or show less of it.",
            )
        self.shown.append(Output("data", text=readable(text)))

    def rough(self, reason: str) -> None:
        self.reasons.append(readable(reason))


def leaves_its_folder(name: str) -> bool:
    """Whether a name with folders in it means a place outside the one where it would be put.

    >>> leaves_its_folder("a/../b.png"), leaves_its_folder("a/../../b.png")
    (False, True)
    """
    parts = name.replace("\\", "/").split("/")
    if len(parts) > 1 and (not parts[0].strip() or PureWindowsPath(name).drive):
        return True
    depth = 0
    for part in parts:
        depth += {"..": -1, ".": 0, "": 0}.get(part.strip(), 1)
        if depth < 0:
            return True
    return False


def _number(value: int | None) -> int | None:
    """A plain int, whatever kind of integer a library gave the node."""
    return None if value is None else int(value)


def _mime(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return "image/png"
    return "image/webp" if data[8:12] == b"WEBP" else "image/jpeg"
