"""A job that was cut off is run again: what its finished nodes showed is told once more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wirebrush.events import NodeFinished

PACK = """
    @node(id="Shows", category="t")
    def shows(after: int = 0, *, run: Run) -> int:
        LOG.append(after)
        run.show_text(f"saw {after}")
        return after + 1

    @node(id="Saves", category="t")
    def saves(after: int = 0, *, run: Run) -> int:
        LOG.append(after)
        run.save(b"saved", name="x", mime="application/octet-stream")
        return after + 1

    @node(id="Plus", category="t")
    def plus(after: int = 0) -> int:
        LOG.append(after)
        return after + 1
"""
CHAIN = {
    "a": ("Shows", {"after": 1}),
    "b": ("Saves", {"after": ["a", 0]}),
    "c": ("Plus", {"after": ["b", 0]}),
    "d": ("Shows", {"after": ["c", 0]}),
}


def told(job: Any) -> list[str]:
    return sorted(e.node for e in job.events if isinstance(e, NodeFinished) and e.outputs)


def test_outputs_above_a_cached_node_are_told_again(bench_of: Callable[..., Any]) -> None:
    assert told(bench_of(PACK).run(CHAIN, "c")) == ["a", "b"]
    bench = bench_of(PACK)  # a new process
    assert told(bench.run(CHAIN, "d")) == ["d"]
    again = bench.run(CHAIN, "d", again=True)
    assert told(again) == ["a", "b", "d"]
    assert again.counts == (0, 4, 0)
    assert bench.log == [4]


def test_a_saved_file_that_never_arrived_is_made_again(
    bench_of: Callable[..., Any], tmp_path: Path
) -> None:
    bench_of(PACK).run(CHAIN, "c")
    (saved,) = (path for path in (tmp_path / "cache" / "assets").rglob("*") if path.is_file())
    saved.unlink()
    bench = bench_of(PACK)
    again = bench.run(CHAIN, "d", again=True)
    assert (again.state, told(again)) == ("succeeded", ["a", "b", "d"])
    assert sorted(bench.log) == [2, 4]
    assert saved.exists()
