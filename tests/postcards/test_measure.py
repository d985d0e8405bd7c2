"""The measuring rod is itself measured, on drawings whose scene is known."""

import numpy as np

from wirebrush_postcards.dataset import picture_number, scene_number
from wirebrush_postcards.measure import measure

DRAWINGS = range(90_000, 90_400)


def test_measuring_is_right_on_drawings() -> None:
    right = {kind: 0 for kind in ("time", "ground", "thing", "colour", "side")}
    for number in DRAWINGS:
        scene, seen = scene_number(number), measure(picture_number(number))
        right["time"] += seen.time == scene.time
        right["ground"] += seen.ground == scene.ground
        right["thing"] += seen.thing == scene.thing
        right["colour"] += seen.colour == (scene.colour if scene.thing != "none" else None)
        right["side"] += seen.side == scene.side
    shares = {kind: count / len(DRAWINGS) for kind, count in right.items()}
    assert min(shares.values()) >= 0.99, shares


def test_measuring_bears_noise() -> None:
    lot = np.random.default_rng(1)
    right = 0
    for number in DRAWINGS[:100]:
        scene = scene_number(number)
        rough = picture_number(number) + lot.normal(0, 12, (128, 128, 3))
        seen = measure(rough.clip(0, 255).astype(np.uint8))
        right += (seen.time, seen.ground, seen.side) == (scene.time, scene.ground, scene.side)
    assert right >= 97


def test_an_even_picture_shows_no_house() -> None:
    assert measure(np.full((128, 128, 3), 128, np.uint8)).colour is None
