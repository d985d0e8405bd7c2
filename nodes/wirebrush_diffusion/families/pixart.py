"""PixArt-Alpha and -Sigma (Chen et al. 2023, arXiv:2310.00426; 2024, arXiv:2403.04692)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.families.family import Family, Plan, Sampling
from wirebrush_diffusion.families.flow import to_patches
from wirebrush_diffusion.families.unet import discrete_schedule
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.layout import Rules, layout_by_rules
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.latent.space import SD15, SDXL, LatentFormat
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.text.reading import TextPart

HEAD_WIDTH, PATCH = 72, 2
BETAS = {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}
USUAL_SIDE = 128  # latent positions

_BLOCK, _OURS = "blocks.#", "transformer_blocks.#"
RULES: Rules = {
    "x_embedder.proj": "pos_embed.proj",
    "t_embedder.mlp.0": "adaln_single.emb.timestep_embedder.linear_1",
    "t_embedder.mlp.2": "adaln_single.emb.timestep_embedder.linear_2",
    "t_block.1": "adaln_single.linear",
    "y_embedder.y_proj.fc1": "caption_projection.linear_1",
    "y_embedder.y_proj.fc2": "caption_projection.linear_2",
    "final_layer.linear": "proj_out",
    "final_layer.scale_shift_table": "scale_shift_table",
    "csize_embedder.mlp.0": "adaln_single.emb.resolution_embedder.linear_1",
    "csize_embedder.mlp.2": "adaln_single.emb.resolution_embedder.linear_2",
    "ar_embedder.mlp.0": "adaln_single.emb.aspect_ratio_embedder.linear_1",
    "ar_embedder.mlp.2": "adaln_single.emb.aspect_ratio_embedder.linear_2",
    f"{_BLOCK}.scale_shift_table": f"{_OURS}.scale_shift_table",
    f"{_BLOCK}.attn.qkv": tuple(f"{_OURS}.attn1.to_{n}" for n in "qkv"),
    f"{_BLOCK}.attn.proj": f"{_OURS}.attn1.to_out.0",
    f"{_BLOCK}.cross_attn.q_linear": f"{_OURS}.attn2.to_q",
    f"{_BLOCK}.cross_attn.kv_linear": (f"{_OURS}.attn2.to_k", f"{_OURS}.attn2.to_v"),
    f"{_BLOCK}.cross_attn.proj": f"{_OURS}.attn2.to_out.0",
    f"{_BLOCK}.mlp.fc1": f"{_OURS}.ff.net.0.proj",
    f"{_BLOCK}.mlp.fc2": f"{_OURS}.ff.net.2",
}
COMPUTED = ("pos_embed", "y_embedder.y_embedding")
MARKS = ("t_block.1.weight", "adaln_single.linear.weight")
TOLD = "adaln_single.emb.resolution_embedder.linear_1.weight"
ALPHA_SIDE = 128  # diffusers' configurations of this sample size are told sizes unless they deny it


@dataclass(slots=True, eq=False)
class PixArtModel(DiffusionModel):
    """`network` is diffusers' `PixArtTransformer2DModel`; it also predicts a variance, unused.

    That of PixArt-Alpha is told the picture's size.
    """

    @property
    def context_width(self) -> int | None:
        return self.config.caption_channels

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        if not is_alpha(self.config):
            return {}
        height, width = (float(side * self.latent.downscale) for side in shape[-2:])
        height, width = float(options.get("height", height)), float(options.get("width", width))
        ratio = height / width if width else 1.0
        return {
            "resolution": torch.tensor([[height, width]]),
            "aspect_ratio": torch.tensor([[ratio]]),
        }

    def predict(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor] | None = None,
        residuals: Residuals | None = None,
    ) -> Tensor:
        height, width = x.shape[-2:]
        output = self.network(
            to_patches(x, PATCH),
            encoder_hidden_states=context,
            timestep=timestep,
            added_cond_kwargs=dict(extra or {}) or {"resolution": None, "aspect_ratio": None},
            return_dict=False,
        )[0]
        return output[:, : self.latent.channels, :height, :width].float()


def is_alpha(config: Any) -> bool:
    """Whether the network is told the picture's size, as PixArt-Alpha's is."""
    told = config.get("use_additional_conditions")
    return bool(config.get("sample_size") == ALPHA_SIDE if told is None else told)


class PixArtSigma(Family):
    """T5 alone, as long as the text is."""

    title: ClassVar[str] = "PixArt-Sigma"
    network: ClassVar[str] = "PixArtTransformer2DModel"
    model_class: ClassVar[type[DiffusionModel]] = PixArtModel
    rules: ClassVar[Rules] = RULES
    latent: ClassVar[LatentFormat] = SDXL
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart("t5xxl", kind="t5", prefixes=("text_encoders.t5xxl.transformer.",)),
    )

    def plan(self, file: WeightFile, prefix: str) -> Plan | None:
        if not any(prefix + mark in file for mark in MARKS):
            return None
        places = file.shape(f"{prefix}pos_embed")[1] if f"{prefix}pos_embed" in file else None
        layout = layout_by_rules(file, prefix, RULES, COMPUTED if places else COMPUTED[1:])
        shapes = Shapes(file, named=layout.shapes())
        width, channels, patch, _ = shapes.of("pos_embed.proj.weight")
        side = round(places**0.5) * patch if places else USUAL_SIDE
        told = shapes.has(TOLD)
        config = {
            "_class_name": self.network,
            "num_attention_heads": max(1, width // HEAD_WIDTH),
            "attention_head_dim": HEAD_WIDTH,
            "in_channels": channels,
            "out_channels": shapes.of("proj_out.weight")[0] // patch**2,
            "num_layers": shapes.count(r"transformer_blocks\.(\d{1,4})\."),
            "cross_attention_dim": width,
            "sample_size": side,
            "patch_size": patch,
            "caption_channels": shapes.of("caption_projection.linear_1.weight")[1],
            "use_additional_conditions": told,
        }
        return Plan(config, layout) if self.fits(config) else None

    def fits(self, config: Mapping[str, Any]) -> bool:
        return Family.fits(self, config) and not is_alpha(config)

    def sampling(self, hints: Mapping[str, Any]) -> Sampling:
        schedule = discrete_schedule(BETAS | dict(hints))
        return Sampling(Prediction(hints.get("prediction_type", "epsilon")), schedule)

    def complete(self, network: nn.Module) -> None:
        """The places of the patches, which are computed."""
        from diffusers.models.embeddings import get_2d_sincos_pos_embed

        embed: Any = network.get_submodule("pos_embed")
        config = network.config
        table = get_2d_sincos_pos_embed(
            config.num_attention_heads * config.attention_head_dim,
            (embed.height, embed.width),
            base_size=embed.base_size,
            interpolation_scale=embed.interpolation_scale,
            output_type="pt",
        )
        embed.pos_embed = table.float().unsqueeze(0)


class PixArtAlpha(PixArtSigma):
    """The model before Sigma: it knows the size of the picture, and paints in other latents."""

    title: ClassVar[str] = "PixArt-Alpha"
    latent: ClassVar[LatentFormat] = SD15

    def fits(self, config: Mapping[str, Any]) -> bool:
        return Family.fits(self, config) and is_alpha(config)
