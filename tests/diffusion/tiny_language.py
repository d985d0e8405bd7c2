"""Tiny language models of the true architectures, and diffusers' pipelines that read with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import diffusers
import torch
from tiny_families import (
    G_WIDTH,
    L_WIDTH,
    PIPELINES,
    T5_WIDTH,
    assembled,
    clip,
    clip_tokenizer,
    pixart_parts,
    t5,
    t5_tokenizer,
    vae,
)
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors
from transformers import (
    Gemma2Config,
    Gemma2Model,
    GemmaTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
)

WIDTH = 128
MARKS = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>")
QWEN_MERGES = [("h", "o"), ("ho", "u"), ("r", "e"), ("Ġ", "re"), ("u", "s"), ("us", "e")]
PIECES = ["▁", "▁a", "▁red", "▁house", "re", "red", *"abcdefghijklmnopqrstuvwxyz,.<>()0123456789"]
TURNS = {"rope_type": "default", "rope_theta": 1e6}
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def qwen_tokenizer() -> Any:
    """A byte-level tokenizer with Qwen's marks and a handful of merges."""
    words = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(p) for p in QWEN_MERGES)]
    words.append("<|endoftext|>")
    merges: Any = QWEN_MERGES
    tokenizer: Any = Qwen2Tokenizer(
        vocab={word: i for i, word in enumerate(words)}, merges=merges, chat_template=CHAT
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS)})
    return tokenizer


def gemma_words() -> list[tuple[str, float, int]]:
    """Words, scores and kinds as Gemma's SentencePiece model has them: marks, bytes, pieces."""
    marks = [("<pad>", 0.0, 3), ("<eos>", 0.0, 3), ("<bos>", 0.0, 3), ("<unk>", 0.0, 2)]
    own = [("<mask>", 0.0, 4)]
    raw = [(f"<0x{byte:02X}>", 0.0, 6) for byte in range(256)]
    return [*marks, *own, *raw, *((piece, -float(i), 1) for i, piece in enumerate(PIECES))]


def gemma_tokenizer() -> Any:
    """A tokenizer of the kind that Gemma has."""
    pairs: Any = [("▁", "a"), ("r", "e"), ("re", "d"), ("▁", "red")]
    tokenizer: Any = GemmaTokenizer(
        vocab={word: i for i, (word, _, _) in enumerate(gemma_words())}, merges=pairs
    )
    tokenizer.add_bos_token = True
    return tokenizer


def gemma() -> Any:
    """Gemma 2."""
    config = Gemma2Config(
        vocab_size=320,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=256,
    )
    return Gemma2Model(config).eval()


def qwen3() -> Any:
    """Qwen3."""
    config = Qwen3Config(
        vocab_size=300,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=64,
        rope_parameters=TURNS,
        tie_word_embeddings=True,
    )
    return Qwen3ForCausalLM(config).eval()


def llama_tokenizer() -> Any:
    """A byte-level tokenizer with Llama's marks, which begins each text with one."""
    words = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(p) for p in QWEN_MERGES)]
    merges: Any = QWEN_MERGES
    backend: Any = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    marks = ("<|begin_of_text|>", "<|eot_id|>")
    backend.add_special_tokens([AddedToken(mark, normalized=False) for mark in marks])
    begin = processors.TemplateProcessing(
        single=f"{marks[0]} $A", special_tokens=[(marks[0], backend.token_to_id(marks[0]))]
    )
    backend.post_processor = begin
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token=marks[0], eos_token=marks[1], model_max_length=512
    )


def llama(layers: int = 4) -> Any:
    """Llama 3.1."""
    config = LlamaConfig(
        vocab_size=320,
        hidden_size=T5_WIDTH,
        intermediate_size=T5_WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=128,
        rms_norm_eps=1e-5,
        max_position_embeddings=131072,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 500000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
        },
    )
    return LlamaForCausalLM(config).eval()


def hidream_parts() -> dict[str, Any]:
    """HiDream: two blocks with two streams, two with one."""
    axes: Any = (64, 32, 32)  # diffusers says two, and means three
    transformer = diffusers.HiDreamImageTransformer2DModel(
        patch_size=2,
        in_channels=16,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=128,
        num_attention_heads=1,
        caption_channels=[T5_WIDTH, T5_WIDTH],
        text_emb_dim=L_WIDTH + G_WIDTH,
        axes_dims_rope=axes,
        max_resolution=(16, 16),
        llama_layers=[0, 1, 2, 3],
    )
    return {
        "transformer": transformer.eval(),
        "vae": vae(16, scaling_factor=0.3611, shift_factor=0.1159),
        "text_encoder": clip(L_WIDTH, projected=True, places=248),
        "text_encoder_2": clip(G_WIDTH, activation="gelu", projected=True, places=248),
        "text_encoder_3": t5(),
        "text_encoder_4": llama(),
        "tokenizer": clip_tokenizer(),
        "tokenizer_2": clip_tokenizer("!"),
        "tokenizer_3": t5_tokenizer(),
        "tokenizer_4": llama_tokenizer(),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
    }


def qwen25vl(tokenizer: Any) -> Any:
    """Qwen2.5-VL, with its eyes."""
    text = {
        "vocab_size": 300,
        "hidden_size": 256,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "rms_norm_eps": 1e-6,
        "rope_parameters": TURNS | {"mrope_section": [16, 24, 24]},
    }
    vision = {
        "depth": 2,
        "hidden_size": 80,
        "intermediate_size": 96,
        "num_heads": 1,
        "out_hidden_size": 256,
        "fullatt_block_indexes": [],
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=tokenizer.convert_tokens_to_ids("<|image_pad|>"),
        vision_start_token_id=tokenizer.convert_tokens_to_ids("<|vision_start|>"),
    )
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def lumina2_parts() -> dict[str, Any]:
    """Lumina-Image 2.0."""
    transformer = diffusers.Lumina2Transformer2DModel(
        hidden_size=96,
        num_layers=2,
        num_refiner_layers=2,
        num_attention_heads=4,
        num_kv_heads=2,
        axes_dim_rope=(8, 8, 8),
        cap_feat_dim=WIDTH,
    )
    return {
        "transformer": transformer.eval(),
        "vae": vae(16, scaling_factor=0.3611, shift_factor=0.1159),
        "text_encoder": gemma(),
        "tokenizer": gemma_tokenizer(),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(shift=6.0),
    }


def z_image_parts() -> dict[str, Any]:
    """Z-Image."""
    transformer = diffusers.ZImageTransformer2DModel(
        dim=96,
        n_layers=2,
        n_heads=3,
        n_kv_heads=3,
        cap_feat_dim=WIDTH,
        axes_dims=[8, 12, 12],
        axes_lens=[1024, 512, 512],
    )
    for token in (transformer.x_pad_token, transformer.cap_pad_token):
        torch.nn.init.normal_(token)
    return {
        "transformer": transformer.eval(),
        "vae": vae(16, scaling_factor=0.3611, shift_factor=0.1159),
        "text_encoder": qwen3(),
        "tokenizer": qwen_tokenizer(),
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
    }


def pixart_alpha_parts() -> dict[str, Any]:
    """PixArt-Alpha: as Sigma, but it is told the picture's size."""
    parts = pixart_parts()
    transformer = diffusers.PixArtTransformer2DModel(
        **{**parts["transformer"].config, "use_additional_conditions": True}
    )
    return parts | {"transformer": transformer.eval(), "vae": vae()}


def qwen_image_vae() -> Any:
    """The autoencoder with a time axis."""
    return diffusers.AutoencoderKLQwenImage(base_dim=16, num_res_blocks=1).eval()


def qwen_image_parts(**settings: Any) -> dict[str, Any]:
    """Qwen-Image."""
    transformer = diffusers.QwenImageTransformer2DModel(
        num_layers=2,
        attention_head_dim=32,
        num_attention_heads=2,
        joint_attention_dim=256,
        axes_dims_rope=(4, 14, 14),
        **settings,
    )
    tokenizer = qwen_tokenizer()
    return {
        "transformer": transformer.eval(),
        "vae": qwen_image_vae(),
        "text_encoder": qwen25vl(tokenizer),
        "tokenizer": tokenizer,
        "scheduler": diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    }


LANGUAGE_PIPELINES: Mapping[str, tuple[Any, Callable[[], dict[str, Any]]]] = {
    "lumina2": (diffusers.Lumina2Pipeline, lumina2_parts),
    "z_image": (diffusers.ZImagePipeline, z_image_parts),
    "pixart_alpha": (diffusers.PixArtAlphaPipeline, pixart_alpha_parts),
    "qwen_image": (diffusers.QwenImagePipeline, qwen_image_parts),
    "hidream": (diffusers.HiDreamImagePipeline, hidream_parts),
}


def pipeline(name: str) -> Any:
    """diffusers' pipeline around a tiny model of any family, weights from seed 0."""
    cls, make = {**PIPELINES, **LANGUAGE_PIPELINES}[name]
    torch.manual_seed(0)
    pipe = assembled(cls, make())
    if name == "qwen_image":  # its number of hidden words is that of the true tokenizer
        before = pipe.prompt_template_encode.split("{}")[0]
        pipe.prompt_template_encode_start_idx = len(pipe.tokenizer(before).input_ids)
    return pipe
