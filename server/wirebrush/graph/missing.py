"""What a graph from elsewhere needs that is not here: node types, model files, pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.comfy.placeholder import COMFY
from wirebrush.graph.comfy.reading import as_object, objects
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.validate import validate
from wirebrush.graph.values import ASSET_KINDS, FilesLookup
from wirebrush.graph.workflow import Workflow, WorkflowNode

_LONGEST_ADDRESS = 300
_CODES = frozenset({Code.UNKNOWN_NODE_TYPE.value, Code.FILE_NOT_FOUND.value})


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model file that a workflow says it needs: where it belongs, and where it is from."""

    name: str
    folder: str
    address: str = ""

    @property
    def hint(self) -> str:
        """What to do about it."""
        source = f" The workflow says that it is from {self.address}" if self.address else ""
        return f"Put it into models/{self.folder}/, or choose another one.{source}"


def missing_parts(
    workflow: Workflow, prompt: Prompt, catalog: Catalog, files: FilesLookup
) -> list[Problem]:
    """Node types and files that a workflow and the prompt it compiles to name, and that are not
    here: each model with the folder it belongs to, and where its file says that it is from."""
    named = dict(_named_models(workflow))
    told = [
        _with_folder(item, prompt, catalog, named)
        for item in validate(prompt, catalog, None, files)
        if item.code in _CODES
    ]
    return [*told, *_of_unknown_types(workflow, catalog, files)]


def in_a_line(problems: Iterable[Problem]) -> str:
    """The missing things in a few words; empty if nothing is missing."""
    found = list(problems)
    kinds = {
        "node type": sum(item.code == Code.UNKNOWN_NODE_TYPE.value for item in found),
        "file": sum(item.code == Code.FILE_NOT_FOUND.value for item in found),
    }
    words = [f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in kinds.items() if n]
    return f"missing: {' and '.join(words)}" if words else ""


def _with_folder(
    item: Problem, prompt: Prompt, catalog: Catalog, named: Mapping[str, NamedModel]
) -> Problem:
    """A missing model with the folder that it belongs to, whatever is like it here."""
    node = prompt.nodes.get(item.node or "")
    spec = catalog.spec(node.class_type) if node is not None else None
    port = spec.port(item.port or "") if spec is not None else None
    kind = port.widget.folder if port is not None and port.widget is not None else None
    if node is None or not kind or kind in ASSET_KINDS or item.code != Code.FILE_NOT_FOUND.value:
        return item
    value = str(node.inputs.get(item.port or ""))
    said = named.get(value)
    return replace(item, hint=NamedModel(value, kind, said.address if said else "").hint)


def _of_unknown_types(
    workflow: Workflow, catalog: Catalog, files: FilesLookup
) -> Iterator[Problem]:
    """The models of nodes whose types nobody knows, as far as the file tells."""
    seen: set[tuple[str, str]] = set()
    for top, node in _nodes(workflow):
        if node.mode or catalog.spec(node.type) is not None:
            continue
        for model in _models_of(node):
            if (model.folder, model.name) in seen or files(model.folder, model.name):
                continue
            seen.add((model.folder, model.name))
            message = f"{node.title or node.type} needs {quoted(model.name)}, which is not here."
            yield problem(
                Code.FILE_NOT_FOUND, message, model.hint, node.id if top else None, None, "warning"
            )


def _nodes(workflow: Workflow) -> Iterator[tuple[bool, WorkflowNode]]:
    """All nodes, and whether they stand at the top."""
    yield from ((True, node) for node in workflow.nodes.values() if node.subgraph is None)
    for definition in workflow.subgraphs.values():
        yield from ((False, node) for node in definition.nodes.values() if node.subgraph is None)


def _named_models(workflow: Workflow) -> Iterator[tuple[str, NamedModel]]:
    for raw in objects(as_object(workflow.extra.get(COMFY)).get("models")):
        if model := _model(raw):
            yield model.name, model
    for _, node in _nodes(workflow):
        yield from ((model.name, model) for model in _models_of(node))


def _models_of(node: WorkflowNode) -> Iterator[NamedModel]:
    properties = as_object(as_object(node.extra.get(COMFY)).get("properties"))
    return (model for raw in objects(properties.get("models")) if (model := _model(raw)))


def _model(raw: Mapping[str, Any]) -> NamedModel | None:
    name, folder, address = (raw.get(key) for key in ("name", "directory", "url"))
    if not isinstance(name, str) or not isinstance(folder, str) or not name or not folder:
        return None
    if not _is_plain(folder):
        return None
    return NamedModel(name, folder, _address(address))


def _is_plain(folder: str) -> bool:
    """A name of a folder that may stand in a sentence: the file is a stranger's."""
    return len(folder) < 64 and folder.replace("_", "").replace("-", "").isalnum()


def _address(item: object) -> str:
    """An address that may stand in a sentence; empty if it is none."""
    if not isinstance(item, str) or len(item) > _LONGEST_ADDRESS or not item.isprintable():
        return ""
    try:
        parts = urlsplit(item)
    except ValueError:
        return ""
    fits = parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in item
    return item if fits else ""
