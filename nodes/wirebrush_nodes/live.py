"""From handles on wires to weights on the device.

A handle says which file and which patches; the weights of the file are resident once per device,
and patches are laid over them and taken off exactly. So a changed LoRA strength reloads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from wirebrush.api import Clip, ControlNet, Handle, Model, NodeError, Run, Vae
from wirebrush_diffusion.autoencoder.source import open_vae
from wirebrush_diffusion.autoencoder.taesd import load_tiny
from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.control.controlnet import ControlModel
from wirebrush_diffusion.control.files import depends_on_model, load_controlnet
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families import author_places
from wirebrush_diffusion.files.checkpoint import Checkpoint, open_checkpoint
from wirebrush_diffusion.files.precision import Host
from wirebrush_diffusion.files.separate import read_texts
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.memory.meter import is_out_of_memory
from wirebrush_diffusion.memory.using import placed
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.patches.lora_names import Modules, network_modules, text_modules
from wirebrush_diffusion.pictures.files import encode_jpeg
from wirebrush_diffusion.text.reading import PartEncoder, Reader
from wirebrush_nodes.hooking import clip_patches
from wirebrush_nodes.patching import COMPUTED, Weights, patches_of, unpatched
from wirebrush_nodes.tweaks import tweaked

N = TypeVar("N", bound=Loaded)


@contextmanager
def explained(port: str | None = None) -> Iterator[None]:
    """Turns the library's errors into the node's, at the input that is to blame."""
    try:
        yield
    except DiffusionError as error:
        raise NodeError(error.message, error.hint, port=port) from error
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise NodeError(
            f"There is not enough memory for this: {str(error).splitlines()[0][:200]}",
            "Use a smaller picture or batch, or close what else uses the device.",
        ) from error


@contextmanager
def live_model(handle: Model, run: Run) -> Iterator[DiffusionModel]:
    """The diffusion network, with the handle's patches and tweaks in force in the block."""
    model = _loaded_model(handle, run)
    with run.memory.held(model):
        patches = patches_of(handle, _weights(model), weights_of, run)
        with model.patches.held(patches), tweaked(model, handle.tweaks) as used:
            yield used


def preview_of(model: DiffusionModel, handle: Model, latent: Tensor, run: Run) -> bytes | None:
    """A small JPEG of a scaled latent batch's first item.

    The tiny VAE of the latent space paints it, if its file is there. Else latent spaces with
    published factors take next to no time. For others the model's own VAE paints the preview if it
    is quick, else factors are fitted to it once. Without a VAE there is no preview, which is no
    reason to stop painting.
    """
    tiny = _tiny(model, run)
    if tiny is not None:
        return encode_jpeg(tiny.decode(model.latent.from_network(latent[:1]))[0])
    if model.latent.rgb is None:
        try:
            autoencoder = _loaded_autoencoder(Vae(handle.source, "vae"), run)
            first = latent[:1]
            if autoencoder.is_quick(first):
                return encode_jpeg(autoencoder.decode(model.latent.from_network(first))[0])
            rgb, bias = autoencoder.rgb_factors(model.latent)
        except (DiffusionError, RuntimeError):
            rgb, bias = (), (0.0, 0.0, 0.0)
        model.latent = replace(model.latent, rgb=rgb, rgb_bias=bias)
    picture = model.latent.preview(latent)
    return None if picture is None else encode_jpeg(picture)


def _tiny(model: DiffusionModel, run: Run) -> Autoencoder | None:
    """The tiny VAE that reads the model's latents; None if its decoder is not there."""
    try:
        file = run.file("vae_approx", f"{model.latent.tiny}_decoder.safetensors")
        path, place = run.path(file), weights_place(run)
        dtype = network_dtype(run.device)
        tiny = run.resident(f"tiny {file}", lambda: load_tiny(path, None, place, dtype))
    except (DiffusionError, NodeError):
        return None
    return settled(tiny, run)


def _loaded_model(handle: Model, run: Run) -> DiffusionModel:
    """The network without patches."""
    source = _source(handle, run)
    stored, computed = handle.option("weight_dtype"), handle.option(COMPUTED)
    storage = None if stored is None else str(stored)
    dtype = None if computed is None else getattr(torch, str(computed))
    place = weights_place(run)
    return settled(
        run.resident(unpatched(handle).key, lambda: source().model(place, dtype, storage)), run
    )


@contextmanager
def live_text_encoder(handle: Clip, run: Run) -> Iterator[Reader]:
    """The text encoders, with the handle's patches in force while the block runs."""
    reader = _loaded_reader(handle, run)
    with ExitStack() as held:
        for role, part in reader.parts.items():
            weights = _text_weights(role, part)
            patches = patches_of(handle, weights, weights_of, run)
            hooked = clip_patches(handle, weights, weights_of, run)
            held.enter_context(part.patches.held([*patches, *hooked]))
        if handle.option("device") != "cpu":
            held.enter_context(placed(run.memory, [reader], reader.portion))
        yield reader


def _loaded_reader(handle: Clip, run: Run) -> Reader:
    """The text encoders without patches."""
    device = "cpu" if handle.option("device") == "cpu" else weights_place(run)
    return run.resident(unpatched(handle).key, lambda: _reader(handle, device, run))


def _reader(handle: Clip, device: str, run: Run) -> Reader:
    """From one checkpoint, or from a file for each encoder."""
    clip_type = handle.option("type")
    if clip_type is None:
        return _source(handle, run)().text_encoder(device, None)
    paths = [run.path(file) for file in (handle.source, *handle.others)]
    files = [WeightFile(path) for path in paths]
    return read_texts(
        files, str(clip_type), vocabularies=_tokenizers(paths[0]), device=device, dtype=None
    )


def live_autoencoder(handle: Vae, run: Run) -> Autoencoder:
    """The VAE. What it does in tiles because memory is short makes the node's result rough."""
    return _loaded_autoencoder(handle, run).telling(run.rough)


def _loaded_autoencoder(handle: Vae, run: Run) -> Autoencoder:
    path, place = run.path(handle.source), weights_place(run)
    other = run.path(handle.others[0]) if handle.others else None
    return settled(
        run.resident(unpatched(handle).key, lambda: open_vae(path, other, place, None)), run
    )


def picture_reader(handle: Vae, run: Run) -> Callable[[Tensor], Tensor]:
    """Pictures to latents, for a run: loads the VAE when it is asked, looks at each size once."""
    seen: dict[tuple[int, ...], Tensor] = {}

    def encode(pictures: Tensor) -> Tensor:
        size = tuple(pictures.shape)
        if size not in seen:
            seen[size] = live_autoencoder(handle, run).encode(pictures)
        return seen[size]

    return encode


def live_controlnet(handle: ControlNet, run: Run, host: Model | None = None) -> ControlModel:
    """The ControlNet. Files that are a change of a model change the handle's own, or `host`."""
    path, place = run.path(handle.source), weights_place(run)
    key, model = unpatched(handle).key, None
    if depends_on_model(path):
        found = next((patch.other for patch in handle.patches if patch.other is not None), host)
        if isinstance(found, Model):
            key, model = f"{key} on {unpatched(found).key}", _loaded_model(found, run)
    return settled(run.resident(key, lambda: load_controlnet(path, place, None, model)), run)


def weights_place(run: Run) -> str:
    """Where weights are loaded to: where the device is apart, its networks live with the host."""
    return Host(run.device) if run.memory.apart else run.device


def settled(network: N, run: Run) -> N:
    """A network that uses the run's memory for computing."""
    network.live_in(run.memory)
    return network


def network_dtype(device: str) -> torch.dtype:
    """The precision that networks run in: half where the device is fast at it."""
    return torch.float16 if device.startswith("cuda") else torch.float32


def open_source(path: Path) -> Checkpoint:
    """A checkpoint; tokenizers for single files are in `models/tokenizers`."""
    return open_checkpoint(path, vocabularies=_tokenizers(path))


def _tokenizers(path: Path) -> tuple[Path, ...]:
    return tuple(parent / "tokenizers" for parent in path.parents[:4])


def _source(handle: Handle, run: Run) -> Callable[[], Checkpoint]:
    path = run.path(handle.source)
    return lambda: open_source(path)


def weights_of(handle: Handle, role: str, run: Run) -> Weights | None:
    """A handle's network; `role` names a text encoder. None if it has no such encoder."""
    if isinstance(handle, Model):
        model = _loaded_model(handle, run)
        return _weights(model)
    if not isinstance(handle, Clip):
        return None
    part = _loaded_reader(handle, run).parts.get(role)
    return None if part is None else _text_weights(role, part)


def _weights(model: DiffusionModel) -> Weights:
    return Weights(model.patches, partial(_modules, model), authors=partial(_authors, model))


def _authors(model: DiffusionModel) -> dict[str, str]:
    return {name: place.name for name, place in author_places(model.network).items()}


def _modules(model: DiffusionModel) -> Modules:
    layers = getattr(model.config, "layers_per_block", 0)
    layers = layers if isinstance(layers, int) else layers[0]
    return network_modules(type(model.network).__name__, model.patches.shapes(), layers)


def _text_weights(role: str, part: PartEncoder) -> Weights:
    shapes = part.patches.shapes()
    return Weights(part.patches, partial(text_modules, role, shapes), role)
