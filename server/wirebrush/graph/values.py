"""Is this value right for that input? Strict: JSON's types are taken at their word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple, TypeAlias

from wirebrush.api import Port, Widget
from wirebrush.catalog import nearest
from wirebrush.graph.codes import Code, quoted

FilesLookup: TypeAlias = Callable[[str, str], bool]
"""`files(kind, name)`: whether there is such a model or asset."""

SMALLEST_INT, LARGEST_INT = -(2**63), 2**64 - 1
"""What 64 bits hold, signed or unsigned: seeds use all of the latter."""


class Wrong(NamedTuple):
    """What is wrong with a value: the sentence goes on after the input's name."""

    code: Code
    sentence: str
    hint: str


def check_value(port: Port, item: Any, files: FilesLookup | None = None) -> Wrong | None:
    """What is wrong with a plain value at this input; None if it is fine."""
    if item is None and port.optional:
        return None
    if port.unchecked in ("values", "all"):
        return _check_kind(port.type, item)
    if port.link:
        return Wrong(Code.WIRE_NEEDED, "takes a wire, not a value.", "Connect an output to it.")
    if port.list:
        return _check_list(port, item)
    if port.widget is not None:
        return _check_widget(port.widget, item, files)
    return _check_bare(port.type, item)


def _check_widget(widget: Widget, item: Any, files: FilesLookup | None) -> Wrong | None:
    if widget.kind in ("int", "seed"):
        return _check_int(item) or _check_range(widget, item)
    if widget.kind == "float":
        return _check_float(item) or _check_range(widget, item)
    if widget.kind == "text":
        return _check_text(item)
    if widget.kind == "toggle":
        return _check_toggle(item)
    if widget.kind == "choice":
        return _check_choice(widget.choices or (), item)
    if widget.kind == "file":
        return _check_file(widget, item, files)
    return None  # a widget of a later version: the node itself will look at the value


def _check_int(item: Any) -> Wrong | None:
    if type(item) is int:
        if SMALLEST_INT <= item <= LARGEST_INT:
            return None
        sentence = f"is {quoted(item)}, more than a whole number can be."
        return Wrong(Code.OUT_OF_RANGE, sentence, f"Use at most {LARGEST_INT}.")
    if isinstance(item, float) and isfinite(item) and item.is_integer() and abs(item) < 2**53:
        hint = f"Write {int(item)} instead of {item}."
    elif isinstance(item, str) and item.strip().removeprefix("-").isdecimal():
        hint = f"Write {item.strip()[:40]} without quotes."
    else:
        hint = "Use a whole number, such as 20."
    return Wrong(Code.WRONG_VALUE, f"is {quoted(item)}, but must be a whole number.", hint)


def _check_float(item: Any) -> Wrong | None:
    if type(item) is float:
        if isfinite(item):
            return None
        return Wrong(
            Code.WRONG_VALUE, f"is {item}, but must be a number.", "Use 0.75, for example."
        )
    if type(item) is int:
        return _check_int(item)
    hint = "Use a number, such as 0.75."
    if isinstance(item, str) and _is_number(item):
        hint = f"Write {item.strip()[:40]} without quotes."
    return Wrong(Code.WRONG_VALUE, f"is {quoted(item)}, but must be a number.", hint)


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _check_range(widget: Widget, item: float) -> Wrong | None:
    if widget.min is not None and item < widget.min:
        sentence = f"is {quoted(item)}, but must be at least {widget.min}."
    elif widget.max is not None and item > widget.max:
        sentence = f"is {quoted(item)}, but must be at most {widget.max}."
    else:
        return None
    if widget.max is None:
        hint = f"Use {widget.min} or more."
    elif widget.min is None:
        hint = f"Use {widget.max} or less."
    else:
        hint = f"Use a number from {widget.min} to {widget.max}."
    return Wrong(Code.OUT_OF_RANGE, sentence, hint)


def _check_text(item: Any) -> Wrong | None:
    if isinstance(item, str):
        return None
    hint = "Use text in quotes."
    if isinstance(item, int | float):
        hint = f'Write "{quoted(item)}" in quotes.'
    return Wrong(Code.WRONG_VALUE, f"is {quoted(item)}, but must be text.", hint)


def _check_toggle(item: Any) -> Wrong | None:
    if isinstance(item, bool):
        return None
    hint = "Use true or false."
    if isinstance(item, str) and item.strip().lower() in ("true", "false"):
        hint = f"Write {item.strip().lower()} without quotes."
    return Wrong(Code.WRONG_VALUE, f"is {quoted(item)}, but must be on or off.", hint)


def _check_choice(choices: Sequence[str | int | float | bool], item: Any) -> Wrong | None:
    boolean = isinstance(item, bool)  # Python finds True in (1, 2); people do not
    if isinstance(item, str | int | float) and any(
        choice == item and isinstance(choice, bool) is boolean for choice in choices
    ):
        return None
    if not choices:
        return Wrong(
            Code.NOT_A_CHOICE,
            f"is {quoted(item)}, but there is nothing to choose from yet.",
            "Add what this node chooses from, such as a model file, and refresh.",
        )
    return Wrong(
        Code.NOT_A_CHOICE,
        f"is {quoted(item)}, which is not one of its {len(choices)} choices.",
        _choose(item, [str(choice) for choice in choices]),
    )


def _choose(item: Any, choices: Sequence[str]) -> str:
    alike = nearest(item, choices) if isinstance(item, str) else []
    guess = f"Did you mean {' or '.join(quoted(name) for name in alike)}?" if alike else ""
    if len(choices) <= 8:
        return f"{guess} Choose one of {', '.join(quoted(name) for name in choices)}.".strip()
    return guess or f"Choose one of the {len(choices)}, for example {quoted(choices[0])}."


def _check_file(widget: Widget, item: Any, files: FilesLookup | None) -> Wrong | None:
    if not isinstance(item, str):
        sentence = f"is {quoted(item)}, but must be the name of a file."
        return Wrong(Code.WRONG_VALUE, sentence, "Choose a file.")
    if item in (widget.choices or ()):  # the choice that means no file
        return None
    if not item.strip():
        return Wrong(Code.BAD_FILE_NAME, "names no file.", "Choose a file, or upload one.")
    if _leaves_its_folder(item):
        sentence = f"is {quoted(item)}, which is a path, not the name of a file here."
        hint = "Give a name from the list. Other places on the disk cannot be read from a graph."
        return Wrong(Code.BAD_FILE_NAME, sentence, hint)
    kind = widget.folder or ""
    if files is None or files(kind, item):
        return None
    alike = nearest(item, [str(choice) for choice in widget.choices or ()])
    if alike:
        hint = f"Did you mean {', '.join(quoted(name) for name in alike)}?"
    elif widget.upload or kind in ASSET_KINDS:
        hint = "Upload it, or choose another one."
    else:
        hint = f"Put it into models/{kind}/, or choose another one."
    return Wrong(Code.FILE_NOT_FOUND, f"names {quoted(item)}, but there is no such file.", hint)


ASSET_KINDS = frozenset({"image", "mask", "audio", "video", "output"})


def _leaves_its_folder(name: str) -> bool:
    """Decided by the name alone, so that the answer does not tell what is on the disk."""
    if "\0" in name or ":" in name or PureWindowsPath(name).anchor or name.startswith("~"):
        return True
    return ".." in PurePosixPath(name.replace("\\", "/")).parts


def _check_list(port: Port, item: Any) -> Wrong | None:
    """A list port takes a list of plain values, or one value that stands for a list of one."""
    for element in item if isinstance(item, list) else [item]:  # pyright: ignore[reportUnknownVariableType]
        if wrong := _check_bare(port.type, element):
            return wrong
    return None


_BARE: Mapping[str, Callable[[Any], Wrong | None]] = {
    "INT": _check_int,
    "FLOAT": _check_float,
    "STRING": _check_text,
    "BOOLEAN": _check_toggle,
    "COMBO": lambda item: None if isinstance(item, str | int | float) else _check_text(item),
}


def _check_bare(type_name: str, item: Any) -> Wrong | None:
    """An input without a widget: any of its scalar types will do, if it has one."""
    if isinstance(item, float) and not isfinite(item):
        return Wrong(
            Code.WRONG_VALUE, f"is {item}, but must be a number.", "Use 0.75, for example."
        )
    names = type_name.split(",")
    if "*" in names:
        return None
    checks = [_BARE[name] for name in names if name in _BARE]
    if not checks:
        kind = " or ".join(names)
        sentence = (
            f"takes a wire from {_article(kind)} {kind} output, not the value {quoted(item)}."
        )
        return Wrong(Code.WIRE_NEEDED, sentence, "Connect an output to it.")
    answers = [check(item) for check in checks]
    return None if None in answers else answers[0]


def _check_kind(type_name: str, item: Any) -> Wrong | None:
    """Whether a number is a number: all that is asked of an input which its node judges itself."""
    return (
        _check_bare(type_name, item) if not _BARE.keys().isdisjoint(type_name.split(",")) else None
    )


def _article(noun: str) -> str:
    return "an" if noun[:1].upper() in "AEIOU" else "a"
