"""Functions of scripts that make pictures and masks of others, as text.

Pictures are tensors `[number, 3, rows, columns]` of 0 to 1, masks `[number, 1, rows, columns]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

FUNCTIONS: Mapping[str, str] = {
    "unscaled": '''
def unscaled(path):
    """The weights of a file in which those of 8 bits have factors beside them, multiplied out,
    which diffusers does not do."""
    stored, found = load_file(path), {}
    for name, weight in stored.items():
        module, _, part = name.rpartition(".")
        if part in ("scale_weight", "weight_scale", "scale_input", "input_scale"):
            continue
        if part not in ("scaled_fp8", "comfy_quant"):
            factors = (f"{module}.scale_weight", f"{module}.weight_scale")
            factor = next((stored[each] for each in factors if each in stored), None)
            if part == "weight" and factor is not None:
                weight = (weight.float() * factor.float()).to(dtype)
            found[name] = weight
    return found
''',
    "load": '''
def load(path):
    """A picture as numbers from 0 to 1: [1, 3, rows, columns]."""
    pixels = numpy.array(load_image(path))
    return torch.from_numpy(pixels).movedim(-1, 0)[None] / 255
''',
    "transparency": '''
def transparency(path):
    """A mask of what is transparent in a picture: [1, 1, rows, columns], 1 is transparent."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    alpha = numpy.array(picture.getchannel("A"))
    return 1 - torch.from_numpy(alpha)[None, None] / 255
''',
    "scale": '''
def scale(pictures, factor, method):
    """Pictures with sides so many times as long."""
    height, width = (max(1, round(side * factor)) for side in pictures.shape[-2:])
    return resize(pictures, width, height, method)
''',
    "scale_to": '''
def scale_to(pictures, megapixels, method):
    """Pictures of so many times 1024 x 1024 pixels."""
    height, width = pictures.shape[-2:]
    return scale(pictures, (megapixels * 1024 * 1024 / (height * width)) ** 0.5, method)
''',
    "fit": '''
def fit(pictures, width, height, method):
    """The middle of pictures, resized without changing its proportions."""
    tall, wide = pictures.shape[-2:]
    left = max(0, round((wide - tall * width / height) / 2))
    top = max(0, round((tall - wide * height / width) / 2))
    return resize(
        pictures[..., top : tall - top, left : wide - left], width, height, method
    )
''',
    "fit_kontext": '''
def fit_kontext(pictures):
    """The middle of pictures, at the size nearest to their proportions that FLUX.1 Kontext was
    trained on."""
    tall, wide = pictures.shape[-2:]
    width, height = min(
        PREFERRED_KONTEXT_RESOLUTIONS,
        key=lambda size: abs(size[0] / size[1] - wide / tall),
    )
    return fit(pictures, width, height, "lanczos")
''',
    "resize": '''
def resize(pictures, width, height, method):
    """Pictures at another size."""
    if pictures.shape[-2:] == (height, width):
        return pictures
    if method == "lanczos":
        planes = [
            Image.fromarray(plane.numpy()) for plane in pictures.cpu().flatten(0, 1)
        ]
        sized = [
            plane.resize((width, height), Image.Resampling.LANCZOS) for plane in planes
        ]
        found = torch.stack([torch.from_numpy(numpy.array(plane)) for plane in sized])
        return found.unflatten(0, pictures.shape[:2]).clamp(0, 1)
    found = torch.nn.functional.interpolate(pictures, size=(height, width), mode=method)
    return found.clamp(0, 1)
''',
    "canny": '''
def canny(pictures, low, high):
    """Edges, one pixel wide: where brightness changes most and by more than `high`, and what goes
    on from there by more than `low`."""
    conv2d, widen = torch.nn.functional.conv2d, torch.nn.functional.pad
    luma = pictures.new_tensor([0.299, 0.587, 0.114])
    grey = (pictures.movedim(1, -1) @ luma)[:, None]
    soft = torch.exp(torch.arange(-2.0, 3.0) ** 2 / -2).to(grey)
    soft = soft / soft.sum()
    grey = conv2d(widen(grey, (2, 2, 0, 0), mode="reflect"), soft.view(1, 1, 1, 5))
    grey = conv2d(widen(grey, (0, 0, 2, 2), mode="reflect"), soft.view(1, 1, 5, 1))
    sobel = grey.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    slopes = conv2d(
        widen(grey, (1, 1, 1, 1), mode="replicate"),
        torch.stack([sobel, sobel.T])[:, None],
    )
    across, down = slopes.split(1, dim=1)
    steep = (torch.hypot(across, down) * 2**14).round() / 2**14
    # An edge is where no neighbour across it is steeper.
    turn = (torch.atan2(down, across) * 4 / torch.pi).round().long() % 4
    around = widen(steep, (1, 1, 1, 1))
    rows, columns = steep.shape[-2:]
    ways = [(1, 0), (1, 1), (0, 1), (-1, 1)]
    ahead, behind = (
        torch.stack(
            [
                around[
                    ...,
                    1 + y * to : 1 + y * to + rows,
                    1 + x * to : 1 + x * to + columns,
                ]
                for x, y in ways
            ]
        ).gather(0, turn[None])[0]
        for to in (1, -1)
    )
    ridge = steep * ((steep > behind) & (steep >= ahead))
    edges, weak = (ridge > high).float(), (ridge > low).float()
    while True:
        grown = torch.nn.functional.max_pool2d(edges, 3, stride=1, padding=1) * weak
        if torch.equal(grown, edges):
            return edges.repeat(1, 3, 1, 1)
        edges = grown
''',
    "pad": '''
def pad(pictures, left, top, right, bottom, feather):
    """Pictures with grey around them, and a mask of the grey that fades into the picture."""
    sides = (left, right, top, bottom)
    height, width = pictures.shape[-2:]
    rows, columns = torch.arange(height), torch.arange(width)
    away = torch.full((height, width), float(height + width))  # how far the grey is
    for added, places in (
        (left, columns[None]),
        (right, width - columns[None]),
        (top, rows[:, None]),
        (bottom, height - rows[:, None]),
    ):
        away = away.minimum(places) if added else away
    inner = torch.zeros(height, width)
    if feather and feather * 2 < min(height, width):
        inner = ((feather - away) / feather).clamp(min=0) ** 2
    mask = torch.nn.functional.pad(inner, sides, value=1.0)[None, None]
    return torch.nn.functional.pad(pictures, sides, value=0.5), mask
''',
    "lay_over": '''
def lay_over(below, above, x, y, mask=None):
    """One picture over another, where a mask is white."""
    found = below.clone()
    place = found[..., y : y + above.shape[-2], x : x + above.shape[-1]]
    rows, columns = place.shape[-2:]
    weight = torch.ones(1) if mask is None else mask
    if mask is not None:
        weight = torch.nn.functional.interpolate(
            mask, above.shape[-2:], mode="bilinear"
        )
        weight = weight[..., :rows, :columns]
    place.copy_(
        torch.lerp(place, above[..., :rows, :columns].to(place), weight.to(place))
    )
    return found
''',
    "combine": '''
def combine(mask, other, x, y, way):
    """A mask with another one put to it at a place."""
    found = mask.clone()
    place = found[..., y : y + other.shape[-2], x : x + other.shape[-1]]
    other = other[..., : place.shape[-2], : place.shape[-1]]
    ways = {
        "multiply": place * other,
        "add": place + other,
        "subtract": place - other,
        "and": place.round() * other.round(),
        "or": place.round().maximum(other.round()),
        "xor": (place.round() - other.round()).abs(),
    }
    place.copy_(ways[way].clamp(0, 1))
    return found
''',
    "hollow": '''
def hollow(pictures, mask, grow):
    """Pictures with grey where a mask is white, and the mask, wider by `grow` pixels."""
    pictures = whole_cells(pictures)
    size = pictures.shape[-2:]
    hole = torch.nn.functional.interpolate(mask, size, mode="bilinear").round()
    wide = hole
    if grow > 1:
        before, after = grow // 2, grow - 1 - grow // 2
        wide = torch.nn.functional.pad(hole, (before, after, before, after))
        wide = torch.nn.functional.max_pool2d(wide, grow, stride=1)
    return (pictures - 0.5) * (1 - hole) + 0.5, wide
''',
    "stitch": '''
def stitch(first, second, side, gap, colour):
    """A second picture on a side of a first one."""
    along = -1 if side in ("left", "right") else -2
    across = -3 - along
    factor = first.shape[across] / second.shape[across]
    size = [0, 0]
    size[along], size[across] = round(second.shape[along] * factor), first.shape[across]
    second = resize(second, size[-1], size[-2], "lanczos")
    size[along] = gap + gap % 2
    colours = {"white": (1, 1, 1), "black": (0, 0, 0), "red": (1, 0, 0)}
    colours |= {"green": (0, 1, 0), "blue": (0, 0, 1)}
    between = first.new_tensor(colours[colour]).view(1, 3, 1, 1).expand(1, 3, *size)
    parts = [first, between, second]
    return torch.cat(parts if side in ("right", "down") else parts[::-1], dim=along)
''',
    "encode": '''
def encode(pictures):
    """Pictures as latents."""
    pixels = whole_cells(pictures) * 2 - 1
    found = pipe.vae.encode(pixels.to(device, pipe.vae.dtype)).latent_dist.mode()
    return found * pipe.vae.config.scaling_factor
''',
    "encode in full": '''
def encode(pictures):
    """Pictures as latents. SDXL's VAE needs 32 bits for it."""
    pixels = whole_cells(pictures) * 2 - 1
    vae = pipe.vae.to(torch.float32)
    found = vae.encode(pixels.to(device, vae.dtype)).latent_dist.mode()
    pipe.vae.to(dtype)
    return found.to(dtype) * vae.config.scaling_factor
''',
    "decode": '''
def decode(latents):
    """Latents as pictures."""
    found = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    return (found / 2 + 0.5).clamp(0, 1).float()
''',
    "decode in full": '''
def decode(latents):
    """Latents as pictures. SDXL's VAE needs 32 bits for it."""
    vae = pipe.vae.to(torch.float32)
    found = vae.decode(latents.float() / vae.config.scaling_factor).sample
    pipe.vae.to(dtype)
    return (found / 2 + 0.5).clamp(0, 1)
''',
    "whole_cells": '''
def whole_cells(pictures):
    """The middle of pictures, cut to sides that are multiples of 8."""
    top, left = (side % 8 // 2 for side in pictures.shape[-2:])
    tall, wide = (side // 8 * 8 for side in pictures.shape[-2:])
    return pictures[..., top : top + tall, left : left + wide]
''',
    "like": '''
def like(mask, pictures):
    """A mask in the size of pictures that are cut to whole cells."""
    size = whole_cells(pictures).shape[-2:]
    return torch.nn.functional.interpolate(mask, size, mode="bilinear")
''',
    "coarse": '''
def coarse(mask, latents):
    """A mask as networks are shown it: each cell of 8 pixels is in the hole or not."""
    cells = torch.nn.functional.interpolate(mask, latents.shape[-2:], mode="bilinear")
    return torch.nn.functional.interpolate(cells.round(), scale_factor=8)
''',
    "whole_patches": '''
def whole_patches(pictures):
    """The middle of pictures, cut to sides that are multiples of 16, which is what the pipeline
    paints. (ComfyUI cuts to multiples of 8.)"""
    top, left = (side % 16 // 2 for side in pictures.shape[-2:])
    tall, wide = (side // 16 * 16 for side in pictures.shape[-2:])
    return pictures[..., top : top + tall, left : left + wide]
''',
    "save": '''
def save(pictures, name):
    """Write pictures as files."""
    for number, pixels in enumerate(pictures, start=1):
        pixels = (pixels.movedim(0, -1) * 255).byte().cpu().numpy()
        Image.fromarray(pixels).save(f"{name}_{number:05}.png")
''',
}
"""By their names. Those `in full` are for models whose VAE must not be computed in halves."""

_IN_FULL = " in full"


def picture_functions(body: str, *, in_full: bool) -> Iterator[str]:
    """Those that a script calls, and those that these call."""
    wanted: set[str] = set()
    text = body
    while True:
        more = {name for name in FUNCTIONS if re.search(rf"(?<![.\w]){name}\(", text)} - wanted
        if not more:
            break
        wanted |= more
        text = "".join(FUNCTIONS[name] for name in more)
    for name, made in FUNCTIONS.items():
        base = name.removesuffix(_IN_FULL)
        others = base + _IN_FULL in FUNCTIONS
        if base in wanted and (not others or in_full == name.endswith(_IN_FULL)):
            yield "\n" + made
