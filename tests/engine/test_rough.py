"""Results that are less exact than their keys say: used in the job, kept by nobody, and told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebrush.events import NodeFinished

PACK = """
@node(id="Short", category="t")
def short(a: int = 0, *, run: Run) -> int:
    LOG.append(("short", a))
    if a > 1:
        run.rough(f"Counting to {a} was done in steps.")
    return a

@node(id="More", category="t")
def more(a: int) -> int:
    LOG.append(("more", a))
    return a + 1

@node(id="Show", category="t")
def show(a: int, b: int = 0, *, run: Run) -> None:
    run.show_text(f"{a} {b}")

@node(id="Twice", category="t")
def twice(a: int = 0) -> int | Expand:
    graph = Subgraph()
    return graph.result(graph.node("Short", a=a))
"""


def chain(number: int) -> dict[str, Any]:
    return {
        "1": ("Short", {"a": number}),
        "2": ("More", {"a": ["1", 0]}),
        "3": ("Show", {"a": ["2", 0]}),
    }


def test_it_is_told_in_the_job_and_kept_by_no_cache(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)

    first, second = bench.run(chain(5)), bench.run(chain(5))

    assert [job.state for job in (first, second)] == ["succeeded"] * 2
    assert first.texts == {"3": ["6 0"]}
    (problem,) = first.finished.problems
    assert (problem.code, problem.node, problem.severity) == ("rough", "1", "warning")
    assert problem.message == "Counting to 5 was done in steps."
    assert "no cache" in problem.hint
    assert second.counts == (3, 0, 0), "neither it nor what was made of it"
    assert second.finished.problems == first.finished.problems
    assert bench.log == [("short", 5), ("more", 5)] * 2


def test_exact_results_beside_it_are_kept(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    both = {**chain(5), "4": ("Short", {"a": 1}), "3": ("Show", {"a": ["2", 0], "b": ["4", 0]})}

    bench.run(both)
    again = bench.run(both)

    assert again.counts == (3, 1, 0)
    assert bench.run(chain(1)).finished.problems == ()
    assert bench.run(chain(1)).counts[0] == 0


def test_it_is_computed_once_in_a_job(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    same = {**chain(5), "4": ("Short", {"a": 5}), "5": ("Show", {"a": ["4", 0], "b": ["1", 0]})}

    job = bench.run(same)

    assert job.state == "succeeded", job.problems
    assert job.texts["5"] == ["5 5"]
    assert bench.log.count(("short", 5)) == 1
    assert len(job.finished.problems) == 1
    cached = {e.node: e.cached for e in job.events if isinstance(e, NodeFinished)}
    assert sorted(cached) == ["1", "2", "3", "4", "5"]
    assert bench.run(same).counts[1] == job.counts[1]


def test_it_is_not_in_memory_nor_on_disk_afterwards(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    bench.run(chain(5))
    (job,) = [bench.run({"1": ("Short", {"a": 5}), "3": ("Show", {"a": ["1", 0]})})]

    assert job.counts[0] == 2


def test_an_expansion_with_a_rough_node_is_rough(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    graph = {"1": ("Twice", {"a": 5}), "3": ("Show", {"a": ["1", 0]})}

    first, second = bench.run(graph), bench.run(graph)

    assert first.state == "succeeded", first.problems
    assert [problem.code for problem in first.finished.problems] == ["rough"]
    assert second.counts[0] == first.counts[0]
    assert bench.log.count(("short", 5)) == 2
