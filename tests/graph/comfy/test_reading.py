"""Files of ComfyUI's editor in all their spellings, and files that are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.comfy.reading import read_ui
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.jsontext import Limits

TWO = [
    {"id": 1, "type": "A", "outputs": [{"name": "x", "type": "X", "links": [5]}]},
    {"id": "2", "type": "B", "inputs": [{"name": "x", "type": "X", "link": 5}]},
]


@pytest.mark.parametrize(
    "link",
    [
        [5, 1, 0, "2", 0, "X"],
        [5, 1, "0", 2, "0"],
        {"id": 5, "origin_id": 1, "origin_slot": 0, "target_id": 2, "target_slot": 0, "type": "X"},
    ],
)
def test_links_are_lists_and_objects(link: Any) -> None:
    workflow, problems = read_ui({"nodes": TWO, "links": [None, link]})
    assert problems == []
    (found,) = workflow.graph.links
    assert (found.origin, found.origin_slot, found.target, found.target_slot) == ("1", 0, "2", 0)


def test_a_point_may_be_an_object() -> None:
    node = {"id": 1, "type": "A", "pos": {"0": 10, "1": 20.5}, "size": {"0": 210, "1": 58}}
    (found,) = read_ui({"nodes": [node]})[0].graph.nodes
    assert (found.at, found.size) == ((10, 20.5), (210, 58))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"nodes": [{"type": "A"}]}, "Node 1 is no node with an id."),
        ({"nodes": ["A"]}, "Node 1 is no node with an id."),
        ({"nodes": [{"id": 1}]}, 'Node "1" does not say its type.'),
        ({"nodes": [TWO[0], TWO[0]]}, 'Two nodes have the id "1"; the first is kept.'),
        ({"nodes": [], "links": [[1, 2]]}, "A link is a list, which names no two ends."),
        (
            {"nodes": [], "definitions": {"subgraphs": [{"name": "x"}]}},
            "A subgraph definition has no id.",
        ),
    ],
)
def test_what_makes_no_sense_is_said_and_the_rest_is_read(
    data: dict[str, Any], message: str
) -> None:
    problems = read_ui(data)[1]
    assert [item.message for item in problems] == [message]
    assert problems[0].severity == "warning"
    assert problems[0].hint


def test_too_many_nodes_are_an_error() -> None:
    nodes = [{"id": number, "type": "A"} for number in range(5)]
    (problem,) = import_workflow({"nodes": nodes}, Catalog(), Limits(nodes=4)).problems
    assert (problem.code, problem.severity) == ("too_many_nodes", "error")


NAMES = (
    "id type pos size mode title inputs outputs widgets_values properties flags links link groups "
    "bounding name widget slot_index nodes definitions subgraphs extra reroutes parentId "
    "linkExtensions origin_id origin_slot target_id target_slot proxyWidgets color text 0 1"
).split()
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-30, 30)
    | st.floats(allow_nan=False)
    | st.sampled_from(["Reroute", "PrimitiveNode", "Note", "KSampler", "", "1", "x"])
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=40,
)
nodes = st.fixed_dictionaries(
    {"id": st.integers(0, 5), "type": st.sampled_from(["Reroute", "KSampler", "s", "Note", "x"])},
    optional={name: values for name in ("inputs", "outputs", "widgets_values", "pos", "mode")},
)

definitions = st.fixed_dictionaries({"id": st.just("s"), "nodes": values, "inputs": values})


@given(
    st.fixed_dictionaries(
        {"nodes": st.lists(nodes | values, max_size=5)},
        optional={
            "links": st.lists(st.lists(st.integers(-20, 5), min_size=5, max_size=6) | values),
            "extra": values,
            "groups": values,
            "definitions": st.fixed_dictionaries(
                {
                    "subgraphs": st.lists(
                        st.fixed_dictionaries({"id": st.just("s"), "nodes": values})
                    )
                }
            ),
        },
    )
)
def test_anything_is_read_compiled_and_written_back(data: dict[str, Any]) -> None:
    workflow = import_workflow(data, Catalog()).workflow
    compile_workflow(workflow, Catalog())
    export_workflow(workflow, Catalog())
