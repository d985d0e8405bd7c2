"""Turn a pickled weight file into safetensors, in a process of its own.

    python -m wirebrush_diffusion.files.convert model.ckpt

Only tensors are unpickled (`weights_only`): code inside the file is not run, it is an error.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError

DEEPEST = 4  # tables in tables
LONGEST = 1000  # characters of what is said besides


def convert(source: Path, target: Path) -> int:
    """Write the tensors of `source` to `target`; returns how many there were."""
    try:
        content = torch.load(source, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise DiffusionError(
            f"{source.name} holds more than tensors, or is damaged: {str(error)[:200]}.",
            "Do not load it. Look for a safetensors version from its author.",
        ) from error
    tensors = _tensors(content)
    if not tensors:
        raise DiffusionError(f"{source.name} holds no tensors.")
    partial = target.with_suffix(".partial")
    save_file(tensors, partial, metadata=_said(content))
    partial.replace(target)
    return len(tensors)


def _tensors(content: Any) -> dict[str, Tensor]:
    """The tensors of a checkpoint; copies, so that none share.

    They may lie one table deeper, or in tables of their own: then the table's name goes before.
    """
    if not isinstance(content, Mapping):
        return {}
    for key in ("state_dict", "params_ema", "params"):
        if isinstance(content.get(key), Mapping):
            content = content[key]
            break
    return {
        name: tensor.detach().clone().contiguous() for name, tensor in _found(content, "", DEEPEST)
    }


def _found(content: Any, prefix: str, deeper: int) -> Iterator[tuple[str, Tensor]]:
    """The tensors in tables and lists, by the way to them."""
    if isinstance(content, Tensor):
        yield prefix, content
    elif deeper and isinstance(content, Mapping | list | tuple):
        items = content.items() if isinstance(content, Mapping) else enumerate(content)
        for key, inner in items:
            yield from _found(inner, f"{prefix}.{key}" if prefix else str(key), deeper - 1)


def _said(content: Any) -> dict[str, str]:
    """What a checkpoint says besides tensors, as JSON: hypernetworks cannot do without it."""
    if not isinstance(content, Mapping):
        return {}
    return {
        str(key): json.dumps(value)
        for key, value in content.items()
        if isinstance(value, str | bool | int | float) and len(str(value)) < LONGEST
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m wirebrush_diffusion.files.convert")
    parser.add_argument("source", type=Path, help="a .ckpt, .pt, .pth or .bin file")
    parser.add_argument("target", type=Path, nargs="?", help="default: beside it, .safetensors")
    arguments = parser.parse_args()
    target = arguments.target or arguments.source.with_suffix(".safetensors")
    try:
        count = convert(arguments.source, target)
    except DiffusionError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{target}: {count} tensors\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
