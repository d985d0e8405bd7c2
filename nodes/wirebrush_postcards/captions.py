"""A scene in words: synonyms for everything, and parts that may be left out."""

from collections.abc import Sequence
from random import Random

from wirebrush_postcards.scenes import Scene

TIME_WORDS = {
    "day": ("by day", "at daytime", "during the day", "at noon"),
    "dawn": ("at dawn", "at sunrise", "in the morning"),
    "sunset": ("at sunset", "in the evening", "at dusk"),
    "night": ("at night", "by night", "at midnight"),
}
GROUND_WORDS = {
    "meadow": ("on a meadow", "on the grass", "on a green field"),
    "desert": ("in the desert", "in a desert", "on the sand"),
    "snow": ("in the snow", "on snow", "in winter"),
    "sea": ("on the sea", "at sea", "on the ocean", "on the water"),
}
HOUSE_WORDS = ("house", "house", "cabin", "cottage", "home")
BOAT_WORDS = (
    "a boat with a {0} sail",
    "a boat with a {0} sail",
    "a sailboat with a {0} sail",
    "a {0} sailboat",
    "a {0} boat",
)
NUMBERS = ("no", "one", "two", "three")
NEUTRAL_GROUND = {"meadow": "a meadow", "desert": "a desert", "snow": "snow", "sea": "the sea"}


def caption(scene: Scene) -> str:
    """Name every visible choice in the plainest words, in the fixed order.

    >>> from random import Random
    >>> from wirebrush_postcards.scenes import sample_scene
    >>> isinstance(caption(sample_scene(Random(1))), str)
    True
    """
    return _join(
        [_thing(scene, None), _trees(scene, None)],
        _ground(scene, None),
        [_backdrop(scene), TIME_WORDS[scene.time][0], light_words(scene)],
    )


def varied_caption(scene: Scene, lot: Random, keep: float = 0.85) -> str:
    """Name the choices with synonyms, each part kept with chance `keep`, or say nothing at all."""
    if lot.random() < 0.1:
        return ""

    def maybe(part: str, chance: float = keep) -> str:
        return part if lot.random() < chance else ""

    head = [maybe(_thing(scene, lot), 0.95), maybe(_trees(scene, lot))]
    tail = [
        maybe(_backdrop(scene)),
        maybe(lot.choice(TIME_WORDS[scene.time]), 0.93),
        maybe(light_words(scene), 0.75),
    ]
    ground = maybe(_ground(scene, lot), 0.93)
    if lot.random() < 0.15:
        lot.shuffle(tail)
    if not any(head) and ground:
        ground = NEUTRAL_GROUND[scene.ground]
    return _join(head, ground, tail)


def light_words(scene: Scene) -> str:
    """Say where the sun or the moon is."""
    body = "moon" if scene.time == "night" else "sun"
    return f"with the {body} on the {scene.side}"


def _join(head: Sequence[str], ground: str, tail: Sequence[str]) -> str:
    subject = " and ".join(part for part in head if part)
    return " ".join(part for part in (subject, ground, *tail) if part)


def _pick(words: Sequence[str], lot: Random | None) -> str:
    return words[0] if lot is None else lot.choice(words)


def _thing(scene: Scene, lot: Random | None) -> str:
    if scene.thing == "house":
        return f"a {scene.colour} {_pick(HOUSE_WORDS, lot)}"
    if scene.thing == "boat":
        return _pick(BOAT_WORDS, lot).format(scene.colour)
    return ""


def _trees(scene: Scene, lot: Random | None) -> str:
    if not scene.trees:
        return ""
    desert = scene.ground == "desert"
    one, many = ("cactus", "cacti") if desert else (_pick(("tree", "tree", "pine"), lot), "trees")
    if scene.trees == 1:
        return f"{_pick(('a', 'one'), lot)} {one}"
    many = "pines" if one == "pine" else many
    return f"{NUMBERS[scene.trees]} {many}"


def _ground(scene: Scene, lot: Random | None) -> str:
    if scene.thing == "none" and not scene.trees:
        return NEUTRAL_GROUND[scene.ground]
    return _pick(GROUND_WORDS[scene.ground], lot)


def _backdrop(scene: Scene) -> str:
    return "" if scene.backdrop == "none" else f"with {scene.backdrop}"
