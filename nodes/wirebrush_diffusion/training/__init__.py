"""Training: small files that teach a model a style or a thing, made beside frozen weights.

    from wirebrush_diffusion.training.examples import Example
    from wirebrush_diffusion.training.lora import LoraSettings, train_lora

    examples = [Example(latent, Condition(context)) for latent, context in ...]
    trained = train_lora(parts.model, examples, LoraSettings(rank=8), steps=200)
    trained.save(Path("models/loras/style.safetensors"))

`adapters` are the factors and how they join a network, `examples` what is learnt from and in which
order, `objective` the loss, `loop` the optimiser with its states on disk, `lora` and `inversion`
whole trainings, `folder` pictures with captions, `extract` LoRAs out of differences of weights.
"""
