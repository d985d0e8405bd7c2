"""Runs one prompt: from the wanted nodes back to what is known, then forward again.

A key says what a node's value would be. If the cache has it, the value is taken and nothing above
is visited. Otherwise the inputs are demanded first; a node whose inputs are there goes on a stack
of ready nodes; when it has run, it tells those that wait for it. One loop, no recursion.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from wirebrush.api import Blocked, Cancelled, Expand, Link, NodeError
from wirebrush.engine.arguments import Lost, prepared
from wirebrush.engine.cache.store import Result, Shown
from wirebrush.engine.call import (
    Call,
    HitBlocked,
    NeedsMore,
    NeedsSpread,
    as_outputs,
    merged,
    output_of,
)
from wirebrush.engine.cancel import Cancellation
from wirebrush.engine.context import Parts, Wishes, shown_assets
from wirebrush.engine.graft import graft
from wirebrush.engine.ledger import Ledger
from wirebrush.engine.problems import BadOutput, blocked_problem, is_out_of_memory, problem_of
from wirebrush.engine.recorder import Emit, Record, record_size
from wirebrush.engine.run import NodeRun, Services
from wirebrush.engine.task import DONE, FAILED, WAITING, Board, Task
from wirebrush.events import (
    Finished,
    JobState,
    NodeFinished,
    NodesPlanned,
    NodeStarted,
    Problem,
)
from wirebrush.graph.explain import Reasons
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.recipe import RecipeError, Recipes

FOREIGN_SECONDS = 0.1
"""How often a key that another process computes is asked for."""

log = logging.getLogger(__name__)


class Execution:
    """One job's run. Made for one call of `run`.

    Args:
        parts: What all jobs of the engine share.
        prompt: The graph; it was validated before.
        wishes: Which nodes are wanted, and under which name.
        emit: Takes events, from several threads.
        cancellation: Set by whoever wants the job to stop.
        progressed: Called whenever something moved on.
    """

    def __init__(
        self,
        parts: Parts,
        prompt: Prompt,
        wishes: Wishes,
        emit: Emit,
        cancellation: Cancellation,
        progressed: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._wishes = wishes
        self._emit = emit
        self._cancellation = cancellation
        self._progressed = progressed
        self._nodes = dict(prompt.nodes)
        self._recipes = Recipes(parts.book, self._nodes, wishes.scope)
        self._reasons = Reasons(parts.history.recipes, self._recipes.known)
        self._ledger = Ledger(self._recipes.known)
        self._board = Board(
            self._recipes, parts.packs.types.__getitem__, self._take, lambda _task: None
        )
        self._present: dict[bytes, Shown] = {}
        self._early_hits: list[Task] | None = []
        self._arrivals: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._away = 0
        self._futures: dict[str, Future[None]] = {}
        self._foreign: list[Task] = []
        self._flying: dict[bytes, Task] = {}
        self._services = Services(
            parts.device, parts.files, parts.assets, cancellation, emit, wishes.metadata,
            wishes.previews, progressed,
        )  # fmt: skip

    def run(self) -> Finished:
        """Run to the end, whatever happens; never raises."""
        started = time.monotonic()
        state: JobState | None = None
        try:
            self._cancellation.on_set(partial(self._arrivals.put, _nothing))
            self._loop(self._plan())
        except Cancelled:
            state = "cancelled"
        except Exception as error:
            log.exception("The executor failed.")
            self._ledger.problems.append(_internal(error))
        finally:
            self._wind_up()
        self._parts.recorder.drain()
        self._parts.history.remember(self._recipes.known)
        problems = tuple(self._ledger.problems)
        summary = self._ledger.summary(time.monotonic() - started)
        return Finished(state or ("failed" if problems else "succeeded"), summary, problems)

    # --- before anything runs ---------------------------------------------------------------

    def _plan(self) -> list[Task]:
        """Key everything, ask the cache once for all of it, demand the wanted nodes."""
        targets: list[Task] = []
        for node_id in self._wishes.targets:
            try:
                targets.append(self._board.task(node_id))
            except RecipeError as error:
                self._add(Problem(error.code, error.message, node=error.node))
        known, store = self._recipes.known, self._parts.store
        self._present = dict(store.has([task.recipe.key for task in targets]))
        if len(self._present) < len({task.recipe.key for task in targets}):
            self._present.update(store.has([recipe.key for recipe in known.values()]))
        for task in targets:
            self._board.demand(task)
        hits, self._early_hits = self._early_hits or [], None
        running = {t.id: t for t in self._board.tasks.values() if t.state is WAITING}
        self._emit([NodesPlanned(tuple(running), self._ledger.cached(running))])
        for task in hits:
            self._tell_hit(task)
        return targets

    def _take(self, task: Task) -> bool:
        """The board asks: is this task's result in the cache?"""
        key = task.recipe.key
        shown = self._present.get(key)
        if shown is None:
            return False
        assets = shown_assets(shown)
        if assets and self._parts.assets.missing(assets):
            del self._present[key]
            self._parts.store.drop(key)
            return False
        self._ledger.hit(task.id)
        if self._early_hits is None:
            self._tell_hit(task)
        else:
            self._early_hits.append(task)
        return True

    def _tell_hit(self, task: Task) -> None:
        """Through the recorder, so that an equal result that is being written is durable first."""
        shown = self._present.get(task.recipe.key, ())
        self._parts.recorder.submit(Record(self._emit, NodeFinished(task.id, True, 0.0, shown)))

    # --- the loop ---------------------------------------------------------------------------

    def _loop(self, targets: list[Task]) -> None:
        board, arrivals, check = self._board, self._arrivals, self._cancellation.check
        while True:
            check()
            while not arrivals.empty():
                arrivals.get()()
            if board.ready_async:
                self._begin(board.ready_async.pop())
            elif board.ready:
                self._begin(board.ready.pop())
            elif self._away:
                self._wait()
            else:
                break
        stuck = [task.id for task in targets if task.state is WAITING]
        if stuck:
            message = f"Node {stuck[0]} waits for itself: an expansion was wired into a circle."
            self._add(Problem("cycle", message, node=stuck[0]))

    def _wait(self) -> None:
        """Nothing can run until something comes back: an async node, or another job's result."""
        try:
            self._arrivals.get(timeout=FOREIGN_SECONDS if self._foreign else None)()
        except Empty:
            foreign, self._foreign = self._foreign, []
            self._away -= len(foreign)
            for task in foreign:
                self._release(task, None)
                self._board.ready.append(task)

    def _begin(self, task: Task) -> None:
        """A ready task's turn."""
        try:
            if task.leader is not None:
                self._follow(task, task.leader)
                return
            if task.rows is not None:
                self._complete(task, task.rows)
                return
            if task.run is None and task.type.declared.run_parameter is not None:
                task.run = NodeRun(task.id, self._services)
            call = prepared(task, self._board, self._load, task.run, self._cancellation.check)
        except Lost as lost:
            self._recover(task, lost.producers)
        except BadOutput as error:
            self._fail(task, error)
        else:
            if isinstance(call, Blocked):
                self._skip(task, call)
            elif self._claim(task):
                self._call(task, call)

    def _call(self, task: Task, call: Call) -> None:
        if not task.started:
            self._announce(task)
        if task.type.declared.is_async:
            self._away += 1
            self._futures[task.id] = self._parts.loop.submit(self._call_async(task, call))
            return
        error: BaseException | None = None
        started = time.perf_counter()
        try:
            call.go()
        except BaseException as raised:
            error = raised
        task.seconds += time.perf_counter() - started
        self._land(task, call, error)

    async def _call_async(self, task: Task, call: Call) -> None:
        """In the loop's thread: the end is handed to the executor's thread."""
        error: BaseException | None = None
        started = time.perf_counter()
        try:
            await call.go_async()
        except BaseException as raised:
            error = raised
        task.seconds += time.perf_counter() - started
        self._arrivals.put(partial(self._landed, task, call, error))

    def _landed(self, task: Task, call: Call, error: BaseException | None) -> None:
        self._away -= 1
        del self._futures[task.id]
        self._land(task, call, error)

    def _announce(self, task: Task) -> None:
        """Say that a node starts: at once if it may take long (or crash), else in the batch."""
        task.started = True
        event = NodeStarted(task.id, self._reasons.why(task.id))
        if self._parts.costs.is_cheap(task.recipe.node.class_type):
            self._parts.recorder.submit(Record(self._emit, event))
        else:
            self._emit([event])

    # --- a call has ended --------------------------------------------------------------------

    def _land(self, task: Task, call: Call, error: BaseException | None) -> None:
        """What a call came to: values, a wish for more, or an error."""
        task.returned = call.returned
        if error is None:
            self._returned(task, call)
        elif isinstance(error, NeedsMore):
            self._release(task, None)
            producer = error.producer
            if producer.state is DONE:
                self._lose(producer)
            self._board.require(task, [producer])
        elif isinstance(error, NeedsSpread):
            self._release(task, None)
            task.spread = (task.spread or set()) | {error.name}
            self._board.ready.append(task)
        elif isinstance(error, HitBlocked):
            self._skip(task, error.blocked)
        elif isinstance(error, Cancelled | KeyboardInterrupt):
            raise Cancelled
        elif is_out_of_memory(error) and not task.retried and not task.recipe.salt:
            self._retry(task)
        else:
            self._fail(task, error)

    def _retry(self, task: Task) -> None:
        """Memory ran out: let everything go that can be had again, then try once more."""
        task.retried, task.returned = True, None
        freed = self._parts.device.free() + self._parts.store.memory.shrink(0)
        log.warning("Node %s ran out of memory; freed %d MB and try again.", task.id, freed >> 20)
        self._release(task, None)
        task.run = None
        self._board.ready.append(task)

    def _returned(self, task: Task, call: Call) -> None:
        """Give the function's values their places; graft what it expanded into."""
        spec, node = task.recipe.spec, task.recipe.node
        rows: list[tuple[Any, ...]] = []
        grafted: list[str] = []
        try:
            for index in range(call.count):
                outputs = as_outputs(spec, call.returned[index])
                if isinstance(outputs, Expand):
                    outputs, ids = graft(self._nodes, node, spec, outputs, index)
                    grafted += ids
                rows.append(outputs)
            task.rows, task.mapped, task.returned = rows, call.mapped is not None, None
            if grafted:
                self._grow(task, rows, grafted)
            else:
                self._finish(task, self._merge(task, rows))
        except (BadOutput, NodeError) as error:
            self._fail(task, error)
        except RecipeError as error:
            self._fail(task, NodeError(error.message, "The node expanded into a broken graph."))

    def _grow(self, task: Task, rows: list[tuple[Any, ...]], grafted: list[str]) -> None:
        """Wait for those of the new nodes that give this node's outputs, or are sinks."""
        wanted = [item.node for row in rows for item in row if isinstance(item, Link)]
        types = self._parts.packs.types
        for node_id in grafted:
            kind = types.get(self._nodes[node_id].class_type)
            if kind is None or kind.spec.sink:
                wanted.append(node_id)
        producers = [self._board.task(node_id) for node_id in dict.fromkeys(wanted)]
        known = self._recipes.known
        keys = [known[node_id].key for node_id in grafted if node_id in known]
        self._present.update(self._parts.store.has(keys))
        self._release(task, None)
        self._board.require(task, producers)

    def _complete(self, task: Task, rows: list[tuple[Any, ...]]) -> None:
        """The nodes of an expansion are done: take their values as this node's."""
        filled = [tuple(self._filled(item) for item in row) for row in rows]
        self._finish(task, self._merge(task, filled))

    def _filled(self, item: Any) -> Any:
        if not isinstance(item, Link):
            return item
        producer = self._board.task(item.node)
        result = self._load(producer)
        if result is None:
            raise Lost([producer])
        return output_of(producer, result, item.output)

    def _merge(self, task: Task, rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
        return merged(task.recipe.spec, rows) if task.mapped else rows[0]

    # --- how a task ends ----------------------------------------------------------------------

    def _finish(self, task: Task, values: tuple[Any, ...]) -> None:
        """The node has its values: keep them, tell, and let those below go on."""
        parts, key = self._parts, task.recipe.key
        shown: Shown = tuple(task.run.shown) if task.run is not None else ()
        result = Result(values, shown, task.seconds)
        parts.store.put(key, result)
        parts.costs.note(task.recipe.node.class_type, task.seconds)
        self._ledger.executed[task.id] = task.seconds
        event = NodeFinished(task.id, False, task.seconds, shown)
        written = None if task.type.volatile else result
        parts.recorder.submit(Record(self._emit, event, key, written, record_size(result)))
        self._release(task, result)
        self._progressed()
        self._settle(task, result)

    def _follow(self, task: Task, leader: Task) -> None:
        """Another task with the same key has run instead."""
        result = self._load(leader)
        if result is None:
            raise Lost([leader])
        if not leader.blocked:
            self._hit(task, result)
            return
        task.blocked = task.kept = True
        self._settle(task, result)

    def _hit(self, task: Task, result: Result) -> None:
        """The result came from elsewhere while the job ran."""
        self._present[task.recipe.key] = result.shown
        self._ledger.hit(task.id)
        self._tell_hit(task)
        self._settle(task, result)

    def _skip(self, task: Task, blocked: Blocked) -> None:
        """An input is blocked: so are the outputs. A message is an error here, at its first use."""
        self._release(task, None)
        if blocked.message:
            self._add(blocked_problem(blocked, task.id))
            self._end(task)
            return
        task.blocked = task.kept = True
        self._settle(task, Result((Blocked(),) * len(task.recipe.spec.outputs)))

    def _settle(self, task: Task, result: Result) -> None:
        task.state = DONE
        if task.holds or task.kept:
            task.result = result
        task.run = task.rows = task.returned = None
        task.let_go()
        self._board.settled(task)

    def _fail(self, task: Task, error: BaseException) -> None:
        self._add(problem_of(error, task.id, task.recipe.spec.id))
        self._release(task, None)
        self._end(task)

    def _end(self, task: Task) -> None:
        task.state = FAILED
        task.let_go()
        self._board.settled(task)

    # --- results here and elsewhere -----------------------------------------------------------

    def _load(self, task: Task) -> Result | None:
        """A finished task's result, from the cache if it was let go; None if it is lost."""
        result = task.result
        if result is None:
            result = self._parts.store.get(task.recipe.key)
            if task.holds:
                task.result = result
        return result

    def _recover(self, task: Task, producers: list[Task]) -> None:
        for producer in producers:
            self._lose(producer)
        self._board.require(task, producers)

    def _lose(self, task: Task) -> None:
        self._present.pop(task.recipe.key, None)
        self._board.forget(task)

    def _claim(self, task: Task) -> bool:
        """Whether this job computes the key; if another does, the task waits for its result."""
        parts, key = self._parts, task.recipe.key
        if not parts.flights.claim(key, partial(self._arrived, task)):
            self._away += 1
            return False
        task.flying = True
        self._flying[key] = task
        result = parts.store.memory.get(key)
        if result is None and parts.leases is not None and self._is_worth_a_lease(task):
            if not parts.leases.take(key):
                self._away += 1
                self._foreign.append(task)
                return False
            if parts.store.disk is not None and parts.store.disk.has([key]):
                result = parts.store.get(key)
        if result is not None:
            self._release(task, result)
            self._hit(task, result)
            return False
        return True

    def _is_worth_a_lease(self, task: Task) -> bool:
        shared = not task.recipe.salt and not task.type.volatile
        return shared and not self._parts.costs.is_cheap(task.recipe.node.class_type)

    def _arrived(self, task: Task, result: Result | None) -> None:
        """In another job's thread: its result for a key that this job wants too."""
        self._arrivals.put(partial(self._resume, task, result))

    def _resume(self, task: Task, result: Result | None) -> None:
        self._away -= 1
        if result is None:
            self._board.ready.append(task)
        else:
            self._hit(task, result)

    def _release(self, task: Task, result: Result | None) -> None:
        """Hand the result, or the turn, to those who wait for the same key."""
        if not task.flying:
            return
        task.flying = False
        key = task.recipe.key
        del self._flying[key]
        self._parts.flights.land(key, result)
        if result is None and self._parts.leases is not None:
            self._parts.leases.release([key])

    def _wind_up(self) -> None:
        """Leave nothing behind that others wait for."""
        for future in self._futures.values():
            future.cancel()
        for task in list(self._flying.values()):
            self._release(task, None)

    def _add(self, problem: Problem) -> None:
        self._ledger.problems.append(problem)


def _nothing() -> None:
    """Only wakes the loop."""


def _internal(error: Exception) -> Problem:
    message = f"The engine failed: {type(error).__name__}: {error}"
    return Problem(
        "internal_error", message, "This is a bug in Wirebrush; the log has the details."
    )
