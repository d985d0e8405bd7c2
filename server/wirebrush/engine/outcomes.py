"""How tasks end: with values computed here, values from elsewhere, skipped, or failed.

Whatever the end, the same things follow: others who wait for the key are told, events go out
after the result is durable, and the tasks below move on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from wirebrush.api import Blocked, Link, NodeError
from wirebrush.engine.arguments import Lost
from wirebrush.engine.cache.store import Result, Shown
from wirebrush.engine.call import Deferred, Ready
from wirebrush.engine.claims import Claims
from wirebrush.engine.context import Parts, Rules, shown_assets
from wirebrush.engine.ledger import Ledger
from wirebrush.engine.problems import blocked_problem, failure_of, problem_of
from wirebrush.engine.recorder import Emit, Record, record_size
from wirebrush.engine.task import DONE, FAILED, Board, Task
from wirebrush.events import NodeFailed, NodeFinished, Problem
from wirebrush.graph.recipe import Recipes

ROUGH_HINT = "It is used in this job and kept by no cache: run again where there is more memory."
TOLD_AT_ONCE = 100
"""So many hits leave together: who hears of them is at work on these while the next are spelled."""


class Outcomes:
    """Ends a job's tasks, and knows their results.

    Args:
        parts: The engine's.
        recipes: The job's, growing with expansions.
        claims: The job's turns.
        emit: Takes events.
        progressed: Called whenever a node has ended.
        rules: Whose rules the job runs by.
    """

    def __init__(
        self,
        parts: Parts,
        recipes: Recipes,
        claims: Claims,
        emit: Emit,
        progressed: Callable[[], None],
        rules: Rules = "",
    ) -> None:
        self.board = Board(recipes, parts.packs.types.__getitem__, self._take)
        self.ledger = Ledger(recipes.known, self._is_present)
        self._parts = parts
        self._recipes = recipes
        self._claims = claims
        self._emit = emit
        self._progressed = progressed
        self._rules = rules
        self.stopped = False
        self._present: dict[bytes, Shown] = {}
        self._there: set[str] = set()
        self._early_hits: list[Task] | None = []

    # --- what the cache has --------------------------------------------------------------------

    def look_up(self, keys: list[bytes]) -> bool:
        """Ask the cache for many keys at once; True if it has all of them."""
        found = self._parts.store.has([key for key in keys if key not in self._present])
        self._present.update(found)
        if self._early_hits is not None:  # for as long as the plan is made, asked in one go
            assets = {a for shown in found.values() if shown for a in shown_assets(shown)}
            if assets := assets - self._there:
                self._there |= assets - self._parts.assets.missing(assets)
        return all(key in self._present for key in keys)

    def present(self) -> list[str]:
        """The nodes whose results were found by a look-up."""
        recipes = self._recipes.known
        return [node_id for node_id, recipe in recipes.items() if recipe.key in self._present]

    def _is_present(self, key: bytes) -> bool:
        return key in self._present or self.look_up([key])

    def shown_above(self) -> list[str]:
        """The nodes that showed something and are not visited, as a value below them is there."""
        recipes = self._recipes.known
        above = [node_id for node_id in self.ledger.cached(self.board.tasks) if node_id in recipes]
        self.look_up([recipes[node_id].key for node_id in above])
        return [node_id for node_id in above if self._present.get(recipes[node_id].key)]

    def tell_early_hits(self) -> None:
        """The plan is out: now, and from now on, nodes may be reported as cached."""
        hits, self._early_hits = self._early_hits or [], None
        self._there.clear()
        if hits:  # an equal result that is being written is durable first
            self._parts.recorder.drain()
        for first in range(0, len(hits), TOLD_AT_ONCE):
            self._emit([self._hit_event(task) for task in hits[first : first + TOLD_AT_ONCE]])

    def load(self, task: Task) -> Result | None:
        """A finished task's result, from the cache if it was let go; None if it is lost."""
        result = task.result
        if result is None:
            result = self._parts.store.get(task.recipe.key)
            if task.holds:
                task.result = result
        return result

    def lose(self, task: Task) -> None:
        """A result has left the cache since it was seen there. It may be on its way again."""
        if task.state is DONE:
            self._present.pop(task.recipe.key, None)
            self.board.forget(task)

    def spoil(self, task: Task, names: list[str]) -> NodeError:
        """The node wrote into these inputs: what it wrote into is no result any more."""
        self._parts.recorder.drain()
        for port, item in task.recipe.inputs:
            if port.name in names and isinstance(item, Link):
                producer = self.board.task(item.node)
                self._parts.store.drop(producer.recipe.key)
                self.lose(producer)
        self._parts.store.memory.shrink(0)  # the same tensor may also be an earlier node's result
        kind = task.recipe.spec.id
        message = f"{kind} changed its input {names[0]!r} in place; other nodes use that value too."
        hint = f"In the node's code, work on a copy: {names[0]} = {names[0]}.clone()."
        return NodeError(message, hint, port=names[0])

    def recover(self, task: Task, producers: list[Task]) -> None:
        """Have results made that are not there, or no more, then let the task go on."""
        for producer in producers:
            self.lose(producer)
        self.board.require(task, producers)

    def _take(self, task: Task) -> bool:
        """The board asks: is this task's result in the cache, and all that it shows still there?"""
        key = task.recipe.key
        shown = self._present.get(key)
        if shown is None:
            return False
        if (
            shown
            and (assets := set(shown_assets(shown)) - self._there)
            and self._parts.assets.missing(assets)
        ):
            del self._present[key]
            self._parts.store.drop(key)
            return False
        self.ledger.hit(task.id)
        if self._early_hits is None:
            self._tell_hit(task)
        else:
            self._early_hits.append(task)
        return True

    def _tell_hit(self, task: Task) -> None:
        """Through the recorder, so that an equal result that is being written is durable first."""
        self._parts.recorder.submit(Record(self._emit, self._hit_event(task)))

    def _hit_event(self, task: Task) -> NodeFinished:
        return NodeFinished(task.id, True, 0.0, self._present.get(task.recipe.key, ()))

    # --- ends ----------------------------------------------------------------------------------

    def finish(self, task: Task, values: tuple[Any, ...]) -> None:
        """The node has run and this is what it gave."""
        parts, key = self._parts, task.recipe.key
        shown: Shown = tuple(task.run.shown) if task.run is not None else ()
        result = Result(values, shown, task.seconds)
        parts.costs.note(task.recipe.node.class_type, task.seconds)
        self.ledger.executed[task.id] = task.seconds
        event = NodeFinished(task.id, False, task.seconds, shown)
        if self._is_rough(task):
            self._settle_rough(task, result, event)
            return
        parts.store.put(key, result)
        written = None if task.type.volatile else result
        parts.recorder.submit(Record(self._emit, event, key, written, record_size(result)))
        self._claims.release(task, result)
        self._settle(task, result)

    def hit(self, task: Task, result: Result) -> None:
        """The result came from elsewhere while the job ran."""
        self._present[task.recipe.key] = result.shown
        self.ledger.hit(task.id)
        self._tell_hit(task)
        self._settle(task, result)

    def follow(self, task: Task, leader: Task) -> None:
        """Another task with the same key has run instead."""
        result = self.load(leader)
        if result is None:
            raise Lost([leader])
        if leader.blocked:
            self._settle_blocked(task, result)
        elif leader.rough:
            self.ledger.hit(task.id)
            event = NodeFinished(task.id, True, 0.0, result.shown)
            self._settle_rough(task, result, event)
        else:
            self.hit(task, result)

    def skip(self, task: Task, blocked: Blocked) -> None:
        """An input is blocked: so are the outputs. A message is an error, at its first use."""
        self._claims.release(task, None)
        if blocked.message and self._rules != "comfy":
            self._end(task, NodeFailed(task.id, blocked_problem(blocked, task.id)))
            return
        self.told_blocked(task, [blocked])
        outputs = (Blocked(),) * len(task.recipe.spec.outputs)
        self._settle_blocked(task, Result(outputs))

    def told_blocked(self, task: Task, blockers: Iterable[Blocked]) -> None:
        """By ComfyUI's rules: say the messages of what was blocked, each once. The job goes on."""
        for message in dict.fromkeys(item.message for item in blockers if item.message):
            problem = replace(blocked_problem(Blocked(message), task.id), severity="warning")
            self._tell_failure(NodeFailed(task.id, problem))

    def fail(
        self, task: Task, error: BaseException, arguments: Mapping[str, Any] | None = None
    ) -> None:
        """The node went wrong; what hangs on it will not run, or nothing will."""
        self._claims.release(task, None)
        problem = problem_of(error, task.id, task.recipe.spec.id)
        run = task.type.declared.run_parameter
        given = {
            name: value.value if isinstance(value, Ready) else value
            for name, value in (arguments or {}).items()
            if name != run and not isinstance(value, Deferred)
        }
        self._end(task, failure_of(problem, task.id, error, given))
        self.stopped = self._rules == "comfy"

    def refuse(self, problem: Problem) -> None:
        """A node cannot even be called."""
        self._tell_failure(NodeFailed(problem.node or "", problem))
        self.stopped = self._rules == "comfy"

    def _settle_blocked(self, task: Task, result: Result) -> None:
        task.blocked = task.kept = True  # such a result is in no cache
        if self._rules == "comfy":
            self._parts.recorder.submit(Record(self._emit, NodeFinished(task.id, False)))
        self._settle(task, result)

    def _is_rough(self, task: Task) -> bool:
        """Whether a result is less exact than its key says: the node said so, or what it used is.

        The job is told why, once.
        """
        reasons: list[str] = [] if task.run is None else task.run.reasons
        for reason in dict.fromkeys(reasons):
            problem = Problem("rough", reason, ROUGH_HINT, task.id, severity="warning")
            self.ledger.problems.append(problem)
        used = [item for _, item in task.recipe.inputs]
        used += [item for row in task.rows or () for item in row]
        tasks = self.board.tasks
        producers = (tasks.get(item.node) for item in used if isinstance(item, Link))
        return bool(reasons) or any(p is not None and p.rough for p in producers)

    def _settle_rough(self, task: Task, result: Result, event: NodeFinished) -> None:
        """A result for this job alone: it is in no cache, and others make their own."""
        task.rough = task.kept = True
        self._parts.recorder.submit(Record(self._emit, event))
        self._claims.release(task, None)
        self._settle(task, result)

    def _settle(self, task: Task, result: Result) -> None:
        task.state = DONE
        if task.holds or task.kept:
            task.result = result
        task.run = task.rows = task.returned = None
        task.let_go()
        self._progressed()
        self.board.settled(task)

    def _end(self, task: Task, failure: NodeFailed) -> None:
        self._tell_failure(failure)
        task.state = FAILED
        task.let_go()
        self.board.settled(task)

    def _tell_failure(self, failure: NodeFailed) -> None:
        self.ledger.problems.append(failure.problem)
        self._parts.recorder.submit(Record(self._emit, failure))
