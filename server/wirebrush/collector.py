"""Python's garbage collector in processes that live long and handle large graphs."""

from __future__ import annotations

import gc


def calm_collector() -> None:
    """What is imported stays: the garbage collector need not walk it, nor come at every wire.

    Otherwise a large graph costs about a third more time than its nodes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
