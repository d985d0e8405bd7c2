"""Pictures, masks, texts and plain values."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from wirebrush.api import Cond, NodeError, SilentRun
from wirebrush_nodes.image import empty_image, image_blend, image_invert, image_scale
from wirebrush_nodes.image_io import load_image, preview_image, save_image, save_image_websocket
from wirebrush_nodes.mask import load_image_mask
from wirebrush_nodes.primitive import preview_any, primitive_int, string_concatenate


def test_a_picture_and_its_transparency(run: SilentRun) -> None:
    picture, mask = load_image("red.png", run=run)

    assert picture.shape == (1, 24, 32, 3)
    assert picture[0, 5, 5].tolist() == pytest.approx([1.0, 0.0, 0.2])
    assert mask.shape == (1, 24, 32)
    assert mask[0, 0, 0] == 1.0
    assert mask[0, 5, 5] == 0.0


def test_channels_as_masks(run: SilentRun) -> None:
    assert load_image_mask("red.png", "alpha", run=run)[0, 0, :2].tolist() == [1.0, 0.0]
    assert load_image_mask("red.png", "red", run=run)[0, 0, :2].tolist() == [0.0, 1.0]
    assert load_image_mask("red.png", "blue", run=run)[0, 5, 5] == pytest.approx(0.2)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "I;16", "1", "CMYK", "LA"])
def test_every_kind_of_picture(models: Path, run: SilentRun, mode: str) -> None:
    array = np.linspace(0, 65535, 48, dtype=np.uint16).reshape(6, 8)
    image = (
        Pil.fromarray(array) if mode == "I;16" else Pil.new("RGB", (8, 6), "white").convert(mode)
    )
    name = f"{mode.replace(';', '')}.{'jpg' if mode == 'CMYK' else 'png'}"
    image.save(models / "image" / name)

    picture, mask = load_image(name, run=run)

    assert picture.shape == (1, 6, 8, 3)
    assert picture.max() == pytest.approx(1.0, abs=0.01)
    assert mask.shape == ((1, 6, 8) if mode == "LA" else (1, 64, 64))


def test_animations_are_batches_and_photos_are_upright(models: Path, run: SilentRun) -> None:
    frames = [Pil.new("RGB", (8, 6), colour) for colour in ("red", "green", "blue")]
    frames[0].save(models / "image" / "moving.gif", save_all=True, append_images=frames[1:])
    exif = Pil.Exif()
    exif[274] = 6  # turned by 90 degrees
    frames[0].save(models / "image" / "turned.jpg", exif=exif)

    assert load_image("moving.gif", run=run).IMAGE.shape == (3, 6, 8, 3)
    assert load_image("turned.jpg", run=run).IMAGE.shape == (1, 8, 6, 3)


def test_what_is_no_picture(models: Path, run: SilentRun) -> None:
    (models / "image" / "notes.png").write_text("hello")
    whole = io.BytesIO()
    Pil.effect_noise((64, 64), 90).save(whole, "PNG")
    (models / "image" / "half.png").write_bytes(whole.getvalue()[:2000])

    for name in ("notes.png", "half.png"):
        with pytest.raises(NodeError, match=f"{name} cannot be read as a picture") as caught:
            load_image(name, run=run)
        assert caught.value.port == "image"


def test_saving_and_loading_is_the_identity(models: Path, run: SilentRun) -> None:
    picture = torch.randint(0, 256, (1, 16, 16, 4)) / 255.0

    save_image(picture, run=run)
    preview_image(picture[..., :1], run=run)

    assert [asset.kind for asset, _ in run.saved] == ["output", "preview"]
    (models / "image" / "again.png").write_bytes(run.saved[0][1])
    colours, mask = load_image("again.png", run=run)
    assert torch.equal(colours, picture[..., :3])
    assert torch.allclose(mask, 1 - picture[..., 3])


def test_what_is_between_two_steps_becomes_the_lower_one_as_in_the_field(run: SilentRun) -> None:
    steps = torch.tensor([[0.5, 127.99 / 255], [254.9 / 255, 1.0]])
    save_image(steps.reshape(1, 2, 2, 1), run=run)
    pixels = torch.tensor(np.array(Pil.open(io.BytesIO(run.saved[0][1]))))
    assert pixels.tolist() == [[127, 127], [254, 255]]


def test_pictures_that_are_only_sent(run: SilentRun) -> None:
    save_image_websocket(torch.rand(2, 8, 8, 3), run=run)

    sent = [asset for asset, _ in run.saved]
    assert [(asset.kind, asset.name) for asset in sent] == [("preview", "websocket.png")] * 2
    assert all(data.startswith(b"\x89PNG") for _, data in run.saved)


def test_numbers_that_are_no_colours_do_not_crash(run: SilentRun) -> None:
    save_image(torch.tensor([float("nan"), float("inf"), -3.0]).expand(1, 4, 4, 3), run=run)
    assert Pil.open(io.BytesIO(run.saved[0][1])).getpixel((0, 0)) == (0, 255, 0)


def test_scaling() -> None:
    picture = torch.rand((2, 10, 20, 3))

    assert image_scale(picture, "lanczos", 40, 40, "center").shape == (2, 40, 40, 3)
    assert image_scale(picture, "bicubic", 0, 5).shape == (2, 5, 10, 3)
    assert torch.equal(image_scale(picture, "area", 0, 0), picture)
    assert image_scale(picture, "bicubic", 33, 7).amax() <= 1.0


def test_inverting_blending_and_plain_pictures() -> None:
    white = empty_image(4, 2, 3, 0xFF8000)

    assert white.shape == (3, 2, 4, 3)
    assert white[0, 0, 0].tolist() == pytest.approx([1.0, 128 / 255, 0.0])
    assert torch.equal(image_invert(image_invert(white)), white)
    assert torch.equal(image_blend(white, white, 0.3, "normal"), white)
    with pytest.raises(NodeError, match="3 pictures, the other 2") as caught:
        image_blend(white, white[:2])
    assert caught.value.port == "image2"


def test_texts_and_values(run: SilentRun) -> None:
    assert string_concatenate("a", "b", ", ") == "a, b"
    assert primitive_int(-5) == -5
    for value, shown in (
        ("text", "text"),
        (3, "3"),
        (True, "true"),
        ({"a": [1, None]}, '{\n  "a": [\n    1,\n    null\n  ]\n}'),
        (torch.tensor([[0.0, 0.5]]), "1x2 float32, 0 to 0.5"),
        ((Cond(torch.zeros((1, 77, 8))),), "Cond (embedding: 1x77x8 float32, 0 to 0, options: {})"),
        (object, str(object)),
    ):
        preview_any(value, run=run)
        assert run.texts[-1] == shown
    preview_any("x" * 10**6, run=run)
    assert len(run.texts[-1]) == 20_000
