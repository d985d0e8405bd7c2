"""Reading safetensors files, and refusing everything else with a reason.

The header is checked before a tensor is touched: a hostile or damaged file must end in a sentence,
never in a crash or in gigabytes of memory. Pickles can run code when they are loaded, so they are
refused.

Each tensor is asked for once and lands where it stays, so that loading needs no more memory than
the weights. Weights that are used as they are stored, by the processor, are mapped: they take no
time to load, and share their memory with the file's cache. All others are read: a mapped file that
somebody cuts short would end the process.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError

SUFFIXES = (".safetensors", ".sft", ".latent")
MAX_HEADER = 100 * 1024 * 1024
DTYPE_BITS: Mapping[str, int] = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8,
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64,
}  # fmt: skip

TORCH_DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "F8_E8M0": torch.float8_e8m0fnu,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8,
    "BOOL": torch.bool,
}  # fmt: skip

CONVERT = (
    "Convert it once, in a process of its own: python -m wirebrush_diffusion.files.convert {name}"
)


class WeightFile:
    """One safetensors file: names and shapes at once, tensors when asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state = _state(path)
        header, self._data_start = _header(path)
        self.metadata: Mapping[str, str] = header.pop("__metadata__", None) or {}
        self._entries: Mapping[str, Mapping[str, Any]] = header
        self._storage: torch.UntypedStorage | None = None

    @property
    def name(self) -> str:
        return self.path.name

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def names(self) -> Iterable[str]:
        """All tensor names."""
        return self._entries.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, without reading it."""
        return tuple(self._entries[name]["shape"])

    def stored_as(self, name: str) -> str:
        """The precision of a tensor as the file calls it: "F16", "F8_E4M3"..."""
        return self._entries[name]["dtype"]

    def dtype(self, name: str) -> torch.dtype:
        """The precision of a tensor; DiffusionError if it is none that can be read."""
        stored = self.stored_as(name)
        if stored not in TORCH_DTYPES:
            raise DiffusionError(
                f"{self.name}: {name[:80]!r} is stored as {stored}, which cannot be read.",
                "Get a version of the file in fp16, bf16, fp32 or fp8.",
            )
        return TORCH_DTYPES[stored]

    def tensor(self, name: str, rows: tuple[int, int] | None = None) -> Tensor:
        """A tensor as it is stored, in memory of its own; `rows` reads only those, from and to."""
        entry, dtype = self._entries[name], self.dtype(name)
        shape = list(entry["shape"])
        start, end = entry["data_offsets"]
        if rows is not None:
            row = (end - start) // max(shape[0], 1)
            start, end = start + rows[0] * row, start + rows[1] * row
            shape[0] = rows[1] - rows[0]
        memory = torch.empty(end - start, dtype=torch.uint8)
        self._read_into(memory, self._data_start + start)
        return memory.view(dtype).reshape(shape)

    def mapped(self, name: str, rows: tuple[int, int] | None = None) -> Tensor:
        """Like `tensor`, but the file itself is the memory, read page by page when it is used.

        Writing to it changes this process's copy only.
        """
        entry = self._entries[name]
        dtype = TORCH_DTYPES.get(entry["dtype"])
        start, end = (self._data_start + offset for offset in entry["data_offsets"])
        if dtype is None or start % dtype.itemsize or start == end:
            return self.tensor(name, rows)
        self._check_unchanged()
        if self._storage is None:
            size = self._state[1]
            self._storage = torch.UntypedStorage.from_file(str(self.path), False, size)
        whole = torch.empty(0, dtype=dtype)
        whole.set_(self._storage, start // dtype.itemsize, entry["shape"])
        return whole if rows is None else whole[rows[0] : rows[1]]

    def with_prefix(self, *prefixes: str) -> str | None:
        """The first of the prefixes that any name starts with."""
        for prefix in prefixes:
            if any(name.startswith(prefix) for name in self._entries):
                return prefix
        return None

    def _check_unchanged(self) -> None:
        if _state(self.path) != self._state:
            raise DiffusionError(
                f"{self.name} was changed while it was being read.",
                "Run again when the file is complete.",
            )

    def _read_into(self, memory: Tensor, place: int) -> None:
        try:
            with self.path.open("rb", buffering=0) as file:
                self._check_unchanged()
                file.seek(place)
                view = memoryview(cast(Any, memory.numpy()))
                while view:
                    count = file.readinto(view)
                    if not count:
                        raise DiffusionError(f"{self.name} is cut off.", "Get the file again.")
                    view = view[count:]
        except OSError as error:
            raise DiffusionError(
                f"{self.name} cannot be read: {error.strerror}.", "Check the disk and the file."
            ) from error


def _state(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written to or replaced."""
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)  # the header's reader says so in words
    return found.st_ino, found.st_size, found.st_mtime_ns


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """The checked header of a safetensors file, and where its data begin."""
    refuse_pickles(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        length = int.from_bytes(head, "little")
        if len(head) < 8 or length < 2 or length > min(MAX_HEADER, size - 8):
            raise DiffusionError(
                f"{path.name} is no safetensors file, or only the beginning of one: "
                f"it has {size} bytes and announces a header of {length}.",
                "Get the file again.",
            )
        raw = file.read(length)
    try:
        header = json.loads(raw, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise DiffusionError(
            f"{path.name}: the header of the safetensors file is damaged ({error}).",
            "Get the file again.",
        ) from error
    if not isinstance(header, dict):
        raise DiffusionError(f"{path.name}: the header is no table.", "Get the file again.")
    _check_entries(path.name, header, size - 8 - length)
    _check_overlaps(path.name, header)
    return header, 8 + length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a name occurs twice")
    return table


def _check_entries(name: str, header: Mapping[str, Any], size: int) -> None:
    for key, entry in header.items():
        if key == "__metadata__":
            continue
        try:
            dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            bits = DTYPE_BITS[dtype] * math.prod(shape)
            sound = (
                0 <= start <= end <= size
                and (end - start) * 8 == bits
                and min(shape, default=0) >= 0
            )
        except (KeyError, TypeError, ValueError):
            sound = False
            end = size
        if not sound and isinstance(end, int) and end > size:
            raise DiffusionError(
                f"{name} is cut off: {key[:80]!r} should end at byte {end} of {size}.",
                "Get the file again; the download was not complete.",
            )
        if not sound:
            raise DiffusionError(
                f"{name}: the header contradicts itself at {key[:80]!r}.", "Get the file again."
            )


def _check_overlaps(name: str, header: Mapping[str, Any]) -> None:
    """Refuse a few bytes that claim to be many tensors: they would fill the memory."""
    last = 0
    for key, entry in sorted(
        (item for item in header.items() if item[0] != "__metadata__"),
        key=lambda item: item[1]["data_offsets"],
    ):
        start, end = entry["data_offsets"]
        if start < last:
            raise DiffusionError(
                f"{name}: the header contradicts itself, {key[:80]!r} overlaps another tensor.",
                "Get the file again.",
            )
        last = max(last, end)


def refuse_pickles(path: Path) -> None:
    """Raise if the file is a pickle by its first bytes, or is no safetensors file by its name."""
    if not path.is_file():
        raise DiffusionError(f"There is no file {path.name}.", "Choose another, or put it there.")
    with path.open("rb") as file:
        head = file.read(9)
    # A safetensors file starts with the header's length, which may look like either mark.
    if head[8:] != b"{" and head.startswith((b"PK", b"\x80")):
        raise DiffusionError(
            f"{path.name} is a pickle: loading it could run code that somebody put inside.",
            CONVERT.format(name=path.name),
        )
    if path.suffix.lower() not in SUFFIXES:
        raise DiffusionError(
            f"{path.name} is no safetensors file.",
            f"Only {' and '.join(SUFFIXES[:2])} files are read. {CONVERT.format(name=path.name)}",
        )


def fill(
    network: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    where: str,
    device: torch.device,
    dtype: torch.dtype | None,
) -> None:
    """Put tensors into a network that was built without memory for its parameters.

    Every parameter must be there, in its shape and free of NaN; what the network does not know is
    an error as well, because then the file is for something else. Each tensor is asked for once and
    kept as it is if it has the right precision already, so `tensors` may read them one by one.
    Without a `dtype` each gets the precision that the network gave its parameter.
    """
    buffers = {name: buffer for name, buffer in network.named_buffers() if name in tensors}
    wanted: dict[str, Tensor] = {**dict(network.named_parameters()), **buffers}
    missing = sorted(set(wanted) - set(tensors))
    surplus = sorted(set(tensors) - set(wanted))
    if missing or surplus:
        raise DiffusionError(
            f"{where} does not fit {type(network).__name__}: "
            + "; ".join(filter(None, (_some("missing", missing), _some("unknown", surplus))))
            + ".",
            "Choose a file of the right kind, complete and not for another model family.",
        )
    shared = _shared_names(network)
    for name, parameter in wanted.items():
        tensor = tensors[name]
        if tensor.shape != parameter.shape:
            raise DiffusionError(
                f"{where}: {name} is {_shape(tensor.shape)}, the configuration says "
                f"{_shape(parameter.shape)}.",
                "The configuration and the weights do not belong together.",
            )
        precision = parameter.dtype if dtype is None else dtype
        converted = _converted(tensor, device, precision, f"{where}: {name}")
        _assign(network, name, converted, buffer=name in buffers)
        for other in shared.get(name, ()):
            _assign(network, other, converted, buffer=False)


def _shared_names(network: nn.Module) -> dict[str, list[str]]:
    """Other names of parameters that a network uses twice, by the name that files have."""
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    shared: dict[str, list[str]] = {}
    for name, parameter in network.named_parameters(remove_duplicate=False):
        if names[id(parameter)] != name:
            shared.setdefault(names[id(parameter)], []).append(name)
    return shared


def _converted(tensor: Tensor, device: torch.device, dtype: torch.dtype, where: str) -> Tensor:
    """The tensor as the network wants it: itself if it is so already, else a copy.

    Copies of convolutions' weights lie with their channels last: convolutions of any input are up
    to a quarter faster then.
    """
    if not tensor.is_floating_point():
        converted = tensor.to(device)
    elif tensor.ndim == 4 and (tensor.dtype, tensor.device) != (dtype, device):
        converted = tensor.to(device, dtype, memory_format=torch.channels_last)
    else:
        converted = tensor.to(device, dtype)
    looked_at = converted.float() if dtype.itemsize == 1 else converted
    # Extremes are NaN if any element is, and take a tenth of the time that looking at each does.
    extremes = torch.stack(torch.aminmax(looked_at)) if looked_at.numel() else looked_at
    if looked_at.is_floating_point() and not extremes.isfinite().all():
        raise DiffusionError(
            f"{where} contains NaN or infinite numbers"
            + ("." if tensor.dtype == dtype else f" in {str(dtype).removeprefix('torch.')}."),
            "The file is damaged, or was saved from a training that diverged. Get another.",
        )
    return converted


def _assign(network: nn.Module, name: str, tensor: Tensor, *, buffer: bool) -> None:
    owner_name, _, leaf = name.rpartition(".")
    owner = network.get_submodule(owner_name)
    setattr(owner, leaf, tensor if buffer else nn.Parameter(tensor, requires_grad=False))


def _some(label: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{label} {', '.join(name[:80] for name in names[:3])}{more}"


def _shape(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape)) or "a single number"
