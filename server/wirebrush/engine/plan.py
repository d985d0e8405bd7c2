"""What a run would compute now: keys and cache lookups only; no node is called, nothing changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias
from uuid import uuid4

from wirebrush.api import Link
from wirebrush.engine.cache.store import Shown
from wirebrush.engine.context import Parts, shown_assets
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.recipe import Recipe, RecipeError, Recipes

Planned: TypeAlias = Literal["cached", "run"]


def plan(parts: Parts, prompt: Prompt, targets: Sequence[str]) -> dict[str, Planned]:
    """For each node that the targets need: whether it runs, or its value is taken.

    "cached" is also what lies above a cached value, and the second of two equal nodes. Below a
    miss everything runs, the branches that a lazy node may not take included: so this is the most
    that can happen. Nodes that are made at run time are not known yet.

    Safe in any thread, beside running jobs. May read whole files, once, to know their content.
    """
    recipes = Recipes(parts.book, prompt.nodes, uuid4().hex)
    states: dict[str, Planned] = {}
    wanted: list[str] = []
    for target in targets:
        try:
            wanted.append(recipes.of(target).node.id)
        except RecipeError:  # a run will say why; it starts with this node
            states[target] = "run"
    walk = _Walk(parts, recipes.known, states)
    for node_id in wanted:
        walk.demand(node_id)
    return states


class _Walk:
    """One plan: from the wanted nodes up, until the cache has what is there."""

    def __init__(
        self, parts: Parts, recipes: Mapping[str, Recipe], states: dict[str, Planned]
    ) -> None:
        self._recipes = recipes
        self._states = states
        self._present = parts.store.has({recipe.key for recipe in recipes.values()})
        shown = (asset for found in self._present.values() for asset in shown_assets(found))
        self._gone = parts.assets.missing(set(shown))
        self._leaders: set[bytes] = set()

    def demand(self, wanted: str) -> None:
        """Settle a node and all that it needs."""
        stack = [wanted]
        while stack:
            node_id = stack.pop()
            if self._states.get(node_id) == "run":
                continue
            key = self._recipes[node_id].key
            if key in self._leaders or self._has(key):
                self._cover(node_id)
                continue
            self._leaders.add(key)
            self._states[node_id] = "run"
            stack.extend(self._sources(node_id))

    def _cover(self, node_id: str) -> None:
        """The value is there: nothing above is needed, unless something else needs it."""
        stack = [node_id]
        while stack:
            current = stack.pop()
            if current not in self._states:
                self._states[current] = "cached"
                stack.extend(self._sources(current))

    def _has(self, key: bytes) -> bool:
        """Whether a value is there, and the pictures that its node showed."""
        shown: Shown | None = self._present.get(key)
        if shown is None:
            return False
        if not self._gone.isdisjoint(shown_assets(shown)):
            del self._present[key]
            return False
        return True

    def _sources(self, node_id: str) -> list[str]:
        inputs = self._recipes[node_id].inputs
        return [item.node for _, item in inputs if isinstance(item, Link)]
