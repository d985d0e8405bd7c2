"""Models of one family mixed in a proportion for each block, by their authors' names for them.

One description per family says which blocks it has; the nodes are made from these.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product

from wirebrush.api import Model, NodeFunction, Patch, Port, Widget, node
from wirebrush_nodes.merging import mixed

RUN = re.compile(r"\{(\d+)\.\.(\d+)\}")
UNET = (
    "time_embed. label_emb. input_blocks.{0..11}. middle_block.{0..2}. output_blocks.{0..11}. out."
)
SDXL = "time_embed. label_emb. input_blocks.{0..8} middle_block.{0..2} output_blocks.{0..8} out."
SD3 = (
    "pos_embed. x_embedder. context_embedder. y_embedder. t_embedder. joint_blocks.{0..N}. "
    "final_layer."
)
FLUX = (
    "img_in. time_in. guidance_in vector_in. txt_in. double_blocks.{0..18}. single_blocks.{0..37}. "
    "final_layer."
)
QWEN = (
    "pos_embeds. img_in. txt_norm. txt_in. time_text_embed. transformer_blocks.{0..59}. proj_out."
)
Merging = Callable[..., Model]


def blocks_of(description: str) -> list[str]:
    """The beginnings of names; `block.{0..2}.` stands for three."""
    names: list[str] = []
    for word in description.split():
        head, *numbers = RUN.split(word)
        if not numbers:
            names.append(head)
            continue
        first, last, tail = numbers
        counted = range(int(first), int(last) + 1)
        names += [
            f"{start}{number}{end}" for start, number, end in product([head], counted, [tail])
        ]
    return names


def _merging(id: str, family: str, description: str) -> Merging:
    """A node that mixes two models of a family, with an input for each of its blocks."""

    def merge(model1: Model, model2: Model, **shares: float) -> Model:
        first = next(iter(shares.values()), 1.0)
        if all(share == first for share in shares.values()):
            return mixed(model1, model2, first, 1.0 - first)
        settings = (("blocks", True), *shares.items())
        return model1.patched(Patch("merge", model2.source, other=model2, settings=settings))

    merge.__doc__ = f"""Mix two models of {family}, in a proportion for each block.

    Blocks are called as in the authors' files. What no name fits goes with the first.

    Args:
        model1: The first model.
        model2: The second.
    """
    marked = node(id=id, category="advanced/model_merging/model_specific")(merge)
    declared: NodeFunction = vars(marked)["__node__"]
    widget = Widget("float", 0.0, 1.0, 0.01)
    ports = tuple(
        Port(name, "FLOAT", 1.0, widget, help=f"The first model's part in {name.rstrip('.')}.")
        for name in blocks_of(description)
    )
    spec = replace(declared.spec, inputs=(*declared.spec.inputs, *ports))
    setattr(merge, "__node__", replace(declared, spec=spec))  # noqa: B010 (not declared on functions)
    return merge


model_merge_sd1 = _merging("ModelMergeSD1", "Stable Diffusion 1", UNET)
model_merge_sd2 = _merging("ModelMergeSD2", "Stable Diffusion 2", UNET)
model_merge_sdxl = _merging("ModelMergeSDXL", "Stable Diffusion XL", SDXL)
model_merge_sd3_2b = _merging(
    "ModelMergeSD3_2B", "Stable Diffusion 3 Medium", SD3.replace("N", "23")
)
model_merge_sd35_large = _merging(
    "ModelMergeSD35_Large", "Stable Diffusion 3.5 Large", SD3.replace("N", "37")
)
model_merge_flux1 = _merging("ModelMergeFlux1", "FLUX.1", FLUX)
model_merge_qwen_image = _merging("ModelMergeQwenImage", "Qwen-Image", QWEN)
