"""Steps that are not computed, because what the last one said still nearly holds. *Lossy.*

EasyCache (Zhou et al. 2025, arXiv:2507.02860): how much a network's answer changes is nearly a
constant times how much its input changes. That rate is measured whenever the network is asked;
in between, the expected relative change is added up, and the network is asked again when it
reaches the threshold. What is kept is the difference between answer and input.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from torch import Tensor


@dataclass(slots=True)
class _Past:
    """What is known of one question that is asked again and again."""

    x: Tensor
    answer: Tensor
    rate: float | None = None
    change: float = 0.0


class StepCache:
    """Decides whether an answer can stand for the next one.

    Args:
        threshold: The relative change of the answer that is put up with, added up over steps left
            out; 0 leaves none out.
        first_sigma: Above this noise level every step is computed.
        last_sigma: Below this too.
    """

    def __init__(self, threshold: float, first_sigma: float, last_sigma: float) -> None:
        self._threshold = threshold
        self._first, self._last = first_sigma, last_sigma
        self._known: dict[Hashable, _Past] = {}
        self.asked = self.reused = 0

    def answer(self, key: Hashable, x: Tensor, sigma: float, ask: Callable[[], Tensor]) -> Tensor:
        """The answer to `x`: computed by `ask`, or the last one carried along with x."""
        change = self._change(key, x, sigma)
        past = self._known.get(key)
        if change is not None and change < self._threshold and past is not None:
            self.reused += 1
            moved = past.answer + (x - past.x) if x.shape == past.answer.shape else past.answer
            past.change, past.x, past.answer = change, x.clone(), moved
            return moved.clone()
        answer = ask()
        self.asked += 1
        rate = None
        if past is not None and (moved := _mean(x, past.x)) > 0:
            rate = _mean(answer, past.answer) / moved
        self._known[key] = _Past(x.clone(), answer.clone(), rate)
        return answer

    def _change(self, key: Hashable, x: Tensor, sigma: float) -> float | None:
        """The answer's relative change since it was computed; None if it has to be computed."""
        past = self._known.get(key)
        inside = self._last <= sigma <= self._first
        if self._threshold <= 0 or not inside or past is None or past.rate is None:
            return None
        if x.shape != past.x.shape:
            return None
        size = float(past.answer.abs().mean())
        return past.change + past.rate * _mean(x, past.x) / max(size, 1e-12)


def _mean(one: Tensor, other: Tensor) -> float:
    """The mean difference: waits for the device, as every decision about a value must."""
    return float((one - other).abs().mean())
