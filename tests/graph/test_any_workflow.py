"""Whatever a workflow says, compiling and validating answer with problems and never raise."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wirebrush.catalog import Catalog
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.jsontext import Limits
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.validate import validate
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import load_workflow

types = st.sampled_from(
    ["Invert", "Blend", "Save", "Add", "Control", "Switch", "Nope", "subgraph:a", "subgraph:b"]
)
some_nodes = st.dictionaries(
    st.sampled_from("123"),
    st.fixed_dictionaries(
        {"type": types},
        optional={
            "mode": st.sampled_from(["", "mute", "bypass"]),
            "values": st.dictionaries(st.sampled_from(["image", "amount", "p"]), st.integers(0, 1)),
        },
    ),
)
some_ends = st.tuples(
    st.sampled_from("1234"),
    st.sampled_from(["IMAGE", "image", "image1", "image2", "images", "p", "q", "#0", "#9"]),
).map(list)
some_wires = st.lists(st.fixed_dictionaries({"from": some_ends, "to": some_ends}), max_size=5)
some_ports = st.just("p")
definitions = st.fixed_dictionaries(
    {
        "nodes": some_nodes,
        "wires": some_wires,
        "inputs": st.lists(
            st.fixed_dictionaries({"id": some_ports, "to": st.lists(some_ends, max_size=3)}),
            max_size=2,
        ),
        "outputs": st.lists(
            st.fixed_dictionaries({"id": st.just("q"), "from": some_ends}), max_size=2
        ),
    }
)


@given(some_nodes, some_wires, st.dictionaries(st.sampled_from("ab"), definitions))
def test_every_workflow_compiles_and_validates_without_raising(
    catalog: Catalog, nodes: Any, wires: Any, subgraphs: Any
) -> None:
    source = load_workflow(
        {"format": "wirebrush/1", "nodes": nodes, "wires": wires, "subgraphs": subgraphs}
    )
    assert isinstance(source, Workflow)
    prompt, problems = compile_workflow(source, catalog, Limits(nodes=200, links=2_000))
    assert compile_workflow(source, catalog, Limits(nodes=200, links=2_000)) == (prompt, problems)
    for item in [*problems, *validate(prompt, catalog)]:
        assert item.message and item.hint  # noqa: PT018
    assert Prompt.from_json(prompt.to_json()) == prompt
