"""What is in the wheel and in the sdist, and that an installed wheel finds its own files."""

import configparser
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHOUT_PAGE = {**os.environ, "WIREBRUSH_SKIP_WEB": "1"}


def build(target: str, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        cwd=ROOT,
        env=WITHOUT_PAGE,
        capture_output=True,
        check=True,
    )
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def test_a_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        Path(package).name for package in packages
    }


def test_a_wheel_declares_its_doors(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    listed = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
    doors = configparser.ConfigParser()
    doors.read_string(archive.read(listed).decode())
    assert doors["console_scripts"]["wirebrush"] == "wirebrush.__main__:main"
    assert doors["wirebrush.packs"]["builtin"] == "wirebrush_nodes"
    assert doors["wirebrush.importers"]["comfyui"] == "wirebrush_comfy:IMPORTER"
    assert doors["wirebrush.models"]["postcards"] == "wirebrush_postcards:models_path"


def test_a_wheel_holds_what_is_not_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "wirebrush/py.typed" in names
    for workflow in (ROOT / "workflows").glob("*.json"):
        assert f"wirebrush_web/workflows/{workflow.name}" in names
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in names)


def test_an_installed_wheel_finds_its_own_files(wheel: Path, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target"]
    subprocess.run([*pip, str(tmp_path), str(wheel)], capture_output=True, check=True)
    asked = "import wirebrush_web as w; print(w.__file__, w.page_path(), w.workflows_path())"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(path.startswith(str(tmp_path / "wirebrush_web")) for path in told.stdout.split())


def test_an_sdist_can_be_built_from(tmp_path: Path) -> None:
    sdist = build("sdist", tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    source = next(path for path in tmp_path.iterdir() if (path / "pyproject.toml").is_file())
    for needed in ("hatch_build.py", "web_build.py", "LICENSE", "README.md", "server/wirebrush"):
        assert (source / needed).exists()
    assert not (source / ".venv").exists()
