"""Noise for the steps to come, drawn beside the model's work.

A Brownian path costs half a millisecond per step and more for large latents. Its increments depend
on nothing but the seed, so they are drawn by a thread of their own while the network computes.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from wirebrush_diffusion.noise.sources import StepNoise

WINDOW_BYTES = 64 << 20
"""How much noise may wait for its step; two steps' at the least."""


class DrawnAhead:
    """The same noise as `noise` gives, whose steps from level to level are ready in time.

    Other intervals (samplers ask for points between) are drawn when they are asked for. `noise`
    must give the same for an interval whenever it is asked.
    """

    def __init__(
        self, noise: StepNoise, sigmas: Sequence[float], window: int = WINDOW_BYTES
    ) -> None:
        steps = [step for step in pairwise(sigmas) if step[0] > 0 and step[1] > 0]
        self._noise = noise
        self._shelf = _Shelf(steps, window)
        self._end = weakref.finalize(self, self._shelf.close)
        # No daemon: a process must not end in the middle of torch's code.
        threading.Thread(target=self._shelf.fill, args=(noise,), name="noise-ahead").start()

    def __call__(self, sigma: float, sigma_next: float) -> Tensor:
        ready = self._shelf.take((sigma, sigma_next))
        if ready is not None:
            return ready
        with self._shelf.drawing:
            return self._noise(sigma, sigma_next)


class _Shelf:
    """What is drawn and waits for its step; a thread puts it there, the sampler takes it."""

    def __init__(self, steps: Sequence[tuple[float, float]], window: int) -> None:
        self._window = window
        self.drawing = threading.Lock()  # paths are refined as they are asked: one at a time
        self._to_draw = list(reversed(steps))
        self._planned = set(steps)
        self._ready: dict[tuple[float, float], Tensor] = {}
        self._changed = threading.Condition()
        self._closed = False

    def fill(self, noise: StepNoise) -> None:
        """Draw step after step, never further ahead than the window."""
        while True:
            with self._changed:
                while not self._closed and self._full():
                    self._changed.wait(1.0)
                    if not threading.main_thread().is_alive():
                        return  # the process ends
                if self._closed or not self._to_draw:
                    return
                step = self._to_draw.pop()
            try:
                with self.drawing:
                    drawn = noise(*step)
            except Exception:  # whoever takes this step draws it too, and says what is wrong
                self.close()
                return
            with self._changed:
                self._ready[step] = drawn
                self._changed.notify_all()

    def take(self, step: tuple[float, float]) -> Tensor | None:
        """The noise of a planned step, once; None if it is drawn by whoever asks."""
        with self._changed:
            if step not in self._planned:
                return None
            self._planned.discard(step)
            if step in self._to_draw:  # the thread is not that far: do not wait for its turn
                self._to_draw.remove(step)
                return None
            self._changed.wait_for(lambda: self._closed or step in self._ready)
            drawn = self._ready.pop(step, None)
            self._changed.notify_all()
            return drawn

    def close(self) -> None:
        """Nothing more is wanted, or nothing more can be drawn; the thread ends."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _full(self) -> bool:
        waiting = sum(item.nbytes for item in self._ready.values())
        return len(self._ready) >= 2 and waiting >= self._window
