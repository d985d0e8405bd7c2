"""The drawn postcards: right size, same scene same picture, every choice visible."""

from random import Random

import numpy as np
import pytest

from wirebrush_postcards.drawing import draw_scene
from wirebrush_postcards.scenes import COLOURS, GROUNDS, SIDES, TIMES, Scene, Time, sample_scene


def test_a_picture_is_rgb_and_128_pixels_wide() -> None:
    picture = draw_scene(sample_scene(Random(3)))
    assert picture.size == (128, 128)
    assert picture.mode == "RGB"


def test_the_same_scene_gives_the_same_picture() -> None:
    scene = sample_scene(Random(4))
    assert draw_scene(scene).tobytes() == draw_scene(scene).tobytes()


def test_the_lot_reaches_every_choice() -> None:
    scenes = [sample_scene(Random(number)) for number in range(400)]
    assert {scene.time for scene in scenes} == set(TIMES)
    assert {scene.ground for scene in scenes} == set(GROUNDS)
    assert {scene.colour for scene in scenes} == set(COLOURS)
    assert {scene.side for scene in scenes} == set(SIDES)


def test_boats_are_at_sea_and_houses_are_not() -> None:
    for number in range(400):
        scene = sample_scene(Random(number))
        if scene.thing != "none":
            assert (scene.thing == "boat") == (scene.ground == "sea")


@pytest.mark.parametrize("time", TIMES)
def test_colours_of_houses_differ_clearly_at_every_hour(time: Time) -> None:
    walls = []
    for colour in COLOURS:
        scene = Scene(
            time=time,
            ground="meadow",
            backdrop="none",
            thing="house",
            colour=colour,
            trees=0,
            side="left",
        )
        walls.append(np.asarray(draw_scene(scene))[82, 64].astype(float))
    gaps = [
        np.linalg.norm(one - other) for place, one in enumerate(walls) for other in walls[:place]
    ]
    assert min(gaps) > 60
