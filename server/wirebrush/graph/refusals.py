"""What nodes have against their own values: their words as problems, for whoever reads these."""

from __future__ import annotations

from wirebrush.events import Problem

REFUSED = "refused_by_node"
BROKEN = "node_check_failed"
UNSAID = "the node does not accept this value."
"""What a node says that says only no."""


def refusal(node: str, port: str | None, sentence: str) -> Problem:
    """A node's word against a value, or against all of them; an empty one is only a no."""
    hint = "The node itself says so. Change the value, or connect something else."
    return Problem(REFUSED, sentence or UNSAID, hint, node, port)


def broken_check(node: str, error: str, text: str) -> Problem:
    """A node's check that raised an exception: its dotted class name, and what it says."""
    hint = "The node's own check of its values failed: it may not expect one of them."
    return Problem(BROKEN, f"{error}: {text}", hint, node)


def error_of(problem: Problem) -> tuple[str, str]:
    """The class name and the text of the exception that a broken check is.

    >>> error_of(broken_check("1", "ValueError", "no: never"))
    ('ValueError', 'no: never')
    """
    error, _, text = problem.message.partition(": ")
    return error, text
