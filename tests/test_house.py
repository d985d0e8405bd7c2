"""The house rules that no tool checks for us. Each test names every offender, not the first one."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.request import urlopen

import grimp
import networkx
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "wirebrush",
    "wirebrush_nodes",
    "wirebrush_comfy",
    "wirebrush_diffusion",
    "wirebrush_postcards",
)
LONGEST_FILE = 400
LONGEST_FUNCTION = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows or would take, so that a clone and a working copy agree."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return sorted(path for path in paths if path.is_file())


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions() -> Iterator[tuple[str, Function]]:
    for path in tracked("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield f"{shown(path)}:{node.lineno} {node.name}", node


def lines_of(function: Function) -> int:
    """From `def` to the end; the docstring is free, and the signature of a node, which is data."""
    first, last = function.body[0], function.body[-1]
    assert first.end_lineno is not None
    assert last.end_lineno is not None
    documentation = (
        0 if ast.get_docstring(function) is None else span(first.lineno, first.end_lineno)
    )
    declared = {ast.unparse(decorator).split("(")[0] for decorator in function.decorator_list}
    start = first.lineno if "node" in declared else function.lineno
    return span(start, last.end_lineno) - documentation


def span(first: int, last: int) -> int:
    return last - first + 1


def refuse(offenders: Iterable[object]) -> None:
    """Fail with every offender, one a line."""
    listed = sorted(map(str, offenders))
    if listed:
        pytest.fail("\n".join([f"{len(listed)} offenders:", *listed]), pytrace=False)


@pytest.mark.parametrize("kind", ["*.py", "web/*.ts", "web/*.tsx"])
def test_no_file_is_longer_than_a_noun(kind: str) -> None:
    lengths = {
        shown(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in tracked(kind)
        if "generated" not in path.name and ".gen." not in path.name
    }
    refuse(f"{path}: {lines} lines" for path, lines in lengths.items() if lines > LONGEST_FILE)


def test_no_function_is_longer_than_a_page() -> None:
    lengths = {where: lines_of(function) for where, function in functions()}
    refuse(
        f"{where}: {lines} lines" for where, lines in lengths.items() if lines > LONGEST_FUNCTION
    )


def test_no_global_statement() -> None:
    offenders = [
        f"{shown(path)}:{node.lineno}"
        for path in tracked("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Global)
    ]
    refuse(offenders)


def test_everything_is_annotated() -> None:
    def bare(function: Function) -> bool:
        given = function.args
        named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        unsaid = [
            arg.arg
            for arg in named
            if arg is not None and arg.annotation is None and arg.arg not in ("self", "cls")
        ]
        return bool(unsaid) or function.returns is None

    def deliberate(where: str) -> bool:
        path, line = where.split()[0].split(":")
        return "noqa: ANN" in (ROOT / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]

    bared = [where for where, function in functions() if bare(function)]
    refuse(where for where in bared if not deliberate(where))


def test_no_import_cycles_counting_imports_inside_functions() -> None:
    imports = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    graph = networkx.DiGraph(
        (module, imported)
        for module in imports.modules
        for imported in imports.find_modules_directly_imported_by(module)
    )
    loops = networkx.strongly_connected_components(graph)
    refuse(sorted(loop) for loop in loops if len(loop) > 1)


def test_only_packages_lie_where_editable_installs_put_on_the_path() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert all((ROOT / package / "__init__.py").is_file() for package in packages)
    allowed = {Path(package).parts[:2] for package in packages}
    found = {path.relative_to(ROOT).parts[:2] for path in tracked("server/*", "nodes/*")}
    refuse(found - allowed)


def test_no_machine_paths_and_no_package_hosts_in_tracked_files() -> None:
    hosts = (
        "pypi" + ".org",
        "python" + "hosted.org",
        "npmjs" + ".org",
        "download.py" + "torch.org",
    )
    forbidden = re.compile(r"(?<![\w.])/(?:root|work)/[A-Za-z]|" + "|".join(map(re.escape, hosts)))
    offenders = []
    for path in tracked():
        with path.open(encoding="utf-8", errors="ignore") as lines:
            offenders += [
                f"{shown(path)}:{n}" for n, line in enumerate(lines, 1) if forbidden.search(line)
            ]
    refuse(offenders)


def test_the_lockfile_records_no_addresses() -> None:
    lockfiles = tracked("web/package-lock.json")
    assert not [
        shown(path) for path in lockfiles if '"resolved"' in path.read_text(encoding="utf-8")
    ]


def test_importing_the_server_starts_nothing_and_needs_no_torch() -> None:
    listing = "import sys, wirebrush.__main__; print(*sys.modules, sep='\\n')"
    ran = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert not {"torch", "diffusers", "transformers", "wirebrush_nodes"} & set(ran.stdout.split())


def test_the_running_server_has_not_imported_torch(tmp_path: Path) -> None:
    """The interpreter itself tells what it imports, so nothing can be imported behind our back."""
    log = tmp_path / "imports.log"
    command = [sys.executable, "-X", "importtime", "-m", "wirebrush", "serve", "--no-browser"]
    command += ["--port", "0", "--data", str(tmp_path / "data")]
    with log.open("wb") as told:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=True)
    try:
        assert server.stdout is not None
        link = re.search(r"http://[^/]+", server.stdout.readline())
        assert link is not None, log.read_text()[-2000:]
        with urlopen(f"{link[0]}/v1/health", timeout=60) as answer:
            assert answer.status == 200
    finally:
        server.terminate()
        server.communicate(timeout=300)
    imported = set(re.findall(r"^import time:.*\|\s+([\w.]+)$", log.read_text(), re.MULTILINE))
    assert "aiohttp" in imported
    assert not {"torch", "diffusers", "transformers", "wirebrush_nodes"} & imported
