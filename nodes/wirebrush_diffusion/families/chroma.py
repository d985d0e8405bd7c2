"""Chroma by Lodestone Rock: FLUX without its pooled text, steered by a small network of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from wirebrush_diffusion.families.family import Plan, Sampling
from wirebrush_diffusion.families.flow import FlowFamily
from wirebrush_diffusion.families.flux import (
    STREAMS,
    FluxModel,
    Positions,
    stream_config,
)
from wirebrush_diffusion.files.architectures import Shapes
from wirebrush_diffusion.files.layout import Layout, Rules
from wirebrush_diffusion.latent.space import FLUX, LatentFormat
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.text.reading import TextPart

GUIDE = "distilled_guidance_layer"
RULES: Rules = {
    **STREAMS,
    f"{GUIDE}.layers.#.in_layer": f"{GUIDE}.layers.#.linear_1",
    f"{GUIDE}.layers.#.out_layer": f"{GUIDE}.layers.#.linear_2",
    f"{GUIDE}.norms.#": f"{GUIDE}.norms.#",
}


@dataclass(slots=True, eq=False)
class ChromaModel(FluxModel):
    """`network` is diffusers' `ChromaTransformer2DModel`: it wants nothing but the text."""

    def inputs(
        self,
        pooled: Tensor | None,
        options: Mapping[str, Any],
        shape: Sequence[int],
        *,
        negative: bool = False,
    ) -> dict[str, Tensor]:
        return {}

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
        return self.network(
            hidden_states=tokens,
            timestep=time,
            encoder_hidden_states=context,
            img_ids=image_ids,
            txt_ids=text_ids,
            controlnet_block_samples=residuals.down or None,
            controlnet_single_block_samples=residuals.single or None,
            return_dict=False,
        )[0]


class Chroma(FlowFamily):
    """T5 alone, as long as the text is; real guidance with a negative text."""

    title: ClassVar[str] = "Chroma"
    network: ClassVar[str] = "ChromaTransformer2DModel"
    model_class: ClassVar[type[DiffusionModel]] = ChromaModel
    marks: ClassVar[tuple[str, ...]] = (f"{GUIDE}.in_proj.weight",)
    rules: ClassVar[Rules] = RULES
    latent: ClassVar[LatentFormat] = FLUX
    texts: ClassVar[tuple[TextPart, ...]] = (
        TextPart("t5xxl", kind="t5", prefixes=("text_encoders.t5xxl.transformer.",)),
    )

    def planned(self, layout: Layout) -> Plan:
        shapes = Shapes(layout.file, named=layout.shapes())
        hidden, channels = shapes.of(f"{GUIDE}.in_proj.weight")
        config = stream_config(shapes) | {
            "_class_name": self.network,
            "approximator_num_channels": channels,
            "approximator_hidden_dim": hidden,
            "approximator_layers": shapes.count(rf"{GUIDE}\.layers\.(\d{{1,4}})\."),
        }
        return Plan(config, layout)

    def complete(self, network: nn.Module) -> None:
        """The places of the modulations, which are computed."""
        from diffusers.models.transformers.transformer_chroma import (
            ChromaCombinedTimestepTextProjEmbeddings,
        )

        config: Any = network.config
        network.time_text_embed = ChromaCombinedTimestepTextProjEmbeddings(
            num_channels=config.approximator_num_channels // 4,
            out_dim=3 * config.num_single_layers + 2 * 6 * config.num_layers + 2,
        )

    def model(self, network: nn.Module, sampling: Sampling, latent: LatentFormat) -> DiffusionModel:
        network.pos_embed = Positions(network.get_submodule("pos_embed"))
        return super().model(network, sampling, latent)
