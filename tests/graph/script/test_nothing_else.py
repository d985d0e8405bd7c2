"""Scripts never paint something else than the graph: what plain code would leave out or mix up is
written node by node, or as the nodes do it."""

from __future__ import annotations

import ast
import builtins
from typing import Any

import pytest
from graphs import inputs, made_by, picture, script
from hypothesis import given
from strangers_words import words

from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.script.nodewise import nodewise_script


def of(kind: str, **values: Any) -> dict[str, Any]:
    """A node that is added."""
    return {"class_type": kind, "inputs": values}


PHOTO = of("LoadImage", image="photo.png")
MASKED: dict[str, Any] = {
    "n8": PHOTO,
    "n9": of("VAEEncode", pixels=["8", 0], vae=["1", 2]),
    "n10": of("SetLatentNoiseMask", samples=["9", 0], mask=["8", 1]),
    "n5": inputs(latent_image=["10", 0], denoise=0.5),
}
AGAIN = picture()["5"]["inputs"] | {"denoise": 0.5}
HALF = {name: AGAIN[name] for name in AGAIN if name not in ("seed", "denoise")} | {"noise_seed": 1}
FIRST_HALF = of(
    "KSamplerAdvanced",
    **HALF
    | {"latent_image": ["10", 0], "add_noise": "enable", "return_with_leftover_noise": "enable"},
    start_at_step=0,
    end_at_step=2,
)
OTHER_HALF = of(
    "KSamplerAdvanced",
    **HALF
    | {"latent_image": ["11", 0], "add_noise": "disable", "return_with_leftover_noise": "disable"},
    start_at_step=2,
    end_at_step=4,
)
OTHER = of("VAELoader", vae_name="other.safetensors")
OVER: dict[str, Any] = {
    "n8": PHOTO,
    "n9": of("VAEEncode", pixels=["8", 0], vae=["1", 2]),
    "n5": inputs(latent_image=["9", 0], denoise=0.5),
    "n20": OTHER,
}
FLUX: dict[str, Any] = {
    "n1": of("UNETLoader", unet_name="flux1-dev.safetensors"),
    "n19": of("DualCLIPLoader", clip_name1="a", clip_name2="b", type="flux"),
    "n20": OTHER,
    "n2": inputs(clip=["19", 0]),
    "n3": inputs(clip=["19", 0]),
    "n5": inputs(scheduler="simple", cfg=1.0),
    "n6": inputs(vae=["20", 0]),
}
SHOWN = of(
    "InstructPixToPixConditioning",
    positive=["2", 0],
    negative=["3", 0],
    vae=["20", 0],
    pixels=["8", 0],
)
CANNY: dict[str, Any] = FLUX | {
    "n1": of("UNETLoader", unet_name="flux1-canny-dev.safetensors"),
    "n8": PHOTO,
    "n9": SHOWN,
    "n5": inputs(
        scheduler="simple",
        cfg=1.0,
        positive=["9", 0],
        negative=["9", 1],
        latent_image=["9", 2],
    ),
}
KONTEXT: dict[str, Any] = FLUX | {
    "n1": of("UNETLoader", unet_name="flux1-dev-kontext.safetensors"),
    "n8": PHOTO,
    "n9": of("VAEEncode", pixels=["8", 0], vae=["20", 0]),
    "n10": of("ReferenceLatent", conditioning=["2", 0], latent=["9", 0]),
    "n5": inputs(scheduler="simple", cfg=1.0, positive=["10", 0]),
}
HOLE: dict[str, Any] = {
    "n1": inputs(ckpt_name="512-inpainting-ema.safetensors"),
    "n20": OTHER,
    "n8": PHOTO,
    "n9": of(
        "InpaintModelConditioning",
        positive=["2", 0],
        negative=["3", 0],
        vae=["1", 2],
        pixels=["8", 0],
        mask=["8", 1],
        noise_mask=False,
    ),
    "n11": of("VAEEncode", pixels=["8", 0], vae=["1", 2]),
    "n5": inputs(positive=["9", 0], negative=["9", 1], latent_image=["11", 0]),
}
REFINED: dict[str, Any] = {
    "n1": inputs(ckpt_name="sd_xl_base_1.0.safetensors"),
    "n12": of("CheckpointLoaderSimple", ckpt_name="sd_xl_refiner_1.0.safetensors"),
    "n13": of("CLIPTextEncode", text="a cat", clip=["12", 1]),
    "n14": of("CLIPTextEncode", text="", clip=["12", 1]),
    "n11": of(
        "KSampler",
        **AGAIN
        | {
            "model": ["12", 0],
            "positive": ["13", 0],
            "negative": ["14", 0],
            "latent_image": ["5", 0],
        },
    ),
    "n6": inputs(samples=["11", 0], vae=["12", 2]),
    "n20": OTHER,
}
PLAIN = {
    "a mask": MASKED,
    "a picture": OVER,
    "FLUX": FLUX,
    "a picture that FLUX follows": CANNY,
    "a picture that FLUX edits": KONTEXT,
    "a hole": HOLE,
    "SDXL's refiner": REFINED,
    "one other VAE for all": OVER
    | {"n9": inputs(pixels=["8", 0], vae=["20", 0]) | {"class_type": "VAEEncode"}}
    | {"n6": inputs(vae=["20", 0])},
    "another mask for the second sampler": MASKED
    | {
        "n11": of("SetLatentNoiseMask", samples=["5", 0], mask=["8", 1]),
        "n12": of("KSampler", **AGAIN | {"latent_image": ["11", 0]}),
        "n6": inputs(samples=["12", 0]),
    },
}
VAES, MASK, FOLLOWED = "more than one VAE", "a mask", "follows"
NOT_PLAIN: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a mask that a second sampler keeps": (
        MASK,
        MASKED,
        {
            "n11": of("KSampler", **AGAIN | {"latent_image": ["5", 0]}),
            "n6": inputs(samples=["11", 0]),
        },
    ),
    "a mask that is resized": (
        MASK,
        MASKED,
        {
            "n11": of("LatentUpscaleBy", samples=["5", 0], upscale_method="bilinear", scale_by=1.5),
            "n12": of("KSampler", **AGAIN | {"latent_image": ["11", 0]}),
            "n6": inputs(samples=["12", 0]),
        },
    ),
    "two halves with a mask": (
        MASK,
        MASKED,
        {"n11": FIRST_HALF, "n12": OTHER_HALF, "n6": inputs(samples=["12", 0])},
    ),
    "decoded by another VAE": (VAES, OVER, {"n6": inputs(vae=["20", 0])}),
    "encoded by another VAE": (
        VAES,
        OVER,
        {"n9": of("VAEEncode", pixels=["8", 0], vae=["20", 0])},
    ),
    "encoded by another checkpoint's": (
        VAES,
        OVER,
        {
            "n20": of("CheckpointLoaderSimple", ckpt_name="sd15_other.safetensors"),
            "n9": of("VAEEncode", pixels=["8", 0], vae=["20", 2]),
        },
    ),
    "all by another checkpoint's": (
        "another checkpoint",
        {},
        {
            "n20": of("CheckpointLoaderSimple", ckpt_name="sd15_other.safetensors"),
            "n6": inputs(vae=["20", 2]),
        },
    ),
    "a network with a checkpoint's VAE": (
        "another checkpoint",
        FLUX,
        {"n20": of("CheckpointLoaderSimple", ckpt_name="sdxl.safetensors")}
        | {"n6": inputs(vae=["20", 2])},
    ),
    "edited, encoded by another VAE": (
        VAES,
        KONTEXT,
        {
            "n21": of("VAELoader", vae_name="ae.safetensors"),
            "n9": of("VAEEncode", pixels=["8", 0], vae=["21", 0]),
        },
    ),
    "shown, encoded by another VAE": (
        VAES,
        HOLE,
        {"n9": of("InpaintModelConditioning", **HOLE["n9"]["inputs"] | {"vae": ["20", 0]})},
    ),
    "refined, decoded by another VAE": (
        VAES,
        REFINED,
        {"n6": inputs(samples=["11", 0], vae=["20", 0])},
    ),
    "refined, shown and handed on": (
        VAES,
        REFINED,
        {
            "n15": of("KSampler", **REFINED["n11"]["inputs"] | {"latent_image": ["11", 0]}),
            "n16": of("VAEDecode", samples=["15", 0], vae=["12", 2]),
            "n17": of("SaveImage", images=["16", 0], filename_prefix="y"),
        },
    ),
    "following one picture over another": (
        FOLLOWED,
        CANNY,
        {
            "n10": of("LoadImage", image="other.png"),
            "n11": of("VAEEncode", pixels=["10", 0], vae=["20", 0]),
            "n5": inputs(**CANNY["n5"]["inputs"] | {"latent_image": ["11", 0], "denoise": 0.7}),
        },
    ),
    "following the picture that it paints over": (
        FOLLOWED,
        CANNY,
        {
            "n11": of("VAEEncode", pixels=["8", 0], vae=["20", 0]),
            "n5": inputs(**CANNY["n5"]["inputs"] | {"latent_image": ["11", 0]}),
        },
    ),
    "weights of 8 bits": (
        "kept as fp8_e4m3fn",
        FLUX,
        {"n1": of("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="fp8_e4m3fn")},
    ),
    "a picture before the first": (
        "picture before the first",
        {},
        {
            "n8": of("ImageFromBatch", image=["6", 0], batch_index=-1, length=1),
            "n7": inputs(images=["8", 0]),
        },
    ),
}


@pytest.mark.parametrize("case", PLAIN)
def test_what_is_plain(case: str) -> None:
    """What the cases below begin with."""
    assert script(picture(**PLAIN[case])).why == ""


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_what_is_not(case: str) -> None:
    reason, base, changed = NOT_PLAIN[case]
    found = script(picture(**base | changed))
    assert reason in found.why
    made_by(found.text)


def test_the_usual_weights_are_plain() -> None:
    loader = of("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default")
    assert script(picture(**FLUX | {"n1": loader})).why == ""


@pytest.mark.parametrize(
    ("first", "length", "expected"),
    [(0, 1, "[0:1]"), (5, 1, "[1:2]"), (1, 9, "[1:2]"), (0, 9, "[0:2]")],
)
def test_pictures_of_a_batch_as_the_node_takes_them(first: int, length: int, expected: str) -> None:
    """A batch of 2; beyond its end is its last picture."""
    taken = of("ImageFromBatch", image=["6", 0], batch_index=first, length=length)
    text = script(picture(n8=taken, n7=inputs(images=["8", 0]))).text
    assert f"taken = pictures_1{expected}" in text.splitlines()


@pytest.mark.parametrize(("first", "several"), [(0, True), (1, False)])
def test_pictures_of_a_batch_are_painted_over(first: int, several: bool) -> None:
    text = script(
        picture(
            n8=of("ImageFromBatch", image=["6", 0], batch_index=first, length=2),
            n9=of("VAEEncode", pixels=["8", 0], vae=["1", 2]),
            n10=of("KSampler", **AGAIN | {"latent_image": ["9", 0]}),
            n11=of("VAEDecode", samples=["10", 0], vae=["1", 2]),
            n7=inputs(images=["11", 0]),
        )
    ).text
    assert ("num_images_per_prompt=len(start)" in text) == several


def test_sizes_are_those_that_are_painted() -> None:
    """A latent has cells of 8 x 8 pixels."""
    text = script(picture(n4=inputs(width=513, height=519))).text
    assert "    width=512,\n    height=512,\n" in text


def test_flows_too() -> None:
    text = script(picture(**FLUX | {"n4": inputs(width=519, height=64)})).text
    assert "    width=512,\n    height=64,\n" in text


def _clashes(text: str) -> set[str]:
    """Names of nodes that the script needs for something else."""
    body = ast.parse(text).body
    nodes = {
        target.id
        for line in body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call)
        for target in line.targets
        if isinstance(target, ast.Name)
    }
    assert isinstance(body[-1], ast.If)
    used = {each.id for each in ast.walk(body[-1]) if isinstance(each, ast.Name)}
    return nodes & (used | set(dir(builtins)))


@pytest.mark.parametrize("title", ["Print", "Studio", "nodes", "Open", "Node", "path", "job"])
def test_titles_shadow_nothing(title: str) -> None:
    nodes = {name: PromptNode(name, "Stranger", {}, title) for name in "ab"}
    assert not _clashes(nodewise_script(Prompt(nodes), "of this."))


@given(words)
def test_whatever_they_are(title: str) -> None:
    nodes = {"a": PromptNode("a", "Stranger", {}, title)}
    assert not _clashes(nodewise_script(Prompt(nodes), "of this."))
