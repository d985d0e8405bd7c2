"""ComfyUI's own black-box tests, run against Wirebrush.

    python benchmarks/conformance.py --checkout DIR [-k EXPR] [--comfyui-python PYTHON]

Runs `tests/execution` of a ComfyUI checkout (0.3.64), which is neither copied nor changed. Those
tests start `python main.py ...` themselves; here that is `comfyui_main.py`, which starts
`wirebrush serve --comfy` with what the flags mean. Prints JSON: what passed, failed and was
skipped, by file and by the cache that the tests asked for. With `--comfyui-python`, a Python that
ComfyUI runs in, ComfyUI itself runs the same tests first, and `short` names what it passes and
Wirebrush does not.

The Python that this runs in needs `pip install websocket-client`.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CACHES = {"_server0": "--cache-classic", "_server1": "--cache-lru 0", "_server2": "--cache-lru 100"}
"""What the tests call their three servers, and how they start them."""
LINKED = ("tests", "comfy_execution", "pytest.ini")
STAND_IN = Path(__file__).with_name("comfyui_main.py")


@dataclass
class Outcome:
    """How a run of the tests went: `states` by test id, `why` for those that failed."""

    states: dict[str, str] = field(default_factory=dict[str, str])
    why: dict[str, str] = field(default_factory=dict[str, str])

    def table(self) -> dict[str, dict[str, dict[str, int]]]:
        """Numbers by file and cache."""
        counts: dict[str, dict[str, Counter[str]]] = {}
        for test, state in self.states.items():
            file, _, name = test.partition("::")
            counts.setdefault(file, {}).setdefault(_cache(name), Counter())[state] += 1
        return {
            file: {cache: _numbers(count) for cache, count in caches.items()}
            for file, caches in counts.items()
        }

    def passed(self) -> set[str]:
        """The ids of the tests that passed."""
        return {test for test, state in self.states.items() if state == "passed"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", type=Path, required=True, help="a ComfyUI checkout, 0.3.64")
    parser.add_argument("-k", metavar="EXPR", help="only tests that match, as pytest's -k")
    parser.add_argument("--files", nargs="+", metavar="FILE", help="only these of tests/execution")
    parser.add_argument("--comfyui-python", help="run ComfyUI too, in this Python")
    parser.add_argument("--skip-timing-checks", action="store_true", help="for a busy machine")
    parser.add_argument("--log", type=Path, help="where what the tests and servers say goes")
    options = parser.parse_args()
    checkout: Path = options.checkout.absolute()
    if not (checkout / "tests" / "execution").is_dir():
        raise SystemExit(f"{checkout} has no tests/execution: it is no checkout of ComfyUI.")
    files = [f"tests/execution/{name}" for name in options.files or ["."]]
    arguments = [*files, *(["-k", options.k] if options.k else [])]
    arguments += ["--skip-timing-checks"] if options.skip_timing_checks else []
    report: dict[str, Any] = {"benchmark": "conformance", "checkout": version_of(checkout)}
    theirs: Outcome | None = None
    if options.comfyui_python:
        theirs = run_tests(checkout, options.comfyui_python, arguments, options.log)
        report["comfyui"] = theirs.table()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        scratch = stand_in(checkout, Path(folder))
        ours = run_tests(scratch, sys.executable, arguments, options.log)
    report["wirebrush"] = ours.table()
    report["passed"] = len(ours.passed())
    report["failed"] = ours.why
    if theirs is not None:
        report["comfyui_passed"] = len(theirs.passed())
        report["short"] = sorted(theirs.passed() - ours.passed())
    print(json.dumps(report, indent=2))


def stand_in(checkout: Path, folder: Path) -> Path:
    """A folder that looks like the checkout to its tests, with another `main.py`."""
    for name in LINKED:
        (folder / name).symlink_to(checkout / name)
    (folder / "main.py").symlink_to(STAND_IN)
    return folder


def run_tests(folder: Path, python: str, arguments: Sequence[str], log: Path | None) -> Outcome:
    """Run pytest in a folder, with `python` meaning that Python."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as out:
        report = Path(out) / "report.xml"
        command = [python, "-m", "pytest", *arguments, "-q", "-p", "no:cacheprovider"]
        command += ["--port", str(free_port()), "--output_dir", f"{out}/output"]
        command += [f"--junitxml={report}", f"--rootdir={folder}"]
        path = f"{Path(python).absolute().parent}{os.pathsep}{os.environ['PATH']}"
        environ = {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        environ["WIREBRUSH_SCRATCH"] = out
        with (log or Path(out) / "log").open("ab") as heard:
            subprocess.run(
                command, cwd=folder, env=environ, stdout=heard, stderr=heard, check=False
            )
        if not report.is_file():
            raise SystemExit(f"pytest wrote no report; --log FILE says why: {' '.join(command)}")
        return outcome_of(report)


def outcome_of(report: Path) -> Outcome:
    """What a JUnit report says."""
    outcome = Outcome()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        test = f"{case.get('classname', '').split('.')[-2]}.py::{case.get('name')}"
        problem = next(_problems(case), None)
        if problem is None:
            outcome.states[test] = "passed"
            continue
        outcome.states[test] = "skipped" if problem.tag == "skipped" else "failed"
        if problem.tag != "skipped":
            outcome.why[test] = (problem.get("message") or "").strip()[:300]
    return outcome


def _problems(case: ElementTree.Element) -> Iterator[ElementTree.Element]:
    return (part for part in case if part.tag in ("failure", "error", "skipped"))


def _cache(name: str) -> str:
    return next((cache for server, cache in CACHES.items() if server in name), "--cache-classic")


def _numbers(count: Counter[str]) -> dict[str, int]:
    return {state: count[state] for state in ("passed", "failed", "skipped")}


def version_of(checkout: Path) -> str:
    """The version that the checkout says it is."""
    text = (checkout / "comfyui_version.py").read_text(encoding="utf-8")
    return text.rpartition("=")[2].strip().strip('"')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
