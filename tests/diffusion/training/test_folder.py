"""Folders of pictures with captions: what is read, and a sentence for what cannot be."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import pytest
import torch
from PIL import Image

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.training import folder as module
from wirebrush_diffusion.training.folder import captions_of, pictures_in, read_pictures

RED, BLUE = (255, 0, 0), (0, 0, 255)


def picture(path: Path, size: tuple[int, int] = (16, 16), colour: object = RED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)  # pyright: ignore[reportArgumentType]
    path.with_suffix(".txt").write_text(f"\ufeff{path.stem}\n  it is\n", "utf-8")
    return path


def test_pictures_by_name_with_what_they_show(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "c.WEBP", ".hidden.png"):
        picture(tmp_path / name)
    (tmp_path / "notes.md").write_text("x")
    (tmp_path / "a.txt").write_text("")
    picture(tmp_path / "other" / "no.png")
    picture(tmp_path / "3_often" / "d.png")

    found = pictures_in(tmp_path)

    assert [path.name for path in found] == ["a.jpg", "b.png", "c.WEBP", "d.png", "d.png", "d.png"]
    assert captions_of(found) == ["", "b it is", "c it is", "d it is", "d it is", "d it is"]
    assert read_pictures(found).shape == (6, 16, 16, 3)


def test_one_size_for_all(tmp_path: Path) -> None:
    wide = picture(tmp_path / "a.png", (32, 16))
    tall = picture(tmp_path / "b.png", (16, 32), BLUE)
    with Image.open(tall) as image:  # its left half is red
        image.paste(RED, (0, 0, 8, 32))
        image.save(tall)

    with pytest.raises(DiffusionError, match=r"b.png is 16x32, 32x16 was expected") as caught:
        read_pictures([wide, tall])
    assert caught.value.hint == "Choose Crop, Stretch or Pad, and they all get one size."
    for method in ("Stretch", "Crop", "Pad"):
        assert read_pictures([wide, tall], method).shape == (2, 16, 32, 3)
        assert read_pictures([wide, tall], method, 24, 8).shape == (2, 8, 24, 3)
        assert read_pictures([wide, tall], method, height=8).shape == (2, 8, 32, 3)
    padded = read_pictures([tall], "Pad", 32, 32)[0]
    assert padded[:, :8].max() == padded[:, 24:].max() == 0
    assert torch.allclose(padded[:, 9:15].mean((0, 1)), torch.tensor([1.0, 0.0, 0.0]), atol=0.05)


def test_photos_that_lie_on_a_side_are_measured_upright(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (32, 16), RED).save(path, exif=exif)
    assert read_pictures([path]).shape == (1, 32, 16, 3)


def test_each_picture_may_be_the_last(tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.png") for n in range(3)]
    asked: list[int] = []
    read_pictures([*paths, paths[0]], check=lambda: asked.append(1))
    assert len(asked) == 3


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiffusionError, match="has no pictures: it is empty"):
        pictures_in(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DiffusionError, match="has no pictures, but 1 other file"):
        pictures_in(tmp_path)
    paths = [picture(tmp_path / f"{n}.png") for n in range(6)]
    for path in paths[:5]:
        path.with_suffix(".txt").unlink()
    with pytest.raises(DiffusionError, match=r"5 of 6 .* no caption: 0.png, 1.png, 2.png\.\.\."):
        captions_of(paths)


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = picture(tmp_path / "a.png")
    path.with_suffix(".txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DiffusionError, match=r"a.txt is no text in UTF-8"):
        captions_of([path])
    path.with_suffix(".txt").write_text("a" * 20_000)
    with pytest.raises(DiffusionError, match=r"a.txt is too long"):
        captions_of([path])
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    with pytest.raises(DiffusionError, match=r"1 pictures of 16x16 pixels would take"):
        read_pictures([path])
    path.write_text("no picture")
    with pytest.raises(DiffusionError, match=r"a.png cannot be read as a picture"):
        read_pictures([path])


def test_a_picture_too_large_to_open_is_said(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", (1, 1))
    data = bytearray(path.read_bytes())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    data[29:33] = crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)
    with pytest.raises(DiffusionError, match=r"a.png cannot be read|60000x60000"):
        read_pictures([path])
