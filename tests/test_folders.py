"""Model folders find what is there, and nothing outside."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.folders import ModelFolders, packaged_roots


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("checkpoints/a.safetensors", "checkpoints/sub/b.ckpt", "clip/old.safetensors"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "checkpoints/folder/unet").mkdir(parents=True)
    (tmp_path / "checkpoints/folder/model_index.json").write_text("{}")
    (tmp_path / "checkpoints/folder/unet/diffusion.safetensors").write_bytes(b"x")
    (tmp_path / "checkpoints/readme.txt").write_text("no model")
    (tmp_path / "secret.safetensors").write_bytes(b"x")
    return tmp_path


def test_files_and_diffusers_folders_are_listed_once(root: Path) -> None:
    folders = ModelFolders([root, root])
    assert folders.names("checkpoints") == ["a.safetensors", "folder", "sub/b.ckpt"]


def test_data_sets_are_folders_with_files(root: Path) -> None:
    for name in ("datasets/cats/1.png", "datasets/dogs/big/1.png", "datasets/.git/x"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    (root / "datasets/loose.png").write_bytes(b"x")
    folders = ModelFolders([root])
    assert folders.names("datasets") == ["cats", "dogs/big"]
    assert folders.find("datasets", "dogs/big") == root / "datasets/dogs/big"


def test_the_fields_other_folder_names_count_too(root: Path) -> None:
    folders = ModelFolders([root])
    assert folders.names("text_encoders") == ["old.safetensors"]
    assert folders.find("text_encoders", "old.safetensors") == root / "clip/old.safetensors"


def test_earlier_roots_win(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "checkpoints").mkdir()
    (other / "checkpoints/a.safetensors").write_bytes(b"mine")
    found = ModelFolders([other, root]).find("checkpoints", "a.safetensors")
    assert found == other / "checkpoints/a.safetensors"


def test_a_loop_of_links_ends(root: Path) -> None:
    (root / "checkpoints/sub/loop").symlink_to(root / "checkpoints")
    assert "a.safetensors" in ModelFolders([root]).names("checkpoints")


HOSTILE = ["..", "../secret.safetensors", "/etc/passwd", "sub/../../secret.safetensors", "a\0b"]
HOSTILE += ["..\\secret.safetensors", "C:\\x", "C:x", "", ".", "\\\\host\\share"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_find_nothing(root: Path, name: str) -> None:
    assert ModelFolders([root]).find("checkpoints", name) is None
    assert ModelFolders([root]).find(name, "a.safetensors") is None


@given(st.lists(st.sampled_from(["..", ".", "sub", "", "a", "\\", "C:"]), max_size=6), st.data())
def test_no_name_leaves_the_folder(parts: list[str], data: st.DataObject) -> None:
    root = Path(__file__).parent
    joined = data.draw(st.sampled_from(["/", "\\"])).join(parts)
    found = ModelFolders([root.parent]).find(root.name, joined)
    assert found is None or found.resolve().is_relative_to(root)


def test_the_embedded_model_is_offered_by_its_package() -> None:
    roots = packaged_roots()
    assert any((root / "checkpoints").is_dir() for root in roots)


@pytest.mark.parametrize("strange", ["\0", "a\0b", "x" * 900, "..", ".", "", "a/b", "\udcff", "C:"])
def test_strange_kinds_and_names_find_nothing(tmp_path: Path, strange: str) -> None:
    (tmp_path / "loras").mkdir()
    (tmp_path / "x.safetensors").touch()
    folders = ModelFolders([tmp_path])
    assert folders.names(strange) == []
    assert folders.find(strange, "x.safetensors") is None
    assert folders.find("loras", strange) is None
    assert folders.picture("loras", strange) is None


def test_a_tiny_vae_is_there_when_both_its_halves_are(tmp_path: Path) -> None:
    folders = ModelFolders([tmp_path])
    approx = tmp_path / "vae_approx"
    approx.mkdir()
    (approx / "taesd_decoder.safetensors").touch()
    assert folders.names("vae") == []
    assert folders.find("vae", "taesd") is None

    (approx / "taesd_encoder.safetensors").touch()

    assert folders.names("vae") == ["taesd"]
    assert folders.find("vae", "taesd") == approx / "taesd_decoder.safetensors"
    assert folders.find("checkpoints", "taesd") is None


def test_vaes_that_are_shipped_can_be_chosen() -> None:
    assert "pixel_space" in ModelFolders(packaged_roots()).names("vae")


def test_configurations_are_listed_for_old_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    for name in ("v1-inference.yaml", "readme.txt"):
        (tmp_path / "configs" / name).touch()
    folders = ModelFolders([tmp_path])
    assert folders.names("configs") == ["v1-inference.yaml"]
    assert folders.find("configs", "v1-inference.yaml") is not None
