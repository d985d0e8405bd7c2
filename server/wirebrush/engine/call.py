"""Calling a node's function: once, or once per item of the lists that are wired to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from wirebrush.api import Blocked, Expand, Lazy, Link, NodeSpec, Port
from wirebrush.engine.cache.store import Many, Result
from wirebrush.engine.intact import Intact
from wirebrush.engine.problems import BadOutput
from wirebrush.engine.task import DONE, Task


class ReceivedLink(Link):
    """A link that a node was given. In an expansion it always means the node outside."""


class NeedsMore(BaseException):
    """The function wants lazy inputs that are not there yet; it will be called again."""

    def __init__(self, producers: list[Task]) -> None:
        super().__init__()
        self.producers = producers


class NeedsSpread(BaseException):
    """A lazy input turned out to be a list of items; the call becomes one call per item."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class HitBlocked(BaseException):
    """A lazy input is blocked."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__()
        self.blocked = blocked


Load = Callable[[Task], Result | None]


@dataclass(frozen=True, slots=True)
class Deferred:
    """A lazy input, as the function sees it. `index` is the item when the call is mapped."""

    port: Port
    producer: Task
    output: int
    load: Load
    index: int | None = None

    def __call__(self) -> Any:
        """The value, or a signal to the executor that it is wanted."""
        result = self.load(self.producer) if self.producer.state is DONE else None
        if result is None:
            raise NeedsMore([self.producer])
        value = as_port_value(self.port, output_of(self.producer, result, self.output))
        if isinstance(value, Blocked):
            raise HitBlocked(value)
        if isinstance(value, Many):
            if self.index is None:
                raise NeedsSpread(self.port.name)
            value = item_at(value, self.index)
        return value

    @property
    def ready(self) -> bool:
        """Whether the value is there already."""
        return self.producer.state is DONE

    def ask(self, *others: Lazy[object]) -> None:
        """Want this value, and those of the others, at once."""
        wanted = [item for item in (self, *others) if isinstance(item, Deferred)]
        missing = [item.producer for item in wanted if not item.ready]
        if missing:
            raise NeedsMore(list(dict.fromkeys(missing)))

    def at(self, index: int) -> Deferred:
        """The same input in the call for one item."""
        return Deferred(self.port, self.producer, self.output, self.load, index)


@dataclass(frozen=True, slots=True)
class Ready:
    """A lazy input that is a plain value."""

    value: Any
    ready: bool = True

    def __call__(self) -> Any:
        return self.value

    def ask(self, *others: Lazy[object]) -> None:
        """Nothing to do for this one."""
        for item in others:
            item.ask()


def output_of(producer: Task, result: Result, output: int) -> Any:
    """One output of a finished node."""
    try:
        return result.values[output]
    except IndexError:
        count = len(result.values)
        message = f"Node {producer.id} has {count} outputs; output {output} was asked for."
        raise BadOutput(message) from None


def as_port_value(port: Port, value: Any) -> Any:
    """A wire's value as the port takes it: a list port takes all items, FLOAT takes an INT."""
    if port.list:
        if not isinstance(value, Many):
            return [value] if not isinstance(value, Blocked) else value
        blocked = next((item for item in value.items if isinstance(item, Blocked)), None)
        return list(value.items) if blocked is None else blocked
    if type(value) is int and port.type == "FLOAT":
        return float(value)
    return value


def item_at(many: Many, index: int) -> Any:
    """The item of a list; a shorter list repeats its last one."""
    items = many.items
    return items[min(index, len(items) - 1)]


class Call:
    """A function with its arguments. `returned` keeps what is done, also over several tries.

    Args:
        function: The node's function.
        arguments: By parameter name; those in `mapped` are `Many`, or a `Deferred` one.
        mapped: The names over whose items the call is mapped; None for a single call.
        returned: What an earlier try already gave, by item.
        check: Raises Cancelled between items.

    With `lenient`, the message of a blocked item does not end the call: it is in `told`.
    """

    __slots__ = (
        "arguments", "check", "count", "function", "intact", "lenient", "mapped", "returned",
        "told",
    )  # fmt: skip

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: dict[str, Any],
        mapped: Mapping[str, Many] | None,
        returned: dict[int, Any],
        check: Callable[[], None],
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.mapped = mapped
        self.returned = returned
        self.check = check
        self.intact = Intact(arguments)
        self.lenient = False
        self.told: list[Blocked] = []
        self.count = 1 if mapped is None else _count([len(many.items) for many in mapped.values()])

    def go(self) -> None:
        """Call a plain function for all items that are not done."""
        if self.mapped is None:
            self.returned[0] = self.function(**self.arguments)
            return
        for index in range(self.count):
            if index not in self.returned:
                self.check()
                arguments = self._item(index)
                try:
                    _refuse_blocked(arguments)
                    self.returned[index] = self.function(**arguments)
                except HitBlocked as hit:
                    self.returned[index] = self._silent(hit)

    async def go_async(self) -> None:
        """Call an async function; the items overlap."""
        if self.mapped is None:
            self.returned[0] = await self.function(**self.arguments)
            return
        missing = [index for index in range(self.count) if index not in self.returned]
        ends = await asyncio.gather(*map(self._one_async, missing), return_exceptions=True)
        errors = [end for end in ends if end is not None]
        errors.sort(key=lambda error: isinstance(error, NeedsMore | NeedsSpread))
        if errors:
            raise errors[0]

    async def _one_async(self, index: int) -> None:
        arguments = self._item(index)
        try:
            _refuse_blocked(arguments)
            self.returned[index] = await self.function(**arguments)
        except HitBlocked as hit:
            self.returned[index] = self._silent(hit)

    def _silent(self, hit: HitBlocked) -> Blocked:
        """An item that is skipped; unless lenient, a blocker's message ends the whole call."""
        if hit.blocked.message:
            if not self.lenient:
                raise hit
            self.told.append(hit.blocked)
        return Blocked()

    def _item(self, index: int) -> dict[str, Any]:
        """The arguments for one item."""
        arguments: dict[str, Any] = {}
        mapped = self.mapped or {}
        for name, value in self.arguments.items():
            if isinstance(value, Deferred):
                value = value.at(index)
            elif name in mapped:
                value = item_at(mapped[name], index)
            arguments[name] = value
        return arguments


def _count(lengths: Sequence[int]) -> int:
    """One call per item of the longest list; none if a list is empty."""
    return 0 if 0 in lengths else max(lengths)


def _refuse_blocked(arguments: Mapping[str, Any]) -> None:
    for value in arguments.values():
        if isinstance(value, Blocked):
            raise HitBlocked(value)


def as_outputs(spec: NodeSpec, returned: Any) -> tuple[Any, ...] | Expand:
    """What a function returned as one value per declared output; BadOutput if it is not that."""
    outputs = spec.outputs
    if isinstance(returned, Expand):
        return returned
    if isinstance(returned, Blocked):
        return (returned,) * len(outputs)
    if not outputs:
        return ()
    if len(outputs) == 1:
        names = getattr(returned, "_fields", None)
        if names is None or tuple(names) != (outputs[0].name,):
            return (listed(spec, 0, returned),)
    if not _is_sequence(returned):
        got = type(returned).__name__
        raise BadOutput(f"{spec.id} declares {_words(spec)}, but its function returned a {got}.")
    values = tuple(returned)
    if len(values) != len(outputs):
        raise BadOutput(
            f"{spec.id} declares {_words(spec)}, but its function returned {len(values)} values."
        )
    return tuple(listed(spec, index, value) for index, value in enumerate(values))


def listed(spec: NodeSpec, index: int, value: Any) -> Any:
    """A value as its output has it: a list output gives its items; BadOutput if it has none."""
    output = spec.outputs[index]
    if not output.list or isinstance(value, Blocked):
        return value
    if not _is_sequence(value):
        got = type(value).__name__
        raise BadOutput(f"{spec.id}: output {output.name!r} is a list, but it returned a {got}.")
    return Many(tuple(value))


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple)


def _words(spec: NodeSpec) -> str:
    names = ", ".join(output.name for output in spec.outputs)
    return f"{len(spec.outputs)} output{'s' * (len(spec.outputs) != 1)} ({names})"


def merged(spec: NodeSpec, rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The outputs of a mapped node: each is the list of its items' values, lists joined."""
    columns: list[Many] = []
    for index in range(len(spec.outputs)):
        items: list[Any] = []
        for row in rows:
            value = row[index]
            items.extend(value.items if isinstance(value, Many) else (value,))
        columns.append(Many(tuple(items)))
    return tuple(columns)
