"""Reads the command line and calls the command. Imports only what that command needs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from wirebrush import __version__
from wirebrush.cli.say import complain
from wirebrush.config import ConfigError

COMMANDS = {
    "serve": "start the studio",
    "run": "run a workflow or prompt file, without a server",
    "validate": "check a workflow or prompt file",
    "import": "read a workflow or picture of ComfyUI",
    "export": "write a workflow for ComfyUI, or as a Python script",
    "nodes": "list and search node types",
    "pack": "make and list packs of nodes",
    "doctor": "check that everything a studio needs is there",
}
MODULES = {"import": "importing", "export": "exporting"}
"""Commands whose name cannot be that of a module."""
BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 is success, 1 a failure, 2 a mistake in what was asked."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help", "--version")):
        given.insert(0, "serve")  # `wirebrush` alone opens the studio
    name = given[0]
    parser = _parser(name)
    options = parser.parse_args(given)
    try:
        return _module(name).run(options)
    except ConfigError as error:
        complain(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `wirebrush nodes | head`
        sys.stderr.close()
        return 0


def _parser(name: str) -> argparse.ArgumentParser:
    """The parser with the options of the one command that is asked for."""
    parser = argparse.ArgumentParser(
        prog="wirebrush", description="A node-graph studio for diffusion models."
    )
    parser.add_argument("--version", action="version", version=f"wirebrush {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command, summary in COMMANDS.items():
        sentence = f"{summary[0].upper()}{summary[1:]}."  # `capitalize` would write "comfyui"
        sub = commands.add_parser(command, help=summary, description=sentence)
        if command == name:
            _module(command).add_options(sub)
    return parser


def _module(command: str) -> Any:
    return import_module(f"wirebrush.cli.{MODULES.get(command, command)}")
