"""Postcards to paint on: a picture, a mask, and what should be there when it is done."""

from dataclasses import dataclass, replace
from random import Random

import numpy as np

from wirebrush_postcards.captions import caption
from wirebrush_postcards.dataset import scene_number
from wirebrush_postcards.drawing import draw_scene
from wirebrush_postcards.latents import CELL
from wirebrush_postcards.scenes import COLOURS, Scene

SKY_DEPTH = 64
"""Rows that hold the sun or the moon and its halo, at any hour."""
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, on the borders of the latent's cells."""


@dataclass(frozen=True)
class InpaintTask:
    """A scene, the box to paint anew, and the scene that it should become."""

    scene: Scene
    wanted: Scene
    box: Box

    @property
    def prompt(self) -> str:
        """The caption of what is wanted."""
        return caption(self.wanted)

    def picture(self) -> np.ndarray:
        """Return the drawing to begin with, uint8 [128, 128, 3]."""
        return np.asarray(draw_scene(self.scene))

    def mask(self) -> np.ndarray:
        """Return float32 [128, 128]: 1 where to paint anew, 0 elsewhere."""
        left, top, right, bottom = self.box
        mask = np.zeros((128, 128), np.float32)
        mask[top:bottom, left:right] = 1
        return mask


def repaint_tasks(count: int, first: int = 600_000) -> list[InpaintTask]:
    """Return tasks to give a house or a sail another colour, of scenes that no training saw."""
    tasks: list[InpaintTask] = []
    while len(tasks) < count:
        scene, first = scene_number(first), first + 1
        if scene.thing != "none":
            others = [colour for colour in COLOURS if colour != scene.colour]
            wanted = replace(scene, colour=Random(first).choice(others))
            tasks.append(InpaintTask(scene, wanted, thing_box(scene)))
    return tasks


def light_tasks(count: int, first: int = 610_000) -> list[InpaintTask]:
    """Return tasks to move the sun or the moon to the other side, on land: water mirrors it."""
    tasks: list[InpaintTask] = []
    while len(tasks) < count:
        scene, first = scene_number(first), first + 1
        if scene.ground != "sea":
            side = "right" if scene.side == "left" else "left"
            wanted = replace(scene, side=side, light_x=128 - scene.light_x)
            tasks.append(InpaintTask(scene, wanted, (0, 0, 128, SKY_DEPTH)))
    return tasks


def thing_box(scene: Scene) -> Box:
    """Return the box around the house or the boat.

    >>> thing_box(scene_number(1))[0] % CELL
    0
    """
    half, top, bottom = (34, 52, 112) if scene.thing == "house" else (37, 40, 120)
    left, right = int(scene.thing_x - half), int(scene.thing_x + half)
    return left // CELL * CELL, top // CELL * CELL, -(-right // CELL) * CELL, bottom
