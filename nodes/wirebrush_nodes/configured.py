"""Checkpoints with a configuration file beside them, as the first programs wanted them."""

from __future__ import annotations

import re
from typing import Annotated

from wirebrush.api import File, NodeError, Run, node
from wirebrush_nodes.loaders import Checkpoint, checkpoint_loader_simple
from wirebrush_nodes.text import LAYER

PENULTIMATE = re.compile(r"^\s*layer(_idx)?:\s*[\"']?(penultimate|-2)[\"']?\s*$", re.MULTILINE)
VELOCITY = re.compile(r"^\s*parameterization:\s*[\"']?v[\"']?\s*$", re.MULTILINE)
OPEN_CLIP = "FrozenOpenCLIP"
MAX_BYTES = 1024 * 1024


@node(
    id="CheckpointLoader",
    category="advanced/loaders",
    title="Load Checkpoint With Config (DEPRECATED)",
    deprecated=True,
)
def checkpoint_loader(
    config_name: Annotated[str, File("configs")],
    ckpt_name: Annotated[str, File("checkpoints")],
    *,
    run: Run,
) -> Checkpoint:
    """Choose a model and the configuration that it came with. Load Checkpoint needs none.

    The file itself tells what it holds; of the configuration count the prediction (v) and the layer
    that texts are read from.

    Args:
        config_name: A `.yaml` file in `models/configs`.
        ckpt_name: A file or folder in `models/checkpoints`.
    """
    path = run.path(run.file("configs", config_name))
    if path.stat().st_size > MAX_BYTES:
        raise NodeError(
            f"{config_name} is far too large for a configuration.",
            "Choose the .yaml file that came with the model.",
            port="config_name",
        )
    config = path.read_text("utf-8", "replace")
    model, clip, vae = checkpoint_loader_simple(ckpt_name, run=run)
    if VELOCITY.search(config):
        model = model.tweaked("ModelSamplingDiscrete", sampling="v_prediction", zsnr=False)
    if PENULTIMATE.search(config) and OPEN_CLIP not in config:  # those are read so anyway
        clip = clip.with_option(LAYER, -2)
    return Checkpoint(model, clip, vae)
