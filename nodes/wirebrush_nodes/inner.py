"""A UNet's inside, computed smaller or in less detail: for large pictures, or faster steps."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Model, Range, Unit, node

Percent = Annotated[float, Range(0.0, 1.0, 0.001)]
Method = Literal["bicubic", "nearest-exact", "bilinear", "area", "bislerp"]


@node(
    id="PatchModelAddDownscale",
    category="model_patches/unet",
    title="PatchModelAddDownscale (Kohya Deep Shrink)",
)
def patch_model_add_downscale(
    model: Model,
    block_number: Annotated[int, Range(1, 32)] = 3,
    downscale_factor: Annotated[float, Range(0.1, 9.0, 0.001)] = 2.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 0.35,
    downscale_after_skip: bool = True,
    downscale_method: Method = "bicubic",
    upscale_method: Method = "bicubic",
) -> Model:
    """Paint larger pictures than the model was trained for, without things standing there twice.

    At the beginning of the sampling, the inside of the model sees the picture smaller than it is
    and lays it out in the size that it knows. For UNets (Stable Diffusion 1, 2, XL).

    Args:
        model: The model.
        block_number: From which block on the way in; 3 is where the first level ends.
        downscale_factor: How many times smaller: how much larger the picture is than usual.
        start_percent: The part of the sampling before which it does nothing, 0 to 1.
        end_percent: The part of the sampling after which it does nothing.
        downscale_after_skip: What goes straight from the way in to the way out keeps its size.
        downscale_method: How it is made smaller.
        upscale_method: How it is made larger again.
    """
    return model.tweaked(
        "PatchModelAddDownscale",
        block_number=block_number,
        downscale_factor=downscale_factor,
        start_percent=start_percent,
        end_percent=end_percent,
        downscale_after_skip=downscale_after_skip,
        downscale_method=downscale_method,
        upscale_method=upscale_method,
    )


@node(id="HyperTile", category="model_patches/unet", title="HyperTile (lossy)", lossy=True)
def hyper_tile(
    model: Model,
    tile_size: Annotated[int, Range(1, 2048)] = 256,
    swap_size: Annotated[int, Range(1, 128)] = 2,
    max_depth: Annotated[int, Range(0, 10)] = 0,
    scale_depth: bool = False,
) -> Model:
    """*Lossy*: the places of a large picture look around in their tile only. Faster steps.

    For UNets (Stable Diffusion 1, 2, XL). Tiles change from step to step, so that no seam stays.

    Args:
        model: The model to make faster.
        tile_size: At least so many pixels a side; 256 and more.
        swap_size: Among how many sizes of tiles each step chooses; 1 is always the same.
        max_depth: Down to which level of the model; 0 is the finest, where most time is spent.
        scale_depth: Let tiles cover more of the picture at coarser levels.
    """
    return model.tweaked(
        "HyperTile",
        tile_size=tile_size,
        swap_size=swap_size,
        max_depth=max_depth,
        scale_depth=scale_depth,
    )


@node(
    id="TomePatchModel",
    category="model_patches/unet",
    title="TomePatchModel (lossy)",
    lossy=True,
)
def tome_patch_model(model: Model, ratio: Unit = 0.3) -> Model:
    """*Lossy*: places of the picture that look alike share one answer (token merging).

    Faster steps, for large pictures above all. For UNets (Stable Diffusion 1, 2, XL).

    Args:
        model: The model to make faster.
        ratio: The part of the places that joins another; 0 changes nothing.
    """
    return model if ratio == 0.0 else model.tweaked("TomePatchModel", ratio=ratio)
