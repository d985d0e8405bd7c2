"""Animations: every frame, its time, and the workflow where the field looks for it."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from wirebrush.api import NodeError, SilentRun
from wirebrush.jobs.metadata.embedded import graphs_in
from wirebrush_nodes.animation import save_animated_png, save_animated_webp

TEXTS = {"prompt": '{"1": {}}', "workflow": '{"nodes": []}', "wirebrush": '{"ü🖼": 1}'}


def frames(channels: int = 3) -> torch.Tensor:
    return torch.randint(0, 256, (3, 6, 8, channels)).float() / 255


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("save", [save_animated_webp, save_animated_png])
def test_all_frames_pixel_by_pixel(save: Callable[..., None], channels: int) -> None:
    run, pictures = SilentRun(metadata=dict(TEXTS)), frames(channels)
    if channels == 4:
        pictures[..., 3] = 1.0

    save(pictures, "cats/run", 4.0, run=run)

    ((asset, data),) = run.saved
    assert (asset.width, asset.height) == (8, 6)
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["loop"] == 0
        found = []
        for frame in ImageSequence.Iterator(image):
            found.append(np.asarray(frame.convert("RGB")))
            assert frame.info["duration"] == 250
    expected = (pictures[..., :3].expand(-1, -1, -1, 3) * 255).numpy().astype(np.uint8)
    assert np.array_equal(np.stack(found), expected)


@pytest.mark.parametrize("save", [save_animated_webp, save_animated_png])
def test_the_workflow_is_inside(save: Callable[..., None]) -> None:
    run = SilentRun(metadata=dict(TEXTS))

    save(frames(), run=run)

    found = graphs_in(io.BytesIO(run.saved[0][1]))
    assert found.prompt == {"1": {}}
    assert found.workflow == {"ü🖼": 1}


def test_quality_costs_bytes_when_not_lossless() -> None:
    run, pictures = SilentRun(), torch.rand(2, 64, 64, 3)
    for quality in (5, 95):
        save_animated_webp(pictures, "x", 6.0, False, quality, "fastest", run=run)
    small, large = (len(data) for _, data in run.saved)
    assert small < large


def test_what_is_no_batch_is_said() -> None:
    with pytest.raises(NodeError, match=r"A picture batch is \[B,H,W,C\]"):
        save_animated_webp(torch.zeros(8, 8, 3), run=SilentRun())
