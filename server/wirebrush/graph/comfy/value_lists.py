"""The values of a node as ComfyUI's files hold them: by position, or by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

from wirebrush.graph.comfy.reading import as_list, as_object
from wirebrush.graph.comfy.records import UiNode
from wirebrush.graph.comfy.widgets import CONTROLS, Layout, Place, length

_CONTROL = "control_after_generate"


@dataclass(frozen=True, slots=True)
class Values:
    """A node's values by name. `rest` is what stood behind them, `raw` all that had no names."""

    named: dict[str, Any] = field(default_factory=dict[str, Any])
    controls: dict[str, str] = field(default_factory=dict[str, str])
    rest: tuple[Any, ...] = ()
    raw: Any = None


def decode(node: UiNode, layout: Layout | None) -> Values:
    """The node's values by name; `raw` holds them as they are if they cannot be told apart."""
    if isinstance(node.values, Values):
        return node.values
    if fields := as_object(node.raw.get("widgets_values_named")):
        return _by_name(fields, layout or ())
    if isinstance(cast("object", node.values), dict):
        return Values(_meant(as_object(node.values), layout or ()))
    items = as_list(node.values)
    if layout is None:
        return Values(raw=items) if items else Values()
    spots = _spots(items, layout)
    return Values(raw=items) if spots is None else _values(items, spots, layout)


def encode(values: Values, layout: Layout, defaults: Mapping[str, Any]) -> list[Any]:
    """What `decode` read, as a list by position again."""
    items: list[Any] = []
    for place in layout:
        if place.forced:
            continue
        otherwise = False if place.own else defaults.get(place.name, place.default)
        items.append(values.named.get(place.name, otherwise))
        if place.control:
            items.append(values.controls.get(place.name, "fixed"))
        if place.behind is not None:
            items.append(place.behind)
    return [*items, *values.rest]


def encode_short(values: Values, layout: Layout, defaults: Mapping[str, Any]) -> list[Any]:
    """The same for a node of a file: a short list stays short, what is left out are defaults."""
    while layout and layout[-1].name not in values.named:
        layout = layout[:-1]
    if layout and layout[-1].name not in values.controls:
        last = layout[-1]  # a filter is there only behind a control
        layout = (*layout[:-1], replace(last, control=False, behind=last.behind or None))
    return encode(values, layout, defaults)


def by_rule(items: Sequence[Any], values: Values, layout: Layout) -> bool:
    """Whether the list of a file is, to the letter, what `encode_short` makes of its values."""
    unsaid = {place.name: _UNSAID for place in layout}
    return _same(encode_short(values, layout, unsaid), list(items))


def rewritten(
    items: Sequence[Any],
    values: Values,
    layout: Layout,
    defaults: Mapping[str, Any],
    fields: Mapping[str, Any],
) -> list[Any]:
    """The list of a file with what has changed since; all else stays as the file had it.

    `fields` are the values by name, if the file had them as well: they were the ones to count.
    """
    spots = _spots(items, layout)
    if spots is None:
        return list(items)  # they had no names, so nobody has changed them
    if any(spot.control is None and spot.place.name in values.controls for spot in spots):
        return encode_short(values, layout, defaults)  # a program's list, without controls
    before = _by_name(fields, layout) if fields else _values(items, spots, layout)
    found = list(items)
    for spot in spots:
        name = spot.place.name
        otherwise = defaults.get(name, spot.place.default)
        new, old = (_or(each.named.get(name), otherwise) for each in (values, before))
        if spot.place.held and not _same(new, old):
            found[spot.at] = new
        word = values.controls.get(name)
        if spot.control is not None and word not in (None, before.controls.get(name)):
            found[spot.control] = word
    there = {spot.place.name for spot in spots} | set(fields)
    behind = tuple(place for place in layout if place.name not in there)
    usual = {place.name: place.default for place in behind}
    named = {
        name: item
        for name, item in values.named.items()
        if name in usual and not _same(item, usual[name])
    }
    return [*found, *encode_short(Values(named, values.controls), behind, defaults)]


def renamed(fields: Mapping[str, Any], values: Values, layout: Layout) -> dict[str, Any]:
    """The values by name of a file (`widgets_values_named`) as they are now."""
    words = {word: values.controls.get(seed) for word, seed in _words(fields, layout).items()}
    return {
        **fields,
        **values.named,
        **{word: control for word, control in words.items() if control is not None},
    }


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where in a list a value stands, and the word that says what happens to it."""

    place: Place
    at: int
    control: int | None = None


_UNSAID = object()


def _or(item: Any, otherwise: Any) -> Any:
    return otherwise if item is None else item


def _same(one: Any, other: Any) -> bool:
    """Whether two values are written alike: `1` and `true` are not."""
    return one is other or (one == other and repr(one) == repr(other))


def _by_name(fields: Mapping[str, Any], layout: Layout) -> Values:
    words = _words(fields, layout)
    controls = {seed: _control(fields[word]) for word, seed in words.items()}
    return Values(
        _meant({name: item for name, item in fields.items() if name not in words}, layout),
        {seed: word for seed, word in controls.items() if word is not None},
    )


def _meant(fields: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    places = {place.name: place for place in layout}
    return {
        name: places[name].meant(item) if name in places else item for name, item in fields.items()
    }


def _words(fields: Mapping[str, Any], layout: Layout) -> Mapping[str, str]:
    """The entries that say what happens to values after a run, each with its value's name."""
    words = [name for name in fields if name.partition("#")[0] == _CONTROL]
    seeds = [place.name for place in layout if place.control]
    return dict(zip(words, seeds, strict=True)) if len(words) == len(seeds) else {}


def _spots(items: Sequence[Any], layout: Layout) -> list[_Spot] | None:
    """Where each value stands; None if one stands where it cannot.

    Numbers may be written as texts if the list makes no sense otherwise. In one of just the right
    length some may be anything: they are refused where they stand, before anything runs.
    """
    plain = [place for place in layout if not place.forced]
    for fits in (_as_it_is, _as_meant):
        spots = _placed(items, layout, plain, fits)
        if spots is not None:
            return spots
    spots = _walked(items, plain, _anything) if len(items) == length(*plain) else None
    wrong = sum(not _as_meant(spot.place, items[spot.at]) for spot in spots or ())
    return spots if spots and wrong <= max(1, len(spots) // 2) else None


_Fits: TypeAlias = Callable[[Place, object], bool]


def _as_it_is(place: Place, item: object) -> bool:
    return place.takes(item)


def _as_meant(place: Place, item: object) -> bool:
    return place.takes(place.meant(item))


def _anything(_place: Place, _item: object) -> bool:
    return True


def _placed(
    items: Sequence[Any], layout: Layout, plain: Sequence[Place], fits: _Fits
) -> list[_Spot] | None:
    """Forced places count only if the list's length says so, and controls not if a program wrote
    it that has none."""
    if len(items) == length(*layout) > length(*plain):
        return _walked(items, layout, fits)
    spots = _walked(items, plain, fits)
    if spots is None and len(items) == len(plain) < length(*plain):
        return _walked(items, [Place(place.name, place.kind) for place in plain], fits)
    return spots


def _walked(items: Sequence[Any], places: Sequence[Place], fits: _Fits) -> list[_Spot] | None:
    found: list[_Spot] = []
    position = 0
    for place in places:
        if position >= len(items):
            break
        if not fits(place, items[position]):
            return None
        spot = _Spot(place, position)
        position += 1
        if place.control and position < len(items):
            if _control(items[position]) is not None:
                spot = replace(spot, control=position)
                position += 1
            elif place.kind:
                return None  # of an unknown class it may have been a guess
        found.append(spot)
        position += place.behind is not None
    return found


def _values(items: Sequence[Any], spots: Sequence[_Spot], layout: Layout) -> Values:
    """What stands at these spots by name, and what stands behind them."""
    found = Values({place.name: place.default for place in layout if place.default is not None})
    end = 0
    for spot in spots:
        place, item = spot.place, items[spot.at]
        if place.held and (item is not None or place.default is None):
            found.named[place.name] = place.meant(item)
        end = spot.at + 1
        if spot.control is not None:
            found.controls[place.name] = _control(items[spot.control]) or "fixed"
            end += 1
        end += place.behind is not None
    return replace(found, rest=tuple(items[end:]))


def _control(item: object) -> str | None:
    """What happens to the value after a run; older files say it with a boolean."""
    if isinstance(item, bool):
        return "randomize" if item else "fixed"
    if item is None:
        return "fixed"
    return item if isinstance(item, str) and item in CONTROLS else None
