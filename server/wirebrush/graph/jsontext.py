"""Strict JSON for graphs: every fault is a `Problem` with its place, and nothing recurses.

Stricter than `json`: a key given twice, NaN and infinities, half characters and bottomless
nesting are refused instead of quietly changed or carried on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Any, NamedTuple, TypeAlias, cast

from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted

Path: TypeAlias = tuple[str | int, ...]
Locate: TypeAlias = Callable[[Path], tuple[str | None, str | None]]
"""Which node and port a place in a document belongs to."""

MEGABYTE = 1024 * 1024
MAX_NUMBER_BITS = 1024  # what a float can hold; no value of a node needs more
SHORT = 256  # characters: plain texts below that are fine,
SMALL = 1 << 63  # and so are integers below this
LARGE = 1 << 512  # integers below this are fine too, and millions of them have a sum
MAX_FAULTS = 100  # nobody reads more, and a hostile text may hold a million


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a graph from outside may be. The engine itself runs larger ones."""

    size: int = 8 * MEGABYTE
    depth: int = 64
    string: int = MEGABYTE
    nodes: int = 20_000
    links: int = 100_000
    node_id: int = 255


DEFAULT_LIMITS = Limits()


def nowhere(path: Path) -> tuple[str | None, str | None]:
    """The `Locate` of documents that are no graph."""
    return None, None


def read_json(
    source: str | bytes | bytearray | dict[str, Any],
    limits: Limits = DEFAULT_LIMITS,
    locate: Locate = nowhere,
    *,
    forgiving: bool = False,
) -> tuple[Any, list[Problem]]:
    """The data, or None and what is wrong. Data that is parsed already is checked the same way.

    `forgiving` reads NaN and infinities as null: other programs leave them in their files.
    """
    if isinstance(source, dict):
        data: Any = source
    else:
        text = _decode(source, limits)
        if isinstance(text, Problem):
            return None, [text]
        data = _at_once(text, limits)
        if data is not None:
            return data, []
        data = _loads(text, limits, forgiving)
    if isinstance(data, Problem):
        return None, [data]
    problems = [
        problem(fault.code, _placed(fault), fault.hint, *locate(fault.path))
        for fault in _faults(data, limits)
    ]
    return (None if problems else data), problems


def _decode(source: str | bytes | bytearray, limits: Limits) -> str | Problem:
    if len(source) > limits.size:
        return problem(
            Code.TOO_LARGE,
            f"The text has {_megabytes(len(source))}; at most {_megabytes(limits.size)} are read.",
            "Keep pictures and models out of the graph: upload them and name them instead.",
        )
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return problem(
            Code.NOT_TEXT,
            f"The text is not UTF-8: byte {error.start} does not belong there.",
            "Save the file as UTF-8 text. A picture or an archive is no graph.",
        )


def _at_once(text: str, limits: Limits) -> dict[str, Any] | list[Any] | None:
    """The data if it is an object or a list that nothing can be wrong with: the common case, fast.

    None if there is any doubt: who looks at it item by item then finds out, and where. That no key
    was given twice shows in the text, where each has a colon: those are counted.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict | list) or "\\u003" in text:  # a colon in disguise
        return None
    names, texts, numbers = list[str](), list[str](), list[int | float]()
    if not _gather(cast("dict[str, Any] | list[Any]", data), limits.depth, names, texts, numbers):
        return None
    words = "".join((*names, *texts))
    fine = (
        len(names) == text.count(":") - words.count(":")
        and (words.isascii() or _is_text(words))
        and max(map(len, names), default=0) <= limits.string
        and max(map(len, texts), default=0) <= limits.string
        and -LARGE < min(numbers, default=0) <= max(numbers, default=0) < LARGE
        and isfinite(sum(numbers))
    )
    return cast("dict[str, Any] | list[Any]", data) if fine else None


def _gather(
    data: dict[str, Any] | list[Any],
    depth: int,
    names: list[str],
    texts: list[str],
    numbers: list[int | float],
) -> bool:
    """All keys, texts and numbers of the data, level by level; False if it lies too deep."""
    inner: list[dict[str, Any] | list[Any]] = [data]
    plain: list[Any] = []
    put: Mapping[type[Any], Callable[[Any], None]] = {
        dict: inner.append,
        list: inner.append,
        str: texts.append,
        int: numbers.append,
        float: numbers.append,
        bool: plain.append,
        type(None): plain.append,
    }
    for _ in range(depth):
        level = inner.copy()
        inner.clear()
        for container in level:
            if isinstance(container, dict):
                names += container
                items = container.values()
            else:
                items = container
            for item in items:
                put[item.__class__](item)
        if not inner:
            return True
    return False


class _Repeated(dict[str, Any]):
    """An object in which a key was given twice; the walk finds it and knows its place."""

    keys_twice: Sequence[str] = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) == len(pairs):
        return data
    names = [name for name, _ in pairs]
    repeated = _Repeated(data)
    repeated.keys_twice = [name for name in data if names.count(name) > 1][:MAX_FAULTS]
    return repeated


def _loads(text: str, limits: Limits, forgiving: bool) -> Any:
    constant = _nothing if forgiving else None
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=constant)
    except json.JSONDecodeError as error:
        return problem(
            Code.NOT_JSON,
            f"This is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.",
            _json_hint(text, error.pos),
        )
    except RecursionError:  # raised by the parser in C at about 1,000 levels, before it is deep
        return _too_deep(limits)
    except ValueError:  # a number of more than 4,300 digits
        return problem(Code.NOT_FINITE, "The text has a number of thousands of digits.", _NUMBER)


def _nothing(name: str) -> None:
    """NaN or an infinity as null."""


_NUMBER = "Write an ordinary number, such as 20 or 0.75."


def _json_hint(text: str, position: int) -> str:
    before, here = text[:position].rstrip()[-1:], text[position : position + 1]
    if not text.strip():
        return "The text is empty: nothing was written, or the wrong file was chosen."
    if text.lstrip().startswith("<"):
        return "This looks like a web page. Save the raw file instead."
    if here == "'" or before == "'":
        return "JSON wants double quotes: write \"steps\", not 'steps'."
    if "," in (before, here) and text[position:].lstrip(", \r\n\t")[:1] in ("}", "]"):
        return "Remove the comma before the closing bracket."
    if not here:
        return "The text ends too early: the file may have been cut off while it was saved."
    return "Look at that place; the mistake may also be just before it."


def _too_deep(limits: Limits) -> Problem:
    return problem(Code.TOO_DEEP, _deep(limits), _DEEP_HINT)


def _deep(limits: Limits) -> str:
    return f"Lists and objects lie more than {limits.depth} deep inside one another."


_DEEP_HINT = "A graph needs about six levels. Look at how this text was made."


class _Fault(NamedTuple):
    code: Code
    message: str
    hint: str
    path: Path


_Crumb: TypeAlias = "tuple[_Crumb | None, str | int]"
"""One step of the way down and those above, so that a path is only put together when needed."""


def _path(crumb: _Crumb | None) -> Path:
    steps: list[str | int] = []
    while crumb is not None:
        crumb, key = crumb
        steps.append(key)
    return tuple(reversed(steps))


def _faults(data: Any, limits: Limits) -> list[_Fault]:
    if isinstance(data, dict | list):
        return _walk(cast("Any", data), limits)
    fault = _scalar_fault(data, limits)
    return [_Fault(*fault, ())] if fault else []


def _walk(data: dict[Any, Any] | list[Any], limits: Limits) -> list[_Fault]:
    """Look through all of the data with a stack of our own."""
    found: list[_Fault] = []
    stack: list[tuple[Any, _Crumb | None, int]] = [(data, None, 1)]
    fine: set[Any] = set()  # keys that were looked at: nodes have the same few again and again
    while stack and len(found) < MAX_FAULTS:
        container, crumb, depth = stack.pop()
        if depth > limits.depth:
            found.append(_Fault(Code.TOO_DEEP, _deep(limits), _DEEP_HINT, _path(crumb)))
            continue
        if isinstance(container, dict):
            found.extend(_key_faults(cast("Any", container), crumb, limits, fine))
        for key, item in _entries(cast("Any", container)):
            if _plainly_fine(item):
                continue
            if isinstance(item, dict | list):
                stack.append((cast("Any", item), (crumb, key), depth + 1))
            elif fault := _scalar_fault(item, limits):
                found.append(_Fault(*fault, _path((crumb, key))))
    return found[:MAX_FAULTS]


def _entries(container: dict[Any, Any] | list[Any]) -> Iterable[tuple[Any, Any]]:
    return container.items() if isinstance(container, dict) else enumerate(container)


def _plainly_fine(item: object) -> bool:
    """The common case, fast: short plain text, small integers, true, false, null."""
    kind = item.__class__
    if kind is str:
        text = cast("str", item)
        return len(text) < SHORT and text.isascii()
    if kind is int:
        return -SMALL < cast("int", item) < SMALL
    return item is None or kind is bool


def _key_faults(
    data: dict[Any, Any], crumb: _Crumb | None, limits: Limits, fine: set[Any]
) -> Iterator[_Fault]:
    """What is wrong with an object's keys; the others are added to the fine ones."""
    if data.__class__ is dict and fine.issuperset(data):
        return
    for key in data.keys_twice if isinstance(data, _Repeated) else ():
        path = _path(crumb)
        message = f"{quoted(key)} is written twice in the same object."
        yield _Fault(Code.DUPLICATE_KEY, message, "Keep one of the two.", (*path, key))
    for key in data:
        if not isinstance(key, str):
            message = f"{quoted(key)} is used as a name."
            yield _Fault(Code.NOT_DATA, message, "Names of fields are text.", _path(crumb))
        elif _plainly_fine(key):
            fine.add(key)
        elif fault := _scalar_fault(key, limits):
            yield _Fault(*fault, _path(crumb))


def _is_text(text: str) -> bool:
    """Whether no half character stands in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _scalar_fault(item: object, limits: Limits) -> tuple[Code, str, str] | None:
    if isinstance(item, str):
        return _text_fault(item, limits)
    if item is None or isinstance(item, bool):
        return None
    if isinstance(item, float):
        if isfinite(item):
            return None
        name = "NaN" if isnan(item) else "A number beyond all bounds"
        return Code.NOT_FINITE, f"{name} is not a value that a node can use.", _NUMBER
    if isinstance(item, int):
        if item.bit_length() <= MAX_NUMBER_BITS:
            return None
        return Code.NOT_FINITE, f"There is {quoted(item)}.", _NUMBER
    kind = type(item).__name__
    return Code.NOT_DATA, f"A Python {kind} is not JSON.", "Use text, numbers, lists, objects."


def _text_fault(text: str, limits: Limits) -> tuple[Code, str, str] | None:
    if len(text) > limits.string:
        return (
            Code.STRING_TOO_LONG,
            f"A text is {len(text):,} characters long; at most {limits.string:,} are read.",
            "Put long texts and pictures into a file and upload it.",
        )
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return (
                Code.NOT_TEXT,
                f"Half a character (\\u{ord(text[error.start]):04x}) stands in a text.",
                "Write the text anew; an emoji was probably cut in two.",
            )
    return None


def _placed(fault: _Fault) -> str:
    """The message with the place, shortened where somebody nests for fun."""
    if not fault.path:
        return fault.message
    steps = [str(step)[:60] for step in fault.path]
    place = " → ".join(steps if len(steps) <= 6 else [*steps[:5], "…"])
    return f"{fault.message} (At {place}.)"


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.3g} MB"
