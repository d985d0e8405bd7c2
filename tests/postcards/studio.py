"""The shipped model and what is shipped around it, worked as people do: through the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from wirebrush.api import Clip, Latent, Model, SilentRun, Vae
from wirebrush_nodes.control import control_net_apply_advanced
from wirebrush_nodes.latent import empty_latent_image
from wirebrush_nodes.loaders import checkpoint_loader_simple, control_net_loader, lora_loader
from wirebrush_nodes.preprocessors import canny_edges
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode
from wirebrush_nodes.vae import vae_decode, vae_encode
from wirebrush_postcards import models_path


@dataclass(frozen=True)
class Edges:
    """The picture whose edges steer, uint8 [128, 128, 3], and how strongly."""

    picture: np.ndarray
    strength: float


@dataclass(frozen=True)
class Studio:
    """Postcards, loaded; every picture is uint8 [128, 128, 3]."""

    run: SilentRun
    model: Model
    clip: Clip
    vae: Vae

    @classmethod
    def opened(cls) -> Studio:
        run = SilentRun(root=models_path())
        return cls(run, *checkpoint_loader_simple("postcards", run=run))

    def styled(self, style: str, strength: float) -> Model:
        """The model with a LoRA."""
        name = f"postcards-{style}.safetensors"
        return lora_loader(self.model, self.clip, name, strength, strength, run=self.run).MODEL

    def latents(
        self,
        prompt: str,
        canvas: Latent | None = None,
        *,
        model: Model | None = None,
        negative: str = "",
        edges: Edges | None = None,
        **settings: Any,
    ) -> Latent:
        """What the sampler makes, on an empty canvas unless one is given."""
        conditions = [
            clip_text_encode(text, self.clip, run=self.run) for text in (prompt, negative)
        ]
        if edges is not None:
            net = control_net_loader("postcards-edges", run=self.run)
            hint = canny_edges(as_image(edges.picture))
            conditions = [*control_net_apply_advanced(*conditions, net, hint, edges.strength)]
        usual = {"seed": 0, "steps": 8, "cfg": 3.0, "sampler_name": "dpmpp_2m"}
        return ksampler(
            model=model or self.model,
            scheduler="normal",
            positive=conditions[0],
            negative=conditions[1],
            latent_image=canvas or empty_latent_image(128, 128),
            run=self.run,
            **(usual | settings),
        )

    def paint(self, prompt: str, canvas: Latent | None = None, **settings: Any) -> np.ndarray:
        """Pictures uint8 [B, 128, 128, 3]."""
        return self.decoded(self.latents(prompt, canvas, **settings))

    def encoded(self, picture: np.ndarray) -> Latent:
        return vae_encode(as_image(picture), self.vae, run=self.run)

    def decoded(self, latent: Latent) -> np.ndarray:
        return as_pictures(vae_decode(latent, self.vae, run=self.run))


def as_image(picture: np.ndarray) -> torch.Tensor:
    """uint8 [H, W, 3] as an IMAGE."""
    return torch.from_numpy(np.array(picture))[None].float() / 255


def as_pictures(image: torch.Tensor) -> np.ndarray:
    """An IMAGE as uint8 [B, H, W, 3]."""
    return (image * 255).round().byte().numpy()
