from __future__ import annotations

from typing import Any

import pytest

from wirebrush.api import Link
from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.jsontext import Limits
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.validate import validate
from wirebrush.graph.workflow import End, Wire, Workflow, WorkflowNode
from wirebrush.graph.workflow_format import load_workflow


def workflow(nodes: dict[str, Any], *wires: str, **more: Any) -> Workflow:
    """Nodes by id (a type, or all fields), wires as "1.MODEL > 5.model"."""
    found = load_workflow(
        {
            "format": "wirebrush/1",
            "nodes": {
                node_id: {"type": node} if isinstance(node, str) else node
                for node_id, node in nodes.items()
            },
            "wires": [wire(text) for text in wires],
            **more,
        }
    )
    assert isinstance(found, Workflow), found
    return found


def wire(text: str) -> dict[str, list[str]]:
    source, target = (end.strip().split(".") for end in text.split(">"))
    return {"from": source, "to": target}


PICTURE: dict[str, Any] = {
    "1": {"type": "LoadModel", "values": {"ckpt_name": "postcards"}},
    "2": {"type": "Encode", "title": "Wish", "values": {"text": "a boat"}},
    "4": "Empty",
    "5": {"type": "Sample", "values": {"steps": 10}, "controls": {"seed": "randomize"}},
    "6": "Decode",
    "7": "Save",
}
WIRES = (
    "1.MODEL > 5.model",
    "1.CLIP > 2.clip",
    "2.CONDITIONING > 5.positive",
    "2.CONDITIONING > 5.negative",
    "4.LATENT > 5.latent_image",
    "5.LATENT > 6.samples",
    "1.VAE > 6.vae",
    "6.IMAGE > 7.images",
)


def compiled(catalog: Catalog, source: Workflow) -> Prompt:
    prompt, problems = compile_workflow(source, catalog)
    assert problems == []
    return prompt


def inputs_of(prompt: Prompt, node_id: str) -> dict[str, Any]:
    return dict(prompt.nodes[node_id].inputs)


def test_names_become_indexes_and_defaults_stay_out(catalog: Catalog) -> None:
    prompt = compiled(catalog, workflow(PICTURE, *WIRES))
    assert list(prompt.nodes) == ["1", "2", "4", "5", "6", "7"]
    assert inputs_of(prompt, "6") == {"samples": Link("5", 0), "vae": Link("1", 2)}
    assert list(inputs_of(prompt, "5")) == [
        "model",
        "positive",
        "negative",
        "latent_image",
        "steps",
    ]
    assert inputs_of(prompt, "4") == {}
    assert prompt.nodes["2"].title == "Wish"
    assert validate(prompt, catalog) == []


def test_it_is_deterministic_whatever_the_order(catalog: Catalog) -> None:
    one = compiled(catalog, workflow(PICTURE, *WIRES))
    turned = dict(reversed(PICTURE.items()))
    other = compiled(catalog, workflow(turned, *reversed(WIRES)))
    assert {k: list(n.inputs.items()) for k, n in one.nodes.items()} == {
        k: list(n.inputs.items()) for k, n in other.nodes.items()
    }


def test_notes_and_frames_are_no_nodes(catalog: Catalog) -> None:
    plain = workflow(PICTURE, *WIRES)
    dressed = workflow(
        PICTURE, *WIRES, notes=[{"id": "n", "text": "x"}], frames=[{"id": "f", "title": "y"}]
    )
    assert compiled(catalog, plain) == compiled(catalog, dressed)


def test_a_wire_wins_over_the_value_under_it(catalog: Catalog) -> None:
    node = {"type": "Add", "values": {"a": 5}}
    source = workflow({"a": node, "b": node}, "a.INT > b.a")
    assert inputs_of(compiled(catalog, source), "b") == {"a": Link("a", 0)}


def test_ports_may_be_given_by_index(catalog: Catalog) -> None:
    source = workflow({"1": "LoadModel", "2": "Encode"}, "1.#1 > 2.#1")
    assert inputs_of(compiled(catalog, source), "2") == {"clip": Link("1", 1)}


def test_a_literal_list_that_looks_like_a_link_stays_one(catalog: Catalog) -> None:
    source = workflow({"1": {"type": "Show", "values": {"value": ["1", 0]}}})
    prompt = compiled(catalog, source)
    assert prompt.to_json()["1"]["inputs"] == {"value": {"__value__": ["1", 0]}}


def test_values_that_are_wrong_or_unknown_pass_through(catalog: Catalog) -> None:
    source = workflow({"1": {"type": "Sample", "values": {"steps": "x", "zzz": 1}}})
    assert inputs_of(compiled(catalog, source), "1") == {"steps": "x", "zzz": 1}


# --- wires that do not fit ---


def only(problems: list[Problem]) -> Problem:
    (found,) = problems
    assert found.hint
    return found


def test_an_output_name_that_is_not_there(catalog: Catalog) -> None:
    source = workflow({"1": "LoadModel", "2": "Encode"}, "1.TEXT > 2.clip")
    found = only(compile_workflow(source, catalog)[1])
    assert (found.code, found.node, found.port) == ("bad_output", "2", "clip")
    assert found.hint == 'Connect it again; the outputs are: "MODEL", "CLIP", "VAE".'


def test_two_wires_at_one_input(catalog: Catalog) -> None:
    source = workflow(PICTURE, *WIRES, "4.LATENT > 6.samples")
    found = only(compile_workflow(source, catalog)[1])
    assert (found.code, found.node, found.port) == ("two_wires", "6", "samples")


def test_wires_to_and_from_nowhere(catalog: Catalog) -> None:
    source = workflow(PICTURE, *WIRES, "1.MODEL > 99.model")
    found = only(compile_workflow(source, catalog)[1])
    assert (found.code, found.node, found.severity) == ("dangling_link", "1", "warning")
    prompt = compiled(catalog, workflow({"7": "Save"}, "99.IMAGE > 7.images"))
    assert only(validate(prompt, catalog)).code == "dangling_link"


def test_an_unknown_type_is_left_to_validation(catalog: Catalog) -> None:
    source = workflow({"x": "Mystery", "7": "Save"}, "x.OUT > 7.images", "7.#0 > x.in")
    prompt, problems = compile_workflow(source, catalog)
    assert problems == []
    assert inputs_of(prompt, "7") == {"images": Link("x", 0)}
    assert inputs_of(prompt, "x") == {"in": Link("7", 0)}


# --- mute and bypass ---


def test_a_muted_node_takes_along_what_needs_it(catalog: Catalog) -> None:
    nodes = PICTURE | {"5": {"type": "Sample", "mode": "mute"}}
    prompt, problems = compile_workflow(workflow(nodes, *WIRES), catalog)
    assert list(prompt.nodes) == ["1", "2", "4"]
    found = only(problems)
    assert (found.code, found.node, found.severity) == ("left_out", "7", "warning")
    assert found.message == ("Save (node 7) is left out: it needs Sample (node 5), which is muted.")


def test_what_can_do_without_a_muted_node_runs_without_it(catalog: Catalog) -> None:
    nodes = {
        "p": {"type": "LoadPicture", "values": {"image": "a.png"}},
        "m": {"type": "Mystery", "mode": "mute"},
        "a": {"type": "Add", "mode": "mute"},
        "b": "Blend",
        "c": {"type": "Add", "values": {"a": 3}},
    }
    wires = ("p.IMAGE > b.image1", "p.IMAGE > b.image2", "m.MASK > b.mask", "a.INT > c.a")
    prompt = compiled(catalog, workflow(nodes, *wires))
    assert inputs_of(prompt, "b") == {"image1": Link("p", 0), "image2": Link("p", 0)}
    assert inputs_of(prompt, "c") == {"a": 3}


def bypass(catalog: Catalog, node_type: str, *wires: str, **fields: Any) -> Prompt:
    nodes = {
        "p": {"type": "LoadPicture", "values": {"image": "a.png"}},
        "q": {"type": "LoadPicture", "values": {"image": "b.png"}},
        "e": "Encode",
        "f": "Encode",
        "x": {"type": node_type, "mode": "bypass", **fields},
        "s": "Save",
        "t": "Sample",
        "u": "Add",
    }
    return compile_workflow(workflow(nodes, *wires), catalog)[0]


def test_a_bypassed_node_hands_on_its_input_of_the_same_type(catalog: Catalog) -> None:
    prompt = bypass(catalog, "Invert", "p.IMAGE > x.image", "x.IMAGE > s.images")
    assert inputs_of(prompt, "s") == {"images": Link("p", 0)}
    assert "x" not in prompt.nodes


def test_the_second_output_takes_the_second_input(catalog: Catalog) -> None:
    prompt = bypass(
        catalog,
        "Control",
        "e.CONDITIONING > x.positive",
        "f.CONDITIONING > x.negative",
        "x.negative > t.negative",
        "x.positive > t.positive",
    )
    assert inputs_of(prompt, "t") == {"positive": Link("e", 0), "negative": Link("f", 0)}


def test_a_bypassed_value_is_handed_on(catalog: Catalog) -> None:
    prompt = bypass(catalog, "Add", "x.INT > u.a", values={"a": 7})
    assert inputs_of(prompt, "u") == {"a": 7}


def test_a_bypassed_node_with_nothing_to_hand_on_is_like_muted(catalog: Catalog) -> None:
    nodes = {"x": {"type": "LoadPicture", "mode": "bypass"}, "s": "Save"}
    prompt, problems = compile_workflow(workflow(nodes, "x.IMAGE > s.images"), catalog)
    assert len(prompt) == 0
    assert only(problems).message == (
        "Save (node s) is left out: it needs LoadPicture (node x), which is bypassed and hands "
        "nothing on."
    )


def test_bypassed_nodes_in_a_circle_hand_nothing_on(catalog: Catalog) -> None:
    nodes = {name: {"type": "Invert", "mode": "bypass"} for name in "ab"} | {"s": "Save"}
    wires = ("a.IMAGE > b.image", "b.IMAGE > a.image", "b.IMAGE > s.images")
    prompt, problems = compile_workflow(workflow(nodes, *wires), catalog)
    assert len(prompt) == 0
    assert only(problems).code == "left_out"


@pytest.mark.parametrize("mode", ["mute", "bypass", ""])
def test_long_chains_are_quick_in_every_mode(catalog: Catalog, mode: Any) -> None:
    nodes = {"0": WorkflowNode("0", "LoadPicture")}
    wires: list[Wire] = []
    for i in range(1, 5_000):
        nodes[str(i)] = WorkflowNode(str(i), "Invert", mode=mode)
        wires.append(Wire(End(str(i - 1), "IMAGE"), End(str(i), "image")))
        nodes[f"s{i}"] = WorkflowNode(f"s{i}", "Save")
        wires.append(Wire(End(str(i), "IMAGE"), End(f"s{i}", "images")))
    prompt, problems = compile_workflow(Workflow(nodes=nodes, wires=tuple(wires)), catalog)
    assert len(prompt) == {"mute": 1, "bypass": 5_000, "": 9_999}[mode]
    assert len(problems) == (4_999 if mode == "mute" else 0)


# --- subgraphs ---


BRIGHTEN: dict[str, Any] = {
    "name": "Brighten",
    "nodes": {
        "3": {"type": "Invert"},
        "4": {"type": "Blend", "values": {"amount": 0.25}},
    },
    "wires": [wire("3.IMAGE > 4.image1")],
    "inputs": [
        {"id": "in", "name": "image", "type": "IMAGE", "to": [["3", "image"], ["4", "image2"]]},
        {"id": "how", "name": "amount", "type": "FLOAT", "to": [["4", "amount"]]},
    ],
    "outputs": [{"id": "out", "name": "IMAGE", "type": "IMAGE", "from": ["4", "IMAGE"]}],
}
AROUND: dict[str, Any] = {
    "p": {"type": "LoadPicture", "values": {"image": "a.png"}},
    "12": {"type": "subgraph:bright"},
    "s": "Save",
}
AROUND_WIRES = ("p.IMAGE > 12.in", "12.out > s.images")


def with_instance(**fields: Any) -> Workflow:
    nodes = AROUND | {"12": {"type": "subgraph:bright", **fields}}
    return workflow(nodes, *AROUND_WIRES, subgraphs={"bright": BRIGHTEN})


def test_an_instance_unfolds(catalog: Catalog) -> None:
    prompt = compiled(catalog, with_instance())
    assert list(prompt.nodes) == ["p", "s", "12/3", "12/4"]
    assert inputs_of(prompt, "s") == {"images": Link("12/4", 0)}
    assert inputs_of(prompt, "12/3") == {"image": Link("p", 0)}
    assert inputs_of(prompt, "12/4") == {
        "image1": Link("12/3", 0),
        "image2": Link("p", 0),
        "amount": 0.25,
    }
    assert validate(prompt, catalog) == []


def test_an_instance_may_override_a_value(catalog: Catalog) -> None:
    prompt = compiled(catalog, with_instance(values={"how": 0.75}))
    assert inputs_of(prompt, "12/4")["amount"] == 0.75


def test_instances_can_be_muted_and_bypassed(catalog: Catalog) -> None:
    prompt, problems = compile_workflow(with_instance(mode="mute"), catalog)
    assert list(prompt.nodes) == ["p"]
    assert only(problems).code == "left_out"
    prompt = compiled(catalog, with_instance(mode="bypass"))
    assert inputs_of(prompt, "s") == {"images": Link("p", 0)}


def test_subgraphs_nest_and_the_outermost_value_wins(catalog: Catalog) -> None:
    outer = {
        "nodes": {"1": {"type": "subgraph:bright", "values": {"how": 0.5}}},
        "inputs": [
            {"id": "i", "type": "IMAGE", "to": [["1", "in"]]},
            {"id": "h", "type": "FLOAT", "to": [["1", "how"]]},
        ],
        "outputs": [{"id": "o", "type": "IMAGE", "from": ["1", "out"]}],
    }
    nodes = AROUND | {
        "12": {"type": "subgraph:outer", "values": {"h": 0.9}},
        "13": {"type": "subgraph:outer"},
    }
    source = workflow(
        nodes,
        "p.IMAGE > 12.i",
        "12.o > 13.i",
        "13.o > s.images",
        subgraphs={"bright": BRIGHTEN, "outer": outer},
    )
    prompt = compiled(catalog, source)
    assert inputs_of(prompt, "12/1/4")["amount"] == 0.9
    assert inputs_of(prompt, "13/1/4")["amount"] == 0.5
    assert inputs_of(prompt, "13/1/3") == {"image": Link("12/1/4", 0)}
    assert validate(prompt, catalog) == []


def test_faults_of_subgraphs(catalog: Catalog) -> None:
    missing = workflow({"1": "subgraph:gone"})
    assert only(compile_workflow(missing, catalog)[1]).code == "unknown_subgraph"
    loop = {"nodes": {"1": {"type": "subgraph:loop"}}, "name": "Loop"}
    looping = workflow({"1": "subgraph:loop"}, subgraphs={"loop": loop})
    found = only(compile_workflow(looping, catalog)[1])
    assert (found.code, found.node) == ("recursive_subgraph", "1/1")
    wrong = workflow(
        AROUND, "p.IMAGE > 12.nope", "12.nope > s.images", subgraphs={"bright": BRIGHTEN}
    )
    codes = [(item.code, item.severity) for item in compile_workflow(wrong, catalog)[1]]
    assert codes == [("unknown_input", "warning"), ("bad_output", "error")]


def test_a_short_text_that_means_a_billion_nodes_is_refused(catalog: Catalog) -> None:
    subgraphs = {
        f"s{level}": {"nodes": {str(i): {"type": f"subgraph:s{level + 1}"} for i in range(10)}}
        for level in range(20)
    } | {"s20": {"nodes": {}}}
    bomb = workflow({"1": "subgraph:s0"}, subgraphs=subgraphs)
    assert only(compile_workflow(bomb, catalog, Limits(nodes=500))[1]).code == "too_many_nodes"


def test_a_short_text_that_means_a_billion_wires_is_refused(catalog: Catalog) -> None:
    subgraphs: dict[str, Any] = {
        f"s{level}": {
            "nodes": {"1": {"type": f"subgraph:s{level + 1}"}},
            "inputs": [
                {"id": f"p{i}", "to": [["1", f"p{j}"] for j in range(10)]} for i in range(10)
            ],
        }
        for level in range(12)
    }
    subgraphs["s12"] = {
        "nodes": {"1": {"type": "Add"}},
        "inputs": [{"id": f"p{i}", "to": [["1", "a"]]} for i in range(10)],
    }
    bomb = workflow({"1": {"type": "subgraph:s0", "values": {"p0": 1}}}, subgraphs=subgraphs)
    assert only(compile_workflow(bomb, catalog, Limits(links=500))[1]).code == "too_many_links"
