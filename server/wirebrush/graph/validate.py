"""Comparing a prompt with the node types: every mistake as a `Problem`, before anything runs.

The structure of every node is checked, whether or not an output needs it, because later passes
touch every node. A missing or wrong value stops a job only where a wanted output needs it; it
is a warning elsewhere, so that a half-built corner of a graph does not stop the rest.
Nothing here recurses, changes the prompt, or takes more than O(nodes + wires).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from wirebrush.api import Link, NodeSpec, Port
from wirebrush.catalog import Catalog, nearest
from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.cycles import cycle_problems
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.values import FilesLookup, check_value

MAX_GUESSES = 40  # looking for the names that somebody meant takes milliseconds each


def validate(
    prompt: Prompt,
    catalog: Catalog,
    targets: Iterable[str] | None = None,
    files: FilesLookup | None = None,
) -> list[Problem]:
    """All that is wrong with a prompt, in the order of its nodes; errors must be mended to run.

    Args:
        prompt: What is to run.
        catalog: The node types there are.
        targets: The ids of the nodes whose results are wanted; all sinks if None.
        files: `files(kind, name)` tells whether there is such a model or asset; not asked if None.
    """
    wanted = list(targets) if targets is not None else sinks(prompt, catalog)
    check = _Check(prompt, catalog, needed_by(prompt, wanted), files)
    problems = list(_target_problems(prompt, catalog, wanted, chosen=targets is not None))
    problems.extend(cycle_problems(prompt))
    for node in prompt.nodes.values():
        problems.extend(check.node(node))
    return problems


def sinks(prompt: Prompt, catalog: Catalog) -> list[str]:
    """The ids of the nodes that save or show something: what a prompt is run for."""
    return [
        node.id
        for node in prompt.nodes.values()
        if (spec := catalog.spec(node.class_type)) is not None and spec.sink
    ]


def needed_by(prompt: Prompt, targets: Iterable[str]) -> set[str]:
    """The targets and all nodes that they need, as far as these exist."""
    needed: set[str] = set()
    stack = [target for target in targets if target in prompt.nodes]
    while stack:
        node_id = stack.pop()
        if node_id in needed:
            continue
        needed.add(node_id)
        for item in prompt.nodes[node_id].inputs.values():
            if isinstance(item, Link) and item.node in prompt.nodes and item.node not in needed:
                stack.append(item.node)
    return needed


def label(node: PromptNode) -> str:
    """How a sentence names a node: by its title or type, and its id."""
    name = node.title.strip() or node.class_type
    return f"{name[:60]} (node {node.id[:60]})"


def _target_problems(
    prompt: Prompt, catalog: Catalog, wanted: Sequence[str], *, chosen: bool
) -> Iterator[Problem]:
    if not prompt.nodes:
        hint = "Add a node, or switch the muted ones on again."
        yield problem(Code.EMPTY, "There are no nodes to run.", hint)
        return
    for target in wanted:
        if target not in prompt.nodes:
            message = f"Node {quoted(target)} is to be run, but there is no such node."
            yield problem(
                Code.UNKNOWN_TARGET, message, "Choose a node that is in the graph.", target
            )
    if wanted:
        return
    if chosen:
        message = "No node was chosen to run."
        yield problem(Code.NO_OUTPUT, message, "Choose one, or leave `targets` out to run all.")
    elif all(node.class_type in catalog for node in prompt.nodes.values()):
        message = "Nothing would come out: no node here saves or shows a result."
        hint = "Add SaveImage or PreviewImage at the end and connect it."
        yield problem(Code.NO_OUTPUT, message, hint)


@dataclass
class _Check:
    """One validation: what all nodes are compared with."""

    prompt: Prompt
    catalog: Catalog
    needed: set[str]
    files: FilesLookup | None
    guesses: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    givers: dict[str, str] = field(default_factory=dict[str, str])

    def node(self, node: PromptNode) -> list[Problem]:
        """The problems of one node, ports in the order of the prompt, then the missing ones."""
        spec = self.catalog.spec(node.class_type)
        found: list[Problem] = []
        if spec is None:
            found.append(self._unknown_type(node))
        for name, item in node.inputs.items():
            port = spec.port(name) if spec is not None else None
            if port is None and spec is not None and not spec.dynamic:
                found.append(_unknown_input(node, spec, name))
            if isinstance(item, Link):
                found.extend(self._link(node, name, port, item))
            elif port is not None and (wrong := self._value(node, port, item)):
                found.append(wrong)
        if spec is not None:
            found.extend(
                self._missing(node, port)
                for port in spec.inputs
                if port.name not in node.inputs and port.required
            )
        return found

    def _severity(self, node: PromptNode) -> Literal["error", "warning"]:
        return "error" if node.id in self.needed else "warning"

    def _unknown_type(self, node: PromptNode) -> Problem:
        name = node.class_type
        if name not in self.guesses:
            within = len(self.guesses) < MAX_GUESSES
            self.guesses[name] = self.catalog.nearest(name) if within else []
        message = f"There is no node type {quoted(name)} (node {node.id[:60]})."
        if off := self.catalog.off_pack(name):
            hint = f"It is in the pack {quoted(off)}, which is off: turn it on."
        elif alike := self.guesses[name]:
            hint = f"Did you mean {_either(alike)}? Or install the pack that has it."
        elif failed := [failure.pack for failure in self.catalog.lost]:
            hint = f"Install the pack that has it; {_either(failed[:5])} failed to load."
        else:
            hint = "Install the pack that has it, or replace the node."
        return problem(Code.UNKNOWN_NODE_TYPE, message, hint, node.id)

    def _link(
        self, node: PromptNode, name: str, port: Port | None, link: Link
    ) -> Iterator[Problem]:
        source = self.prompt.nodes.get(link.node)
        if source is None:
            message = (
                f"{label(node)}: {quoted(name)} is connected to node {quoted(link.node)}, "
                "which does not exist."
            )
            hint = "Connect it to another node, or remove the wire."
            yield problem(Code.DANGLING_LINK, message, hint, node.id, name)
            return
        spec = self.catalog.spec(source.class_type)
        if spec is None:
            return
        if not 0 <= link.output < len(spec.outputs):
            yield _bad_output(node, name, source, spec, link)
        elif port is not None and not port.accepts(spec.outputs[link.output].type):
            yield _wrong_type(node, port, source, spec.outputs[link.output].type)

    def _value(self, node: PromptNode, port: Port, item: Any) -> Problem | None:
        wrong = check_value(port, item, self.files)
        if wrong is None:
            return None
        if self._nearly_link(item):
            message = f"{label(node)}: {quoted(port.name)} is nearly a wire, but not quite one."
            hint = 'A wire is the node id as text and the output\'s number: ["4", 0].'
            return problem(Code.BAD_LINK, message, hint, node.id, port.name)
        message = f"{label(node)}: {quoted(port.name)} {wrong.sentence}"
        severity = self._severity(node)
        return problem(wrong.code, message, wrong.hint, node.id, port.name, severity)

    def _nearly_link(self, item: Any) -> bool:
        """A list that starts with a node id, as `[4, 0]`, `["4"]` or `["4", "0"]`."""
        parts = cast("list[object]", item) if isinstance(item, list) else []
        if not 1 <= len(parts) <= 3:
            return False
        first = parts[0]
        return isinstance(first, str | int) and str(first)[:256] in self.prompt.nodes

    def _missing(self, node: PromptNode, port: Port) -> Problem:
        if port.widget is not None:
            message = f"{label(node)}: {quoted(port.name)} has no value."
            hint = "Choose a file." if port.widget.kind == "file" else "Give it a value."
        else:
            message = f"{label(node)}: nothing is connected to {quoted(port.name)}."
            hint = f"Connect {_a_type(port.type)} to it{self._giver(port)}."
        severity = self._severity(node)
        return problem(Code.MISSING_INPUT, message, hint, node.id, port.name, severity)

    def _giver(self, port: Port) -> str:
        """Where such a value can be had: from a node that is there, or by adding one."""
        if port.type == "*":
            return ""
        if port.type not in self.givers:
            there = (
                label(other)
                for other in self.prompt.nodes.values()
                if _gives(self.catalog.spec(other.class_type), port.type)
            )
            types = (spec.title or spec.id for spec in self.catalog if _gives(spec, port.type))
            name, by_adding = next(there, ""), next(types, "")
            self.givers[port.type] = (
                f", such as that of {name}" if name else f": add {by_adding}" if by_adding else ""
            )
        return self.givers[port.type]


def _gives(spec: NodeSpec | None, type_name: str) -> bool:
    """Whether a node type makes such values, rather than passing on what it was given."""
    if spec is None or any(port.type == type_name for port in spec.inputs):
        return False
    return any(output.type == type_name for output in spec.outputs)


def _unknown_input(node: PromptNode, spec: NodeSpec, name: str) -> Problem:
    message = f"{label(node)} has no input {quoted(name)}; it is ignored."
    alike = nearest(name, [port.name for port in spec.inputs if port.name not in node.inputs])
    hint = f"Did you mean {_either(alike)}?" if alike else "Remove it."
    return problem(Code.UNKNOWN_INPUT, message, hint, node.id, name, "warning")


def _bad_output(
    node: PromptNode, name: str, source: PromptNode, spec: NodeSpec, link: Link
) -> Problem:
    message = (
        f"{label(node)}: {quoted(name)} is connected to output {quoted(link.output)} of "
        f"{label(source)}, which it does not have."
    )
    if not spec.outputs:
        hint = "That node has no outputs. Connect another one."
    else:
        names = [f"{index} ({output.name})" for index, output in enumerate(spec.outputs[:12])]
        hint = f"Its outputs are {', '.join(names)}." if len(names) > 1 else f"Use {names[0]}."
    return problem(Code.BAD_OUTPUT, message, hint, node.id, name)


def _wrong_type(node: PromptNode, port: Port, source: PromptNode, given: str) -> Problem:
    message = (
        f"{label(node)}: {quoted(port.name)} takes {_a_type(port.type)}, but {label(source)} "
        f"gives {_a_type(given)}."
    )
    hint = f"Connect {_a_type(port.type)} output, or put a node between that converts it."
    return problem(Code.WRONG_TYPE, message, hint, node.id, port.name)


def _either(names: Sequence[str]) -> str:
    return " or ".join(quoted(name) for name in names)


def _a_type(type_name: str) -> str:
    if type_name == "*":
        return "any output"
    noun = type_name.replace(",", " or ")
    return f"{'an' if noun[:1] in 'AEIOU' else 'a'} {noun}"
