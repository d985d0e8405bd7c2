"""Recipe keys: what a node's value is made of, as 16 bytes known before anything runs.

A key is a Merkle hash (blake2b-128) over the node's type, version, the source of its pack, the
numerics of the machine, its values with defaults filled in, and the keys of what is wired to it.
So an equal key means an equal value, in this job or the next, after a restart or on another
machine. All keys of a prompt cost O(nodes + wires), without recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol
from uuid import uuid4

from wirebrush.api import MISSING, Link, NodeSpec, Port
from wirebrush.graph.canonical import Unkeyable, canonical, digest
from wirebrush.graph.prompt import PromptNode

Input = tuple[Port, Any]
"""A port and what it gets: a `Link`, or the value with its default filled in."""
NEVER_SAME = "nan"
"""The fingerprint of what is different each time: not a number, which equals not even itself."""


class World(Protocol):
    """What a key depends on besides the prompt. Only the worker can know it."""

    def ports(self, spec: NodeSpec, values: Mapping[str, Any]) -> Sequence[Port]:
        """Further inputs of a `dynamic` node, given the values of its inputs."""
        ...

    def fingerprint(self, spec: NodeSpec, values: Mapping[str, Any]) -> str:
        """What a `fingerprint` node saw when it looked at the world; `NEVER_SAME` if it says so."""
        ...

    def file(self, kind: str, name: str) -> str:
        """The digest of a file's content; empty if there is no such file."""
        ...


class RecipeError(Exception):
    """No key can be made: the graph has a hole or a cycle. Validation finds these first."""

    def __init__(self, code: str, message: str, node: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.node = node


@dataclass(slots=True)
class Recipe:
    """A key with its ingredients, kept so that a later miss can be explained.

    `inputs` are all declared inputs that have something, sorted by name; `parents` the keys of
    those that are wired, in the same order. `marks` holds what was seen outside: digests of files
    by input name, the fingerprint under "". `salt` is not empty for nodes that are computed anew
    in every job.
    """

    key: bytes
    node: PromptNode
    spec: NodeSpec
    inputs: tuple[Input, ...]
    parents: tuple[bytes, ...]
    marks: Mapping[str, str]
    salt: str

    def wires(self) -> dict[str, tuple[Link, bytes]]:
        """The wired inputs by name, with the keys of their sources."""
        links = [(port.name, item) for port, item in self.inputs if isinstance(item, Link)]
        pairs = zip(links, self.parents, strict=True)
        return {name: (link, parent) for (name, link), parent in pairs}


class RecipeBook:
    """Node types prepared for keying: kept over all jobs of an engine.

    Args:
        specs: Finds a node type by its id; KeyError if there is none.
        numerics: What else changes the numbers: device family, dtype, torch version...
        world: The eyes of nodes that look outside.
    """

    def __init__(self, specs: Callable[[str], NodeSpec], numerics: str, world: World) -> None:
        self.world = world
        self._specs = specs
        self._numerics = numerics
        self._shapes: dict[str, _Shape] = {}

    def shape(self, node: PromptNode) -> _Shape:
        """The node's type, prepared."""
        shape = self._shapes.get(node.class_type)
        if shape is None:
            try:
                spec = self._specs(node.class_type)
            except KeyError:
                message = f"No pack in this worker has a node type {node.class_type!r}."
                raise RecipeError("unknown_node_type", message, node.id) from None
            shape = self._shapes[node.class_type] = _shape(spec, self._numerics)
        return shape


class Recipes:
    """The recipes of one job's nodes.

    `nodes` may grow while the job runs (expansion). `scope` names the job: nodes with
    `cache="never"` are keyed by it. `before` are recipes of earlier jobs, made with the same book:
    that of the same node with the same parents is not made anew, which saves two thirds of it.
    """

    def __init__(
        self,
        book: RecipeBook,
        nodes: Mapping[str, PromptNode],
        scope: str,
        before: Mapping[str, Recipe] = MappingProxyType({}),
    ) -> None:
        self.known: dict[str, Recipe] = {}
        self._book = book
        self._nodes = nodes
        self._scope = scope
        self._before = before

    def of(self, node_id: str) -> Recipe:
        """The recipe of a node; makes those of everything above it first."""
        known = self.known
        drafts: dict[str, _Draft] = {}
        stack = [node_id]
        while stack:
            current = stack[-1]
            if current in known:
                stack.pop()
                continue
            draft = drafts.pop(current, None)
            if draft is not None:
                known[current] = self._recipe(draft)
                stack.pop()
                continue
            draft = self._draft(current, stack)
            unknown = [
                item.node
                for _, item in draft.inputs
                if type(item) is Link and item.node not in known
            ]
            if not unknown:
                known[current] = self._recipe(draft)
                stack.pop()
                continue
            drafts[current] = draft
            for above in unknown:
                if above in drafts:
                    raise _cycle(above, stack)
                stack.append(above)
        return known[node_id]

    def _draft(self, node_id: str, stack: Sequence[str]) -> _Draft:
        node = self._nodes.get(node_id)
        if node is None:
            if len(stack) == 1:
                raise RecipeError("unknown_node", f"There is no node {node_id!r} to run.", node_id)
            message = f"Node {stack[-2]!r} is wired to node {node_id!r}, which does not exist."
            raise RecipeError("dangling_link", message, stack[-2])
        shape, before = self._book.shape(node), self._before.get(node_id)
        if before is not None and before.node is node and shape.plain and not before.salt:
            return _Draft(node, shape, before.inputs, [], _NO_MARKS, before)
        return _draft(node, shape, self._book.world)

    def _recipe(self, draft: _Draft) -> Recipe:
        """What the draft comes to, now that all parents have their keys."""
        known, before = self.known, draft.before
        if before is None:
            return self._finish(draft)
        keys = [known[item.node].key for _, item in before.inputs if type(item) is Link]
        if before.parents == tuple(keys):
            return before
        return self._finish(_draft(draft.node, draft.shape, self._book.world))

    def _finish(self, draft: _Draft) -> Recipe:
        """The key of a node."""
        known = self.known
        node, shape, marks = draft.node, draft.shape, draft.marks
        parts = [shape.code]
        parents: list[bytes] = []
        anew = shape.spec.cache == "never" or marks.get("") == NEVER_SAME
        salt = f"{self._scope}/{node.id}" if anew else ""
        for (port, item), spelled in zip(draft.inputs, draft.spellings, strict=True):
            name = port.name
            if type(item) is Link:
                parent = known[item.node].key
                parents.append(parent)
                parts += (b"%b>%d;" % (shape.tag(name), item.output), parent)
                continue
            parts.append(shape.tag(name))
            if spelled is None:
                try:
                    spelled = canonical(item)
                except (Unkeyable, RecursionError):
                    salt = uuid4().hex  # a value made at run time, of which nothing is known
                    continue
            parts.append(spelled)
        if marks:
            parts.append(canonical(dict(marks)))
        if shape.spec.cache == "node":
            parts.append(b"@" + node.id.encode("utf-8", "surrogatepass"))
        if salt:
            parts.append(b"!" + salt.encode("utf-8", "surrogatepass"))
        inputs = draft.inputs
        return Recipe(digest(*parts), node, shape.spec, inputs, tuple(parents), marks, salt)


@dataclass(slots=True)
class _Draft:
    """A node with its inputs settled, waiting for its parents' keys.

    `before` is what it came to in an earlier job; if the parents are the same, it does so again.
    """

    node: PromptNode
    shape: _Shape
    inputs: tuple[Input, ...]
    spellings: list[bytes | None]
    marks: Mapping[str, str]
    before: Recipe | None = None


@dataclass(slots=True)
class _Shape:
    """A node type: the hash of its code, and its ports with their defaults already spelled."""

    spec: NodeSpec
    code: bytes
    ports: list[tuple[Port, Any, bytes]]
    files: dict[str, str]
    tags: dict[str, bytes]
    plain: bool

    def tag(self, name: str) -> bytes:
        """How an input's name starts its part of the key."""
        tag = self.tags.get(name)
        if tag is None:
            tag = self.tags[name] = canonical(name)
        return tag


def _shape(spec: NodeSpec, numerics: str) -> _Shape:
    code = digest(
        b"node/v1", *(canonical(part) for part in (spec.id, spec.version, spec.source, numerics))
    )
    ports = [_prepared(port) for port in sorted(spec.inputs, key=lambda port: port.name)]
    files = _file_kinds(spec.inputs)
    plain = not (spec.dynamic or spec.fingerprint or files)
    return _Shape(spec, code, ports, files, {}, plain)


def _prepared(port: Port) -> tuple[Port, Any, bytes]:
    default = MISSING if port.default is MISSING else settled(port, port.default)
    return port, default, b"" if default is MISSING else canonical(default)


def _file_kinds(ports: Sequence[Port]) -> dict[str, str]:
    return {
        port.name: port.widget.folder
        for port in ports
        if port.widget is not None and port.widget.kind == "file" and port.widget.folder
    }


def _draft(node: PromptNode, shape: _Shape, world: World) -> _Draft:
    ports, marks = shape.ports, _NO_MARKS
    if not shape.plain:
        try:
            ports, marks = _looked_at(node, shape, world)
        except Exception as error:
            message = f"{shape.spec.id} could not look at what its inputs name: {error}"
            raise RecipeError("look_failed", message, node.id) from error
    given = node.inputs
    inputs: list[Input] = []
    spellings: list[bytes | None] = []
    for port, default, spelled in ports:
        item = given.get(port.name, MISSING)
        if item is not MISSING:
            if type(item) is not Link:
                item = settled(port, item)
            inputs.append((port, item))
            spellings.append(None)
        elif default is not MISSING:
            inputs.append((port, default))
            spellings.append(spelled)
        elif port.required:
            message = f"{shape.spec.id} needs {port.name!r} ({port.type}), but nothing is there."
            raise RecipeError("missing_input", message, node.id)
    return _Draft(node, shape, tuple(inputs), spellings, marks)


def _looked_at(
    node: PromptNode, shape: _Shape, world: World
) -> tuple[list[tuple[Port, Any, bytes]], Mapping[str, str]]:
    """The ports and marks of a node that needs more than its declaration: what it looks at."""
    ports, files, spec = shape.ports, shape.files, shape.spec
    values = {port.name: default for port, default, _ in ports if default is not MISSING}
    values.update((n, None if type(v) is Link else v) for n, v in node.inputs.items())
    if spec.dynamic:
        more = [port for port in world.ports(spec, values) if spec.port(port.name) is None]
        ports = sorted([*ports, *map(_prepared, more)], key=lambda item: item[0].name)
        files = files | _file_kinds(more)
    marks = {
        name: world.file(kind, values[name])
        for name, kind in files.items()
        if isinstance(values.get(name), str)
    }
    if spec.fingerprint:
        marks[""] = world.fingerprint(spec, values)
    return ports, marks


def settled(port: Port, item: Any) -> Any:
    """A literal as its port's type: FLOAT takes 8 as 8.0, INT takes 20.0 as 20."""
    kind: type[Any] = item.__class__
    if kind is int and port.type == "FLOAT":
        return float(item)
    if kind is float and port.type == "INT" and item.is_integer():
        return int(item)
    if kind is list and port.list:
        return [settled(port, part) for part in item]
    return item


_NO_MARKS: Mapping[str, str] = MappingProxyType({})


def _cycle(node_id: str, stack: Sequence[str]) -> RecipeError:
    path = " → ".join([*stack[stack.index(node_id) :], node_id]) if node_id in stack else node_id
    return RecipeError("cycle", f"The nodes feed themselves: {path}.", node_id)
