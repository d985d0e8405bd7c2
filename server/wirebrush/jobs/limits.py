"""How much a worker may take, in seconds and bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a worker may take for what (seconds), and how large it may grow (bytes)."""

    hello: float = 180.0
    pack: float = 60.0  # of a pack's import in which it loads nothing more
    beat: float = 60.0
    node: float = 1800.0
    cancel_grace: float = 5.0
    term_grace: float = 2.0
    drain: float = 10.0
    first_pause: float = 0.5
    longest_pause: float = 60.0
    look_again: float = 10.0  # disk space comes back without telling anybody
    insist: float = 2.0  # before an end that could not be written is written again
    max_rss: int | None = None
