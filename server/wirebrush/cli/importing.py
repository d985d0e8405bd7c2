"""`wirebrush import`: a workflow or prompt of ComfyUI, or a picture that carries one, as ours."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from wirebrush.cli.catalogs import known_catalog
from wirebrush.cli.conversion import Converted, convert
from wirebrush.cli.graphs import BadInput, read_any
from wirebrush.cli.library import Library
from wirebrush.config import Config, add_common_options
from wirebrush.events import Problem
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.missing import missing_parts
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_text import dump_workflow, workflow_to_json


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("file", metavar="FILE", help="JSON, or a picture with it; - is stdin")
    parser.add_argument("-o", "--out", type=Path, metavar="OUT", help="file to write (else stdout)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    add_common_options(parser)


def run(options: argparse.Namespace) -> int:
    """Import the file."""

    def make(config: Config) -> Converted:
        workflow, problems = import_file(options.file, config)
        if options.json:
            said = [asdict(problem) for problem in problems]
            data = {"workflow": workflow_to_json(workflow), "problems": said}
            return Converted(json.dumps(data, allow_nan=False), "")
        summary = f"{len(workflow.nodes)} nodes, {len(workflow.wires)} wires"
        return Converted(dump_workflow(workflow).rstrip("\n"), summary, problems)

    return convert(options, make)


def import_file(file: str, config: Config) -> tuple[Workflow, list[Problem]]:
    """The workflow in a file, and what is missing here to run it; BadInput if there is none."""
    data, wrong = read_any(file)
    if wrong:
        raise BadInput(f"{file} cannot be imported.", wrong)
    catalog = known_catalog(config)
    workflow, said = open_workflow(data, catalog)
    if workflow is None:
        raise BadInput(f"{file} cannot be imported.", said)
    prompt, _ = compile_workflow(workflow, catalog, incomplete=True)
    return workflow, [*said, *missing_parts(workflow, prompt, catalog, Library(config).has)]
