"""What goes wrong while a node runs, in one sentence each. Tracebacks go to the log, trimmed."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import psutil

from wirebrush.api import Blocked, NodeError
from wirebrush.engine.cache.store import Many
from wirebrush.events import NodeFailed, Problem

log = logging.getLogger(__name__)
MESSAGE_LIMIT = 1_000
INPUT_LIMIT = 200
INPUT_ITEMS = 20
TRACE_LINES = 100
_HERE = str(Path(__file__).parent)


class BadOutput(Exception):
    """A node's function returned something that its declaration does not say."""


class CircularExpansion(NodeError):
    """The nodes that a node expanded into feed each other."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the device or the host; torch's class is known by its name."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def is_poison(error: BaseException) -> bool:
    """Whether the device is unusable for this process from now on (a device-side assert...)."""
    if type(error).__name__ not in ("AcceleratorError", "RuntimeError"):
        return False
    return any(
        text in readable(error) for text in ("CUDA error", "HIP error", "device-side assert")
    )


def problem_of(error: BaseException, node: str, node_type: str) -> Problem:
    """The problem that an exception of a node is."""
    if isinstance(error, NodeError):
        return Problem("node_error", _cut(error.message), _cut(error.hint), node, error.port)
    log.warning("%s (node %s) failed:\n%s", node_type, node, own_traceback(error))
    if is_out_of_memory(error):
        memory = psutil.virtual_memory()
        message = (
            f"{node_type} ran out of memory, even with everything else let go "
            f"({memory.available >> 20} of {memory.total >> 20} MB of main memory are free)."
        )
        hint = "Use a smaller size or batch, or a smaller model."
        return Problem("out_of_memory", f"{message} {_cut(error)}".strip(), hint, node)
    if isinstance(error, RecursionError):
        return Problem(
            "too_deep",
            f"{node_type} called itself too often: Python's recursion limit was reached.",
            "This is a bug in the node, or its input is nested too deeply.",
            node,
        )
    if isinstance(error, BadOutput):
        return Problem("bad_output", readable(error), "This is a bug in the node's pack.", node)
    if isinstance(error, SystemExit):
        return Problem(
            "node_failed",
            f"{node_type} called sys.exit({error.code!r}).",
            "A node says what is wrong by raising NodeError.",
            node,
        )
    text = _cut(readable(error).strip().partition("\n")[0])
    message = f"{node_type} failed: {type(error).__name__}{': ' if text else ''}{text}"
    return Problem("node_failed", message, "The worker's log has the details.", node)


def readable(value: object) -> str:
    """A node's value or exception as text that every wire and terminal can carry."""
    try:
        text = str(value)
    except Exception:  # a node's own class, of which anything is possible
        text = f"a {type(value).__name__} that has no text"
    return text.encode("utf-8", "replace").decode("utf-8")  # no lone surrogates


def _cut(value: object) -> str:
    """A sentence, not a dump: nodes put whole tensors into messages."""
    text = readable(value)
    return text if len(text) <= MESSAGE_LIMIT else f"{text[:MESSAGE_LIMIT]}…"


def failure_of(
    problem: Problem, node: str, error: BaseException, arguments: Mapping[str, Any]
) -> NodeFailed:
    """The failure with what helps whoever wrote the node: class, traceback, inputs."""
    trace = () if isinstance(error, BadOutput) else tuple(own_traceback(error).splitlines(True))
    shown = {name: _shown(value) for name, value in arguments.items()}
    return NodeFailed(node, problem, dotted_name(error), trace[-TRACE_LINES:], shown)


def dotted_name(error: BaseException) -> str:
    """The class of an exception, with its module unless everybody has it."""
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"


def _shown(value: object) -> Any:
    """A value as JSON, shortly: numbers as they are, anything large by what it is. Only the items
    that a call is mapped over are a list."""
    kind = type(value).__name__
    if isinstance(value, Many):
        return [_shown(item) for item in value.items[:INPUT_ITEMS]]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, str):
        return readable(value)[:INPUT_LIMIT]
    shape: Any = getattr(value, "shape", None)
    if shape is not None:
        return f"{kind} {readable(tuple(shape))}"
    if isinstance(value, dict | list | tuple):
        return f"a {kind}"
    return readable(value)[:INPUT_LIMIT]


def blocked_problem(blocked: Blocked, node: str) -> Problem:
    """A blocker with a message becomes an error at its first use."""
    return Problem("blocked", blocked.message or "", node=node)


def own_traceback(error: BaseException) -> str:
    """The traceback from the node's function on, without the engine's frames."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_HERE)]
    last = traceback.format_exception_only(error)
    return readable("".join([*traceback.format_list(own), *last]).rstrip())
