"""What a node's function is called with: values taken off the wires, lazy inputs as callables."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, cast

from wirebrush.api import Blocked, Link, Port
from wirebrush.engine.cache.store import Many
from wirebrush.engine.call import (
    Call,
    Deferred,
    Load,
    Ready,
    ReceivedLink,
    as_port_value,
    output_of,
)
from wirebrush.engine.task import DONE, Board, Task


class Lost(Exception):
    """Results that were there are gone from the cache; they must be made again."""

    def __init__(self, producers: list[Task]) -> None:
        super().__init__()
        self.producers = producers


def prepared(
    task: Task, board: Board, load: Load, run: Any, check: Callable[[], None]
) -> Call | Blocked:
    """The call of a task whose inputs are there, or the blocker that one of them is.

    Lost if a result has left the cache since it was seen there.
    """
    declared = task.type.declared
    arguments = _Arguments(task, board, load)
    for port, item in task.recipe.inputs:
        if type(item) is Link:
            arguments.wire(port, item)
        else:
            arguments.values[port.name] = _literal(port, item)
    if arguments.lost:
        raise Lost(arguments.lost)
    if arguments.blocked is not None:
        return arguments.blocked
    if declared.run_parameter is not None:
        arguments.values[declared.run_parameter] = run
    returned = task.returned if task.returned is not None else {}
    return Call(declared.function, arguments.values, arguments.mapped, returned, check)


class _Arguments:
    """Arguments being gathered, and what stands in the way."""

    __slots__ = ("blocked", "board", "load", "lost", "mapped", "task", "values")

    def __init__(self, task: Task, board: Board, load: Load) -> None:
        self.task = task
        self.board = board
        self.load = load
        self.values: dict[str, Any] = dict.fromkeys(task.type.open)
        self.mapped: dict[str, Many] | None = None
        self.lost: list[Task] = []
        self.blocked: Blocked | None = None

    def wire(self, port: Port, link: Link) -> None:
        """One wired input: the link itself, a promise of its value, or its value."""
        if port.link:
            self.values[port.name] = ReceivedLink(link.node, link.output)
            return
        producer = self.board.task(link.node)
        if port.lazy:
            self.values[port.name] = Deferred(port, producer, link.output, self.load)
            spread = self.task.spread
            if spread is None or port.name not in spread or producer.state is not DONE:
                return
        result = producer.result or self.load(producer)
        if result is None:
            self.lost.append(producer)
        else:
            self._value(port, as_port_value(port, output_of(producer, result, link.output)))

    def _value(self, port: Port, value: Any) -> None:
        if isinstance(value, Blocked):
            self.blocked = value
        elif isinstance(value, Many):
            self.mapped = {**(self.mapped or {}), port.name: value}
        if not port.lazy:
            self.values[port.name] = value


def _literal(port: Port, item: Any) -> Any:
    """A value of the prompt, which the next run has too: the node may change what it gets."""
    own: Any = deepcopy(cast("object", item)) if isinstance(item, list | dict) else item
    value: Any = _as_list(own) if port.list else own
    return Ready(value) if port.lazy else value


def _as_list(item: Any) -> list[Any]:
    return cast("list[Any]", item) if isinstance(item, list) else [item]
