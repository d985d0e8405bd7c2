"""Draw a scene: flat shapes on soft gradients, drawn at four times the size and reduced."""

import math
from dataclasses import dataclass

from PIL import Image, ImageDraw

from wirebrush_postcards.scenes import Colour, Ground, Scene, Time

Rgb = tuple[int, int, int]
Point = tuple[float, float]

SCALE = 4
HORIZON = 76.0
BASE = 110.0
"""The line that houses stand on, in pixels of the 128x128 picture."""
COLUMNS = (12.0, 28.0, 100.0, 116.0)


def _hours(day: Rgb, dawn: Rgb, sunset: Rgb, night: Rgb) -> dict[Time, Rgb]:
    return {"day": day, "dawn": dawn, "sunset": sunset, "night": night}


SKY: dict[Time, tuple[Rgb, Rgb]] = {
    "day": ((64, 148, 236), (190, 228, 252)),
    "dawn": ((168, 146, 214), (255, 214, 190)),
    "sunset": ((88, 44, 122), (255, 140, 62)),
    "night": ((10, 14, 46), (38, 48, 104)),
}
LIGHT: dict[Time, Rgb] = {
    "day": (255, 226, 74),
    "dawn": (255, 244, 206),
    "sunset": (255, 92, 40),
    "night": (244, 242, 220),
}
GROUND: dict[Ground, dict[Time, Rgb]] = {
    "meadow": _hours((112, 190, 66), (126, 176, 92), (112, 128, 50), (28, 72, 50)),
    "desert": _hours((240, 200, 122), (236, 184, 140), (222, 132, 76), (108, 82, 74)),
    "snow": _hours((238, 246, 252), (240, 226, 236), (226, 190, 204), (126, 146, 192)),
    "sea": _hours((30, 112, 196), (92, 122, 190), (74, 58, 128), (16, 40, 92)),
}
MOUNTAIN: dict[Time, Rgb] = {
    "day": (104, 122, 164),
    "dawn": (140, 118, 164),
    "sunset": (110, 62, 104),
    "night": (40, 46, 84),
}
HILL: dict[Time, Rgb] = {
    "day": (60, 142, 84),
    "dawn": (112, 140, 112),
    "sunset": (84, 74, 62),
    "night": (24, 60, 70),
}
CLOUD = _hours((255, 255, 255), (255, 226, 222), (202, 92, 108), (30, 38, 84))
PAINT: dict[Colour, Rgb] = {
    "red": (220, 40, 44),
    "blue": (36, 84, 222),
    "yellow": (252, 208, 34),
    "white": (250, 250, 246),
    "green": (0, 144, 90),
}
SHADE: dict[Time, tuple[float, float, float]] = {
    "day": (1.0, 1.0, 1.0),
    "dawn": (1.0, 0.95, 0.97),
    "sunset": (0.95, 0.86, 0.84),
    "night": (0.82, 0.83, 0.9),
}
STARS: tuple[Point, ...] = (
    (8, 10), (22, 46), (30, 8), (44, 24), (52, 48), (58, 10), (66, 32), (74, 16),
    (84, 44), (88, 8), (100, 50), (104, 20), (118, 38), (121, 9), (10, 32), (38, 58),
)  # fmt: skip
PEAKS: tuple[tuple[Point, ...], ...] = (
    ((8, 54), (40, 44), (74, 55), (106, 46)),
    ((22, 46), (58, 56), (90, 45), (122, 54)),
    ((0, 48), (34, 56), (66, 45), (100, 54)),
    ((14, 56), (48, 47), (82, 52), (116, 44)),
)
HILLS: tuple[tuple[float, float, float], ...] = (
    (0.0, 1.0, 8.0),
    (2.1, 1.3, 7.0),
    (4.0, 0.9, 9.0),
    (5.2, 1.6, 6.0),
)


@dataclass(frozen=True)
class Pen:
    """A canvas that takes 128x128 coordinates and paints at `SCALE` times the size."""

    image: Image.Image
    time: Time

    @property
    def _draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image)

    def polygon(self, points: list[Point], fill: Rgb) -> None:
        """Fill a polygon."""
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Rgb) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill)

    def disc(self, x: float, y: float, radius: float, fill: Rgb) -> None:
        """Fill a circle."""
        ends = (
            (x - radius) * SCALE,
            (y - radius) * SCALE,
            (x + radius) * SCALE,
            (y + radius) * SCALE,
        )
        self._draw.ellipse(ends, fill=fill)

    def pill(self, left: float, top: float, right: float, bottom: float, fill: Rgb) -> None:
        """Fill a rectangle with round ends."""
        radius = min(right - left, bottom - top) / 2 * SCALE
        self._draw.rounded_rectangle(
            [v * SCALE for v in (left, top, right, bottom)], radius, fill=fill
        )

    def lit(self, rgb: Rgb) -> Rgb:
        """Return a colour as the light of the hour shows it."""
        red, green, blue = (
            round(value * part) for value, part in zip(rgb, SHADE[self.time], strict=True)
        )
        return red, green, blue


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Blend two colours; `share` is the part of the other, 0..1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def draw_scene(scene: Scene, size: int = 128) -> Image.Image:
    """Draw a scene as an RGB picture of `size` x `size` pixels.

    >>> from random import Random
    >>> from wirebrush_postcards.scenes import sample_scene
    >>> draw_scene(sample_scene(Random(1))).size
    (128, 128)
    """
    pen = Pen(_gradient(128 * SCALE, *SKY[scene.time]), scene.time)
    _sky(pen, scene)
    _backdrop(pen, scene)
    _ground(pen, scene)
    for slot in scene.slots:
        (_cactus if scene.ground == "desert" else _tree)(pen, scene, slot)
    if scene.thing == "house":
        _house(pen, scene)
    elif scene.thing == "boat":
        _boat(pen, scene)
    return pen.image.resize((size, size), Image.Resampling.LANCZOS)


def _gradient(size: int, top: Rgb, bottom: Rgb) -> Image.Image:
    """Return a square picture that fades from top to bottom, reaching `bottom` at the horizon."""
    column = Image.new("RGB", (1, size))
    reach = HORIZON / 128 * size
    for y in range(size):
        column.putpixel((0, y), mix(top, bottom, min(1.0, y / reach)))
    return column.resize((size, size))


def _sky(pen: Pen, scene: Scene) -> None:
    low = scene.time in ("dawn", "sunset")
    x, y, radius = scene.light_x, scene.light_y, 15.0 if low else 13.0
    if scene.time == "night":
        for star_x, star_y in STARS:
            if math.hypot(star_x - x, star_y - y) > 20:
                pen.disc(star_x, star_y, 1.1, (232, 236, 255))
    light = LIGHT[scene.time]
    behind = mix(*SKY[scene.time], min(1.0, y / HORIZON))
    pen.disc(x, y, radius + 4, mix(behind, light, 0.28))
    pen.disc(x, y, radius, light)
    if scene.time == "night":
        pen.disc(x - 4, y - 3, 3.2, (214, 212, 192))
        pen.disc(x + 4.5, y + 4, 2.4, (214, 212, 192))
    else:
        _clouds(pen, scene)


def _clouds(pen: Pen, scene: Scene) -> None:
    x = 128 - scene.light_x
    fill = CLOUD[scene.time]
    if scene.time == "day":
        pen.pill(x - 17, 25, x + 17, 35, fill)
        pen.disc(x - 5, 25, 8, fill)
        pen.disc(x + 6, 27, 6, fill)
        return
    pen.pill(x - 20, 18, x + 14, 24, fill)
    pen.pill(x - 10, 29, x + 22, 35, fill)


def _backdrop(pen: Pen, scene: Scene) -> None:
    if scene.backdrop == "mountains":
        for x, top in PEAKS[scene.profile]:
            _mountain(pen, x, top)
    elif scene.backdrop == "hills":
        phase, rate, height = HILLS[scene.profile]
        for layer in (0.0, 1.0):
            fill = mix(HILL[scene.time], SKY[scene.time][1], 0.35 * (1 - layer))
            crest: list[Point] = [
                (
                    x,
                    HORIZON
                    - 15
                    + 6 * layer
                    - height * math.sin(phase + 2.4 * layer + rate * x / 20) * 0.7,
                )
                for x in range(0, 129, 2)
            ]
            pen.polygon([*crest, (128, HORIZON + 2), (0, HORIZON + 2)], fill)


def _mountain(pen: Pen, x: float, top: float) -> None:
    fill = MOUNTAIN[pen.time]
    half = (HORIZON - top) * 1.05
    pen.polygon([(x - half, HORIZON + 1), (x, top), (x + half, HORIZON + 1)], fill)
    pen.polygon(
        [(x, top), (x + half, HORIZON + 1), (x + half * 0.2, HORIZON + 1)],
        mix(fill, (20, 20, 50), 0.22),
    )
    cap = pen.lit((255, 255, 255))
    pen.polygon(
        [
            (x - 9, top + 9),
            (x, top),
            (x + 9, top + 9),
            (x + 4, top + 7),
            (x, top + 10),
            (x - 4, top + 7),
        ],
        cap,
    )


def ground_front(ground: Ground, time: Time) -> Rgb:
    """Return the colour of the strip in front."""
    fill = GROUND[ground][time]
    if ground == "snow":
        return mix(fill, (120, 140, 210), 0.16)
    return mix(fill, (0, 0, 0), 0.14 if ground == "sea" else 0.13)


def _ground(pen: Pen, scene: Scene) -> None:
    fill = GROUND[scene.ground][scene.time]
    front = ground_front(scene.ground, scene.time)
    pen.box(0, HORIZON, 128, 128, fill)
    if scene.ground == "sea":
        pen.box(0, 112, 128, 128, front)
        _water(pen, scene, fill)
        return
    crest: list[Point] = [(x, BASE + 3 + 2.5 * math.sin(x / 21)) for x in range(0, 129, 2)]
    pen.polygon([*crest, (128, 128), (0, 128)], front)


def _water(pen: Pen, scene: Scene, fill: Rgb) -> None:
    glow = mix(fill, LIGHT[scene.time], 0.62)
    for step, half in enumerate((13, 9, 11, 7, 9)):
        y = 80 + 9 * step
        pen.pill(scene.light_x - half, y, scene.light_x + half, y + 3.4, glow)
    pale = mix(fill, (255, 255, 255), 0.2)
    other = 128 - scene.light_x
    for x, y in ((other, 86), (other + 10, 104), (other - 12, 119)):
        pen.pill(x - 9, y, x + 9, y + 3, pale)


def _tree(pen: Pen, scene: Scene, slot: int) -> None:
    x, base = COLUMNS[slot], BASE - 4 + 5 * (slot % 2)
    leaf = pen.lit((22, 92, 52) if scene.ground != "snow" else (40, 96, 92))
    leaf = mix(leaf, (10, 20, 40), 0.35) if scene.time == "night" else leaf
    pen.box(x - 2, base - 8, x + 2, base, pen.lit((104, 66, 40)))
    for level in range(3):
        half, top = 11.5 - 2.4 * level, base - 20 - 9 * level
        pen.polygon([(x - half, top + 15), (x, top), (x + half, top + 15)], leaf)
        if scene.ground == "snow":
            pen.polygon(
                [(x - half * 0.5, top + 7.5), (x, top), (x + half * 0.5, top + 7.5)],
                pen.lit((250, 252, 255)),
            )


def _cactus(pen: Pen, scene: Scene, slot: int) -> None:
    x, base = COLUMNS[slot], BASE - 2 + 5 * (slot % 2)
    fill = pen.lit((48, 128, 60))
    fill = mix(fill, (10, 20, 40), 0.3) if scene.time == "night" else fill
    pen.pill(x - 3.5, base - 34, x + 3.5, base + 3, fill)
    pen.pill(x - 11, base - 17, x, base - 12, fill)
    pen.pill(x - 11, base - 25, x - 6.4, base - 12, fill)
    pen.pill(x, base - 21, x + 11, base - 16, fill)
    pen.pill(x + 6.4, base - 30, x + 11, base - 16, fill)
    pen.box(x - 4, base, x + 4, base + 4, GROUND["desert"][scene.time])


def _house(pen: Pen, scene: Scene) -> None:
    x, top, half = scene.thing_x, BASE - 32, 24.0
    wall = pen.lit(PAINT[scene.colour])
    pen.box(x - half, top, x + half, BASE, wall)
    pen.box(x + half - 7, top, x + half, BASE, mix(wall, (0, 0, 30), 0.16))
    roof = pen.lit((98, 56, 44))
    pen.box(x + 10, top - 23, x + 16, top - 6, pen.lit((122, 74, 60)))
    pen.polygon([(x - half - 6, top + 1), (x, top - 24), (x + half + 6, top + 1)], roof)
    if scene.ground == "snow":
        pen.polygon(
            [(x - half * 0.56, top - 11), (x, top - 24), (x + half * 0.56, top - 11)],
            pen.lit((252, 253, 255)),
        )
    dark = scene.time in ("night", "sunset")
    pane: Rgb = (255, 222, 120) if dark else (176, 222, 246)
    frame = pen.lit((78, 50, 40))
    pen.box(x - 6, BASE - 18, x + 6, BASE, frame)
    for left in (x - 20, x + 9.5):
        pen.box(left - 1.2, top + 7, left + 9.7, top + 18.5, frame)
        pen.box(left, top + 8.2, left + 8.5, top + 17.3, pane)


def _boat(pen: Pen, scene: Scene) -> None:
    x, deck = scene.thing_x, 104.0
    sail = pen.lit(PAINT[scene.colour])
    wood = pen.lit((112, 62, 36))
    pen.box(x - 1.3, deck - 62, x + 1.3, deck + 2, pen.lit((84, 52, 36)))
    pen.polygon([(x + 2.5, deck - 59), (x + 30, deck - 6), (x + 2.5, deck - 6)], sail)
    pen.polygon(
        [(x - 2.5, deck - 52), (x - 24, deck - 6), (x - 2.5, deck - 6)], mix(sail, (0, 0, 30), 0.12)
    )
    pen.polygon([(x - 33, deck), (x + 35, deck), (x + 25, deck + 13), (x - 22, deck + 13)], wood)
    pen.box(x - 33, deck, x + 34.5, deck + 3.2, mix(wood, (255, 230, 200), 0.35))
