"""Ids: short, unique, and sorted by the time they were made."""

from __future__ import annotations

import secrets
import time

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing that reads like something else
_RANDOM_BITS = 35
_TIME_BITS = 45  # milliseconds, until the year 3084


class Ids:
    """A maker of ids. Within one maker they only grow, also when the clock is set back."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        """Sixteen characters, such as `0wy5k3m9e7q2x4zt`."""
        drawn = (_milliseconds() << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
        self._last = max(drawn, self._last + 1)
        return _base32(self._last, (_TIME_BITS + _RANDOM_BITS) // 5)


def tail(job: str) -> str:
    """The eight characters of a job's id that differ between jobs of the same minute."""
    return job[-8:]


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _base32(number: int, length: int) -> str:
    digits = [_DIGITS[(number >> (5 * place)) & 31] for place in range(length)]
    return "".join(reversed(digits))
