"""Where a picture came from, in words: the texts, models and seed above the node that made it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wirebrush.api import Widget
from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.values import ASSET_KINDS

LONGEST_TEXT = 2000
MOST_MODELS = 32


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a picture: `prompt` are the texts it was to follow, a line each (no negative
    ones), `models` file names, `seed` that of the nearest sampler."""

    prompt: str = ""
    models: tuple[str, ...] = ()
    seed: int | None = None


def origin_of(prompt: Prompt, node: str, catalog: Catalog) -> Origin:
    """The origin of what a node of a prompt made.

    The nearest nodes come first. A node that was made at run time (`7.2`) stands for the one that
    made it. Inputs that are called negative lead to what the picture was not to follow.
    """
    texts: dict[str, None] = {}
    models: dict[str, None] = {}
    seeds: list[int] = []
    for found, followed in _above(prompt.nodes, _root(prompt.nodes, node)):
        for name, value, widget in _literals(found, catalog):
            if isinstance(value, str) and widget.folder and widget.folder not in ASSET_KINDS:
                models[value] = None
            elif not followed or _is_negative(name):
                continue
            elif isinstance(value, str) and widget.multiline:
                texts[value.strip()] = None
            elif type(value) is int and widget.kind == "seed":
                seeds.append(value)
    text = "\n".join(text for text in texts if text)[:LONGEST_TEXT]
    return Origin(text.strip(), tuple(models)[:MOST_MODELS], seeds[0] if seeds else None)


def _root(nodes: Mapping[str, PromptNode], node: str) -> str:
    while node not in nodes and "." in node:
        node = node.rpartition(".")[0]
    return node


def _above(nodes: Mapping[str, PromptNode], start: str) -> Iterator[tuple[PromptNode, bool]]:
    """The node and all above it, the nearest first, and whether the picture follows them: first
    all that can be reached without a negative input, then the rest."""
    seen: set[str] = set()
    aside: list[str] = []
    for begin, followed in (([start], True), (aside, False)):
        queue = deque(begin)
        while queue:
            node = nodes.get(queue.popleft())
            if node is None or node.id in seen:
                continue
            seen.add(node.id)
            yield node, followed
            for name, link in node.links():
                (aside if followed and _is_negative(name) else queue).append(link.node)


def _literals(node: PromptNode, catalog: Catalog) -> Iterator[tuple[str, Any, Widget]]:
    """The values of a node: input, value, and how it is edited."""
    spec = catalog.spec(node.class_type)
    for name, value in node.inputs.items():
        port = None if spec is None else spec.port(name)
        if port is not None and port.widget is not None:
            yield name, value, port.widget


def _is_negative(name: str) -> bool:
    return "negative" in name.lower()
