"""Checkpoints load with exactly the weights they hold, in both layouts."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)
from safetensors.torch import load_file

from wirebrush_diffusion.files.checkpoint import load, open_checkpoint
from wirebrush_diffusion.noise.denoiser import Prediction


def test_a_folder_gives_the_weights_it_holds(tiny: Any, folder: Path) -> None:
    parts = load(folder)

    for loaded, made in (
        (parts.model.network, tiny.unet),
        (parts.autoencoder.network, tiny.vae),
        (parts.text_encoder.network, tiny.text),
    ):
        expected = made.state_dict()
        assert loaded.state_dict().keys() == expected.keys()
        assert all(torch.equal(tensor, expected[n]) for n, tensor in loaded.state_dict().items())
    assert parts.model.prediction is Prediction.EPS
    assert parts.model.latent.scale == 0.18215


def test_a_single_file_gives_the_same_model(tiny: Any, single_file: Path) -> None:
    parts = load(single_file)

    for loaded, made in (
        (parts.model.network, tiny.unet),
        (parts.autoencoder.network, tiny.vae),
        (parts.text_encoder.network, tiny.text),
    ):
        expected = made.state_dict()
        assert loaded.state_dict().keys() == expected.keys()
        assert all(torch.equal(tensor, expected[n]) for n, tensor in loaded.state_dict().items())


def test_our_names_are_the_ones_diffusers_converts_from(tiny: Any, single_file: Path) -> None:
    tensors = load_file(single_file)

    unet = convert_ldm_unet_checkpoint(dict(tensors), {**tiny.unet.config})
    vae = convert_ldm_vae_checkpoint(dict(tensors), {**tiny.vae.config})

    assert unet.keys() == tiny.unet.state_dict().keys()
    assert all(torch.equal(unet[n], t) for n, t in tiny.unet.state_dict().items())
    assert vae.keys() == tiny.vae.state_dict().keys()
    assert all(torch.equal(vae[n], t) for n, t in tiny.vae.state_dict().items())


def test_nothing_is_ever_fetched(
    folder: Path, single_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def refuse(*arguments: object, **options: object) -> None:
        asked.append(arguments)
        raise OSError("no network here")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)

    load(folder)
    load(single_file)

    assert asked == []


def test_parts_are_read_one_by_one(single_file: Path) -> None:
    assert open_checkpoint(single_file).text_encoder().encode("red house").context.shape == (
        1,
        77,
        64,
    )
