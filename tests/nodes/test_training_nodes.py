"""The training nodes: a folder of pictures becomes a LoRA file that other nodes read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as Pictures
from safetensors import safe_open
from torch import Tensor

from wirebrush.api import Cond, FileRef, Latent, Model, NodeError, SilentRun
from wirebrush_nodes.datasets import (
    load_image_set_from_folder_node,
    load_image_text_set_from_folder_node,
)
from wirebrush_nodes.live import live_model
from wirebrush_nodes.loaders import checkpoint_loader_simple, lora_loader
from wirebrush_nodes.lora_models import lora_model_loader, lora_save, save_lora_node
from wirebrush_nodes.lora_values import LoraModel
from wirebrush_nodes.merging import model_merge_subtract
from wirebrush_nodes.text import clip_text_encode
from wirebrush_nodes.training import Trained, loss_graph_node, train_lora_node
from wirebrush_nodes.vae import vae_encode
from wirebrush_nodes.words import Learnt, save_textual_inversion, train_textual_inversion

TOLD: dict[str, Any] = {"rank": 4, "learning_rate": 1e-2, "lora_dtype": "fp32", "batch_size": 2}


class Watched(SilentRun):
    """A run somebody looks at, who may cancel it after some steps."""

    cancel_after = 10**9

    def step(
        self, value: int, total: int, preview: Callable[[], bytes | None] | None = None
    ) -> None:
        super().step(value, total, preview)
        made = None if preview is None else preview()
        if made is not None:
            self.texts.append(f"preview {value} {made[:2].hex()}")
        if value >= self.cancel_after:
            raise KeyboardInterrupt


@pytest.fixture
def watched(models: Path, tmp_path: Path) -> Watched:
    for folder in models.iterdir():
        (tmp_path / folder.name).symlink_to(folder)
    (tmp_path / "loras").unlink()
    (tmp_path / "loras").mkdir()
    for name, colour in (("a", (255, 0, 0)), ("b", (0, 0, 255)), ("c", (0, 255, 0))):
        path = tmp_path / "datasets" / "colours" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Pictures.new("RGB", (64, 64), colour).save(path)
        path.with_suffix(".txt").write_text(f"colour {name}")
    return Watched(root=tmp_path)


def lesson(run: SilentRun) -> dict[str, Any]:
    model, clip, vae = checkpoint_loader_simple("tiny", run=run)
    pictures, texts = load_image_text_set_from_folder_node("colours", clip, run=run)
    return {"model": model, "latents": vae_encode(pictures, vae, run=run), "positive": texts}


def train(run: SilentRun, steps: int = 4, **told: Any) -> Trained:
    given: dict[str, Any] = {**lesson(run), **TOLD, "steps": steps, **told}
    return train_lora_node(**given, run=run)


def weights(model: Model, run: SilentRun) -> dict[str, Tensor]:
    with live_model(model, run) as network:
        return {name: tensor.clone() for name, tensor in network.network.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor], atol: float = 0.0) -> bool:
    return all(torch.allclose(one[name], other[name], rtol=0, atol=atol) for name in one)


def test_what_was_learnt_is_on_the_model_and_in_the_file(watched: Watched) -> None:
    model, clip, _ = checkpoint_loader_simple("tiny", run=watched)
    before = weights(model, watched)

    trained = train(watched)
    loss_graph_node(trained.loss, run=watched)
    save_lora_node(trained.lora, "loras/sub/colours", trained.steps, run=watched)
    name = "sub/colours_4_steps_00001_.safetensors"
    loaded = lora_loader(model, clip, name, run=watched).MODEL
    laid = lora_model_loader(model, trained.lora)
    half = lora_model_loader(model, trained.lora, 0.5)

    assert len(trained.loss.losses) == trained.steps == 4
    learnt = weights(trained.model_with_lora, watched)
    assert not same(before, learnt, 1e-3)
    assert same(learnt, weights(loaded, watched))
    assert same(learnt, weights(laid, watched))
    halves = {name: (before[name] + learnt[name]) / 2 for name in before}
    assert same(halves, weights(half, watched), 1e-6)
    assert lora_model_loader(model, trained.lora, 0.0) == model
    assert same(before, weights(model, watched))
    assert watched.saved[-1][0].mime == "image/png"
    assert watched.texts[0].startswith("4 steps: the loss went from")
    assert watched.texts[-1].startswith(f"loras/{name}, ")
    with safe_open(watched.root / "loras" / name, "pt") as file:
        assert file.metadata()["ss_steps"] == "4"


def word_lesson(run: SilentRun) -> dict[str, Any]:
    model, clip, vae = checkpoint_loader_simple("tiny", run=run)
    pictures = load_image_set_from_folder_node("colours", run=run)
    return {"model": model, "clip": clip, "latents": vae_encode(pictures, vae, run=run)}


def learn(run: SilentRun, steps: int = 4, **told: Any) -> Learnt:
    given: dict[str, Any] = {"learning_rate": 0.1, "batch_size": 2, "vectors": 2, "steps": steps}
    return train_textual_inversion(**{**word_lesson(run), **given, **told}, run=run)


def test_a_word_is_learnt_and_named_in_prompts(watched: Watched) -> None:
    model, clip, _ = checkpoint_loader_simple("tiny", run=watched)
    before = weights(model, watched)
    plain = clip_text_encode("colour red", clip, run=watched)

    learnt = learn(watched, begin="red")
    save_textual_inversion(learnt.embedding, "embeddings/sub/tint", run=watched)

    assert watched.texts[-1] == "In prompts: embedding:sub/tint_00001_"
    assert watched.texts[-2].startswith("4 steps: the loss went from")
    assert len(learnt.loss.losses) == 4
    text = "colour embedding:sub/tint_00001_"
    told = clip_text_encode(text, clip, run=watched)
    assert not torch.allclose(told[0].embedding, plain[0].embedding, atol=1e-3)
    assert same(before, weights(model, watched))
    assert torch.equal(clip_text_encode("colour red", clip, run=watched)[0].embedding,
                       plain[0].embedding)  # fmt: skip
    assert learn(watched, begin="red").embedding.digest == learnt.embedding.digest
    assert learn(watched, begin="red", seed=2).embedding.digest != learnt.embedding.digest


def test_a_word_that_was_not_finished_is_learnt_further(watched: Watched) -> None:
    whole = learn(watched, 5, seed=7)
    watched.cancel_after = 2
    with pytest.raises(KeyboardInterrupt):
        learn(watched, 5, seed=8)
    watched.cancel_after = 10**9
    done = len(watched.steps)

    rest = learn(watched, 5, seed=8)

    assert len(watched.steps) - done == 3
    assert len(rest.loss.losses) == len(whole.loss.losses) == 5


def test_what_no_word_can_be_learnt_from_is_said(watched: Watched) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"captions": "a picture"}, "captions", "not in the caption 'a picture'"),
        ({"captions": "* one\n* two"}, "captions", "3 pictures and 2 captions"),
        ({"latents": Latent(torch.zeros(3, 4, 8, 8))}, "latents", "no encoded pictures"),
    ]
    for told, port, reason in cases:
        with pytest.raises(NodeError, match=reason) as caught:
            learn(watched, **told)
        assert caught.value.port == port


def test_the_course_of_the_learning_rate(watched: Watched) -> None:
    plain = train(watched, 5)
    falling = train(watched, 5, lr_schedule="cosine", lr_warmup_steps=2)
    longer = train(watched, 8, lr_schedule="cosine", lr_warmup_steps=2)

    assert falling.loss.losses[0] == plain.loss.losses[0], "before the first step they are one"
    assert falling.loss.losses[1:] != plain.loss.losses[1:]
    assert longer.loss.losses[4] != falling.loss.losses[4], "another course, a training of its own"


def test_a_training_that_was_cancelled_goes_on_where_it_was(watched: Watched) -> None:
    whole = train(watched, 6, seed=3)
    again = Watched(root=watched.root / "again")
    again.root.mkdir()
    for folder in watched.root.iterdir():
        if folder.name not in ("again", "work"):
            (again.root / folder.name).symlink_to(folder)

    again.cancel_after = 4
    with pytest.raises(KeyboardInterrupt):
        train(again, 6, seed=3)
    again.cancel_after = 10**9
    again.steps.clear()
    resumed = train(again, 6, seed=3)

    assert again.steps[-2:] == [(5, 6), (6, 6)]
    assert (4, 6) not in again.steps
    assert resumed.loss == whole.loss
    assert resumed.lora.digest == whole.lora.digest
    again.steps.clear()
    longer = train(again, 8, seed=3)
    assert longer.loss.losses[:6] == whole.loss.losses
    assert again.steps[-2:] == [(7, 8), (8, 8)]


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"rank": 2}, {"learning_rate": 2e-2}, {"optimizer": "SGD"}]
)
def test_another_training_begins_anew(watched: Watched, other: dict[str, Any]) -> None:
    train(watched, 3)
    watched.steps.clear()
    train(watched, 3, **other)
    assert (1, 3) in watched.steps[-3:]


def test_samples_are_painted_on_the_way(watched: Watched) -> None:
    silent = train(watched, 5, sample_every=0, seed=9)
    assert not [text for text in watched.texts if text.startswith("preview")]
    work = watched.root / "work"
    work.rename(watched.root / "done")

    seen = train(watched, 5, sample_every=2, seed=9, negative=lesson(watched)["positive"][:1])

    previews = [text for text in watched.texts if text.startswith("preview")]
    assert previews == ["preview 2 ffd8", "preview 4 ffd8"]
    assert seen.lora.digest == silent.lora.digest  # looking changes nothing


@pytest.mark.parametrize("algorithm", ["LoHa", "LoKr", "OFT"])
def test_other_algorithms_and_going_on_from_a_file(watched: Watched, algorithm: str) -> None:
    first = train(watched, 2, algorithm=algorithm)
    save_lora_node(first.lora, "x", first.steps, run=watched)
    name = "x_2_steps_00001_.safetensors"

    second = train(watched, 3, algorithm=algorithm, existing_lora=name)

    assert second.steps == 5
    assert second.lora.digest != first.lora.digest
    with pytest.raises(NodeError, match="cannot be trained further as LoRA") as caught:
        train(watched, 3, existing_lora=name)
    assert caught.value.port == "existing_lora"


def test_one_text_for_all_or_one_for_each(watched: Watched) -> None:
    given = lesson(watched)
    given["positive"] = given["positive"][:1]
    assert train_lora_node(**given, **TOLD, steps=1, run=watched).steps == 1
    given["positive"] = given["positive"] * 2
    with pytest.raises(NodeError, match="There are 3 pictures and 2 texts"):
        train_lora_node(**given, **TOLD, steps=1, run=watched)


@pytest.mark.parametrize(
    ("latents", "sentence"),
    [
        (torch.zeros(1, 4, 8, 8), "no encoded pictures"),
        (torch.full((1, 4, 8, 8), torch.nan), "no encoded pictures"),
        (torch.ones(1, 4, 2, 8, 8), "no encoded pictures"),
        (torch.ones(1, 16, 8, 8), "16 channels, the model works on 4"),
    ],
)
def test_latents_that_teach_nothing(watched: Watched, latents: Tensor, sentence: str) -> None:
    given = {**lesson(watched), "latents": Latent(latents)}
    given["positive"] = given["positive"][:1]
    with pytest.raises(NodeError, match=sentence) as caught:
        train_lora_node(**given, **TOLD, run=watched)
    assert caught.value.port == "latents"


def test_a_text_of_another_model(watched: Watched) -> None:
    with pytest.raises(NodeError, match="encoding is 7 wide, this model reads 32") as caught:
        train(watched, positive=(Cond(torch.zeros(1, 77, 7)),))
    assert caught.value.port == "positive"


def test_folders_of_pictures(watched: Watched) -> None:
    pictures = load_image_set_from_folder_node("colours", run=watched)
    assert pictures.shape == (3, 64, 64, 3)
    clip = checkpoint_loader_simple("tiny", run=watched).CLIP
    small, texts = load_image_text_set_from_folder_node(
        "colours", clip, "Crop", 32, 16, run=watched
    )
    assert small.shape == (3, 16, 32, 3)
    assert len(texts) == 3
    assert not torch.equal(texts[0].embedding, texts[1].embedding)

    folder = watched.root / "datasets" / "colours"
    (folder / "b.txt").unlink()
    with pytest.raises(NodeError, match=r"1 of 3 pictures have no caption: b.png") as caught:
        load_image_text_set_from_folder_node("colours", clip, run=watched)
    assert caught.value.port == "folder"
    with pytest.raises(NodeError, match="is a file, not a folder"):
        load_image_set_from_folder_node("colours/a.png", run=watched)


def test_a_difference_becomes_a_lora(watched: Watched) -> None:
    model, clip, _ = checkpoint_loader_simple("tiny", run=watched)
    trained = train(watched)
    learnt = weights(trained.model_with_lora, watched)
    difference = model_merge_subtract(trained.model_with_lora, model)

    lora_save("loras/merged", 4, model_diff=difference, run=watched)
    lora_save("loras/laid", 4, model_diff=trained.model_with_lora, run=watched)

    for name in ("merged", "laid"):
        again = lora_loader(model, clip, f"{name}_00001_.safetensors", run=watched).MODEL
        assert same(learnt, weights(again, watched), 2e-3)
    with pytest.raises(NodeError, match="whole model, and no difference") as caught:
        lora_save(model_diff=model, run=watched)
    assert caught.value.port == "model_diff"
    with pytest.raises(NodeError, match="no difference to keep"):
        lora_save(run=watched)


def test_a_patch_with_tensors_is_known_by_its_digest() -> None:
    tensors = {"a": torch.ones(2)}
    one, two = (Model(FileRef("checkpoints", "x"), "model") for _ in range(2))
    first = LoraModel(tensors, {}, "d1").on(one, 1.0)
    second = LoraModel({"a": torch.ones(2)}, {}, "d1").on(two, 1.0)
    assert first.key == second.key
    assert first == second
    assert LoraModel(tensors, {}, "d2").on(one, 1.0).key != first.key
