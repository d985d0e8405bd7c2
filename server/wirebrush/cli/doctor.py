"""`wirebrush doctor`: look at everything a studio needs; say what to mend."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import wirebrush_web
from wirebrush.cli.devices import device_names
from wirebrush.cli.offline import OfflineWorker
from wirebrush.cli.say import say, say_json
from wirebrush.config import Config, add_serve_options, config_from
from wirebrush.folders import PICKLE_SUFFIXES, ModelFolders, packaged_roots
from wirebrush.http.addresses import CannotListen, listen
from wirebrush.jobs.errors import JobsError

GIB = 1024**3
KINDS = ("checkpoints", "loras", "controlnet", "vae", "embeddings")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is empty if it is fine."""

    what: str
    state: str
    mend: str = ""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command: those of `serve`, so that it looks at the same things."""
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    add_serve_options(parser)


def run(options: argparse.Namespace) -> int:
    """Look at everything; 0 if nothing needs mending, else 1."""
    config = config_from(options, os.environ)
    findings: list[Finding] = []
    for look in LOOKS:
        for finding in look(config):
            findings.append(finding)
            if not options.json:
                say(f"{'ok  ' if not finding.mend else 'MEND'}  {finding.what}: {finding.state}")
                if finding.mend:
                    say(f"      {finding.mend}")
    broken = any(finding.mend for finding in findings)
    if options.json:
        listed = [
            {"what": item.what, "state": item.state, "ok": not item.mend, "mend": item.mend}
            for item in findings
        ]
        say_json({"ok": not broken, "findings": listed})
    return 1 if broken else 0


def _python(config: Config) -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < (3, 11)
    yield Finding("Python", found, "Install Python 3.11 or later." if old else "")


def _torch(config: Config) -> Iterator[Finding]:
    for package in ("torch", "diffusers", "transformers", "safetensors"):
        try:
            yield Finding(package, version(package))
        except PackageNotFoundError:
            yield Finding(package, "not installed", "Run `python3 run.py` again: it repairs that.")


def _devices(config: Config) -> Iterator[Finding]:
    names = list(config.workers or device_names())
    yield Finding("Devices", ", ".join(names))


def _data(config: Config) -> Iterator[Finding]:
    try:
        config.data.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=config.data, prefix=".doctor-"):
            pass
    except OSError as error:
        yield Finding(
            "Data folder", f"{config.data}: {error}", "Choose another one with --data DIR."
        )
        return
    yield Finding("Data folder", str(config.data))
    disk = shutil.disk_usage(config.data)
    short = disk.free < min(2 * GIB, disk.total * 0.02)
    mend = "Free some space, or move the data folder with --data." if short else ""
    yield Finding("Disk", f"{disk.free / GIB:.1f} GiB free", mend)


def _port(config: Config) -> Iterator[Finding]:
    try:
        sockets = listen(config.host, config.port)
    except CannotListen as error:
        yield Finding("Port", str(error), "Choose another one with --port.")
        return
    yield Finding("Port", f"{sockets[0].getsockname()[1]} on {config.host} is free")
    for item in sockets:
        item.close()


def _page(config: Config) -> Iterator[Finding]:
    built = (wirebrush_web.page_path() / "index.html").is_file()
    yield Finding("Page", "built" if built else "not built", "" if built else _BUILD)


def _models(config: Config) -> Iterator[Finding]:
    folders = ModelFolders((*config.models, *packaged_roots()), config.model_folders)
    for root in config.models:
        if not root.is_dir():
            yield Finding("Models", f"{root} is no folder", "Create it, or correct --models.")
    for folder in config.model_folders:
        what, mend = f"More {folder.kind}", "" if folder.path.is_dir() else _MEND_PATHS
        yield Finding(what, f"{folder.path}{' is no folder' if mend else ''}", mend)
    for kind in KINDS:
        names = folders.names(kind)
        pickles = [name for name in names if Path(name).suffix.lower() in PICKLE_SUFFIXES]
        if kind == "checkpoints" and not names:
            yield Finding(
                "Models", "no checkpoints", "Put a .safetensors file into models/checkpoints."
            )
        elif names:
            yield Finding("Models", f"{len(names)} {kind}")
        if pickles:
            mend = "Pickle files can run code and are not loaded: convert them to safetensors."
            yield Finding("Models", f"{pickles[0]} and others" if pickles[1:] else pickles[0], mend)


def _worker(config: Config) -> Iterator[Finding]:
    async def ask() -> OfflineWorker:
        worker = await OfflineWorker.start(config)
        await worker.end()
        return worker

    try:
        worker = asyncio.run(ask())
    except JobsError as error:
        yield Finding("Worker", str(error), "The lines above say what to mend.")
        return
    yield Finding("Worker", f"started; {len(worker.catalog)} node types")
    for failure in worker.catalog.lost:
        yield Finding(f"Pack {failure.pack}", failure.error, "Correct the pack, or remove it.")


_MEND_PATHS = "Create it, or correct extra_model_paths.yaml."
_BUILD = "Run `python3 run.py` again, or `python3 web_build.py` in the checkout."
LOOKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    _python,
    _torch,
    _devices,
    _data,
    _port,
    _page,
    _models,
    _worker,
)
