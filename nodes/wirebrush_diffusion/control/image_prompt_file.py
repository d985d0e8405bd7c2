"""Files with IP-Adapters: `image_proj.` and `ip_adapter.`, as their authors save them."""

from __future__ import annotations

import re
from typing import Any, cast

import torch
from torch import Tensor, nn

from wirebrush_diffusion.control.image_prompt import AdapterNetwork, ImageAdapter, Layer
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.precision import precision_for
from wirebrush_diffusion.files.weights import WeightFile, fill

PROJECTION, LAYERS = "image_proj.", "ip_adapter."
BASIC, FULL, PLUS = "proj.weight", "proj.3.weight", "latents"
_KEY = re.compile(r"ip_adapter\.(\d{1,4})\.to_k_ip\.weight")
NOT_READ: dict[str, str] = {
    "perceiver_resampler.proj_in.weight": "an IP-Adapter for faces (FaceID Plus)",
    "norm.weight proj.0.weight": "an IP-Adapter for faces (FaceID)",
}
"""Those that read what a recogniser of faces says, which is no part of this studio."""


def load_image_adapter(
    file: WeightFile, device: str, dtype: torch.dtype | None = None
) -> ImageAdapter:
    """The IP-Adapter of a file; without a `dtype`, in the device's usual one."""
    check_image_adapter(file)
    precision = precision_for(device, torch.float16, dtype)
    numbers = _numbers(file)
    with torch.device("meta"):
        layers = [
            Layer(*reversed(file.shape(f"{LAYERS}{number}.to_k_ip.weight"))) for number in numbers
        ]
    tensors: dict[str, Tensor] = {}
    for i, number in enumerate(numbers):
        for leaf in ("to_k_ip.weight", "to_v_ip.weight"):
            stored = f"{LAYERS}{number}.{leaf}"
            if stored in file:
                tensors[f"layers.{i}.{leaf}"] = file.tensor(stored)
    projection = _projection(file)
    tensors |= {f"projection.{n}": p.data for n, p in projection.named_parameters()}
    network = AdapterNetwork(projection, layers)
    fill(network, tensors, where=file.name, device=torch.device(device), dtype=precision)
    return ImageAdapter(network.to(device), whole=PROJECTION + BASIC in file)


def check_image_adapter(file: WeightFile) -> None:
    """Raise if the file holds no IP-Adapter that is read; from names alone."""
    known = any(PROJECTION + mark in file for mark in (BASIC, FULL, PLUS))
    faces = _faces(file)
    if faces is None and known and _numbers(file):
        return
    found, hint = kind_of(file)
    if faces is not None:
        found = faces
    elif known or _numbers(file):
        found = "an incomplete IP-Adapter"
    raise DiffusionError(
        f"{file.name} is {found}; an IP-Adapter for pictures was expected.",
        hint if faces is None and hint else "Choose a file such as ip-adapter_sd15.safetensors.",
    )


def _faces(file: WeightFile) -> str | None:
    for marks, kind in NOT_READ.items():
        if (
            all(PROJECTION + mark in file for mark in marks.split())
            and PROJECTION + FULL not in file
        ):
            return kind
    return None


def _numbers(file: WeightFile) -> list[int]:
    """The layers' numbers in the file, in their order."""
    found = (_KEY.fullmatch(name) for name in file.names())
    return sorted(int(match.group(1)) for match in found if match is not None)


def _projection(file: WeightFile) -> nn.Module:
    """diffusers' module, with the weights of the file; it knows which kind of three it is."""
    from diffusers.loaders.unet import UNet2DConditionLoadersMixin

    state = {
        name.removeprefix(PROJECTION): file.tensor(name).float()
        for name in file.names()
        if name.startswith(PROJECTION)
    }
    convert: Any = UNet2DConditionLoadersMixin._convert_ip_adapter_image_proj_to_diffusers
    try:
        made = convert(None, state, low_cpu_mem_usage=False)
    except (RuntimeError, KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        raise DiffusionError(
            f"{file.name}: its image projection is incomplete or of an unknown kind.",
            "Get the file again, or another one.",
        ) from error
    return cast(nn.Module, made)
