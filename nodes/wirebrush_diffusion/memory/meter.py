"""What a device that is only simulated would have allocated, and when it would have been too much.

Every tensor that is made while the meter runs is counted until it is gone. Only what operations
return is seen: what kernels use inside is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import finalize

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class SimulatedOutOfMemory(MemoryError):
    """A simulated device has no room for a tensor; what a card would have said."""

    def __init__(self, wanted: int, free: int) -> None:
        super().__init__(f"A tensor of {wanted} bytes was asked for; {max(free, 0)} are free.")


class Meter(TorchDispatchMode):
    """Counts bytes; raises `SimulatedOutOfMemory` above `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.used = 0
        self.peak = 0
        self._finalizers: list[finalize[Any, Any]] = []
        self._known: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = {_storage_key(item) for item in tree_leaves(args) if isinstance(item, Tensor)}
        answer = func(*args, **(kwargs or {}))
        for item in tree_leaves(answer):
            if isinstance(item, Tensor):
                self._count(item, given)
        return answer

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        for finalizer in self._finalizers:
            finalizer.detach()
        self._finalizers.clear()

    def _count(self, tensor: Tensor, given: set[int]) -> None:
        key = _storage_key(tensor)
        if key in given or key in self._known:  # a view, or in place
            return
        storage = tensor.untyped_storage()
        size = storage.nbytes()
        if self.used + size > self.limit:
            raise SimulatedOutOfMemory(size, self.limit - self.used)
        self._known.add(key)
        self.used += size
        self.peak = max(self.peak, self.used)
        self._finalizers.append(finalize(storage, self._gone, key, size))

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.used -= size


def _storage_key(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device, or the host, has no memory left."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    words = ("allocate memory", "out of memory", "Storage size")
    return isinstance(error, RuntimeError) and any(word in text for word in words)
