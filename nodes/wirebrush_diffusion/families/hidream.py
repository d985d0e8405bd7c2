"""HiDream-I1 (HiDream.ai 2025, arXiv:2505.22705): two streams, then one, with experts inside.

Four encoders read the text: both CLIPs give the whole of it, T5 and Llama 3.1 its states. Every
block looks at another of Llama's layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Plan
from wirebrush_diffusion.families.flow import FlowFamily, JointModel, to_patches
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.layout import Layout
from wirebrush_diffusion.latent.space import FLUX, LatentFormat
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.text.encoder import LAYERS, Encoding
from wirebrush_diffusion.text.reading import Reader, TextPart

PATCH, HEAD_WIDTH, AXES = 2, 128, (64, 32, 32)
ACTIVE = 2  # experts that answer each token
LAST_LAYER = 31  # of Llama 3.1 8B, which all later blocks look at
LONGEST = (128, 128)  # rows and columns of a latent
POOLED = {"l": 768, "g": 1280}
PLACES, WIDTH = 128, 4096  # of a silent encoder's states
LLAMA = "llama"


@dataclass(slots=True, eq=False)
class HiDreamModel(JointModel):
    """`network` is diffusers' `HiDreamImageTransformer2DModel`, which answers the other way round.

    Beside T5's context it reads `llama` `[N, layers, places, D]`.
    """

    @property
    def context_width(self) -> int | None:
        return self.config.caption_channels[0]

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        layers, wanted = options.get(LAYERS), max(self.config.llama_layers) + 1
        if pooled is None or layers is None:
            raise DiffusionError(
                "This condition was not read for HiDream: it has no pooled text, or no states of "
                "Llama.",
                "Use QuadrupleCLIPLoader with clip_l, clip_g, t5xxl and llama_3.1_8b.",
            )
        width = self.config.caption_channels[1]
        if layers.shape[1] < wanted or layers.shape[-1] != width:
            raise DiffusionError(
                f"Llama has {layers.shape[1]} layers, {layers.shape[-1]} wide; this model reads "
                f"{wanted}, {width} wide.",
                "Use llama_3.1_8b_instruct.",
            )
        return {"pooled": pooled, LLAMA: layers}

    def predict(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor] | None = None,
        residuals: Residuals | None = None,
    ) -> Tensor:
        extra = extra or {}
        height, width = x.shape[-2:]
        tokens, rows, columns = _tokens(to_patches(x, PATCH))
        count = tokens.shape[0]
        output = self.network(
            hidden_states=tokens,
            timesteps=timestep,
            encoder_hidden_states_t5=context,
            encoder_hidden_states_llama3=extra[LLAMA].transpose(0, 1),
            pooled_embeds=extra["pooled"],
            img_ids=_places(rows, columns, x.device).expand(count, -1, -1),
            img_sizes=[(rows, columns)] * count,
            hidden_states_masks=torch.ones_like(tokens[..., 0]),
            return_dict=False,
        )[0]
        return -output[..., :height, :width].float()


def _tokens(x: Tensor) -> tuple[Tensor, int, int]:
    """`[N,C,h,w]` -> patches `[N, h/2 * w/2, 4 * C]`, their rows and columns."""
    count, channels, height, width = x.shape
    rows, columns = height // PATCH, width // PATCH
    cut = x.reshape(count, channels, rows, PATCH, columns, PATCH).permute(0, 2, 4, 3, 5, 1)
    return cut.reshape(count, rows * columns, -1), rows, columns


def _places(rows: int, columns: int, device: torch.device) -> Tensor:
    """Where each patch stands, `[1, rows * columns, 3]`."""
    ids = torch.zeros((rows, columns, 3), device=device)
    ids[..., 1] = torch.arange(rows, device=device)[:, None]
    ids[..., 2] = torch.arange(columns, device=device)[None, :]
    return ids.reshape(1, -1, 3)


class HiDream(FlowFamily):
    """Both CLIPs' pooled texts, T5's states, and those of all of Llama's layers."""

    title: ClassVar[str] = "HiDream"
    network: ClassVar[str] = "HiDreamImageTransformer2DModel"
    model_class: ClassVar[type[DiffusionModel]] = HiDreamModel
    marks: ClassVar[tuple[str, ...]] = ("double_stream_blocks.0.block.attn1.to_q_t.weight",)
    shift: ClassVar[float] = 3.0
    latent: ClassVar[LatentFormat] = FLUX
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart("l", prefixes=("text_encoders.clip_l.transformer.",), projected=True),
        TextPart(
            "g",
            folder="text_encoder_2",
            tokenizer="tokenizer_2",
            prefixes=("text_encoders.clip_g.transformer.",),
            projected=True,
            activation="gelu",
            padding=0,
        ),
        TextPart(
            "t5xxl",
            kind="t5",
            folder="text_encoder_3",
            tokenizer="tokenizer_3",
            prefixes=("text_encoders.t5xxl.transformer.",),
            places=PLACES,
            masked=True,
        ),
        TextPart(
            LLAMA,
            kind="llama",
            folder="text_encoder_4",
            tokenizer="tokenizer_4",
            prefixes=("text_encoders.llama.transformer.",),
            places=PLACES,
            weighted=False,
        ),
    )

    def planned(self, layout: Layout) -> Plan:
        shapes = Shapes(layout.file, named=layout.shapes())
        width, patch = shapes.of("x_embedder.proj.weight")
        double = shapes.count(r"double_stream_blocks\.(\d{1,4})\.")
        single = shapes.count(r"single_stream_blocks\.(\d{1,4})\.")
        blocks = double + single
        captions = [shapes.of(f"caption_projection.{i}.linear.weight")[1] for i in (blocks, 0)]
        config = {
            "_class_name": self.network,
            "patch_size": PATCH,
            "in_channels": patch // PATCH**2,
            "out_channels": shapes.of("final_layer.linear.weight")[0] // PATCH**2,
            "num_layers": double,
            "num_single_layers": single,
            "attention_head_dim": HEAD_WIDTH,
            "num_attention_heads": max(1, width // HEAD_WIDTH),
            "caption_channels": captions,
            "text_emb_dim": shapes.of("p_embedder.pooled_embedder.linear_1.weight")[1],
            "num_routed_experts": shapes.count(
                r"double_stream_blocks\.0\.block\.ff_i\.experts\.(\d{1,4})\."
            ),
            "num_activated_experts": ACTIVE,
            "axes_dims_rope": list(AXES),
            "max_resolution": list(LONGEST),
            "llama_layers": [min(block, LAST_LAYER) for block in range(blocks)],
        }
        return Plan(config, layout)

    def read(self, reader: Reader, texts: Mapping[str, str], layer: int | None) -> Encoding:
        """An encoder that is missing says zeros."""
        pooled = [_pooled(reader, texts, role, layer) for role in POOLED]
        states = (
            reader.parts["t5xxl"].encode(texts["t5xxl"]).context
            if "t5xxl" in texts
            else torch.zeros(1, PLACES, WIDTH)
        )
        layers = reader.parts[LLAMA].encode(texts[LLAMA]).layers if LLAMA in texts else None
        if layers is None:
            layers = torch.zeros(1, LAST_LAYER + 1, 1, WIDTH)
        return Encoding(states, torch.cat(pooled, dim=-1), layers)


def _pooled(reader: Reader, texts: Mapping[str, str], role: str, layer: int | None) -> Tensor:
    said = reader.parts[role].encode(texts[role], layer).pooled if role in texts else None
    return torch.zeros(1, POOLED[role]) if said is None else said
