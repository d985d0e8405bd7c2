"""Inputs of packs as ports: `(TYPE or [choices], {options})`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wirebrush.api import MISSING, Port, Widget
from wirebrush.api.spec import Unchecked
from wirebrush_comfy.kinds import is_choices, type_name
from wirebrush_comfy.marks import uploads_in
from wirebrush_comfy.plain import as_json
from wirebrush_comfy.shims.folder_paths import FileNames

UPLOADS = {"image_upload": "image", "audio_upload": "audio", "video_upload": "video"}
SEEDS = frozenset({"seed", "noise_seed"})
SCALARS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN"})
LISTED_LIMIT = 10_000
"""More choices than anybody looks through: packs that list whole disks."""
LONGEST_HINT = 10_000
"""Characters of an option as JSON; longer ones are no hint for an editor."""
SAID = frozenset({"min", "max", "step", "tooltip", "multiline", "placeholder", "lazy", "rawLink"})
"""Options that a port says by itself."""


@dataclass(frozen=True, slots=True)
class Section:
    """What holds for all inputs of a section of a node.

    `lazy`: whether the node says which lazy inputs it wants. `judged`: the inputs whose values the
    node's own check looks at; None for all of them. `types_judged`: it looks at wires, too.
    """

    optional: bool = False
    as_list: bool = False
    lazy: bool = False
    judged: frozenset[str] | None = frozenset()
    types_judged: bool = False


def port(name: str, declared: Any, section: Section) -> Port:
    """One input, from what `INPUT_TYPES` says about it.

    The default of an optional one is for editors only: left out of a prompt, the function's own
    counts, as in ComfyUI.
    """
    kind, options = _taken_apart(declared)
    type_text = type_name(kind)
    several = bool(options.get("multi_select") or options.get("multiselect"))
    wire = bool(options.get("forceInput")) or several
    edited = _text(options.get("widgetType")) or type_text
    widget = None if wire else _widget(name, kind, edited, options)
    default = MISSING
    if not section.optional:
        default = _chosen(options.get("default")) if several else _default(widget, options)
    return Port(
        name=name,
        type=type_text,
        default=default,
        widget=widget,
        optional=section.optional,
        lazy=bool(options.get("lazy")) and section.lazy,
        list=section.as_list or several,
        link=bool(options.get("rawLink")),
        help=_text(options.get("tooltip")),
        unchecked=_unchecked(name, type_text, section, options),
        hints=_hints(kind, options, default),
    )


def _chosen(given: Any) -> list[Any]:
    """What is chosen of several at first."""
    chosen = given if isinstance(given, list | tuple) else [] if given is None else [given]
    return [_plain(item) for item in chosen]


def _hints(kind: Any, options: Mapping[str, Any], default: Any) -> dict[str, Any]:
    """The options as they were declared, which ComfyUI's page draws by and a port cannot say."""
    several = "multi_select" in options or "multiselect" in options
    given = {"options": kind, **options} if several and is_choices(kind) else options
    hints: dict[str, Any] = {}
    for key, value in given.items():
        if not isinstance(key, str) or key in SAID or key in UPLOADS or key == "image_folder":
            continue
        if key == "options" and not several:
            continue  # the choices are in the widget
        if key == "default" and default is not MISSING and not several:
            continue  # it is the port's
        if key == "default" and uploads_in([value]) is not None:
            continue  # the first of the folder of uploads, which is ours while packs are loaded
        try:
            plain = as_json(value)
            if len(json.dumps(plain)) <= LONGEST_HINT:
                hints[key] = plain
        except (ValueError, RecursionError):  # it holds itself
            continue
    return hints


def _unchecked(
    name: str, type_text: str, section: Section, options: Mapping[str, Any]
) -> Unchecked:
    """What only the node looks at. Values of types that nobody knows are nobody else's business,
    nor are choices that ComfyUI's page fetches from an address."""
    known = SCALARS.union({"COMBO", "*"}).intersection(type_text.split(","))
    judged = section.judged is None or name in section.judged
    if judged or not known or options.get("remote"):
        return "all" if section.types_judged else "values"
    return "types" if section.types_judged else ""


def _taken_apart(declared: Any) -> tuple[Any, Mapping[str, Any]]:
    """Type and options; some packs leave the options or even the tuple out."""
    if isinstance(declared, str) or not isinstance(declared, Sequence) or not declared:
        return declared, {}
    options = declared[1] if len(declared) > 1 else None
    return declared[0], options if isinstance(options, Mapping) else {}


def _widget(name: str, kind: Any, type_text: str, options: Mapping[str, Any]) -> Widget | None:
    if type_text == "COMBO":
        choices: Any = kind if is_choices(kind) else options.get("options")
        return _choice(choices if is_choices(choices) else (), options)
    if type_text == "BOOLEAN":
        return Widget("toggle")
    if type_text == "STRING":
        placeholder = _text(options.get("placeholder"))
        return Widget("text", multiline=bool(options.get("multiline")), placeholder=placeholder)
    if type_text not in ("INT", "FLOAT"):
        return None
    whole = type_text == "INT"
    seed = whole and (name in SEEDS or bool(options.get("control_after_generate")))
    low, high, step = (_number(options.get(name), whole) for name in ("min", "max", "step"))
    return Widget("seed" if seed else "int" if whole else "float", low, high, step)


def _choice(choices: Sequence[Any], options: Mapping[str, Any]) -> Widget:
    if options.get("image_folder") == "output":
        return Widget("file", folder="output", choices=())
    for option, folder in UPLOADS.items():
        if options.get(option):
            return Widget("file", folder=folder, upload=True, choices=_no_files(choices))
    kind = uploads_in(choices)
    if kind is not None:
        return Widget("file", folder=kind, choices=_no_files(choices) or None)
    if isinstance(choices, FileNames):
        return Widget("file", folder=choices.kind, choices=choices.others or None)
    plain = (_plain(choice) for choice in list(choices)[:LISTED_LIMIT])
    return Widget("choice", choices=tuple(dict.fromkeys(plain)))


def _no_files(choices: Sequence[Any]) -> tuple[str | int | float | bool, ...]:
    """Those of a list of uploads that mean none, such as `None`: they have no ending. The others
    are what lay there when the pack was loaded."""
    plain = dict.fromkeys(_plain(choice) for choice in list(choices)[:LISTED_LIMIT])
    return tuple(choice for choice in plain if isinstance(choice, str) and "." not in choice)


def _plain(choice: Any) -> str | int | float | bool:
    """A choice as JSON can say it."""
    if isinstance(choice, str):
        return str.__str__(choice)
    return choice if type(choice) in (int, float, bool) else str(choice)


def _default(widget: Widget | None, options: Mapping[str, Any]) -> Any:
    """What the widget shows at first; MISSING for wires."""
    if widget is None or widget.kind == "file":
        return MISSING
    given = options.get("default")
    if widget.kind == "choice":
        choices = widget.choices or ()
        if given is not None and _plain(given) in choices:
            return _plain(given)
        return choices[0] if choices else MISSING
    if widget.kind == "text":
        return "" if given is None else str(given)
    if widget.kind == "toggle":
        return bool(given)
    number = _number(given, widget.kind != "float")
    return _nearest_to_zero(widget) if number is None else number


def _nearest_to_zero(widget: Widget) -> float | int:
    """The first value of a number that has no default: 0, if its bounds allow."""
    zero: float | int = 0.0 if widget.kind == "float" else 0
    if widget.min is not None and widget.min > 0:
        return widget.min
    return widget.max if widget.max is not None and widget.max < 0 else zero


def _number(value: Any, whole: bool) -> float | int | None:
    """A finite number as JSON can say it, or None."""
    try:
        number = float(value)
        if not math.isfinite(number):
            return None
        return int(value) if whole else number
    except (TypeError, ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    return str.__str__(value) if isinstance(value, str) else ""
