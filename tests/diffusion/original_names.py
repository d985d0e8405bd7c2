"""Writing networks by their authors' names: the loader's tables, read backwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from wirebrush_diffusion.families.chroma import RULES as CHROMA_RULES
from wirebrush_diffusion.families.flux import RULES as FLUX_RULES
from wirebrush_diffusion.families.lumina2 import RULES as LUMINA2_RULES
from wirebrush_diffusion.families.pixart import RULES as PIXART_RULES
from wirebrush_diffusion.families.sd3 import RULES as SD3_RULES
from wirebrush_diffusion.families.z_image import RULES as Z_IMAGE_RULES
from wirebrush_diffusion.files.layout import Rule, Rules
from wirebrush_diffusion.files.names import unet_name, vae_name
from wirebrush_diffusion.text.encoder_files import OPEN_CLIP

SCALES = ("query_norm", "key_norm", "norms.#")  # norms whose weight their authors call "scale"


def written(rules: Rules, state: Mapping[str, Tensor], prefix: str = "") -> dict[str, Tensor]:
    """A network's tensors by the names of the original files."""
    parts: dict[str, list[tuple[int, Tensor, Rule]]] = {}
    for name, tensor in state.items():
        stored, place, rule = _stored(rules, name)
        parts.setdefault(prefix + stored, []).append((place, tensor, rule))
    return {name: _joined(pieces) for name, pieces in parts.items()}


def _stored(rules: Rules, name: str) -> tuple[str, int, Rule]:
    for key, rule in _full(rules):
        for place, target in enumerate(rule.targets):
            pattern = re.escape(target).replace(r"\#", r"(\d+)") + r"(\.weight|\.bias)?"
            match = re.fullmatch(pattern, name)
            if match is None:
                continue
            number = match.group(1) if "#" in target else ""
            leaf = match.groups()[-1] or ""
            if leaf == ".weight" and key.endswith(SCALES):
                leaf = ".scale"
            return key.replace("#", number) + leaf, place, rule
    return name, 0, Rule(("",))


def _full(rules: Rules) -> Iterable[tuple[str, Rule]]:
    for key, rule in rules.items():
        if isinstance(rule, str):
            yield key, Rule((rule,))
        else:
            yield key, Rule(rule) if isinstance(rule, tuple) else rule


def _joined(pieces: list[tuple[int, Tensor, Rule]]) -> Tensor:
    ordered = [tensor for _, tensor, _ in sorted(pieces, key=lambda piece: piece[0])]
    rule = pieces[0][2]
    tensor = torch.cat(ordered) if len(ordered) > 1 else ordered[0]
    if rule.swapped:
        tensor = torch.cat(tensor.chunk(2)[::-1])
    return (tensor.T if rule.transposed else tensor).contiguous()


def unet_tensors(network: Any, prefix: str) -> dict[str, Tensor]:
    layers = network.config.layers_per_block
    kinds = network.config.up_block_types
    attention = frozenset(i for i, kind in enumerate(kinds) if kind.startswith("CrossAttn"))
    return {
        prefix + unet_name(name, layers, attention): tensor.contiguous()
        for name, tensor in network.state_dict().items()
    }


def vae_tensors(network: Any, prefix: str) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        convolution = ".mid_block.attentions." in name and tensor.ndim == 2
        shaped = tensor[:, :, None, None] if convolution else tensor
        tensors[prefix + vae_name(name, 4)] = shaped.contiguous()
    return tensors


def clip_tensors(network: Any, prefix: str) -> dict[str, Tensor]:
    """transformers' own names, with the prefix that its CLIP once gave them."""
    return {
        f"{prefix}text_model.{name.removeprefix('text_model.')}": tensor.contiguous()
        for name, tensor in network.state_dict().items()
        if "text_projection" not in name
    }


def open_clip_tensors(network: Any, prefix: str, *, spare: bool = False) -> dict[str, Tensor]:
    """OpenCLIP's names; `spare` adds the last layer that Stable Diffusion 2 never reads."""
    state = {name.removeprefix("text_model."): t for name, t in network.state_dict().items()}
    if spare:
        last = f"encoder.layers.{network.config.num_hidden_layers - 1}."
        more = f"encoder.layers.{network.config.num_hidden_layers}."
        state |= {n.replace(last, more): torch.randn_like(t) for n, t in state.items() if last in n}
    tensors = written(OPEN_CLIP, state, prefix)
    tensors.setdefault(f"{prefix}text_projection", torch.eye(network.config.hidden_size))
    return tensors | {f"{prefix}logit_scale": torch.tensor(4.6)}


def plain(network: Any, prefix: str) -> dict[str, Tensor]:
    return {prefix + name: tensor.clone() for name, tensor in network.state_dict().items()}


MODEL, FIRST, TEXTS = "model.diffusion_model.", "first_stage_model.", "text_encoders."


def single(pipe: Any, name: str) -> dict[str, Tensor]:
    """The whole model by the names of its authors' files."""
    if name == "sd2":
        texts = open_clip_tensors(pipe.text_encoder, "cond_stage_model.model.", spare=True)
        return unet_tensors(pipe.unet, MODEL) | vae_tensors(pipe.vae, FIRST) | texts
    if name in ("sdxl", "refiner"):
        place = 1 if name == "sdxl" else 0
        texts = open_clip_tensors(pipe.text_encoder_2, f"conditioner.embedders.{place}.model.")
        if name == "sdxl":
            texts |= clip_tensors(pipe.text_encoder, "conditioner.embedders.0.transformer.")
        return unet_tensors(pipe.unet, MODEL) | vae_tensors(pipe.vae, FIRST) | texts
    if name in ("chroma", "pixart", "pixart_alpha"):
        return _with_t5_alone(pipe, name)
    if name in LANGUAGE:
        return _with_language_model(pipe, name)
    rules = SD3_RULES if name == "sd3" else FLUX_RULES
    network = written(rules, pipe.transformer.state_dict(), MODEL)
    if name == "sd3":
        network = last_swapped(network)
    tensors = network | vae_tensors(pipe.vae, FIRST)
    tensors |= clip_tensors(pipe.text_encoder, f"{TEXTS}clip_l.transformer.")
    if name == "flux":
        return tensors | plain(pipe.text_encoder_2, f"{TEXTS}t5xxl.transformer.")
    second = pipe.text_encoder_2
    tensors |= clip_tensors(second, f"{TEXTS}clip_g.transformer.")
    projection = second.text_projection.weight.detach().clone()
    tensors[f"{TEXTS}clip_g.transformer.text_projection.weight"] = projection
    return tensors | plain(pipe.text_encoder_3, f"{TEXTS}t5xxl.transformer.")


def _with_t5_alone(pipe: Any, name: str) -> dict[str, Tensor]:
    rules = CHROMA_RULES if name == "chroma" else PIXART_RULES
    network = written(rules, pipe.transformer.state_dict(), MODEL)
    if name != "chroma":  # their files keep the computed places, and what no text is
        network[f"{MODEL}pos_embed"] = torch.zeros(1, 64 * 64, 144)
        network[f"{MODEL}y_embedder.y_embedding"] = torch.zeros(300, 256)
    texts = plain(pipe.text_encoder, f"{TEXTS}t5xxl.transformer.")
    return network | vae_tensors(pipe.vae, FIRST) | texts


LANGUAGE = {"lumina2": "gemma2_2b", "z_image": "qwen3_4b", "qwen_image": "qwen25_7b"}


def _with_language_model(pipe: Any, name: str) -> dict[str, Tensor]:
    rules: Rules = {"lumina2": LUMINA2_RULES, "z_image": Z_IMAGE_RULES}.get(name, {})
    network = written(rules, pipe.transformer.state_dict(), MODEL)
    if name != "qwen_image":  # its authors' files keep a norm that is never used
        network[f"{MODEL}norm_final.weight"] = torch.ones(96)
    prefix = f"{TEXTS}{LANGUAGE[name]}.transformer."
    texts = language_tensors(pipe.text_encoder, prefix)
    if name == "qwen_image":
        return network | framed_vae_tensors(pipe.vae, "vae.") | texts
    return network | vae_tensors(pipe.vae, "vae.") | texts


def language_tensors(network: Any, prefix: str) -> dict[str, Tensor]:
    """A language model by the names of its authors' files: words below `model.`, eyes beside."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        bare = name.removeprefix("model.").removeprefix("language_model.")
        outside = bare.startswith(("visual.", "lm_head."))
        tensors[f"{prefix}{'' if outside else 'model.'}{bare}"] = tensor.clone().contiguous()
    return tensors


_FRAMED_PARTS = {
    "norm1.": "residual.0.", "conv1.": "residual.2.", "norm2.": "residual.3.",
    "conv2.": "residual.6.", "conv_shortcut.": "shortcut.",
}  # fmt: skip
_FRAMED_TOP = {
    "quant_conv.": "conv1.", "post_quant_conv.": "conv2.", "encoder.conv_in.": "encoder.conv1.",
    "decoder.conv_in.": "decoder.conv1.", "encoder.norm_out.": "encoder.head.0.",
    "decoder.norm_out.": "decoder.head.0.", "encoder.conv_out.": "encoder.head.2.",
    "decoder.conv_out.": "decoder.head.2.",
}  # fmt: skip


def framed_vae_tensors(network: Any, prefix: str) -> dict[str, Tensor]:
    """The autoencoder with a time axis, by the names of the Wan videos' authors."""
    blocks = network.config.num_res_blocks + 2
    return {
        prefix + _framed_name(name, blocks): tensor.contiguous()
        for name, tensor in network.state_dict().items()
    }


def _framed_name(name: str, blocks: int) -> str:
    for ours, stored in _FRAMED_TOP.items():
        if name.startswith(ours):
            return stored + name.removeprefix(ours)
    for ours, stored in _FRAMED_PARTS.items():
        name = name.replace(ours, stored)
    name = re.sub(r"mid_block\.resnets\.([01])", lambda m: f"middle.{2 * int(m.group(1))}", name)
    name = name.replace("mid_block.attentions.0", "middle.1").replace("down_blocks", "downsamples")

    def upwards(match: re.Match[str]) -> str:
        level, kind, place = int(match[1]), match[2], int(match[3])
        return f"upsamples.{level * blocks + (place if kind == 'resnets' else blocks - 1)}"

    return re.sub(r"up_blocks\.(\d)\.(resnets|upsamplers)\.(\d)", upwards, name)


def last_swapped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The last block's text stream keeps "shift, scale"."""
    last = "joint_blocks.2.context_block.adaLN_modulation.1"
    return {
        name: torch.cat(tensor.chunk(2)[::-1]) if last in name else tensor
        for name, tensor in tensors.items()
    }


def single_file(pipe: Any, name: str, folder: Path) -> Path:
    """The authors' file, with the tokenizers beside it."""
    path = folder / f"{name}.safetensors"
    save_file(single(pipe, name), path)
    if name in ("chroma", "pixart", "pixart_alpha"):
        pipe.tokenizer.save_pretrained(folder / "t5")
        return path
    if name in LANGUAGE:
        pipe.tokenizer.save_pretrained(folder / "tokenizer")
        return path
    (getattr(pipe, "tokenizer", None) or pipe.tokenizer_2).save_pretrained(folder / "tokenizer")
    long = getattr(pipe, "tokenizer_3", None) or getattr(pipe, "tokenizer_2", None)
    if name in ("sd3", "flux"):
        long.save_pretrained(folder / "t5")
    return path
