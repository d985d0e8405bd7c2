"""One node of a running job, and the board on which all of them stand.

The board knows what waits for what; it runs nothing. Demand goes up from the wanted nodes with an
explicit stack, readiness comes down when tasks settle: both visit each wire once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from wirebrush.api import Link
from wirebrush.engine.cache.store import Result
from wirebrush.engine.packs import NodeType
from wirebrush.graph.recipe import Recipe, Recipes


class State(Enum):
    """NEW: nobody asked. WAITING: for inputs, its turn or its function. DONE: has a result, here
    or in the cache. FAILED: it, or something it needs, went wrong."""

    NEW = 0
    WAITING = 1
    DONE = 2
    FAILED = 3


NEW, WAITING, DONE, FAILED = State.NEW, State.WAITING, State.DONE, State.FAILED


class Task:
    """A node that was asked for.

    `holds` counts tasks that still want `result`; it is let go at zero unless `kept`, because it
    could not be had again. `needs` are the tasks that it holds. `leader` is another task with the
    same key that runs instead. While a call is not complete: `returned` is what the function gave
    by item, `spread` the lazy inputs over which it is mapped, `rows` its outputs by item with
    links into expansions, `seconds` what it took so far. `flying`: others wait for this task.
    `rough`: its result is less exact than its key says, and no other job's.
    """

    __slots__ = (
        "blocked", "flying", "holds", "id", "kept", "leader", "mapped", "needs", "pending",
        "recipe", "result", "retried", "returned", "rough", "rows", "run", "seconds", "spread",
        "started", "state", "type", "waiters",
    )  # fmt: skip

    def __init__(self, recipe: Recipe, kind: NodeType) -> None:
        self.id = recipe.node.id
        self.recipe = recipe
        self.type = kind
        self.state = NEW
        self.pending = 0
        self.holds = 0
        self.kept = bool(recipe.salt) or recipe.spec.effects
        self.waiters: Sequence[Task] = ()
        self.needs: Sequence[Task] = ()
        self.result: Result | None = None
        self.leader: Task | None = None
        self.returned: dict[int, Any] | None = None
        self.spread: set[str] | None = None
        self.run: Any = None
        self.rows: list[tuple[Any, ...]] | None = None
        self.mapped = False
        self.seconds = 0.0
        self.started = self.flying = self.retried = self.blocked = self.rough = False

    def hold(self, producers: Sequence[Task]) -> None:
        """Keep the producers' results until this task lets go."""
        self.needs = [*self.needs, *producers] if self.needs else producers
        for producer in producers:
            producer.holds += 1

    def tell(self, waiter: Task) -> None:
        """Let the waiter know when this task settles."""
        waiters = self.waiters
        if isinstance(waiters, list):
            waiters.append(waiter)
        else:
            self.waiters = [waiter]

    def let_go(self) -> None:
        """This task wants nothing any more."""
        for producer in self.needs:
            producer.holds -= 1
            if not producer.holds and not producer.kept:
                producer.result = None
        self.needs = ()


class Board:
    """The tasks of a job.

    Args:
        recipes: Makes recipes of nodes.
        type_of: Finds node types by id.
        take: Takes a task's result from the cache if it is there.
    """

    def __init__(
        self,
        recipes: Recipes,
        type_of: Callable[[str], NodeType],
        take: Callable[[Task], bool],
    ) -> None:
        self.ready: list[Task] = []
        self.ready_async: list[Task] = []
        self.tasks: dict[str, Task] = {}
        self._recipes = recipes
        self._type_of = type_of
        self._take = take
        self._leaders: dict[bytes, Task] = {}

    def task(self, node_id: str) -> Task:
        """The task of a node; RecipeError if it can have no key."""
        task = self.tasks.get(node_id)
        if task is None:
            recipe = self._recipes.known.get(node_id) or self._recipes.of(node_id)
            task = self.tasks[node_id] = Task(recipe, self._type_of(recipe.node.class_type))
        return task

    def demand(self, wanted: Task) -> None:
        """Make a task settle: from the cache, or by running what it needs and then it."""
        stack = [wanted]
        while stack:
            task = stack.pop()
            if task.state is not NEW:
                continue
            if self._take(task):
                task.state = DONE
                self.settled(task)
                continue
            task.state = WAITING
            leader = self._leaders.setdefault(task.recipe.key, task)
            if leader is task:
                producers = [
                    self.task(item.node)
                    for port, item in task.recipe.inputs
                    if type(item) is Link and not port.lazy and not port.link
                ]
            else:
                task.leader = leader
                producers = [leader]
            if self._wait_for(task, producers):
                # What is pushed first becomes ready last; the ready stack turns that round again.
                stack.extend(producer for producer in producers if producer.state is NEW)

    def require(self, task: Task, producers: list[Task]) -> None:
        """A task that was begun needs more before it can go on."""
        if self._wait_for(task, producers):
            for producer in producers:
                self.demand(producer)

    def forget(self, task: Task) -> None:
        """A result that was there is lost: ask for it anew."""
        task.state = NEW
        task.result = task.leader = task.returned = task.rows = None
        self._leaders.pop(task.recipe.key, None)

    def settled(self, task: Task) -> None:
        """Tell those that wait that the task is done or has failed."""
        stack = [task]
        while stack:
            done = stack.pop()
            waiters, done.waiters = done.waiters, ()
            for waiter in waiters:
                if waiter.state is not WAITING:
                    continue
                if done.state is FAILED:
                    self._fail(waiter)
                    stack.append(waiter)
                    continue
                waiter.pending -= 1
                if not waiter.pending:
                    self._make_ready(waiter)

    def _wait_for(self, task: Task, producers: list[Task]) -> bool:
        """Let the task wait for its producers; False if one has failed, and the task with it."""
        pending = 0
        task.hold(producers)
        for producer in producers:
            state = producer.state
            if state is FAILED:
                self._fail(task)
                self.settled(task)
                return False
            if state is not DONE:
                producer.tell(task)
                pending += 1
        task.pending = pending
        if not pending:
            self._make_ready(task)
        return True

    def _make_ready(self, task: Task) -> None:
        (self.ready_async if task.type.declared.is_async else self.ready).append(task)

    def _fail(self, task: Task) -> None:
        task.state = FAILED
        task.let_go()
