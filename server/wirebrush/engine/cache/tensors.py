"""Tensors as bytes in the safetensors layout, and back without a copy. Torch only if it is there.

The layout is `u64 header length, JSON header, data`; see huggingface/safetensors. Our structure
travels in the header's `__metadata__`, so any safetensors tool can open a cache file.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

_LENGTH = struct.Struct("<Q")
_NAMES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL", "uint16": "U16",
    "uint32": "U32", "uint64": "U64",
}  # fmt: skip
_DTYPES = {short: name for name, short in _NAMES.items()}


def is_tensor(value: object) -> bool:
    """Whether it is a plain torch tensor, asked without importing torch."""
    kind = type(value)
    return kind.__module__ == "torch" and kind.__name__ == "Tensor"


def can_pack(tensor: Any) -> bool:
    """Whether the layout has a word for this tensor: dense, and of a common dtype."""
    return str(tensor.dtype).removeprefix("torch.") in _NAMES and not tensor.is_sparse


def pack(tensors: Sequence[Any], structure: str) -> bytes:
    """Tensors (moved to the CPU if they are elsewhere) with a text beside them, as one file."""
    torch = import_module("torch") if tensors else None
    header: dict[str, Any] = {"__metadata__": {"wirebrush": structure}}
    blobs: list[Any] = []
    position = 0
    for index, tensor in enumerate(tensors):
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        blob = flat.view(torch.uint8).numpy().data if torch and flat.numel() else b""
        header[str(index)] = {
            "dtype": _NAMES[str(tensor.dtype).removeprefix("torch.")],
            "shape": list(tensor.shape),
            "data_offsets": [position, position + len(blob)],
        }
        position += len(blob)
        blobs.append(blob)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)  # data starts aligned
    return b"".join([_LENGTH.pack(len(head)), head, *blobs])


def unpack(data: bytes | bytearray) -> tuple[list[Any], str]:
    """The tensors, as views of a writable `data`, and the text. ValueError if it is damaged."""
    try:
        (size,) = _LENGTH.unpack_from(data)
        start = _LENGTH.size + size
        header: dict[str, Any] = json.loads(bytes(data[_LENGTH.size : start]))
        structure: str = header.pop("__metadata__")["wirebrush"]
        tensors = [_view(data, start, header[str(index)]) for index in range(len(header))]
    except (struct.error, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(f"not a cache file: {error}") from error
    return tensors, structure


def _view(data: bytes | bytearray, start: int, entry: Mapping[str, Any]) -> Any:
    torch = import_module("torch")
    dtype = getattr(torch, _DTYPES[entry["dtype"]])
    begin, end = entry["data_offsets"]
    if begin == end:
        return torch.empty(entry["shape"], dtype=dtype)
    raw = torch.frombuffer(data, dtype=torch.uint8, count=end - begin, offset=start + begin)
    if (start + begin) % dtype.itemsize:
        raw = raw.clone()  # a view needs aligned memory
    return raw.view(dtype).reshape(entry["shape"])
