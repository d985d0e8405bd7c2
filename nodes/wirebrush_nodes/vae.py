"""Between latents and pictures."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Image, Latent, Range, Run, Vae, node
from wirebrush_diffusion.autoencoder.tiled import decode_tiled, encode_tiled
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


@node(id="VAEDecodeTiled", category="_for_testing", title="VAE Decode (Tiled)", lossy=True)
def vae_decode_tiled(
    samples: Latent,
    vae: Vae,
    tile_size: Annotated[int, Range(64, 4096, 32)] = 512,
    overlap: Annotated[int, Range(0, 4096, 32)] = 64,
    temporal_size: Annotated[int, Range(8, 4096, 4)] = 64,
    temporal_overlap: Annotated[int, Range(4, 4096, 4)] = 8,
    *,
    run: Run,
) -> Image:
    """*Lossy*: turn a large latent into a picture part by part, which needs less memory.

    Colours may differ a little from the whole's. Parts overlap by a quarter of their side at most.

    Args:
        samples: The latent.
        vae: The VAE of the model that made it.
        tile_size: Pixels of a part; larger ones differ less from the whole.
        overlap: Over how many pixels parts fade into each other; a quarter of tile_size at most.
        temporal_size: For videos: how many frames at once.
        temporal_overlap: For videos: over how many frames parts fade into each other.
    """
    with explained("vae"):
        autoencoder = live_autoencoder(vae, run)
    with explained("samples"):
        return decode_tiled(autoencoder, samples.samples, tile_size, overlap, run.step)


@node(id="VAEEncodeTiled", category="_for_testing", title="VAE Encode (Tiled)", lossy=True)
def vae_encode_tiled(
    pixels: Image,
    vae: Vae,
    tile_size: Annotated[int, Range(64, 4096, 64)] = 512,
    overlap: Annotated[int, Range(0, 4096, 32)] = 64,
    temporal_size: Annotated[int, Range(8, 4096, 4)] = 64,
    temporal_overlap: Annotated[int, Range(4, 4096, 4)] = 8,
    *,
    run: Run,
) -> Latent:
    """*Lossy*: turn a large picture into a latent part by part, which needs less memory.

    Latents differ a little from the whole's. Parts overlap by a quarter of their side at most.

    Args:
        pixels: The picture.
        vae: The VAE of the model that will paint.
        tile_size: Pixels of a part; larger ones differ less from the whole.
        overlap: Over how many pixels parts fade into each other; a quarter of tile_size at most.
        temporal_size: For videos: how many frames at once.
        temporal_overlap: For videos: over how many frames parts fade into each other.
    """
    with explained("vae"):
        autoencoder = live_autoencoder(vae, run)
    with explained("pixels"):
        return Latent(encode_tiled(autoencoder, pixels, tile_size, overlap, run.step))
