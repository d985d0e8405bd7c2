"""The built-in pack: thin declarations, one file per menu category.

Node ids, input names, order, defaults and ranges are ComfyUI's. The work is done by
`wirebrush_diffusion`; `live` turns handles into weights. Importing this module loads the pack.
"""

from wirebrush_nodes import (
    control,
    custom_sampling,
    flux,
    guidance,
    guiders,
    image,
    image_io,
    inpaint,
    latent,
    levels,
    loaders,
    mask,
    model_sampling,
    model_schedulers,
    more_samplers,
    part_loaders,
    perturbed,
    primitive,
    samplers,
    sampling,
    schedulers,
    sd3,
    sdxl,
    style,
    text,
    vae,
)

__sources__ = ("wirebrush_diffusion",)  # its code decides what these nodes answer

__all__ = [
    "control",
    "custom_sampling",
    "flux",
    "guidance",
    "guiders",
    "image",
    "image_io",
    "inpaint",
    "latent",
    "levels",
    "loaders",
    "mask",
    "model_sampling",
    "model_schedulers",
    "more_samplers",
    "part_loaders",
    "perturbed",
    "primitive",
    "samplers",
    "sampling",
    "schedulers",
    "sd3",
    "sdxl",
    "style",
    "text",
    "vae",
]
