"""ComfyUI's extra_model_paths.yaml, as people have it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wirebrush.engine.worker import WorkerConfig
from wirebrush.folders import KindFolder, ModelFolders
from wirebrush.jobs.worker import WorkerCommand
from wirebrush.modelpaths import BadModelPaths, read_model_paths

USUAL = """
# what a person with another program's folders writes
other:
    base_path: {base}
    checkpoints: models/Stable-diffusion
    loras: |
         models/Lora
         models/LyCORIS
    unet: models/unet
    clip: /elsewhere/clip/
mine:
    is_default: true
    base_path: own
    checkpoints: checkpoints/
    custom_nodes: packs
plain:
    embeddings: ./words
empty:
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The usual file, in a folder of its own."""
    path = tmp_path / "ComfyUI" / "extra_model_paths.yaml"
    path.parent.mkdir()
    path.write_text(USUAL.format(base=tmp_path / "webui"))
    return path


def test_the_folders_of_a_file(file: Path, tmp_path: Path) -> None:
    webui, home = tmp_path / "webui", file.parent
    found = read_model_paths(file)
    assert found.models == (
        KindFolder("checkpoints", webui / "models/Stable-diffusion"),
        KindFolder("loras", webui / "models/Lora"),
        KindFolder("loras", webui / "models/LyCORIS"),
        KindFolder("diffusion_models", webui / "models/unet"),
        KindFolder("text_encoders", Path("/elsewhere/clip")),
        KindFolder("checkpoints", home / "own/checkpoints", first=True),
        KindFolder("embeddings", home / "words"),
    )
    assert found.packs == (home / "own/packs",)


def test_a_home_and_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DISK", str(tmp_path / "disk"))
    file = tmp_path / "x.yaml"
    file.write_text("a:\n  base_path: ~/sd\n  vae: v\nb:\n  base_path: $DISK\n  vae: v\n")
    assert [folder.path for folder in read_model_paths(file).models] == [
        tmp_path / "sd/v",
        tmp_path / "disk/v",
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "a:\n", "a:\n  base_path: /x\n"])
def test_a_file_that_names_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    assert read_model_paths(file).models == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "in line 1"),
        ("a:\n\tb: c", "in line 2"),
        ("just words", "must have lines such as"),
        ("- a\n- b", "must have lines such as"),
        ("a: models", "'a' of"),
        ("a:\n  loras: [x, y]", "a.loras in"),
        ("a:\n  loras: 7", "Several stand below each other"),
        ("a:\n  base_path: {}", "a.base_path"),
        ("a:\n  is_default: maybe", "a.is_default in"),
        ("a: !!python/object:os.system x", "in line 1"),
        ("\x00", "no YAML"),
    ],
)
def test_a_broken_file_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(BadModelPaths) as told:
        read_model_paths(file)
    assert words in str(told.value)
    assert "x.yaml" in str(told.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadModelPaths, match="cannot be read: No such file"):
        read_model_paths(tmp_path / "gone.yaml")


def test_default_folders_go_before_roots_and_others_after(tmp_path: Path) -> None:
    single = [
        KindFolder("loras", tmp_path / "last"),
        KindFolder("loras", tmp_path / "second", first=True),
        KindFolder("loras", tmp_path / "first", first=True),
        KindFolder("vae", tmp_path / "vae"),
    ]
    folders = ModelFolders([tmp_path / "root"], single)
    assert [path.name for path in folders.bases("loras")] == ["first", "second", "loras", "last"]
    for name in ("last", "second", "root/loras"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "ink.safetensors").write_text(name)
    (tmp_path / "last" / "other.safetensors").touch()
    assert folders.names("loras") == ["ink.safetensors", "other.safetensors"]
    found = folders.find("loras", "ink.safetensors")
    assert found == tmp_path / "second" / "ink.safetensors"


def test_folders_of_comfyuis_old_names_count_where_the_new_ones_do(file: Path) -> None:
    folders = ModelFolders([], read_model_paths(file).models)
    assert [path.name for path in folders.bases("diffusion_models")] == ["unet"]
    assert [path.name for path in folders.bases("text_encoders")] == ["clip"]


def test_a_folder_comes_to_the_worker(tmp_path: Path) -> None:
    folders = (KindFolder("loras", tmp_path, True), KindFolder("vae", tmp_path))
    command = WorkerCommand.engine(
        "w", "cpu", tmp_path, model_folders=folders, memory_bytes=1, disk_bytes=1
    )
    config = WorkerConfig.from_json(json.loads(command.argv[-1]))
    assert config.model_folders == folders
