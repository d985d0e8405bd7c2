"""Lumina-Image 2.0 by Alpha-VLLM (Qin et al. 2025, arXiv:2503.21758): Gemma 2 reads the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.families.family import Plan
from wirebrush_diffusion.families.flow import FlowFamily, JointModel, to_patches
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.layout import Layout, Rule, Rules
from wirebrush_diffusion.latent.space import FLUX, LatentFormat
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.text.reading import TextPart

PATCH = 2
KEPT = 8  # sizes of texts and pictures, as in the sides of guidance
SYSTEM_PROMPTS: Mapping[str, str] = {
    "superior": "You are an assistant designed to generate superior images with the superior "
    "degree of image-text alignment based on textual prompts or user prompts.",
    "alignment": "You are an assistant designed to generate high-quality images with the highest "
    "degree of image-text alignment based on textual prompts.",
}
"""What the authors put before every text while they trained."""
PROMPT_START = " <Prompt Start> "


def _block(name: str, modulated: bool) -> dict[str, str | Rule]:
    """The names of one kind of block."""
    block = f"{name}.#"
    rules: dict[str, str | Rule] = {
        f"{block}.attention.qkv": Rule(
            (f"{block}.attn.to_q", f"{block}.attn.to_k", f"{block}.attn.to_v"),
            like=f"{block}.attention.out",
            lead=1,
        ),
        f"{block}.attention.out": f"{block}.attn.to_out.0",
        f"{block}.attention.q_norm": f"{block}.attn.norm_q",
        f"{block}.attention.k_norm": f"{block}.attn.norm_k",
        f"{block}.attention_norm1": f"{block}.norm1.norm" if modulated else f"{block}.norm1",
        f"{block}.attention_norm2": f"{block}.norm2",
    }
    for number in (1, 2, 3):
        rules[f"{block}.feed_forward.w{number}"] = f"{block}.feed_forward.linear_{number}"
    if modulated:
        rules[f"{block}.adaLN_modulation.1"] = f"{block}.norm1.linear"
    return rules


RULES: Rules = {
    "cap_embedder.0": "time_caption_embed.caption_embedder.0",
    "cap_embedder.1": "time_caption_embed.caption_embedder.1",
    "t_embedder.mlp.0": "time_caption_embed.timestep_embedder.linear_1",
    "t_embedder.mlp.2": "time_caption_embed.timestep_embedder.linear_2",
    "final_layer.adaLN_modulation.1": "norm_out.linear_1",
    "final_layer.linear": "norm_out.linear_2",
    **_block("noise_refiner", True),
    **_block("context_refiner", False),
    **_block("layers", True),
}


class Places(nn.Module):
    """Patches, and where each stands: as diffusers' `rope_embedder` answers it.

    All texts of a batch are equally long here, so nothing must be counted on the device, and what
    was computed for a size is kept from step to step.
    """

    def __init__(self, axes: tuple[int, ...], theta: float = 10000.0) -> None:
        super().__init__()
        self.axes = axes
        self.theta = theta
        self._kept: dict[tuple[Any, ...], Tensor] = {}

    def forward(self, latent: Tensor, mask: Tensor) -> Any:
        rows, places = latent.shape[0], mask.shape[1]
        tall, wide = (side // PATCH for side in latent.shape[-2:])
        turns = self._turns(places, tall, wide, latent.device).expand(rows, -1, -1)
        tokens = (
            latent.unflatten(-1, (wide, PATCH))
            .unflatten(-3, (tall, PATCH))
            .permute(0, 2, 4, 3, 5, 1)
            .flatten(3)
            .flatten(1, 2)
        )
        both = places + tall * wide
        return tokens, turns[:, :places], turns[:, places:], turns, [places] * rows, [both] * rows

    def _turns(self, places: int, tall: int, wide: int, device: torch.device) -> Tensor:
        key = (places, tall, wide, device)
        if key not in self._kept:
            if len(self._kept) == KEPT:
                self._kept.clear()
            where = torch.zeros((places + tall * wide, len(self.axes)), dtype=torch.float64)
            where[:places, 0] = torch.arange(places)
            where[places:, 0] = places
            where[places:, 1] = torch.arange(tall).repeat_interleave(wide)
            where[places:, 2] = torch.arange(wide).repeat(tall)
            parts: list[Tensor] = []
            for i, width in enumerate(self.axes):
                steps = torch.arange(0, width, 2, dtype=torch.float64) / width
                angles = where[:, i : i + 1] / self.theta**steps
                parts.append(torch.polar(torch.ones_like(angles), angles))
            # worked out exactly, but turned by in single precision, in which devices are fast
            self._kept[key] = torch.cat(parts, dim=-1).to(torch.complex64).to(device)
        return self._kept[key].unsqueeze(0)


@dataclass(slots=True, eq=False)
class Lumina2Model(JointModel):
    """`network` is diffusers' `Lumina2Transformer2DModel`; its time runs from noise to picture."""

    @property
    def context_width(self) -> int | None:
        return self.config.cap_feat_dim

    def predict(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor] | None = None,
        residuals: Residuals | None = None,
    ) -> Tensor:
        height, width = x.shape[-2:]
        mask = torch.ones(context.shape[:2], dtype=torch.bool, device=context.device)
        output = self.network(
            hidden_states=to_patches(x, PATCH),
            timestep=1 - timestep / 1000,
            encoder_hidden_states=context,
            encoder_attention_mask=mask,
            return_dict=False,
        )[0]
        return -output[..., :height, :width].float()


class Lumina2(FlowFamily):
    """Gemma 2 alone, as long as the text is; real guidance with a negative text."""

    title: ClassVar[str] = "Lumina 2"
    network: ClassVar[str] = "Lumina2Transformer2DModel"
    model_class: ClassVar[type[DiffusionModel]] = Lumina2Model
    marks: ClassVar[tuple[str, ...]] = (
        "noise_refiner.0.adaLN_modulation.1.weight",
        "time_caption_embed.caption_embedder.1.weight",
    )
    rules: ClassVar[Rules] = RULES
    ignored: ClassVar[tuple[str, ...]] = ("norm_final.",)
    shift: ClassVar[float] = 6.0
    latent: ClassVar[LatentFormat] = FLUX
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart(
            "gemma2_2b",
            kind="gemma2",
            prefixes=("text_encoders.gemma2_2b.transformer.",),
            cut=1,
        ),
    )

    def planned(self, layout: Layout) -> Plan:
        shapes = Shapes(layout.file, named=layout.shapes())
        width, channels = shapes.of("x_embedder.weight")
        head = shapes.of("layers.0.attn.norm_q.weight")[0]
        config = {
            "_class_name": self.network,
            "in_channels": channels // PATCH**2,
            "hidden_size": width,
            "num_layers": shapes.count(r"layers\.(\d{1,4})\."),
            "num_refiner_layers": shapes.count(r"noise_refiner\.(\d{1,4})\."),
            "num_attention_heads": max(1, width // head),
            "num_kv_heads": max(1, shapes.of("layers.0.attn.to_k.weight")[0] // head),
            "axes_dim_rope": [head // 3] * 3,
            "cap_feat_dim": shapes.of("time_caption_embed.caption_embedder.1.weight")[1],
        }
        return Plan(config, layout)

    def complete(self, network: nn.Module) -> None:
        """The places of patches and words, which are computed."""
        config: Any = network.config
        network.rope_embedder = Places(tuple(config.axes_dim_rope))
