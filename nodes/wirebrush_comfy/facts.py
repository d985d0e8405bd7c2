"""What a class of a pack declares, V1 or V3, as ports and outputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from wirebrush.api import MISSING, NodeSpec, Output, Port
from wirebrush_comfy.kinds import type_name
from wirebrush_comfy.plain import as_json
from wirebrush_comfy.ports import Section, port

HIDDEN = frozenset(
    {"PROMPT", "EXTRA_PNGINFO", "UNIQUE_ID", "DYNPROMPT", "AUTH_TOKEN_COMFY_ORG",
     "API_KEY_COMFY_ORG"}
)  # fmt: skip


class Refused(Exception):
    """A class cannot be a node; the text says why."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """The functions of a class that are asked besides its work, by the names they have there."""

    changed: str = "IS_CHANGED"
    validate: str = "VALIDATE_INPUTS"
    lazy: str = "check_lazy_status"


@dataclass(frozen=True, slots=True)
class Facts:
    """A node type of a pack.

    `hidden` are parameters that get something of the run, by name; `more` hidden ones that may have
    a value or a wire like any input. `open_ended`: its function takes inputs by names that it does
    not declare. `flexible` is the section of its optional inputs, if that is no plain dict: it may
    answer for names that it does not list. `as_lists`: it is called once, with lists.
    """

    kind: type[Any]
    spec: NodeSpec
    function: str
    hooks: Hooks
    hidden: Mapping[str, str]
    more: Mapping[str, Port]
    open_ended: bool
    flexible: Mapping[str, Any] | None
    as_lists: bool
    v3: bool

    def answered(self, name: str) -> Port | None:
        """An input that no list has, but the section of optional inputs answers for."""
        if self.flexible is None:
            return None
        try:
            if name not in self.flexible:
                return None
            declared = self.flexible[name]
        except Exception:  # it is the pack's own mapping
            return None
        section = Section(optional=True, as_list=self.as_lists, judged=None)
        return replace(port(name, declared, section), default=MISSING)


def facts_of(node_id: str, kind: type[Any], title: str, hooks: Hooks, *, v3: bool) -> Facts:
    """What a class declares; Refused if it does not say enough to be a node."""
    name = getattr(kind, "FUNCTION", None)
    function = getattr(kind, name, None) if isinstance(name, str) else None
    if not isinstance(name, str) or not callable(function):
        raise Refused("it names no FUNCTION that it has.")
    declared = _declared(kind)
    inputs = _sections(declared)
    optional = declared.get("optional")
    as_lists = bool(getattr(kind, "INPUT_IS_LIST", False))
    hidden = {n: _plain_type(d) for n, d in inputs.get("hidden", {}).items()}
    magic = {n: text for n, text in hidden.items() if text in HIDDEN}
    others = {n: d for n, d in inputs.get("hidden", {}).items() if n not in magic}
    more = Section(optional=True, as_list=as_lists, judged=None)
    signature = _parameters(function)
    spec = replace(_spec(node_id, kind, title, hooks, inputs), hints=_hints(kind, inputs, v3))
    return Facts(
        kind=kind,
        spec=spec,
        function=name,
        hooks=hooks,
        hidden=magic,
        more={n: port(n, d, more) for n, d in others.items()},
        open_ended=any(p.kind is p.VAR_KEYWORD for p in signature),
        flexible=optional if isinstance(optional, Mapping) and type(optional) is not dict else None,
        as_lists=as_lists,
        v3=v3,
    )


def _spec(
    node_id: str, kind: type[Any], title: str, hooks: Hooks, inputs: Mapping[str, Any]
) -> NodeSpec:
    unique = "UNIQUE_ID" in map(_plain_type, inputs.get("hidden", {}).values())
    own = unique or bool(getattr(kind, "NOT_IDEMPOTENT", False))
    return NodeSpec(
        id=node_id,
        title=title or node_id,
        category=str(getattr(kind, "CATEGORY", "") or "other"),
        help=_help(kind),
        inputs=tuple(_ports(kind, hooks, inputs)),
        outputs=_outputs(kind),
        cache="node" if own else "pure",
        sink=bool(getattr(kind, "OUTPUT_NODE", False)),
        deprecated=bool(getattr(kind, "DEPRECATED", False)),
        experimental=bool(getattr(kind, "EXPERIMENTAL", False)),
    )


def _hints(kind: type[Any], inputs: Mapping[str, Any], v3: bool) -> dict[str, Any]:
    """What ComfyUI's page is told that our declarations have no words for."""
    hidden: dict[str, Any] = {}
    for name, declared in inputs.get("hidden", {}).items():
        with suppress(ValueError, RecursionError):  # it holds itself
            hidden[name] = as_json(declared)
    hints: dict[str, Any] = {"hidden": hidden}
    if getattr(kind, "API_NODE", False):
        hints["api_node"] = True
    return hints | ({"v3": True} if v3 else {})


def _declared(kind: type[Any]) -> Mapping[Any, Any]:
    declare: Callable[[], Any] | None = getattr(kind, "INPUT_TYPES", None)
    if declare is None:
        raise Refused("it has no INPUT_TYPES.")
    declared = declare()
    if not isinstance(declared, Mapping):
        raise Refused(f"its INPUT_TYPES gives a {type(declared).__name__}, not a dict.")
    return declared


def _sections(declared: Mapping[Any, Any]) -> Mapping[str, Mapping[str, Any]]:
    sections = {str(name): part for name, part in declared.items() if isinstance(part, Mapping)}
    return {
        name: {str(key): value for key, value in part.items()} for name, part in sections.items()
    }


def _ports(kind: type[Any], hooks: Hooks, inputs: Mapping[str, Any]) -> Iterator[Port]:
    """Required inputs, then optional ones, as declared; a name that comes twice counts once."""
    named, judges = judged_inputs(kind, hooks)
    lazy = hasattr(kind, hooks.lazy)
    as_list = bool(getattr(kind, "INPUT_IS_LIST", False))
    seen: set[str] = set()
    for name, optional in (("required", False), ("optional", True)):
        section = Section(optional, as_list, lazy, named, judges)
        for key, declared in inputs.get(name, {}).items():
            if key not in seen:
                seen.add(key)
                yield port(key, declared, section)


def judged_inputs(kind: type[Any], hooks: Hooks) -> tuple[frozenset[str] | None, bool]:
    """The inputs that the class's own check names (None: all), and whether it looks at types."""
    validate = getattr(kind, hooks.validate, None)
    if validate is None:
        return frozenset(), False
    parameters = _parameters(validate)
    names = frozenset(p.name for p in parameters)
    types = "input_types" in names
    everything = any(p.kind is p.VAR_KEYWORD for p in parameters)
    return (None if everything else names), types


def _outputs(kind: type[Any]) -> tuple[Output, ...]:
    types = _tuple(getattr(kind, "RETURN_TYPES", ()))
    names = _tuple(getattr(kind, "RETURN_NAMES", ()))
    helps = _tuple(getattr(kind, "OUTPUT_TOOLTIPS", ()))
    lists = getattr(kind, "OUTPUT_IS_LIST", ())
    if isinstance(lists, bool):
        lists = (lists,) * len(types)
    outputs: list[Output] = []
    for index, declared in enumerate(types):
        text = type_name(declared)
        name = str(names[index]) if index < len(names) and names[index] else text
        is_list = index < len(lists or ()) and bool(lists[index])
        help_text = str(helps[index]) if index < len(helps) and helps[index] else ""
        outputs.append(Output(name, text, is_list, help_text))
    return tuple(outputs)


def _tuple(declared: Any) -> Sequence[Any]:
    """A tuple; a single name stands for itself, because the comma is easily forgotten."""
    if declared is None:
        return ()
    return (declared,) if isinstance(declared, str) else tuple(declared)


def _plain_type(declared: Any) -> str:
    """The type of a hidden input, which may be written as a text or as others are."""
    if isinstance(declared, list | tuple) and declared:
        declared = declared[0]
    if not isinstance(declared, str):
        return ""
    text = str.__str__(declared)
    return text if text in HIDDEN else type_name(declared)


def _parameters(function: Callable[..., Any]) -> Sequence[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [inspect.Parameter("values", inspect.Parameter.VAR_KEYWORD)]


def _help(kind: type[Any]) -> str:
    text = getattr(kind, "DESCRIPTION", "")
    return inspect.cleandoc(text) if isinstance(text, str) else ""
