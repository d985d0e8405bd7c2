"""Style pictures that are looked at more or less, in FLUX."""

from __future__ import annotations

import math

import pytest
import torch
from steering import start
from tiny_families import pipeline, saved

from wirebrush_diffusion.families.flux import packed, unpacked
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.text.bias import TEXT_BIAS, attention_bias, with_part

TEXT, FIRST, SECOND, PICTURE = 4, 3, 2, 16


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return load(saved(pipeline("flux"), tmp_path_factory.mktemp("models") / "flux"))


def told() -> torch.Tensor:
    first = with_part(None, TEXT, FIRST, math.log(0.5))
    return with_part(first, TEXT + FIRST, SECOND, math.log(3.0))


def expected() -> torch.Tensor:
    """The mask, part by part: who looks (down) at whom (across)."""
    size = TEXT + FIRST + SECOND + PICTURE
    mask = torch.zeros(size, size)
    one, two = slice(TEXT, TEXT + FIRST), slice(TEXT + FIRST, TEXT + FIRST + SECOND)
    mask[:, one] = math.log(0.5)
    mask[one, one] = mask[two, one] = 0.0
    mask[:, two] = math.log(3.0)
    mask[two, two] = 0.0
    return mask


def test_who_looks_at_whom() -> None:
    size = TEXT + FIRST + SECOND

    bias = attention_bias(told()[None], size, PICTURE, torch.float32)

    assert torch.allclose(bias, expected()[None, None])


def test_a_text_that_grew_has_plain_places_behind() -> None:
    longer = attention_bias(told()[None], TEXT + FIRST + SECOND + 5, PICTURE, torch.float32)

    assert longer.shape[-1] == TEXT + FIRST + SECOND + 5 + PICTURE
    assert torch.equal(longer[0, 0, TEXT + FIRST + SECOND :, TEXT + FIRST + SECOND :].unique(),
                       torch.zeros(1))  # fmt: skip


def test_flux_looks_so(parts: Parts) -> None:
    model, x = parts.model, start(16)
    text = torch.randn(1, TEXT + FIRST + SECOND, 256)
    plain = model.inputs(None, {}, x.shape)
    biased = model.inputs(None, {TEXT_BIAS: told()}, x.shape)
    time = torch.tensor([400.0])

    with torch.inference_mode():
        ours, again = (model.predict(x, time, text, biased) for _ in range(2))
        without = model.predict(x, time, text, plain)
        image_ids, text_ids = model.ids(4, 4, text.shape[1], x)
        theirs = pipeline("flux").transformer(
            packed(x),
            text,
            plain["pooled"],
            time / 1000,
            image_ids,
            text_ids,
            plain["guidance"],
            joint_attention_kwargs={"attention_mask": expected()[None, None]},
            return_dict=False,
        )[0]

    assert (ours - unpacked(theirs, 4, 4)).abs().max() <= 1e-5
    assert torch.equal(ours, again)
    assert (ours - without).abs().max() > 1e-3
