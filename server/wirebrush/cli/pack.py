"""`wirebrush pack new NAME` makes a pack of nodes; `wirebrush pack list` shows those there are."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

from wirebrush.cli.catalogs import fresh_catalog, kept_catalog
from wirebrush.cli.say import complain, say
from wirebrush.cli.scaffold import BadName, make_pack
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
    for action in (new, listing):
        add_common_options(action)


def run(options: argparse.Namespace) -> int:
    """Make or list."""
    return _new(options) if options.action == "new" else _list(options)


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
    say("Then restart the studio: the node is under “examples”.")
    return 0


def _list(options: argparse.Namespace) -> int:
    config = config_from(options, os.environ)
    try:
        catalog = None if options.fresh else kept_catalog(config)
        catalog = catalog or fresh_catalog(config)
    except JobsError as error:
        complain(str(error))
        return 1
    counts = Counter(spec.pack for spec in catalog)
    for pack, count in counts.items():
        say(f"{pack}  {count} node{'s' if count != 1 else ''}")
    for failure in catalog.failures:
        say(f"{failure.pack}  FAILED: {failure.error}")
    for clash in catalog.clashes:
        complain(f"{clash.id} is declared by {clash.kept} and {clash.other}; the first one counts.")
    return 1 if catalog.failures else 0
