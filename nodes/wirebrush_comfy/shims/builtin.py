"""Our own nodes as ComfyUI's classes: packs make objects of them, call them and inherit from them.

They are found through the entry point of the built-in pack, as every pack is found.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from wirebrush.api import MISSING, NodeError, NodeFunction, Port
from wirebrush_comfy.border import from_pack, to_pack
from wirebrush_comfy.current import current_run
from wirebrush_comfy.waiting import settled

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "CheckpointLoaderSimple": "load_checkpoint ckpt_name",
        "VAELoader": "load_vae vae_name",
        "UNETLoader": "load_unet unet_name weight_dtype",
        "CLIPLoader": "load_clip clip_name type device",
        "DualCLIPLoader": "load_clip clip_name1 clip_name2 type device",
        "LoraLoader": "load_lora model clip lora_name strength_model strength_clip",
        "LoraLoaderModelOnly": "load_lora_model_only model lora_name strength_model",
        "ControlNetLoader": "load_controlnet control_net_name",
        "CLIPVisionLoader": "load_clip clip_name",
        "StyleModelLoader": "load_style_model style_model_name",
        "UpscaleModelLoader": "load_model model_name",
        "CLIPTextEncode": "encode clip text",
        "CLIPSetLastLayer": "set_last_layer clip stop_at_clip_layer",
        "CLIPVisionEncode": "encode clip_vision image crop",
        "ConditioningCombine": "combine conditioning_1 conditioning_2",
        "ConditioningConcat": "concat conditioning_to conditioning_from",
        "ConditioningAverage":
            "addWeighted conditioning_to conditioning_from conditioning_to_strength",
        "ConditioningSetArea": "append conditioning width height x y strength",
        "ConditioningSetMask": "append conditioning mask set_cond_area strength",
        "ConditioningZeroOut": "zero_out conditioning",
        "ConditioningSetTimestepRange": "set_range conditioning start end",
        "ControlNetApply": "apply_controlnet conditioning control_net image strength",
        "ControlNetApplyAdvanced":
            "apply_controlnet positive negative control_net image strength start_percent"
            " end_percent vae",
        "VAEDecode": "decode vae samples",
        "VAEDecodeTiled": "decode vae samples tile_size overlap",
        "VAEEncode": "encode vae pixels",
        "VAEEncodeTiled": "encode vae pixels tile_size overlap",
        "VAEEncodeForInpaint": "encode vae pixels mask grow_mask_by",
        "InpaintModelConditioning": "encode positive negative pixels vae mask noise_mask",
        "KSampler":
            "sample model seed steps cfg sampler_name scheduler positive negative latent_image"
            " denoise",
        "KSamplerAdvanced":
            "sample model add_noise noise_seed steps cfg sampler_name scheduler positive negative"
            " latent_image start_at_step end_at_step return_with_leftover_noise",
        "EmptyLatentImage": "generate width height batch_size",
        "LatentUpscale": "upscale samples upscale_method width height crop",
        "LatentUpscaleBy": "upscale samples upscale_method scale_by",
        "LatentFromBatch": "frombatch samples batch_index length",
        "RepeatLatentBatch": "repeat samples amount",
        "SetLatentNoiseMask": "set_mask samples mask",
        "ImageScale": "upscale image upscale_method width height crop",
        "ImageScaleBy": "upscale image upscale_method scale_by",
        "ImageInvert": "invert image",
        "ImageBatch": "batch image1 image2",
        "ImagePadForOutpaint": "expand_image image left top right bottom feathering",
        "ImageUpscaleWithModel": "upscale upscale_model image",
        "LoadImageMask": "load_image image channel",
        "LatentBatch": "batch samples1 samples2",
        "LatentComposite": "composite samples_to samples_from x y feather",
        "GrowMask": "expand_mask mask expand tapered_corners",
        "MaskToImage": "mask_to_image mask",
        "ImageToMask": "image_to_mask image channel",
        "ImageCompositeMasked": "composite destination source x y resize_source mask",
        "CLIPTextEncodeSDXL":
            "encode clip width height crop_w crop_h target_width target_height text_g text_l",
        "DifferentialDiffusion": "apply model",
        "KSamplerSelect": "get_sampler sampler_name",
        "BasicScheduler": "get_sigmas model scheduler steps denoise",
        "BasicGuider": "get_guider model conditioning",
        "RandomNoise": "get_noise noise_seed",
        "SamplerCustomAdvanced": "sample noise guider sampler sigmas latent_image",
    }
)  # fmt: skip
"""Method and order of its parameters in ComfyUI, where packs call it; else `execute` and ours."""


def builtin_nodes() -> Iterator[NodeFunction]:
    """The nodes of the built-in pack."""
    for entry in entry_points(group="wirebrush.packs"):
        if entry.name != "builtin":
            continue
        root = entry.load().__name__
        for name, module in list(sys.modules.items()):
            if name == root or name.startswith(f"{root}."):
                for item in list(vars(module).values()):
                    declared = getattr(item, "__node__", None)
                    if isinstance(declared, NodeFunction):
                        yield declared


def as_class(declared: NodeFunction) -> type[Any]:
    """One of our nodes as a V1 class."""
    spec = declared.spec
    method, *order = METHODS.get(spec.id, "execute").split()
    names = order or [port.name for port in spec.inputs]
    return type(
        spec.id,
        (),
        {
            "__module__": "nodes",
            "__doc__": spec.help,
            "INPUT_TYPES": classmethod(lambda _cls: _input_types(spec.inputs)),
            "RETURN_TYPES": tuple(output.type for output in spec.outputs),
            "RETURN_NAMES": tuple(output.name for output in spec.outputs),
            "OUTPUT_IS_LIST": tuple(output.list for output in spec.outputs),
            "INPUT_IS_LIST": any(port.list for port in spec.inputs),
            "FUNCTION": method,
            "CATEGORY": spec.category,
            "OUTPUT_NODE": spec.sink,
            "DESCRIPTION": spec.help,
            **_choices(spec.inputs),
            "execute": staticmethod(_function(declared, names)),
            **({} if method == "execute" else {method: _method(declared, names)}),
        },
    )


def _choices(ports: Sequence[Port]) -> dict[str, list[Any]]:
    """Lists of choices that packs read off a class, such as `ImageScale.upscale_methods`."""
    named = {"crop": "crop_methods"}
    return {
        named.get(port.name, f"{port.name}s"): list(port.widget.choices)
        for port in ports
        if port.widget is not None and port.widget.kind == "choice" and port.widget.choices
    }


def _function(declared: NodeFunction, names: Sequence[str]) -> Callable[..., tuple[Any, ...]]:
    def call(*positional: Any, **named: Any) -> tuple[Any, ...]:
        return run_builtin(declared, {**dict(zip(names, positional, strict=False)), **named})

    return call


def _method(declared: NodeFunction, names: Sequence[str]) -> Callable[..., tuple[Any, ...]]:
    function = _function(declared, names)
    return lambda _self, *positional, **named: function(*positional, **named)


def run_builtin(declared: NodeFunction, arguments: Mapping[str, Any]) -> tuple[Any, ...]:
    """Call one of our nodes in the run of the node that asks; gives ComfyUI's values."""
    spec, run = declared.spec, current_run()
    given = {
        port.name: from_pack(arguments[port.name], port.type)
        for port in spec.inputs
        if port.name in arguments
    }
    if declared.run_parameter is not None:
        if run is None:
            raise NodeError(
                f"A pack calls {spec.id} although no node of it runs.",
                "This works inside a node's function only.",
            )
        given[declared.run_parameter] = run
    returned = settled(declared.function(**given))
    if not spec.outputs:
        return ()
    values = (returned,) if len(spec.outputs) == 1 else tuple(returned)
    return tuple(to_pack(value) for value in values)


def _input_types(ports: Sequence[Port]) -> dict[str, dict[str, Any]]:
    sections: dict[str, dict[str, Any]] = {"required": {}}
    for port in ports:
        section = sections.setdefault("optional" if port.optional else "required", {})
        section[port.name] = _declared(port)
    return sections


def _declared(port: Port) -> tuple[Any, dict[str, Any]]:
    options: dict[str, Any] = {} if port.default is MISSING else {"default": port.default}
    widget = port.widget
    if widget is None:
        return port.type, options
    if widget.folder is not None:
        return _files(widget.folder, widget.choices or ()), options
    if widget.choices is not None:
        return list(widget.choices), options
    bounds = {"min": widget.min, "max": widget.max, "step": widget.step}
    options |= {name: bound for name, bound in bounds.items() if bound is not None}
    return port.type, options | ({"multiline": True} if widget.multiline else {})


def _files(kind: str, others: Sequence[Any]) -> list[Any]:
    """The names of a kind of files, asked from `folder_paths`, where packs have their say too."""
    paths: Any = import_module("folder_paths")
    try:
        names = paths.get_filename_list(kind)
    except KeyError:  # uploads, which are no models
        names = []
    return list(others) + names
