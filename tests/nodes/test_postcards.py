"""The embedded model goes the way of every checkpoint."""

from __future__ import annotations

import torch

from wirebrush.api import SilentRun
from wirebrush_nodes.latent import empty_latent_image
from wirebrush_nodes.live import live_model, preview_of
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode
from wirebrush_nodes.vae import vae_decode
from wirebrush_postcards import models_path


def test_a_postcard_by_day_is_brighter_than_one_by_night() -> None:
    run = SilentRun(root=models_path())
    model, clip, vae = checkpoint_loader_simple("postcards", run=run)
    negative = clip_text_encode("", clip, run=run)

    def brightness(text: str) -> float:
        latent = ksampler(
            model=model,
            seed=3,
            steps=8,
            cfg=5.0,
            sampler_name="dpmpp_2m",
            positive=clip_text_encode(text, clip, run=run),
            negative=negative,
            latent_image=empty_latent_image(128, 128),
            run=run,
        )
        return float(vae_decode(latent, vae, run=run).mean())

    day, night = (brightness(f"a red house on a meadow {time}") for time in ("by day", "at night"))
    assert day > night + 0.1


def test_it_has_a_preview_although_nobody_published_factors() -> None:
    run = SilentRun(root=models_path())
    model, _, _ = checkpoint_loader_simple("postcards", run=run)

    with live_model(model, run) as network:
        latent = torch.zeros((1, network.latent.channels, 16, 16))
        assert preview_of(network, model, latent, run) is not None
