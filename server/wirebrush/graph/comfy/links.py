"""Links by number, reroute nodes and reroute points: what ComfyUI draws our wires with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wirebrush.graph.comfy.reading import as_id, as_link, as_list, as_object, as_point, objects
from wirebrush.graph.comfy.records import REROUTE_SIZE, UiLink
from wirebrush.graph.comfy.tracing import NODE, POINT, middle
from wirebrush.graph.workflow import Point


@dataclass
class ReroutePoint:
    """A point that links run through; `parent` is the one before it."""

    at: Point
    parent: str | None
    links: list[str] = field(default_factory=list[str])


@dataclass
class LinkTable:
    """The links of one canvas. `kept` is what its file had beside the graph; `before` is how many
    links the canvases before it have: ComfyUI's Reroute nodes look theirs up in the wrong canvas,
    so no number may stand for two."""

    kept: Mapping[str, Any]
    before: int = 0
    links: list[UiLink] = field(default_factory=list[UiLink])
    points: dict[str, ReroutePoint] = field(default_factory=dict[str, ReroutePoint])
    reroutes: dict[str, dict[str, Any]] = field(default_factory=dict[str, "dict[str, Any]"])
    entered: dict[str, str] = field(default_factory=dict[str, str])
    """The reroute nodes that a link ends at already."""

    def __post_init__(self) -> None:
        stored = as_object(self.kept.get("rerouteNodes"))
        self.reroutes = {name: dict(as_object(raw)) for name, raw in stored.items()}

    @property
    def last(self) -> int:
        """The highest number of a link so far."""
        return self.before + len(self.links)

    def connect(self, link: UiLink, knots: Sequence[Point], kept: Mapping[str, Any]) -> None:
        """Add a link that runs through knots; `kept` says what they were (`through`), and which
        types the links there said (`types`), if it still fits."""
        names = [item for item in as_list(kept.get("through")) if isinstance(item, str)]
        if len(names) != len(knots) or not all(map(self._known, names)):
            names = [""] * len(knots)
        types = [str(item) for item in as_list(kept.get("types"))]
        if len(types) != 1 + sum(name.startswith(NODE) for name in names):
            types = [link.type] * (1 + len(names))
        origin, slot, run = link.origin, link.origin_slot, list[tuple[str, Point]]()
        link = replace(link, type=types.pop(0))
        for name, knot in zip(names, knots, strict=True):
            if not name.startswith(NODE):
                run.append((name.removeprefix(POINT), knot))
                continue
            reroute = name.removeprefix(NODE)
            self._move(reroute, knot)
            if reroute not in self.entered:
                into = replace(link, origin=origin, origin_slot=slot, target=reroute, target_slot=0)
                self.entered[reroute] = self._add(into, run)
            origin, slot, run = reroute, 0, []
            link = replace(link, type=types.pop(0))
        self._add(replace(link, origin=origin, origin_slot=slot), run)

    def connect_loose(self, sides: Mapping[str, tuple[int, int]]) -> None:
        """Add the links of the file that lead from nowhere or to nowhere, if their ends are there
        and free; `sides` says how many inputs and outputs the nodes have."""
        there = {**dict.fromkeys(self.reroutes, (1, 1)), **sides}
        taken = {(link.target, link.target_slot) for link in self.links}
        for item in objects(self.kept.get("looseLinks")):
            link = as_link(item, {})
            if link is None or (link.target, link.target_slot) in taken:
                continue
            starts, ends = there.get(link.origin, (0, 0))[1], there.get(link.target, (0, 0))[0]
            if link.origin_slot < starts and link.target_slot < ends:
                self.connect(link, self.through(item.get("through")), item)

    def written_points(self) -> Iterator[dict[str, Any]]:
        """The points that links run through, and those that only links without an end do."""
        old = {as_id(item.get("id")): item for item in self._old_points()}
        points = {**self._floating_points(old), **self.points}
        for name, point in points.items():
            kept = old.get(name, {}).items()
            data: dict[str, Any] = {"id": as_number(name)}
            if point.parent is not None:
                data["parentId"] = as_number(point.parent)
            data |= {"pos": list(point.at), "linkIds": [int(link) for link in point.links]}
            hidden = {"id", "parentId", "pos", "linkIds", *(("floating",) if point.links else ())}
            yield data | {key: item for key, item in kept if key not in hidden}

    def _floating_points(self, old: Mapping[str, Mapping[str, Any]]) -> dict[str, ReroutePoint]:
        found: dict[str, ReroutePoint] = {}
        for link in objects(self.kept.get("floatingLinks")):
            name = as_id(link.get("parentId"))
            while name in old and name not in found:
                parent = as_id(old[name].get("parentId"))
                found[name] = ReroutePoint(as_point(old[name].get("pos")) or (0, 0), parent or None)
                name = parent
        return dict(reversed([*found.items()]))  # a point comes before those behind it

    def through(self, marks: object) -> list[Point]:
        """The places of knots that only their marks are known of."""
        points = {as_id(item.get("id")): as_point(item.get("pos")) for item in self._old_points()}
        found: list[Point] = []
        for mark in as_list(marks):
            name = str(mark)
            raw = self.reroutes.get(name.removeprefix(NODE))
            at = middle(raw) if raw is not None else points.get(name.removeprefix(POINT))
            if at is None:
                return []
            found.append(at)
        return found

    def _old_points(self) -> Iterator[dict[str, Any]]:
        yield from objects(self.kept.get("reroutes"))
        yield from objects(as_object(self.kept.get("extra")).get("reroutes"))

    def _known(self, mark: str) -> bool:
        return mark.startswith(POINT) or mark.removeprefix(NODE) in self.reroutes

    def _move(self, reroute: str, knot: Point) -> None:
        raw = self.reroutes[reroute]
        x, y = middle(raw)
        if (x, y) != tuple(knot):
            width, height = as_point(raw.get("size")) or REROUTE_SIZE
            raw["pos"] = [knot[0] - width / 2, knot[1] - height / 2]

    def _add(self, link: UiLink, run: Sequence[tuple[str, Point]]) -> str:
        number = str(self.last + 1)
        parent: str | None = None
        for name, at in run:
            name = name or self._new_point()
            point = self.points.setdefault(name, ReroutePoint(at, parent))
            point.links.append(number)
            parent = name
        self.links.append(replace(link, id=number, parent=parent))
        return number

    def _new_point(self) -> str:
        taken = [int(as_id(item.get("id")) or 0) for item in self._old_points()]
        taken += [int(name) for name in self.points if name.isdecimal()]
        return str(max(taken, default=0) + 1)


def link_fields(link: UiLink) -> dict[str, Any]:
    """A link as version 1 writes it, without its point."""
    return {
        "id": int(link.id),
        "origin_id": as_number(link.origin),
        "origin_slot": link.origin_slot,
        "target_id": as_number(link.target),
        "target_slot": link.target_slot,
        "type": link.type,
    }


def as_number(name: str) -> int | str:
    """An id as ComfyUI writes it: a number if it is one."""
    digits = name.removeprefix("-")
    plain = digits.isascii() and digits.isdecimal() and len(digits) < 16
    return int(name) if plain and (digits == "0" or digits[0] != "0") else name
