"""The catalog: every node type as data. Made from a worker's JSON; imports no pack.

Specs stand in the order of the enabled packs: when two packs claim an id, the earlier one keeps
it and the other is reachable as `pack/id`, as every node type is.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

from wirebrush.api import NodeSpec
from wirebrush.packlist import PackReport


@dataclass(frozen=True, slots=True)
class PackFailure:
    """A pack that could not be loaded, with the reason in one line and in full."""

    pack: str
    error: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two packs declare the same id: `kept` has the bare name, `other` needs `pack/id`."""

    id: str
    kept: str
    other: str


@dataclass(frozen=True)
class Catalog:
    """All node types by name, the packs that failed to load, and what was found of every pack."""

    specs: tuple[NodeSpec, ...] = ()
    failures: tuple[PackFailure, ...] = ()
    packs: tuple[PackReport, ...] = ()

    def __len__(self) -> int:
        return len(self.specs)

    def __iter__(self) -> Iterator[NodeSpec]:
        return iter(self.specs)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def spec(self, name: str) -> NodeSpec | None:
        """The node type of that name: an id, `pack/id`, or an earlier id of a renamed type."""
        return self._names.get(name)

    def sinks(self) -> list[NodeSpec]:
        """The node types that a prompt can be run for."""
        return [spec for spec in self.specs if spec.sink]

    def nearest(self, name: str, count: int = 3) -> list[str]:
        """The ids that look most like a name that is not there; best first, often none."""
        return nearest(name, self._ids, count, self._letter_pairs)

    def off_pack(self, name: str) -> str | None:
        """The pack that is off and declared that node type when it was on."""
        found = (report.name for report in self.packs if not report.on and name in report.nodes)
        return next(found, None)

    @cached_property
    def lost(self) -> Sequence[PackFailure]:
        """Why packs are not there; the other failures are about nodes of packs that are."""
        loaded = {report.name for report in self.packs if report.loaded}
        return [failure for failure in self.failures if failure.pack not in loaded]

    @cached_property
    def clashes(self) -> tuple[Clash, ...]:
        """Which ids are claimed by more than one pack."""
        return tuple(
            Clash(bare, kept.pack, spec.pack)
            for spec in self.specs
            if (kept := self._names.get(bare := _bare_id(spec))) is not None and kept is not spec
        )

    @cached_property
    def digest(self) -> str:
        """A short text that changes whenever the content does, and only then."""
        data = {
            "nodes": [spec.to_json() for spec in self.specs],
            "failures": [(failure.pack, failure.error) for failure in self.failures],
            "packs": [replace(report, seconds=0.0).to_json() for report in self.packs],
        }
        text = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """`{digest, nodes, failures, packs}`, as on the channel, on disk and at `/v1/nodes`."""
        return {
            "digest": self.digest,
            "nodes": [spec.to_json() for spec in self.specs],
            "failures": [
                {"pack": item.pack, "error": item.error, "traceback": item.traceback}
                for item in self.failures
            ],
            "packs": [report.to_json() for report in self.packs],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Catalog:
        """Read what `to_json` wrote; ValueError if it is something else."""
        try:
            return cls(
                specs=tuple(NodeSpec.from_json(item) for item in data["nodes"]),
                failures=tuple(
                    PackFailure(item["pack"], item["error"], item.get("traceback", ""))
                    for item in data.get("failures", ())
                ),
                packs=tuple(PackReport.from_json(item) for item in data.get("packs", ())),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"This is no catalog: {error!r}") from error

    def save(self, path: Path) -> None:
        """Write the catalog so that a reader finds the old one or the new one, never half."""
        text = json.dumps(self.to_json(), ensure_ascii=True, separators=(",", ":"))
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: Path) -> Catalog | None:
        """The catalog on disk; None if it cannot be read, as a worker will send it anew."""
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError):
            return None

    @cached_property
    def _names(self) -> Mapping[str, NodeSpec]:
        names: dict[str, NodeSpec] = {}
        for spec in self.specs:
            names.setdefault(spec.id, spec)
        for spec in self.specs:  # after all ids: a real id is never hidden by another name
            names.setdefault(f"{spec.pack}/{_bare_id(spec)}", spec)
            for earlier in spec.formerly:
                names.setdefault(earlier, spec)
                names.setdefault(f"{spec.pack}/{earlier}", spec)
        return names

    @cached_property
    def _ids(self) -> Sequence[str]:
        return list(dict.fromkeys(spec.id for spec in self.specs))

    @cached_property
    def _letter_pairs(self) -> Sequence[frozenset[str]]:
        return [_pairs(_plain(name)) for name in self._ids]


def _bare_id(spec: NodeSpec) -> str:
    """The id without the pack that a loader put before it when two packs claim the same."""
    return spec.id.removeprefix(f"{spec.pack}/")


def nearest(
    name: str,
    names: Sequence[str],
    count: int = 3,
    pairs: Iterable[frozenset[str]] | None = None,
) -> list[str]:
    """The names most like this one. Letter pairs sort out quickly what `difflib` then ranks.

    Comparing with 5,000 names takes a few milliseconds; `difflib` alone takes a hundred.
    """
    wanted = _plain(name[:100])
    mine = _pairs(wanted)
    if pairs is None:
        pairs = [_pairs(_plain(other)) for other in names]
    likeness = [2 * len(mine & theirs) / (len(mine) + len(theirs) or 1) for theirs in pairs]
    best = sorted(range(len(names)), key=lambda index: -likeness[index])[:12]
    matcher = SequenceMatcher(b=wanted, autojunk=False)
    ranked: list[tuple[float, str]] = []
    for index in best:
        matcher.set_seq1(_plain(names[index][:100]))
        if (ratio := matcher.ratio()) >= 0.6:
            ranked.append((-ratio, names[index]))
    return [other for _, other in sorted(ranked)[:count]]


def _plain(name: str) -> str:
    """A name without what people get wrong first: case, blanks, underscores."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def _pairs(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[index : index + 2] for index in range(len(padded) - 1))
