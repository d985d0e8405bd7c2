"""Functions of packs may be async where ours are not."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from typing import Any


def settled(returned: Any, runner: asyncio.Runner | None = None) -> Any:
    """What a function returned, waited for if it is awaitable. Not for threads with a loop."""
    if not inspect.isawaitable(returned):
        return returned
    return asyncio.run(_wait(returned)) if runner is None else runner.run(_wait(returned))


async def _wait(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
