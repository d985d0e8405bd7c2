"""What a weight file is, when it is not what was expected: a name for the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable

from wirebrush_diffusion.files.weights import WeightFile

Test = Callable[[str], bool]


def _starts(*starts: str) -> Test:
    return lambda name: name.startswith(starts)


def _has(*parts: str) -> Test:
    return lambda name: any(part in name for part in parts)


NETWORK, LANGUAGE = "a diffusion model", "a language model"
KINDS: tuple[tuple[Test, str, str], ...] = (
    (
        _has("lora_unet_", "lora_te", ".lora_A.", ".lora_B.", ".lora_up.", "lora.up.", ".hada_w1"),
        "a LoRA",
        "LoraLoader reads LoRAs, from models/loras.",
    ),
    (
        _starts("control_model.", "controlnet_", "input_hint_block.", "zero_convs."),
        "a ControlNet",
        "ControlNetLoader reads ControlNets, from models/controlnet.",
    ),
    (
        _starts("position_net."),
        "a GLIGEN model",
        "GLIGENLoader reads GLIGEN models, from models/gligen.",
    ),
    (
        _starts("controlnet_blocks.0.y_rms.", "feature_embedder.", "mid_layer_norm."),
        "a model patch",
        "ModelPatchLoader reads model patches, from models/model_patches.",
    ),
    (
        _starts("image_proj.", "ip_adapter."),
        "an IP-Adapter",
        "IPAdapterModelLoader reads IP-Adapters, from models/ipadapter.",
    ),
    (
        _starts("adapter.body.", "body.0."),
        "a T2I-Adapter",
        "ControlNetLoader reads T2I-Adapters, from models/controlnet.",
    ),
    (
        _starts("first_stage_model.", "encoder.down", "decoder.up", "decoder.mid", "vae."),
        "a VAE",
        "VAELoader reads VAEs, from models/vae.",
    ),
    (
        _has("SelfAttention.relative_attention_bias", "encoder.block.0.layer.0.SelfAttention"),
        "a T5 text encoder",
        "CLIPLoader and DualCLIPLoader read text encoders, from models/text_encoders.",
    ),
    (
        _has(".mlp.gate_proj."),
        LANGUAGE,
        "CLIPLoader reads language models, from models/text_encoders.",
    ),
    (
        _has("text_model.encoder.layers", "transformer.resblocks.", "token_embedding"),
        "a CLIP text encoder",
        "CLIPLoader and DualCLIPLoader read text encoders, from models/text_encoders.",
    ),
    (
        _has("vision_model.encoder.layers", "visual."),
        "a CLIP vision encoder",
        "CLIPVisionLoader reads vision encoders, from models/clip_vision.",
    ),
    (
        _starts("redux_up.", "redux_down."),
        "a style model",
        "StyleModelLoader reads style models, from models/style_models.",
    ),
    (
        _has("transformer_blocks.", "double_blocks.", "joint_blocks.", "input_blocks."),
        NETWORK,
        "UNETLoader reads diffusion models, from models/diffusion_models.",
    ),
    (
        _has(".0.linear.0.weight", ".1.linear.0.weight"),
        "a hypernetwork",
        "HypernetworkLoader reads hypernetworks, from models/hypernetworks.",
    ),
    (_has("string_to_param", "emb_params"), "a textual inversion", "Name it in a prompt instead."),
)


def kind_of(file: WeightFile) -> tuple[str, str]:
    """What the file is, as it stands in a sentence, and where it is read."""
    names = list(file.names())
    for test, kind, hint in KINDS:
        if any(test(name) for name in names):
            return kind, hint
    if not names:
        return "empty", "Get the file again."
    return (
        f"of a kind that is not known here (it begins with {names[0][:60]!r})",
        "Choose a file for this node's kind of model.",
    )
