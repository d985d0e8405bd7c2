"""Waiting for whatever happens first, and leaving nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


async def first_of(
    *waited: asyncio.Future[Any] | Coroutine[Any, Any, Any], seconds: float | None = None
) -> None:
    """Wait for the first; coroutines among them are cancelled after, futures are left alone."""
    own = [asyncio.ensure_future(item) for item in waited if not asyncio.isfuture(item)]
    others = [item for item in waited if asyncio.isfuture(item)]
    try:
        await asyncio.wait([*own, *others], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in own:
            task.cancel()
        for task in own:  # they end in one turn of the loop, all of them
            await dropped(task)


async def dropped(task: asyncio.Task[Any] | asyncio.Future[Any]) -> None:
    """Cancel a task and forget how it ended."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
