"""Guidance by a worse version of the model itself, and FreeU."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Model, NodeError, Range, node
from wirebrush_nodes.tweaks import layers_named

Factor = Annotated[float, Range(0.0, 10.0, 0.01)]
Percent = Annotated[float, Range(0.0, 1.0, 0.001)]


@node(id="PerturbedAttentionGuidance", category="model_patches/unet")
def perturbed_attention_guidance(
    model: Model, scale: Annotated[float, Range(0.0, 100.0, 0.01)] = 3.0
) -> Model:
    """Guide away from what the model paints when it pays no attention: clearer shapes.

    For UNets (Stable Diffusion 1, 2, XL); one more pass per step.

    Args:
        model: The model.
        scale: How strongly; 0 changes nothing.
    """
    return model.tweaked("PerturbedAttentionGuidance", scale=scale)


@node(
    id="SelfAttentionGuidance",
    category="_for_testing",
    title="Self-Attention Guidance",
    experimental=True,
)
def self_attention_guidance(
    model: Model,
    scale: Annotated[float, Range(-2.0, 5.0, 0.01)] = 0.5,
    blur_sigma: Annotated[float, Range(0.0, 10.0, 0.1)] = 2.0,
) -> Model:
    """Guide away from a picture that is blurred where the model looks: finer details.

    For UNets (Stable Diffusion 1, 2, XL); one more pass per step.

    Args:
        model: The model.
        scale: How strongly; 0 changes nothing.
        blur_sigma: How much is blurred, in latent positions.
    """
    return model.tweaked("SelfAttentionGuidance", scale=scale, blur_sigma=blur_sigma)


@node(id="SkipLayerGuidanceSD3", category="advanced/guidance", experimental=True)
def skip_layer_guidance_sd3(
    model: Model,
    layers: str = "7, 8, 9",
    scale: Annotated[float, Range(0.0, 10.0, 0.1)] = 3.0,
    start_percent: Percent = 0.01,
    end_percent: Percent = 0.15,
) -> Model:
    """Guide away from what SD3.5 paints without some layers: better hands and bodies.

    Args:
        model: The model, of the SD3 family.
        layers: The layers to leave out, counted from 0.
        scale: How strongly; 0 changes nothing.
        start_percent: The part of the run before which it does nothing, 0 to 1.
        end_percent: The part of the run after which it does nothing.
    """
    _check(layers, "layers")
    return model.tweaked(
        "SkipLayerGuidanceSD3",
        layers=layers,
        scale=scale,
        start_percent=start_percent,
        end_percent=end_percent,
    )


@node(id="SkipLayerGuidanceDiT", category="advanced/guidance", experimental=True)
def skip_layer_guidance_dit(
    model: Model,
    double_layers: str = "7, 8, 9",
    single_layers: str = "7, 8, 9",
    scale: Annotated[float, Range(0.0, 10.0, 0.1)] = 3.0,
    start_percent: Percent = 0.01,
    end_percent: Percent = 0.15,
    rescaling_scale: Factor = 0.0,
) -> Model:
    """Guide away from what a transformer paints without some layers.

    Args:
        model: The model, a transformer such as FLUX or SD3.
        double_layers: Layers with a stream each for text and picture, counted from 0.
        single_layers: Layers with one stream, counted from 0.
        scale: How strongly; 0 changes nothing.
        start_percent: The part of the run before which it does nothing, 0 to 1.
        end_percent: The part of the run after which it does nothing.
        rescaling_scale: How much of the original contrast is restored.
    """
    _check(double_layers + single_layers, "double_layers")
    return model.tweaked(
        "SkipLayerGuidanceDiT",
        double_layers=double_layers,
        single_layers=single_layers,
        scale=scale,
        start_percent=start_percent,
        end_percent=end_percent,
        rescaling_scale=rescaling_scale,
    )


@node(id="SkipLayerGuidanceDiTSimple", category="advanced/guidance", experimental=True)
def skip_layer_guidance_dit_simple(
    model: Model,
    double_layers: str = "7, 8, 9",
    single_layers: str = "7, 8, 9",
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Model:
    """Ask for the negative side without some layers: skip-layer guidance at no cost.

    Args:
        model: The model, a transformer such as FLUX or SD3.
        double_layers: Layers with a stream each for text and picture, counted from 0.
        single_layers: Layers with one stream, counted from 0.
        start_percent: The part of the run before which it does nothing, 0 to 1.
        end_percent: The part of the run after which it does nothing.
    """
    _check(double_layers + single_layers, "double_layers")
    return model.tweaked(
        "SkipLayerGuidanceDiTSimple",
        double_layers=double_layers,
        single_layers=single_layers,
        start_percent=start_percent,
        end_percent=end_percent,
    )


@node(id="FreeU", category="model_patches/unet")
def free_u(
    model: Model, b1: Factor = 1.1, b2: Factor = 1.2, s1: Factor = 0.9, s2: Factor = 0.2
) -> Model:
    """Shift a UNet's weight from details to shapes. All 1 changes nothing.

    Args:
        model: The model (Stable Diffusion 1, 2, XL).
        b1: The backbone's strength in the deepest layers.
        b2: The backbone's strength in the layers above.
        s1: How much of the deepest skips' coarse part stays.
        s2: How much of it stays in the layers above.
    """
    return model.tweaked("FreeU", b1=b1, b2=b2, s1=s1, s2=s2)


@node(id="FreeU_V2", category="model_patches/unet")
def free_u_v2(
    model: Model, b1: Factor = 1.3, b2: Factor = 1.4, s1: Factor = 0.9, s2: Factor = 0.2
) -> Model:
    """FreeU that strengthens shapes where there are some.

    Args:
        model: The model (Stable Diffusion 1, 2, XL).
        b1: The backbone's strength in the deepest layers.
        b2: The backbone's strength in the layers above.
        s1: How much of the deepest skips' coarse part stays.
        s2: How much of it stays in the layers above.
    """
    return model.tweaked("FreeU_V2", b1=b1, b2=b2, s1=s1, s2=s2)


def _check(layers: str, port: str) -> None:
    if not layers_named(layers):
        raise NodeError(
            f"{layers[:40]!r} names no layer.", "Write their numbers: 7, 8, 9", port=port
        )
