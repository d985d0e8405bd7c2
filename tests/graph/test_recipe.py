from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.api import FileRef, Link, Model, NodeSpec, Output, Port, Widget
from wirebrush.graph.canonical import Unkeyable, canonical
from wirebrush.graph.explain import Reasons
from wirebrush.graph.prompt import PromptNode
from wirebrush.graph.recipe import Recipe, RecipeBook, RecipeError, Recipes

SAMPLER = NodeSpec(
    "Sampler",
    inputs=(
        Port("latent", "LATENT"),
        Port("seed", "INT", 0),
        Port("cfg", "FLOAT", 8.0),
        Port("mask", "MASK", optional=True),
    ),
    outputs=(Output("LATENT", "LATENT"), Output("NOISE", "LATENT")),
    pack="p",
    source="s1",
)
EMPTY = NodeSpec("Empty", inputs=(Port("width", "INT", 64),), outputs=(Output("L", "LATENT"),))
CLOCK = NodeSpec("Clock", outputs=(Output("L", "LATENT"),), cache="never")
LOAD = NodeSpec(
    "Load",
    inputs=(Port("name", "COMBO", widget=Widget("file", folder="checkpoints")),),
    outputs=(Output("L", "LATENT"),),
)
LOOK = NodeSpec("Look", inputs=(Port("a", "INT", 1),), fingerprint=True)
GROW = NodeSpec("Grow", inputs=(Port("count", "INT", 1),), dynamic=True)
SPECS = {spec.id: spec for spec in (SAMPLER, EMPTY, CLOCK, LOAD, LOOK, GROW)}


@dataclass
class SmallWorld:
    files: dict[str, str] = field(default_factory=dict[str, str])
    weather: str = "sun"

    def ports(self, spec: NodeSpec, values: Mapping[str, Any]) -> Sequence[Port]:
        return [Port(f"in{i}", "INT", i) for i in range(values["count"])]

    def fingerprint(self, spec: NodeSpec, values: Mapping[str, Any]) -> str:
        return self.weather

    def file(self, kind: str, name: str) -> str:
        return self.files.get(f"{kind}/{name}", "")


def recipes(
    nodes: Mapping[str, tuple[str, Mapping[str, Any]]],
    *,
    specs: Mapping[str, NodeSpec] = SPECS,
    world: SmallWorld | None = None,
    numerics: str = "cpu",
    scope: str = "job",
) -> Recipes:
    book = RecipeBook(specs.__getitem__, numerics, world or SmallWorld())
    prompt = {name: PromptNode(name, kind, inputs) for name, (kind, inputs) in nodes.items()}
    return Recipes(book, prompt, scope)


def key(kind: str, /, inputs: Mapping[str, Any] | None = None, **how: Any) -> bytes:
    nodes = {
        "x": (kind, inputs or {}),
        "e": ("Empty", {}),
        "f": ("Empty", {"width": 128}),
        "s": ("Sampler", {"latent": Link("e")}),
    }
    return recipes(nodes, **how).of("x").key


BASE = {"latent": Link("e"), "seed": 1}


def test_keys_are_sixteen_bytes_and_repeatable() -> None:
    assert len(key("Sampler", BASE)) == 16
    assert key("Sampler", BASE) == key("Sampler", BASE)


@pytest.mark.parametrize(
    "same",
    [
        {"seed": 1, "latent": Link("e")},
        {**BASE, "cfg": 8.0},
        {**BASE, "cfg": 8},
        {**BASE, "seed": 1.0},
        {**BASE, "unknown": "ignored"},
    ],
)
def test_what_makes_no_difference(same: Mapping[str, Any]) -> None:
    assert key("Sampler", same) == key("Sampler", BASE)


@pytest.mark.parametrize(
    "other",
    [
        {**BASE, "seed": 2},
        {**BASE, "seed": "1"},
        {**BASE, "seed": True},
        {**BASE, "cfg": 8.000000000000002},
        {**BASE, "latent": Link("f")},
        {**BASE, "latent": Link("s", 0)},
        {**BASE, "latent": Link("s", 1)},
        {**BASE, "mask": Link("e")},
    ],
)
def test_what_makes_a_difference(other: Mapping[str, Any]) -> None:
    assert key("Sampler", other) != key("Sampler", BASE)
    assert key("Sampler", {**BASE, "latent": Link("s", 0)}) != key(
        "Sampler", {**BASE, "latent": Link("s", 1)}
    )


def test_code_and_numerics_are_part_of_the_key() -> None:
    base = key("Sampler", BASE)
    for spec in (replace(SAMPLER, version="2"), replace(SAMPLER, source="s2")):
        assert key("Sampler", BASE, specs={**SPECS, "Sampler": spec}) != base
    assert key("Sampler", BASE, numerics="cuda") != base
    assert key("Sampler", BASE, specs={**SPECS, "Sampler": replace(SAMPLER, title="New")}) == base


def test_ids_are_not_part_of_the_key() -> None:
    one = recipes({"1": ("Empty", {}), "2": ("Sampler", {"latent": Link("1")})}).of("2")
    two = recipes({"a": ("Empty", {}), "b": ("Sampler", {"latent": Link("a")})}).of("b")
    assert one.key == two.key


def test_nodes_that_are_never_cached_are_keyed_by_job_and_node() -> None:
    assert key("Clock", scope="a") == key("Clock", scope="a")
    assert key("Clock", scope="a") != key("Clock", scope="b")
    made = recipes({"1": ("Clock", {}), "2": ("Clock", {})})
    assert made.of("1").key != made.of("2").key


def test_files_enter_by_content() -> None:
    name = {"name": "a.safetensors"}
    one = key("Load", name, world=SmallWorld({"checkpoints/a.safetensors": "d1"}))
    two = key("Load", name, world=SmallWorld({"checkpoints/a.safetensors": "d2"}))
    assert one != two
    assert one != key("Load", name)


def test_fingerprints_and_dynamic_ports_enter() -> None:
    assert key("Look") != key("Look", world=SmallWorld(weather="rain"))
    assert key("Grow", {"count": 2}) == key("Grow", {"count": 2, "in1": 1})
    assert key("Grow", {"count": 2}) != key("Grow", {"count": 2, "in1": 5})
    assert key("Grow", {"count": 1}) == key("Grow", {"count": 1, "in1": 5})


def test_a_recipe_of_an_earlier_job_serves_only_the_same_node_over_the_same_parents() -> None:
    world = SmallWorld({"checkpoints/a": "d1"})
    book = RecipeBook(SPECS.__getitem__, "cpu", world)
    nodes = {
        name: PromptNode(name, kind, inputs)
        for name, kind, inputs in (
            ("load", "Load", {"name": "a"}),
            ("empty", "Empty", {}),
            ("clock", "Clock", {}),
            ("look", "Look", {}),
            ("one", "Sampler", {"latent": Link("load", 0)}),
            ("two", "Sampler", {"latent": Link("one", 0), "mask": Link("empty", 0)}),
            ("late", "Sampler", {"latent": Link("clock", 0)}),
            ("odd", "Sampler", {"latent": Link("empty", 0), "seed": object()}),
        )
    }

    def made(scope: str, before: Mapping[str, Recipe], **changed: PromptNode) -> dict[str, Recipe]:
        found = Recipes(book, {**nodes, **changed}, scope, before)
        for name in nodes:
            found.of(name)
        return found.known

    def taken(now: Mapping[str, Recipe], before: Mapping[str, Recipe]) -> set[str]:
        unkeyed = {"odd"}  # whose key is another one each time
        fresh = made(now["clock"].salt.partition("/")[0], {}, one=now["one"].node)
        assert {n: r.key for n, r in now.items() if n not in unkeyed} == {
            n: r.key for n, r in fresh.items() if n not in unkeyed
        }
        return {name for name, recipe in now.items() if recipe is before[name]}

    first = made("a", {})
    assert taken(made("a", first), first) == {"empty", "one", "two", "late"}
    assert taken(made("b", first), first) == {"empty", "one", "two"}
    same = PromptNode("one", "Sampler", {"latent": Link("load", 0), "seed": 1})
    assert taken(made("b", first, one=same), first) == {"empty"}
    world.files["checkpoints/a"] = "d2"
    assert taken(made("b", first), first) == {"empty"}
    world.weather = "rain"
    assert made("b", first)["look"].key != first["look"].key


def test_holes_and_cycles_are_named() -> None:
    def error(nodes: Mapping[str, tuple[str, Mapping[str, Any]]]) -> RecipeError:
        with pytest.raises(RecipeError) as raised:
            recipes(nodes).of("1")
        return raised.value

    loop = error({"1": ("Sampler", {"latent": Link("2")}), "2": ("Sampler", {"latent": Link("1")})})
    assert (loop.code, loop.message) == ("cycle", "The nodes feed themselves: 1 → 2 → 1.")
    assert error({"1": ("Sampler", {"latent": Link("1")})}).code == "cycle"
    gap = error({"1": ("Sampler", {"latent": Link("9")})})
    assert (gap.code, gap.node) == ("dangling_link", "1")
    assert error({"1": ("Sampler", {})}).code == "missing_input"
    assert error({"1": ("Nope", {})}).code == "unknown_node_type"


def test_twenty_thousand_deep() -> None:
    nodes: dict[str, tuple[str, Mapping[str, Any]]] = {"0": ("Empty", {})}
    for i in range(1, 20_000):
        nodes[str(i)] = ("Sampler", {"latent": Link(str(i - 1)), "seed": i})
    made = recipes(nodes)
    made.of("19999")
    assert len({recipe.key for recipe in made.known.values()}) == 20_000


# --- one spelling for every value ---------------------------------------------------------------

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def tagged(value: Any) -> Any:
    """A value as something whose `==` is as strict as a key must be."""
    if isinstance(value, list | tuple):
        return (type(value).__name__, [tagged(item) for item in value])
    if isinstance(value, dict):
        pairs = [(tagged(name), tagged(item)) for name, item in value.items()]
        return ("dict", sorted(pairs, key=repr))
    return (type(value).__name__, value.hex() if isinstance(value, float) else value)


@given(values, values)
def test_spellings_are_equal_exactly_when_values_are(one: Any, two: Any) -> None:
    assert (canonical(one) == canonical(two)) == (tagged(one) == tagged(two))


@given(st.lists(values, max_size=4), st.lists(values, max_size=4))
def test_spellings_do_not_run_into_each_other(one: list[Any], two: list[Any]) -> None:
    joined_one = b"".join(map(canonical, one))
    joined_two = b"".join(map(canonical, two))
    assert (joined_one == joined_two) == (tagged(one) == tagged(two))


def test_records_tensors_and_objects() -> None:
    model = Model(FileRef("checkpoints", "a", "d"))
    assert canonical(model) == canonical(Model(FileRef("checkpoints", "a", "d")))
    assert canonical(model) != canonical(Model(FileRef("checkpoints", "a", "e")))
    one = torch.arange(6, dtype=torch.float32)
    assert canonical(one) == canonical(one.clone())
    assert canonical(one) != canonical(one.reshape(2, 3))
    assert canonical(one) != canonical(one.to(torch.bfloat16))
    with pytest.raises(Unkeyable):
        canonical(object())


def test_a_value_without_a_spelling_is_never_shared() -> None:
    one = key("Sampler", {**BASE, "seed": object()})
    assert one != key("Sampler", {**BASE, "seed": object()})


# --- why it ran ---------------------------------------------------------------------------------


def reason(
    before: Mapping[str, tuple[str, Mapping[str, Any]]],
    after: Mapping[str, tuple[str, Mapping[str, Any]]],
    node: str,
    **how: Any,
) -> str:
    old = recipes(before)
    new = recipes(after, **how)
    known: Mapping[str, Recipe] = old.known
    if before:
        old.of(node)
    new.of(node)
    return Reasons(known, new.known).why(node)


def test_reasons_name_what_changed_and_where() -> None:
    graph = {
        "1": ("Empty", {}),
        "2": ("Sampler", {"latent": Link("1"), "seed": 1}),
        "3": ("Sampler", {"latent": Link("2")}),
    }
    assert reason({}, graph, "3") == "first run"
    assert reason(graph, graph, "3") == "evicted"
    seed = {**graph, "2": ("Sampler", {"latent": Link("1"), "seed": 2, "cfg": 1})}
    assert reason(graph, seed, "2") == "cfg and seed changed"
    assert reason(graph, seed, "3") == "cfg and seed changed upstream in 2 (Sampler)"
    width = {**graph, "1": ("Empty", {"width": 9})}
    assert reason(graph, width, "3") == "width changed upstream in 1 (Empty)"
    rewired = {**graph, "3": ("Sampler", {"latent": Link("1")})}
    assert reason(graph, rewired, "3") == "latent changed"
    assert (
        reason(graph, graph, "3", numerics="cuda")
        == "device or numerics changed upstream in 1 (Empty)"
    )
    newer = {**SPECS, "Sampler": replace(SAMPLER, version="2")}
    assert reason(graph, graph, "2", specs=newer) == "version changed from 1 to 2"
    edited = {**SPECS, "Sampler": replace(SAMPLER, source="s2")}
    assert reason(graph, graph, "2", specs=edited) == "pack p changed"
    clock = {"1": ("Clock", {}), "2": ("Sampler", {"latent": Link("1")})}
    assert reason(clock, clock, "1") == "runs every time"
    file = {"1": ("Load", {"name": "a"})}
    world = SmallWorld({"checkpoints/a": "new"})
    assert reason(file, file, "1", world=world) == "the file of name changed"


def test_reasons_of_a_long_chain_cost_one_walk() -> None:
    def chain(width: int) -> dict[str, tuple[str, Mapping[str, Any]]]:
        nodes: dict[str, tuple[str, Mapping[str, Any]]] = {"0": ("Empty", {"width": width})}
        for i in range(1, 5_000):
            nodes[str(i)] = ("Sampler", {"latent": Link(str(i - 1))})
        return nodes

    old, new = recipes(chain(1)), recipes(chain(2))
    old.of("4999")
    new.of("4999")
    reasons = Reasons(old.known, new.known)
    started = time.process_time()
    assert {reasons.why(str(i)) for i in range(4_999, 0, -1)} == {
        "width changed upstream in 0 (Empty)"
    }
    assert time.process_time() - started < 2.0
