"""A script that builds a prompt node by node and lets a studio run it: for graphs that need what
diffusers has no words for."""

from __future__ import annotations

import builtins
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from wirebrush.graph.prompt import Prompt, PromptNode, node_to_json
from wirebrush.graph.script.writing import Code, Names, call, comment

_HEAD = '''
from wirebrush.client import Studio, StudioError

nodes = {}


class Node:
    """A node of the prompt; `node[0]` is its first output."""

    def __init__(self, name, class_type, /, **inputs):
        self.name = name
        nodes[name] = {"class_type": class_type, "inputs": inputs}

    def __getitem__(self, output):
        return [self.name, output]

'''
_TAIL = """
if __name__ == "__main__":
    with Studio.open() as studio:  # the one that `wirebrush serve` has started here
        job = studio.submit(nodes)
        for path in job.save("."):
            print(path)
        if job.end.state != "succeeded":
            raise StudioError(f"The run was {job.end.state}.", job.end.problems)
"""


def nodewise_script(prompt: Prompt, why: str) -> str:
    """The script; `why` is told at its top."""
    told = "This runs in a Wirebrush studio and is no plain diffusers code, because " + why
    free = Names({"nodes", "job", "studio", "path", *dir(builtins)})
    names: dict[str, str] = {}
    parts: list[str] = []
    for node in _inputs_first(prompt):
        name = free.new(node.title or node.class_type)
        parts.append(_node(node, name, names))
        names[node.id] = name
    return comment(told) + "\n" + _HEAD + "".join(parts) + "\n" + _TAIL


def _node(node: PromptNode, name: str, names: Mapping[str, str]) -> str:
    inputs: dict[str, Any] = node_to_json(node)["inputs"]
    for port, link in node.links():
        if link.node in names:  # else it is in a circle, or not there
            inputs[port] = Code(f"{names[link.node]}[{link.output}]")
    title = node.title if node.title and node.title != node.class_type else ""
    told = bool(title) and name.replace("_", " ") != title.lower()
    before = comment(title) + "\n" if told else ""
    return f"\n{before}" + call("Node", node.id, node.class_type, named=inputs, before=f"{name} = ")


def _inputs_first(prompt: Prompt) -> Iterator[PromptNode]:
    """Each node after those that it takes from; those of a circle come last."""
    waiting = {
        node.id: {link.node for _, link in node.links() if link.node in prompt.nodes}
        for node in prompt.nodes.values()
    }
    needed: dict[str, list[str]] = {}
    for node_id, above in waiting.items():
        for each in above:
            needed.setdefault(each, []).append(node_id)
    ready = deque(node_id for node_id, above in waiting.items() if not above)
    while ready:
        node_id = ready.popleft()
        del waiting[node_id]
        yield prompt.nodes[node_id]
        for below in needed.get(node_id, ()):
            waiting[below].discard(node_id)
            if not waiting[below]:
                ready.append(below)
    yield from (prompt.nodes[node_id] for node_id in waiting)
