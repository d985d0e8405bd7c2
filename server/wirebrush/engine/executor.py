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
from wirebrush.engine.cache.store import Result
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
from wirebrush.engine.claims import FOREIGN_SECONDS, Claims, Turn
from wirebrush.engine.context import Parts, Wishes
from wirebrush.engine.graft import graft
from wirebrush.engine.outcomes import Outcomes
from wirebrush.engine.problems import BadOutput, CircularExpansion, is_out_of_memory, is_poison
from wirebrush.engine.recorder import Emit, Record
from wirebrush.engine.run import LiveGraph, NodeRun, Services
from wirebrush.engine.task import WAITING, Task
from wirebrush.events import Finished, JobState, NodesPlanned, NodeStarted, Problem
from wirebrush.graph.explain import Reasons
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.recipe import RecipeError, Recipes

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
        self._parts, self._wishes = parts, wishes
        self._emit = emit
        self._cancellation = cancellation
        self._original = prompt.nodes
        self._nodes = dict(prompt.nodes)
        self._shown: dict[str, str] = {}
        self._recipes = Recipes(parts.book, self._nodes, wishes.scope, parts.history.recipes)
        self._reasons = Reasons(parts.history.recipes, self._recipes.known)
        self._claims = Claims(parts, self._arrived)
        self._outcomes = Outcomes(
            parts, self._recipes, self._claims, emit, progressed, wishes.rules
        )
        self._board = self._outcomes.board
        self._ledger = self._outcomes.ledger
        self._arrivals: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._away = 0
        self._futures: dict[str, Future[None]] = {}
        self._services = Services(
            parts.device,
            parts.files,
            parts.assets,
            cancellation,
            emit,
            wishes.metadata,
            wishes.previews,
            progressed,
            parts.shelf,
            parts.workspaces,
            LiveGraph(self._nodes),
            lambda event: parts.recorder.submit(Record(emit, event)),
        )

    def run(self) -> Finished:
        """Run to the end, whatever happens; never raises."""
        started = time.monotonic()
        state: JobState | None = None
        try:
            self._cancellation.on_set(partial(self._arrivals.put, _wake))
            targets = self._plan()
            self._loop()
            if not self._outcomes.stopped:
                self._check_stuck(targets)
        except Cancelled:
            state = "cancelled"
        except Exception as error:
            log.exception("The executor failed.")
            self._ledger.problems.append(_internal(error))
        finally:
            for future in self._futures.values():
                future.cancel()
            self._claims.release_all()
            self._parts.recorder.drain()
        self._parts.history.remember(self._recipes.known)
        problems = tuple(self._ledger.problems)
        summary = self._ledger.summary(time.monotonic() - started)
        failed = any(problem.severity == "error" for problem in problems)
        return Finished(state or ("failed" if failed else "succeeded"), summary, problems)

    # --- before anything runs ------------------------------------------------------------------

    def _plan(self) -> list[Task]:
        """Key everything, ask the cache once for all of it, demand the wanted nodes."""
        targets: list[Task] = []
        for node_id in self._wishes.targets:
            try:
                targets.append(self._board.task(node_id))
            except RecipeError as error:
                self._outcomes.refuse(Problem(error.code, error.message, node=error.node))
        found = self._outcomes.look_up([task.recipe.key for task in targets])
        if not found or self._wishes.comfy:
            self._outcomes.look_up([recipe.key for recipe in self._recipes.known.values()])
        for task in reversed(targets):  # what is ready last runs first
            self._board.demand(task)
        if self._wishes.again:
            for node_id in self._outcomes.shown_above():
                self._board.demand(self._board.task(node_id))
        running = {t.id: t for t in self._board.tasks.values() if t.state is WAITING}
        cached = self._ledger.cached(running)
        if self._wishes.comfy:  # whose clients hear of all that is there, needed or not
            present = self._outcomes.present()
            cached = tuple(dict.fromkeys([*cached, *present]))
        self._emit([NodesPlanned(tuple(running), cached)])
        self._outcomes.tell_early_hits()
        return targets

    # --- the loop ------------------------------------------------------------------------------

    def _loop(self) -> None:
        board, arrivals, check = self._board, self._arrivals, self._cancellation.check
        while not self._outcomes.stopped:
            check()
            if not arrivals.empty():  # one at a time: each may end the job
                arrivals.get()()
            elif board.ready_async:
                self._begin(board.ready_async.pop())
            elif board.ready:
                self._begin(board.ready.pop())
            elif self._away:
                self._wait()
            else:
                return

    def _wait(self) -> None:
        """Nothing can run until something comes back: an async node, or another job's result."""
        try:
            self._arrivals.get(timeout=FOREIGN_SECONDS if self._claims.foreign else None)()
        except Empty:
            for task in self._claims.retry_foreign():
                self._away -= 1
                self._board.ready.append(task)

    def _check_stuck(self, targets: list[Task]) -> None:
        if any(task.state is WAITING for task in targets):
            waiting = [task for task in self._board.tasks.values() if task.state is WAITING]
            node = next((task.id for task in waiting if task.rows is not None), waiting[0].id)
            message = f"Node {node} waits for itself: an expansion was wired into a circle."
            self._outcomes.refuse(Problem("cycle", message, node=node))

    def _begin(self, task: Task) -> None:
        """A ready task's turn."""
        try:
            if task.leader is not None:
                self._outcomes.follow(task, task.leader)
            elif task.rows is not None:
                self._complete(task, task.rows)
            else:
                self._start(task)
        except Lost as lost:
            self._outcomes.recover(task, lost.producers)
        except BadOutput as error:
            self._outcomes.fail(task, error)

    def _start(self, task: Task) -> None:
        """Call the node's function, unless something spares it."""
        if task.run is None and task.type.declared.run_parameter is not None:
            task.run = NodeRun(task.id, self._services)
        check, load = self._cancellation.check, self._outcomes.load
        call = prepared(task, self._board, load, task.run, check)
        if isinstance(call, Blocked):
            self._skip(task, call)
            return
        call.lenient = self._wishes.comfy
        turn = self._claims.take(task)
        if turn is Turn.THEIRS:
            self._away += 1
        elif isinstance(turn, Result):
            self._outcomes.hit(task, turn)
        elif task.type.declared.is_async:
            self._announce(task)
            self._away += 1
            work = partial(self._call_async, task, call)
            self._futures[task.id] = self._parts.loop.submit(work)
        else:
            self._announce(task)
            self._call(task, call)

    def _skip(self, task: Task, blocked: Blocked) -> None:
        if self._wishes.comfy:  # whose clients count the nodes that had their turn
            self._announce(task)
        self._outcomes.skip(task, blocked)

    def _announce(self, task: Task) -> None:
        """Say that a node starts: at once if it may take long (or crash), else in the batch.

        ComfyUI's clients rely on the order of what they hear, so theirs comes in its turn.
        """
        if task.started:
            return
        task.started = True
        effects = task.recipe.spec.effects
        shown = self._shown.get(task.id, "")
        event = NodeStarted(task.id, self._reasons.why(task.id), effects, shown)
        kind = task.recipe.node.class_type
        if not effects and (self._wishes.comfy or self._parts.costs.is_cheap(kind)):
            self._parts.recorder.submit(Record(self._emit, event))
            return
        if self._wishes.comfy:
            self._parts.recorder.drain()
        self._emit([event])

    def _call(self, task: Task, call: Call) -> None:
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

    def _arrived(self, task: Task, result: Result | None) -> None:
        """In another job's thread: its result for a key that this job wants too."""
        self._arrivals.put(partial(self._resume, task, result))

    def _resume(self, task: Task, result: Result | None) -> None:
        self._away -= 1
        if result is None:
            self._board.ready.append(task)
        else:
            self._outcomes.hit(task, result)

    # --- a call has ended ----------------------------------------------------------------------

    def _land(self, task: Task, call: Call, error: BaseException | None) -> None:
        """What a call came to: values, a wish for more, or an error."""
        task.returned = call.returned
        if task.run is not None:
            task.run.ended()
        changed = call.intact.changed()
        if changed:
            error = self._outcomes.spoil(task, changed)
        if call.told:
            self._outcomes.told_blocked(task, call.told)
        if error is None:
            self._returned(task, call)
        elif isinstance(error, NeedsMore):
            self._claims.release(task, None)
            self._outcomes.recover(task, error.producers)
        elif isinstance(error, NeedsSpread):
            self._claims.release(task, None)
            task.spread = (task.spread or set()) | {error.name}
            self._board.ready.append(task)
        elif isinstance(error, HitBlocked):
            self._skip(task, error.blocked)
        else:
            self._went_wrong(task, call, error)

    def _went_wrong(self, task: Task, call: Call, error: BaseException) -> None:
        if isinstance(error, Cancelled | KeyboardInterrupt):
            raise Cancelled
        if is_out_of_memory(error) and not task.retried and not task.recipe.salt:
            self._retry(task)
            return
        if is_poison(error):
            self._parts.device.poisoned = True
        self._outcomes.fail(task, error, call.arguments)

    def _retry(self, task: Task) -> None:
        """Memory ran out: let everything go that can be had again, then try once more."""
        freed = self._parts.device.free() + self._parts.store.memory.shrink(0)
        log.warning("Node %s ran out of memory; %d MB freed, once more.", task.id, freed >> 20)
        self._claims.release(task, None)
        task.retried, task.returned, task.run = True, None, None
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
                    at = (node, spec, index)
                    outputs, ids = graft(self._nodes, self._original, at, outputs, self._shown)
                    grafted += ids
                rows.append(outputs)
            task.rows, task.mapped, task.returned = rows, call.mapped is not None, None
            if grafted or any(isinstance(item, Link) for row in rows for item in row):
                self._grow(task, rows, grafted)
            else:
                self._outcomes.finish(task, _merge(task, rows))
        except (BadOutput, NodeError) as error:
            self._outcomes.fail(task, error)
        except RecipeError as error:
            hint = "It stands in the expansion of a node: a bug in that node."
            kind = CircularExpansion if error.code == "cycle" else NodeError
            self._outcomes.fail(task, kind(error.message, hint))

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
        self._outcomes.look_up([known[node_id].key for node_id in grafted if node_id in known])
        self._claims.release(task, None)
        self._board.require(task, producers)

    def _complete(self, task: Task, rows: list[tuple[Any, ...]]) -> None:
        """The nodes of an expansion are done: take their values as this node's."""
        filled = [tuple(self._filled(item) for item in row) for row in rows]
        self._outcomes.finish(task, _merge(task, filled))

    def _filled(self, item: Any) -> Any:
        if not isinstance(item, Link):
            return item
        producer = self._board.task(item.node)
        result = self._outcomes.load(producer)
        if result is None:
            raise Lost([producer])
        return output_of(producer, result, item.output)


def _merge(task: Task, rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return merged(task.recipe.spec, rows) if task.mapped else rows[0]


def _wake() -> None:
    """Only wakes the loop."""


def _internal(error: Exception) -> Problem:
    message = f"The engine failed: {type(error).__name__}: {error}"
    return Problem(
        "internal_error", message, "This is a bug in Wirebrush; the log has the details."
    )
