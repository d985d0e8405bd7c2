"""The shipped ControlNet: the edges it is shown are in the picture, the more the stronger."""

from __future__ import annotations

import numpy as np
import pytest
from studio import Edges, Studio

from wirebrush_postcards.captions import caption
from wirebrush_postcards.dataset import picture_number, scene_number
from wirebrush_postcards.measure_effects import edge_overlap
from wirebrush_postcards.obedience import compare

DRAWINGS = range(630_000, 630_006)


@pytest.fixture(scope="module")
def drawings() -> np.ndarray:
    """Drawings that no training saw."""
    return np.stack([picture_number(number) for number in DRAWINGS])


def painted(studio: Studio, drawings: np.ndarray, prompt: str, strength: float) -> np.ndarray:
    steered = [
        studio.paint(prompt, seed=seed, edges=Edges(drawing, strength))[0]
        for seed, drawing in enumerate(drawings)
    ]
    return np.stack(steered)


def test_the_edges_are_in_the_picture_the_more_the_stronger(
    studio: Studio, drawings: np.ndarray
) -> None:
    overlaps = [
        float(edge_overlap(painted(studio, drawings, "", strength), drawings).mean())
        for strength in (0.0, 0.25, 1.0)
    ]
    assert overlaps[0] < 0.35, overlaps
    assert overlaps[1] > overlaps[0] + 0.1, overlaps
    assert overlaps[2] > overlaps[0] + 0.3, overlaps


def test_the_prompt_is_still_obeyed(studio: Studio, drawings: np.ndarray) -> None:
    prompts = [caption(scene_number(number)) for number in DRAWINGS]
    pictures = np.stack(
        [
            studio.paint(text, seed=seed, edges=Edges(drawing, 1.0))[0]
            for seed, (text, drawing) in enumerate(zip(prompts, drawings, strict=True))
        ]
    )
    shares, faults = compare(prompts, pictures)
    assert min(shares.values()) >= 0.8, faults
    assert edge_overlap(pictures, drawings).mean() > 0.6


def test_the_same_edges_in_another_light(studio: Studio) -> None:
    drawing = picture_number(630_001)
    pictures = [
        studio.paint(text, seed=3, edges=Edges(drawing, 1.0))[0]
        for text in ("a red house by day", "a red house at night")
    ]
    overlap = edge_overlap(pictures[0][None], pictures[1][None])
    assert pictures[0].mean() > pictures[1].mean() + 50
    assert overlap[0] > 0.4
