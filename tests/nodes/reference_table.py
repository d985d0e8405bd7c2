"""The committed table of what the field's nodes declare, and our specs in the same notation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from wirebrush.api import MISSING, NodeSpec, Output, Port, Widget

TABLE = Path(__file__).with_name("reference_nodes.txt")
RUN_OF_NUMBERS = re.compile(r"\{(\d+)\.\.(\d+)\}")


def read_table(text: str) -> dict[str, str]:
    """Rows by node id, with shorthands and runs of numbers written out."""
    words: dict[str, str] = {}
    rows: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("$"):
            word, meaning = line.split(" = ")
            words[word] = meaning
        elif not line.startswith("#"):
            for word, meaning in words.items():
                line = line.replace(word, meaning)
            head, inputs, outputs = (part.strip() for part in line.split(" |", 2))
            ports = [port for entry in inputs.split("; ") for port in _each(entry)]
            rows[_id_of(head)] = f"{head} | {'; '.join(ports)} | {outputs}"
    return rows


def row_of(spec: NodeSpec) -> str:
    """A spec in the notation of the table."""
    title = "" if spec.title == spec.id else f' "{spec.title}"'
    flags = "⏏" * spec.sink + "β" * spec.experimental + "†" * spec.deprecated
    head = f"{spec.id}{title}{' ' + flags if flags else ''}"
    inputs = "; ".join(_input(port) for port in spec.inputs)
    return f"{head} | {inputs} | {', '.join(_output(output) for output in spec.outputs)}"


def _id_of(head: str) -> str:
    return re.sub(r'( ".*")?( [⏏β†]+)?$', "", head)


def _each(entry: str) -> list[str]:
    """`block.{0..2}:X` is three inputs."""
    found = RUN_OF_NUMBERS.search(entry)
    if found is None:
        return [entry]
    first, last = int(found[1]), int(found[2])
    return [RUN_OF_NUMBERS.sub(str(number), entry) for number in range(first, last + 1)]


def _input(port: Port) -> str:
    widget = port.widget or Widget("none")
    marks = "¶" * widget.multiline + "↺" * (widget.kind == "seed") + "↑" * widget.upload
    return f"{port.name}:{_kind(port, widget)}{marks}{'?' * port.optional}"


def _kind(port: Port, widget: Widget) -> str:
    if widget.kind == "file":
        return "FILE"
    if port.type == "COMBO":
        choices = widget.choices or ()
        text = f"({'|'.join(map(str, choices))})"
        chosen = port.default in (MISSING, *choices[:1])
        return text if chosen else f"{text}={_value(port.default)}"
    text = port.type
    if port.default not in (MISSING, ""):
        text += f"={_value(port.default)}"
    if widget.min is not None or widget.max is not None:
        text += f"[{_number(widget.min)}..{_number(widget.max)}]"
    if widget.step not in (None, 1):
        text += f"/{_number(widget.step)}"
    return text


def _value(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(number: float | int | None) -> str:
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    return "" if number is None else repr(number)


def _output(output: Output) -> str:
    name = "" if output.name == output.type else f" {output.name}"
    return f"{output.type}{name}{'[]' * output.list}"
