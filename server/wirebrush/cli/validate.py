"""`wirebrush validate`: say what is wrong with a workflow or prompt file, and how to mend it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict

from wirebrush.catalog import Catalog
from wirebrush.cli.catalogs import fresh_catalog, kept_catalog
from wirebrush.cli.graphs import BadInput, GraphFile, check_graph, imported, read_graph
from wirebrush.cli.library import Library
from wirebrush.cli.say import complain, say, say_json, tell_problems
from wirebrush.config import Config, add_common_options, config_from
from wirebrush.events import Problem
from wirebrush.graph.codes import Code
from wirebrush.jobs.errors import JobsError

VALID, FAILED, INVALID = 0, 1, 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("file", metavar="FILE", help="JSON, or a picture with it; - is stdin")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    add_common_options(parser)


def run(options: argparse.Namespace) -> int:
    """Check a file: 0 if it can run, 2 if not, 1 if the node types could not be found out."""
    config = config_from(options, os.environ)
    name = "standard input" if options.file == "-" else options.file
    try:
        graph = read_graph(options.file)
        problems: Sequence[Problem] = _check(graph, config)
    except BadInput as error:
        problems = error.problems
        if not problems:
            complain(error.message)
            problems = (Problem("unreadable", error.message),)
    except JobsError as error:
        complain(str(error))
        return FAILED
    errors = sum(problem.severity == "error" for problem in problems)
    if options.json:
        say_json({"valid": not errors, "problems": [asdict(problem) for problem in problems]})
        return INVALID if errors else VALID
    tell_problems((item for item in problems if item.code != "unreadable"), name)
    if not errors:
        say(f"{name} can run.")
    return INVALID if errors else VALID


def _check(graph: GraphFile, config: Config) -> list[Problem]:
    """With the catalog of the last run; with a fresh one where that knows too little."""
    kept = kept_catalog(config)
    files = Library(config).has
    if kept is not None:
        _, problems = check_graph(imported(graph, kept, files)[0], kept, files=files)
        if not _outdated(problems):
            return problems
    catalog: Catalog = fresh_catalog(config)
    return check_graph(imported(graph, catalog, files)[0], catalog, files=files)[1]


def _outdated(problems: Sequence[Problem]) -> bool:
    suspects = {Code.UNKNOWN_NODE_TYPE.value, Code.UNKNOWN_INPUT.value, Code.NOT_A_CHOICE.value}
    return any(problem.code in suspects for problem in problems)
