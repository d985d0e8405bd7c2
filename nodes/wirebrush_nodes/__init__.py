"""The built-in pack: thin declarations, one file per menu category.

Node ids, input names, order, defaults and ranges are ComfyUI's. The work is done by
`wirebrush_diffusion`; `live` turns handles into weights. Importing this module loads the pack.
"""

from wirebrush_nodes import (
    control,
    flux,
    image,
    image_io,
    inpaint,
    latent,
    loaders,
    mask,
    part_loaders,
    primitive,
    sampling,
    sd3,
    sdxl,
    text,
    vae,
)

__sources__ = ("wirebrush_diffusion",)  # its code decides what these nodes answer

__all__ = [
    "control",
    "flux",
    "image",
    "image_io",
    "inpaint",
    "latent",
    "loaders",
    "mask",
    "part_loaders",
    "primitive",
    "sampling",
    "sd3",
    "sdxl",
    "text",
    "vae",
]
