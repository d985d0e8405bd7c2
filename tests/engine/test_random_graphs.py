"""Random graphs give what a naive evaluator gives, and each recipe is cooked at most once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PACK = """
@node(id="Number", category="t")
def number(value: int = 1) -> int:
    LOG.append(("Number", value))
    return value

class Parts(NamedTuple):
    total: int
    difference: int

@node(id="Parts", category="t")
def parts(a: int, b: int) -> Parts:
    LOG.append(("Parts", a, b))
    return Parts(a + b, a - b)

@node(id="Choose", category="t")
def choose(which: int, a: Lazy[int], b: Lazy[int]) -> int:
    value = a() if which % 2 == 0 else b()
    LOG.append(("Choose", which, value))
    return value

@node(id="Twice", category="t")
def twice(a: int) -> int | Expand:
    graph = Subgraph()
    return graph.result(graph.node("Parts", a=a, b=a))

@node(id="Later", category="t")
async def later(a: int) -> int:
    await asyncio.sleep(0)
    LOG.append(("Later", a))
    return a + 1000

@node(id="Fails", category="t")
def fails(a: int) -> int:
    raise NodeError("no")

@node(id="Show", category="t")
def show(value: int, *, run: Run) -> None:
    run.show_text(str(value))
"""
INPUTS = {
    "Parts": ("a", "b"),
    "Choose": ("which", "a", "b"),
    "Twice": ("a",),
    "Later": ("a",),
    "Fails": ("a",),
}
Graph = dict[str, tuple[str, dict[str, Any]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs of up to 25 nodes, each wired to earlier ones or given small numbers."""
    kinds = st.sampled_from(["Parts", "Parts", "Choose", "Choose", "Twice", "Later", "Fails"])
    nodes: Graph = {"0": ("Number", {"value": draw(st.integers(0, 3))})}
    for i in range(1, draw(st.integers(1, 25))):
        kind = draw(kinds)
        inputs: dict[str, Any] = {}
        for name in INPUTS[kind]:
            source = draw(st.integers(-1, i - 1))
            outputs = 2 if source >= 0 and nodes[str(source)][0] == "Parts" else 1
            inputs[name] = (
                [str(source), draw(st.integers(0, outputs - 1))]
                if source >= 0
                else draw(st.integers(0, 3))
            )
        nodes[str(i)] = (kind, inputs)
    return nodes


class Failed(Exception):
    """Something that is needed fails."""


def naive(nodes: Graph, node_id: str, output: int = 0) -> int:
    """The value of an output by plain recursion, without any memory."""

    def get(item: Any) -> int:
        return naive(nodes, item[0], item[1]) if isinstance(item, list) else item

    kind, inputs = nodes[node_id]
    if kind == "Number":
        return inputs["value"]
    if kind == "Choose":
        return get(inputs["a"] if get(inputs["which"]) % 2 == 0 else inputs["b"])
    values = {name: get(item) for name, item in inputs.items()}
    if kind == "Fails":
        raise Failed
    if kind == "Later":
        return values["a"] + 1000
    if kind == "Twice":
        return 2 * values["a"]
    return values["a"] + values["b"] if output == 0 else values["a"] - values["b"]


def expected(nodes: Graph, targets: Mapping[str, str]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for show, target in targets.items():
        try:
            texts[show] = [str(naive(nodes, target))]
        except Failed:
            continue
    return texts


def check(bench: Any, nodes: Graph, data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.sampled_from(sorted(nodes)), min_size=1, max_size=4))
    shows = {f"show{i}": node_id for i, node_id in enumerate(wanted)}
    graph = {**nodes, **{s: ("Show", {"value": [n, 0]}) for s, n in shows.items()}}
    want = expected(nodes, shows)
    for _ in range(2):
        bench.log.clear()
        job = bench.run(graph, *shows)
        assert {n: t for n, t in job.texts.items() if n in shows} == want
        assert job.state == ("succeeded" if len(want) == len(shows) else "failed")
        recipes = bench.engine.parts.history.recipes
        keys = [recipes[node_id].key for node_id in job.ran]
        assert len(keys) == len(set(keys)), "a recipe was cooked twice"
    assert bench.log == [], "everything that can be cached is"


relaxed = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@relaxed
@given(nodes=graphs(), data=st.data())
def test_values_are_those_of_a_naive_evaluator(
    bench_of: Callable[..., Any], nodes: Graph, data: st.DataObject
) -> None:
    bench = bench_of(PACK, disk=False)
    try:
        check(bench, nodes, data)
    finally:
        bench.engine.close()


@relaxed
@given(nodes=graphs(), data=st.data())
def test_also_when_the_cache_forgets_everything(
    bench_of: Callable[..., Any], nodes: Graph, data: st.DataObject
) -> None:
    bench = bench_of(PACK, disk=False, memory_bytes=0)
    shows = {"show": data.draw(st.sampled_from(sorted(nodes)))}
    graph = {**nodes, "show": ("Show", {"value": [shows["show"], 0]})}
    try:
        assert bench.run(graph, "show").texts.get("show") == expected(nodes, shows).get("show")
    finally:
        bench.engine.close()
