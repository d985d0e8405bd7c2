"""What is told of results that were there before the job began."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebrush.engine.outcomes import TOLD_AT_ONCE
from wirebrush.events import Event, NodeFinished, NodesPlanned
from wirebrush.graph.prompt import Prompt

PACK = """
    @node(id="Number", category="t")
    def number(value: int = 0) -> int:
        return value
"""


def test_many_hits_are_told_after_the_plan_in_several_goes(bench_of: Callable[..., Any]) -> None:
    wanted = [str(number) for number in range(2 * TOLD_AT_ONCE + 1)]
    nodes = {name: {"class_type": "Number", "inputs": {"value": int(name)}} for name in wanted}
    prompt, engine = Prompt.from_json(nodes), bench_of(PACK).engine
    assert engine.run(prompt, wanted).summary.executed == len(wanted)
    told: list[list[Event]] = []
    assert engine.run(prompt, wanted, lambda events: told.append([*events])).state == "succeeded"
    (plan,), *hits = told
    assert isinstance(plan, NodesPlanned)
    assert (plan.run, sorted(plan.cached)) == ((), sorted(wanted))
    assert [len(some) for some in hits] == [TOLD_AT_ONCE, TOLD_AT_ONCE, 1]
    heard = [event for some in hits for event in some]
    assert heard == [NodeFinished(node, True) for node in plan.cached]
