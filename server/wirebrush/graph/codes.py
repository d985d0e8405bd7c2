"""Every way a graph can be wrong, by its stable code. Programs may rely on these words."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from wirebrush.events import Problem


class Code(StrEnum):
    """The codes of `Problem`s that reading and checking a graph gives; `doc` says when."""

    doc: str

    def __new__(cls, value: str, doc: str) -> Code:
        member = str.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member

    # the text
    NOT_JSON = "not_json", "The text is not JSON; the message has line and column."
    NOT_TEXT = "not_text", "Bytes that are not UTF-8, or half a character (a lone surrogate)."
    TOO_LARGE = "too_large", "The whole text is longer than allowed."
    TOO_DEEP = "too_deep", "Lists and objects inside one another, deeper than allowed."
    DUPLICATE_KEY = "duplicate_key", "One object has the same key twice."
    NOT_FINITE = "not_finite", "NaN, an infinity, or a number that no computer number can hold."
    STRING_TOO_LONG = "string_too_long", "One text is longer than allowed."
    NOT_DATA = "not_data", "A Python value that JSON has no word for."
    # the document
    WRONG_FORMAT = "wrong_format", "JSON, but neither a prompt nor a workflow."
    COMFY_WORKFLOW = "comfy_workflow", "A ComfyUI workflow as its editor saves it: import it."
    BAD_COMFY = "bad_comfy", "A part of a ComfyUI workflow that could not be taken over as it was."
    NEWER_FORMAT = "newer_format", "A workflow of a later version than this program reads."
    EMPTY = "empty", "There are no nodes."
    TOO_MANY_NODES = "too_many_nodes", "More nodes than allowed, subgraphs unfolded."
    TOO_MANY_LINKS = "too_many_links", "More wires than allowed, subgraphs unfolded."
    BAD_NODE = "bad_node", "A node that is not an object, or a field of it of the wrong kind."
    BAD_NODE_ID = "bad_node_id", "A node id that is empty, too long, or has forbidden characters."
    MISSING_CLASS_TYPE = "missing_class_type", "A node that does not say which type it is."
    MISSING_INPUTS = "missing_inputs", "A node of a prompt without `inputs`."
    BAD_INPUTS = "bad_inputs", "`inputs` of a prompt's node is not an object of named values."
    BAD_FIELD = "bad_field", "A field of a workflow has the wrong kind of content."
    BAD_WIRE = "bad_wire", "A wire of a workflow that does not name two ends."
    # the structure
    UNKNOWN_NODE_TYPE = "unknown_node_type", "No pack declares this node type."
    UNKNOWN_SUBGRAPH = "unknown_subgraph", "An instance of a subgraph that is not defined here."
    RECURSIVE_SUBGRAPH = "recursive_subgraph", "A subgraph that contains itself."
    DANGLING_LINK = "dangling_link", "A wire from or to a node that does not exist."
    BAD_LINK = "bad_link", "A value that is nearly a wire, but not `[node id, output index]`."
    BAD_OUTPUT = "bad_output", "A wire from an output that the node does not have."
    TWO_WIRES = "two_wires", "Two wires end at the same input."
    CYCLE = "cycle", "Nodes that wait for each other in a circle."
    WRONG_TYPE = "wrong_type", "A wire between ports whose types do not fit."
    MISSING_INPUT = "missing_input", "A required input has neither wire nor value."
    UNKNOWN_INPUT = "unknown_input", "An input that the node type does not have; it is ignored."
    NO_OUTPUT = "no_output", "No node here saves or shows anything."
    UNKNOWN_TARGET = "unknown_target", "A node to run for that the prompt does not have."
    LEFT_OUT = "left_out", "A node is left out, because one that it needs is muted or bypassed."
    # the values
    WIRE_NEEDED = "wire_needed", "A value at an input that only takes a wire."
    WRONG_VALUE = "wrong_value", "A value of the wrong kind, such as text for a number."
    OUT_OF_RANGE = "out_of_range", "A number below the minimum or above the maximum."
    NOT_A_CHOICE = "not_a_choice", "A value that is not among the choices."
    BAD_FILE_NAME = "bad_file_name", "A file name that is empty or leaves its folder."
    FILE_NOT_FOUND = "file_not_found", "No file of that name, or not yet uploaded."


def problem(
    code: Code,
    message: str,
    hint: str,
    node: str | None = None,
    port: str | None = None,
    severity: Literal["error", "warning"] = "error",
) -> Problem:
    """A `Problem`; unlike the record itself this insists on a known code and on a hint."""
    return Problem(code.value, message, hint, node, port, severity)


def quoted(text: object, limit: int = 60) -> str:
    """A value as people may read it in a sentence: quoted if text, and never long."""
    if isinstance(text, str):
        body = text if len(text) <= limit else text[: limit - 1] + "…"
        return '"' + body.replace("\n", "⏎") + '"'
    names = {True: "true", False: "false", None: "null"}
    if text is None or isinstance(text, bool):
        return names[text]
    if isinstance(text, int) and text.bit_length() > 200:
        return f"a number of about {int(text.bit_length() * 0.30103)} digits"
    if isinstance(text, list | dict):
        return "a list" if isinstance(text, list) else "an object"
    return str(text)[:limit]
