"""Look at a picture and say what is on it. Knows the colours of `drawing`, and no model."""

from dataclasses import dataclass

import numpy as np

from wirebrush_postcards.drawing import (
    BASE,
    GROUND,
    HILL,
    LIGHT,
    PAINT,
    SHADE,
    SKY,
    Rgb,
    ground_front,
    mix,
)
from wirebrush_postcards.scenes import GROUNDS, TIMES, Colour, Ground, Side, Thing, Time

ROOF: Rgb = (98, 56, 44)
WOOD: Rgb = (112, 62, 36)
FRAME: Rgb = (78, 50, 40)
CLOSE = 60.0
"""Colours nearer than this (0..441, in RGB) count as the same."""


@dataclass(frozen=True)
class Measured:
    """What a picture shows. `colour` is None where there is neither house nor boat."""

    time: Time
    ground: Ground
    thing: Thing
    colour: Colour | None
    side: Side


def measure(picture: np.ndarray) -> Measured:
    """Measure a picture, uint8 [128, 128, 3].

    >>> from random import Random
    >>> from wirebrush_postcards.drawing import draw_scene
    >>> from wirebrush_postcards.scenes import sample_scene
    >>> scene = sample_scene(Random(1))
    >>> measure(np.asarray(draw_scene(scene))).time == scene.time
    True
    """
    time = measure_time(picture)
    ground = measure_ground(picture, time)
    thing = measure_thing(picture, time, ground)
    colour = None if thing == "none" else measure_colour(picture, time)
    return Measured(time, ground, thing, colour, measure_side(picture, time))


def measure_time(picture: np.ndarray) -> Time:
    """Tell the hour by the colour of the upper sky."""
    references: dict[Time, Rgb] = {time: mix(*SKY[time], 0.08) for time in TIMES}
    return min(references, key=lambda time: _distance(_middle(picture[:12]), references[time]))


def measure_ground(picture: np.ndarray, time: Time) -> Ground:
    """Tell the ground by the colour of the front, at that hour."""
    references: dict[Ground, Rgb] = {ground: ground_front(ground, time) for ground in GROUNDS}
    front = _middle(picture[118:])
    return min(references, key=lambda ground: _distance(front, references[ground]))


def measure_thing(picture: np.ndarray, time: Time, ground: Ground) -> Thing:
    """Tell a house by its roof and a boat by its hull."""
    roof, wood = _lit(ROOF, time), _lit(WOOD, time)
    above = _share(picture[69:78, 54:74], roof, HILL[time])
    below = _share(picture[80:86, 52:76], roof, HILL[time])
    if above > 0.6 and below < 0.5:
        return "house"
    hull = _share(picture[108:116, 54:74], wood, GROUND["sea"][time])
    return "boat" if ground == "sea" and hull > 0.6 else "none"


def measure_colour(picture: np.ndarray, time: Time) -> Colour | None:
    """Tell the colour of wall or sail by the pixels where one must be; None if few have one."""
    part = picture[72 : int(BASE) - 2, 52:76].reshape(-1, 1, 3).astype(float)
    names = list(PAINT)
    lit = [_lit(PAINT[name], time) for name in names]
    others = [_lit(FRAME, time), _lit(ROOF, time), (255, 222, 120), (176, 222, 246)]
    far = np.linalg.norm(part - np.array([*lit, *others], float), axis=-1)
    choice = np.where(far.min(1) < CLOSE, far.argmin(1), len(names))
    votes = [(choice == place).sum() for place in range(len(names))]
    return names[int(np.argmax(votes))] if max(votes) > 0.12 * len(part) else None


def measure_side(picture: np.ndarray, time: Time) -> Side:
    """Tell where the sun or moon is: the place in the sky whose surroundings look most like it."""
    far = np.linalg.norm(picture[:58].astype(float) - np.array(LIGHT[time], float), axis=-1)
    size = 17
    total = np.pad(far, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    boxes = (
        total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]
    )
    column = int(boxes.argmin()) % boxes.shape[1] + size // 2
    return "left" if column < picture.shape[1] / 2 else "right"


def _lit(rgb: Rgb, time: Time) -> Rgb:
    red, green, blue = (round(value * part) for value, part in zip(rgb, SHADE[time], strict=True))
    return red, green, blue


def _middle(part: np.ndarray) -> np.ndarray:
    """Return the median colour of pixels [..., 3]."""
    return np.median(part.reshape(-1, 3), axis=0)


def _distance(rgb: np.ndarray, other: Rgb) -> float:
    return float(np.linalg.norm(rgb - np.array(other)))


def _share(part: np.ndarray, colour: Rgb, rival: Rgb) -> float:
    """Return the share of pixels that are close to `colour`, and closer to it than to `rival`."""
    far = np.linalg.norm(part.astype(float) - np.array(colour, float), axis=-1)
    other = np.linalg.norm(part.astype(float) - np.array(rival, float), axis=-1)
    return float(((far < CLOSE) & (far < other)).mean())
