"""Autoencoders with a time axis: Qwen-Image's, which is also the one of the Wan videos.

A picture is a video of one frame. Latents of pictures are `[B,C,h,w]` here as everywhere; those of
several frames are `[B,C,T,h,w]`, and each frame becomes a picture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.architectures import Config, Shapes
from wirebrush_diffusion.files.layout import Layout, Stored, is_left_over
from wirebrush_diffusion.files.weights import WeightFile

CLASS = "AutoencoderKLQwenImage"
ORIGINAL, DIFFUSERS = "decoder.middle.0.residual.0.gamma", "decoder.mid_block.resnets.0.norm1.gamma"
MEANS = (
    -0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508,
    0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921,
)  # fmt: skip
SPREADS = (
    2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
    3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160,
)  # fmt: skip

_TOP = {
    "encoder.conv1": "encoder.conv_in",
    "decoder.conv1": "decoder.conv_in",
    "encoder.head.0": "encoder.norm_out",
    "decoder.head.0": "decoder.norm_out",
    "encoder.head.2": "encoder.conv_out",
    "decoder.head.2": "decoder.conv_out",
    "conv1": "quant_conv",
    "conv2": "post_quant_conv",
}
_PARTS = {
    "residual.0": "norm1",
    "residual.2": "conv1",
    "residual.3": "norm2",
    "residual.6": "conv2",
    "shortcut": "conv_shortcut",
}
_MIDDLE = re.compile(r"(encoder|decoder)\.middle\.([012])\.(.+)")
_SIDE = re.compile(r"(encoder|decoder)\.(?:down|up)samples\.(\d{1,4})\.(.+)")


@dataclass(slots=True, eq=False)
class FramesAutoencoder(Autoencoder):
    """`network` is diffusers' `AutoencoderKLQwenImage`."""

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return self.config.z_dim

    @property
    def downscale(self) -> int:
        """Pixels per latent position."""
        return 2 ** (len(self.config.dim_mult) - 1)

    def decode(self, latent: Tensor) -> Tensor:
        """Latents `[B,C,h,w]` or `[B,C,T,h,w]` -> pictures `[B * frames, h*8, w*8, 3]`."""
        if latent.ndim not in (4, 5) or latent.shape[1] != self.channels:
            raise DiffusionError(
                f"This VAE reads latents of {self.channels} channels, got "
                f"{'x'.join(str(side) for side in latent.shape)}.",
                "Use the VAE that belongs to the model which made the latent.",
            )
        picture = latent.ndim == 5 and latent.shape[2] == 1
        return self._decoded_within(latent[:, :, 0] if picture else latent)

    def _decoded(self, latent: Tensor) -> Tensor:
        with torch.inference_mode():
            given = latent.to(self.device, self.dtype)
            given = given if given.ndim == 5 else given.unsqueeze(2)
            planes = self.network.decode(given, return_dict=False)[0]
            pictures = planes.float().add_(1.0).mul_(0.5).clamp_(0.0, 1.0)
            frames = pictures.movedim(1, -1).flatten(0, 1)
        return frames.cpu().contiguous().clone()

    def _encoded(self, planes: Tensor) -> Tensor:
        with torch.inference_mode():
            inputs = planes.to(self.device, self.dtype).unsqueeze(2) * 2 - 1
            mean = self.network.encode(inputs, return_dict=False)[0].mode()
        return mean[:, :, 0].float().cpu().clone()


def is_framed(file: WeightFile, prefix: str) -> bool:
    """Whether the file holds such an autoencoder below the prefix, in either spelling."""
    return prefix + ORIGINAL in file or prefix + DIFFUSERS in file


def framed_plan(file: WeightFile, prefix: str) -> tuple[Config, Layout]:
    """Its configuration, and where its tensors lie."""
    original = prefix + ORIGINAL in file
    encoder = "encoder.downsamples" if original else "encoder.down_blocks"
    shapes = Shapes(file, prefix)
    blocks = shapes.count(rf"{re.escape(encoder)}\.(\d{{1,4}})\.")
    kinds = [shapes.has(f"{encoder}.{i}.resample.1.weight") for i in range(blocks)]
    levels = sum(kinds) + 1
    residual = (blocks - (levels - 1)) // levels
    first = "encoder.conv1.weight" if original else "encoder.conv_in.weight"
    base, colours = shapes.of(first)[:2]
    widening = "residual.2" if original else "conv1"
    widths = [
        shapes.of(f"{encoder}.{level * (residual + 1)}.{widening}.weight")[0]
        for level in range(levels)
    ]
    config: Config = {
        "base_dim": base,
        "z_dim": shapes.of("decoder.conv1.weight" if original else "decoder.conv_in.weight")[1],
        "dim_mult": [width // base for width in widths],
        "num_res_blocks": residual,
        "attn_scales": [],
        "temperal_downsample": [
            shapes.has(f"{encoder}.{i}.time_conv.weight") for i, on in enumerate(kinds) if on
        ],
        "input_channels": colours,
    }
    entries: dict[str, Stored] = {}
    for stored in file.names():
        name = stored.removeprefix(prefix)
        if stored.startswith(prefix) and not is_left_over(name, ("loss.", "model_ema.")):
            entries[framed_name(name, residual) if original else name] = Stored(stored)
    return config, Layout(file, entries)


def framed_name(name: str, residual: int) -> str:
    """diffusers' name for an author's; `residual` blocks stand at each level of the encoder."""
    module, _, leaf = name.rpartition(".")
    if module in _TOP:
        return f"{_TOP[module]}.{leaf}"
    if match := _MIDDLE.fullmatch(name):
        half, place, rest = match.groups()
        block = "attentions.0" if place == "1" else f"resnets.{int(place) // 2}"
        return f"{half}.mid_block.{block}.{_part(rest)}"
    match = _SIDE.fullmatch(name)
    if match is None:
        return name
    half, number, rest = match.group(1), int(match.group(2)), _part(match.group(3))
    if half == "encoder":
        return f"encoder.down_blocks.{number}.{rest}"
    level, place = divmod(number, residual + 2)
    block = f"resnets.{place}" if place <= residual else "upsamplers.0"
    return f"decoder.up_blocks.{level}.{block}.{rest}"


def _part(rest: str) -> str:
    module, _, leaf = rest.rpartition(".")
    return f"{_PARTS.get(module, module)}.{leaf}"


def framed(network: nn.Module) -> Autoencoder:
    """The autoencoder around a network of either kind."""
    kind = type(network).__name__
    return FramesAutoencoder(network) if kind == CLASS else Autoencoder(network)
