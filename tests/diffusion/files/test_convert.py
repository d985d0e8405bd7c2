"""Pickled weight files become safetensors, and no code in them is run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from wirebrush_diffusion.files.convert import convert
from wirebrush_diffusion.files.weights import WeightFile


def test_the_way_out_works(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": {"a": torch.ones(2)}, "epoch": 3}, path)

    assert convert(path, tmp_path / "model.safetensors") == 1
    assert torch.equal(load_file(tmp_path / "model.safetensors")["a"], torch.ones(2))


class Trap:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, ("raise SystemExit('ran')",)


def test_tables_in_a_pickle_keep_their_names(tmp_path: Path) -> None:
    """As in the .bin files of IP-Adapters."""
    path = tmp_path / "adapter.bin"
    content = {"image_proj": {"proj.weight": torch.ones(2)}, "ip_adapter": {"1.x": torch.zeros(1)}}
    torch.save(content, path)

    assert convert(path, tmp_path / "adapter.safetensors") == 2
    names = set(WeightFile(tmp_path / "adapter.safetensors").names())
    assert names == {"image_proj.proj.weight", "ip_adapter.1.x"}


def test_what_a_pickle_says_besides_is_kept(tmp_path: Path) -> None:
    """As in hypernetworks: tables in lists, under numbers."""
    path = tmp_path / "style.pt"
    pair = ({"linear.0.weight": torch.ones(2, 2)}, {"linear.0.weight": torch.zeros(2, 2)})
    torch.save({768: pair, "activation_func": "relu", "step": 3, "optimizer": None}, path)

    assert convert(path, tmp_path / "style.safetensors") == 2
    file = WeightFile(tmp_path / "style.safetensors")
    assert set(file.names()) == {"768.0.linear.0.weight", "768.1.linear.0.weight"}
    assert file.metadata == {"activation_func": '"relu"', "step": "3"}


def test_a_pickle_with_code_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "trap.ckpt"
    torch.save({"a": Trap()}, path)

    done = subprocess.run(
        [sys.executable, "-m", "wirebrush_diffusion.files.convert", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "nodes")},
    )

    assert done.returncode == 1
    assert done.stderr.startswith("trap.ckpt holds more than tensors")
    assert not (tmp_path / "trap.safetensors").exists()
