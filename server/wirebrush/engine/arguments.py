"""What a node's function is called with: values taken off the wires, lazy inputs as callables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    kind = task.type
    arguments: dict[str, Any] = dict.fromkeys(kind.open)
    mapped: dict[str, Many] | None = None
    lost: list[Task] = []
    for port, item in task.recipe.inputs:
        name = port.name
        if type(item) is not Link:
            arguments[name] = _literal(port, item)
            continue
        if port.link:
            arguments[name] = ReceivedLink(item.node, item.output)
            continue
        producer = board.task(item.node)
        if port.lazy and not _is_spread(task, name, producer):
            arguments[name] = Deferred(port, producer, item.output, load)
            continue
        result = producer.result or load(producer)
        if result is None:
            lost.append(producer)
            continue
        value = as_port_value(port, output_of(producer, result, item.output))
        if isinstance(value, Blocked):
            return value
        if isinstance(value, Many):
            mapped = mapped if mapped is not None else {}
            mapped[name] = value
        arguments[name] = Deferred(port, producer, item.output, load) if port.lazy else value
    if lost:
        raise Lost(lost)
    if kind.declared.run_parameter is not None:
        arguments[kind.declared.run_parameter] = run
    returned = task.returned if task.returned is not None else {}
    return Call(kind.declared.function, arguments, mapped, returned, check)


def _is_spread(task: Task, name: str, producer: Task) -> bool:
    """Whether a lazy input is known to be a list over which the call is mapped."""
    return task.spread is not None and name in task.spread and producer.state is DONE


def _literal(port: Port, item: Any) -> Any:
    value = [item] if port.list and not isinstance(item, list) else item
    return Ready(value) if port.lazy else value
