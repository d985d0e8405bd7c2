"""What a caption says: the choices that its words name, found by keyword. No torch, no model."""

import re

TIME_KEYS = {
    "day": ("day", "daytime", "noon", "midday", "daylight", "sunny"),
    "dawn": ("dawn", "sunrise", "morning"),
    "sunset": ("sunset", "evening", "dusk"),
    "night": ("night", "midnight", "nighttime"),
}
GROUND_KEYS = {
    "meadow": ("meadow", "grass", "field", "lawn"),
    "desert": ("desert", "sand", "dunes"),
    "snow": ("snow", "winter", "snowy"),
    "sea": ("sea", "ocean", "water", "lake"),
}
BACKDROP_KEYS = {"mountains": ("mountains", "mountain", "peaks"), "hills": ("hills", "hill")}
THING_KEYS = {
    "house": ("house", "cabin", "cottage", "home", "hut"),
    "boat": ("boat", "sailboat", "ship", "sail"),
}
COLOUR_KEYS = {name: (name,) for name in ("red", "blue", "yellow", "white", "green")}
SIDE_KEYS = {"left": ("left",), "right": ("right",)}
ONE_TREE = ("tree", "pine", "cactus")
MANY_TREES = ("trees", "pines", "cacti")
NUMBER_KEYS = {"no": 0, "one": 1, "a": 1, "two": 2, "three": 3}
PLAIN_WORDS = (
    "a an the and with on in at by of during no one two three sun moon picture postcard painting"
).split()

UNSAID = "unsaid"
CHOICES: dict[str, tuple[str, ...]] = {
    "time": (UNSAID, *TIME_KEYS),
    "ground": (UNSAID, *GROUND_KEYS),
    "backdrop": (UNSAID, *BACKDROP_KEYS),
    "thing": (UNSAID, *THING_KEYS),
    "colour": (UNSAID, *COLOUR_KEYS),
    "side": (UNSAID, *SIDE_KEYS),
    "trees": (UNSAID, "1", "2", "3"),
}


def vocabulary() -> list[str]:
    """Return every word that the model was taught, sorted."""
    tables = (TIME_KEYS, GROUND_KEYS, BACKDROP_KEYS, THING_KEYS, COLOUR_KEYS, SIDE_KEYS)
    keys = {word for table in tables for words in table.values() for word in words}
    return sorted(keys | {*ONE_TREE, *MANY_TREES, *PLAIN_WORDS})


def said(caption: str) -> dict[str, str]:
    """Return what a caption names, one entry for every key of `CHOICES`.

    >>> said("a red cabin on a green field at dusk")["colour"]
    'red'
    """
    words = re.findall(r"[a-z]+", caption.lower().replace("green field", "field"))
    found = {
        "time": _first(words, TIME_KEYS),
        "ground": _first(words, GROUND_KEYS),
        "backdrop": _first(words, BACKDROP_KEYS),
        "thing": _first(words, THING_KEYS),
        "colour": _first(words, COLOUR_KEYS),
        "side": _first(words, SIDE_KEYS),
        "trees": UNSAID,
    }
    for before, word in zip(["", *words], words, strict=False):
        if word in ONE_TREE:
            found["trees"] = "1"
        elif word in MANY_TREES:
            found["trees"] = str(NUMBER_KEYS.get(before, 3))
    return found


def _first(words: list[str], keys: dict[str, tuple[str, ...]]) -> str:
    for word in words:
        for name, names in keys.items():
            if word in names:
                return name
    return UNSAID
