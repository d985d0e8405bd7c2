"""Latents kept as files, and read as the field reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from wirebrush.api import Latent, NodeError, SilentRun
from wirebrush_nodes.latent_files import load_latent, save_latent


@pytest.mark.parametrize("shape", [(1, 4, 8, 8), (2, 16, 4, 6), (1, 16, 3, 4, 4)])
def test_there_and_back(shape: tuple[int, ...], tmp_path: Path) -> None:
    run = SilentRun(root=tmp_path, metadata={"prompt": "{}"})
    latent = Latent(torch.randn(shape))

    save_latent(latent, run=run)

    assert torch.equal(load_latent("ComfyUI_00001_.latent", run=run).samples, latent.samples)
    stored = load_file(tmp_path / "latents" / "ComfyUI_00001_.latent")
    assert set(stored) == {"latent_tensor", "latent_format_version_0"}
    assert run.texts[0].startswith("latents/ComfyUI_00001_.latent, ")


def test_old_files_were_scaled(tmp_path: Path) -> None:
    (tmp_path / "latents").mkdir()
    save_file({"latent_tensor": torch.ones(1, 4, 2, 2)}, tmp_path / "latents" / "old.latent")

    found = load_latent("old.latent", run=SilentRun(root=tmp_path))

    assert torch.allclose(found.samples, torch.full((1, 4, 2, 2), 1 / 0.18215))


def test_what_is_no_latent_is_said(tmp_path: Path) -> None:
    (tmp_path / "latents").mkdir()
    save_file({"weight": torch.ones(2)}, tmp_path / "latents" / "other.latent")
    with pytest.raises(NodeError, match=r"other\.latent holds no latent"):
        load_latent("other.latent", run=SilentRun(root=tmp_path))
    (tmp_path / "latents" / "cut.latent").write_bytes(b"\x80\x00")
    with pytest.raises(NodeError, match=r"no safetensors file|pickle"):
        load_latent("cut.latent", run=SilentRun(root=tmp_path))
