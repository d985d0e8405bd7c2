"""`comfy_execution`: expansions, links, and who is running."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple, TypeGuard

from wirebrush.api import Run
from wirebrush_comfy.current import CALLING, current_run
from wirebrush_comfy.world import World


class ExecutionBlocker:
    """Given instead of a value: what is wired to it does not run.

    Args:
        message: Why, if that is an error; None to skip in silence.
    """

    def __init__(self, message: str | None) -> None:
        self.message = message


def is_link(obj: object) -> TypeGuard[list[Any]]:
    """Whether it is `[node id, output]`."""
    if not isinstance(obj, list) or len(obj) != 2:
        return False
    node, output = obj
    return isinstance(node, str) and type(output) in (int, float)


class Node:
    """A node of a graph that is being built."""

    def __init__(self, id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id = id
        self.class_type = class_type
        self.inputs = inputs
        self.override_display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """A link to one of its outputs."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """Give an input a value or link; None takes it away."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        """What an input has; None if nothing."""
        return self.inputs.get(key)

    def set_override_display_id(self, override_display_id: str) -> None:
        """Show it under another node than the one that expands."""
        self.override_display_id = override_display_id

    def serialize(self) -> dict[str, Any]:
        """The node in API format."""
        data: dict[str, Any] = {"class_type": self.class_type, "inputs": self.inputs}
        if self.override_display_id is not None:
            data["override_display_id"] = self.override_display_id
        return data


class GraphBuilder:
    """Builds what a node expands into.

    Args:
        prefix: Begins all ids; without it they are unique to the node that is being called.
    """

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = _prefix() if prefix is None else prefix
        self.nodes: dict[str, Node] = {}
        self.id_gen = 1

    def node(self, class_type: str, id: str | None = None, **kwargs: Any) -> Node:
        """Add a node with its inputs; it is the same one if the id is taken."""
        if id is None:
            id = str(self.id_gen)
            self.id_gen += 1
        name = f"{self.prefix}{id}"
        if name not in self.nodes:
            self.nodes[name] = Node(name, class_type, kwargs)
        return self.nodes[name]

    def lookup_node(self, id: str) -> Node | None:
        """The node of that id, or None."""
        return self.nodes.get(f"{self.prefix}{id}")

    def remove_node(self, id: str) -> None:
        """Take a node away."""
        del self.nodes[f"{self.prefix}{id}"]

    def replace_node_output(self, node_id: str, index: int, new_value: Any) -> None:
        """What was linked to an output gets this instead; None takes the inputs away."""
        old = [f"{self.prefix}{node_id}", index]
        for node in self.nodes.values():
            for key in [key for key, value in node.inputs.items() if value == old]:
                node.set_input(key, new_value)

    def finalize(self) -> dict[str, dict[str, Any]]:
        """The graph in API format, for `expand`."""
        return {name: node.serialize() for name, node in self.nodes.items()}


def _prefix() -> str:
    """`<node>.0.<graph>.`, as ComfyUI begins the ids of an expansion."""
    call = CALLING.get()
    if call is None:
        return ""
    graph, call.graphs = call.graphs, call.graphs + 1
    return f"{call.run.node}.0.{graph}."


def add_graph_prefix(
    graph: Mapping[str, Mapping[str, Any]], outputs: tuple[Any, ...], prefix: str
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The same graph and outputs with longer ids."""

    def renamed(value: Any) -> Any:
        return [f"{prefix}{value[0]}", value[1]] if is_link(value) else value

    nodes = {
        f"{prefix}{name}": {
            **node,
            "inputs": {key: renamed(value) for key, value in node["inputs"].items()},
        }
        for name, node in graph.items()
    }
    return nodes, tuple(renamed(output) for output in outputs)


class DynamicPrompt:
    """The prompt that runs, with what was expanded, as a node's hidden `DYNPROMPT`.

    Args:
        run: The node's.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def get_node(self, node_id: str) -> dict[str, Any]:
        """A node in API format; KeyError if there is none."""
        return dict(self._run.graph[node_id])

    def has_node(self, node_id: str) -> bool:
        """Whether there is such a node."""
        return node_id in self._run.graph

    def get_real_node_id(self, node_id: str) -> str:
        """The node of the document that it came from."""
        return self.get_display_node_id(node_id)

    def get_parent_node_id(self, node_id: str) -> str | None:
        """The node that expanded into it; None for one of the document."""
        display = self.get_display_node_id(node_id)
        return None if display == node_id else display

    def get_display_node_id(self, node_id: str) -> str:
        """The node of the document under which it is shown."""
        return node_id if node_id in self.get_original_prompt() else node_id.partition(".")[0]

    def all_node_ids(self) -> set[str]:
        """The ids of all nodes."""
        return set(self._run.graph)

    def get_original_prompt(self) -> dict[str, Any]:
        """The prompt as it was sent."""
        return self._original

    @cached_property
    def _original(self) -> dict[str, Any]:
        return original_prompt(self._run)


def original_prompt(run: Run) -> dict[str, Any]:
    """The prompt of a job as it was sent."""
    sent = run.metadata.get("prompt", "")
    if sent:
        try:
            return json.loads(sent)
        except ValueError:
            pass
    return {name: dict(node) for name, node in run.graph.items() if "." not in name}


class ExecutionContext(NamedTuple):
    """Which node is being called."""

    prompt_id: str
    node_id: str
    list_index: int | None = None


def get_executing_context() -> ExecutionContext | None:
    """The node that is being called; None outside of any."""
    run = current_run()
    return None if run is None else ExecutionContext("", run.node)


@contextmanager
def _context(*_arguments: Any) -> Iterator[None]:
    """`CurrentNodeContext`: the engine knows which node is called, so there is nothing to say."""
    yield


def graph_utils(_world: World) -> Mapping[str, Any]:
    """The module `comfy_execution.graph_utils`."""
    return {
        "GraphBuilder": GraphBuilder,
        "Node": Node,
        "is_link": is_link,
        "add_graph_prefix": add_graph_prefix,
        "ExecutionBlocker": ExecutionBlocker,
    }


def graph(_world: World) -> Mapping[str, Any]:
    """The module `comfy_execution.graph`."""
    return {
        "ExecutionBlocker": ExecutionBlocker,
        "DynamicPrompt": DynamicPrompt,
        "is_link": is_link,
    }


def execution_utils(_world: World) -> Mapping[str, Any]:
    """The module `comfy_execution.utils`."""
    return {
        "ExecutionContext": ExecutionContext,
        "get_executing_context": get_executing_context,
        "CurrentNodeContext": _context,
    }


def execution(_world: World) -> Mapping[str, Any]:
    """The module `execution`: what packs import from it; running prompts is the engine's."""
    return {"ExecutionBlocker": ExecutionBlocker}
