"""Which of a network's weights are on the device, and where their homes are.

A leaf is what one module holds itself: it comes and leaves as a whole. What comes is a copy; its
home in the host's memory stays, so that leaving costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from threading import RLock
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.memory.room import Plenty, Room
from wirebrush_diffusion.memory.transfer import Fetched, Transfer

BYTES_PER_SECOND = 8e9  # of a transfer, for comparing what it costs to have things back


class Slot:
    """One parameter or buffer of a module. `home` is its host tensor while a copy is away."""

    __slots__ = ("_name", "_owner", "home", "parameter")

    def __init__(self, owner: nn.Module, name: str) -> None:
        self._owner, self._name = owner, name
        self.parameter: Any = owner._parameters.get(name)
        self.home: Tensor | None = None

    @property
    def tensor(self) -> Tensor:
        """What the network computes with now."""
        found = self._owner._buffers[self._name] if self.parameter is None else self.parameter.data
        assert found is not None  # empty ones have no slot
        return found

    def put(self, tensor: Tensor) -> None:
        """Let the network compute with this."""
        if self.parameter is None:
            self._owner._buffers[self._name] = tensor
        else:
            self.parameter.data = tensor


class Leaf:
    """What comes to the device and leaves it together. `module` is whose call needs it."""

    __slots__ = ("_asked", "here", "module", "slots", "transfer", "weight")

    def __init__(self, module: nn.Module, slots: Sequence[Slot]) -> None:
        self.module, self.slots = module, slots
        self.here = False
        self.weight = sum(slot.tensor.nbytes for slot in slots)
        self.transfer: Transfer | None = None
        self._asked: list[int] = []

    @property
    def size(self) -> int:
        """Bytes on the device now."""
        return self.weight if self.here else 0

    @property
    def seconds(self) -> float:
        """About how long it takes to have it back."""
        return self.weight / BYTES_PER_SECOND

    def fetch(self, transfer: Transfer) -> Fetched:
        """Begin to bring it."""
        self._asked = self._places()
        with torch.inference_mode(mode=False):
            return transfer.fetch([slot.tensor for slot in self.slots])

    def arrive(self, fetched: Fetched, transfer: Transfer) -> None:
        """Let the network compute with what was fetched."""
        if self._asked != self._places():  # others were put in their places while they travelled
            fetched = self.fetch(transfer)
        fetched.wait()
        for slot, tensor in zip(self.slots, fetched.tensors, strict=True):
            slot.home = slot.tensor
            slot.put(tensor)
        self.here, self.transfer = True, transfer

    def bring(self, transfer: Transfer) -> None:
        """Bring it now, unless it is here."""
        if not self.here:
            self.arrive(self.fetch(transfer), transfer)

    def leave(self) -> None:
        """Let go of the copies. What was changed on the device is taken along."""
        if not self.here or self.transfer is None:
            return
        self.here = False
        for slot in self.slots:
            slot.put(self.transfer.back(slot.tensor) if slot.home is None else slot.home)
            slot.home = None

    def _places(self) -> list[int]:
        return [slot.tensor.data_ptr() for slot in self.slots]

    def pin(self, transfer: Transfer) -> None:
        """Move the homes to where transfers are fast; before it travels again and again."""
        if not self.here:
            for slot in self.slots:
                slot.put(transfer.pinned(slot.tensor))


class Placement:
    """The leaves of one network, and how they travel.

    `room` is the memory that it may use. `device` is where it computes while it is used there,
    `measured` what it was seen to allocate per unit of work, by device. Whoever uses it there has
    the `lock`. `streaming`: parts come and go while it computes.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.leaves, self.shared = _leaves_of(network)
        self.device: torch.device | None = None
        self.streaming = False
        self.transfer: Transfer | None = None
        self.room: Room = Plenty()
        self.measured: dict[str, float] = {}
        self.lock = RLock()
        self._slots = {
            id(slot.parameter): (leaf, slot)
            for leaf in self.every
            for slot in leaf.slots
            if slot.parameter is not None
        }

    def __deepcopy__(self, memo: dict[int, Any]) -> Placement | None:
        return None  # a copied network is placed anew, when somebody asks

    @property
    def every(self) -> list[Leaf]:
        """All leaves. `shared` holds what several modules use, and stays while one works."""
        return [*self.leaves, *([self.shared] if self.shared.slots else [])]

    @property
    def weight(self) -> int:
        """Bytes of all leaves."""
        return sum(leaf.weight for leaf in self.every)

    @property
    def workplace(self) -> torch.device | None:
        """The device that it was last used on, for work on its weights."""
        return None if self.transfer is None else self.transfer.device

    def homes(self) -> Iterator[Tensor]:
        """Host tensors whose copies are on the device."""
        for leaf in self.every:
            for slot in leaf.slots:
                if slot.home is not None:
                    yield slot.home

    def change(self, parameter: nn.Parameter, tensor: Tensor) -> Tensor:
        """Put another value in a parameter's place; returns the old one, as it is at home."""
        leaf, slot = self._slots[id(parameter)]
        old, home = slot.tensor, slot.home
        slot.put(tensor.to(old.device))
        slot.home = None
        if not leaf.here or leaf.transfer is None:
            return old
        return home if home is not None else leaf.transfer.back(old)

    def swap(self, parameter: nn.Parameter, tensor: Tensor) -> None:
        """Another value for a parameter that was given to `change`; the one before is let go."""
        _, slot = self._slots[id(parameter)]
        slot.put(tensor.to(slot.tensor.device))
        slot.home = None

    def restore(self, parameter: nn.Parameter, original: Tensor) -> None:
        """Put a value back that `change` returned."""
        leaf, slot = self._slots[id(parameter)]
        if not leaf.here or leaf.transfer is None:
            slot.put(original)
            return
        with torch.inference_mode(mode=False):
            fetched = leaf.transfer.fetch([original])
        fetched.wait()
        slot.home = original
        slot.put(fetched.tensors[0])


def device_of(network: nn.Module) -> torch.device:
    """Where a network computes now: on the device while it is used there, else where it lies."""
    found: Placement | None = network.__dict__.get("_placement")
    if found is not None and found.device is not None:
        return found.device
    return next(network.parameters()).device


def placement_of(network: nn.Module) -> Placement:
    """The one placement of a network, made when it is asked for first."""
    found: Placement | None = network.__dict__.get("_placement")
    if found is None:
        found = Placement(network)
        network.__dict__["_placement"] = found
    return found


def blocks_of(placement: Placement) -> list[tuple[nn.Module, list[Leaf]]]:
    """The network's blocks in order, with the leaves below each; small enough to stream.

    A block is the element of a list of modules. One that holds more than an eighth of the network
    is cut into its own.
    """
    below = {id(leaf.module): leaf for leaf in placement.leaves}
    most = placement.weight / 8
    found: list[tuple[nn.Module, list[Leaf]]] = []

    def visit(module: nn.Module) -> None:
        for child in module.children():
            leaves = [below[id(m)] for m in child.modules() if id(m) in below]
            listed = isinstance(module, nn.ModuleList | nn.Sequential)
            if listed and leaves and sum(leaf.weight for leaf in leaves) <= most:
                found.append((child, leaves))
            else:
                visit(child)

    visit(placement.network)
    return found


def _leaves_of(network: nn.Module) -> tuple[list[Leaf], Leaf]:
    """A leaf for each module that holds tensors, and one for those that several modules use."""
    owners = Counter(id(tensor) for module in network.modules() for _, tensor in _held(module))
    leaves: list[Leaf] = []
    shared: dict[int, Slot] = {}
    for module in network.modules():
        slots: list[Slot] = []
        for name, tensor in _held(module):
            if owners[id(tensor)] > 1:
                shared.setdefault(id(tensor), Slot(module, name))
            else:
                slots.append(Slot(module, name))
        if slots:
            leaves.append(Leaf(module, slots))
    return leaves, Leaf(network, list(shared.values()))


def _held(module: nn.Module) -> list[tuple[str, Tensor]]:
    """What a module holds itself."""
    held = (*module._parameters.items(), *module._buffers.items())
    return [(name, tensor) for name, tensor in held if tensor is not None]
