"""A scene: every choice that a postcard is made of, and how choices are drawn by lot."""

from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

Time = Literal["day", "dawn", "sunset", "night"]
Ground = Literal["meadow", "desert", "snow", "sea"]
Backdrop = Literal["mountains", "hills", "none"]
Thing = Literal["house", "boat", "none"]
Colour = Literal["red", "blue", "yellow", "white", "green"]
Side = Literal["left", "right"]

TIMES: tuple[Time, ...] = get_args(Time)
GROUNDS: tuple[Ground, ...] = get_args(Ground)
BACKDROPS: tuple[Backdrop, ...] = get_args(Backdrop)
COLOURS: tuple[Colour, ...] = get_args(Colour)
SIDES: tuple[Side, ...] = get_args(Side)


@dataclass(frozen=True)
class Scene:
    """What is on the postcard. Lengths are pixels of a 128x128 picture."""

    time: Time
    ground: Ground
    backdrop: Backdrop
    thing: Thing
    colour: Colour
    trees: int
    side: Side
    thing_x: float = 64.0
    light_x: float = 24.0
    light_y: float = 24.0
    profile: int = 0
    """Which of the few outlines the backdrop has, 0..3."""
    slots: tuple[int, ...] = ()
    """Places of the trees, numbers of the columns in `drawing`."""


def sample_scene(lot: Random) -> Scene:
    """Draw a scene by lot; every choice that a caption can name is equally likely.

    >>> sample_scene(Random(1)).time in TIMES
    True
    """
    time, ground = lot.choice(TIMES), lot.choice(GROUNDS)
    at_sea = ground == "sea"
    thing: Thing = "none" if lot.random() < 0.12 else ("boat" if at_sea else "house")
    trees = 0 if at_sea else lot.randrange(4)
    side = lot.choice(SIDES)
    low = time in ("dawn", "sunset")
    offset = lot.uniform(18, 34)
    return Scene(
        time=time,
        ground=ground,
        backdrop=lot.choice(BACKDROPS),
        thing=thing,
        colour=lot.choice(COLOURS),
        trees=trees,
        side=side,
        thing_x=lot.uniform(52, 76),
        light_x=offset if side == "left" else 128 - offset,
        light_y=lot.uniform(30, 40) if low else lot.uniform(19, 28),
        profile=lot.randrange(4),
        slots=tuple(sorted(lot.sample(range(4), trees))),
    )
