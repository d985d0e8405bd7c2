"""What is said in plain diffusers code, and what is not and why."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from graphs import inputs, made_by, picture, script


def test_a_picture_from_words() -> None:
    text = script(picture()).text
    for line in (
        'CHECKPOINT = "models/checkpoints/sd15.safetensors"',
        "pipe = StableDiffusionPipeline.from_single_file(",
        "    num_images_per_prompt=2,",
        "SEED = 1",
        'PROMPT = "a cat"',
        "    prompt=PROMPT,",
        '    generator=torch.Generator("cpu").manual_seed(SEED),',
        '    picture.save(f"x_{number:05}.png")',
    ):
        assert line in text.splitlines()


CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "another VAE": (
        {
            "n8": {"class_type": "VAELoader", **inputs(vae_name="v.safetensors")},
            "n6": inputs(vae=["8", 0]),
        },
        ["vae = AutoencoderKL.from_single_file(VAE, torch_dtype=dtype)", "vae=vae"],
    ),
    "a LoRA": (
        {
            "n8": {
                "class_type": "LoraLoader",
                **inputs(
                    model=["1", 0],
                    clip=["1", 1],
                    lora_name="l.safetensors",
                    strength_model=0.5,
                    strength_clip=1.0,
                ),
            },
            "n5": inputs(model=["8", 0]),
            "n2": inputs(clip=["8", 1]),
        },
        [
            'pipe.load_lora_weights(LORA_1, adapter_name="lora_1")',
            '{"unet": 0.5, "text_encoder": 1.0}',
            "peft",
        ],
    ),
    "a ControlNet": (
        {
            "n8": {"class_type": "ControlNetLoader", **inputs(control_net_name="c.safetensors")},
            "n9": {"class_type": "LoadImage", **inputs(image="edges.png")},
            "n10": {
                "class_type": "ControlNetApplyAdvanced",
                **inputs(
                    positive=["2", 0],
                    negative=["3", 0],
                    control_net=["8", 0],
                    image=["9", 0],
                    strength=0.8,
                    start_percent=0.0,
                    end_percent=0.5,
                ),
            },
            "n5": inputs(positive=["10", 0], negative=["10", 1]),
        },
        [
            "StableDiffusionControlNetPipeline.from_pipe",
            "controlnet_conditioning_scale=0.8",
            "loaded = load(PICTURE)",
            'hint = fit(loaded, 64, 32, "nearest-exact")',
            "begin, end = acting(scheduler, levels, 0.0, 0.5)",
            "    control_guidance_end=end,",
        ],
    ),
    "a picture to begin with": (
        {
            "n8": {"class_type": "LoadImage", **inputs(image="photo.png")},
            "n9": {"class_type": "VAEEncode", **inputs(pixels=["8", 0], vae=["1", 2])},
            "n5": inputs(latent_image=["9", 0], denoise=0.5),
        },
        [
            "StableDiffusionImg2ImgPipeline.from_pipe",
            "denoise=0.5",
            "start = encode(loaded)",
            "    image=start,",
        ],
    ),
    "a mask": (
        {
            "n8": {"class_type": "LoadImage", **inputs(image="photo.png")},
            "n9": {"class_type": "VAEEncode", **inputs(pixels=["8", 0], vae=["1", 2])},
            "n10": {"class_type": "SetLatentNoiseMask", **inputs(samples=["9", 0], mask=["8", 1])},
            "n5": inputs(latent_image=["10", 0], denoise=0.5),
        },
        [
            "StableDiffusionImg2ImgPipeline.from_pipe",
            "mask = transparency(PICTURE)",
            "paint_inside(scheduler, levels, mask, start, SEED)",
        ],
    ),
    "skipped layers": (
        {
            "n8": {
                "class_type": "CLIPSetLastLayer",
                **inputs(clip=["1", 1], stop_at_clip_layer=-2),
            },
            "n2": inputs(clip=["8", 0]),
        },
        ["**embed(pipe, PROMPT, [], layers=(-2, -1)),"],
    ),
    "SDXL": (
        {"n1": inputs(ckpt_name="sd_xl_base.safetensors")},
        ["StableDiffusionXLPipeline.from_single_file"],
    ),
    "weights of 8 bits with factors": (
        {
            "n1": inputs(ckpt_name="sd3.5_large_fp8_scaled.safetensors"),
            "n5": inputs(scheduler="simple"),
        },
        [
            "network = SD3Transformer2DModel.from_single_file(\n    unscaled(NETWORK),",
            'SOURCE = "stabilityai/stable-diffusion-3.5-large"',
            "from safetensors.torch import load_file",
        ],
    ),
    "SD3": (
        {"n1": inputs(ckpt_name="sd3_medium.safetensors"), "n5": inputs(scheduler="simple")},
        [
            "StableDiffusion3Pipeline.from_single_file",
            "flow_levels(steps=4, shift=3.0, resolution=1000)",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_else_is_said_in_plain_code(case: str) -> None:
    changed, expected = CASES[case]
    found = script(picture(**changed))
    assert found.why == ""
    ast.parse(found.text)
    for part in expected:
        assert part in found.text


AREA = {"x": 0, "y": 0, "width": 64, "height": 64}
FLUX_SHOWN: dict[str, Any] = {
    "n5": inputs(positive=["8", 0], negative=["8", 1], latent_image=["8", 2], scheduler="simple"),
    "n9": {"class_type": "LoadImage", **inputs(image="x.png")},
    "n8": {
        "class_type": "InpaintModelConditioning",
        **inputs(
            positive=["2", 0],
            negative=["3", 0],
            vae=["1", 2],
            pixels=["9", 0],
            mask=["9", 1],
            noise_mask=False,
        ),
    },
}
EDITED: dict[str, Any] = {
    "n5": inputs(positive=["8", 0], scheduler="simple"),
    "n10": {"class_type": "LoadImage", **inputs(image="x.png")},
    "n9": {"class_type": "VAEEncode", **inputs(pixels=["10", 0], vae=["1", 2])},
    "n8": {"class_type": "ReferenceLatent", **inputs(conditioning=["2", 0], latent=["9", 0])},
}
REASONS: dict[str, dict[str, Any]] = {
    "it changes the noise levels of its model": {
        "n8": {"class_type": "ModelSamplingAuraFlow", **inputs(model=["1", 0], shift=3.0)},
        "n5": inputs(model=["8", 0]),
    },
    "for Lumina 2 only": {
        "n8": {"class_type": "RenormCFG", **inputs(model=["1", 0], cfg_trunc=100, renorm_cfg=1)},
        "n5": inputs(model=["8", 0]),
    },
    "RenormCFG for a part of the steps": {
        "n8": {"class_type": "RenormCFG", **inputs(model=["1", 0], cfg_trunc=0.5, renorm_cfg=1)},
        "n5": inputs(model=["8", 0]),
    },
    "Lumina 2 is told something before": {
        "n1": inputs(ckpt_name="lumina_2.safetensors"),
        "n5": inputs(scheduler="simple"),
    },
    "another kind of encoder": {
        "n1": {"class_type": "UNETLoader", **inputs(unet_name="z_image.safetensors")},
        "n8": {"class_type": "CLIPLoader", **inputs(clip_name="x", type="wan")},
        "n2": inputs(clip=["8", 0]),
    },
    "cannot read other_vae.safetensors from one file": {
        "n1": {"class_type": "UNETLoader", **inputs(unet_name="qwen_image.safetensors")},
        "n8": {"class_type": "CLIPLoader", **inputs(clip_name="x", type="qwen_image")},
        "n2": inputs(clip=["8", 0]),
        "n3": inputs(clip=["8", 0]),
        "n9": {"class_type": "VAELoader", **inputs(vae_name="other_vae.safetensors")},
        "n6": inputs(vae=["9", 0]),
        "n5": inputs(scheduler="simple"),
    },
    "its model is shown no picture": {
        "n1": inputs(ckpt_name="flux1-fill-dev.safetensors"),
        "n5": inputs(scheduler="simple", cfg=1.0),
    },
    "something else than it was made for": {
        **FLUX_SHOWN,
        "n1": inputs(ckpt_name="flux1-canny-dev.safetensors"),
    },
    "does not guide a model so": {
        **FLUX_SHOWN,
        "n1": inputs(ckpt_name="flux1-fill-dev.safetensors"),
    },
    "no pipeline for what its model sees": {
        **FLUX_SHOWN,
        "n1": inputs(ckpt_name="sd3_medium_inpaint.safetensors"),
    },
    "its two texts go with different pictures": {
        **FLUX_SHOWN,
        "n1": inputs(ckpt_name="flux1-fill-dev.safetensors"),
        "n5": inputs(positive=["8", 0], latent_image=["8", 2], scheduler="simple"),
    },
    "shown a hole is steered": {
        "n1": inputs(ckpt_name="512-inpainting-ema.safetensors"),
        "n8": FLUX_SHOWN["n8"],
        "n9": FLUX_SHOWN["n9"],
        "n5": inputs(
            positive=["8", 0], negative=["8", 1], latent_image=["8", 2], sampler_name="heun"
        ),
    },
    "an empty picture of another one's size": {
        "n8": {
            "class_type": "InstructPixToPixConditioning",
            **inputs(positive=["2", 0], negative=["3", 0], vae=["1", 2], pixels=["9", 0]),
        },
        "n9": FLUX_SHOWN["n9"],
        "n5": inputs(latent_image=["8", 2]),
    },
    "does not edit pictures so": {
        "n1": inputs(ckpt_name="sd3_medium.safetensors"),
        **EDITED,
    },
    "in a way that diffusers does not": {
        "n1": inputs(ckpt_name="flux1-dev-kontext.safetensors"),
        **EDITED,
    },
    "begins with another picture than it edits": {
        "n1": inputs(ckpt_name="flux1-dev-kontext.safetensors"),
        **EDITED,
        "n5": inputs(positive=["8", 0], latent_image=["11", 0], scheduler="simple", cfg=1.0),
        "n11": {"class_type": "VAEEncode", **inputs(pixels=["12", 0], vae=["1", 2])},
        "n12": {"class_type": "LoadImage", **inputs(image="y.png")},
    },
    "edits more than one picture": {
        "n1": inputs(ckpt_name="flux1-dev-kontext.safetensors"),
        **EDITED,
        "n2": {
            "class_type": "ReferenceLatent",
            **inputs(conditioning=["3", 0], latent=["9", 0]),
        },
    },
    "it edits what EmptyLatentImage makes": {
        "n1": inputs(ckpt_name="flux1-dev-kontext.safetensors"),
        **EDITED,
        "n8": {"class_type": "ReferenceLatent", **inputs(conditioning=["2", 0], latent=["4", 0])},
        "n5": inputs(positive=["8", 0], scheduler="simple", cfg=1.0),
    },
    "sides that diffusers rounds": {
        "n1": inputs(ckpt_name="sd3_medium.safetensors"),
        "n4": inputs(width=72),
        "n5": inputs(scheduler="simple"),
    },
    "no sampler that is the same as ipndm": {"n5": inputs(sampler_name="ipndm")},
    "no noise schedule like beta": {"n5": inputs(scheduler="beta")},
    "choices or breaks": {"n2": inputs(text="a {red|blue} cat")},
    "only texts without weights": {
        "n1": inputs(ckpt_name="sd3_medium.safetensors"),
        "n2": inputs(text="a (red:1.2) cat"),
    },
    "longer than diffusers reads": {
        "n1": inputs(ckpt_name="sd3_medium.safetensors"),
        "n2": inputs(text="cat " * 100),
    },
    "its models know no learnt words": {
        "n1": inputs(ckpt_name="sd3_medium.safetensors"),
        "n2": inputs(text="embedding:cat"),
    },
    "diffusers knows no upscale_method": {
        "n8": {
            "class_type": "ImageScaleBy",
            **inputs(image=["6", 0], scale_by=2, upscale_method="?"),
        },
        "n7": inputs(images=["8", 0]),
    },
    "one side of a picture is to follow": {
        "n8": {"class_type": "ImageScale", **inputs(image=["6", 0], width=64, height=0)},
        "n7": inputs(images=["8", 0]),
    },
    "follows other pictures than the positive": {
        "n8": {"class_type": "ControlNetLoader", **inputs(control_net_name="c.safetensors")},
        "n9": {
            "class_type": "ControlNetApplyAdvanced",
            **inputs(
                positive=["2", 0],
                negative=["3", 0],
                control_net=["8", 0],
                image=["10", 0],
                strength=1.0,
            ),
        },
        "n10": {"class_type": "LoadImage", **inputs(image="x.png")},
        "n5": inputs(positive=["9", 0]),
    },
    "other LoRAs than its model": {
        "n8": {
            "class_type": "LoraLoader",
            **inputs(
                model=["1", 0], clip=["1", 1], lora_name="l", strength_model=1, strength_clip=1
            ),
        },
        "n2": inputs(clip=["8", 1]),
    },
    "is no plain ControlNet": {
        "n8": {"class_type": "ControlNetLoader", **inputs(control_net_name="t2iadapter_depth.pth")},
        "n9": {
            "class_type": "ControlNetApply",
            **inputs(conditioning=["2", 0], control_net=["8", 0], image=["6", 0], strength=1.0),
        },
        "n5": inputs(positive=["9", 0]),
    },
    "written plainly for SD 1.5 and 2 only": {
        "n1": inputs(ckpt_name="sd_xl_base.safetensors"),
        "n8": {
            "class_type": "ConditioningSetArea",
            **inputs(conditioning=["2", 0], strength=1, **AREA),
        },
        "n5": inputs(positive=["8", 0]),
    },
    "masks are not written plainly": {
        "n1": inputs(ckpt_name="v2-1_768-ema-pruned.safetensors"),
        "n8": {"class_type": "LoadImage", **inputs(image="photo.png")},
        "n9": {"class_type": "VAEEncode", **inputs(pixels=["8", 0], vae=["1", 2])},
        "n10": {"class_type": "SetLatentNoiseMask", **inputs(samples=["9", 0], mask=["8", 1])},
        "n5": inputs(latent_image=["10", 0]),
    },
    "asks the model twice": {
        "n8": {"class_type": "LoadImage", **inputs(image="photo.png")},
        "n9": {"class_type": "VAEEncode", **inputs(pixels=["8", 0], vae=["1", 2])},
        "n10": {"class_type": "SetLatentNoiseMask", **inputs(samples=["9", 0], mask=["8", 1])},
        "n5": inputs(latent_image=["10", 0], sampler_name="heun"),
    },
    "guides with 1 at least": {"n5": inputs(cfg=0.5)},
    "is computed by another node": {"n5": inputs(seed=["4", 0])},
    "is not connected": {"n5": inputs(model="x")},
    "does not say its steps": {"n5": inputs(steps=["gone", 0])},
    "what kind of model": {"n1": inputs(ckpt_name="hidream.safetensors")},
    "it uses Stranger": {
        "n4": {"class_type": "X", **inputs()},
        "n6": {"class_type": "Stranger", **inputs()},
    },
    "nothing in it saves a picture": {"n7": {"class_type": "Show", **inputs()}},
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_is_not_is_said_with_its_reason(reason: str) -> None:
    found = script(picture(**REASONS[reason]))
    if reason != "does not say its steps":
        assert reason in found.why
    assert found.text.startswith("# This runs in a Wirebrush studio")
    made_by(found.text)
