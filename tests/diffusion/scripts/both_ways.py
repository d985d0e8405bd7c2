"""Pictures of scripts beside Wirebrush's own, and prompts for both."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WORKFLOWS = Path(__file__).parents[3] / "workflows"
CLOSE = 1
"""Of 255: diffusers rounds to the nearest colour, the field cuts off."""

Numbers = np.ndarray[Any, np.dtype[np.int64]]


def numbers(paths: Any) -> list[Numbers]:
    """The pictures' colours."""
    return [np.asarray(Image.open(path).convert("RGB")).astype(np.int64) for path in paths]


def _apart(one: Numbers, other: Numbers) -> float:
    return float(np.abs(one - other).max()) if one.shape == other.shape else math.inf


def assert_same(theirs: list[Numbers], ours: list[Numbers], close: int = CLOSE) -> None:
    """Both sides have the same pictures, whatever they are called."""
    assert len(theirs) == len(ours) > 0
    left = list(ours)
    for one in theirs:
        nearest = min(range(len(left)), key=lambda place: _apart(one, left[place]))
        other = left.pop(nearest)
        assert one.shape == other.shape
        far = np.abs(one - other)
        assert int(far.max()) <= close, f"{far.mean():.3f} of 255 on average, {far.max()} at most"
        assert one.std() > 5, "an empty picture would always be the same"


def prompt(checkpoint: str, **sampling: Any) -> dict[str, Any]:
    usual = {"seed": 3, "steps": 5, "cfg": 4.0, "denoise": 1.0}
    links = {
        "model": ["1", 0],
        "positive": ["2", 0],
        "negative": ["3", 0],
        "latent_image": ["4", 0],
    }
    size = {"width": 64, "height": 48, "batch_size": 2}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": checkpoint}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
        "4": {"class_type": "EmptyLatentImage", "inputs": size},
        "5": {"class_type": "KSampler", "inputs": {**usual, **sampling, **links}},
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "x"}},
    }


def node(kind: str, **values: Any) -> dict[str, Any]:
    """A node of a prompt."""
    return {"class_type": kind, "inputs": values}
