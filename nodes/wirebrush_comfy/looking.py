"""What packs ask of a node before it runs: has the world changed, and are its values right?"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from wirebrush.api import MISSING, Port
from wirebrush.api.node import FingerprintFunction, PortsFunction, ValidateFunction
from wirebrush_comfy.facts import Facts, judged_inputs
from wirebrush_comfy.staging import UPLOADED
from wirebrush_comfy.waiting import settled

NEVER_SAME = "nan"
"""What a fingerprint is, for the engine, that differs each time."""


def fingerprint(facts: Facts) -> FingerprintFunction | None:
    """The node's IS_CHANGED; None if it has none."""
    if not hasattr(facts.kind, facts.hooks.changed):
        return None

    def look(values: Mapping[str, Any]) -> str:
        """Text that is another one whenever the node must run again."""
        ask = getattr(facts.kind, facts.hooks.changed)
        try:
            answer = settled(ask(**_named(facts, ask, values)))
            return repr(answer) if answer == answer else NEVER_SAME
        except Exception as error:  # it is the pack's, and means: never the same
            return "" if _wants_upload(facts, error) else NEVER_SAME

    return look


def validator(facts: Facts) -> ValidateFunction | None:
    """The node's VALIDATE_INPUTS; None if it has none."""
    if not hasattr(facts.kind, facts.hooks.validate):
        return None

    def judge(
        values: Mapping[str, Any], types: Mapping[str, str]
    ) -> Sequence[tuple[str | None, str]]:
        """What it says against the values, once for each input that it looks at."""
        ask = getattr(facts.kind, facts.hooks.validate)
        names, wants_types = judged_inputs(facts.kind, facts.hooks)
        given = {**dict.fromkeys(types), **values}
        order = [*(p.name for p in facts.spec.inputs if p.name in given), *given]
        named = {n: given[n] for n in dict.fromkeys(order) if names is None or n in names}
        if facts.as_lists:
            named = {name: [value] for name, value in named.items()}
        more: dict[str, Any] = {"input_types": dict(types)} if wants_types else {}
        try:
            answer = settled(ask(**named, **more))
        except Exception as error:
            if _wants_upload(facts, error):
                return []
            raise
        if answer is True:
            return []
        sentence = "" if answer is False else str(answer)
        return [(name, sentence) for name in named] or [(None, sentence)]

    return judge


def _wants_upload(facts: Facts, error: Exception) -> bool:
    """Whether it looked for an uploaded file, which is there only while a node runs.

    Nothing is lost: the server has seen that there is such a file, and its content is in the key.
    """
    widgets = (port.widget for port in facts.spec.inputs)
    return isinstance(error, OSError) and any(w and w.folder in UPLOADED for w in widgets)


def further_ports(facts: Facts) -> PortsFunction | None:
    """The inputs that a node takes although it does not declare them; None if it takes none."""
    if not facts.open_ended and not facts.more and facts.flexible is None:
        return None

    def ports(values: Mapping[str, Any]) -> Sequence[Port]:
        """Hidden inputs that were given, those that the node answers for, and unknown wires."""
        found: list[Port] = []
        for name, value in values.items():
            if name in facts.more:
                found.append(facts.more[name])
            elif facts.spec.port(name) is not None:
                continue
            elif (answered := facts.answered(name)) is not None:
                found.append(answered)
            elif facts.open_ended and value is None:
                found.append(Port(name, "*", optional=True, list=facts.as_lists))
        return found

    return ports


def _named(facts: Facts, ask: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the names that a function takes: defaults may be among them."""
    parameters = inspect.signature(ask).parameters.values()
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        names = {p.name for p in parameters}
        values = {n: v for n, v in values.items() if n in names or not _is_default(facts, n, v)}
    return {n: [v] for n, v in values.items()} if facts.as_lists else dict(values)


def _is_default(facts: Facts, name: str, value: Any) -> bool:
    port = facts.spec.port(name)
    return port is not None and port.default is not MISSING and port.default == value
