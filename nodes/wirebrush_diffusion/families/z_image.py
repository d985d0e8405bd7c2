"""Z-Image by Tongyi-MAI (2025, arXiv:2511.22699): a single stream, with Qwen3 to read the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.families.family import Plan
from wirebrush_diffusion.families.flow import FlowFamily, JointModel, to_patches
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.layout import Layout, Rules
from wirebrush_diffusion.latent.space import FLUX, LatentFormat
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.text.reading import TextPart

PATCH = 2
LONGEST = (4352, 1024, 1024)  # words of a text, rows and columns of patches
EMBEDDER, LAST = "all_x_embedder.2-1", "all_final_layer.2-1"
THETA = 256.0


def _block(name: str) -> dict[str, str | tuple[str, ...]]:
    attention = f"{name}.#.attention"
    return {
        f"{attention}.qkv": tuple(f"{attention}.to_{n}" for n in "qkv"),
        f"{attention}.out": f"{attention}.to_out.0",
        f"{attention}.q_norm": f"{attention}.norm_q",
        f"{attention}.k_norm": f"{attention}.norm_k",
    }


RULES: Rules = {
    "x_embedder": EMBEDDER,
    "final_layer.linear": f"{LAST}.linear",
    "final_layer.adaLN_modulation.1": f"{LAST}.adaLN_modulation.1",
    **_block("noise_refiner"),
    **_block("context_refiner"),
    **_block("layers"),
}


@dataclass(slots=True, eq=False)
class ZImageModel(JointModel):
    """`network` is diffusers' `ZImageTransformer2DModel`; its time runs from noise to picture."""

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
        videos = to_patches(x, PATCH).unsqueeze(2)  # of one frame
        answers = self.network(
            list(videos.unbind()), 1 - timestep / 1000, list(context.unbind()), return_dict=False
        )[0]
        return -torch.stack(answers)[:, :, 0, :height, :width].float()


class ZImage(FlowFamily):
    """Qwen3 alone, as long as the text is."""

    title: ClassVar[str] = "Z-Image"
    network: ClassVar[str] = "ZImageTransformer2DModel"
    model_class: ClassVar[type[DiffusionModel]] = ZImageModel
    marks: ClassVar[tuple[str, ...]] = ("noise_refiner.0.adaLN_modulation.0.weight",)
    rules: ClassVar[Rules] = RULES
    ignored: ClassVar[tuple[str, ...]] = ("norm_final.",)
    shift: ClassVar[float] = 3.0
    latent: ClassVar[LatentFormat] = FLUX
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart(
            "qwen3_4b",
            kind="qwen3",
            prefixes=("text_encoders.qwen3_4b.transformer.",),
            cut=1,
            before="<|im_start|>user\n",
            after="<|im_end|>\n<|im_start|>assistant\n",
            weighted=False,
        ),
    )

    def planned(self, layout: Layout) -> Plan:
        shapes = Shapes(layout.file, named=layout.shapes())
        width, channels = shapes.of(f"{EMBEDDER}.weight")
        head = shapes.of("layers.0.attention.norm_q.weight")[0]
        heads = max(1, width // head)
        config = {
            "_class_name": self.network,
            "in_channels": channels // PATCH**2,
            "dim": width,
            "n_layers": shapes.count(r"layers\.(\d{1,4})\."),
            "n_refiner_layers": shapes.count(r"noise_refiner\.(\d{1,4})\."),
            "n_heads": heads,
            "n_kv_heads": heads,
            "cap_feat_dim": shapes.of("cap_embedder.1.weight")[1],
            "rope_theta": THETA,
            "axes_dims": [head // 4, head * 3 // 8, head * 3 // 8],
        }
        return Plan(config, layout)

    def complete(self, network: nn.Module) -> None:
        """The places of patches and words: a table that is long enough for any text."""
        from diffusers.models.transformers.transformer_z_image import RopeEmbedder

        config: Any = network.config
        axes = list(config.axes_dims)
        table: Any = RopeEmbedder(config.rope_theta, axes, list(LONGEST))  # diffusers': no Module
        network.rope_embedder = table
