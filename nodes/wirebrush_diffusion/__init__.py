"""Diffusion sampling as a library: plain torch, diffusers' and transformers' networks, no nodes.

    from pathlib import Path
    from wirebrush_diffusion.files.checkpoint import load
    from wirebrush_diffusion.guidance.condition import Condition
    from wirebrush_diffusion.latent.space import empty_latent
    from wirebrush_diffusion.sampling import sample

    parts = load(Path("models/checkpoints/postcards"))
    texts = ("a red house in winter", "")
    positive, negative = ([Condition(parts.text_encoder.encode(t).context)] for t in texts)
    latent = sample(parts.model, empty_latent(128, 128), positive, negative, seed=1, cfg=5.0)
    pictures = parts.autoencoder.decode(latent)  # [1, 128, 128, 3], 0..1

A folder a subject: `noise` has the levels, where noise comes from and what a network predicts of
it; `samplers` the solvers; `guidance` and `inpaint` what happens at each model call; `text`,
`vision` and `control` what steers it; `latent`, `autoencoder` and `pictures` what is painted on;
`files`, `patches` and `memory` weights: where they come from, how they change, where they lie;
`training` how they are learnt. What differs between models (SDXL, FLUX...) is in `families`, one
file each.
"""
