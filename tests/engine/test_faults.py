"""Something inside the engine breaks: the job fails, the engine goes on (faults.md, T40)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from wirebrush.api import Asset
from wirebrush.engine.assets import Saved
from wirebrush.engine.cache.disk import DiskStore
from wirebrush.engine.cache.store import Result
from wirebrush.events import NodeFinished

PACK = """
@node(id="Add", category="t")
def add(a: int = 0, b: int = 1) -> int:
    return a + b

@node(id="Choose", category="t")
def choose(a: Lazy[int]) -> int:
    return a()

@node(id="Grow", category="t")
def grow(a: int) -> int | Expand:
    graph = Subgraph()
    return graph.result(graph.node("Add", a=a))

@node(id="Later", category="t")
async def later(a: int) -> int:
    await asyncio.sleep(0)
    return a

@node(id="Save", category="t")
def save(a: int, *, run: Run) -> None:
    run.save(b"x%d" % a, name="a.png", mime="image/png")

@node(id="Raises", category="t")
def raises(kind: str) -> int:
    class AcceleratorError(RuntimeError): ...
    if kind == "cuda":
        raise AcceleratorError("CUDA error: device-side assert triggered")
    raise BaseException("odd")
"""


def nodes(base: int) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "1": ("Add", {"a": base}),
        "2": ("Choose", {"a": ["1", 0]}),
        "3": ("Grow", {"a": ["2", 0]}),
        "4": ("Later", {"a": ["3", 0]}),
        "5": ("Save", {"a": ["4", 0]}),
    }


class Boom(Exception):
    """Raised from inside."""


class FailsAtCall:
    """Wraps a bound method: the Nth call raises, the others go through."""

    def __init__(self, owner: Any, name: str, at: int) -> None:
        self.inner = getattr(owner, name)
        self.left = at

    def __call__(self, *args: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise Boom
        return self.inner(*args, **named)


HOOKS = [
    ("store", "has"),
    ("store", "get"),
    ("store", "put"),
    ("flights", "claim"),
    ("flights", "land"),
    ("leases", "take"),
    ("recorder", "submit"),
    ("loop", "submit"),
    ("costs", "note"),
    ("book", "shape"),
    ("assets", "put"),
    ("assets", "missing"),
]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: ".".join(hook))
def test_any_internal_call_may_fail(bench_of: Callable[..., Any], hook: tuple[str, str]) -> None:
    bench = bench_of(PACK)
    part, name = hook
    owner = getattr(bench.engine.parts, part)
    for at in (1, 2, 3):
        setattr(owner, name, FailsAtCall(owner, name, at))
        broken = bench.run(nodes(at * 10), "5")
        again = bench.run(nodes(at * 10), "5")  # the failing call may come only now
        delattr(owner, name)
        assert {broken.state, again.state} <= {"succeeded", "failed"}
        healthy = bench.run(nodes(at * 10), "5")
        assert healthy.state == "succeeded", healthy.problems
        assert bench.run(nodes(at * 10), "5").counts[0] == 0


def test_a_disk_that_takes_nothing_costs_only_the_disk_tier(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)

    def full(entries: Sequence[tuple[bytes, Result]]) -> None:
        raise OSError(28, "No space left on device")

    disk: Any = bench.engine.parts.store.disk
    disk.put_many = full
    job = bench.run(nodes(1), "5")
    assert job.state == "succeeded"
    assert sum(isinstance(event, NodeFinished) for event in job.events) == 6
    assert bench.run(nodes(1), "5").counts[0] == 0, "from memory"
    del disk.put_many


def test_an_index_that_cannot_be_read_is_a_miss(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK, memory_bytes=0)
    disk: DiskStore = bench.engine.parts.store.disk
    writer, lock = disk.writer
    with lock:
        writer.execute("ALTER TABLE entries RENAME TO gone")
    assert bench.run(nodes(1), "5").state == "succeeded"
    with lock:
        writer.execute("ALTER TABLE gone RENAME TO entries")
    assert bench.run(nodes(1), "5").state == "succeeded"


def test_a_listener_that_raises_harms_nobody(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    from wirebrush.graph.prompt import Prompt

    def deaf(_events: object) -> None:
        raise Boom

    prompt = Prompt.from_json(
        {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes(1).items()}
    )
    assert bench.engine.run(prompt, ["5"], deaf).state in ("failed", "succeeded")
    assert bench.run(nodes(1), "5").state == "succeeded"


def test_odd_exceptions_are_problems_and_poison_is_noticed(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    assert bench.run({"1": ("Raises", {"kind": "odd"})}).state == "failed"
    assert not bench.engine.device.poisoned
    assert bench.run({"1": ("Raises", {"kind": "cuda"})}).state == "failed"
    assert bench.engine.device.poisoned


def test_values_that_cannot_be_written_stay_in_memory(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        class Thing: pass

        @node(id="Make", category="t")
        def make() -> Any:
            LOG.append("made")
            return Thing()

        @node(id="Use", category="t")
        def use(thing: Any) -> str:
            return type(thing).__name__
        """
    )
    graph = {"1": ("Make", {}), "2": ("Use", {"thing": ["1", 0]})}
    assert bench.run(graph, "1", "2").state == "succeeded"
    assert bench.run(graph, "1", "2").counts == (0, 2, 0)
    assert bench.log == ["made"]


def test_odd_values_travel_all_the_same(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        class Odd:
            @property
            def nbytes(self): raise OSError("no idea")

        @node(id="Make", category="t")
        def make(kind: str) -> Any:
            if kind == "odd":
                return Odd()
            value = []
            value.append(value)
            return value

        @node(id="Use", category="t")
        def use(thing: Any, *, run: Run) -> None:
            run.show_text(type(thing).__name__)

        @node(id="Hand", category="t")
        def hand(thing: Any) -> int | Expand:
            graph = Subgraph()
            graph.node("Use", thing=thing)
            return graph.result(1)
        """
    )
    for kind in ("odd", "loop"):
        job = bench.run(
            {
                "1": ("Make", {"kind": kind}),
                "2": ("Use", {"thing": ["1", 0]}),
                "3": ("Hand", {"thing": ["1", 0]}),
            }
        )
        assert job.state == "succeeded", job.problems
        assert set(job.texts) == {"2", "3.1"}


def test_a_lost_result_is_made_again_once_for_all_who_miss_it(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(
        """
        @node(id="Number", category="t")
        def number() -> int:
            LOG.append("Number")
            return 1

        @node(id="Wait", category="t")
        async def wait(name: str, value: Lazy[int]) -> int:
            await asyncio.sleep(0.01)
            return value()
        """,
        disk=False,
        memory_bytes=0,
    )
    nodes = {"1": ("Number", {})}
    waits = {name: ("Wait", {"name": name, "value": ["1", 0]}) for name in "abcd"}
    job = bench.run({**nodes, **waits})
    assert job.state == "succeeded"
    assert job.counts == (5, 0, 0)
    assert len(bench.log) <= 2, "once as a target, and once more for those who came later"


def test_a_picture_that_the_server_has_lost_is_made_again(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    bench.run(nodes(1), "5")
    assets = bench.engine.parts.assets
    for path in assets.folder.rglob("*"):
        if path.is_file():
            path.unlink()
    job = bench.run(nodes(1), "5")
    assert job.ran == ["5"]
    assert sqlite3.sqlite_version
    assets.put(Saved(Asset("0" * 64, "n", "image/png"), "5", 0), b"x")
    assert assets.find("n") is not None
