"""Random right prompts validate clean; one mistake anywhere gives a problem that names its node."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush.api import Link, NodeSpec
from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.validate import validate

RIGHT = {
    "int": 20,
    "seed": 7,
    "float": 0.5,
    "text": "words",
    "toggle": True,
    "file": "name.png",
}


@st.composite
def prompts(draw: st.DrawFn, specs: tuple[NodeSpec, ...]) -> Prompt:
    """Nodes one after the other, each input wired to an earlier output that fits, or a value."""
    nodes: dict[str, PromptNode] = {}
    outputs: list[tuple[str, Link]] = []
    for number in range(draw(st.integers(1, 12))):
        node_id = str(number)
        spec = draw(st.sampled_from(specs))
        inputs: dict[str, Any] = {}
        for port in spec.inputs:
            fitting = [link for kind, link in outputs if port.accepts(kind)]
            if fitting and (port.widget is None or draw(st.booleans())):
                inputs[port.name] = draw(st.sampled_from(fitting))
            elif port.widget is not None and (port.required or draw(st.booleans())):
                choices = port.widget.choices
                inputs[port.name] = choices[0] if choices else RIGHT[port.widget.kind]
            elif port.required:
                break  # nothing fits: this node cannot be made right yet
        else:
            nodes[node_id] = PromptNode(node_id, spec.id, inputs)
            outputs += [(out.type, Link(node_id, i)) for i, out in enumerate(spec.outputs)]
    nodes["first"] = PromptNode("first", "Add", {"a": 1})
    ends = [
        PromptNode(f"end{i}", "Show", {"value": Link(node_id, 0)})
        for i, node_id in enumerate(nodes)
        if outputs_of(specs, nodes[node_id])
    ]
    return Prompt(nodes | {node.id: node for node in ends})


def outputs_of(specs: tuple[NodeSpec, ...], node: PromptNode) -> int:
    return next(len(spec.outputs) for spec in specs if spec.id == node.class_type)


@given(st.data())
def test_right_prompts_are_clean(catalog: Catalog, data: st.DataObject) -> None:
    prompt = data.draw(prompts(catalog.specs))
    assert validate(prompt, catalog) == []


def mistakes(prompt: Prompt, catalog: Catalog) -> list[tuple[str, str, Any]]:
    """(node, port, wrong value) for all there is to spoil."""
    found: list[tuple[str, str, Any]] = []
    for node in prompt.nodes.values():
        spec = catalog.spec(node.class_type)
        assert spec is not None
        for port in spec.inputs:
            wrong: list[Any] = [Link("nowhere", 0), Link("first", 5), Link("first", -1)]
            wrong += [Link(node.id, 0)] if spec.outputs else []
            if port.type != "*":
                wrong += [float("nan"), {"a": 1}]
            found += [(node.id, port.name, item) for item in wrong]
    return found


@settings(max_examples=60)
@given(st.data())
def test_one_mistake_is_found_where_it_is(catalog: Catalog, data: st.DataObject) -> None:
    prompt = data.draw(prompts(catalog.specs))
    node_id, port, wrong = data.draw(st.sampled_from(mistakes(prompt, catalog)))
    node = prompt.nodes[node_id]
    spoilt = PromptNode(node_id, node.class_type, {**node.inputs, port: wrong})
    broken = Prompt({**prompt.nodes, node_id: spoilt})
    problems = validate(broken, catalog)
    errors = [item for item in problems if item.severity == "error"]
    assert errors
    assert {item.node for item in errors} == {node_id}
    assert port in {item.port for item in errors}
