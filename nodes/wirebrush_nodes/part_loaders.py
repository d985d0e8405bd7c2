"""The parts of a model from files of their own, and diffusers folders."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from wirebrush.api import Choice, Clip, File, FileRef, Lossy, Model, Optional, Run, Vae, node
from wirebrush_diffusion.autoencoder.source import check_vae_source
from wirebrush_diffusion.autoencoder.taesd import tiny_name
from wirebrush_diffusion.files.separate import check_texts
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_nodes.live import explained, open_source
from wirebrush_nodes.loaders import Checkpoint

TextFile = Annotated[str, File("text_encoders")]
WeightType = Annotated[
    Literal["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"],
    Lossy(("fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2")),
]
ClipType = Literal[
    "stable_diffusion",
    "stable_cascade",
    "sd3",
    "stable_audio",
    "mochi",
    "ltxv",
    "pixart",
    "cosmos",
    "lumina2",
    "wan",
    "hidream",
    "chroma",
    "ace",
    "omnigen2",
    "qwen_image",
    "hunyuan_image",
]
PairType = Literal["sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image"]
Device = Annotated[str, Choice(("default", "cpu")), Optional()]


@node(id="UNETLoader", category="advanced/loaders", title="Load Diffusion Model")
def unet_loader(
    unet_name: Annotated[str, File("diffusion_models")],
    weight_dtype: WeightType = "default",
    *,
    run: Run,
) -> Model:
    """Choose a diffusion network that comes without text encoders and VAE, as FLUX's often do.

    Args:
        unet_name: A file in `models/diffusion_models`, in its authors' or diffusers' names.
        weight_dtype: Precision in memory. The fp8 kinds take half the memory of fp16 and are
            *lossy*: pictures change a little, and each step takes longer.
    """
    source = run.file("diffusion_models", unet_name)
    with explained("unet_name"):
        open_source(run.path(source)).check()
    model = Model(source, "model")
    return model if weight_dtype == "default" else model.with_option("weight_dtype", weight_dtype)


@node(id="CLIPLoader", category="advanced/loaders", title="Load CLIP")
def clip_loader(
    clip_name: TextFile,
    type: Annotated[str, Choice(get_args(ClipType))] = "stable_diffusion",
    device: Device = "default",
    *,
    run: Run,
) -> Clip:
    """Choose a text encoder from a file of its own.

    Args:
        clip_name: A file in `models/text_encoders`.
        type: The family of models that will paint. Z-Image and Lumina 2 are both lumina2.
        device: "cpu" leaves the other device's memory to the painting.
    """
    return _clip([("clip_name", clip_name)], type, device, run)


@node(id="DualCLIPLoader", category="advanced/loaders")
def dual_clip_loader(
    clip_name1: TextFile,
    clip_name2: TextFile,
    type: PairType = "sdxl",
    device: Device = "default",
    *,
    run: Run,
) -> Clip:
    """Choose two text encoders that a family reads with together, in any order.

    SDXL: clip_l and clip_g. SD3: any two of clip_l, clip_g and t5xxl. FLUX: clip_l and t5xxl.

    Args:
        clip_name1: A file in `models/text_encoders`.
        clip_name2: Another.
        type: The family of models that will paint.
        device: "cpu" leaves the other device's memory to the painting.
    """
    names = [("clip_name1", clip_name1), ("clip_name2", clip_name2)]
    return _clip(names, type, device, run)


@node(id="TripleCLIPLoader", category="advanced/loaders")
def triple_clip_loader(
    clip_name1: TextFile, clip_name2: TextFile, clip_name3: TextFile, *, run: Run
) -> Clip:
    """Choose the three text encoders of Stable Diffusion 3: clip_l, clip_g and t5xxl.

    Args:
        clip_name1: A file in `models/text_encoders`.
        clip_name2: Another.
        clip_name3: The third; the order does not matter.
    """
    names = [("clip_name1", clip_name1), ("clip_name2", clip_name2), ("clip_name3", clip_name3)]
    return _clip(names, "sd3", "default", run)


@node(id="QuadrupleCLIPLoader", category="advanced/loaders")
def quadruple_clip_loader(
    clip_name1: TextFile,
    clip_name2: TextFile,
    clip_name3: TextFile,
    clip_name4: TextFile,
    *,
    run: Run,
) -> Clip:
    """Choose the four text encoders of HiDream: clip_l, clip_g, t5xxl and llama_3.1_8b.

    Args:
        clip_name1: A file in `models/text_encoders`.
        clip_name2: Another.
        clip_name3: The third.
        clip_name4: The fourth; the order does not matter.
    """
    given = (clip_name1, clip_name2, clip_name3, clip_name4)
    return _clip(
        [(f"clip_name{i}", name) for i, name in enumerate(given, 1)], "hidream", "default", run
    )


def _clip(names: list[tuple[str, str]], clip_type: str, device: str, run: Run) -> Clip:
    """A handle for the files together, after a look at what they are."""
    sources: list[FileRef] = []
    files: list[WeightFile] = []
    for port, name in names:
        sources.append(run.file("text_encoders", name))
        with explained(port):
            files.append(WeightFile(run.path(sources[-1])))
    with explained(names[0][0]):
        check_texts(files, clip_type)
    clip = Clip(sources[0], "clip", others=tuple(sources[1:])).with_option("type", clip_type)
    return clip if device == "default" else clip.with_option("device", device)


@node(id="VAELoader", category="loaders", title="Load VAE")
def vae_loader(vae_name: Annotated[str, File("vae")], *, run: Run) -> Vae:
    """Choose a VAE from a file of its own, instead of the one in the checkpoint.

    taesd, taesdxl, taesd3 and taef1 are tiny ones: very fast, a little less exact. They are two
    files each in `models/vae_approx`. pixel_space is none, for models that paint pixels.

    Args:
        vae_name: A file or folder in `models/vae`, of the family of the model that paints.
    """
    source = run.file("vae", vae_name)
    decoder = run.path(source)
    others: tuple[FileRef, ...] = ()
    if tiny_name(decoder) and not decoder.is_dir():
        others = (run.file("vae_approx", decoder.name.replace("_decoder", "_encoder")),)
    with explained("vae_name"):
        check_vae_source(decoder, run.path(others[0]) if others else None)
    return Vae(source, "vae", others=others)


@node(id="DiffusersLoader", category="advanced/loaders/deprecated")
def diffusers_loader(model_path: Annotated[str, File("diffusers")], *, run: Run) -> Checkpoint:
    """Choose a model in diffusers' layout. CheckpointLoaderSimple reads these folders too.

    Args:
        model_path: A folder in `models/diffusers` with a model_index.json.
    """
    source = run.file("diffusers", model_path)
    with explained("model_path"):
        open_source(run.path(source)).check()
    return Checkpoint(Model(source, "model"), Clip(source, "clip"), Vae(source, "vae"))
