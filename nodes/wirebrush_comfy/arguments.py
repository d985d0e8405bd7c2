"""What a pack's function is called with: its inputs, and the hidden ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wirebrush.api import MISSING, Lazy, Link, Port, Run
from wirebrush_comfy.border import to_pack
from wirebrush_comfy.facts import Facts
from wirebrush_comfy.shims.graphs import DynamicPrompt, is_link, original_prompt


def inputs_of(facts: Facts, run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that are there, in the prompt's order, without the lazy ones.

    An optional input that nobody gave is left out: then the function's own default counts.
    """
    given = run.graph.get(run.node, {}).get("inputs", {})
    inputs: dict[str, Any] = {}
    for name in [*(n for n in given if n in arguments), *(n for n in arguments if n not in given)]:
        value = arguments[name]
        port = facts.spec.port(name) or facts.more.get(name)
        if port is not None and port.lazy:
            continue
        if value is None and name not in given and _may_be_left_out(port):
            continue
        inputs[name] = _as_given(facts, port, given.get(name, MISSING), to_pack(value))
    return inputs


def _as_given(facts: Facts, port: Port | None, item: Any, value: Any) -> Any:
    """A value as ComfyUI hands it over: one for each call, whatever it is. `item` is what the
    prompt says, a list of them where the port takes lists."""
    if isinstance(value, Link):
        return [value] if facts.as_lists else value
    if port is None or not port.list or item is MISSING or is_link(item):
        return value
    literal = item["__value__"] if isinstance(item, dict) and "__value__" in item else item
    if facts.as_lists:
        return [value] if isinstance(literal, list) else value
    return value if isinstance(literal, list) else value[0]  # one choice where several may be


def _may_be_left_out(port: Port | None) -> bool:
    return port is None or (port.optional and port.default is MISSING)


def lazy_inputs(facts: Facts, arguments: Mapping[str, Any]) -> dict[str, Lazy[Any]]:
    """The lazy inputs to which something is connected."""
    return {
        port.name: value
        for port in facts.spec.inputs
        if port.lazy and (value := arguments.get(port.name)) is not None
    }


def seen(lazy: Mapping[str, Lazy[Any]]) -> dict[str, Any]:
    """The lazy inputs as far as they are there; None for the others."""
    return {name: to_pack(value()) if value.ready else None for name, value in lazy.items()}


def hidden_value(kind: str, run: Run) -> Any:
    """What a hidden input gets."""
    if kind == "UNIQUE_ID":
        return run.node
    if kind == "DYNPROMPT":
        return DynamicPrompt(run)
    if kind == "PROMPT":
        return original_prompt(run)
    if kind == "EXTRA_PNGINFO":
        return _png_info(run)
    return None  # tokens for paid services, which are not asked for here


def hidden_values(facts: Facts, run: Run) -> dict[str, Any]:
    """The hidden inputs by name; in lists if the function takes lists."""
    values = {name: hidden_value(kind, run) for name, kind in facts.hidden.items()}
    return {name: [value] for name, value in values.items()} if facts.as_lists else values


def _png_info(run: Run) -> dict[str, Any] | None:
    """The workflow that a picture should carry."""
    text = run.metadata.get("workflow", "")
    try:
        return {"workflow": json.loads(text)} if text else None
    except ValueError:
        return None
