"""Taking an object of a document apart, field by field, and noting what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.workflow import End, Point

T = TypeVar("T", str, bool)


@dataclass
class Fields:
    """Known fields are taken out by name; whatever was never asked for is `extra`."""

    data: Mapping[str, Any]
    what: str
    node: str | None
    problems: list[Problem]
    known: set[str] = field(default_factory=set[str])

    def text(self, name: str) -> str:
        """A text, empty if the field is not there."""
        return self._scalar(name, str, "", "text")

    def flag(self, name: str) -> bool:
        """True or false, false if the field is not there."""
        return self._scalar(name, bool, False, "true or false")

    def object(self, name: str) -> dict[str, Any]:
        """An object, empty if the field is not there."""
        item = self._raw(name, {})
        if isinstance(item, dict):
            return cast("dict[str, Any]", item)
        self.wrong(name, "an object of named values")
        return {}

    def list(self, name: str) -> list[Any]:
        """A list, empty if the field is not there."""
        item = self._raw(name, [])
        if isinstance(item, list):
            return cast("list[Any]", item)
        self.wrong(name, "a list")
        return []

    def point(self, name: str) -> Point | None:
        """Two numbers, or None if the field is not there."""
        item = self._raw(name, None)
        if item is None and name not in self.data:
            return None
        if (point := as_point(item)) is None:
            self.wrong(name, "two numbers, such as [220, 110]")
        return point

    def points(self, name: str) -> tuple[Point, ...]:
        """Points in order, none if the field is not there."""
        points = [as_point(item) for item in self.list(name)]
        if None in points:
            self.wrong(name, "a list of points, such as [[220, 110]]")
        return tuple(point for point in points if point is not None)

    def end(self, name: str) -> End | None:
        """One end of a wire; None (and a problem) if it is not there or not one."""
        item = self._raw(name, None)
        if (end := as_end(item)) is None:
            self.wrong(name, 'a node id and a port name, such as ["4", "MODEL"]', Code.BAD_WIRE)
        return end

    def extra(self) -> dict[str, Any]:
        """What no one asked for."""
        return {name: item for name, item in self.data.items() if name not in self.known}

    def wrong(self, name: str, expected: str, code: Code = Code.BAD_FIELD) -> None:
        """Note that a field is not what it should be."""
        if name in self.data:
            message = f"{self.what}: {quoted(name)} is {quoted(self.data[name])}, not {expected}."
            hint = "Correct it, or remove it."
        else:
            message = f"{self.what} has no {quoted(name)}."
            hint = f"Add it: {expected}."
        self.problems.append(problem(code, message, hint, self.node))

    def _raw(self, name: str, default: object) -> object:
        self.known.add(name)
        return self.data.get(name, default)

    def _scalar(self, name: str, kind: type[T], default: T, expected: str) -> T:
        item = self._raw(name, default)
        if isinstance(item, kind):
            return item
        self.wrong(name, expected)
        return default


def as_point(item: object) -> Point | None:
    """`[x, y]` as a point; None if it is something else."""
    pair = cast("list[Any]", item) if isinstance(item, list) else []
    right = len(pair) == 2 and all(type(number) in (int, float) for number in pair)
    return (pair[0], pair[1]) if right else None


def as_end(item: object) -> End | None:
    """`[node id, port name]` as an `End`; None if it is something else."""
    pair = cast("list[object]", item) if isinstance(item, list) else []
    if len(pair) != 2:
        return None
    node, port = pair
    return End(node, port) if isinstance(node, str) and isinstance(port, str) else None
