"""How a job's nodes ended: executed, cached, or neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wirebrush.api import Link
from wirebrush.events import Problem, Summary
from wirebrush.graph.recipe import Recipe


class Ledger:
    """Counts nodes. A node above a cached one counts as cached: its value was not needed again.

    Behind a lazy input only what is in the cache counts: it may be a branch that was never taken.

    Args:
        recipes: All nodes that a wanted one could need; grows with expansions.
        present: Whether a result is in the cache.
    """

    def __init__(self, recipes: Mapping[str, Recipe], present: Callable[[bytes], bool]) -> None:
        self.executed: dict[str, float] = {}
        self.problems: list[Problem] = []
        self._recipes = recipes
        self._present = present
        self._covered: dict[str, None] = {}

    def hit(self, node_id: str) -> None:
        """A node's value was taken, so that nothing above it need be visited."""
        stack = [node_id]
        while stack:
            current = stack.pop()
            if current in self._covered:
                continue
            self._covered[current] = None
            for port, item in self._recipes[current].inputs:
                if type(item) is not Link or item.node in self._covered:
                    continue
                if not port.lazy or self._present(self._recipes[item.node].key):
                    stack.append(item.node)

    def cached(self, running: Mapping[str, object]) -> tuple[str, ...]:
        """The nodes whose values are not computed, given those that are."""
        return tuple(node_id for node_id in self._covered if node_id not in running)

    def summary(self, seconds: float) -> Summary:
        """The job in numbers."""
        executed, cached = len(self.executed), len(self.cached(self.executed))
        skipped = max(0, len(self._recipes) - executed - cached)
        return Summary(executed, cached, skipped, seconds, self.executed)
