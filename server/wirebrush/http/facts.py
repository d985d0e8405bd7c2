"""What lists say about a workflow's text, worked out once per state of its file."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, cast

from wirebrush.graph.detect import document_id
from wirebrush.http.textfiles import etag, read_text

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one text: its etag, when it was written, its size in bytes; of the workflow in it (if it
    is one): its id and how many nodes it has."""

    etag: str
    modified: float
    size: int
    id: str
    nodes: int

    @classmethod
    def of(cls, text: str, modified: float) -> Facts:
        """Look at a text."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        workflow = cast("Mapping[str, Any]", data if isinstance(data, dict) else {})
        nodes: Any = workflow.get("nodes")
        count = len(cast("Mapping[str, Any]", nodes)) if isinstance(nodes, dict) else 0
        size = len(text.encode("utf-8", "surrogatepass"))
        return cls(etag(text), modified, size, document_id(workflow), count)


class FactsCache:
    """Facts by file, for threads."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Stamp, Facts]] = {}
        self._lock = Lock()

    def of(self, path: Path) -> Facts | None:
        """The facts of a file; None if it is gone, or nothing of ours."""
        try:
            stat = path.lstat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                known = stamp, Facts.of(*read_text(path))
                with self._lock:
                    self._known[path] = known
        except (OSError, UnicodeDecodeError):
            return None
        return known[1]

    def keep_only(self, paths: Container[Path]) -> None:
        """Forget all other files."""
        with self._lock:
            self._known = {path: known for path, known in self._known.items() if path in paths}
