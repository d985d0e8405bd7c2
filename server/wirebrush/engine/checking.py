"""What nodes have against their own values, before a job with them is accepted."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from wirebrush.api import Link
from wirebrush.api.node import ValidateFunction
from wirebrush.engine.packs import Packs
from wirebrush.engine.problems import readable
from wirebrush.events import Problem
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.validate import label

MESSAGE_LIMIT = 1_000
HINT = "The node itself says so. Change the value, or connect something else."

log = logging.getLogger(__name__)


def check(packs: Packs, prompt: Prompt) -> Iterator[Problem]:
    """The problems of all nodes that look at their values, one by one. No node runs.

    `message` is the node's own sentence; `hint` says whose it is.
    """
    for node in prompt.nodes.values():
        kind = packs.types.get(node.class_type)
        if kind is not None and kind.declared.validate is not None:
            yield from _said(node, kind.declared.validate, _types(packs, prompt, node))


def _said(
    node: PromptNode, validate: ValidateFunction, types: Mapping[str, str]
) -> Iterator[Problem]:
    values = {name: item for name, item in node.inputs.items() if not isinstance(item, Link)}
    try:
        told = [(port, str(sentence)) for port, sentence in validate(values, types)]
    except Exception as error:  # a node's own code, of which anything is possible
        log.warning("%s could not look at its values", label(node), exc_info=error)
        told = [(None, f"it could not look at its values: {type(error).__name__}: {error}")]
    for port, sentence in told:
        message = readable(sentence)[:MESSAGE_LIMIT]
        yield Problem("refused_by_node", message, HINT, node.id, port)


def _types(packs: Packs, prompt: Prompt, node: PromptNode) -> dict[str, str]:
    """What comes in over the node's wires, by input."""
    found: dict[str, str] = {}
    for name, link in node.links():
        source = prompt.nodes.get(link.node)
        kind = None if source is None else packs.types.get(source.class_type)
        if kind is not None and 0 <= link.output < len(kind.spec.outputs):
            found[name] = kind.spec.outputs[link.output].type
    return found
