"""Models written to safetensors files, by the names that their authors gave the weights.

Weights go from file to file as they are stored, one after the other, so that a model is written
with the memory of its largest tensor. Only what patches change is computed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch
from torch import Tensor

from wirebrush_diffusion.files.layout import FileTensors, Stored
from wirebrush_diffusion.files.weights import TORCH_DTYPES

DTYPE_NAMES = {dtype: name for name, dtype in TORCH_DTYPES.items()}
ALIGNMENT = 8  # bytes
OnTensor = Callable[[int, int], None]
"""`on_tensor(done, total)`: called after each tensor; what it raises ends the work."""


@dataclass(frozen=True, slots=True, eq=False)
class Outgoing:
    """One network on its way into a file.

    `tensors` are those it was loaded from, `places` where its authors keep them; `prefix` stands
    before their names. `changed` gives a weight that patches changed, float32, else None.
    """

    tensors: FileTensors
    places: Mapping[str, Stored]
    prefix: str = ""
    changed: Callable[[str], Tensor | None] = lambda name: None

    def entries(self) -> Iterator[_Entry]:
        """The tensors of the file, each made when asked for."""
        stacks: dict[str, list[str]] = {}
        for name in self.tensors:
            stacks.setdefault(self.places[name].name, []).append(name)
        for stored, names in stacks.items():
            names.sort(key=lambda name: self.places[name].rows or (0, 0))
            yield self._entry(self.prefix + stored, names)

    def _entry(self, stored: str, names: Sequence[str]) -> _Entry:
        place = self.places[names[0]]
        shape = list(self.tensors.shape(names[0]))
        shape[:1] = [sum(self.tensors.shape(name)[0] for name in names)] if shape else []
        if place.transposed:
            shape.reverse()
        if place.flattened:
            shape += [1, 1]
        dtype = self.tensors.dtype(names[0])
        return _Entry(stored, dtype, tuple(shape), lambda: self._joined(names, dtype))

    def _joined(self, names: Sequence[str], dtype: torch.dtype) -> Tensor:
        parts = [self._part(name).to(dtype) for name in names]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def _part(self, name: str) -> Tensor:
        place, changed = self.places[name], self.changed(name)
        tensor = self.tensors[name] if changed is None else changed.cpu()
        if place.swapped:
            tensor = torch.cat(tensor.chunk(2)[::-1])
        if place.flattened:
            tensor = tensor[..., None, None]
        return tensor.T if place.transposed else tensor


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A tensor that a file will hold."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    make: Callable[[], Tensor]

    @property
    def size(self) -> int:
        """Bytes."""
        return torch.Size(self.shape).numel() * self.dtype.itemsize


def write_model(
    path: Path,
    networks: Sequence[Outgoing],
    metadata: Mapping[str, str],
    marks: Sequence[str] = (),
    on_tensor: OnTensor = lambda done, total: None,
) -> None:
    """A safetensors file of networks; `marks` are names of empty tensors that say something."""
    entries = [entry for network in networks for entry in network.entries()]
    entries += [_Entry(mark, torch.float32, (0,), lambda: torch.zeros(0)) for mark in marks]
    entries.sort(key=lambda entry: -entry.dtype.itemsize)  # so that none lies across a boundary
    with path.open("wb") as file:
        _write_header(file, entries, metadata)
        for index, entry in enumerate(entries):
            file.write(_bytes_of(entry.make()))
            on_tensor(index + 1, len(entries))
        file.flush()
        os.fsync(file.fileno())


def _write_header(file: BinaryIO, entries: Sequence[_Entry], metadata: Mapping[str, str]) -> None:
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    start = 0
    for entry in entries:
        header[entry.name] = {
            "dtype": DTYPE_NAMES[entry.dtype],
            "shape": list(entry.shape),
            "data_offsets": [start, start + entry.size],
        }
        start += entry.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    file.write(len(text).to_bytes(8, "little") + text)


def _bytes_of(tensor: Tensor) -> memoryview:
    flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8)
    return memoryview(cast(Any, flat.numpy()))
