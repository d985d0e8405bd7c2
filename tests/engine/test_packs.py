from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from wirebrush.engine.finding import GROUP
from wirebrush.engine.packs import Packs, load_packs
from wirebrush.packlist import Ended, PackChoice

NODE = """
from wirebrush.api import *
@node(id="{id}", category="t", formerly={formerly})
def thing(value: int = {default}) -> int:
    return value
"""


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    folder = tmp_path / "packs"
    folder.mkdir()
    return folder


def write(path: Path, id: str = "Thing", default: object = 1, formerly: object = ()) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(NODE.format(id=id, default=default, formerly=formerly))


def load(folder: Path) -> Packs:
    return load_packs([folder], use_entry_points=False)


def ids(loaded: Packs) -> list[str]:
    """What the catalog lists."""
    return sorted(node["id"] for node in loaded.catalog()["nodes"])


def test_files_folders_and_modules_inside_folders_are_packs(packs: Path) -> None:
    write(packs / "single.py", "Single")
    write(packs / "folder" / "__init__.py", "Folder")
    write(packs / "deep" / "inner.py", "Inner")
    (packs / "deep" / "__init__.py").write_text("")
    write(packs / "_private.py", "Private")
    write(packs / "no_pack" / "other.py", "Other")
    loaded = load(packs)
    assert ids(loaded) == ["Folder", "Inner", "Single"]
    assert loaded.names == ("deep", "folder", "single")
    assert loaded.types["Single"].spec.pack == "single"
    assert loaded.failures == ()


def test_a_folder_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "nowhere").types == {}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("def broken(:", "Syntax error in bad.py, line 1"),
        ("import sys; sys.exit(3)", "The pack called sys.exit(3) while it was imported."),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("1/0", "ZeroDivisionError: division by zero"),
        (
            "from wirebrush.api import *\n@node(id='A', category='t')\ndef f(a): ...",
            "parameter 'a' has no annotation",
        ),
    ],
)
def test_a_pack_that_fails_is_named_and_harms_nobody(packs: Path, source: str, words: str) -> None:
    (packs / "bad.py").write_text(source)
    write(packs / "good.py")
    loaded = load(packs)
    assert ids(loaded) == ["Thing"]
    (failure,) = loaded.failures
    assert failure.pack == "bad"
    assert words in failure.error
    assert "engine/packs.py" not in failure.traceback
    assert "wirebrush_pack_bad" not in sys.modules


def test_of_two_packs_that_claim_one_id_the_earlier_keeps_it(packs: Path) -> None:
    write(packs / "a.py", default=1)
    write(packs / "b.py", default=2)
    loaded = load(packs)
    assert loaded.types["Thing"].spec.pack == "a"
    assert loaded.types["a/Thing"] is loaded.types["Thing"]
    assert loaded.types["b/Thing"].spec.id == "b/Thing"
    assert loaded.types["b/Thing"].spec.inputs[0].default == 2
    assert "Node type 'Thing' is declared by pack 'a' too" in loaded.failures[0].error


def test_former_ids_still_work_but_are_not_in_the_catalog(packs: Path) -> None:
    write(packs / "a.py", "New", formerly=("Old",))
    loaded = load(packs)
    assert loaded.spec("Old").id == "New"
    assert ids(loaded) == ["New"]


def test_nodes_imported_from_another_pack_are_not_declared_again(packs: Path) -> None:
    write(packs / "a.py")
    (packs / "b.py").write_text("from wirebrush_pack_a import thing")
    loaded = load(packs)
    assert ids(loaded) == ["Thing"]
    assert loaded.failures == ()


def test_the_source_hash_follows_every_file_of_the_pack(packs: Path) -> None:
    write(packs / "a" / "__init__.py")
    (packs / "a" / "helper.py").write_text("x = 1")
    write(packs / "b.py", "Other")

    def sources() -> tuple[str, str]:
        loaded = load(packs)
        return loaded.types["Thing"].spec.source, loaded.types["Other"].spec.source

    before = sources()
    assert sources() == before
    (packs / "a" / "helper.py").write_text("x = 2")
    after = sources()
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_sources_that_a_pack_names_count_as_its_own(packs: Path, tmp_path: Path) -> None:
    library = tmp_path / "library_for_test" / "__init__.py"
    library.parent.mkdir()
    library.write_text("x = 1")
    sys.path.insert(0, str(tmp_path))
    try:
        write(packs / "a.py")
        text = (packs / "a.py").read_text()
        (packs / "a.py").write_text(text + "\n__sources__ = ('library_for_test',)\n")
        before = load(packs).types["Thing"].spec.source
        library.write_text("x = 2")
        assert load(packs).types["Thing"].spec.source != before
    finally:
        sys.path.remove(str(tmp_path))


def test_code_without_a_file_is_volatile(packs: Path) -> None:
    (packs / "a.py").write_text(
        dedent(
            """
            from wirebrush.api import *
            __file__ = "/nowhere/compiled.so"
            @node(id="Compiled", category="t")
            def compiled() -> int: return 1
            """
        )
    )
    one, two = load(packs).types["Compiled"], load(packs).types["Compiled"]
    assert one.volatile
    assert one.spec.source != two.spec.source


def test_a_spec_that_is_no_json_is_left_out(packs: Path) -> None:
    write(packs / "a.py", default="float('nan')")
    write(packs / "b.py", "Good")
    loaded = load(packs)
    assert ids(loaded) == ["Good"]
    assert "its defaults and ranges must be JSON values" in loaded.failures[0].error
    assert len(loaded.catalog()["digest"]) == 32


def left_out(*names: str, source: str = "") -> PackChoice:
    return PackChoice(ended={name: Ended("It explodes.", source) for name in names})


def test_a_pack_that_ended_a_worker_is_a_failure_and_is_not_imported(
    packs: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    (packs / "boom.py").write_text(f"open({str(ran)!r}, 'w')")
    write(packs / "good.py")
    named: list[str] = []
    loaded = load_packs(
        [packs],
        choice=left_out("boom"),
        use_entry_points=False,
        importing=lambda pack: named.append(pack.name),
    )
    assert ids(loaded) == ["Thing"]
    assert [failure.to_json() for failure in loaded.failures] == [
        {"pack": "boom", "error": "It explodes.", "traceback": ""}
    ]
    assert named == ["good"]
    assert not ran.exists()


def test_the_built_in_pack_can_be_left_out_too() -> None:
    names = {entry.name for entry in entry_points(group=GROUP)}
    loaded = load_packs(choice=left_out(*names))
    assert {failure.pack for failure in loaded.failures} == names >= {"builtin"}
    assert loaded.types == {}


def test_the_built_in_pack_comes_in_by_its_entry_point() -> None:
    loaded = load_packs()
    assert "builtin" in loaded.names
    assert all(kind.spec.pack for kind in loaded.types.values())


def test_a_traceback_begins_where_the_pack_does(packs: Path) -> None:
    (packs / "bad.py").write_text("def f():\n    1/0\nf()")
    (failure,) = load(packs).failures
    lines = failure.traceback.splitlines()
    assert lines[0].endswith('bad.py", line 3, in <module>')
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_an_id_given_twice_in_one_pack_is_said_and_the_first_stays(tmp_path: Path) -> None:
    (tmp_path / "twins.py").write_text(
        "from wirebrush import node\n"
        "@node(id='Same', category='t')\ndef first() -> int:\n    return 1\n"
        "@node(id='Same', category='t')\ndef second() -> int:\n    return 2\n"
    )
    loaded = load_packs([tmp_path], use_entry_points=False)
    assert loaded.types["Same"].declared.function() == 1
    (failure,) = loaded.failures
    assert failure.error == "Node type 'Same' is declared twice in this pack; give one another id."
