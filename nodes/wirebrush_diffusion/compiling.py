"""Networks compiled block by block, beside the work: the first picture does not wait.

The blocks that repeat are compiled with `torch.compile`, each kind once for all its instances. That
happens in a thread, with copies of what the blocks were called with, while the blocks themselves go
on computing. A block changes over when code for its shapes is there, and from then on only code
that is there is used: whatever does not fit it (another size) is computed as before, and compiled
in its turn. So no step ever waits for a compiler.

A thread, not a process: code is compiled for this process's modules, and what another process
compiled would have to be traced again here. Tracing is thread-local in torch; what it patches for
the whole process (calls of modules) hands on to what was there.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.lean import PlainAttention, TextAttention
from wirebrush_diffusion.memory.placement import Placement, placement_of

UNET_BLOCKS = ("BasicTransformerBlock", "ResnetBlock2D")
COMPILERS = ("g++", "clang++", "c++", "cl")

Backend = str | Callable[..., Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Order:
    """What shall be compiled: a call of a block."""

    key: Hashable
    block: nn.Module
    given: Any


class Compilation:
    """The compiled blocks of one network. `problem`: why there are none, or no more of them."""

    def __init__(self, backend: Backend, placement: Placement) -> None:
        self.backend = backend
        self._placement = placement
        self.problem = ""
        self.calls = 0
        self._ready: set[Hashable] = set()
        self._asked: set[Hashable] = set()
        self._orders: deque[_Order] = deque()
        self._code: dict[type, Callable[..., Any]] = {}
        self._idle = threading.Condition()
        self._working = False

    def call(self, block: nn.Module, form: Hashable, *args: Any, **named: Any) -> Any:
        """The block's answer; `form` tells apart blocks of one class that differ in their shapes.

        While weights come and go below the block, it is computed as it is.
        """
        if self._placement.streaming:
            return type(block).forward(block, *args, **named)
        key = (type(block), form, *(_shape(item) for item in tree_leaves((args, named))))
        if key in self._ready:
            self.calls += 1
            return torch._dynamo.run(self._code[type(block)])(block, *args, **named)
        if key not in self._asked and not self.problem:
            self._ask(_Order(key, block, tree_map(_copied, (args, named))))
        return type(block).forward(block, *args, **named)

    def wait(self, seconds: float) -> bool:
        """Wait until everything that was asked for is compiled; False if it takes longer."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._working, seconds)

    def _ask(self, order: _Order) -> None:
        with self._idle:
            self._asked.add(order.key)
            self._orders.append(order)
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="compiling", daemon=True).start()

    def _work(self) -> None:
        while (order := self._next()) is not None:
            kind = type(order.block)
            if kind not in self._code:
                self._code[kind] = torch.compile(kind.forward, dynamic=True, backend=self.backend)
            args, named = order.given
            try:
                with torch.inference_mode():
                    self._code[kind](order.block, *args, **named)
            except Exception as error:  # whatever a compiler raises: the blocks compute without it
                self.problem = f"{kind.__name__} cannot be compiled: {_first_line(error)}"
                log.warning("%s The model goes on uncompiled.", self.problem)
            else:
                self._ready.add(order.key)

    def _next(self) -> _Order | None:
        with self._idle:
            if self.problem:
                self._orders.clear()
            if self._orders:
                return self._orders.popleft()
            self._working = False
            self._idle.notify_all()
            return None


@dataclass(frozen=True)
class Compiled:
    """An alteration: the network's repeated blocks run compiled as soon as they are."""

    backend: Backend = "inductor"

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        placement = placement_of(network)
        if compiler_problem(self.backend, placement.room.device):
            yield
            return
        blocks = repeated_blocks(network)
        compilation = compilation_of(network, self.backend)
        attention: list[Any] = [m for b in blocks for m in b.modules() if _remembers(m)]
        before = [layer.__dict__["processor"] for layer in attention]
        for layer in attention:  # what is remembered between steps cannot be compiled
            layer.processor = PlainAttention()
        for block in blocks:
            form = tuple(tuple(parameter.shape) for parameter in block.parameters())
            block.forward = partial(compilation.call, block, form)
        try:
            yield
        finally:
            for block in blocks:
                block.__dict__.pop("forward", None)
            for layer, own in zip(attention, before, strict=True):
                layer.processor = own


def compilation_of(network: nn.Module, backend: Backend) -> Compilation:
    """The compiled blocks of a network; they live as long as it does."""
    found: dict[Any, Compilation] = network.__dict__.setdefault("_compilations", {})
    if backend not in found:
        found[backend] = Compilation(backend, placement_of(network))
    return found[backend]


def repeated_blocks(network: nn.Module) -> list[nn.Module]:
    """The blocks that are worth compiling; DiffusionError if there are none."""
    names = set(getattr(network, "_repeated_blocks", None) or ())
    if hasattr(network, "down_blocks"):
        names |= set(UNET_BLOCKS)
    if not names:
        lists = [m for m in network.children() if isinstance(m, nn.ModuleList)]
        kinds = Counter(type(block).__name__ for blocks in lists for block in blocks)
        names = {name for name, count in kinds.items() if count > 1}
    blocks = [module for module in network.modules() if type(module).__name__ in names]
    if not blocks:
        raise DiffusionError(
            f"{type(network).__name__} has no repeated blocks that could be compiled.",
            "Take TorchCompileModel out of this workflow.",
        )
    return blocks


def compiler_problem(backend: Backend, device: str) -> str:
    """Why nothing can be compiled for a device here; empty if it can."""
    if backend == "cudagraphs" and not device.startswith("cuda"):
        return f"cudagraphs needs an NVIDIA card; this worker computes on {device}."
    if backend != "inductor":
        return ""
    if device == "cpu" and not any(map(shutil.which, (os.environ.get("CXX", ""), *COMPILERS))):
        return (
            "torch.compile needs a C++ compiler to compile for the processor, and none was found. "
            "Install g++ or clang; until then the model runs uncompiled."
        )
    if device.startswith("cuda") and find_spec("triton") is None:
        return (
            "torch.compile needs Triton to compile for a card, and it is not installed. "
            "Run pip install triton; until then the model runs uncompiled."
        )
    return ""


def _remembers(module: nn.Module) -> bool:
    return isinstance(module.__dict__.get("processor"), TextAttention)


def _shape(item: object) -> Hashable:
    """What code for one value would be fit for."""
    if isinstance(item, Tensor):
        return tuple(item.shape), item.dtype, item.device.type
    return item if isinstance(item, int | float | str | bool | None) else type(item)


def _copied(item: object) -> object:
    return item.clone() if isinstance(item, Tensor) else item


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200] if lines else ''}"
