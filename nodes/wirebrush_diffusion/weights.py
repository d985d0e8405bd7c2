"""Reading safetensors files, and refusing everything else with a reason.

The header is checked before the library touches a tensor: a hostile or damaged file must end in a
sentence, never in a crash or in gigabytes of memory. Pickles can run code when they are loaded,
so they are refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError

SUFFIXES = (".safetensors", ".sft")
MAX_HEADER = 100 * 1024 * 1024
DTYPE_BITS: Mapping[str, int] = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8,
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64,
}  # fmt: skip

CONVERT = "Convert it once, in a process of its own: python -m wirebrush_diffusion.convert {name}"


class WeightFile:
    """One safetensors file: names and shapes at once, tensors when asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        header = _header(path)
        self.metadata: Mapping[str, str] = header.pop("__metadata__", None) or {}
        self._entries: Mapping[str, Mapping[str, Any]] = header
        self._file = _opened(path)

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

    def tensor(self, name: str) -> Tensor:
        """A tensor as it is stored, backed by the file: copy it before the file may change."""
        try:
            return self._file.get_tensor(name)
        except (SafetensorError, AttributeError, RuntimeError) as error:
            kind = self._entries[name]["dtype"]
            raise DiffusionError(
                f"{self.name}: cannot read {name!r} (stored as {kind}): {error}.",
                "Get the file again, or a version in fp16 or fp32.",
            ) from error

    def with_prefix(self, *prefixes: str) -> str | None:
        """The first of the prefixes that any name starts with."""
        for prefix in prefixes:
            if any(name.startswith(prefix) for name in self._entries):
                return prefix
        return None


def _opened(path: Path) -> Any:
    try:
        return safe_open(str(path), framework="pt", device="cpu").__enter__()
    except (SafetensorError, OSError) as error:
        raise DiffusionError(
            f"{path.name} cannot be read: {error}.", "Get the file again."
        ) from error


def _header(path: Path) -> dict[str, Any]:
    """The checked header of a safetensors file."""
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
    return header


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
            f"Only {' and '.join(SUFFIXES)} files are read. {CONVERT.format(name=path.name)}",
        )


def fill(
    network: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    where: str,
    device: torch.device,
    dtype: torch.dtype,
) -> None:
    """Put tensors into a network that was built without memory for its parameters.

    Every parameter must be there, in its shape and free of NaN; what the network does not know is
    an error as well, because then the file is for something else.
    """
    parameters = dict(network.named_parameters())
    missing = sorted(set(parameters) - set(tensors))
    surplus = sorted(set(tensors) - set(parameters) - set(dict(network.named_buffers())))
    if missing or surplus:
        raise DiffusionError(
            f"{where} does not fit {type(network).__name__}: "
            + "; ".join(filter(None, (_some("missing", missing), _some("unknown", surplus))))
            + ".",
            "Choose a file of the right kind, complete and not for another model family.",
        )
    for name, parameter in parameters.items():
        tensor = tensors[name]
        if tensor.shape != parameter.shape:
            raise DiffusionError(
                f"{where}: {name} is {_shape(tensor.shape)}, the configuration says "
                f"{_shape(parameter.shape)}.",
                "The configuration and the weights do not belong together.",
            )
        _assign(network, name, _converted(tensor, device, dtype, f"{where}: {name}"))


def _converted(tensor: Tensor, device: torch.device, dtype: torch.dtype, where: str) -> Tensor:
    converted = tensor.to(device, dtype, copy=True)
    # The sum is finite unless some element is not (or the sum overflows, hence the second look).
    if not torch.isfinite(converted.sum(dtype=torch.float32)) and not converted.isfinite().all():
        raise DiffusionError(
            f"{where} contains NaN or infinite numbers.",
            "The file is damaged, or was saved from a training that diverged. Get another.",
        )
    return converted


def _assign(network: nn.Module, name: str, tensor: Tensor) -> None:
    owner_name, _, leaf = name.rpartition(".")
    owner = network.get_submodule(owner_name)
    setattr(owner, leaf, nn.Parameter(tensor, requires_grad=False))


def _some(label: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{label} {', '.join(name[:80] for name in names[:3])}{more}"


def _shape(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape)) or "a single number"
