"""`wirebrush pack new` makes a pack of nodes; `list`, `on` and `off` are about those there are."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from wirebrush.cli.say import complain, say
from wirebrush.cli.scaffold import BadName, make_pack
from wirebrush.cli.switching import list_packs, switch_packs
from wirebrush.config import add_common_options, config_from
from wirebrush.jobs.errors import JobsError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="make a pack with a node and a test")
    new.add_argument("name", metavar="NAME", help="such as my_nodes")
    new.add_argument(
        "--in",
        dest="parent",
        type=Path,
        metavar="DIR",
        help="where the folder is made (default: here)",
    )
    listing = actions.add_parser("list", help="packs, their nodes, and those that fail to load")
    listing.add_argument("--fresh", action="store_true", help="look at the packs anew")
    listing.add_argument("--json", action="store_true", help="one JSON object on stdout")
    on = actions.add_parser("on", help="turn packs on, also for the studio that runs here")
    off = actions.add_parser("off", help="turn packs off, also for the studio that runs here")
    for action in (on, off):
        action.add_argument("name", nargs="*", metavar="NAME", help="as `pack list` shows it")
        action.add_argument("--all", action="store_true", help="every pack but the built-in one")
    for action in (new, listing, on, off):
        add_common_options(action)


def run(options: argparse.Namespace) -> int:
    """Make, list, or switch."""
    if options.action == "new":
        return _new(options)
    config = config_from(options, os.environ)
    try:
        if options.action == "list":
            return list_packs(config, fresh=options.fresh, as_json=options.json)
        if bool(options.name) == options.all:
            complain(f"Name the packs to turn {options.action}, or write --all.")
            return 2
        return switch_packs(config, options.name, options.action == "on")
    except JobsError as error:
        complain(str(error))
    except OSError as error:
        complain(f"The list of packs could not be saved in {config.data}: {error}.")
    return 1


def _new(options: argparse.Namespace) -> int:
    config = config_from(options, os.environ)
    try:
        folder = make_pack(options.name, options.parent or Path())
    except BadName as error:
        complain(str(error))
        return 2
    except OSError as error:
        complain(f"The pack could not be written: {error}.")
        return 1
    packs = config.packs or config.data / "packs"
    say(f"{folder} has a node and its test.")
    say("")
    say(f"  python -m pytest {folder}")
    if folder.parent.absolute() != packs:
        say(f"  mv {folder} {packs}{os.sep}")
    say("")
    say("Then look again in the page's list of packs, or restart: the node is under “examples”.")
    return 0
