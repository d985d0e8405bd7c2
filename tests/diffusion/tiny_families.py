"""Tiny networks of the true architectures, and diffusers' pipelines around them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
from tokenizers import pre_tokenizers
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

L_WIDTH, G_WIDTH, T5_WIDTH = 64, 128, 256
UNUSED: dict[str, Any] = {
    "safety_checker": None,
    "feature_extractor": None,
    "requires_safety_checker": False,
    "requires_aesthetics_score": True,
    "add_watermarker": False,
    "force_zeros_for_empty_prompt": False,
}
BETAS: dict[str, Any] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "timestep_spacing": "leading",
    "steps_offset": 1,
}
MERGES = [("r", "e"), ("re", "d</w>"), ("h", "o"), ("ho", "u"), ("hou", "s"), ("hous", "e</w>")]
PIECES = ["▁", "▁a", "▁red", "▁house", *"abcdefghijklmnopqrstuvwxyz,.()0123456789"]


def clip_tokenizer(pad_token: str = "<|endoftext|>") -> Any:
    """A byte-level CLIP tokenizer with a handful of merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *(f"{char}</w>" for char in alphabet)]
    words += ["".join(pair) for pair in MERGES] + ["<|startoftext|>", "<|endoftext|>"]
    vocab = {word: i for i, word in enumerate(words)}
    merges: Any = MERGES
    return CLIPTokenizer(vocab=vocab, merges=merges, pad_token=pad_token, model_max_length=77)


def t5_tokenizer() -> Any:
    """A tokenizer of the kind that T5 has."""
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    words += [(piece, -1.0 - i / 10) for i, piece in enumerate(PIECES)]
    return T5Tokenizer(vocab=words, extra_ids=0, model_max_length=512)


def clip(
    width: int,
    *,
    layers: int = 3,
    activation: str = "quick_gelu",
    projected: bool = False,
    places: int = 77,
) -> Any:
    """A CLIP text encoder."""
    tokenizer = clip_tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        hidden_act=activation,
        max_position_embeddings=places,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def t5() -> T5EncoderModel:
    """A T5 encoder."""
    config = T5Config(
        vocab_size=64,
        d_model=T5_WIDTH,
        d_kv=16,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        is_encoder_decoder=False,
        use_cache=False,
    )
    return T5EncoderModel(config).eval()


def vae(channels: int = 4, levels: int = 4, **settings: Any) -> Any:
    """A VAE; those with 16 channels have no convolutions around the latent."""
    widths = (32, 32, 64, 64)[:levels]
    plain = channels == 4
    config: dict[str, Any] = {
        "block_out_channels": widths,
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
        "layers_per_block": 1,
        "latent_channels": channels,
        "use_quant_conv": plain,
        "use_post_quant_conv": plain,
    }
    return diffusers.AutoencoderKL(**config | settings).eval()


def unet(context: int, *, linear: bool = True, channels: int = 4, **settings: Any) -> Any:
    """A UNet with two levels, the second without attention unless told otherwise."""
    config: dict[str, Any] = {
        "sample_size": 8,
        "in_channels": channels,
        "block_out_channels": (64, 128),
        "layers_per_block": 1,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": context,
        "use_linear_projection": linear,
        "attention_head_dim": (1, 2) if linear else 8,
    }
    return diffusers.UNet2DConditionModel(**config | settings).eval()


def _sizes(pooled: int, numbers: int) -> dict[str, Any]:
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": numbers * 256 + pooled,
    }


def sd1_parts(channels: int = 4) -> dict[str, Any]:
    """Stable Diffusion 1; 9 channels paint inside a mask, 8 edit a picture."""
    return {
        "unet": unet(L_WIDTH, linear=False, channels=channels, out_channels=4),
        "vae": vae(),
        "text_encoder": clip(L_WIDTH),
        "tokenizer": clip_tokenizer(),
        "scheduler": diffusers.EulerDiscreteScheduler(**BETAS),
    }


def sd2_parts(prediction: str = "v_prediction") -> dict[str, Any]:
    """Stable Diffusion 2."""
    return {
        "unet": unet(G_WIDTH),
        "vae": vae(),
        "text_encoder": clip(G_WIDTH, activation="gelu"),
        "tokenizer": clip_tokenizer("!"),
        "scheduler": diffusers.EulerDiscreteScheduler(**BETAS, prediction_type=prediction),
    }


def sdxl_parts() -> dict[str, Any]:
    """Stable Diffusion XL."""
    depths = {
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2),
    }
    return {
        "unet": unet(L_WIDTH + G_WIDTH, **depths, **_sizes(G_WIDTH, 6)),
        "vae": vae(scaling_factor=0.13025),
        "text_encoder": clip(L_WIDTH),
        "text_encoder_2": clip(G_WIDTH, activation="gelu", projected=True),
        "tokenizer": clip_tokenizer(),
        "tokenizer_2": clip_tokenizer("!"),
        "scheduler": diffusers.EulerDiscreteScheduler(**BETAS),
    }


def refiner_parts() -> dict[str, Any]:
    """Its refiner."""
    parts = sdxl_parts()
    parts["unet"] = unet(G_WIDTH, **_sizes(G_WIDTH, 5))
    return {**parts, "text_encoder": None, "tokenizer": None}


def sd3_parts() -> dict[str, Any]:
    """Stable Diffusion 3.5: two kinds of attention in the first block."""
    first = clip(L_WIDTH, projected=True)
    nn.init.eye_(first.text_projection.weight)  # as it is in the true model
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=32,
        in_channels=16,
        num_layers=3,
        attention_head_dim=64,
        num_attention_heads=2,
        joint_attention_dim=T5_WIDTH,
        caption_projection_dim=128,
        pooled_projection_dim=L_WIDTH + G_WIDTH,
        pos_embed_max_size=24,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )
    return {
        "transformer": transformer.eval(),
        "vae": vae(16, scaling_factor=1.5305, shift_factor=0.0609),
        "text_encoder": first,
        "text_encoder_2": clip(G_WIDTH, activation="gelu", projected=True),
        "text_encoder_3": t5(),
        "tokenizer": clip_tokenizer(),
        "tokenizer_2": clip_tokenizer("!"),
        "tokenizer_3": t5_tokenizer(),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
    }


def flux_transformer(*, guided: bool = True, channels: int = 64, **settings: Any) -> Any:
    """FLUX's network; 384 channels fill pictures in."""
    config: dict[str, Any] = {
        "in_channels": channels,
        "out_channels": 64,
        "num_layers": 2,
        "num_single_layers": 2,
        "attention_head_dim": 32,
        "num_attention_heads": 2,
        "joint_attention_dim": T5_WIDTH,
        "pooled_projection_dim": L_WIDTH,
        "guidance_embeds": guided,
        "axes_dims_rope": (4, 14, 14),
    }
    return diffusers.FluxTransformer2DModel(**config | settings).eval()


def flux_parts(*, guided: bool = True, channels: int = 64) -> dict[str, Any]:
    """FLUX.1."""
    return {
        "transformer": flux_transformer(guided=guided, channels=channels),
        "vae": vae(16, scaling_factor=0.3611, shift_factor=0.1159),
        "text_encoder": clip(L_WIDTH),
        "text_encoder_2": t5(),
        "tokenizer": clip_tokenizer(),
        "tokenizer_2": t5_tokenizer(),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    }


def x4_parts() -> dict[str, Any]:
    """The upscaler: it sees the small picture beside the latent, and the text first."""
    width = 192
    network = unet(
        width,
        channels=7,
        out_channels=4,
        block_out_channels=(64, 128, width),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        only_cross_attention=(True, True, False),
        attention_head_dim=8,
        num_class_embeds=1000,
    )
    betas: dict[str, Any] = BETAS | {"beta_start": 0.0001, "beta_end": 0.02}
    low = diffusers.DDPMScheduler(1000, 0.0001, 0.02, "scaled_linear")
    return {
        "unet": network,
        "vae": vae(4, 3, scaling_factor=0.08333),
        "text_encoder": clip(width, activation="gelu"),
        "tokenizer": clip_tokenizer("!"),
        "low_res_scheduler": low,
        "scheduler": diffusers.EulerDiscreteScheduler(**betas, prediction_type="v_prediction"),
    }


def chroma_parts() -> dict[str, Any]:
    """Chroma."""
    config: dict[str, Any] = {
        "in_channels": 64,
        "num_layers": 2,
        "num_single_layers": 2,
        "attention_head_dim": 32,
        "num_attention_heads": 2,
        "joint_attention_dim": T5_WIDTH,
        "axes_dims_rope": (4, 14, 14),
        "approximator_num_channels": 16,
        "approximator_hidden_dim": 32,
        "approximator_layers": 2,
    }
    return {
        "transformer": diffusers.ChromaTransformer2DModel(**config).eval(),
        "vae": vae(16, scaling_factor=0.3611, shift_factor=0.1159),
        "text_encoder": t5(),
        "tokenizer": t5_tokenizer(),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(shift=1.0),
    }


def pixart_parts() -> dict[str, Any]:
    """PixArt-Sigma."""
    transformer = diffusers.PixArtTransformer2DModel(
        num_attention_heads=2,
        attention_head_dim=72,
        num_layers=2,
        cross_attention_dim=144,
        sample_size=128,
        caption_channels=T5_WIDTH,
        use_additional_conditions=False,
    )
    betas: dict[str, Any] = {
        "beta_schedule": "linear",
        "beta_start": 0.0001,
        "beta_end": 0.02,
        "timestep_spacing": "leading",
        "steps_offset": 1,
    }
    return {
        "transformer": transformer.eval(),
        "vae": vae(scaling_factor=0.13025),
        "text_encoder": t5(),
        "tokenizer": t5_tokenizer(),
        "scheduler": diffusers.EulerDiscreteScheduler(**betas),
    }


PIPELINES: Mapping[str, tuple[Any, Callable[[], dict[str, Any]]]] = {
    "sd1": (diffusers.StableDiffusionPipeline, sd1_parts),
    "sd2": (diffusers.StableDiffusionPipeline, sd2_parts),
    "sdxl": (diffusers.StableDiffusionXLPipeline, sdxl_parts),
    "refiner": (diffusers.StableDiffusionXLImg2ImgPipeline, refiner_parts),
    "sd3": (diffusers.StableDiffusion3Pipeline, sd3_parts),
    "flux": (diffusers.FluxPipeline, flux_parts),
    "chroma": (diffusers.ChromaPipeline, chroma_parts),
    "pixart": (diffusers.PixArtSigmaPipeline, pixart_parts),
    "x4": (diffusers.StableDiffusionUpscalePipeline, x4_parts),
    "inpaint": (diffusers.StableDiffusionInpaintPipeline, lambda: sd1_parts(9)),
    "edit": (diffusers.StableDiffusionInstructPix2PixPipeline, lambda: sd1_parts(8)),
    "fill": (diffusers.FluxFillPipeline, lambda: flux_parts(channels=384)),
}


def pipeline(name: str) -> Any:
    """diffusers' pipeline around a tiny model of that family, weights from seed 0."""
    cls, make = PIPELINES[name]
    torch.manual_seed(0)
    return assembled(cls, make())


def assembled(cls: Any, parts: dict[str, Any]) -> Any:
    """A pipeline of that class, silent, in float32."""
    unused = {
        name: setting
        for name, setting in UNUSED.items()
        if name in inspect.signature(cls.__init__).parameters
    }
    for weights in parts.values():
        if isinstance(weights, nn.Module):
            _livened(weights)
    if "vae" in parts:
        _certain(parts["vae"])
    pipe = cls(**unused | parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _livened(network: nn.Module) -> None:
    """Norms and biases start as ones and zeros: then a mix-up would go unseen."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim == 1 or ("projection" in name and "text_projection" not in name):
                parameter.add_(0.02 * torch.randn_like(parameter))


def _certain(autoencoder: Any) -> None:
    """Pipelines draw from what the encoder gives; ours takes its mean. Let both be one."""
    last = autoencoder.quant_conv or autoencoder.encoder.conv_out
    half = last.weight.shape[0] // 2
    with torch.no_grad():
        last.weight[half:] = 0.0
        last.bias[half:] = -30.0


def saved(pipe: Any, path: Path) -> Path:
    """The pipeline as a diffusers folder."""
    pipe.save_pretrained(path)
    return path
