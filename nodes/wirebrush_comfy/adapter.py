"""A class of a pack as an ordinary node function."""

from __future__ import annotations

import inspect
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from wirebrush.api import Lazy, NodeFunction, Run
from wirebrush_comfy.arguments import hidden_value, hidden_values, inputs_of, lazy_inputs, seen
from wirebrush_comfy.current import calling
from wirebrush_comfy.explaining import explained
from wirebrush_comfy.facts import Facts
from wirebrush_comfy.looking import fingerprint, further_ports, validator
from wirebrush_comfy.returned import outputs, read
from wirebrush_comfy.shown import show
from wirebrush_comfy.staging import stage_uploads
from wirebrush_comfy.waiting import settled
from wirebrush_comfy.world import World

RUN = "wirebrush_run"
MAX_INSTANCES = 100


def as_node(facts: Facts, world: World) -> NodeFunction:
    """The node function of a class, with its hooks."""
    adapter = _Adapter(facts, world)
    work = inspect.unwrap(getattr(facts.kind, facts.function))
    is_async = inspect.iscoroutinefunction(work)
    ports, look, judge = further_ports(facts), fingerprint(facts), validator(facts)
    spec = replace(
        facts.spec,
        dynamic=ports is not None,
        fingerprint=look is not None,
        validates=judge is not None,
    )
    return NodeFunction(
        spec=spec,
        function=adapter.call_async if is_async else adapter.call,
        run_parameter=RUN,
        is_async=is_async,
        ports=ports,
        fingerprint=look,
        validate=judge,
    )


class _Instances:
    """One object of the class per node of a graph, as in ComfyUI: packs keep things in `self`."""

    def __init__(self, kind: type[Any]) -> None:
        self._kind = kind
        self._made: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, node: str) -> Any:
        """The object of a node; those not used for longest are forgotten."""
        with self._lock:
            if node not in self._made:
                self._made[node] = self._kind()
            self._made.move_to_end(node)
            while len(self._made) > MAX_INSTANCES:
                self._made.popitem(last=False)
            return self._made[node]


@dataclass(frozen=True)
class _Adapter:
    """Calls one class of a pack."""

    facts: Facts
    world: World
    instances: _Instances = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "instances", _Instances(self.facts.kind))

    def call(self, **arguments: Any) -> Any:
        """In the executor's thread."""
        run: Run = arguments.pop(RUN)
        with self._working(run):
            owner = self._owner(run)
            inputs, lazy = self._inputs(run, arguments)
            if lazy:
                _wish(lazy, settled(self._asked(owner, inputs, lazy)))
                inputs |= seen(lazy)
            answer = settled(getattr(owner, self.facts.function)(**inputs))
        return self._ended(run, answer)

    async def call_async(self, **arguments: Any) -> Any:
        """In the loop's thread, beside others."""
        run: Run = arguments.pop(RUN)
        with self._working(run):
            owner = self._owner(run)
            inputs, lazy = self._inputs(run, arguments)
            if lazy:
                asked = self._asked(owner, inputs, lazy)
                _wish(lazy, await asked if inspect.isawaitable(asked) else asked)
                inputs |= seen(lazy)
            answer = await getattr(owner, self.facts.function)(**inputs)
        return self._ended(run, answer)

    @contextmanager
    def _working(self, run: Run) -> Iterator[None]:
        with calling(run), explained(self.facts.spec.id):
            yield

    def _owner(self, run: Run) -> Any:
        """The object, or for V3 a class of its own for this call, that has the function."""
        if not self.facts.v3:
            return self.instances.of(run.node)
        hidden = {name: hidden_value(kind, run) for name, kind in self.facts.hidden.items()}
        return self.facts.kind.for_call(hidden)

    def _inputs(self, run: Run, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        stage_uploads(self.world, self.facts.spec, run, arguments)
        inputs = inputs_of(self.facts, run, arguments)
        if not self.facts.v3:
            inputs |= hidden_values(self.facts, run)
        return inputs, lazy_inputs(self.facts, arguments)

    def _asked(self, owner: Any, inputs: Mapping[str, Any], lazy: Mapping[str, Any]) -> Any:
        """What the node's check for lazy inputs says, perhaps awaitable."""
        check = getattr(owner, self.facts.hooks.lazy)
        return check(**{**inputs, **seen(lazy)})

    def _ended(self, run: Run, answer: Any) -> Any:
        returned = read(self.facts, answer)
        show(returned.ui, run, self.world)
        return outputs(self.facts, returned, run.node)


def _wish(lazy: Mapping[str, Lazy[Any]], names: Iterable[str] | None) -> None:
    """Ask for the lazy inputs that the node wants and has not: that ends this call."""
    missing = [lazy[name] for name in names or () if name in lazy and not lazy[name].ready]
    if missing:
        missing[0].ask(*missing[1:])
