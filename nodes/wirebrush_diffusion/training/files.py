"""Writing safetensors files: whole or not at all, and the same bytes for the same content."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Any, cast

import torch
from torch import Tensor

from wirebrush_diffusion.files.weights import TORCH_DTYPES

_NAMES = {dtype: name for name, dtype in TORCH_DTYPES.items()}
_ALIGNED = 8


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a safetensors file under a temporary name, sync it, and give it its own.

    Tensors lie in the order of their names, largest numbers first, as the format's own writer does.
    """
    handle, temporary = mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
            file.write(_header(tensors, order, metadata or {}))
            for name in order:
                file.write(_bytes(tensors[name]))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _header(tensors: Mapping[str, Tensor], order: list[str], metadata: Mapping[str, str]) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    start = 0
    for name in order:
        tensor = tensors[name]
        end = start + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    return len(text).to_bytes(8, "little") + text


def _bytes(tensor: Tensor) -> memoryview:
    plain = tensor.detach().to("cpu").contiguous()
    return memoryview(cast(Any, plain.reshape(-1).view(torch.uint8).numpy()))
