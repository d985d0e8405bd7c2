"""Wirebrush from a checkout, with nothing but Python 3.11 or later.

    python3 run.py [options]           install what is missing, start the studio, open it
    python3 run.py test                the same for the whole test suite: style, types, tests
    python3 run.py test [pytest ...]   only pytest, with these arguments

Options go to `wirebrush serve`: --port N, --host H, --data DIR, --models DIR, --no-browser ...
Everything is installed into .venv, whose install.log tells the details. An interrupted install
goes on where it was; once it is complete, a start needs no network.
"""
# Down to the check below, this file must run under any Python 3; all of it must parse under 3.6.

import os
import platform
import shutil
import subprocess
import sys

OLDEST_PYTHON = (3, 11)


def command_for_python() -> str:
    """The command that gives this machine a Python young enough, or starts the one it has."""
    for minor in (13, 12, 14, 11):
        found = shutil.which("python3.%d" % minor)
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return "python3.%d run.py" % minor
    for tool, command in (
        ("apt-get", "sudo apt install python3.11 python3.11-venv"),
        ("dnf", "sudo dnf install python3.12"),
        ("pacman", "sudo pacman -S python"),
        ("winget", "winget install Python.Python.3.12"),
        ("brew", "brew install python@3.12"),
    ):
        if shutil.which(tool):
            return command
    return "brew install python@3.12" if sys.platform == "darwin" else "uv run --python 3.12 run.py"


def sentence_for_old_python() -> str:
    return "wirebrush: Python %d.%d or later is needed, and this is %s; this helps: %s" % (
        (*OLDEST_PYTHON, platform.python_version(), command_for_python())
    )


if sys.version_info[:2] < OLDEST_PYTHON:
    sys.exit(sentence_for_old_python())

import contextlib
import csv
import hashlib
import importlib.util
import json
import queue
import re
import signal
import threading
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import web_build

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "wirebrush-install.json"  # written last: without it, an install was interrupted
LOG = VENV / "install.log"
FILES = ROOT / "files.txt"  # packages of which only files are used, not what they depend on

PIP = [str(PYTHON), "-m", "pip", "--require-virtualenv", "--no-input"]
DETAILS = (  # what pip says, and what the person is told
    (r"Collecting ([\w.-]+)", "looking at {0}"),
    (r"\s+Downloading ([\w.]+?)-\d.*\((.*)\)", "downloading {0} ({1})"),
    (r"(?:\s+Using cached |Processing .*[/\\])([\w.]+?)-\d", "taking {0}"),
    (r"\s*Building editable", "building the page"),
    (r"Installing collected packages", "unpacking"),
)
CAUSES = (  # a word in pip's log, and the sentence that helps; the first that fits is told
    (r"No space left on device|Errno 28", "the disk is full; the install needs about 3 GB in all"),
    (r"wirebrush: (building the page .*|`npm .*|the build .*)", "{0}"),
    (
        r"NewConnectionError|NameResolutionError|Connection\w*Error|Max retries|ReadTimeout|"
        r"ProxyError|Network is unreachable|none of the configured indexes|\(from versions: none\)",
        "the package index could not be reached. The first start needs the network once: connect "
        "and run the same command again; what was downloaded is kept",
    ),
    (
        r"No matching distribution found for (torch\S*)",
        "there is no {0} for Python " + platform.python_version() + " on this machine yet; try an "
        "older Python, 3.11 or later",
    ),
)


class Failed(Exception):
    """Something the person can repair; the message says how."""


def main(arguments: Sequence[str]) -> int:
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    testing = arguments[:1] == ["test"]
    try:
        install({"dev"} if testing else set())
        return test(arguments[1:]) if testing else serve(arguments)
    except Failed as failure:
        print(f"wirebrush: {failure}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130


# --- Installing ----------------------------------------------------------------------------------


def install(extras: set[str]) -> None:
    """Bring `.venv` to what pyproject.toml and constraints.txt ask for; nothing when it is."""
    with only_one_at_a_time():
        had = installed_extras()
        if had is None or not extras <= had:
            install_packages(extras | (had or set()))
        elif web_build.wanted(ROOT / "web"):
            renew_page()


def renew_page() -> None:
    """Build the page of a changed `web/`; an older page is better than none."""
    try:
        phase("Building the page", [*PIP, "install", "--no-deps", "-e", "."])
    except Failed as failure:
        if not (ROOT / "web/wirebrush_web/dist/index.html").exists():
            raise
        print(f"wirebrush: going on with the page as it was: {failure}.", file=sys.stderr)


def install_packages(extras: set[str]) -> None:
    if STAMP.exists():
        STAMP.unlink()
    elif VENV.exists():
        repair()
    if not venv_works():
        make_venv()
    target = f".[{','.join(sorted(extras))}]" if extras else "."
    phase(
        "Installing packages (some minutes the first time)",
        [*PIP, "install", "-c", "constraints.txt", "-e", target],
    )
    if FILES.exists():
        phase("Installing the vocabulary", [*PIP, "install", "--no-deps", "-r", str(FILES)])
    STAMP.write_text(json.dumps({"key": install_key(), "extras": sorted(extras)}))


def installed_extras() -> set[str] | None:
    """The extras of a complete install that is still what the checkout asks for, else None."""
    try:
        stamp = json.loads(STAMP.read_text())
        home = re.search(r"^home\s*=\s*(.+)$", (VENV / "pyvenv.cfg").read_text(), re.MULTILINE)
        fresh = stamp["key"] == install_key()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    python_is_there = PYTHON.exists() and home is not None and Path(home[1].strip()).exists()
    return set(stamp["extras"]) if fresh and python_is_there else None


def install_key() -> str:
    """Changes with what is asked for, with the Python of `.venv`, and when the folder is moved."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [asked["build-system"], asked["project"], asked["tool"]["hatch"], str(ROOT)]
    parts += [(ROOT / "constraints.txt").read_text(), (VENV / "pyvenv.cfg").read_text()]
    parts += [FILES.read_text() if FILES.exists() else ""]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def repair() -> None:
    """After an interrupted install: forget half-written packages, so that pip writes them again."""
    for site in [*VENV.glob("lib/python*/site-packages"), *VENV.glob("Lib/site-packages")]:
        for leftover in site.glob("~*"):  # pip moves a package aside while it replaces it
            shutil.rmtree(leftover, ignore_errors=True)
        for record in site.glob("*.dist-info"):
            if not is_whole(record):
                shutil.rmtree(record)


def is_whole(dist_info: Path) -> bool:
    """Is every file of a package there, as long as it should be?"""
    try:
        with (dist_info / "RECORD").open(encoding="utf-8", newline="") as record:
            return all(
                (dist_info.parent / name).stat().st_size == int(size)
                for name, _, size in csv.reader(record)
                if size
            )
    except (OSError, ValueError):
        return False


def venv_works() -> bool:
    """Is there a Python young enough, in an environment of its own, with a whole pip?"""
    whole_pip = any(VENV.glob("**/site-packages/pip-*.dist-info"))
    if not PYTHON.exists() or not whole_pip:
        return False
    test = f"sys.version_info >= {OLDEST_PYTHON} and sys.prefix != sys.base_prefix"
    command = [str(PYTHON), "-c", f"import pip, sys; sys.exit(not ({test}))"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def make_venv() -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Failed(f"this Python cannot make a virtual environment; {command_for_venv()}")
    if VENV.exists():
        shutil.rmtree(VENV)
    VENV.mkdir()
    python = getattr(sys, "_base_executable", "") or sys.executable
    phase("Making .venv", [python, "-m", "venv", str(VENV)])


def command_for_venv() -> str:
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if shutil.which("apt-get"):
        return f"this helps: sudo apt install {package}"
    return f"install the package of your system that is called like {package}, or a full Python"


@contextlib.contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Two starts at once must not install into each other; a dead one holds nothing up."""
    with (ROOT / ".run.lock").open("a+") as lock:
        os.set_inheritable(lock.fileno(), True)  # held also by a pip that outlives a killed run.py
        if not locked(lock):
            print("Another install of this folder is running; waiting for it.", flush=True)
            while not locked(lock):
                time.sleep(0.2)
        yield


def locked(lock: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


# --- One phase: one line for the person, everything else in the log ------------------------------


def phase(title: str, command: Sequence[str]) -> None:
    begun = time.monotonic()
    said = ""
    for line in lines_of(command):
        detail = detail_of(line)
        said = detail or said
        show(f"{title}: {said}" if said else title, time.monotonic() - begun)
    show(f"{title}: done", time.monotonic() - begun, last=True)


def lines_of(command: Sequence[str]) -> Iterator[str]:
    """What a command writes, line by line and also into the log; an empty line every second."""
    with LOG.open("a+", encoding="utf-8", buffering=1) as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        begun_at = log.tell()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            close_fds=False,  # so that it inherits the lock
        )
        try:
            for line in ticking(process):
                log.write(line)
                yield line
        finally:
            process.terminate()
            process.wait()
            log.flush()
        if process.returncode != 0:
            log.seek(begun_at)
            raise Failed(cause_of(log.read()))


def ticking(process: "subprocess.Popen[str]") -> Iterator[str]:
    lines: queue.Queue[str | None] = queue.Queue()

    def pump() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            line = ""
        if line is None:
            process.wait()
            return
        yield line


def detail_of(line: str) -> str:
    for pattern, words in DETAILS:
        found = re.match(pattern, line)
        if found:
            return words.format(*found.groups())
    return ""


def cause_of(log: str) -> str:
    for pattern, sentence in CAUSES:
        found = re.search(pattern, log)
        if found:
            return f"{sentence.format(*found.groups())} (details: {LOG})"
    end = "\n".join(log.splitlines()[-8:])
    return f"the install failed, and ended with these words:\n{end}\nThe rest is in {LOG}"


def show(text: str, seconds: float, last: bool = False) -> None:
    """Rewrite the line on a terminal; elsewhere print only the last state."""
    clock = f"  [{seconds:3.0f} s] "
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - len(clock) - 1
        print("\r" + clock + text[:width].ljust(width), end="\n" if last else "", flush=True)
    elif last:
        print(clock + text, flush=True)


# --- Starting and testing ------------------------------------------------------------------------


def serve(arguments: Sequence[str]) -> int:
    """Become the server, so that Ctrl-C and signals reach it and nothing stands between.

    The folders of the checkout are used beside what the person names, who goes first.
    """
    for name in ("packs", "models"):
        (ROOT / name).mkdir(exist_ok=True)
    os.environ.setdefault("WIREBRUSH_DATA", str(ROOT / "data"))
    command = [str(PYTHON), "-m", "wirebrush", "serve", "--packs", str(ROOT / "packs"), *arguments]
    if "WIREBRUSH_MODELS" not in os.environ:
        command += ["--models", str(ROOT / "models")]
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server gets it too, and ends by itself
    return subprocess.call(command)


def test(pytest_arguments: Sequence[str]) -> int:
    """Run every check, then say which ones failed; pytest comes last, its closing line too."""
    # Who is started in the background ignores Ctrl-C, and the tests of it would hand that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    failed = [] if pytest_arguments else [name for name in CHECKS if not passes(name, CHECKS[name])]
    if failed:
        print(f"\nFailed before the tests: {', '.join(failed)}", flush=True)
    if not pytest_arguments:
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # several tests run at once
    passed = passes("pytest", ["-m", "pytest", *(pytest_arguments or SIDE_BY_SIDE)])
    return 1 if failed or not passed else 0


SIDE_BY_SIDE = ["-n", "3", "--dist", "loadscope"]
"""Three at once: many wait more than they compute. tests/conftest.py says which stay together."""

CHECKS = {
    "ruff check": ["-m", "ruff", "check"],
    "ruff format": ["-m", "ruff", "format", "--check"],
    "pyright": ["-m", "pyright"],
    "lint-imports": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
    "web": ["web_build.py", "check"],
}


def passes(name: str, arguments: Sequence[str]) -> bool:
    print(f"\n== {name}", flush=True)
    return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
