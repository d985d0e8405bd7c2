"""Teach the text encoder a word that it has never read, from pictures: a textual inversion.

Only the word's vectors learn; encoder and UNet stay as they are. Each word means a place, and is
told nothing about it: captions say "postcard at dusk with the sun on the left".

Gal et al., "An Image is Worth One Word" (2022).
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from wirebrush_postcards import models_path
from wirebrush_postcards.captions import TIME_WORDS, light_words
from wirebrush_postcards.checkpoints import load_state
from wirebrush_postcards.dataset import scene_number
from wirebrush_postcards.diffusion import min_snr_weights, noised, signal_shares
from wirebrush_postcards.drawing import draw_scene
from wirebrush_postcards.latents import encode_pictures, weight_map
from wirebrush_postcards.lessons import load_autoencoder, load_encoder, load_unet, spread_times
from wirebrush_postcards.loop import Loop
from wirebrush_postcards.optimizer import Clock
from wirebrush_postcards.scenes import Scene
from wirebrush_postcards.train_text import token_ids

STAND_IN = "postcard"
"""A word of one token; in captions it stands where the learnt word will, and where it begins."""


@dataclass(frozen=True)
class Word:
    """A place to learn: what all its pictures share, and the name of the tensor in its file."""

    place: dict[str, Any]
    key: str


WORDS = {
    "homestead": Word(
        {
            "ground": "meadow",
            "backdrop": "mountains",
            "thing": "house",
            "colour": "green",
            "trees": 3,
            "slots": (0, 1, 3),
        },
        "emb_params",
    ),
    "regatta": Word(
        {"ground": "sea", "backdrop": "hills", "thing": "boat", "colour": "yellow", "trees": 0},
        "<regatta>",
    ),
}
"""Each is written in another of the two layouts in use; trees stand in `slots`."""


def word_scenes(word: Word, count: int, first: int = 500_000) -> list[Scene]:
    """Return pictures of the place: at any hour, the light on any side."""
    numbers = range(first, first + count)
    return [replace(scene_number(number), **({"slots": ()} | word.place)) for number in numbers]


@dataclass
class Trainer:
    """One training run; `vectors` [n, 128] are all that learns."""

    vectors: nn.Parameter
    unet: UNet2DConditionModel
    encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scenes: list[Scene]
    latents: Tensor
    maps: Tensor
    batch: int
    lot: Random
    shares: Tensor

    def caption(self, scene: Scene) -> str:
        """Return the word, once for every vector, and now and then the hour and the light."""
        parts = [" ".join([STAND_IN] * len(self.vectors))]
        if self.lot.random() < 0.9:
            parts.append(self.lot.choice(TIME_WORDS[scene.time]))
        if self.lot.random() < 0.6:
            parts.append(light_words(scene))
        return " ".join(parts)

    def texts(self, scenes: list[Scene]) -> Tensor:
        """Return text states [B, 77, 128] of new captions, in which the vectors stand."""
        ids = token_ids(self.tokenizer, [self.caption(scene) for scene in scenes])
        places = ids == self.tokenizer.get_vocab()[f"{STAND_IN}</w>"]

        def learnt(module: nn.Module, args: object, states: Tensor) -> Tensor:
            return states.masked_scatter(places[..., None], self.vectors.repeat(len(scenes), 1))

        hook = self.encoder.get_input_embeddings().register_forward_hook(learnt)
        try:
            return self.encoder(ids).last_hidden_state
        finally:
            hook.remove()

    def loss(self) -> Tensor:
        """Return the weighted loss of one batch; what pictures are about counts more."""
        size = self.batch
        numbers = [self.lot.randrange(len(self.scenes)) for _ in range(size)]
        times = spread_times(size)
        share, latents = self.shares[times], self.latents[numbers]
        mixed, velocity = noised(latents, torch.randn_like(latents), share)
        guess = self.unet(mixed, times, self.texts([self.scenes[n] for n in numbers])).sample
        wrong = ((guess - velocity).square() * self.maps[numbers]).mean((1, 2, 3))
        return (wrong * min_snr_weights(share)).mean()


def new_trainer(word: Word, args: argparse.Namespace) -> Trainer:
    """Draw and encode the pictures; every vector begins as the stand-in's."""
    encoder, tokenizer = load_encoder()
    scenes = word_scenes(word, args.pictures)
    pictures = np.stack([np.asarray(draw_scene(scene)) for scene in scenes])
    begun = encoder.get_input_embeddings().weight[tokenizer.get_vocab()[f"{STAND_IN}</w>"]]
    return Trainer(
        nn.Parameter(begun.repeat(args.vectors, 1)),
        load_unet(),
        encoder,
        tokenizer,
        scenes,
        encode_pictures(load_autoencoder(), pictures),
        torch.stack([weight_map(scene) for scene in scenes])[:, None],
        args.batch,
        Random(0),
        signal_shares(),
    )


def export(word: Word, vectors: Tensor, path: Path) -> None:
    """Write the word's vectors, [n, 128]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({word.key: vectors.half().contiguous()}, path)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("word", choices=sorted(WORDS))
    parser.add_argument("--scratch", type=Path, default=Path("training"))
    parser.add_argument("--export", action="store_true", help="write the learnt word and end")
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--save-every", type=float, default=120)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--vectors", type=int, default=4)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Train from the command line, going on where an earlier run stopped."""
    args = parse_args()
    word, out = WORDS[args.word], args.scratch / f"word-{args.word}.pt"
    if args.export:
        state = load_state(out)
        if state is None:
            raise SystemExit(f"{out} is missing: train the word first.")
        return export(
            word, state["model"], models_path() / f"embeddings/postcards-{args.word}.safetensors"
        )
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    trainer = new_trainer(word, args)
    adam = torch.optim.AdamW([trainer.vectors], lr=args.lr, weight_decay=0.0)
    loop = Loop([adam], trainer.vectors.detach, Clock(args.seconds), out, args.save_every)
    kept = loop.resume()
    if kept is not None:
        trainer.vectors.data.copy_(kept)
        trainer.lot.seed(loop.step)
    loop.run(trainer.loss)
    return None


if __name__ == "__main__":
    main()
