"""The catalog in the words of ComfyUI's `/object_info`: what its editors and clients draw from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from wirebrush.api import MISSING, NodeSpec, Port, Widget
from wirebrush.graph.comfy.page_options import OUTPUTS, page_options
from wirebrush.graph.comfy.widgets import SEEDS

Choices: TypeAlias = Callable[[str], Sequence[str]]
"""The files that a widget of a kind offers now: `checkpoints`, `image`..."""

_EDITED = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN"})
_SECTIONS = ("required", "optional", "hidden")
_UPLOADS = {
    "image": "image_upload",
    "mask": "image_upload",
    "audio": "audio_upload",
    "video": "video_upload",
}


def object_info(spec: NodeSpec, choices: Choices) -> dict[str, Any]:
    """One node type as ComfyUI describes its own: those of its newer kind (V3) a little otherwise,
    as their `hints` say."""
    newer = bool(spec.hints.get("v3"))
    sections: dict[str, dict[str, Any]] = {name: {} for name in _SECTIONS}
    for port in spec.inputs:
        section = "optional" if port.optional else "required"
        sections[section][port.name] = _input(spec, port, choices)
    sections["hidden"] = _hidden(spec, newer)
    shown = {name: fields for name, fields in sections.items() if fields or name == "required"}
    info: dict[str, Any] = {
        "input": shown,
        "input_order": {name: list(fields) for name, fields in shown.items()},
        "output": [output.type for output in spec.outputs],
        "output_is_list": [output.list for output in spec.outputs],
        "output_name": [output.name for output in spec.outputs],
        "name": spec.id,
        "display_name": None if newer and spec.title == spec.id else spec.title or spec.id,
        "description": spec.help,
        "python_module": "nodes" if spec.pack == "builtin" else f"custom_nodes.{spec.pack}",
        "category": spec.category,
        "output_node": spec.sink,
    }
    if newer or any(output.help for output in spec.outputs):
        info["output_tooltips"] = [output.help or None for output in spec.outputs]
    flags = {"deprecated": spec.deprecated, "experimental": spec.experimental}
    flags["api_node"] = bool(spec.hints.get("api_node"))
    return info | {name: on for name, on in flags.items() if on or newer}


def _hidden(spec: NodeSpec, newer: bool) -> dict[str, Any]:
    """What a type wants of the run, by its own names; ours that write files say it in the usual
    ones."""
    asked = spec.hints.get("hidden")
    if asked is None:
        return {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"} if spec.sink else {}
    return {name: [kind] for name, kind in asked.items()} if newer else dict(asked)


def _input(spec: NodeSpec, port: Port, choices: Choices) -> list[Any]:
    """`[type or choices, options]`; a port without options is only its type, except in V3."""
    options: dict[str, Any] = {}
    first = port.widget.choices[:1] if port.widget is not None and port.widget.choices else ()
    if port.default not in (MISSING, None) and (port.default,) != first:
        options["default"] = port.default
    if port.help:
        options["tooltip"] = port.help
    if port.lazy:
        options["lazy"] = True
    if port.link:
        options["rawLink"] = True
    newer = bool(spec.hints.get("v3"))
    if port.widget is None:
        if port.type in _EDITED and not port.list:
            options["forceInput"] = True  # its editor would give it a widget
        options.update(port.hints)
        return [port.type, options] if options or newer else [port.type]
    options |= {**_widget(port, port.widget), **page_options(spec, port), **port.hints}
    kind = _kind(port, port.widget, choices)
    if newer and isinstance(kind, list):
        return ["COMBO", {"multiselect": False, "options": kind, **options}]
    return [kind, options] if options or not spec.hints else [kind]


def _kind(port: Port, widget: Widget, choices: Choices) -> Any:
    if widget.folder == "output":
        return "COMBO"
    if widget.folder is not None:
        return [*(widget.choices or ()), *choices(widget.folder)]
    return list(widget.choices) if widget.choices is not None else port.type


def _widget(port: Port, widget: Widget) -> dict[str, Any]:
    options: dict[str, Any] = {
        name: item for name in ("min", "max", "step") if (item := getattr(widget, name)) is not None
    }
    if widget.kind == "text":
        options["multiline"] = widget.multiline
    if widget.placeholder:
        options["placeholder"] = widget.placeholder
    if widget.kind == "seed" or (widget.kind == "int" and port.name in SEEDS):
        options["control_after_generate"] = True
    if port.name == "color" and (widget.kind, widget.max) == ("int", 0xFFFFFF):
        options["display"] = "color"
    if widget.folder == "output":
        options |= OUTPUTS
    if widget.upload and widget.folder in _UPLOADS:
        options[_UPLOADS[widget.folder]] = True
    return options
