"""Nodes that change pictures and masks: shapes, identities, and nothing written into inputs."""

from __future__ import annotations

import pytest
import torch

from wirebrush.api import NodeError, SilentRun
from wirebrush_nodes import compositing, image_batch, image_filters, image_scaling, mask, mask_shape
from wirebrush_nodes import image_transform as transform


def picture(count: int = 2, height: int = 6, width: int = 10, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(height * width)
    return torch.rand((count, height, width, channels), generator=generator)


def test_scaling() -> None:
    image = picture()

    assert image_scaling.image_scale_by(image, "lanczos", 2.5).shape == (2, 15, 25, 3)
    assert torch.equal(image_scaling.image_scale_by(image, "bicubic", 1.0), image)
    small = image_scaling.image_scale_to_total_pixels(image, "area", 0.01)
    assert abs(small.shape[1] * small.shape[2] - 10486) < 200
    assert image_scaling.image_scale_to_max_dimension(image, "area", 5).shape == (2, 3, 5, 3)
    assert image_scaling.image_scale_to_max_dimension(image, "area", 0) is image
    assert image_scaling.flux_kontext_image_scale(image).shape == (2, 800, 1328, 3)
    assert image_scaling.flux_kontext_image_scale(picture(1, 8, 8)).shape == (1, 1024, 1024, 3)


def test_turning_mirroring_cutting() -> None:
    image = picture()
    turned = image
    for _ in range(4):
        turned = transform.image_rotate(turned, "270 degrees")

    assert torch.equal(turned, image)
    assert transform.image_rotate(image, "90 degrees").shape == (2, 10, 6, 3)
    mirrored = transform.image_flip(image, "y-axis: horizontally")
    assert torch.equal(mirrored[:, :, 0], image[:, :, -1])
    assert torch.equal(transform.image_flip(mirrored, "y-axis: horizontally"), image)
    assert torch.equal(transform.image_crop(image, 4, 3, 2, 1), image[:, 1:4, 2:6])
    wide, hole = transform.image_pad_for_outpaint(image, 8, 16, 0, 0, 2)
    assert wide.shape == (2, 22, 18, 3)
    assert torch.equal(transform.image_crop(wide, 10, 6, 8, 16), image)
    assert hole[0, 0, 0] == 1


def test_joining_and_framing() -> None:
    image = picture()

    assert transform.image_stitch(image) is image
    assert transform.image_stitch(image, image2=picture(1, 12, 20)).shape == (2, 6, 20, 3)
    assert transform.resize_and_pad_image(image, 20, 20).shape == (2, 20, 20, 3)


def test_batches(run: SilentRun) -> None:
    image = picture(3)
    both = image_batch.image_batch(image, picture(1, 12, 20))

    assert both.shape == (4, 6, 10, 3)
    assert torch.equal(image_batch.image_from_batch(both, 0, 3), image)
    assert image_batch.image_from_batch(image, 4095, 4096).shape[0] == 1
    assert image_batch.repeat_image_batch(image, 2).shape[0] == 6
    sizes = [len(part) for part in image_batch.rebatch_images([image, picture(1, 2, 2)], 2)]
    assert sizes == [2, 1, 1]
    assert image_batch.get_image_size(image, run=run) == (10, 6, 3)
    assert run.said == ["width: 10, height: 6\n batch size: 3"]
    assert run.texts == ["width: 10, height: 6, batch size: 3"]


def test_filters() -> None:
    image = picture()

    assert image_filters.image_blur(image, 31, 1.0).shape == image.shape
    assert torch.equal(image_filters.image_sharpen(image, 3, 1.0, 0.0), image)
    assert image_filters.image_quantize(image[:1], 2).unique().numel() <= 6
    assert image_filters.morphology(image, "dilate", 999).amax() == image.amax()
    assert torch.equal(image_filters.image_add_noise(image, 1, 0.0), image)
    parts = image_filters.image_rgb_to_yuv(image)
    assert torch.allclose(image_filters.image_yuv_to_rgb(*parts), image, atol=1e-5)
    with pytest.raises(NodeError, match="3 or 4 channels") as caught:
        image_filters.image_quantize(image[..., :1])
    assert caught.value.port == "image"


def test_one_picture_over_another() -> None:
    below, above = picture(), picture(1, 3, 3, 4)
    before = below.clone()
    laid = compositing.image_composite_masked(below, above, 2, 1)

    assert torch.equal(laid[:, 1:4, 2:5], above[..., :3].repeat(2, 1, 1, 1))
    assert torch.equal(below, before)
    none = compositing.image_composite_masked(below, above, mask=torch.zeros(1, 5, 5))
    assert torch.equal(none, below)
    with pytest.raises(NodeError, match="A mask is") as caught:
        compositing.image_composite_masked(below, above, mask=torch.zeros(3))
    assert caught.value.port == "mask"


def test_transparency_taken_off_and_put_on() -> None:
    image = picture(2, 6, 10, 4)
    colours, hidden = compositing.split_image_with_alpha(image)

    assert torch.allclose(compositing.join_image_with_alpha(colours, hidden), image)
    assert compositing.split_image_with_alpha(colours).MASK.eq(0).all()


def test_layers_of_other_sizes() -> None:
    colours, hidden = compositing.porter_duff_image_composite(
        picture(1, 3, 3), torch.zeros(1, 2, 2), picture(2), torch.zeros(1, 6, 10), "SRC"
    )
    assert colours.shape == (2, 6, 10, 3)
    assert hidden.eq(0).all()
    with pytest.raises(NodeError, match="Only pictures in colour"):
        compositing.porter_duff_image_composite(
            picture(), torch.zeros(1, 2, 2), picture()[..., :1], torch.zeros(1, 2, 2)
        )


def test_masks_and_pictures(run: SilentRun) -> None:
    grey = torch.rand((2, 4, 5))
    shown = mask.mask_to_image(grey)

    assert shown.shape == (2, 4, 5, 3)
    assert torch.equal(mask.image_to_mask(shown, "green"), grey)
    assert mask.image_to_mask(shown, "alpha").eq(1).all()
    assert mask.image_color_to_mask(torch.zeros(1, 2, 2, 3), 0).eq(1).all()
    mask.mask_preview(grey, run=run)
    assert [asset.kind for asset, _ in run.saved] == ["preview", "preview"]
    with pytest.raises(NodeError, match="A mask is"):
        mask.mask_to_image(torch.zeros(2))


def test_masks_made_and_changed() -> None:
    solid = mask.solid_mask(0.5, 6, 4)

    assert solid.shape == (1, 4, 6)
    assert torch.equal(mask.invert_mask(mask.invert_mask(solid)), solid)
    assert mask.threshold_mask(solid, 0.5).eq(0).all()
    assert mask.threshold_mask(solid, 0.49).eq(1).all()
    assert mask_shape.crop_mask(solid, 2, 1, 99, 2).shape == (1, 2, 4)
    assert mask_shape.feather_mask(solid, 2)[0, 0, :3].tolist() == [0.25, 0.5, 0.5]
    assert mask_shape.mask_composite(solid, solid, operation="subtract").eq(0).all()
    spot = torch.zeros((1, 5, 5))
    spot[0, 2, 2] = 1
    assert mask_shape.grow_mask(spot, 1).sum() == 5
    assert mask_shape.grow_mask(spot, 1, False).sum() == 9
    assert torch.equal(mask_shape.grow_mask(mask_shape.grow_mask(spot, 1, False), -1, False), spot)
    assert spot.sum() == 1
