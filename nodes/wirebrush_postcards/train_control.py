"""Train a ControlNet, by which edges lay out a postcard.

The UNet is frozen; a copy of its first half learns to steer it.

Zhang et al., "Adding Conditional Control to Text-to-Image Diffusion Models" (2023).
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from wirebrush_diffusion.pictures.edges import canny
from wirebrush_postcards import models_path
from wirebrush_postcards.captions import varied_caption
from wirebrush_postcards.checkpoints import load_state
from wirebrush_postcards.dataset import cached_pictures, scene_number
from wirebrush_postcards.diffusion import min_snr_weights, noised, signal_shares
from wirebrush_postcards.lessons import load_encoder, load_latents, load_unet, spread_times
from wirebrush_postcards.loop import Loop
from wirebrush_postcards.optimizer import Clock, build_optimizers
from wirebrush_postcards.train_text import token_ids

OUT = "controlnet/postcards-edges"
THRESHOLDS = ((0.1, 0.3), (0.2, 0.4), (0.4, 0.8))
"""What people set a Canny node to; the last is its default."""


@dataclass
class Lessons:
    """Endless batches of pictures: as latents, as edges, and in words."""

    latents: Tensor
    pictures: np.ndarray
    encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    lot: Random

    def batch(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return latents [B, 4, 16, 16], edges [B, 3, 128, 128] of 0 and 1, texts [B, 77, 128]."""
        numbers = [self.lot.randrange(len(self.latents)) for _ in range(size)]
        low, high = self.lot.choice(THRESHOLDS)
        edges = canny(torch.from_numpy(self.pictures[numbers]).float() / 255, low, high)
        texts = [varied_caption(scene_number(number), self.lot, keep=0.8) for number in numbers]
        with torch.no_grad():
            states = self.encoder(token_ids(self.tokenizer, texts)).last_hidden_state
        return self.latents[numbers].float(), edges[:, None].expand(-1, 3, -1, -1), states


@dataclass
class Trainer:
    """One training run of the ControlNet."""

    control: ControlNetModel
    unet: UNet2DConditionModel
    lessons: Lessons
    batch: int
    shares: Tensor

    def loss(self) -> Tensor:
        """Return the weighted loss of one batch, times spread evenly over the batch."""
        latents, edges, states = self.lessons.batch(self.batch)
        times = spread_times(self.batch)
        share = self.shares[times]
        mixed, velocity = noised(latents, torch.randn_like(latents), share)
        down, middle = self.control(mixed, times, states, edges, return_dict=False)
        guess = self.unet(
            mixed,
            times,
            states,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        ).sample
        wrong = (guess - velocity).square().mean((1, 2, 3))
        return (wrong * min_snr_weights(share)).mean()


def new_control(unet: UNet2DConditionModel) -> ControlNetModel:
    """Return a ControlNet that does nothing yet, for hints of 8 pixels to a cell of the latent."""
    return ControlNetModel.from_unet(
        unet, conditioning_channels=3, conditioning_embedding_out_channels=(16, 32, 48, 64)
    )


def export(control: ControlNetModel, folder: Path) -> None:
    """Write a diffusers folder in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {key: value for key, value in control.config.items() if not key.startswith("_use")}
    text = json.dumps({"_class_name": "ControlNetModel", **config}, indent=2, sort_keys=True)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")
    tensors = {name: value.half().contiguous() for name, value in control.state_dict().items()}
    save_file(tensors, folder / "diffusion_pytorch_model.safetensors")


def load_lessons(args: argparse.Namespace) -> Lessons:
    """Prepare what the diffusion training has prepared already: pictures and their latents."""
    latents = load_latents(args.scratch, args.pictures)
    pictures = cached_pictures(args.scratch, args.pictures, args.threads)
    return Lessons(latents, pictures, *load_encoder(), Random())


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    scratch = Path("training")
    parser.add_argument("--scratch", type=Path, default=scratch)
    parser.add_argument("--out", type=Path, default=scratch / "control.pt")
    parser.add_argument("--export", action="store_true", help="write the trained model and end")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--save-every", type=float, default=180)
    parser.add_argument("--pictures", type=int, default=12000)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--muon-lr", type=float, default=0.006)
    parser.add_argument("--adam-lr", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Train from the command line, going on where an earlier run stopped."""
    args = parse_args()
    unet = load_unet()
    control = new_control(unet)
    if args.export:
        state = load_state(args.out)
        if state is None:
            raise SystemExit(f"{args.out} is missing: train the ControlNet first.")
        control.load_state_dict(state["model"])
        return export(control, models_path() / OUT)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    optimizers = build_optimizers(control, args.muon_lr, args.adam_lr, decay=0.01)
    loop = Loop(optimizers, control.state_dict, Clock(args.seconds), args.out, args.save_every)
    kept = loop.resume()
    if kept is not None:
        control.load_state_dict(kept)
    loop.run(Trainer(control, unet, load_lessons(args), args.batch, signal_shares()).loss)
    return None


if __name__ == "__main__":
    main()
