"""`wirebrush serve`: start the studio, say where it is, and end it in order."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from socket import socket

from wirebrush.cli.say import complain, say
from wirebrush.cli.studio import Studio, open_studio
from wirebrush.collector import calm_collector
from wirebrush.config import DEFAULT_PORT, Config, add_serve_options, config_from
from wirebrush.http.access import kept_secret
from wirebrush.http.addresses import CannotListen, listen, only_this_machine, port_of
from wirebrush.jobs.errors import FolderInUse, JobsError

log = logging.getLogger("wirebrush.cli")

FAILED, REFUSED = 1, 2
LOG_BYTES = 5 * 1024 * 1024


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_serve_options(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal; 0 after an orderly end, 2 if what was asked is not safe or possible."""
    config = config_from(options, os.environ)
    try:
        sockets = listen(config.host, config.port)
    except CannotListen as error:
        complain(str(error))
        return REFUSED
    try:
        return _serve_on(config, sockets)
    finally:
        for item in sockets:
            item.close()


def _serve_on(config: Config, sockets: Sequence[socket]) -> int:
    if not only_this_machine(sockets) and config.token is None:
        complain(_open_to_all(config.host))
        return REFUSED
    try:
        config.data.mkdir(parents=True, exist_ok=True)
        _log_to(config)
        return asyncio.run(_serve(config, sockets))
    except FolderInUse as error:
        complain(f"{error}{_where_it_is(config)}")
    except JobsError as error:
        complain(str(error))
    except OSError as error:
        complain(f"The data folder {config.data} cannot be used: {error}. Choose one with --data.")
    return FAILED


async def _serve(config: Config, sockets: Sequence[socket]) -> int:
    stop = asyncio.Event()
    _on_signals(stop.set)
    async with open_studio(config, sockets) as studio:
        _announce(config, sockets, studio)
        calm_collector()
        await stop.wait()
        return await _drain(studio)


async def _drain(studio: Studio) -> int:
    """Wait for running jobs a moment. A second signal does not wait."""
    again = asyncio.Event()
    _on_signals(again.set)
    log.info("ending: running jobs get a moment, unless a second signal comes")
    draining = asyncio.create_task(studio.drain())
    impatient = asyncio.create_task(again.wait())
    await asyncio.wait((draining, impatient), return_when=asyncio.FIRST_COMPLETED)
    impatient.cancel()
    draining.cancel()
    await asyncio.gather(draining, impatient, return_exceptions=True)
    return FAILED if again.is_set() else 0


def _announce(config: Config, sockets: Sequence[socket], studio: Studio) -> None:
    port = port_of(sockets)
    if config.port is None and port != DEFAULT_PORT:
        complain(f"Port {DEFAULT_PORT} is in use by another program, so this is {port}.")
    if not only_this_machine(sockets):
        complain(
            f"Everybody who can reach {config.host} and knows the token can use this studio, and"
            " the connection is not encrypted. Put a proxy with TLS in front (see --origin)."
        )
    say(f"Wirebrush is at {studio.url}")
    if config.comfy:
        say(f"ComfyUI's clients find it at {studio.url.partition('?')[0]}")
    if config.comfy_ui is not None:
        say(f"ComfyUI's page is at {studio.url.replace('/?', '/comfy/?')}")
    if config.open_browser:
        threading.Thread(target=_open_browser, args=(studio.url,), daemon=True).start()


def _open_browser(url: str) -> None:
    import webbrowser  # only now: a start does not wait for it

    webbrowser.open(url)


def _open_to_all(host: str) -> str:
    return (
        f"--host {host} lets other machines in, but no token is set: anybody could use this"
        " studio.\n  Set one:    wirebrush serve --host"
        f" {host} --token \"$(python3 -c 'import secrets; print(secrets.token_urlsafe())')\"\n"
        "  Or stay on this machine, and leave --host out."
    )


def _where_it_is(config: Config) -> str:
    """The address of the server that has the folder, with the token if it is the kept one."""
    try:
        note = json.loads((config.data / "server.json").read_text(encoding="utf-8"))
        query = f"?token={kept_secret(config.data)}" if note["kept_token"] else ""
        return f"\n  It is at {note['url']}{query}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _log_to(config: Config) -> None:
    folder = config.data / "logs"
    folder.mkdir(exist_ok=True)
    file = _file(folder / "server.log", "%(asctime)s %(levelname)s %(name)s: %(message)s")
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.ERROR)
    terminal.addFilter(logging.Filter("wirebrush"))  # broken requests of strangers: to the file
    terminal.setFormatter(logging.Formatter("wirebrush: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[file, terminal], force=True)
    audit = logging.getLogger("wirebrush.audit")
    audit.handlers[:] = [_file(folder / "audit.jsonl", "%(message)s")]
    audit.propagate = False


def _file(path: Path, form: str) -> logging.Handler:
    handler = RotatingFileHandler(
        path, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter(form))
    return handler


def _on_signals(call: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(call))
        else:
            loop.add_signal_handler(number, call)
