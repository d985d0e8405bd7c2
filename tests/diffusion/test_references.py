"""Pictures that are looked at while painting: FLUX Kontext and Qwen-Image-Edit."""

from __future__ import annotations

from typing import Any

import diffusers
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tiny_families import assembled, flux_parts, saved
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.flux import packed, unpacked
from wirebrush_diffusion.families.references import placed
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.model import Residuals
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas

STEPS, PROMPT = 4, "a red house"


@pytest.fixture(scope="module")
def kontext(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Parts]:
    torch.manual_seed(0)
    pipe = assembled(diffusers.FluxKontextPipeline, flux_parts() | {"image_encoder": None})
    return pipe, load(saved(pipe, tmp_path_factory.mktemp("kontext") / "kontext"))


def photo(width: int, height: int) -> Image.Image:
    pixels = torch.randint(0, 256, (height, width, 3), generator=torch.Generator().manual_seed(2))
    return Image.fromarray(pixels.to(torch.uint8).numpy())


def as_batch(image: Image.Image) -> Tensor:
    """`[1,H,W,3]`, 0..1."""
    flat = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return flat.reshape(1, image.height, image.width, 3).float() / 255


def painted(parts: Parts, noise: Tensor, sigmas: list[float], **options: Any) -> Tensor:
    encoding = parts.text_encoder.encode(PROMPT)
    extra = parts.model.inputs(encoding.pooled, options, noise.shape)
    latent = sample_sigmas(
        parts.model,
        torch.zeros_like(noise),
        noise,
        [Condition(encoding.context, extra)],
        [],
        sigmas,
        sampler=SAMPLERS["euler"],
        seed=1,
        cfg=1.0,
    )
    return parts.model.latent.to_network(latent)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (96, 64)])
def test_kontext_is_diffusers_pipeline(kontext: Any, width: int, height: int) -> None:
    pipe, parts = kontext
    image = photo(width, height)
    noise = initial_noise(torch.zeros((1, 16, 8, 8)), 3)

    tokens = pipe(
        image=image,
        prompt=PROMPT,
        latents=packed(noise),
        height=64,
        width=64,
        max_area=64 * 64,
        num_inference_steps=STEPS,
        guidance_scale=2.5,
        max_sequence_length=256,
        output_type="latent",
        _auto_resize=False,
    ).images
    shown = parts.autoencoder.encode(as_batch(image))
    ours = painted(
        parts, noise, pipe.scheduler.sigmas.tolist(), guidance=2.5, reference_latents=(shown,)
    )

    assert shown.shape[-2:] == (height // 8, width // 8)
    assert (ours - unpacked(tokens, 4, 4)).abs().max() <= 1e-4


def test_pictures_and_their_placing_matter(kontext: Any) -> None:
    _, parts = kontext
    noise = initial_noise(torch.zeros((1, 16, 8, 6)), 3)
    pictures = tuple(torch.randn((1, 16, *size)) for size in ((8, 6), (4, 8)))

    answers = [
        painted(
            parts, noise, [1.0, 0.5, 0.0], reference_latents=shown, reference_latents_method=how
        )
        for shown in ((), pictures[:1], pictures)
        for how in ("offset", "index", "uxo/uno")
    ]

    assert torch.equal(answers[0], answers[1])  # without pictures there is nothing to place
    assert torch.equal(answers[3], answers[4])  # one picture: both put it on the next sheet
    different = [answers[i] for i in (0, 3, 5, 6, 7, 8)]
    assert all(
        (one - other).abs().max() > 1e-4
        for i, one in enumerate(different)
        for other in different[:i]
    )


def test_what_controls_add_is_for_the_painted_picture(kontext: Any) -> None:
    _, parts = kontext
    model = parts.model
    x = initial_noise(torch.zeros((1, 16, 8, 8)), 3)
    encoding = parts.text_encoder.encode(PROMPT)
    shown = model.inputs(encoding.pooled, {"reference_latents": (x,)}, x.shape)
    added = Residuals([torch.zeros((1, 16, 64))] * 2, single=[torch.zeros((1, 16, 64))] * 2)
    time = torch.tensor([500.0])

    plain = model.predict(x, time, encoding.context, shown)

    assert torch.equal(model.predict(x, time, encoding.context, shown, added), plain)


def test_disabled_guidance_is_no_guidance_at_all(kontext: Any) -> None:
    pipe, parts = kontext
    model = parts.model
    x = initial_noise(torch.zeros((1, 16, 8, 8)), 3)
    encoding = parts.text_encoder.encode(PROMPT)
    time = torch.tensor([500.0])

    silent = model.inputs(encoding.pooled, {"guidance": None}, x.shape)
    ours = model.predict(x, time, encoding.context, silent)
    embed = pipe.transformer.time_text_embed
    with torch.inference_mode():
        steps = embed.timestep_embedder(embed.time_proj(torch.tensor([500.0])))
        expected = steps + embed.text_embedder(encoding.pooled)
        seen: list[Tensor] = []
        hook = model.network.time_text_embed.register_forward_hook(lambda m, i, o: seen.append(o))
        again = model.predict(x, time, encoding.context, silent)
        hook.remove()
    guided = model.predict(
        x, time, encoding.context, model.inputs(encoding.pooled, {"guidance": 3.5}, x.shape)
    )

    assert "guidance" not in silent
    assert torch.equal(ours, again)
    assert (seen[0] - expected).abs().max() < 1e-6
    assert (guided - ours).abs().max() > 1e-4


@given(
    sizes=st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), max_size=6),
    method=st.sampled_from(["offset", "index", "uxo/uno"]),
)
def test_no_two_tokens_stand_in_one_place(sizes: list[tuple[int, int]], method: str) -> None:
    size = (20, 30)

    places = [(0, 0, 0), *placed(method, sizes, size)]

    sheets = [
        (sheet, top, left, top + rows, left + columns)
        for (sheet, top, left), (rows, columns) in zip(places, [size, *sizes], strict=True)
    ]
    for i, one in enumerate(sheets):
        for other in sheets[:i]:
            apart = (
                one[0] != other[0]
                or one[1] >= other[3] or other[1] >= one[3]
                or one[2] >= other[4] or other[2] >= one[4]
            )  # fmt: skip
            assert apart


def test_unknown_placings_and_too_many_pictures(kontext: Any) -> None:
    model = kontext[1].model
    picture = torch.zeros((1, 16, 8, 8))

    options = {"reference_latents": (picture,), "reference_latents_method": "sideways"}
    with pytest.raises(DiffusionError, match=r"'sideways'.*offset or index or uxo/uno"):
        model.inputs(None, options, picture.shape)
    with pytest.raises(DiffusionError, match="shows 65 reference pictures; at most 64"):
        model.inputs(None, {"reference_latents": (picture,) * 65}, picture.shape)


def test_references_come_from_the_models_own_vae(kontext: Any) -> None:
    wrong = torch.ones((1, 4, 8, 8))

    with pytest.raises(DiffusionError, match="4 channels, the model works on 16"):
        kontext[1].model.inputs(None, {"reference_latents": (wrong,)}, (1, 16, 8, 8))
