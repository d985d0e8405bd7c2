"""What nodes have against their own values, before a job with them is accepted."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from wirebrush.api import Link
from wirebrush.api.node import ValidateFunction
from wirebrush.engine.packs import Packs
from wirebrush.engine.problems import dotted_name, readable
from wirebrush.events import Problem
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.refusals import broken_check, refusal
from wirebrush.graph.validate import label

MESSAGE_LIMIT = 1_000

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
        text = readable(error)[:MESSAGE_LIMIT]
        yield broken_check(node.id, dotted_name(error), text)
        return
    for port, sentence in told:
        yield refusal(node.id, port, readable(sentence)[:MESSAGE_LIMIT])


def _types(packs: Packs, prompt: Prompt, node: PromptNode) -> dict[str, str]:
    """What comes in over the node's wires, by input."""
    found: dict[str, str] = {}
    for name, link in node.links():
        source = prompt.nodes.get(link.node)
        kind = None if source is None else packs.types.get(source.class_type)
        if kind is not None and 0 <= link.output < len(kind.spec.outputs):
            found[name] = kind.spec.outputs[link.output].type
    return found
