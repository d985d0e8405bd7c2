"""One door for graphs from outside, whichever format they are in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.detect import Format, detect
from wirebrush.graph.jsontext import DEFAULT_LIMITS, Limits, read_json
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.parse import locate_in_prompt, prompt_from_data, wrong_format
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.validate import validate
from wirebrush.graph.values import FilesLookup
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import locate_in_workflow


@dataclass(frozen=True, slots=True)
class Document:
    """A graph that was read: the prompt to run, the workflow it came from (if it was one), and
    what was found. `prompt` is None if it could not even be read."""

    prompt: Prompt | None
    workflow: Workflow | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that must be mended before it runs."""
        return tuple(item for item in self.problems if item.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not stop it."""
        return tuple(item for item in self.problems if item.severity == "warning")


def read_document(
    source: str | bytes | bytearray | dict[str, Any],
    catalog: Catalog,
    targets: Iterable[str] | None = None,
    files: FilesLookup | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Document:
    """Read a workflow or a prompt, compile it if need be, and validate it."""
    data, problems = read_json(source, limits, _locate)
    if problems:
        return Document(None, None, tuple(problems))
    return checked(open_document(data, catalog, limits), catalog, targets, files)


def open_document(
    data: object,
    catalog: Catalog,
    limits: Limits = DEFAULT_LIMITS,
    wanted: Format | None = None,
) -> Document:
    """The prompt of JSON that `read_json` gave: a prompt, or a workflow that is compiled.

    It is not validated yet, so that there is time to find out which files it names. `wanted`
    refuses the other format; a workflow of ComfyUI's editor is one of ours after importing it.
    """
    found = detect(data)
    foreign = found is Format.COMFY_WORKFLOW and wanted is not Format.PROMPT
    if wanted is not None and not foreign and (wrong := wrong_format(data, wanted)):
        return Document(None, None, (wrong,))
    if found is not Format.WIREBRUSH and not foreign:
        prompt = prompt_from_data(data, limits)
        if isinstance(prompt, Prompt):
            return Document(prompt, None, ())
        return Document(None, None, tuple(prompt))
    workflow, said = open_workflow(data, catalog, limits)
    if workflow is None:
        return Document(None, None, said)
    compiled, problems = compile_workflow(workflow, catalog, limits)
    return Document(compiled, workflow, (*said, *problems))


def checked(
    document: Document,
    catalog: Catalog,
    targets: Iterable[str] | None = None,
    files: FilesLookup | None = None,
) -> Document:
    """The document with the problems that validation finds."""
    if document.prompt is None:
        return document
    known = {(item.node, item.port) for item in document.problems if item.port is not None}
    found = validate(document.prompt, catalog, targets, files)
    # a wire that could not be made is said once, not again as the input it leaves open
    further = [item for item in found if (item.node, item.port) not in known]
    return replace(document, problems=(*document.problems, *further))


def _locate(path: tuple[str | int, ...]) -> tuple[str | None, str | None]:
    in_workflow = path[:1] in (("nodes",), ("subgraphs",))
    return locate_in_workflow(path) if in_workflow else locate_in_prompt(path)
