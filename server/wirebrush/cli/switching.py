"""`wirebrush pack list`, `on` and `off`; the studio that runs in the data folder is asked to."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from urllib.parse import quote

from wirebrush.cli.catalogs import fresh_catalog, known_catalog
from wirebrush.cli.say import complain, say, say_json
from wirebrush.client import Studio, StudioError
from wirebrush.config import Config
from wirebrush.http.packs import PackRecord, pack_records
from wirebrush.jobs.errors import FolderInUse
from wirebrush.jobs.lock import FolderLock
from wirebrush.jobs.packswitches import PackSwitches
from wirebrush.packlist import BUILTIN

KINDS = {"builtin": "built in", "native": "Wirebrush", "comfyui": "ComfyUI"}
HEAD = ("PACK", "FOR", "STATE", "NODES")


def list_packs(config: Config, *, fresh: bool, as_json: bool) -> int:
    """Print all packs; 1 if one that should be there is not."""
    catalog = known_catalog(config, fresh=fresh)
    records = pack_records(catalog, switches_of(config))
    if as_json:
        say_json({"packs": [asdict(record) for record in records]})
    else:
        _print(records)
        for clash in catalog.clashes:
            both = f"{clash.kept} and {clash.other}"
            complain(f"{clash.id} is declared by {both}; the first one counts.")
    return 1 if any(record.ended or (record.on and not record.loaded) for record in records) else 0


def switch_packs(config: Config, names: Sequence[str], on: bool) -> int:
    """Turn packs on or off, all of them if none is named; 2 if there is no such pack."""
    config.data.mkdir(parents=True, exist_ok=True)
    try:
        lock = FolderLock.take(config.data / "lock")
    except FolderInUse:
        return _ask_the_studio(config, names, on)
    try:
        done = _switch_alone(config, names, on)
    finally:
        lock.release()
    if done:
        catalog, switches = fresh_catalog(config), switches_of(config)
        for report in catalog.packs:
            switches.seen(report)
        records = pack_records(catalog, switches)
        _print([record for record in records if record.name in done])
    return 0 if done else 2


def switches_of(config: Config) -> PackSwitches:
    """Which packs are on in this data folder, and by the options."""
    return PackSwitches(config.data, config.packs_on, config.all_packs_on)


def _switch_alone(config: Config, names: Sequence[str], on: bool) -> Collection[str]:
    """Write it down; the packs that it was done for, none if one of the names means nothing."""
    catalog = known_catalog(config)
    if set(names) - {report.name for report in catalog.packs} or not catalog.packs:
        catalog = fresh_catalog(config)
    reports = {item.name: item for item in catalog.packs if item.name != BUILTIN}
    if not _all_there(names, reports):
        complain("Another folder of packs is named with --packs or --comfy-packs.")
        return ()
    switches = switches_of(config)
    for name in names or reports:
        switches.turn(name, on, nodes=reports[name].nodes)
    return names or list(reports)


def _ask_the_studio(config: Config, names: Sequence[str], on: bool) -> int:
    """The studio that works in this folder does it, so that its page and workers know."""
    try:
        with Studio.open(token=config.token, data=config.data) as studio:
            listed = studio.request("GET", "/v1/packs")["packs"]
            known = [item["name"] for item in listed if item["name"] != BUILTIN]
            if not _all_there(names, known):
                return 2
            for name in names or known:
                body = json.dumps({"on": on, "anew": on and bool(names)}).encode()
                headers = {"Content-Type": "application/json"}
                studio.request("PUT", f"/v1/packs/{quote(name, safe='')}", body, headers)
    except StudioError as error:
        complain(f"{error} If it has a token of its own, put that into WIREBRUSH_TOKEN.")
        return 1
    say(f"The studio that runs here turns {'on' if on else 'off'}: {', '.join(names or known)}.")
    return 0


def _all_there(names: Iterable[str], known: Collection[str]) -> bool:
    absent = [name for name in names if name not in known]
    if BUILTIN in absent:
        complain("The built-in pack is always on: without it no workflow could run.")
    elif absent:
        there = ", ".join(known) or "none"
        complain(f"There is no pack {', '.join(absent)}. There are: {there}.")
    return not absent


def _print(records: Sequence[PackRecord]) -> None:
    rows = [HEAD, *((r.name, KINDS[r.kind], _state(r), _count(r)) for r in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for record in records:
        for failure in record.failures:
            say(f"{record.name}: {failure.error}")


def _state(record: PackRecord) -> str:
    if record.ended:
        return "off by itself"
    if not record.on:
        return "off"
    state = "on" if record.loaded else "on, but failed"
    return f"{state}, changed since" if record.changed else state


def _count(record: PackRecord) -> str:
    return str(len(record.nodes)) if record.loaded and record.on else "-"
