"""How long a worker's start is waited for: its libraries are large, and a pack may hang."""

from __future__ import annotations

import asyncio

from wirebrush.packlist import BUILTIN


class Patience:
    """The time at which a starting worker is given up, which moves on with what it says.

    Args:
        seconds: For the start, and anew for each pack's import.
        pack_seconds: For a pack that loads nothing more: it hangs.
    """

    def __init__(self, seconds: float, pack_seconds: float) -> None:
        self._seconds = seconds
        self._pack_seconds = pack_seconds
        self._modules: object = None
        self.next("")

    @property
    def until(self) -> float:
        """When it ends, in seconds of the event loop's clock."""
        return min(self._end, self._still)

    def next(self, pack: str) -> None:
        """The worker begins with a pack, or with what comes after them (empty)."""
        now = asyncio.get_running_loop().time()
        self._end = now + self._seconds
        self._watched = pack not in ("", BUILTIN)
        self._still = now + self._pack_seconds if self._watched else self._end

    def loaded(self, modules: object) -> None:
        """So many modules are loaded: another number than before is progress."""
        if self._watched and modules != self._modules:
            self._still = asyncio.get_running_loop().time() + self._pack_seconds
        self._modules = modules

    def spent(self) -> tuple[str, str]:
        """What is said when the time is up: of the worker, and of the pack that it imported."""
        if self._still < self._end:
            still = f"within {self._pack_seconds:g} s"
            return (
                f"was not ready and loaded nothing {still}",
                f"Its import went no further {still}.",
            )
        late = f"within {self._seconds:g} s"
        return f"was not ready {late}", f"Its import did not end {late}."
