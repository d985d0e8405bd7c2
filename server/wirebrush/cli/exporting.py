"""`wirebrush export`: a workflow as ComfyUI's editor opens it, as its server runs it, or as a
Python script."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from wirebrush.cli.catalogs import known_catalog
from wirebrush.cli.conversion import Converted, convert
from wirebrush.cli.graphs import BadInput, read_any
from wirebrush.cli.library import Library
from wirebrush.cli.scripting import workflow_script
from wirebrush.config import Config, add_common_options
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.comfy.prompting import comfy_prompt
from wirebrush.graph.opening import open_workflow

FORMATS = ("comfy-ui", "comfy-api", "python")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "file", metavar="FILE", help="workflow or prompt: JSON, or a picture; - is stdin"
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="comfy-ui",
        help="comfy-ui opens in ComfyUI's editor (default), comfy-api is what its server runs,"
        " python is a script of diffusers",
    )
    parser.add_argument("-o", "--out", type=Path, metavar="OUT", help="file to write (else stdout)")
    add_common_options(parser)


def run(options: argparse.Namespace) -> int:
    """Export the file."""

    def make(config: Config) -> Converted:
        data, problems = read_any(options.file)
        catalog = known_catalog(config)
        workflow, said = (None, problems) if problems else open_workflow(data, catalog)
        if workflow is None:
            raise BadInput(f"{options.file} cannot be exported.", said)
        count = f"{len(workflow.nodes)} nodes"
        if options.format == "comfy-ui":
            return Converted(_json(export_workflow(workflow, catalog)), count, said)
        prompt, found = comfy_prompt(workflow, catalog, datetime.now())
        if any(problem.severity == "error" for problem in found):
            raise BadInput(f"{options.file} cannot be exported as {options.format}.", found)
        said = (*said, *found)
        if options.format == "comfy-api":
            return Converted(_json(prompt), count, said)
        script = workflow_script(workflow, catalog, Library(config))
        kind = "through Wirebrush: " + script.why if script.why else "in plain diffusers code"
        return Converted(script.text.rstrip("\n"), f"{count} {kind}".rstrip("."), said)

    return convert(options, make)


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, allow_nan=False)
