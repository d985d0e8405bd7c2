"""`progress_state` tells of all nodes: large prompts hear it less often, and never too late."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wirebrush.events import Finished, NodeFinished, NodeStarted, Output, Started
from wirebrush.http.backlog import Backlog
from wirebrush.http.comfy.sockets import Listener, Sockets
from wirebrush.http.comfy.telling import Teller
from wirebrush.http.comfy.told import State, Told
from wirebrush.jobs.records import Body


class Ear:
    """A teller with one prompt of `count` nodes, and the client that hears it."""

    def __init__(self, count: int) -> None:
        self.nodes = [str(n) for n in range(count)]
        prompt = {node: {"class_type": "Show", "inputs": {}} for node in self.nodes}
        body = Body(prompt=prompt, targets=tuple(self.nodes), workflow=None, metadata={})
        sockets = Sockets()
        self.backlog = Backlog(lambda: "")
        sockets.join(Listener("me", self.backlog))
        self.teller = Teller(sockets, lambda _: body, lambda _job, _messages: None)
        self.teller.accepted("job", "prompt", "me")
        self.teller.take("job", Started("cpu-0", 1, count))

    def run(self, node: str) -> None:
        self.teller.take("job", NodeStarted(node))
        self.teller.take("job", NodeFinished(node, False))

    async def heard(self) -> list[Any]:
        found: list[Any] = []
        while self.backlog.size:
            found.append(json.loads(await self.backlog.get()))
        return found


def states(messages: list[Any]) -> list[dict[str, Any]]:
    return [item["data"]["nodes"] for item in messages if item["type"] == "progress_state"]


async def test_a_few_nodes_are_told_step_by_step() -> None:
    ear = Ear(3)
    for node in ear.nodes:
        ear.run(node)
    kinds = [message["type"] for message in await ear.heard()]
    assert kinds[-9:] == ["progress_state", "executing", "progress_state"] * 3


async def test_many_nodes_are_told_less_often_and_all_at_the_end() -> None:
    ear = Ear(500)
    for node in ear.nodes:
        ear.run(node)
    ear.teller.take("job", Finished("succeeded"))
    messages = await ear.heard()
    told = states(messages)
    assert len(told) < 200
    assert {node["state"] for node in told[-1].values()} == {"finished"}
    assert len(told[-1]) == 500
    last = [message["type"] for message in messages][-4:]
    assert last == ["progress_state", "execution_success", "status", "executing"]


async def test_what_was_held_back_comes_in_the_next_pause() -> None:
    ear = Ear(1000)
    for node in ear.nodes:
        ear.run(node)
    before = states(await ear.heard())
    await asyncio.sleep(0.5)
    after = states(await ear.heard())
    assert len(before) < 200
    assert len(after) == 1
    assert len(after[0]) == 1000


async def test_outputs_of_a_prompt_that_was_run_before_are_told_with_what_they_showed() -> None:
    ear = Ear(2)
    ear.teller.take("job", NodeFinished("0", True))
    ear.teller.take("job", NodeFinished("1", True, 0.0, (Output("text", text='é"'),)))
    said = [item["data"] for item in await ear.heard() if item["type"] == "executed"]
    assert said == [
        {"node": "0", "display_node": "0", "output": None, "prompt_id": "prompt"},
        {"node": "1", "display_node": "1", "output": {"text": ['é"']}, "prompt_id": "prompt"},
    ]


async def test_nodes_of_an_expansion_are_shown_where_it_says() -> None:
    ear = Ear(2)
    ear.teller.take("job", NodeStarted("1.0.0.a", shown="0"))
    ear.teller.take("job", NodeStarted("1.0.0.b"))
    messages = await ear.heard()
    executing = [item["data"] for item in messages if item["type"] == "executing"]
    assert [(data["node"], data["display_node"]) for data in executing] == [
        ("1.0.0.a", "0"),
        ("1.0.0.b", "1"),
    ]
    where = {name: node["display_node_id"] for name, node in states(messages)[-1].items()}
    assert where == {"1.0.0.a": "0", "1.0.0.b": "1"}
    assert {node["real_node_id"] for node in states(messages)[-1].values()} == {"1"}


@given(
    st.lists(st.sampled_from(["1", "2", "1.a", "1.a.b", "2.0.é", 'x"']), max_size=8),
    st.dictionaries(st.sampled_from(["1", "1.a", 'x"']), st.sampled_from(["2", "1.a"])),
)
def test_states_say_where_each_node_belongs(nodes: list[str], displays: dict[str, str]) -> None:
    prompt = {node: {"class_type": "Show", "inputs": {}} for node in ("1", "2", 'x"')}
    told = Told("job", 'p"é', "me", Body(prompt, (), None, {}), displays=displays)
    nodes.sort(key=lambda node: node.count("."))  # who expands begins before what it makes
    for number, node in enumerate(nodes):
        told.states[node] = State(number, 9, "running")
        if number % 3 == 0:
            told.states_text()  # which is kept for what does not change
    said = json.loads(f"{{{told.states_text()}}}")
    assert list(said) == list(told.states)
    for node in nodes:
        value = len(nodes) - 1 - nodes[::-1].index(node)
        assert said[node] == {"value": value, "max": 9, "state": "running", **told.ids(node)}
