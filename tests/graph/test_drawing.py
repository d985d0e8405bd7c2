"""Prompts drawn as workflows."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wirebrush.api import Link
from wirebrush.catalog import Catalog
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.drawing import workflow_from_prompt
from wirebrush.graph.prompt import Prompt, PromptNode


@st.composite
def prompts(draw: st.DrawFn) -> Prompt:
    """Any nodes, with links to any of them: also to themselves, and in circles."""
    names = draw(st.lists(st.sampled_from("abcdefghij"), unique=True, min_size=1))
    link = st.builds(Link, st.sampled_from(names), st.integers(0, 3))
    inputs = st.dictionaries(st.sampled_from("xyz"), link | st.integers() | st.text(max_size=5))
    return Prompt({name: PromptNode(name, "T" + name, draw(inputs)) for name in names})


@given(prompts())
def test_a_drawn_prompt_means_the_same(prompt: Prompt) -> None:
    workflow = workflow_from_prompt(prompt, Catalog())
    compiled, problems = compile_workflow(workflow, Catalog())
    assert problems == []
    assert {n.id: (n.class_type, dict(n.inputs)) for n in compiled.nodes.values()} == {
        n.id: (n.class_type, dict(n.inputs)) for n in prompt.nodes.values()
    }


def test_it_is_drawn_from_left_to_right(picture: dict[str, Any], catalog: Catalog) -> None:
    prompt = Prompt.from_json(picture)
    workflow = workflow_from_prompt(prompt, catalog)
    for wire in workflow.wires:
        assert workflow.nodes[wire.source.node].at[0] < workflow.nodes[wire.target.node].at[0]
    places = [node.at for node in workflow.nodes.values()]
    assert len(set(places)) == len(places)


def test_ten_thousand_nodes_in_a_row(catalog: Catalog) -> None:
    nodes = {
        str(n): PromptNode(str(n), "Invert", {"image": Link(str(n - 1), 0)} if n else {})
        for n in reversed(range(10_000))
    }
    workflow = workflow_from_prompt(Prompt(nodes), catalog)
    assert max(node.at[0] for node in workflow.nodes.values()) == 9_999 * 352
