"""Between latents and pictures."""

from __future__ import annotations

from wirebrush.api import Image, Latent, Run, Vae, node
from wirebrush_nodes.live import explained, live_autoencoder


@node(id="VAEDecode", category="latent", title="VAE Decode")
def vae_decode(samples: Latent, vae: Vae, *, run: Run) -> Image:
    """Turn a latent into a picture.

    Args:
        samples: The latent, from a sampler.
        vae: The VAE of the model that made it.
    """
    with explained("vae"):
        autoencoder = live_autoencoder(vae, run)
    run.check()
    with explained("samples"):
        return autoencoder.decode(samples.samples)


@node(id="VAEEncode", category="latent", title="VAE Encode")
def vae_encode(pixels: Image, vae: Vae, *, run: Run) -> Latent:
    """Turn a picture into a latent that a sampler can paint over.

    Sides that are no multiple of 8 pixels are cut at both ends.

    Args:
        pixels: The picture.
        vae: The VAE of the model that will paint.
    """
    with explained("vae"):
        autoencoder = live_autoencoder(vae, run)
    run.check()
    with explained("pixels"):
        return Latent(autoencoder.encode(pixels))
