"""Files are as safetensors' own writer would write them, whole, and the same for the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from wirebrush_diffusion.training import files
from wirebrush_diffusion.training.files import write_tensors

TENSORS = {
    "b.weight": torch.randn(3, 5),
    "a": torch.arange(7, dtype=torch.int64),
    "half": torch.randn(2, 2, 3).to(torch.bfloat16),
    "turned": torch.randn(4, 6).T,
    "number": torch.tensor(4.0, dtype=torch.float64),
    "none": torch.empty(0, 4),
}


def test_the_formats_own_reader_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, TENSORS, {"format": "pt", "ss_steps": "5"})

    read = load_file(path)

    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[name], tensor) for name, tensor in TENSORS.items())
    assert all(read[name].dtype == tensor.dtype for name, tensor in TENSORS.items())
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "ss_steps": "5"}


def test_the_same_content_is_the_same_file(tmp_path: Path) -> None:
    write_tensors(tmp_path / "x.safetensors", TENSORS, {"b": "1", "a": "2"})
    turned = dict(reversed(TENSORS.items()))
    write_tensors(tmp_path / "y.safetensors", turned, {"a": "2", "b": "1"})
    both = [(tmp_path / name).read_bytes() for name in ("x.safetensors", "y.safetensors")]
    assert both[0] == both[1]


def test_an_earlier_file_stays_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(1)})

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_tensors(path, {"a": torch.zeros(1)})

    assert load_file(path)["a"].item() == 1
    assert list(tmp_path.iterdir()) == [path]
