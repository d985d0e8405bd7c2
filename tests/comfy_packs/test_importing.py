"""What packs do while they are imported, and what becomes of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wirebrush_comfy import IMPORTER
from wirebrush_comfy.guards import ImportGuard, NotWhileImporting, is_fetch, is_install

NODE = """
class Node:
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {}}
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    def go(self):
        return (1,)

NODE_CLASS_MAPPINGS = {"Node": Node}
"""


def test_who_looks_for_packs_does_not_wait_for_torch() -> None:
    listing = "import sys, wirebrush_comfy; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert "wirebrush_comfy.importer" in ran.stdout.split()
    assert "torch" not in ran.stdout.split()


@pytest.mark.parametrize(
    "attempt",
    [
        "import subprocess; subprocess.check_call(['python', '-m', 'pip', 'install', 'x'])",
        "import subprocess; subprocess.run('pip3 install -r requirements.txt', shell=True)",
        "import subprocess; subprocess.Popen(['uv', 'pip', 'install', 'x'])",
        "import os; os.system('python -m pip install x')",
        "import os; os.posix_spawn('/usr/bin/env', ['env', 'pip', 'install', 'x'], {})",
        "from pip._internal import main; main(['install', 'x'])",
        "import pip; pip.main(['install', 'x'])",
    ],
)
def test_nothing_is_installed(load_pack: Callable[..., Any], attempt: str) -> None:
    packs = load_pack(attempt + "\n" + NODE)
    (failure,) = packs.failures
    assert "installs Python packages while it is imported, which is refused" in failure.error
    assert "requirements.txt" in failure.error
    assert "Node" not in packs.types


def test_a_pack_that_can_do_without_its_install_loads(load_pack: Callable[..., Any]) -> None:
    source = """
    import subprocess, sys
    try:
        subprocess.check_call([sys.executable, "-m", "pip", "install", "x"])
    except Exception as error:
        print(error)
    subprocess.run([sys.executable, "-c", ""], check=True)
    """
    packs = load_pack({"__init__.py": "from .nodes import *", "nodes.py": NODE, "tools.py": source})
    assert not packs.failures
    packs = load_pack({"__init__.py": "from . import tools\nfrom .nodes import *"})
    assert not packs.failures
    assert "Node" in packs.types


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)",
        "import urllib.request; urllib.request.urlopen('http://localhost:9/')",
        "import subprocess; subprocess.run(['curl', '-LO', 'http://localhost:9/x'])",
        "import os; os.system('cd here; git clone http://localhost:9/x')",
        "import os; os.posix_spawn('/usr/bin/wget', ['wget', 'http://localhost:9/x'], {})",
        "import socket\nwith socket.socket() as door: door.bind(('127.0.0.1', 0))",
        "import threading, urllib.request\n"
        "ends = []\n"
        "def fetch():\n"
        "    try:\n"
        "        urllib.request.urlopen('http://localhost:9/')\n"
        "    except BaseException as error:\n"
        "        ends.append(error)\n"
        "thread = threading.Thread(target=fetch)\n"
        "thread.start(); thread.join()\n"
        "raise ends[0]",
    ],
)
def test_nobody_is_called(load_pack: Callable[..., Any], attempt: str) -> None:
    (failure,) = load_pack(attempt + "\n" + NODE).failures
    assert "uses the network while it is imported, which is refused" in failure.error


@pytest.mark.parametrize("name", ["", "  ", "__proto__", "constructor", "a\nb", "\ud800"])
def test_nodes_without_a_usable_name_are_refused(load_pack: Callable[..., Any], name: str) -> None:
    packs = load_pack(f"{NODE}\nNODE_CLASS_MAPPINGS[{name!r}] = Node")
    (failure,) = packs.failures
    assert failure.error == (
        f"Node {name}: {name!r} is no name that a page or a file can use for a node type."
    )
    assert "Node" in packs.types
    assert name not in packs.types


def test_afterwards_everything_is_allowed_again(tmp_path: Path) -> None:
    guard = ImportGuard()
    with guard.on(), pytest.raises(NotWhileImporting):
        sys.audit("socket.connect", None, ("127.0.0.1", 9))
    sys.audit("socket.connect", None, ("127.0.0.1", 9))


@pytest.mark.parametrize(
    ("command", "fetches"),
    [
        ("/usr/bin/curl -s http://x", True),
        ("git -C here pull", True),
        ("git rev-parse HEAD", False),
        ("git log", False),
        ("pull git", False),
        ("ffmpeg -version", False),
    ],
)
def test_which_commands_fetch(command: str, fetches: bool) -> None:
    assert is_fetch(command.split()) is fetches


@pytest.mark.parametrize(
    ("command", "installs"),
    [
        ("pip install x", True),
        ("/usr/bin/pip3.11 install x", True),
        ("python -m pip install x", True),
        ("cd here && pip install x", True),
        ("uv pip sync x", True),
        ("pip list", False),
        ("ffmpeg -version", False),
        ("git log install", False),
        ("install pip", False),
    ],
)
def test_which_commands_install(command: str, installs: bool) -> None:
    assert is_install(command.split()) is installs


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "import no_such_package_anywhere\n" + NODE,
            "No module named 'no_such_package_anywhere'. Install what the pack's requirements.txt",
        ),
        ("NODE_CLASS_MAPPINGS = {\n", "Syntax error in __init__.py, line 1"),
        ("import sys; sys.exit(3)\n" + NODE, "called sys.exit(3) while it was imported"),
        ("NODE_CLASS_MAPPINGS = {}", "neither NODE_CLASS_MAPPINGS with nodes nor"),
        (
            "import comfy.ldm.modules.attention as attention\n"
            "attention.optimized_attention_for_device('cpu')\n" + NODE,
            "uses comfy.ldm.modules.attention.optimized_attention_for_device of ComfyUI",
        ),
    ],
)
def test_a_pack_that_fails_says_why(load_pack: Callable[..., Any], source: str, said: str) -> None:
    packs = load_pack(source)
    (failure,) = packs.failures
    assert failure.pack == "pack"
    assert said in failure.error
    assert "Show" in packs.types
    assert not [name for name in sys.modules if name.startswith("wirebrush_comfy_pack_")]


UNUSABLE = """
import comfy.sd

class NoFunction(Node):
    FUNCTION = "missing"

class Unreadable(Node):
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"x": (open("no such file").read(),)}}

class NotADict(Node):
    @classmethod
    def INPUT_TYPES(s):
        return [1]

class Internal(Node):
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"x": (list(comfy.sd.CLIPType),)}}

class Bare:
    FUNCTION = "go"
    def go(self):
        return ()

NODE_CLASS_MAPPINGS.update({k.__name__: k for k in
    (NoFunction, Unreadable, NotADict, Internal, Bare)}, Function=lambda: 1)
"""


def test_nodes_that_cannot_be_are_refused_one_by_one(load_pack: Callable[..., Any]) -> None:
    packs = load_pack(NODE + UNUSABLE)
    assert "Node" in packs.types
    assert [failure.error for failure in packs.failures] == [
        "Node NoFunction: it names no FUNCTION that it has.",
        "Node Unreadable: its declaration cannot be read: FileNotFoundError: [Errno 2] No such "
        "file or directory: 'no such file'",
        "Node NotADict: its INPUT_TYPES gives a list, not a dict.",
        "Node Internal: This node uses comfy.sd.CLIPType of ComfyUI, which Wirebrush does not "
        "have.",
        "Node Bare: it has no INPUT_TYPES.",
        "Node Function: it is a function, not a class.",
    ]


def test_a_prestartup_script_is_not_run(
    load_pack: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    packs = load_pack({"__init__.py": NODE, "prestartup_script.py": "raise SystemExit(1)"})
    assert "Node" in packs.types
    assert "has a prestartup_script.py, which is not run" in caplog.text


@pytest.mark.parametrize(
    ("files", "claimed"),
    [
        ({"__init__.py": "NODE_CLASS_MAPPINGS = {}"}, True),
        ({"__init__.py": "from .a import *", "a.py": "NODE_CLASS_MAPPINGS = {}"}, True),
        ({"__init__.py": "async def comfy_entrypoint(): ..."}, True),
        ({"__init__.py": "x = 1"}, False),
        ({"__init__.py": "from wirebrush.api import node\nNODE_CLASS_MAPPINGS = {}"}, False),
        ({"nodes.py": "NODE_CLASS_MAPPINGS = {}"}, False),
        ({"__init__.py": "MY_NODE_CLASS_MAPPINGS_2 = {}"}, False),
    ],
)
def test_what_is_claimed_is_decided_by_its_text(
    tmp_path: Path, files: dict[str, str], claimed: bool
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert IMPORTER.claims(tmp_path) is claimed


def test_a_single_file_is_a_pack_too(tmp_path: Path) -> None:
    path = tmp_path / "one.file.py"
    path.write_text(NODE)
    assert IMPORTER.claims(path)
    assert not IMPORTER.claims(tmp_path / "none.py")
    assert [node.spec.id for node in IMPORTER.load(path).nodes] == ["Node"]
