"""How tensors travel between the host and a device: the only file that knows streams and pins.

Three ways: to a card of NVIDIA's on a stream of its own, beside the computation; to other devices
as they come; and to a simulated device, which is the host's memory too, where a copy is made all
the same so that memory is accounted for as it would be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Fetched:
    """Tensors on their way. `wait` lets the computation, not the program, wait for them."""

    tensors: Sequence[Tensor]
    wait: Callable[[], None] = lambda: None


class Transfer(Protocol):
    """A way between the host and one device."""

    device: torch.device

    def fetch(self, homes: Sequence[Tensor]) -> Fetched:
        """Begin to bring copies of host tensors."""
        ...

    def back(self, tensor: Tensor) -> Tensor:
        """A device tensor as a host tensor."""
        ...

    def pinned(self, home: Tensor) -> Tensor:
        """The host tensor where transfers from it are fastest; may be the same."""
        ...


class Simulated:
    """To a device that is not there."""

    device = torch.device("cpu")

    def fetch(self, homes: Sequence[Tensor]) -> Fetched:
        return Fetched([home.clone() for home in homes])

    def back(self, tensor: Tensor) -> Tensor:
        return tensor

    def pinned(self, home: Tensor) -> Tensor:
        return home


class Plain:
    """To a device without streams of its own."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def fetch(self, homes: Sequence[Tensor]) -> Fetched:
        return Fetched([home.to(self.device) for home in homes])

    def back(self, tensor: Tensor) -> Tensor:
        return tensor.to("cpu")

    def pinned(self, home: Tensor) -> Tensor:
        return home


class Cuda(Plain):
    """On a stream of its own, so that the next block travels while this one computes."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self._stream = torch.cuda.Stream(device)

    def fetch(self, homes: Sequence[Tensor]) -> Fetched:
        with torch.cuda.stream(self._stream):
            tensors = [home.to(self.device, non_blocking=True) for home in homes]
            arrived: Any = self._stream.record_event()

        def wait() -> None:
            computing = torch.cuda.current_stream(self.device)
            computing.wait_event(arrived)
            for tensor in tensors:  # its memory is not given away before the computation is done
                tensor.record_stream(computing)

        return Fetched(tensors, wait)

    def pinned(self, home: Tensor) -> Tensor:
        """A copy that cannot be swapped out; where there is no memory for it, the tensor itself."""
        if home.is_pinned():
            return home
        try:
            return home.pin_memory()
        except RuntimeError:
            return home


def transfer_to(device: str) -> Transfer:
    """The way to a device; "cpu" is simulated."""
    target = torch.device(device)
    if target.type == "cpu":
        return Simulated()
    return Cuda(target) if target.type == "cuda" else Plain(target)


class CardMeter:
    """The most that was allocated on a card while the block ran, above what was there before."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._before = 0
        self.peak = 0

    def __enter__(self) -> CardMeter:
        torch.cuda.reset_peak_memory_stats(self._device)
        self._before = torch.cuda.memory_allocated(self._device)
        return self

    def __exit__(self, *raised: object) -> None:
        self.peak = torch.cuda.max_memory_allocated(self._device) - self._before
