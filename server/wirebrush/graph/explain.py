"""Why a node runs again: "seed changed", "text changed upstream in 6 (CLIPTextEncode)"."""

from __future__ import annotations

from collections.abc import Mapping

from wirebrush.api import Link
from wirebrush.graph.canonical import Unkeyable, canonical
from wirebrush.graph.recipe import Recipe

FIRST_RUN = "first run"
EVICTED = "evicted"
_NONE = object()


def own_change(old: Recipe | None, new: Recipe) -> str:
    """What changed in the node itself; empty if nothing did."""
    if old is None or old.node.class_type != new.node.class_type:
        return FIRST_RUN
    if new.salt:
        return "runs every time"
    if old.spec.version != new.spec.version:
        return f"version changed from {old.spec.version} to {new.spec.version}"
    if old.spec.source != new.spec.source:
        return f"pack {new.spec.pack} changed" if new.spec.pack else "pack changed"
    changed = _changed_inputs(old, new)
    if changed:
        return f"{_listed(changed)} changed"
    files = [name for name, mark in new.marks.items() if old.marks.get(name) != mark]
    if files:
        names = [name for name in files if name]
        return f"the file of {_listed(names)} changed" if names else "what it looks at changed"
    return ""


def _changed_inputs(old: Recipe, new: Recipe) -> list[str]:
    before = {port.name: item for port, item in old.inputs}
    after = {port.name: item for port, item in new.inputs}
    if before.keys() == after.keys():
        names = [name for name, item in after.items() if not _alike(before[name], item)]
    else:
        names = sorted(before.keys() | after.keys())
        names = [n for n in names if n not in before or not _alike(before[n], after.get(n, _NONE))]
    if not any(isinstance(before.get(name), Link) for name in names):
        return names
    was, now = old.wires(), new.wires()
    return [name for name in names if name not in was or not _same_source(was, now, name)]


def _alike(one: object, two: object) -> bool:
    """Whether an input has what it had."""
    if one is two:
        return True
    if isinstance(one, Link) and isinstance(two, Link):
        return one.node == two.node and one.output == two.output
    if type(one) is not type(two):
        return False
    try:
        return canonical(one) == canonical(two)
    except Unkeyable:
        return False


def _same_source(
    was: Mapping[str, tuple[Link, bytes]], now: Mapping[str, tuple[Link, bytes]], name: str
) -> bool:
    """Whether a wire comes from an equal node under another id."""
    if name not in now:
        return False
    (one, old_key), (two, new_key) = was[name], now[name]
    return one.output == two.output and old_key == new_key


def _listed(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


class Reasons:
    """The reasons of one job's misses, each worked out once.

    Args:
        before: Recipes by node id as they were in earlier jobs.
        now: Recipes of this job.
    """

    def __init__(self, before: Mapping[str, Recipe], now: Mapping[str, Recipe]) -> None:
        self._before = before
        self._now = now
        self._causes: dict[str, tuple[str, str]] = {}

    def why(self, node_id: str) -> str:
        """Why this node's value was not in the cache."""
        cause, origin = self._cause(node_id)
        if origin == node_id or cause in (FIRST_RUN, EVICTED):
            return cause
        return f"{cause} upstream in {origin} ({self._now[origin].node.class_type})"

    def _cause(self, node_id: str) -> tuple[str, str]:
        """What changed, and in which node: the node itself, or the nearest one above it."""
        causes, path = self._causes, [node_id]
        while path[-1] not in causes:
            current = path[-1]
            new, old = self._now[current], self._before.get(current)
            if own := own_change(old, new):
                causes[current] = (own, current)
            elif old is None or old.key == new.key:
                causes[current] = (EVICTED, current)
            elif above := _changed_parent(old, new):
                path.append(above)
            else:
                causes[current] = ("device or numerics changed", current)
        found = causes[path[-1]]
        for passed in path:
            causes.setdefault(passed, found)
        return found


def _changed_parent(old: Recipe, new: Recipe) -> str | None:
    """A node above whose key has changed: the inputs are the same, so are their names."""
    was = old.wires()
    for name, (link, parent) in new.wires().items():
        if name not in was or was[name][1] != parent:
            return link.node
    return None
