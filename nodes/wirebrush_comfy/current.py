"""Which node is being called: what the shims ask, because packs call them without saying who asks.

A context variable, so that async nodes that overlap each find their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from wirebrush.api import Run


@dataclass
class Calling:
    """One call of a node's function. `graphs` counts the expansions that it began."""

    run: Run
    graphs: int = 0


CALLING: Final[ContextVar[Calling | None]] = ContextVar("calling", default=None)


@contextmanager
def calling(run: Run) -> Iterator[Calling]:
    """While a node's function is called."""
    token = CALLING.set(call := Calling(run))
    try:
        yield call
    finally:
        CALLING.reset(token)


def current_run() -> Run | None:
    """The run of the node that is being called; None outside of any."""
    call = CALLING.get()
    return None if call is None else call.run
