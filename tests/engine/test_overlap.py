"""What overlaps: async nodes, jobs that want the same, and whoever cancels them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from plain_nodes import BASICS

from wirebrush.engine.cancel import Cancellation


def test_async_nodes_overlap(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        HERE = []

        @node(id="Wait", category="t")
        async def wait(name: str) -> str:
            HERE.append(name)
            while len(HERE) < 4:        # only ends if all are here at once
                await asyncio.sleep(0.001)
            return name

        @node(id="Sync", category="t")
        def sync() -> str:
            HERE.append("sync")
            return "s"

        @node(id="Join", category="t", output=True)
        def join(a: str, b: str, c: str, d: str, *, run: Run) -> str:
            run.show_text(a + b + c + d)
            return a + b + c + d
        """
    )
    job = bench.run(
        {
            "1": ("Wait", {"name": "x"}),
            "2": ("Wait", {"name": "y"}),
            "3": ("Wait", {"name": "z"}),
            "4": ("Sync", {}),
            "5": (
                "Join",
                {"a": ["1", 0], "b": ["2", 0], "c": ["3", 0], "d": ["4", 0]},
            ),
        },
        "5",
    )
    assert job.state == "succeeded"
    assert job.texts == {"5": ["xyzs"]}


def test_async_nodes_fail_and_choose_like_others(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        BASICS
        + """
@node(id="AsyncChoose", category="t")
async def async_choose(yes: Lazy[int], no: Lazy[int], first: bool = True) -> int:
    await asyncio.sleep(0)
    return yes() if first else no()

@node(id="AsyncFail", category="t")
async def async_fail() -> int:
    raise NodeError("Not today.")
"""
    )
    job = bench.run(
        {
            "1": ("Number", {"value": 6}),
            "2": ("AsyncFail", {}),
            "3": ("AsyncChoose", {"yes": ["1", 0], "no": ["2", 0]}),
            "4": ("Show", {"value": ["3", 0]}),
            "5": ("Show", {"value": ["2", 0]}),
        },
        "4",
        "5",
    )
    assert job.texts == {"4": ["6"]}
    assert [(code, node) for code, node, _ in job.problems] == [("node_error", "2")]


def test_cancel_between_nodes_and_inside_them(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        @node(id="Long", category="t")
        def long(value: int = 0, *, run: Run) -> int:
            for step in range(10_000):
                try:
                    run.step(step, 10_000)
                except Exception:
                    pass                   # Cancelled is no Exception
                LOG.append(step)
                time.sleep(0.001)
            return 1

        @node(id="Sleep", category="t")
        async def sleep(value: int = 0) -> int:
            LOG.append("asleep")
            await asyncio.sleep(60)
            return 1
        """
    )
    for kind in ("Long", "Sleep"):
        bench.log.clear()
        cancellation = Cancellation()

        def cancel_soon(cancellation: Cancellation = cancellation) -> None:
            while not bench.log:
                time.sleep(0.001)
            cancellation.set()

        thread = threading.Thread(target=cancel_soon)
        thread.start()
        job = bench.run({"1": (kind, {})}, cancellation=cancellation)
        thread.join()
        assert job.state == "cancelled"
        assert job.finished.summary.executed == 0
    cancellation = Cancellation()
    cancellation.set()
    assert bench.run({"1": ("Long", {})}, cancellation=cancellation).state == "cancelled"


def test_fifty_jobs_that_want_the_same_compute_it_once(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        @node(id="Slow", category="t")
        def slow(value: int) -> int:
            LOG.append(value)
            time.sleep(0.02)
            return value

        @node(id="Next", category="t")
        def following(value: int) -> int:
            LOG.append(value)
            return value + 1
        """
    )
    nodes = {
        "1": ("Slow", {"value": 1}),
        "2": ("Slow", {"value": 2}),
        "3": ("Next", {"value": ["1", 0]}),
        "4": ("Next", {"value": ["2", 0]}),
    }
    with ThreadPoolExecutor(50) as pool:
        jobs = list(pool.map(lambda _: bench.run(nodes, "3", "4"), range(50)))
    assert {job.state for job in jobs} == {"succeeded"}
    assert len(bench.log) == 4
    assert sum(job.finished.summary.executed for job in jobs) == 4


def test_who_waits_takes_over_when_the_first_gives_up(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        @node(id="Slow", category="t")
        def slow(*, run: Run) -> int:
            LOG.append("start")
            for _ in range(12_000 if len(LOG) == 1 else 1):
                time.sleep(0.005)
                run.check()
            return 1
        """
    )
    first = Cancellation()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(bench.run, {"1": ("Slow", {})}, cancellation=first)
        while not bench.log:
            time.sleep(0.001)
        two = pool.submit(bench.run, {"1": ("Slow", {})})
        time.sleep(0.02)
        first.set()
        assert one.result().state == "cancelled"
        assert two.result().state == "succeeded"
    assert bench.log == ["start", "start"]


def test_a_lazy_input_says_whether_it_is_there(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        BASICS
        + """
@node(id="Look", category="t")
def look(a: Lazy[int], b: Lazy[int] = 5) -> str:
    before = a.ready
    return f"{before} {a()} {b.ready}"
"""
    )
    job = bench.run(
        {
            "1": ("Number", {"value": 3}),
            "2": ("Look", {"a": ["1", 0]}),
            "3": ("Show", {"value": ["2", 0]}),
        },
        "3",
    )
    assert job.texts == {"3": ["'True 3 True'"]}


def test_lazy_inputs_that_are_asked_for_together_overlap(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        HERE = []

        @node(id="Wait", category="t")
        async def wait(name: str) -> str:
            HERE.append(name)
            while len(HERE) < 2:        # only ends if both are here at once
                await asyncio.sleep(0.001)
            return name

        @node(id="Both", category="t", output=True)
        def both(a: Lazy[str], b: Lazy[str], c: Lazy[str], d: Lazy[str] = "d", *, run: Run) -> str:
            LOG.append([a.ready, b.ready, d.ready])
            a.ask(b, c, d)
            run.show_text(a() + b() + c() + d())
            return a()
        """
    )
    waits = {"1": ("Wait", {"name": "a"}), "2": ("Wait", {"name": "b"})}
    wires = {"a": ["1", 0], "b": ["2", 0], "c": ["1", 0]}
    job = bench.run({**waits, "3": ("Both", wires)}, "3")
    assert job.texts == {"3": ["abad"]}
    assert bench.log == [[False, False, True], [True, True, True]]
