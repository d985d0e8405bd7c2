import pytest

from wirebrush.api import Link, Subgraph


def test_a_subgraph_is_a_prompt_fragment() -> None:
    graph = Subgraph()
    first = graph.node("Load", name="x")
    second = graph.node("Invert", image=first)
    expansion = graph.result(second, 7)
    assert expansion.nodes == {
        "1": ("Load", {"name": "x"}),
        "2": ("Invert", {"image": Link("1", 0)}),
    }
    assert expansion.outputs == (Link("2", 0), 7)


def test_an_id_cannot_be_used_twice() -> None:
    graph = Subgraph()
    graph.node("A", "same")
    with pytest.raises(ValueError, match="'same' is used twice"):
        graph.node("B", "same")
