"""Which packs are on: what people chose, kept in the data folder (`packs.json`).

Turning a pack on is consent to run its code, so the hash of that code is kept with it.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from wirebrush.packlist import Ended, PackChoice, PackReport

FILE = "packs.json"
FORMAT = "wirebrush-packs/1"

log = logging.getLogger("wirebrush.jobs")


@dataclass(frozen=True, slots=True)
class Switch:
    """What is kept of a pack.

    `on` is None if nobody chose; `source` is the hash of its code when it was turned on, at `since`
    (seconds since 1970), empty until a worker has found it. `ended` says how it ended a worker,
    `nodes` what it declared when it was loaded last.
    """

    on: bool | None = None
    source: str = ""
    since: float = 0.0
    ended: Ended | None = None
    nodes: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Switch:
        """Read what was written; anything that is no switch raises one of the usual errors."""
        ended: Mapping[str, Any] | None = data.get("ended")
        return cls(
            None if data.get("on") is None else bool(data["on"]),
            str(data.get("source", "")),
            float(data.get("since", 0.0)),
            None if ended is None else Ended(str(ended["why"]), str(ended["source"])),
            tuple(str(node) for node in data.get("nodes", ())),
        )


class PackSwitches:
    """The switches of one data folder.

    Args:
        data: The data folder.
        on: Packs that are on in this process, whatever is kept.
        all_on: Whether that holds for every pack.
    """

    def __init__(self, data: Path, on: Iterable[str] = (), all_on: bool = False) -> None:
        self._path = data / FILE
        self._forced = frozenset(on)
        self._all_on = all_on
        self._here: set[str] = set()  # what happened to these in this process counts again
        self._lock = threading.Lock()
        self._kept = _read(self._path)

    def of(self, name: str) -> Switch:
        """What is kept of a pack."""
        return self._kept.get(name, Switch())

    def choice(self) -> PackChoice:
        """What workers are told."""
        forced = self._forced - self._here
        heeded = {
            name: switch
            for name, switch in self._kept.items()
            if name in self._here or not (self._all_on or name in forced)
        }
        kept = {name: switch.on for name, switch in heeded.items() if switch.on is not None}
        ended = {name: switch.ended for name, switch in heeded.items() if switch.ended is not None}
        return PackChoice({**kept, **dict.fromkeys(forced, True)}, self._all_on, ended)

    def turn(self, name: str, on: bool, source: str = "", nodes: Iterable[str] = ()) -> None:
        """Somebody turns a pack on or off; OSError if that cannot be kept, and nothing changes.

        Args:
            name: The pack.
            on: What it shall be.
            source: The hash of the code it is turned on for; empty: what the next worker finds.
            nodes: What it declares, if that is known.
        """
        with self._lock:
            known = tuple(nodes) or self.of(name).nodes
            kept = {**self._kept, name: Switch(on, source if on else "", time.time(), None, known)}
            _write(self._path, kept)
            self._kept = kept
            self._here.add(name)

    def ended(self, name: str, ended: Ended) -> None:
        """A pack ended a worker: it stays away until its code changes or somebody turns it on."""
        self._here.add(name)
        self._note(name, replace(self.of(name), ended=ended))

    def seen(self, report: PackReport) -> None:
        """Note what a pack that somebody chose is made of, once it is on, and what it declares."""
        before = self._kept.get(report.name)
        if before is None:
            return
        source = before.source or (report.source if before.on and report.on else "")
        after = replace(before, source=source, nodes=report.nodes or before.nodes)
        if after != before:
            self._note(report.name, after)

    def remembering(self, catalog: Mapping[str, Any]) -> Mapping[str, Any]:
        """A worker's catalog, in which packs that are off have the nodes they had when on."""
        packs: Sequence[Mapping[str, Any]] = catalog.get("packs", ())
        told = [
            pack if pack["nodes"] else {**pack, "nodes": list(self.of(pack["name"]).nodes)}
            for pack in packs
        ]
        return {**catalog, "packs": told}

    def _note(self, name: str, switch: Switch) -> None:
        """Holds in this process also if it cannot be written."""
        with self._lock:
            self._kept = {**self._kept, name: switch}
            try:
                _write(self._path, self._kept)
            except OSError as error:
                log.warning("%s could not be written: %s", self._path.name, error)


def _read(path: Path) -> dict[str, Switch]:
    """What is kept; nothing, which leaves foreign packs off, if the file is damaged."""
    try:
        packs: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["packs"]
        return {name: Switch.from_json(data) for name, data in packs.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        log.error(
            "%s cannot be read (%r), so the packs that were turned on are off. Turn them on again.",
            path.name,
            error,
        )
        return {}


def _write(path: Path, kept: Mapping[str, Switch]) -> None:
    """Write so that a reader finds the old file or the new one."""
    packs = {name: asdict(switch) for name, switch in sorted(kept.items())}
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps({"format": FORMAT, "packs": packs}, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
