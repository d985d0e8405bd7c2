"""Each family makes what diffusers' own pipeline makes, from folders and from single files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from original_names import single, single_file, written
from safetensors.torch import save_file
from tiny_families import L_WIDTH, saved
from tiny_language import pipeline
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.flux import RULES as FLUX_RULES
from wirebrush_diffusion.families.flux import packed, unpacked
from wirebrush_diffusion.files.checkpoint import Parts, load, open_checkpoint
from wirebrush_diffusion.guidance.batches import make_batches
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.sides import Sides
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas

SEED, STEPS, CFG, SIDE = 3, 6, 4.0, 64
PROMPT, NEGATIVE, SYSTEM = "a red house", "fog", "paint"
NEW = ("pixart_alpha", "lumina2", "z_image", "qwen_image")
NAMES = ("sd1", "sd2", "sdxl", "sd3", "flux", "pixart", *NEW)
UNPOOLED = ("chroma", "pixart", *NEW)
SINGLE = ("sd2", "sdxl", "sd3", "flux", *UNPOOLED)
FLUX_LIKE = ("flux", "qwen_image")  # whose pipelines speak of tokens


@pytest.fixture(scope="module")
def pipes() -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in made:
            made[name] = pipeline(name)
        return made[name]

    return get


@pytest.fixture(scope="module")
def folders(pipes: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("families")

    def get(name: str) -> Path:
        path = root / name
        return path if path.exists() else saved(pipes(name), path)

    return get


def conditions(
    parts: Parts, shape: tuple[int, ...], prompt: str = PROMPT, **options: Any
) -> list[list[Condition]]:
    """The positive and the negative text as this model wants them."""
    sides: list[list[Condition]] = []
    for text, negative in ((prompt, False), (NEGATIVE, True)):
        encoding = parts.text_encoder.encode(text)
        extra = parts.model.inputs(encoding.pooled, options, shape, negative=negative)
        sides.append([Condition(encoding.context, extra)])
    return sides


def painted(parts: Parts, noise: Tensor, sigmas: list[float], cfg: float, **options: Any) -> Tensor:
    """Our latent, scaled as the network sees it."""
    # pipelines give noise the variance sigma^2 + 1, whatever level they start from
    pure = math.isclose(sigmas[0], parts.model.schedule.sigmas[-1], rel_tol=1e-5)
    scale = 1.0 if pure else math.sqrt(sigmas[0] ** 2 + 1) / sigmas[0]
    positive, negative = conditions(parts, tuple(noise.shape), **options)
    latent = sample_sigmas(
        parts.model,
        torch.zeros_like(noise),
        noise * scale,
        positive,
        negative,
        sigmas,
        sampler=SAMPLERS["euler"],
        seed=SEED,
        cfg=cfg,
    )
    return parts.model.latent.to_network(latent)


def theirs(pipe: Any, name: str, noise: Tensor) -> Tensor:
    """The pipeline's latent."""
    arguments: dict[str, Any] = {
        "prompt": PROMPT,
        "latents": noise,
        "num_inference_steps": STEPS,
        "guidance_scale": CFG,
        "height": SIDE,
        "width": SIDE,
        "output_type": "latent",
    }
    if name in FLUX_LIKE:  # Qwen-Image's pipeline normalises real guidance: see below
        arguments |= {"latents": packed(noise), "max_sequence_length": 256, "guidance_scale": 2.5}
        arguments |= {"guidance_scale": None} if name == "qwen_image" else {}
        return unpacked(pipe(**arguments).images, SIDE // 16, SIDE // 16)
    if name == "sd3":
        arguments |= {"max_sequence_length": 77}
    if name.startswith("pixart"):
        arguments |= {"use_resolution_binning": False, "clean_caption": False}
    if name == "lumina2":
        arguments |= {"system_prompt": SYSTEM, "cfg_normalization": False}
    if name == "z_image":  # it counts the scale from the positive side
        arguments |= {"guidance_scale": CFG - 1}
    return pipe(**arguments, negative_prompt=NEGATIVE).images


@pytest.mark.parametrize("name", NAMES)
def test_same_latent_as_the_pipeline(pipes: Any, folders: Any, name: str) -> None:
    pipe, parts = pipes(name), load(folders(name))
    noise = initial_noise(torch.zeros((1, parts.model.latent.channels, 8, 8)), SEED)

    expected = theirs(pipe, name, noise)
    cfg, options = (1.0, {"guidance": 2.5}) if name in FLUX_LIKE else (CFG, {})
    prompt = f"{SYSTEM} <Prompt Start> {PROMPT}" if name == "lumina2" else PROMPT
    sigmas = pipe.scheduler.sigmas.tolist()
    ours = painted(parts, noise, sigmas, cfg, prompt=prompt, **options)

    assert expected.std() > 0.1
    assert (ours - expected).abs().max() <= 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_same_picture_from_the_latent(pipes: Any, folders: Any, name: str) -> None:
    parts = load(folders(name))
    latent = torch.randn((1, parts.model.latent.channels, 8, 8))

    ours = parts.autoencoder.decode(latent)
    with torch.inference_mode():
        framed = name == "qwen_image"
        expected = pipes(name).vae.decode(latent.unsqueeze(2) if framed else latent).sample
        expected = expected[:, :, 0] if framed else expected

    wanted: Tensor = (expected.movedim(1, -1) / 2 + 0.5).clamp(0, 1)
    assert (ours - wanted).abs().max() <= 1e-5
    assert parts.autoencoder.downscale == 8


def test_chroma_reads_the_text_and_nothing_else(pipes: Any, folders: Any) -> None:
    pipe, parts = pipes("chroma"), load(folders("chroma"))
    x = initial_noise(torch.zeros((1, 16, 8, 6)), SEED)
    encoding = parts.text_encoder.encode(PROMPT)

    extra = parts.model.inputs(encoding.pooled, {}, x.shape)
    ours = parts.model.predict(x, torch.tensor([400.0]), encoding.context, extra)
    with torch.inference_mode():
        ids = pipe._prepare_latent_image_ids(1, 4, 3, "cpu", torch.float32)
        texts = torch.zeros(encoding.context.shape[1], 3)
        expected = pipe.transformer(
            packed(x), encoding.context, torch.tensor([0.4]), ids, texts, return_dict=False
        )[0]

    assert (extra, encoding.context.shape) == ({}, (1, 4, 256))
    assert (ours - unpacked(expected, 4, 3)).abs().max() <= 1e-5


@pytest.mark.parametrize(("name", "passes"), [("chroma", 2), ("pixart", 1)])
def test_texts_are_repeated_only_where_nobody_notices(folders: Any, name: str, passes: int) -> None:
    parts = load(folders(name))
    model = parts.model
    texts = [Condition(parts.text_encoder.encode(text).context) for text in ("a red", "")]
    assert [text.context.shape[1] for text in texts] == [3, 1]
    sides = Sides(model, {"positive": texts[:1], "negative": texts[1:]}, (1, 4, 8, 8))

    batches = make_batches(
        sides._pieces, (1, 4, 8, 8), model.device, model.dtype, repeatable=model.attends_across
    )

    assert len(batches) == passes


def test_the_refiner_is_told_sizes_and_a_score(pipes: Any, folders: Any) -> None:
    pipe, parts = pipes("refiner"), load(folders("refiner"))
    x = initial_noise(torch.zeros((1, 4, 8, 8)), SEED)
    encoding = parts.text_encoder.encode(PROMPT)
    texts, _, pooled, _ = pipe.encode_prompt(PROMPT, do_classifier_free_guidance=False)
    sizes, against = pipe._get_add_time_ids(
        (64, 64), (0, 0), (64, 64), 6.0, 2.5, (64, 64), (0, 0), (64, 64), torch.float32,
        text_encoder_projection_dim=pooled.shape[-1],
    )  # fmt: skip

    extra = parts.model.inputs(encoding.pooled, {}, x.shape)
    negative = parts.model.inputs(encoding.pooled, {}, x.shape, negative=True)
    ours = parts.model.predict(x, torch.tensor([500.0]), encoding.context, extra)
    with torch.inference_mode():
        added = {"text_embeds": pooled, "time_ids": sizes}
        expected = pipe.unet(x, 500.0, texts, added_cond_kwargs=added).sample

    assert torch.equal(extra["time_ids"], sizes)
    assert torch.equal(negative["time_ids"], against)
    assert (ours - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("name", [*SINGLE, "refiner"])
def test_a_single_file_gives_the_folders_model(
    pipes: Any, folders: Any, tmp_path: Path, name: str
) -> None:
    expected = load(folders(name))
    loaded = load(single_file(pipes(name), name, tmp_path))

    for part in ("model", "autoencoder"):
        ours, folder = (getattr(parts, part).network.state_dict() for parts in (loaded, expected))
        assert ours.keys() == folder.keys()
        assert [n for n, tensor in ours.items() if not torch.equal(tensor, folder[n])] == []
    answers = [parts.text_encoder.encode("a (red:1.3) house") for parts in (loaded, expected)]
    assert torch.allclose(answers[0].context, answers[1].context, atol=1e-5)
    pooled = [answer.pooled for answer in answers if answer.pooled is not None]
    assert (
        name in ("sd2", *UNPOOLED) or (pooled[0] - pooled[1]).abs().max() < 1e-5
    )  # nobody reads that of sd2
    assert loaded.model.latent == expected.model.latent
    assert loaded.model.config.in_channels == expected.model.config.in_channels


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_networks_in_diffusers_own_names(
    pipes: Any, tmp_path: Path, name: str, dtype: torch.dtype
) -> None:
    network = getattr(pipes(name), "unet", None) or pipes(name).transformer
    path = tmp_path / "diffusion_pytorch_model.safetensors"
    save_file({n: t.to(dtype).contiguous() for n, t in network.state_dict().items()}, path)

    loaded = open_checkpoint(path).model().network.state_dict()

    expected = network.state_dict()
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[n], t.to(dtype).float()) for n, t in expected.items())


def test_kinds_of_stable_diffusion_2(pipes: Any, tmp_path: Path) -> None:
    tensors = single(pipes("sd2"), "sd2")
    paths = [tmp_path / f"{name}.safetensors" for name in ("plain", "said", "keyed")]
    save_file(tensors, paths[0])
    save_file(tensors, paths[1], {"modelspec.prediction_type": "v"})
    save_file(tensors | {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}, paths[2])

    models = [open_checkpoint(path).model() for path in paths]

    assert [model.prediction for model in models] == [Prediction.EPS, Prediction.V, Prediction.V]
    assert models[2].schedule.sigmas[-1] > 1000 > models[1].schedule.sigmas[-1]


def test_schnell_has_no_guidance_and_an_even_schedule(tmp_path: Path) -> None:
    from tiny_families import flux_transformer

    paths = [tmp_path / f"{name}.safetensors" for name in ("dev", "schnell")]
    for path, guided in zip(paths, (True, False), strict=True):
        save_file(written(FLUX_RULES, flux_transformer(guided=guided).state_dict()), path)
    dev, schnell = (open_checkpoint(path).model() for path in paths)

    assert schnell.schedule.sigma(500) == 0.5
    assert dev.schedule.sigma(500) == pytest.approx(math.exp(1.15) / (math.exp(1.15) + 1))
    assert "guidance" in dev.inputs(torch.zeros(1, L_WIDTH), {}, (1, 16, 8, 8))
    assert "guidance" not in schnell.inputs(torch.zeros(1, L_WIDTH), {}, (1, 16, 8, 8))


@pytest.mark.parametrize("storage", ["fp8_e4m3fn", "fp8_e5m2"])
@pytest.mark.parametrize("name", ["sdxl", "flux"])
def test_weights_may_lie_in_memory_in_fp8(folders: Any, name: str, storage: str) -> None:
    parts = load(folders(name))
    model = open_checkpoint(folders(name)).model(storage=storage)
    x = torch.randn((1, model.latent.channels, 8, 8))
    text = parts.text_encoder.encode(PROMPT)
    extra = model.inputs(text.pooled, {}, x.shape)

    half, full = (
        m.predict(x, torch.tensor([500.0]), text.context, extra) for m in (model, parts.model)
    )

    bytes_ = [sum(p.nbytes for p in m.parameters()) for m in (model, parts.model)]
    assert bytes_[0] < 0.5 * bytes_[1]  # norms, a large part of these tiny ones, stay as they are
    assert model.dtype == torch.float32
    assert 0 < (half - full).std() < 0.3 * full.std()
    with pytest.raises(DiffusionError, match="no weight_dtype 'int3'"):
        open_checkpoint(folders(name)).model(storage="int3")


@pytest.mark.parametrize("name", [*NAMES, "refiner", "chroma"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_throughout(folders: Any, name: str, dtype: torch.dtype) -> None:
    whole, half = (load(folders(name), dtype=d) for d in (torch.float32, dtype))
    x = torch.randn((1, whole.model.latent.channels, 8, 8))

    def answer(parts: Parts) -> Tensor:
        text = parts.text_encoder.encode(PROMPT)
        extra = parts.model.inputs(text.pooled, {}, x.shape)
        inputs = {key: tensor.to(parts.model.dtype) for key, tensor in extra.items()}
        context, time = text.context.to(parts.model.dtype), torch.tensor([500.0])
        return parts.model.predict(x.to(parts.model.dtype), time, context, inputs)

    with torch.inference_mode():
        exact, rounded = answer(whole), answer(half)

    assert half.model.dtype == dtype
    assert rounded.dtype == torch.float32
    assert (exact - rounded).std() < 0.1 * exact.std()
