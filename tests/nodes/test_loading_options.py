"""How a checkpoint is used by what stands beside it, and in which precision it computes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from wirebrush.api import NodeError, SilentRun
from wirebrush_nodes.configured import checkpoint_loader
from wirebrush_nodes.live import live_model
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.precision import model_compute_dtype


@pytest.fixture
def run(models: Path, tmp_path: Path) -> SilentRun:
    (tmp_path / "checkpoints").symlink_to(models / "checkpoints")
    (tmp_path / "configs").mkdir()
    return SilentRun(root=tmp_path)


def test_a_configuration_says_what_is_predicted_and_where_texts_are_read(run: SilentRun) -> None:
    plain = checkpoint_loader_simple("tiny", run=run)
    texts = {
        "eps.yaml": "model:\n  params:\n    beta_start: 0.1\n",
        "skip.yaml": "cond_stage_config:\n  params:\n    layer: hidden\n    layer_idx: -2\n",
        "v.yaml": 'params:\n  parameterization: "v"\n  target: FrozenOpenCLIPEmbedder\n'
        '  layer: "penultimate"\n',
    }
    for name, text in texts.items():
        (run.root / "configs" / name).write_text(text, "utf-8")

    eps, skip, v = (checkpoint_loader(name, "tiny", run=run) for name in texts)

    assert eps == plain
    assert (skip.MODEL, skip.CLIP.option("layer")) == (plain.MODEL, -2)
    assert [tweak.kind for tweak in v.MODEL.tweaks] == ["ModelSamplingDiscrete"]
    assert v.CLIP == plain.CLIP
    (run.root / "configs" / "huge.yaml").write_bytes(b"#" * 2_000_000)
    with pytest.raises(NodeError, match="far too large for a configuration"):
        checkpoint_loader("huge.yaml", "tiny", run=run)


def test_the_precision_that_is_computed_in(run: SilentRun) -> None:
    model = checkpoint_loader_simple("tiny", run=run).MODEL

    half = model_compute_dtype(model, "bf16")

    with live_model(half, run) as live:
        assert live.dtype == torch.bfloat16
    with live_model(model, run) as live:
        assert live.dtype == torch.float32
    assert model_compute_dtype(half, "default") == model
