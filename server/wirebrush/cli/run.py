"""`wirebrush run`: execute a workflow or prompt file and write what comes out."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from wirebrush.cli.graphs import (
    BadInput,
    GraphFile,
    Runnable,
    apply_settings,
    check_graph,
    imported,
    node_values,
    parse_setting,
    read_graph,
)
from wirebrush.cli.library import ASSET_KINDS
from wirebrush.cli.offline import Made, OfflineWorker
from wirebrush.cli.say import Bar, complain, say, say_json, tell_problems
from wirebrush.config import Config, ConfigError, add_common_options, config_from
from wirebrush.events import (
    Event,
    Finished,
    NodeFinished,
    NodeProgress,
    NodesPlanned,
    NodeStarted,
    Problem,
)
from wirebrush.jobs.errors import JobsError
from wirebrush.jobs.names import output_name

_EXIT = {"succeeded": 0, "invalid": 2}
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="workflow or prompt, ComfyUI's too: JSON, or a picture with it; - is stdin",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NODE.INPUT=VALUE",
        dest="settings",
        help="change a value; NODE is an id, a title, or a type that is used once;"
        " for a picture, VALUE may be a file of yours",
    )
    parser.add_argument("--out", type=Path, default=Path(), help="folder for what comes out")
    parser.add_argument("--target", action="append", metavar="NODE", help="run only for this node")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    add_common_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run the file; 0 if it succeeded, 1 if it failed, 2 if it could not be run at all."""
    result = Result()
    try:
        settings = [parse_setting(text) for text in options.settings]
        graph = read_graph(options.file)
        config = config_from(options, os.environ)
        asyncio.run(_run(config, graph, options, settings, result))
    except BadInput as error:
        result.refuse(error)
    except ConfigError as error:
        result.refuse(BadInput(str(error)))
    except (JobsError, OSError) as error:
        result.fail(str(error))
    except KeyboardInterrupt:  # before the work began, or where signals have no handlers
        result.cancel()
    if options.json:
        say_json(result.to_json())
    else:
        result.tell()
    return _EXIT.get(result.status, 1)


@dataclass
class Result:
    """What came of it."""

    status: str = "failed"
    outputs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    executed: int = 0
    cached: int = 0
    seconds: float = 0.0
    error: str | None = None
    problems: tuple[Problem, ...] = ()

    def refuse(self, error: BadInput) -> None:
        """It could not be run."""
        self.status, self.problems = "invalid", error.problems
        self.error = " ".join([error.message, *(p.message for p in error.problems[:3])]).strip()

    def fail(self, message: str) -> None:
        """It did not get through."""
        self.status, self.error = "failed", message

    def cancel(self) -> None:
        """Somebody stopped it."""
        self.status, self.error = "cancelled", "The run was cancelled."

    def end(self, end: Finished, seconds: float) -> None:
        """It ran to an end."""
        self.status, self.problems = str(end.state), end.problems
        self.executed, self.cached = end.summary.executed, end.summary.cached
        self.seconds = round(seconds, 4)
        errors = [problem for problem in end.problems if problem.severity == "error"]
        if errors:
            self.error = errors[0].sentence
        elif end.state != "succeeded":
            self.error = f"The run was {end.state}."

    def to_json(self) -> dict[str, Any]:
        """The object that --json prints."""
        names = ("status", "outputs", "executed", "cached", "seconds", "error")
        return {name: getattr(self, name) for name in names}

    def tell(self) -> None:
        """The same for a person."""
        for output in self.outputs:
            say(str(output.get("path") or output.get("text")))
        if self.problems:
            tell_problems(self.problems, "the workflow")
        elif self.error:
            complain(self.error)
        if self.status == "succeeded":
            nodes = f"nodes run: {self.executed}, from the cache: {self.cached}"
            print(f"done in {self.seconds:.2f} s: {nodes}", file=sys.stderr)


async def _run(
    config: Config,
    graph: GraphFile,
    options: argparse.Namespace,
    settings: list[Any],
    result: Result,
) -> None:
    worker = await OfflineWorker.start(config)
    try:
        graph, said = imported(graph, worker.catalog, worker.library.has)
        if said:
            print(said, file=sys.stderr)
        apply_settings(graph, settings, worker.catalog)
        _give_files(graph, worker, {setting.value for setting in settings if _is_text(setting)})
        runnable, problems = check_graph(graph, worker.catalog, options.target, worker.library.has)
        if runnable is None:
            raise BadInput(f"{graph.name} cannot run.", problems)
        await _follow(worker, runnable, options.out, result)
    finally:
        await worker.end()


async def _follow(worker: OfflineWorker, graph: Runnable, out: Path, result: Result) -> None:
    show, outputs = Progress(len(graph.prompt)), Outputs(out)
    cancelled = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as an exception
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, cancelled.set)
    began = time.perf_counter()

    def tell(event: Event) -> None:
        show(event)
        if isinstance(event, NodeFinished):
            outputs.note(event)

    try:
        end = await worker.run(graph, tell, outputs.keep, cancelled)
    finally:
        show.clear()
    result.end(end, time.perf_counter() - began)
    if cancelled.is_set() and end.state != "succeeded":
        result.cancel()
    result.outputs = outputs.written()


class Outputs:
    """Writes pictures as they come; previews only if nothing else comes out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Made] = {}
        self._shown: list[tuple[str, int, dict[str, Any]]] = []

    def keep(self, made: Made) -> None:
        """Hold a file until the node says that it shows it."""
        self._made[sha256(made.data).hexdigest()] = made

    def note(self, event: NodeFinished) -> None:
        """What the node shows, in its order."""
        for index, output in enumerate(event.outputs):
            entry: dict[str, Any] = {"node": event.node, "kind": output.kind}
            if output.text is not None:
                entry["text"] = output.text
            else:
                entry.update(asset=output.asset, width=output.width, height=output.height)
            self._shown.append((event.node, index, entry))

    def written(self) -> list[dict[str, Any]]:
        """Write the files; what the node showed, with the path of each."""
        kinds = {entry["kind"] for _, _, entry in self._shown}
        skipped = "preview" if "output" in kinds else ""
        listed: list[dict[str, Any]] = []
        for node, index, entry in self._shown:
            kind, asset = entry.pop("kind"), entry.pop("asset", None)
            if kind == skipped:
                continue
            if asset is not None:
                made = self._made.get(asset)
                if made is None:
                    continue
                path = str(_write(self._folder, node, index, asset, made))
                entry = {"node": node, "path": path, **entry}
            listed.append(entry)
        return listed


class Progress:
    """Turns events into a bar."""

    def __init__(self, nodes: int) -> None:
        self._bar = Bar(sys.stderr)
        self._nodes = max(1, nodes)
        self._done = 0
        self._current = ""

    def __call__(self, event: Event) -> None:
        """Show where we are."""
        part = 0.0
        if isinstance(event, NodesPlanned):
            self._nodes = max(1, len(event.run))
        elif isinstance(event, NodeStarted):
            self._current = event.node
        elif isinstance(event, NodeProgress):
            part = event.value / max(1, event.total)
            self._current = f"{event.node}: {event.value}/{event.total}"
        elif isinstance(event, NodeFinished) and not event.cached:
            self._done += 1
        else:
            return
        share = (self._done + part) / self._nodes
        self._bar.show(share, f"{self._done}/{self._nodes} nodes  {self._current}")

    def clear(self) -> None:
        """Remove the bar."""
        self._bar.clear()


def _is_text(setting: Any) -> bool:
    return isinstance(setting.value, str) and setting.value != ""


def _give_files(graph: GraphFile, worker: OfflineWorker, given: set[str]) -> None:
    """Values of --set that name a file of this machine, where a node wants a picture."""
    for kind, values in node_values(graph):
        spec = worker.catalog.spec(kind)
        for port in () if spec is None else spec.inputs:
            value = values.get(port.name)
            wants = port.widget is not None and port.widget.folder in ASSET_KINDS
            if wants and isinstance(value, str) and value in given and Path(value).is_file():
                values[port.name] = worker.library.give(Path(value))


def _write(folder: Path, node: str, index: int, asset: str, made: Made) -> Path:
    """Atomically; the name holds the content's hash, so a run never replaces another picture."""
    ending = _ENDINGS.get(made.mime) or made.name.rpartition(".")[2][:8] or "bin"
    path = folder / output_name(made.name, asset[:8], node, index, ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".saving-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(made.data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
