"""Workflow and prompt files on the command line: read, change, compile, check."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from wirebrush.catalog import Catalog, nearest
from wirebrush.events import Problem
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.detect import Format, detect
from wirebrush.graph.document import checked, open_document
from wirebrush.graph.embedding import texts_for_pictures
from wirebrush.graph.jsontext import read_json
from wirebrush.graph.missing import in_a_line, missing_parts
from wirebrush.graph.nametokens import with_names
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.parse import locate_in_prompt, wrong_format
from wirebrush.graph.prompt import Prompt, is_link
from wirebrush.graph.validate import sinks
from wirebrush.graph.values import FilesLookup
from wirebrush.graph.workflow_format import locate_in_workflow
from wirebrush.graph.workflow_text import workflow_to_json
from wirebrush.jobs.metadata.graphfile import graph_in


class BadInput(Exception):
    """The file or an option cannot be used: a sentence, or the problems of a graph."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A file as parsed JSON, known to be a workflow or a prompt. `foreign` is a workflow of
    ComfyUI's editor, which `imported` makes one of ours."""

    name: str
    data: dict[str, Any]
    is_workflow: bool
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One `--set NODE.INPUT=VALUE`."""

    node: str
    port: str
    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class Runnable:
    """A prompt that can run, with what its pictures shall carry."""

    prompt: Prompt
    targets: tuple[str, ...]
    metadata: Mapping[str, str]
    warnings: tuple[Problem, ...] = field(default=())


def read_text(file: str) -> bytes:
    """The bytes of a file, or of stdin for "-"; BadInput if it cannot be read."""
    if file == "-":
        return sys.stdin.buffer.read()
    with open_binary(file) as opened:
        return opened.read()


def open_binary(file: str) -> IO[bytes]:
    """The open file; BadInput if it cannot be read."""
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error


def read_any(file: str) -> tuple[Any, list[Problem]]:
    """The JSON in a file, in what a picture carries, or on stdin for "-"; what is wrong with it.

    NaN and infinities, which other programs leave in their files, are read as null.
    """
    if file == "-":
        return read_json(read_text(file), locate=_locate, forgiving=True)
    with open_binary(file) as opened:
        return graph_in(opened, file, _locate)


def read_graph(file: str) -> GraphFile:
    """Read a file, a picture that carries a graph, or stdin for "-"; BadInput if there is neither
    a workflow nor a prompt."""
    name = "standard input" if file == "-" else file
    data, problems = read_any(file)
    if problems:
        raise BadInput(f"{name} is no workflow.", problems)
    found = detect(data)
    if found not in (Format.WIREBRUSH, Format.PROMPT, Format.COMFY_WORKFLOW):
        wrong = wrong_format(data, Format.PROMPT)
        raise BadInput(f"{name} is no workflow.", [wrong] if wrong else [])
    foreign = found is Format.COMFY_WORKFLOW
    ours = found is Format.WIREBRUSH
    return GraphFile(name, cast("dict[str, Any]", data), ours or foreign, foreign)


def imported(graph: GraphFile, catalog: Catalog, files: FilesLookup) -> tuple[GraphFile, str]:
    """The file as one of ours, and in a line what was imported; nothing is said of our own."""
    if not graph.foreign:
        return graph, ""
    workflow, said = open_workflow(graph.data, catalog)
    if workflow is None:
        raise BadInput(f"{graph.name} cannot be imported.", said)
    prompt, _ = compile_workflow(workflow, catalog, incomplete=True)
    missing = in_a_line(missing_parts(workflow, prompt, catalog, files))
    parts = [f"{len(workflow.nodes)} nodes and {len(workflow.wires)} wires imported", missing]
    parts += [f"not as they were: {len(said)}"] if said else []
    told = f"{graph.name}: a workflow of ComfyUI, {'; '.join(part for part in parts if part)}"
    return replace(graph, data=workflow_to_json(workflow), foreign=False), told


def parse_setting(text: str) -> Setting:
    """`3.seed=42`, `KSampler.cfg=7.5`, `Positive prompt.text=a red house`: JSON, else text."""
    place, equals, value = text.partition("=")
    node, dot, port = place.rpartition(".")
    if not equals or not dot or not node or not port:
        raise BadInput(
            f"--set {text!r} is not NODE.INPUT=VALUE. Write, for example, --set 3.seed=42 or"
            ' --set "KSampler.cfg=7.5"; NODE is an id, a title, or a type used once.'
        )
    return Setting(node.strip(), port.strip(), _value(value), text)


def apply_settings(graph: GraphFile, settings: Sequence[Setting], catalog: Catalog) -> None:
    """Change values of the graph; BadInput names what there is if a node or input is not there."""
    nodes = _nodes(graph)
    for setting in settings:
        node_id = _find_node(nodes, setting)
        _check_port(nodes[node_id][0], setting, catalog)
        if graph.is_workflow:
            _set_in_workflow(graph.data, node_id, setting)
        else:
            graph.data[node_id]["inputs"][setting.port] = _as_value(setting.value)


def check_graph(
    graph: GraphFile,
    catalog: Catalog,
    targets: Sequence[str] | None = None,
    files: FilesLookup | None = None,
) -> tuple[Runnable | None, list[Problem]]:
    """What would run, and everything that is wrong; None if errors are among it."""
    document = checked(open_document(graph.data, catalog), catalog, targets, files)
    prompt, problems = document.prompt, list(document.problems)
    if prompt is None or document.errors:
        return None, problems
    wanted = tuple(sinks(prompt, catalog) if targets is None else targets)
    prompt = with_names(prompt, document.workflow, catalog, datetime.now())
    given = graph.data if graph.is_workflow else None
    texts = texts_for_pictures(prompt, document.workflow, given, catalog)
    return Runnable(prompt, wanted, texts, tuple(problems)), problems


def node_values(graph: GraphFile) -> list[tuple[str, dict[str, Any]]]:
    """Type and values of every node that has them in the right shape."""
    nodes: Any = graph.data.get("nodes") if graph.is_workflow else graph.data
    names = ("type", "values") if graph.is_workflow else ("class_type", "inputs")
    found: list[tuple[str, dict[str, Any]]] = []
    for node in cast("dict[str, Any]", nodes).values() if isinstance(nodes, dict) else ():
        if isinstance(node, dict):
            kind, values = (cast("dict[str, Any]", node).get(name) for name in names)
            if isinstance(kind, str) and isinstance(values, dict):
                found.append((kind, cast("dict[str, Any]", values)))
    return found


def _locate(path: tuple[str | int, ...]) -> tuple[str | None, str | None]:
    locate: Callable[[tuple[str | int, ...]], tuple[str | None, str | None]] = (
        locate_in_workflow if path[:1] in (("nodes",), ("subgraphs",)) else locate_in_prompt
    )
    return locate(path)


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda name: name)
    except ValueError:
        return text


def _as_value(value: Any) -> Any:
    """A value that looks like a wire must not turn into one."""
    return {"__value__": value} if is_link(value) else value


def _nodes(graph: GraphFile) -> dict[str, tuple[str, str]]:
    """Type and title by node id, as far as the file has them."""
    found: dict[str, tuple[str, str]] = {}
    nodes: Any = graph.data.get("nodes") if graph.is_workflow else graph.data
    if not isinstance(nodes, dict):
        return found
    for node_id, node in cast("dict[str, Any]", nodes).items():
        if not isinstance(node, dict):
            continue
        fields = cast("dict[str, Any]", node)
        if graph.is_workflow:
            found[node_id] = (str(fields.get("type", "")), str(fields.get("title", "")))
        elif isinstance(fields.get("inputs"), dict):
            meta = fields.get("_meta")
            title = cast("dict[str, Any]", meta).get("title", "") if isinstance(meta, dict) else ""
            found[node_id] = (str(fields.get("class_type", "")), str(title))
    return found


def _find_node(nodes: Mapping[str, tuple[str, str]], setting: Setting) -> str:
    if setting.node in nodes:
        return setting.node
    by_title = [i for i, (_, title) in nodes.items() if title == setting.node]
    by_type = [i for i, (kind, _) in nodes.items() if kind == setting.node]
    for found, what in ((by_title, "the title"), (by_type, "the type")):
        if len(found) == 1:
            return found[0]
        if found:
            raise BadInput(
                f"--set {setting.text!r}: {len(found)} nodes have {what} {setting.node!r}."
                f" Use an id: {', '.join(found)}."
            )
    names = [*nodes, *(text for pair in nodes.values() for text in pair if text)]
    near = nearest(setting.node, list(dict.fromkeys(names)))
    meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    listed = ", ".join(f"{i} ({title or kind})" for i, (kind, title) in list(nodes.items())[:12])
    raise BadInput(f"--set {setting.text!r}: there is no such node.{meant} There are: {listed}.")


def _check_port(kind: str, setting: Setting, catalog: Catalog) -> None:
    spec = catalog.spec(kind)
    if spec is None or spec.dynamic or spec.port(setting.port) is not None:
        return
    known = [port.name for port in spec.inputs]
    near = nearest(setting.port, known)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise BadInput(
        f"--set {setting.text!r}: {kind} has no input {setting.port!r}.{meant}"
        f" It has: {', '.join(known) or 'none'}."
    )


def _set_in_workflow(data: dict[str, Any], node_id: str, setting: Setting) -> None:
    node = cast("dict[str, Any]", data["nodes"][node_id])
    values = node.setdefault("values", {})
    if isinstance(values, dict):
        values[setting.port] = setting.value
    if isinstance(wires := data.get("wires"), list):  # the value takes the place of a wire
        end = [node_id, setting.port]
        data["wires"] = [wire for wire in cast("list[Any]", wires) if not _ends_at(wire, end)]


def _ends_at(wire: Any, end: list[str]) -> bool:
    return isinstance(wire, dict) and cast("dict[str, Any]", wire).get("to") == end
