"""Train a ControlNet, by which edges lay out a postcard.

The UNet is frozen; a copy of its first half learns to steer it.

Zhang et al., "Adding Conditional Control to Text-to-Image Diffusion Models" (2023).
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from wirebrush_diffusion.edges import canny
from wirebrush_postcards import models_path
from wirebrush_postcards.captions import varied_caption
from wirebrush_postcards.checkpoints import load_state, save_state
from wirebrush_postcards.dataset import cached_pictures, scene_number
from wirebrush_postcards.diffusion import TRAIN_STEPS, min_snr_weights, noised, signal_shares
from wirebrush_postcards.optimizer import Clock, build_optimizers, rate, set_rate
from wirebrush_postcards.train_text import token_ids

CHECKPOINT = "checkpoints/postcards"
OUT = "controlnet/postcards-edges"
THRESHOLDS = ((0.1, 0.3), (0.2, 0.4), (0.4, 0.8))
"""What people set a Canny node to; the last is its default."""


@dataclass
class Lessons:
    """Endless batches of pictures: as latents, as edges, and in words."""

    latents: Tensor
    pictures: Tensor
    encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    lot: Random

    def batch(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return latents [B, 4, 16, 16], edges [B, 3, 128, 128] of 0 and 1, texts [B, 77, 128]."""
        numbers = [self.lot.randrange(len(self.latents)) for _ in range(size)]
        low, high = self.lot.choice(THRESHOLDS)
        edges = canny(self.pictures[numbers].float() / 255, low, high)
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
    optimizers: list[torch.optim.Optimizer]
    clock: Clock
    args: argparse.Namespace
    shares: Tensor
    step: int = 0

    def loss(self) -> Tensor:
        """Return the weighted loss of one batch, times spread evenly over the batch."""
        size = self.args.batch
        latents, edges, states = self.lessons.batch(size)
        strata = (torch.arange(size) + torch.rand(size)) / size
        times = (strata * TRAIN_STEPS).long().clamp(max=TRAIN_STEPS - 1)
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

    def run(self) -> None:
        """Train until the clock has run out."""
        self.clock.start()
        progress, mean, saved = 0.0, 0.0, self.clock.spent
        while progress < 1:
            progress = self.clock.tick()
            set_rate(self.optimizers, rate(progress))
            loss = self.loss()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.control.parameters(), 1.0)
            for optimizer in self.optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            self.step += 1
            mean = mean * 0.98 + loss.item() * 0.02 if mean else loss.item()
            if self.step % 50 == 0:
                print(f"{self.step} {self.clock.spent:.0f}s loss {mean:.5f}", flush=True)
            if self.clock.spent - saved > self.args.save_every:
                saved = self.clock.spent
                self.save()
        self.save()

    def save(self) -> None:
        """Write the whole state."""
        state = {
            "model": self.control.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "spent": self.clock.spent,
            "step": self.step,
        }
        save_state(self.args.out, state)


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


def load_lessons(args: argparse.Namespace, checkpoint: Path) -> Lessons:
    """Prepare what the diffusion training has prepared already: pictures and their latents."""
    kept = load_state(args.scratch / f"latents-{args.pictures}.pt")
    if kept is None:
        raise SystemExit("Run train_diffusion first: it writes the latents.")
    pictures = torch.from_numpy(cached_pictures(args.scratch, args.pictures, args.threads))
    tokenizer = CLIPTokenizer.from_pretrained(checkpoint / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(checkpoint / "text_encoder")
    encoder.float().eval().requires_grad_(False)
    return Lessons(kept["latents"], pictures, encoder, tokenizer, Random())


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
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    checkpoint = models_path() / CHECKPOINT
    unet = UNet2DConditionModel.from_pretrained(checkpoint / "unet").float()
    unet.eval().requires_grad_(False)
    control, state = new_control(unet), load_state(args.out)
    if state:
        control.load_state_dict(state["model"])
    if args.export:
        return export(control, models_path() / OUT)
    optimizers = build_optimizers(control, args.muon_lr, args.adam_lr, decay=0.01)
    lessons = load_lessons(args, checkpoint)
    clock = Clock(args.seconds)
    trainer = Trainer(control, unet, lessons, optimizers, clock, args, signal_shares())
    if state:
        for optimizer, kept in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        trainer.step, clock.spent = state["step"], state["spent"]
    if clock.spent < args.seconds:
        trainer.run()
    return None


if __name__ == "__main__":
    main()
