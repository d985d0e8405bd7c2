"""Qwen-Image (Wu et al. 2025, arXiv:2508.02324): two streams like FLUX's; Qwen2.5-VL reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.alterations import Together
from wirebrush_diffusion.autoencoder.frames import CLASS, MEANS, SPREADS
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.family import Plan
from wirebrush_diffusion.families.flow import FlowFamily, JointModel
from wirebrush_diffusion.families.flux import DEV_SHIFT, PATCH, packed, unpacked
from wirebrush_diffusion.families.references import reference_extras, references_in
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.layout import Layout
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.latent.space import LatentFormat
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.text.language import LanguageEncoder
from wirebrush_diffusion.text.reading import Encoding, Reader, TextPart

ZERO_TIME = "__index_timestep_zero__"  # a mark in files of models that see pictures at time 0
USER, END = "<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"
DESCRIBE = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, "
    f"quantity, text, spatial relationships of the objects and background:{USER}"
)
EDIT = (
    "<|im_start|>system\nDescribe the key features of the input image (color, shape, size, "
    "texture, objects, background), then explain how the user's text instruction should alter or "
    "modify the image. Generate a new image that meets the user's requirements while maintaining "
    f"consistency with the original input where appropriate.{USER}"
)
ROLE = "qwen25_7b"


@dataclass(slots=True, eq=False)
class QwenImageModel(JointModel):
    """`network` is diffusers' `QwenImageTransformer2DModel`; 2 x 2 patches are its tokens."""

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
        known = ("index", "index_timestep_zero")
        return reference_extras(options, self.latent, default=known[0], known=known)

    def predict(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        extra: Mapping[str, Tensor] | None = None,
        residuals: Residuals | None = None,
    ) -> Tensor:
        height, width = x.shape[-2:]
        pictures = [x, *(latent for _, latent in references_in(extra or {}))]
        tokens = torch.cat([packed(picture) for picture in pictures], dim=1)
        grids = [(1, *(-(-side // PATCH) for side in picture.shape[-2:])) for picture in pictures]
        _, rows, columns = grids[0]
        residuals = residuals or Residuals()
        with Together(residuals.alterations).on(self.network):
            output = self.network(
                hidden_states=tokens,
                encoder_hidden_states=context,
                timestep=timestep / 1000,
                img_shapes=[grids] * x.shape[0],
                return_dict=False,
            )[0]
        own = output[:, : rows * columns]
        return unpacked(own, rows, columns)[..., :height, :width].float()


class QwenImage(FlowFamily):
    """Qwen2.5-VL alone; what stands before the text is read, but not given to the network."""

    title: ClassVar[str] = "Qwen-Image"
    network: ClassVar[str] = "QwenImageTransformer2DModel"
    model_class: ClassVar[type[DiffusionModel]] = QwenImageModel
    marks: ClassVar[tuple[str, ...]] = ("transformer_blocks.0.img_mod.1.weight",)
    ignored: ClassVar[tuple[str, ...]] = (ZERO_TIME,)
    shift: ClassVar[float] = DEV_SHIFT
    resolution: ClassVar[int] = 10_000
    autoencoder: ClassVar[str] = CLASS
    latent: ClassVar[LatentFormat] = LatentFormat(16, 1.0, means=MEANS, spreads=SPREADS)
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart(
            ROLE,
            kind="qwen25vl",
            prefixes=(f"text_encoders.{ROLE}.transformer.",),
            before=DESCRIBE,
            after=END,
            hides=True,
            weighted=False,
        ),
    )

    def plan(self, file: WeightFile, prefix: str) -> Plan | None:
        plan = FlowFamily.plan(self, file, prefix)
        if plan is None:
            return None
        return Plan(plan.config | {"zero_cond_t": prefix + ZERO_TIME in file}, plan.layout)

    def planned(self, layout: Layout) -> Plan:
        shapes = Shapes(layout.file, named=layout.shapes())
        width, channels = shapes.of("img_in.weight")
        head = shapes.of("transformer_blocks.0.attn.norm_q.weight")[0]
        config = {
            "_class_name": self.network,
            "in_channels": channels,
            "out_channels": shapes.of("proj_out.weight")[0] // PATCH**2,
            "num_layers": shapes.count(r"transformer_blocks\.(\d{1,4})\."),
            "attention_head_dim": head,
            "num_attention_heads": max(1, width // head),
            "joint_attention_dim": shapes.of("txt_in.weight")[1],
            "axes_dims_rope": [head // 8, (head - head // 8) // 2, (head - head // 8) // 2],
        }
        return Plan(config, layout)

    def complete(self, network: nn.Module) -> None:
        """The places of patches and words, which are computed."""
        from diffusers.models.transformers.transformer_qwenimage import QwenEmbedRope

        config: Any = network.config
        axes = list(config.axes_dims_rope)
        network.pos_embed = QwenEmbedRope(theta=10000, axes_dim=axes, scale_rope=True)


def read_edit(
    reader: Reader, prompt: str, pictures: Sequence[Tensor], *, named: bool = False
) -> Encoding:
    """An instruction about pictures `[1,H,W,3]`; `named` calls them "Picture 1" and so on."""
    encoder = reader.parts.get(ROLE)
    if not isinstance(encoder, LanguageEncoder):
        raise DiffusionError(
            f"This model reads texts with {' and '.join(reader.parts)}, and cannot look at "
            "pictures.",
            "Use the CLIP of a Qwen-Image-Edit model: CLIPLoader with type qwen_image.",
        )
    return encoder.see(prompt, pictures, EDIT, named=named)
