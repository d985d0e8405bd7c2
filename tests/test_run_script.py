"""run.py, driven as a person drives it: as a process, on a small project that installs in seconds.

The small project has no dependencies and builds itself (`backend.py`), so that the real venv, the
real pip and the real run.py work here without a network.
"""

import ast
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import psutil
import pytest

ROOT = Path(__file__).parents[1]

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "wirebrush"
version = "0.1.0"
[tool.hatch]
"""

BACKEND = """
import pathlib, time, zipfile

INFO = "wirebrush-0.1.0.dist-info"
HERE = pathlib.Path(__file__).parent
METADATA = "Metadata-Version: 2.1\\nName: wirebrush\\nVersion: 0.1.0\\nProvides-Extra: dev\\n"

def build_editable(folder, config_settings=None, metadata_directory=None):
    assert not (HERE / "broken").exists()
    (HERE / "building").touch()
    while (HERE / "wait").exists():
        time.sleep(0.05)
    requires = (HERE / "requires").read_text() if (HERE / "requires").exists() else ""
    files = {
        "wirebrush.pth": f"{HERE}/server\\n",
        f"{INFO}/METADATA": METADATA + requires,
        f"{INFO}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{name},,\\n" for name in [*files, f"{INFO}/RECORD"])
    name = "wirebrush-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        for path, text in {**files, f"{INFO}/RECORD": record}.items():
            wheel.writestr(path, text)
    return name
"""

SERVER = "import json, sys; print(json.dumps({'argv': sys.argv[1:], 'python': sys.executable}))"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small project around the real run.py, in a folder with a space: people have those."""
    return lay_out(tmp_path / "a checkout")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.venv` with pip, made by run.py once: making one takes seconds."""
    root = lay_out(tmp_path_factory.mktemp("made") / "checkout")
    served(run(root))
    return root / ".venv"


@pytest.fixture
def half_made(checkout: Path, made: Path) -> Path:
    """A checkout whose install was interrupted after `.venv` was made."""
    shutil.copytree(made, checkout / ".venv", symlinks=True)
    (checkout / ".venv/wirebrush-install.json").unlink()
    return checkout


@pytest.fixture
def installed(half_made: Path) -> Path:
    served(run(half_made))
    return half_made


def lay_out(root: Path) -> Path:
    (root / "server/wirebrush").mkdir(parents=True)
    shutil.copy(ROOT / "run.py", root)
    shutil.copy(ROOT / "web_build.py", root)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / "constraints.txt").write_text("# nothing to pin\n")
    (root / "server/wirebrush/__init__.py").touch()
    (root / "server/wirebrush/__main__.py").write_text(SERVER)
    return root


def no_network() -> dict[str, str]:
    """An environment in which pip and everything else finds no network and no settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    closed = "http://127.0.0.1:9"
    return {
        **kept,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{closed}/simple",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
        "HTTP_PROXY": closed,
        "HTTPS_PROXY": closed,
        "ALL_PROXY": closed,
    }


def run(
    checkout: Path, *arguments: str, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(checkout / "run.py"), *arguments],
        cwd=cwd or checkout,
        env=no_network(),
        capture_output=True,
        text=True,
        check=False,
    )


def served(done: "subprocess.CompletedProcess[str]") -> list[str]:
    """The arguments that reached the server, which is the last thing that run.py starts."""
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])["argv"]


def as_python(before: str, checkout: Path) -> "subprocess.CompletedProcess[str]":
    """run.py under a Python that `before` has changed."""
    script = (
        f"import sys, runpy; {before}; sys.argv = ['run.py']; sys.path.insert(0, {str(checkout)!r})"
    )
    script += f"; runpy.run_path({str(checkout / 'run.py')!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )


def wait_until(true: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill_tree(pid: int) -> None:
    """kill -9 of a process and of everything that it started."""
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        process.kill()


def test_it_parses_under_pythons_that_are_too_old() -> None:
    ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_gets_one_sentence_with_a_command(checkout: Path) -> None:
    told = as_python("sys.version_info = (3, 9, 2, 'final', 0)", checkout)
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
    assert "Python 3.11 or later is needed" in told.stderr
    assert "this helps: " in told.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_gets_one_sentence_with_a_command(checkout: Path) -> None:
    told = as_python("sys.modules['ensurepip'] = None", checkout)
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
    assert "cannot make a virtual environment" in told.stderr
    assert f"python3.{sys.version_info.minor}-venv" in told.stderr


def test_help_installs_nothing(checkout: Path) -> None:
    told = run(checkout, "--help")
    assert "python3 run.py test" in told.stdout
    assert not (checkout / ".venv").exists()


def test_it_installs_once_and_then_starts_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    first = run(checkout, "--port", "7", "--no-browser")
    assert "Making .venv: done" in first.stdout
    assert served(first) == [
        "serve",
        *("--packs", str(checkout / "packs")),
        *("--port", "7", "--no-browser"),
        *("--models", str(checkout / "models")),
    ]
    log = (checkout / ".venv/install.log").read_text()
    second = run(checkout, cwd=tmp_path)
    assert served(second)[0] == "serve"
    assert second.stdout.count("\n") == 1, "nothing but the server speaks"
    assert (checkout / ".venv/install.log").read_text() == log, "nothing was installed again"


def test_it_installs_again_when_what_is_asked_for_changes(installed: Path, tmp_path: Path) -> None:
    (installed / "constraints.txt").write_text("torch==2.13.0\n")
    assert "Installing packages" in run(installed).stdout
    moved = installed.rename(tmp_path / "moved")
    again = run(moved)
    assert "Installing packages" in again.stdout
    assert str(moved / "models") in served(again)


def test_an_old_page_is_better_than_none(installed: Path) -> None:
    (installed / "web/wirebrush_web/dist").mkdir(parents=True)
    (installed / "web/package.json").write_text("{}")
    (installed / "broken").touch()
    assert run(installed).returncode == 1, "there is no page at all"
    (installed / "web/wirebrush_web/dist/index.html").touch()
    old = run(installed)
    assert "going on with the page as it was" in old.stderr
    served(old)


def test_the_test_command_adds_the_extra_and_a_start_keeps_it(installed: Path) -> None:
    tested = run(installed, "test")
    assert tested.returncode == 1, "the small project has no pytest to pass"
    assert "Failed before the tests: ruff check" in tested.stdout
    assert json.loads((installed / ".venv/wirebrush-install.json").read_text())["extras"] == ["dev"]
    assert "Installing packages" not in run(installed).stdout


def test_without_a_network_the_first_start_says_so(half_made: Path) -> None:
    (half_made / "requires").write_text("Requires-Dist: some-package-from-far-away\n")
    told = run(half_made)
    assert told.returncode == 1
    assert "the package index could not be reached" in told.stderr
    assert "Traceback" not in told.stderr


def test_an_install_killed_while_it_runs_goes_on(half_made: Path) -> None:
    (half_made / "wait").touch()
    started = subprocess.Popen(
        [sys.executable, "run.py"], cwd=half_made, env=no_network(), stdout=subprocess.DEVNULL
    )
    wait_until(lambda: (half_made / "building").exists())
    kill_tree(started.pid)
    started.wait()
    (half_made / "wait").unlink()
    again = run(half_made)
    assert "Making .venv" not in again.stdout, "what was made is kept"
    served(again)


@pytest.mark.skipif(os.name == "nt", reason="a pip without its run.py keeps no lock on Windows")
def test_a_pip_that_outlives_a_killed_run_script_is_waited_for(half_made: Path) -> None:
    (half_made / "wait").touch()
    command = [sys.executable, "run.py"]
    first = subprocess.Popen(command, cwd=half_made, env=no_network(), stdout=subprocess.DEVNULL)
    wait_until(lambda: (half_made / "building").exists())
    first.kill()
    first.wait()
    second = subprocess.Popen(
        command, cwd=half_made, env=no_network(), stdout=subprocess.PIPE, text=True
    )
    assert second.stdout is not None
    assert "waiting for it" in second.stdout.readline()
    (half_made / "wait").unlink()
    assert '"serve"' in second.communicate()[0]


def test_a_half_written_package_is_written_again(installed: Path) -> None:
    venv = installed / ".venv"
    (venv / "wirebrush-install.json").unlink()
    next(venv.glob("**/wirebrush.pth")).write_text("")
    assert served(run(installed))[0] == "serve"


@pytest.mark.parametrize("lost", ["pyvenv.cfg", "pip", "python"])
def test_a_half_made_venv_is_made_again(installed: Path, lost: str) -> None:
    venv = installed / ".venv"
    if lost == "pyvenv.cfg":
        (venv / lost).unlink()
    elif lost == "pip":
        (venv / "wirebrush-install.json").unlink()
        next(venv.glob("**/site-packages/pip/__main__.py")).unlink()
    else:
        for python in [*venv.glob("bin/python*"), *venv.glob("Scripts/python*")]:
            python.unlink()
    again = run(installed)
    assert "Making .venv: done" in again.stdout
    served(again)


def test_two_starts_at_once_do_not_install_into_each_other(half_made: Path) -> None:
    command = [sys.executable, "run.py"]
    both = [
        subprocess.Popen(
            command, cwd=half_made, env=no_network(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("Installing packages" in text for text in told) == [False, True]


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal are different on Windows")
def test_ctrl_c_stops_an_install_with_a_sentence(half_made: Path) -> None:
    (half_made / "wait").touch()
    started = subprocess.Popen(
        [sys.executable, "run.py"],
        cwd=half_made,
        env=no_network(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: (half_made / "building").exists())
    os.killpg(started.pid, signal.SIGINT)
    told = started.communicate()[1]
    assert started.returncode == 130
    assert "The same command goes on from here" in told
    assert "Traceback" not in told


@pytest.mark.skipif(os.name == "nt", reason="one process only where there is exec")
def test_the_real_studio_starts_without_a_network(tmp_path: Path) -> None:
    """In this checkout, once installed by run.py: the process of run.py becomes the server."""
    if module().installed_extras() is None:
        pytest.skip("this checkout was not installed by run.py")
    told = tmp_path / "told"
    with told.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, ROOT / "run.py", "--no-browser", "--port", "0", "--data", tmp_path],
            env=no_network(),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: "http://127.0.0.1:" in told.read_text())
    finally:
        server.send_signal(signal.SIGINT)
    assert server.wait(300) in (0, 130), told.read_text()
    assert "Traceback" not in told.read_text()


def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_script", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(ROOT))
    try:
        spec.loader.exec_module(loaded)
    finally:
        sys.path.remove(str(ROOT))
    return loaded
