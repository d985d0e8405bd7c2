"""The list of packs: what workers found, joined with what people chose; and the switch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wirebrush.catalog import Catalog, PackFailure
from wirebrush.http.answers import Refused, unknown
from wirebrush.http.catalogs import Catalogs
from wirebrush.http.textfiles import saving
from wirebrush.jobs.errors import PackFatal
from wirebrush.jobs.packswitches import PackSwitches
from wirebrush.packlist import BUILTIN, PackChoice, PackKind, PackReport

log = logging.getLogger("wirebrush.http")


@dataclass(frozen=True, slots=True)
class PackRecord:
    """A pack as people see it.

    `on` is what is wanted and `loaded` what is; while `settled` is false, workers are on their way
    from one to the other. `nodes` are the types it declares, or declared when it was loaded last.
    `changed`: its code is not the one that was turned on at `since` (seconds since 1970). `ended`:
    it was turned off by itself, because its import ended a worker. `size` is in bytes of code.
    """

    name: str
    kind: PackKind
    file: str
    on: bool
    loaded: bool
    settled: bool
    changed: bool
    ended: bool
    nodes: tuple[str, ...]
    failures: tuple[PackFailure, ...]
    seconds: float
    size: int
    since: float | None


def pack_records(catalog: Catalog, switches: PackSwitches) -> list[PackRecord]:
    """All packs of a catalog, in their order of precedence."""
    return [_record(report, catalog, switches) for report in catalog.packs]


def _record(report: PackReport, catalog: Catalog, switches: PackSwitches) -> PackRecord:
    choice, switch = switches.choice(), switches.of(report.name)
    ended = bool(choice.obstacle(report.name, report.source))
    on = choice.is_on(report.name, report.kind) and not ended
    return PackRecord(
        report.name,
        report.kind,
        report.file,
        on=on,
        loaded=report.loaded,
        settled=on == report.on,
        changed=on and bool(switch.source) and switch.source != report.source,
        ended=ended,
        nodes=report.nodes or switch.nodes,
        failures=tuple(item for item in catalog.failures if item.pack == report.name),
        seconds=report.seconds,
        size=report.size,
        since=switch.since if switch.on and on else None,
    )


class PackList:
    """Lists packs and turns them on and off.

    Args:
        catalogs: What workers found.
        switches: What people chose.
        told: Is called when the list is another one.
        wanted: Packs that an option names; those that are not there are complained about.
    """

    def __init__(
        self,
        catalogs: Catalogs,
        switches: PackSwitches,
        told: Callable[[], None],
        wanted: Iterable[str] = (),
    ) -> None:
        self._catalogs = catalogs
        self._switches = switches
        self._told = told
        self._wanted = frozenset(wanted)
        self._renew: Callable[[PackChoice], None] = lambda _: None
        self._under_way: set[str] = set()

    def serve(self, renew: Callable[[PackChoice], None]) -> None:
        """From now on workers are told of another choice this way."""
        self._renew = renew

    def choice(self) -> PackChoice:
        """What workers are told when they start."""
        return self._switches.choice()

    def records(self) -> list[PackRecord]:
        """All packs, in their order of precedence."""
        return [self._record(report) for report in self._reports]

    async def turn(self, name: str, on: bool, anew: bool = False) -> PackRecord:
        """Turn a pack on or off. Workers that are busy end their job first.

        A pack that is on and could not be loaded is tried again; `anew` also loads again one that
        is there, and accepts it as it is then.
        """
        report = self._report(name)
        if name == BUILTIN:
            raise Refused(
                409,
                "builtin_pack",
                "The built-in pack is always on.",
                "Without it no workflow could run.",
            )
        before = self._record(report)
        anew = anew and on and before.on
        source = report.source if before.changed and not anew else ""
        if on != before.on or before.changed or anew:
            with saving("list of packs"):
                await asyncio.to_thread(self._switches.turn, name, on, source, report.nodes)
        if on != before.on or anew or (on and not before.loaded):
            self._under_way.add(name)
            self._renew(self.choice())
        self._told()
        return self._record(report)

    def look_again(self) -> None:
        """Packs may have come, gone or changed: workers start anew and look."""
        self._renew(self.choice())

    def remembering(self, catalog: Mapping[str, Any]) -> Mapping[str, Any]:
        """A worker's catalog, in which packs that are off have the nodes they had when on."""
        return self._switches.remembering(catalog)

    def heard(self) -> None:
        """A worker sent its catalog."""
        self._under_way.clear()
        for report in self._reports:
            self._switches.seen(report)
        absent = sorted(self._wanted - {report.name for report in self._reports})
        self._wanted = frozenset[str]()
        if absent:
            names = ", ".join(report.name for report in self._reports)
            log.error("--packs-on: there is no pack %s. There are: %s", ", ".join(absent), names)

    def ended(self, fatal: PackFatal) -> None:
        """A worker did not survive the import of a pack, which is off from now on.

        The built-in pack is tried again at the next start: without it nothing works.
        """
        if fatal.lasting and fatal.pack != BUILTIN:
            self._switches.ended(fatal.pack, fatal.ended)
            self._told()

    @property
    def _reports(self) -> Sequence[PackReport]:
        return self._catalogs.current.packs

    def _report(self, name: str) -> PackReport:
        for report in self._reports:
            if report.name == name:
                return report
        raise unknown("pack", name)

    def _record(self, report: PackReport) -> PackRecord:
        record = _record(report, self._catalogs.current, self._switches)
        return replace(record, settled=record.settled and report.name not in self._under_way)
