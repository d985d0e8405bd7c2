"""Diffusion sampling as a library: plain torch, diffusers' and transformers' networks, no nodes.

    from pathlib import Path
    from wirebrush_diffusion.checkpoint import load
    from wirebrush_diffusion.condition import Condition
    from wirebrush_diffusion.latents import empty_latent
    from wirebrush_diffusion.sampling import sample

    parts = load(Path("models/checkpoints/postcards"))
    texts = ("a red house in winter", "")
    positive, negative = ([Condition(parts.text_encoder.encode(t).context)] for t in texts)
    latent = sample(parts.model, empty_latent(128, 128), positive, negative, seed=1, cfg=5.0)
    pictures = parts.autoencoder.decode(latent)  # [1, 128, 128, 3], 0..1

One noun a file: `schedules` and `denoiser` are the mathematics of noise levels, `samplers` the
solvers, `guidance`, `condition` and `inpaint` what happens at each model call, `noise` and
`brownian` where randomness comes from, `checkpoint`, `lora` and `controlnet_file` the files. What
differs between models (SDXL, FLUX...) is in `families`, one file each.
"""
