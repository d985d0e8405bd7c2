"""The loop that small trainings share: steps by the clock, a line now and then, kept states."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wirebrush_postcards.checkpoints import load_state, save_state
from wirebrush_postcards.optimizer import Clock, rate, set_rate


@dataclass
class Loop:
    """A training that can be stopped and goes on; `weights` gives what it has learnt so far."""

    optimizers: Sequence[torch.optim.Optimizer]
    weights: Callable[[], Any]
    clock: Clock
    out: Path
    save_every: float
    step: int = 0

    def resume(self) -> Any:
        """Take up an earlier run's optimizers and clock; return its weights, None without one."""
        state = load_state(self.out)
        if state is None:
            return None
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.step, self.clock.spent = state["step"], state["spent"]
        return state["model"]

    def run(self, loss_of_batch: Callable[[], Tensor]) -> None:
        """Take steps until the clock has run out; nothing if it has already."""
        if self.clock.spent >= self.clock.budget:
            return
        self.clock.start()
        progress, mean, saved = 0.0, 0.0, self.clock.spent
        while progress < 1:
            progress = self.clock.tick()
            set_rate(self.optimizers, rate(progress))
            loss = self._take_step(loss_of_batch)
            mean = mean * 0.98 + loss * 0.02 if mean else loss
            if self.step % 50 == 0:
                print(f"{self.step} {self.clock.spent:.0f}s loss {mean:.5f}", flush=True)
            if self.clock.spent - saved > self.save_every:
                saved = self.clock.spent
                self.save()
        self.save()

    def save(self) -> None:
        """Write the whole state."""
        state = {
            "model": self.weights(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "spent": self.clock.spent,
            "step": self.step,
        }
        save_state(self.out, state)

    def _take_step(self, loss_of_batch: Callable[[], Tensor]) -> float:
        loss = loss_of_batch()
        loss.backward()
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        torch.nn.utils.clip_grad_norm_([w for group in groups for w in group["params"]], 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return loss.item()
