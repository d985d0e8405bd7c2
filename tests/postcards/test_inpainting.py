"""The pictures to inpaint: what should change lies inside the mask, on the latent's cells."""

import numpy as np
import pytest

from wirebrush_postcards.drawing import draw_scene
from wirebrush_postcards.inpainting import InpaintTask, light_tasks, repaint_tasks
from wirebrush_postcards.latents import CELL
from wirebrush_postcards.words import said

RINGING = 4
"""What an edge changes in the row beyond it, of 255, when a drawing is reduced."""
TASKS = [*repaint_tasks(40), *light_tasks(40)]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.prompt)
def test_all_that_should_change_is_inside_the_mask(task: InpaintTask) -> None:
    wanted = np.asarray(draw_scene(task.wanted)).astype(int)
    changed = np.abs(wanted - task.picture()).max(-1) > RINGING
    assert changed.any()
    assert not changed[task.mask() == 0].any()


def test_masks_end_where_cells_of_the_latent_end() -> None:
    for task in TASKS:
        assert all(edge % CELL == 0 and 0 <= edge <= 128 for edge in task.box)
        assert task.mask().sum() < 0.6 * 128 * 128


def test_the_prompt_names_what_is_wanted() -> None:
    for task in TASKS:
        facts = said(task.prompt)
        assert facts["side"] == task.wanted.side
        if task.wanted.thing != "none":
            assert facts["colour"] == task.wanted.colour


def test_the_same_tasks_every_time() -> None:
    assert repaint_tasks(5) == TASKS[:5]
