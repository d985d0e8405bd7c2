"""Painting on a picture: inside a mask, more or less of all of it, and without what is named."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from studio import Studio, as_image, as_pictures
from torch.nn.functional import max_pool2d

from wirebrush.api import Latent
from wirebrush_nodes.compositing import image_composite_masked
from wirebrush_nodes.latent import empty_latent_image, set_latent_noise_mask
from wirebrush_postcards.dataset import picture_number
from wirebrush_postcards.inpainting import InpaintTask, light_tasks, repaint_tasks
from wirebrush_postcards.latents import CELL
from wirebrush_postcards.measure import measure
from wirebrush_postcards.measure_effects import difference, edge_overlap

TASKS = {"colour": repaint_tasks(6), "side": light_tasks(6)}


def inpainted(studio: Studio, task: InpaintTask, seed: int) -> tuple[np.ndarray, Latent, Latent]:
    """The finished picture, what its latent was before, and what it is after."""
    picture, mask = task.picture(), torch.from_numpy(task.mask())[None]
    before = studio.encoded(picture)
    after = studio.latents(task.prompt, set_latent_noise_mask(before, mask), seed=seed)
    painted = as_image(studio.decoded(after)[0])
    whole = image_composite_masked(as_image(picture), painted, mask=mask)
    return as_pictures(whole)[0], before, after


@pytest.mark.parametrize("kind", TASKS)
def test_inpainting_changes_the_mask_as_told_and_nothing_else(studio: Studio, kind: str) -> None:
    right = 0
    for seed, task in enumerate(TASKS[kind]):
        picture, before, after = inpainted(studio, task, seed)
        wanted = getattr(task.wanted, kind)
        assert getattr(measure(task.picture()), kind) != wanted
        right += getattr(measure(picture), kind) == wanted
        outside = task.mask() == 0
        assert np.abs(picture.astype(int) - task.picture())[outside].max() <= 2
        cells = torch.from_numpy(outside[::CELL, ::CELL])
        moved = (after.samples - before.samples).abs()[0]
        assert float(moved[:, cells].max()) <= 1e-5
        assert float(moved[:, ~cells].max()) > 0.5
    assert right >= len(TASKS[kind]) - 1


def test_the_decoded_rest_stays_nearly_as_it_was(studio: Studio) -> None:
    """Without laying the old picture over it: the decoder looks a few cells beyond the mask."""
    for seed, task in enumerate(TASKS["side"][:3]):
        _, before, after = inpainted(studio, task, seed)
        moved = np.abs(studio.decoded(after).astype(int) - studio.decoded(before))[0]
        near = max_pool2d(torch.from_numpy(task.mask())[None], 4 * CELL + 1, 1, 2 * CELL)[0] > 0
        assert moved[~near.numpy()].mean() <= 2
        assert moved[task.mask() == 1].mean() > 5


def test_image_to_image_keeps_the_layout_in_proportion_to_denoise(studio: Studio) -> None:
    drawings = np.stack([picture_number(number) for number in range(620_000, 620_004)])
    kept, changed = [], []
    for denoise in (0.3, 0.6, 0.8, 1.0):
        pictures = np.concatenate(
            [
                studio.paint(
                    "a blue house in the snow at night",
                    studio.encoded(drawing),
                    seed=seed,
                    denoise=denoise,
                )
                for seed, drawing in enumerate(drawings)
            ]
        )
        kept.append(float(edge_overlap(pictures, drawings).mean()))
        changed.append(float(difference(pictures, drawings).mean()))
    assert np.all(np.diff(kept) < 0), kept
    assert np.all(np.diff(changed) > 1), changed
    assert kept[0] > 2 * kept[-1], kept
    assert changed[0] < 0.2 * changed[-1], changed


@pytest.mark.parametrize(
    ("prompt", "negative", "kind", "named"),
    [
        ("", "a house", "thing", "house"),
        ("a house by day", "a yellow house", "colour", "yellow"),
        ("", "night", "time", "night"),
    ],
)
def test_a_negative_prompt_removes_what_it_names(
    studio: Studio, prompt: str, negative: str, kind: str, named: str
) -> None:
    def count(avoided: str) -> int:
        canvas = empty_latent_image(128, 128, 12)
        pictures = studio.paint(prompt, canvas, negative=avoided, cfg=4.0)
        return sum(getattr(measure(picture), kind) == named for picture in pictures)

    without = count("")
    assert without >= 3
    assert count(negative) <= without / 3
