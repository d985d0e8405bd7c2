"""Reading a prompt (API format) from outside: a `Prompt`, or problems that say what and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.detect import Format, detect, is_request
from wirebrush.graph.jsontext import DEFAULT_LIMITS, Limits, Path, read_json
from wirebrush.graph.prompt import Prompt, PromptNode, inputs_from_json, is_link

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHAPE = '{"3": {"class_type": "KSampler", "inputs": {"steps": 20, "model": ["4", 0]}}, ...}'


def parse_prompt(
    source: str | bytes | bytearray | dict[str, Any], limits: Limits = DEFAULT_LIMITS
) -> Prompt | list[Problem]:
    """The prompt that a text (or data that is parsed already) holds, or what is wrong with it.

    Checks that it is a prompt at all; `validate` compares it with the node types.
    """
    data, problems = read_json(source, limits, locate_in_prompt)
    return problems or prompt_from_data(data, limits)


def prompt_from_data(data: object, limits: Limits = DEFAULT_LIMITS) -> Prompt | list[Problem]:
    """The same for JSON that `read_json` gave."""
    if wrong := wrong_format(data, Format.PROMPT):
        return [wrong]
    nodes = cast("dict[str, Any]", data)
    problems = list(_amounts(nodes, limits))
    for node_id, node in nodes.items():
        if not _plainly_fine(node_id, node, limits):
            problems.extend(_node_problems(node_id, node, limits))
    if problems:
        return problems
    return Prompt({node_id: _node(node_id, node) for node_id, node in nodes.items()})


def locate_in_prompt(path: Path) -> tuple[str | None, str | None]:
    """The node and the port that a place in a prompt belongs to."""
    node = str(path[0]) if path else None
    port = str(path[2]) if len(path) > 2 and path[1] == "inputs" else None
    return node, port


def wrong_format(data: object, wanted: Format) -> Problem | None:
    """What to say about a document that is something else than wanted; None if it is not."""
    found = detect(data)
    if found is wanted:
        return None
    if found is Format.COMFY_WORKFLOW:
        return problem(
            Code.COMFY_WORKFLOW,
            "This is a workflow as ComfyUI's editor saves it, not what it executes.",
            "Convert it with `wirebrush import FILE`, or export it in ComfyUI with “Export (API)”.",
        )
    if found is Format.EMPTY:
        return problem(Code.EMPTY, "There are no nodes.", "Add a node, or open another file.")
    if is_request(data):
        message = "This is a whole request; the prompt is inside it."
        return problem(Code.WRONG_FORMAT, message, 'Give only what stands under "prompt".')
    if found is Format.UNKNOWN:
        return problem(Code.WRONG_FORMAT, _unknown(data, wanted), f"A prompt looks like {_SHAPE}.")
    other = "workflow" if found is Format.WIREBRUSH else "prompt"
    return problem(
        Code.WRONG_FORMAT,
        f"This is a {other}, where a {'prompt' if other == 'workflow' else 'workflow'} belongs.",
        f'Send it as "{other}", or open it where {other}s are read.',
    )


def _unknown(data: object, wanted: Format) -> str:
    noun = "prompt" if wanted is Format.PROMPT else "workflow"
    if isinstance(data, dict):
        return f"This JSON object has no nodes in it, so it is no {noun}."
    return f"A {noun} is a JSON object of nodes; this is {quoted(data)}."


def _amounts(nodes: dict[str, Any], limits: Limits) -> Iterator[Problem]:
    if len(nodes) > limits.nodes:
        yield too_many_nodes(len(nodes), limits)
    given = [
        cast("dict[str, Any]", inputs)
        for node in nodes.values()
        if isinstance(node, dict)
        and isinstance(inputs := cast("dict[str, Any]", node).get("inputs"), dict)
    ]
    if sum(map(len, given)) <= limits.links:
        return  # and so are the wires among them
    links = sum(is_link(item) for inputs in given for item in inputs.values())
    if links > limits.links:
        yield too_many_links(links, limits)


def too_many_nodes(count: int, limits: Limits) -> Problem:
    """The problem of a graph with too many nodes."""
    message = f"The graph has {count:,} nodes; at most {limits.nodes:,} are run as one job."
    return problem(Code.TOO_MANY_NODES, message, "Cut it into several jobs.")


def too_many_links(count: int, limits: Limits) -> Problem:
    """The problem of a graph with too many wires."""
    message = f"The graph has {count:,} wires; at most {limits.links:,} are run as one job."
    return problem(Code.TOO_MANY_LINKS, message, "Cut it into several jobs.")


def id_problem(node_id: str, limits: Limits, forbidden: str = "") -> Problem | None:
    """Why a node id cannot be used, or None."""
    reason = ""
    if not node_id.strip():
        reason = "is empty"
    elif len(node_id) > limits.node_id:
        reason = f"has {len(node_id):,} characters; at most {limits.node_id} are allowed"
    elif _CONTROL.search(node_id):
        reason = "has control characters in it"
    elif any(character in node_id for character in forbidden):
        reason = f"has one of the characters {forbidden} in it, which join ids of subgraphs"
    if not reason:
        return None
    message = f"The node id {quoted(node_id)} {reason}."
    return problem(Code.BAD_NODE_ID, message, 'Use a short name or number, such as "12".', node_id)


def _plainly_fine(node_id: str, node: object, limits: Limits) -> bool:
    """The common case, fast: a numbered node that has its type and its inputs."""
    if not isinstance(node, dict) or not node_id.isalnum() or len(node_id) > limits.node_id:
        return False
    fields = cast("dict[str, Any]", node)
    kind = fields.get("class_type")
    named = isinstance(kind, str) and kind != "" and not kind.isspace()
    return named and isinstance(fields.get("inputs"), dict)


def _node_problems(node_id: str, node: object, limits: Limits) -> Iterator[Problem]:
    if bad := id_problem(node_id, limits):
        yield bad
    if not isinstance(node, dict):
        message = f"Node {quoted(node_id)} is {quoted(node)}, but a node is an object."
        yield problem(Code.BAD_NODE, message, f"Write it as in {_SHAPE}.", node_id)
        return
    fields = cast("dict[str, Any]", node)
    yield from _type_problems(node_id, fields)
    if "inputs" not in fields:
        message = f"{_name(node_id, fields)} has no `inputs`."
        yield problem(Code.MISSING_INPUTS, message, 'Write `"inputs": {}` if it has none.', node_id)
    elif not isinstance(fields["inputs"], dict):
        message = f"The `inputs` of {_name(node_id, fields)} are {quoted(fields['inputs'])}."
        hint = 'Name every value: {"inputs": {"steps": 20, "model": ["4", 0]}}.'
        yield problem(Code.BAD_INPUTS, message, hint, node_id)


def _type_problems(node_id: str, fields: dict[str, Any]) -> Iterator[Problem]:
    class_type = fields.get("class_type")
    if isinstance(class_type, str) and class_type.strip():
        return
    if class_type is None or class_type == "":
        message = f"Node {quoted(node_id)} does not say its type: `class_type` is missing."
    else:
        message = f"The `class_type` of node {quoted(node_id)} is {quoted(class_type)}, not text."
    hint = 'Name the node type: {"class_type": "KSampler", ...}.'
    yield problem(Code.MISSING_CLASS_TYPE, message, hint, node_id)


def _name(node_id: str, fields: dict[str, Any]) -> str:
    class_type = fields.get("class_type")
    name = class_type[:60] if isinstance(class_type, str) and class_type.strip() else "Node"
    return f"{name} (node {node_id[:60]})"


def _node(node_id: str, data: dict[str, Any]) -> PromptNode:
    meta = data.get("_meta")  # ignored unless it is what we know: clients write all sorts of things
    title = cast("dict[str, Any]", meta).get("title") if isinstance(meta, dict) else ""
    inputs = inputs_from_json(data["inputs"])
    return PromptNode(node_id, data["class_type"], inputs, title if isinstance(title, str) else "")
