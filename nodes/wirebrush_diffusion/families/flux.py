"""FLUX.1 by Black Forest Labs: dev, schnell, fill and the models made from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle

from wirebrush_diffusion.alterations import Together
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Plan, Sampling
from wirebrush_diffusion.families.flow import FlowFamily, JointModel, to_patches
from wirebrush_diffusion.families.references import (
    DIAGONAL,
    placed,
    reference_extras,
    references_in,
)
from wirebrush_diffusion.families.unet import fitted
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.layout import Layout, Rule, Rules
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.latent.space import FLUX, LatentFormat
from wirebrush_diffusion.lean import Remembered
from wirebrush_diffusion.model import CONCAT, DiffusionModel, Residuals
from wirebrush_diffusion.text.bias import TEXT_BIAS, attention_bias
from wirebrush_diffusion.text.encoder import Encoding
from wirebrush_diffusion.text.reading import Reader, TextPart

PATCH, HEAD_WIDTH = 2, 128
DEV_SHIFT = math.exp(1.15)
GUIDANCE = 3.5
PLACINGS = ("offset", "index", DIAGONAL)  # of reference pictures
MASK_CHANNELS = 64  # a mask in full size, folded into the latent's: 8 x 8 pixels a position

STREAMS: Rules = {
    "txt_in": "context_embedder",
    "img_in": "x_embedder",
    "final_layer.linear": "proj_out",
    "double_blocks.#.img_attn.qkv": tuple(f"transformer_blocks.#.attn.to_{n}" for n in "qkv"),
    "double_blocks.#.txt_attn.qkv": tuple(f"transformer_blocks.#.attn.add_{n}_proj" for n in "qkv"),
    "double_blocks.#.img_attn.norm.query_norm": "transformer_blocks.#.attn.norm_q",
    "double_blocks.#.img_attn.norm.key_norm": "transformer_blocks.#.attn.norm_k",
    "double_blocks.#.txt_attn.norm.query_norm": "transformer_blocks.#.attn.norm_added_q",
    "double_blocks.#.txt_attn.norm.key_norm": "transformer_blocks.#.attn.norm_added_k",
    "double_blocks.#.img_attn.proj": "transformer_blocks.#.attn.to_out.0",
    "double_blocks.#.txt_attn.proj": "transformer_blocks.#.attn.to_add_out",
    "double_blocks.#.img_mlp.0": "transformer_blocks.#.ff.net.0.proj",
    "double_blocks.#.img_mlp.2": "transformer_blocks.#.ff.net.2",
    "double_blocks.#.txt_mlp.0": "transformer_blocks.#.ff_context.net.0.proj",
    "double_blocks.#.txt_mlp.2": "transformer_blocks.#.ff_context.net.2",
    "single_blocks.#.linear1": Rule(
        (
            *(f"single_transformer_blocks.#.attn.to_{n}" for n in "qkv"),
            "single_transformer_blocks.#.proj_mlp",
        ),
        like="single_blocks.#.linear2",
        lead=3,
    ),
    "single_blocks.#.linear2": "single_transformer_blocks.#.proj_out",
    "single_blocks.#.norm.query_norm": "single_transformer_blocks.#.attn.norm_q",
    "single_blocks.#.norm.key_norm": "single_transformer_blocks.#.attn.norm_k",
}
"""What FLUX and Chroma call alike."""

RULES: Rules = {
    **STREAMS,
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "guidance_in.in_layer": "time_text_embed.guidance_embedder.linear_1",
    "guidance_in.out_layer": "time_text_embed.guidance_embedder.linear_2",
    "final_layer.adaLN_modulation.1": Rule(("norm_out.linear",), swapped=True),
    "double_blocks.#.img_mod.lin": "transformer_blocks.#.norm1.linear",
    "double_blocks.#.txt_mod.lin": "transformer_blocks.#.norm1_context.linear",
    "single_blocks.#.modulation.lin": "single_transformer_blocks.#.norm.linear",
}
CLIP_L = TextPart("l", prefixes=("text_encoders.clip_l.transformer.",))
T5 = TextPart(
    "t5xxl",
    kind="t5",
    folder="text_encoder_2",
    tokenizer="tokenizer_2",
    prefixes=("text_encoders.t5xxl.transformer.",),
    places=256,
)


class Positions(nn.Module):
    """The rotary embedding of a picture's and a text's places, kept from step to step."""

    def __init__(self, rotary: nn.Module) -> None:
        super().__init__()
        self.rotary = rotary
        self._last: tuple[Tensor, Any] | None = None

    def forward(self, ids: Tensor) -> Any:
        last = self._last
        if last is not None and last[0].device == ids.device and torch.equal(last[0], ids):
            return last[1]
        answer = self.rotary(ids)
        self._last = (ids, answer)
        return answer


@dataclass(slots=True, eq=False)
class FluxModel(JointModel):
    """`network` is diffusers' `FluxTransformer2DModel`, which reads 2 x 2 patches as tokens."""

    _places: dict[tuple[int, int, int], tuple[Tensor, Tensor]] = field(
        init=False, default_factory=dict[tuple[int, int, int], tuple[Tensor, Tensor]]
    )
    _bias: Remembered = field(init=False, default_factory=Remembered)

    @property
    def beside(self) -> int:
        return self.config.in_channels // PATCH**2 - self.latent.channels

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        extra: dict[str, Tensor] = {}
        if self.beside:
            extra[CONCAT] = self._beside(options, shape)
        if pooled is None:
            width = self.config.pooled_projection_dim
            pooled = torch.zeros((1, width))
        extra["pooled"] = pooled
        guidance = options.get("guidance", GUIDANCE)
        if self.config.guidance_embeds and guidance is not None:
            extra["guidance"] = torch.tensor([float(guidance)])
        if not self.beside:
            extra |= reference_extras(options, self.latent, default=PLACINGS[0], known=PLACINGS)
        if TEXT_BIAS in options:
            extra[TEXT_BIAS] = options[TEXT_BIAS].unsqueeze(0)
        return extra

    def _beside(self, options: Mapping[str, Any], shape: Sequence[int]) -> Tensor:
        """The picture to fill, and its mask eight times as fine as the latent."""
        picture = options.get("concat_latent_image")
        picture = (
            torch.zeros((1, self.latent.channels, *shape[-2:])) if picture is None else picture
        )
        scaled = (fitted(picture, shape) - self.latent.shift) * self.latent.scale
        if self.beside == self.latent.channels:
            return scaled
        if self.beside != self.latent.channels + MASK_CHANNELS:
            raise DiffusionError(
                f"This network reads {self.beside} channels besides the latent; it is not known "
                "what they are.",
                "Known are FLUX.1 fill (80) and the control models (16).",
            )
        mask = options.get("concat_mask", options.get("denoise_mask"))
        mask = torch.ones((1, 1, 1, 1)) if mask is None else mask.reshape(-1, 1, *mask.shape[-2:])
        fine = fitted(mask, [side * 8 for side in shape[-2:]]).round()
        folded = pixel_unshuffle(fine, 8)
        return torch.cat([scaled.expand(folded.shape[0], -1, -1, -1), folded], dim=1)

    def predict(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor] | None = None,
        residuals: Residuals | None = None,
    ) -> Tensor:
        extra = extra or {}
        beside = extra.get(CONCAT)
        height, width = x.shape[-2:]
        tokens = packed(x if beside is None else torch.cat([x, beside], dim=1))
        rows, columns = -(-height // PATCH), -(-width // PATCH)
        image_ids, text_ids = self.ids(rows, columns, context.shape[1], x)
        residuals = residuals or Residuals()
        if references := references_in(extra):
            shown = torch.cat([packed(latent) for _, latent in references], dim=1)
            tokens = torch.cat([tokens, shown], dim=1)
            image_ids = torch.cat([image_ids, self._reference_ids(references, rows, columns)])
            residuals = widened(residuals, shown.shape[1])
        with Together(residuals.alterations).on(self.network):
            output = self._answer(
                tokens, timestep / 1000, context, extra, image_ids, text_ids, residuals
            )[:, : rows * columns]
        return unpacked(output, rows, columns)[..., :height, :width].float()

    def _answer(
        self,
        tokens: Tensor,
        time: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor],
        image_ids: Tensor,
        text_ids: Tensor,
        residuals: Residuals,
    ) -> Tensor:
        guidance, silenced = extra.get("guidance"), nullcontext()
        if guidance is None and self.config.guidance_embeds:
            guidance, silenced = time, self._without_guidance()
        more: dict[str, Any] = {}
        if (told := extra.get(TEXT_BIAS)) is not None:
            sizes = (context.shape[1], tokens.shape[1], context.dtype)
            bias = self._bias.get(told, lambda told: attention_bias(told, *sizes))
            more["joint_attention_kwargs"] = {"attention_mask": bias}
        with silenced:
            return self.network(
                hidden_states=tokens,
                timestep=time,
                guidance=guidance,
                pooled_projections=extra["pooled"],
                encoder_hidden_states=context,
                img_ids=image_ids,
                txt_ids=text_ids,
                controlnet_block_samples=residuals.down or None,
                controlnet_single_block_samples=residuals.single or None,
                return_dict=False,
                **more,
            )[0]

    @contextmanager
    def _without_guidance(self) -> Iterator[None]:
        """The network's guidance says nothing while the block runs, as if it had none."""
        embedder = self.network.get_submodule("time_text_embed.guidance_embedder")

        def nothing(module: nn.Module, given: object, said: Tensor) -> Tensor:
            return torch.zeros_like(said)

        hook = embedder.register_forward_hook(nothing)
        try:
            yield
        finally:
            hook.remove()

    def _reference_ids(
        self, references: Sequence[tuple[str, Tensor]], rows: int, columns: int
    ) -> Tensor:
        """Where the tokens of reference pictures stand, `[all of them, 3]`."""
        first = references[0][1]
        shapes = [seen.shape[-2:] for _, seen in references]
        sizes = [(-(-tall // PATCH), -(-wide // PATCH)) for tall, wide in shapes]
        parts: list[Tensor] = []
        starts = placed(references[0][0], sizes, (rows, columns))
        for (tall, wide), start in zip(sizes, starts, strict=True):
            ids = torch.zeros((tall, wide, 3), device=first.device, dtype=first.dtype)
            ids[..., 0] = start[0]
            ids[..., 1] = torch.arange(start[1], start[1] + tall, device=first.device)[:, None]
            ids[..., 2] = torch.arange(start[2], start[2] + wide, device=first.device)[None, :]
            parts.append(ids.reshape(-1, 3))
        return torch.cat(parts)

    def ids(self, rows: int, columns: int, places: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """Where each token stands: `[rows * columns, 3]` and `[places, 3]`."""
        key = (rows, columns, places)
        if key not in self._places:
            self._places.clear()
            ids = torch.zeros((rows, columns, 3), device=like.device, dtype=like.dtype)
            ids[..., 1] += torch.arange(rows, device=like.device)[:, None]
            ids[..., 2] += torch.arange(columns, device=like.device)[None, :]
            text = torch.zeros((places, 3), device=like.device, dtype=like.dtype)
            self._places[key] = (ids.reshape(-1, 3), text)
        return self._places[key]


def widened(residuals: Residuals, places: int) -> Residuals:
    """What controls add, with nothing for as many more tokens."""

    def wider(added: Sequence[Tensor]) -> list[Tensor]:
        return [pad(tensor, (0, 0, 0, places)) for tensor in added]

    return replace(residuals, down=wider(residuals.down), single=wider(residuals.single))


def packed(x: Tensor) -> Tensor:
    """`[N,C,h,w]` -> tokens `[N, h/2 * w/2, C * 4]`; odd sides are continued from the other end."""
    return pixel_unshuffle(to_patches(x, PATCH), PATCH).flatten(2).transpose(1, 2)


def unpacked(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """The inverse of `packed`."""
    grid = tokens.transpose(1, 2).reshape(tokens.shape[0], -1, rows, columns)
    return pixel_shuffle(grid, PATCH)


class Flux(FlowFamily):
    """CLIP L gives the pooled text, T5 the states."""

    title: ClassVar[str] = "FLUX.1"
    network: ClassVar[str] = "FluxTransformer2DModel"
    model_class: ClassVar[type[DiffusionModel]] = FluxModel
    marks: ClassVar[tuple[str, ...]] = (
        "double_blocks.0.img_mod.lin.weight",
        "single_transformer_blocks.0.norm.linear.weight",
    )
    rules: ClassVar[Rules] = RULES
    shift: ClassVar[float] = DEV_SHIFT
    resolution: ClassVar[int] = 10_000
    latent: ClassVar[LatentFormat] = FLUX
    texts: ClassVar[tuple[TextPart, ...]] = (CLIP_L, T5)

    def planned(self, layout: Layout) -> Plan:
        shapes = Shapes(layout.file, named=layout.shapes())
        config = stream_config(shapes) | {
            "_class_name": self.network,
            "pooled_projection_dim": shapes.of("time_text_embed.text_embedder.linear_1.weight")[1],
            "guidance_embeds": shapes.has("time_text_embed.guidance_embedder.linear_1.weight"),
        }
        return Plan(config, layout)

    def hints(self, file: WeightFile, prefix: str) -> dict[str, Any]:
        """schnell has no guidance, and a schedule that is not bent."""
        stems = ("guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1")
        guided = any(f"{prefix}{stem}.weight" in file for stem in stems)
        return {} if guided else {"shift": 1.0}

    def model(self, network: nn.Module, sampling: Sampling, latent: LatentFormat) -> DiffusionModel:
        network.pos_embed = Positions(network.get_submodule("pos_embed"))
        return super().model(network, sampling, latent)

    def read(self, reader: Reader, texts: Mapping[str, str], layer: int | None) -> Encoding:
        """T5's states, CLIP's pooled text; either encoder may be missing."""
        short = reader.parts["l"].encode(texts["l"], layer) if "l" in texts else None
        if "t5xxl" not in texts:
            raise DiffusionError(
                "FLUX.1 reads texts with T5, and none is loaded.",
                "Use DualCLIPLoader with clip_l and t5xxl.",
            )
        long = reader.parts["t5xxl"].encode(texts["t5xxl"])
        return Encoding(long.context, None if short is None else short.pooled)


def stream_config(shapes: Shapes) -> dict[str, Any]:
    """What FLUX and Chroma have in common."""
    return blocks_config(shapes) | {"out_channels": shapes.of("proj_out.weight")[0]}


def blocks_config(shapes: Shapes) -> dict[str, Any]:
    """What they have in common with their ControlNets: everything but the way out."""
    width = shapes.of("x_embedder.weight")[0]
    heads = max(1, width // shapes.of("transformer_blocks.0.attn.norm_q.weight")[0])
    head = width // heads
    return {
        "patch_size": 1,
        "in_channels": shapes.of("x_embedder.weight")[1],
        "num_layers": shapes.count(r"transformer_blocks\.(\d{1,4})\."),
        "num_single_layers": shapes.count(r"single_transformer_blocks\.(\d{1,4})\."),
        "attention_head_dim": head,
        "num_attention_heads": heads,
        "joint_attention_dim": shapes.of("context_embedder.weight")[1],
        "axes_dims_rope": [head // 8, (head - head // 8) // 2, (head - head // 8) // 2],
    }
