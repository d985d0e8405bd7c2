"""Filters, sheets and layers against the formulas written out."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.pictures import filters, porter_duff, sheets

quick = settings(max_examples=25, deadline=None)


def picture(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@quick
@given(st.integers(1, 3), st.floats(0.1, 10.0))
def test_blurring_is_a_gaussian_on_a_window_of_two(radius: int, sigma: float) -> None:
    image = picture(1, 9, 8, 3)
    places = torch.linspace(-1, 1, 2 * radius + 1)
    x, y = torch.meshgrid(places, places, indexing="ij")
    kernel = torch.exp(-(x**2 + y**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    window = image[0, 4 - radius : 5 + radius, 4 - radius : 5 + radius, 1]

    blurred = filters.blurred(image, radius, sigma)
    if radius <= 3 and window.shape == kernel.shape:
        assert float(blurred[0, 4, 4, 1]) == pytest.approx(float((window * kernel).sum()), abs=1e-5)
    plain = torch.full((1, 5, 5, 3), 0.4)
    assert torch.allclose(filters.blurred(plain, radius, sigma), plain)
    assert filters.blurred(picture(1, 1, 2, 3), 31, sigma).shape == (1, 1, 2, 3)


def test_sharpening_adds_what_blurring_takes() -> None:
    image = picture(1, 9, 8, 3) * 0.2 + 0.4
    away = image - filters.blurred(image, 2, 1.0)

    assert torch.equal(filters.sharpened(image, 2, 1.0, 0.0), image)
    assert torch.allclose(filters.sharpened(image, 2, 1.0, 0.02), image + 0.2 * away)


def test_noise_is_the_seeds() -> None:
    image = torch.full((1, 4, 4, 3), 0.5)
    wanted = torch.randn(image.shape, generator=torch.Generator().manual_seed(7))

    assert torch.allclose(filters.noisy(image, 7, 0.1), (image + 0.1 * wanted).clamp(0, 1))
    assert torch.equal(filters.noisy(image, 7, 0.0), image)


@quick
@given(st.sampled_from([3, 4, 5]), st.integers(0, 50))
def test_morphology(size: int, seed: int) -> None:
    image = picture(1, 7, 6, 3, seed=seed)
    wide, thin = filters.dilated(image, size), filters.eroded(image, size)
    o = size // 2

    window = image[:, max(0, 3 - o) : 3 - o + size, max(0, 2 - o) : 2 - o + size]
    assert torch.equal(wide[0, 3, 2], window.amax(dim=(1, 2))[0])
    assert torch.equal(thin[0, 3, 2], window.amin(dim=(1, 2))[0])
    if size % 2:
        made = {name: rule(image, size) for name, rule in filters.MORPHOLOGY.items()}
        assert made["open"].le(image + 1e-6).all()
        assert made["close"].ge(image - 1e-6).all()
        assert torch.equal(made["gradient"], wide - thin)
        assert made["top_hat"].ge(-1e-6).all()
        assert made["bottom_hat"].ge(-1e-6).all()


@pytest.mark.parametrize("dither", ["none", "floyd-steinberg", "bayer-2", "bayer-16"])
def test_few_colours(dither: str) -> None:
    ramp = torch.linspace(0, 1, 32).view(1, 1, 32, 1).repeat(2, 8, 1, 3)
    few = filters.quantized(ramp, 4, dither)

    assert few.shape == ramp.shape
    assert len(few[0].reshape(-1, 3).unique(dim=0)) <= 4
    assert float((few - ramp).abs().mean()) < 0.25
    with pytest.raises(DiffusionError, match="3 or 4 channels, this has 1"):
        filters.quantized(ramp[..., :1], 4, dither)


def test_bayers_matrix() -> None:
    assert (filters.bayer(2) * 4 + 2).tolist() == [[0.0, 2.0], [3.0, 1.0]]
    for order in (4, 8, 16):
        found = ((filters.bayer(order) + 0.5) * order**2).flatten().sort().values
        assert torch.equal(found, torch.arange(order**2).float())


def test_brightness_and_colour_apart_and_together() -> None:
    image = picture(2, 3, 4, 3)
    luma, blueness, redness = filters.to_yuv(image)

    assert torch.allclose(filters.from_yuv(luma, blueness, redness), image, atol=1e-5)
    white = filters.to_yuv(torch.ones(1, 1, 1, 3))
    assert [float(plane) for plane in white] == pytest.approx([1.0, 0.5, 0.5])
    assert torch.allclose(filters.grey(image)[..., 0], luma)
    assert filters.grey(picture(1, 2, 2, 4)).shape == (1, 2, 2, 4)


@quick
@given(st.sampled_from(["right", "down", "left", "up"]), st.booleans(), st.integers(0, 5))
def test_stitching(direction: sheets.Direction, match: bool, spacing: int) -> None:
    first, second = picture(2, 4, 6, 3), picture(1, 8, 3, 3, seed=1)
    sheet = sheets.stitched(first, second, direction, match=match, spacing=spacing, colour="red")

    gap = spacing + spacing % 2
    beside = direction in ("right", "left")
    size = {
        (True, True): (4, 6 + gap + 2),
        (True, False): (8, 6 + gap + 3),
        (False, True): (4 + gap + 16, 6),
        (False, False): (4 + gap + 8, 6),
    }[beside, match]
    assert sheet.shape == (2, *size, 3)
    top = (size[0] - 4) // 2 if beside else (0 if direction == "down" else size[0] - 4)
    left = (0 if direction == "right" else size[1] - 6) if beside else 0
    assert torch.equal(sheet[:, top : top + 4, left : left + 6], first)
    if gap and beside and direction == "right":
        assert sheet[0, 0, 6].tolist() == [1.0, 0.0, 0.0]


@quick
@given(*[st.integers(0, 6)] * 4, st.integers(0, 5))
def test_a_rim_and_its_mask(left: int, top: int, right: int, bottom: int, feather: int) -> None:
    image = picture(2, 11, 12, 3)
    wide, mask = sheets.widened(image, left, top, right, bottom, feather)

    inside = (slice(None), slice(top, top + 11), slice(left, left + 12))
    assert torch.equal(wide[inside], image)
    assert mask.shape == (1, 11 + top + bottom, 12 + left + right)
    outside = mask.clone()
    outside[inside] = 1
    assert outside.eq(1).all()
    for i, j in ((0, 0), (5, 6), (10, 11), (3, 9)):
        near = min(
            i if top else 11, 11 - i if bottom else 11, j if left else 12, 12 - j if right else 12
        )
        wanted = max(0.0, (feather - near) / feather) ** 2 if feather else 0.0
        assert float(mask[0, top + i, left + j]) == pytest.approx(wanted)


def test_letterboxes_and_plain_sheets() -> None:
    boxed = sheets.letterboxed(torch.full((1, 4, 8, 3), 0.5), 8, 8, "black", "area")

    assert boxed[0, :, 0, 0].tolist() == [0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0]
    assert sheets.plain(torch.zeros(2, 1, 1, 4), 3, 2, "blue")[1, 1, 2].tolist() == [0, 0, 1, 1]
    both = sheets.together(picture(1, 4, 4, 3), picture(2, 8, 6, 4))
    assert both.shape == (3, 4, 4, 4)


def test_transparency_from_a_mask() -> None:
    joined = sheets.with_alpha(picture(1, 4, 4, 4), torch.ones(2, 1, 2, 2))
    assert joined.shape == (2, 4, 4, 4)
    assert joined[..., 3].eq(0).all()


def test_layers() -> None:
    red, blue = torch.zeros(1, 1, 1, 3), torch.zeros(1, 1, 1, 3)
    red[..., 0] = blue[..., 2] = 1
    half, opaque, clear = (torch.full((1, 1, 1), alpha) for alpha in (0.5, 0.0, 1.0))

    def seen(mode: str, above: torch.Tensor, below: torch.Tensor) -> list[float]:
        colour, mask = porter_duff.composed((red, above), (blue, below), mode)
        return [round(n, 4) for n in (*colour[0, 0, 0].tolist(), float(mask))]

    assert seen("SRC_OVER", half, opaque) == [0.5, 0.0, 0.5, 0.0]
    assert seen("SRC_OVER", opaque, half) == [1.0, 0.0, 0.0, 0.0]
    assert seen("DST_OVER", opaque, opaque) == [0.0, 0.0, 1.0, 0.0]
    assert seen("SRC_IN", opaque, half) == [1.0, 0.0, 0.0, 0.5]
    assert seen("SRC_OUT", opaque, opaque) == [0.0, 0.0, 0.0, 1.0]
    assert seen("XOR", opaque, clear) == [1.0, 0.0, 0.0, 0.0]
    assert seen("ADD", opaque, opaque) == [1.0, 0.0, 1.0, 0.0]
    assert seen("MULTIPLY", opaque, opaque) == [0.0, 0.0, 0.0, 0.0]
    assert seen("SCREEN", opaque, opaque) == [1.0, 0.0, 1.0, 0.0]
    assert seen("LIGHTEN", opaque, opaque) == [1.0, 0.0, 1.0, 0.0]
    assert seen("DARKEN", opaque, opaque) == [0.0, 0.0, 0.0, 0.0]
    assert seen("CLEAR", opaque, opaque) == [0.0, 0.0, 0.0, 1.0]


@quick
@given(st.sampled_from(sorted(porter_duff.MODES)), st.integers(0, 30))
def test_layers_stay_colours(mode: str, seed: int) -> None:
    pairs = [
        (picture(1, 2, 2, 3, seed=seed + i), picture(1, 2, 2, seed=seed + 9 + i)) for i in (0, 1)
    ]
    colour, mask = porter_duff.composed(pairs[0], pairs[1], mode)

    for values in (colour, mask):
        assert values.ge(-1e-6).all()
        assert values.le(1 + 1e-6).all()
    if mode in ("SRC", "DST"):
        wanted = pairs[mode == "DST"]
        assert torch.allclose(colour, wanted[0], atol=1e-5)
        assert torch.allclose(mask, wanted[1], atol=1e-6)
