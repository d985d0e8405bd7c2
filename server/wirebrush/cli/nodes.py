"""`wirebrush nodes`: list node types, search them, show one in full."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from wirebrush.api import MISSING, NodeSpec, Port
from wirebrush.catalog import Catalog
from wirebrush.cli.catalogs import known_catalog
from wirebrush.cli.say import complain, say, say_json
from wirebrush.config import add_common_options, config_from
from wirebrush.jobs.errors import JobsError


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a node type, or part of a name")
    parser.add_argument("--json", action="store_true", help="JSON on stdout")
    parser.add_argument(
        "--fresh", action="store_true", help="look at the packs anew (some seconds)"
    )
    add_common_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print what there is; 1 if nothing has that name."""
    config = config_from(options, os.environ)
    try:
        catalog = known_catalog(config, fresh=options.fresh)
    except JobsError as error:
        complain(str(error))
        return 1
    found = _matching(catalog, options.name)
    if options.json:
        say_json({"nodes": [spec.to_json() for spec in found]})
    elif len(found) == 1 and options.name:
        _show(found[0])
    else:
        _list(found)
        _tell_failures(catalog)
    if not found:
        near = catalog.nearest(options.name or "")
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        complain(f"No node type is called {options.name!r}.{meant} --fresh looks at packs anew.")
        return 1
    return 0


def _matching(catalog: Catalog, name: str | None) -> list[NodeSpec]:
    if not name:
        return list(catalog)
    exact = catalog.spec(name)
    if exact is not None:
        return [exact]
    word = name.casefold()
    return [
        spec for spec in catalog if word in f"{spec.id} {spec.title} {spec.category}".casefold()
    ]


def _list(specs: list[NodeSpec]) -> None:
    width = max((len(spec.id) for spec in specs), default=0)
    for spec in sorted(specs, key=lambda spec: (spec.category, spec.id)):
        line = spec.help.partition("\n")[0]
        say(f"{spec.id.ljust(width)}  {spec.category:<16} {line}".rstrip())


def _show(spec: NodeSpec) -> None:
    say(f"{spec.id}  ({spec.category}, pack {spec.pack or '-'}, version {spec.version})")
    if spec.help:
        say(f"\n{spec.help}")
    for title, lines in (("Inputs", list(_inputs(spec))), ("Outputs", list(_outputs(spec)))):
        if lines:
            say(f"\n{title}")
            for line in lines:
                say(f"  {line}")


def _inputs(spec: NodeSpec) -> Iterator[str]:
    width = max((len(port.name) for port in spec.inputs), default=0)
    for port in spec.inputs:
        yield f"{port.name.ljust(width)}  {port.type:<14} {_default(port)}{port.help}".rstrip()


def _default(port: Port) -> str:
    notes: list[str] = []
    if port.default is not MISSING:
        notes.append(f"= {port.default!r}")
    elif port.optional:
        notes.append("optional")
    widget = port.widget
    if widget is not None and widget.min is not None and widget.max is not None:
        notes.append(f"{widget.min} to {widget.max}")
    if widget is not None and widget.choices:
        notes.append("one of " + ", ".join(map(str, widget.choices[:12])))
    return f"[{'; '.join(notes)}]  " if notes else ""


def _outputs(spec: NodeSpec) -> Iterator[str]:
    for output in spec.outputs:
        yield f"{output.name}  {output.type}  {output.help}".rstrip()


def _tell_failures(catalog: Catalog) -> None:
    for failure in catalog.failures:
        is_lost = failure in catalog.lost
        what = f"The pack {failure.pack} could not be loaded" if is_lost else failure.pack
        complain(f"{what}: {failure.error}")
