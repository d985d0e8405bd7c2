"""Train the UNet on latents of drawn pictures, under a frozen encoder of pictures and of texts.

On a machine with few cores, one single-threaded process per core is fastest:
`torchrun --nproc-per-node 2 -m wirebrush_postcards.train_diffusion`.
"""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
import torch.distributed as dist
from diffusers import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from wirebrush_postcards.captions import varied_caption
from wirebrush_postcards.checkpoints import load_state, save_state
from wirebrush_postcards.dataset import cached_pictures, scene_number
from wirebrush_postcards.diffusion import (
    TRAIN_STEPS,
    min_snr_weights,
    new_unet,
    noised,
    signal_shares,
)
from wirebrush_postcards.latents import cached_latents
from wirebrush_postcards.optimizer import Clock, build_optimizers, rate, set_rate
from wirebrush_postcards.tokens import load_tokenizer
from wirebrush_postcards.train_autoencoder import new_autoencoder
from wirebrush_postcards.train_text import new_text_encoder, roughened, token_ids


@dataclass
class Lessons:
    """Endless batches: latents, their weight maps, and a fresh caption every time."""

    latents: Tensor
    maps: Tensor
    encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    lot: Random

    def batch(self, size: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
        """Return latents [B, 4, 16, 16], weights [B, 1, 16, 16] and text states [B, 77, 128]."""
        numbers = [self.lot.randrange(len(self.latents)) for _ in range(size)]
        texts = [varied_caption(scene_number(number), self.lot, keep=0.9) for number in numbers]
        rough = [text != "" and self.lot.random() < 0.4 for text in texts]
        texts = [
            roughened(text, self.lot) if so else text for text, so in zip(texts, rough, strict=True)
        ]
        with torch.no_grad():
            states = self.encoder(token_ids(self.tokenizer, texts).to(device)).last_hidden_state
        maps = self.maps[numbers].float().to(device)
        return self.latents[numbers].float().to(device), maps, states


@dataclass
class Trainer:
    """One training run of the UNet; several processes share it by averaging their gradients."""

    unet: UNet2DConditionModel
    average: UNet2DConditionModel
    lessons: Lessons
    optimizers: list[torch.optim.Optimizer]
    clock: Clock
    args: argparse.Namespace
    shares: Tensor
    step: int = 0

    def precision(self) -> torch.autocast:
        """Compute in bfloat16 at first and exactly towards the end."""
        rough = self.clock.spent < self.args.bf16_until * self.clock.budget
        return torch.autocast(self.args.device, torch.bfloat16, enabled=rough)

    def loss(self) -> Tensor:
        """Return the weighted loss of one batch, times spread evenly over the batch."""
        size, device = self.args.batch, self.args.device
        latents, maps, states = self.lessons.batch(size, device)
        strata = (torch.arange(size, device=device) + torch.rand(size, device=device)) / size
        times = (strata * TRAIN_STEPS).long().clamp(max=TRAIN_STEPS - 1)
        share = self.shares[times]
        mixed, velocity = noised(latents, torch.randn_like(latents), share)
        with self.precision():
            guess = self.unet(mixed, times, states).sample
        wrong = ((guess.float() - velocity).square() * maps).mean((1, 2, 3))
        return (wrong * min_snr_weights(share)).mean()

    def train_step(self) -> float:
        """Take one step and return the loss."""
        loss = self.loss()
        loss.backward()
        if dist.is_initialized():
            average_gradients(self.unet)
        torch.nn.utils.clip_grad_norm_(self.unet.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        keep = min(self.args.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            weights = list[Tensor](self.unet.parameters())
            torch._foreach_lerp_(list[Tensor](self.average.parameters()), weights, 1 - keep)
        return loss.item()

    def save(self) -> None:
        """Write the whole state."""
        state = {
            "model": self.unet.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "spent": self.clock.spent,
            "step": self.step,
        }
        save_state(self.args.out, state)

    def run(self, first: bool) -> None:
        """Train until the clock has run out; the `first` process reports and saves."""
        self.clock.start()
        progress, mean, saved = 0.0, 0.0, self.clock.spent
        while progress < 1:
            progress = shared(self.clock.tick())
            set_rate(self.optimizers, rate(progress, floor=self.args.floor))
            loss = self.train_step()
            mean = mean * 0.99 + loss * 0.01 if mean else loss
            if first and self.step % 100 == 0:
                print(f"{self.step} {self.clock.spent:.0f}s loss {mean:.5f}", flush=True)
            if first and self.clock.spent - saved > self.args.save_every:
                saved = self.clock.spent
                self.save()
        if first:
            self.save()


def average_gradients(model: torch.nn.Module) -> None:
    """Average the gradients of all processes, in one message."""
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    parts = flat.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def shared(progress: float) -> float:
    """Return the first process's progress."""
    if not dist.is_initialized():
        return progress
    value = torch.tensor([progress])
    dist.broadcast(value, 0)
    return value.item()


def load_lessons(args: argparse.Namespace, rank: int) -> Lessons:
    """Prepare latents (the first process encodes, the others wait) and the frozen text encoder."""
    codes = load_state(args.autoencoder)
    texts = load_state(args.text_encoder)
    if codes is None or texts is None:
        raise SystemExit("Run train_autoencoder and train_text first.")
    autoencoder = new_autoencoder()
    autoencoder.load_state_dict(codes["model"])
    pictures = cached_pictures(args.scratch, args.pictures, args.threads)
    if rank:
        dist.barrier()
    path = args.scratch / f"latents-{args.pictures}.pt"
    latents, maps = cached_latents(path, autoencoder, pictures)
    if dist.is_initialized() and not rank:
        dist.barrier()
    tokenizer = load_tokenizer(args.tokenizer)
    encoder = new_text_encoder(tokenizer)
    encoder.load_state_dict(texts["model"])
    encoder.to(args.device).eval().requires_grad_(False)
    return Lessons(latents, maps, encoder, tokenizer, Random(os.getpid() + rank))


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    scratch = Path("training")
    parser.add_argument("--scratch", type=Path, default=scratch)
    parser.add_argument("--autoencoder", type=Path, default=scratch / "autoencoder.pt")
    parser.add_argument("--text-encoder", type=Path, default=scratch / "text_encoder.pt")
    parser.add_argument("--tokenizer", type=Path, default=scratch / "tokenizer")
    parser.add_argument("--out", type=Path, default=scratch / "diffusion.pt")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--save-every", type=float, default=240)
    parser.add_argument("--pictures", type=int, default=12000)
    parser.add_argument("--batch", type=int, default=16, help="of every process")
    parser.add_argument("--muon-lr", type=float, default=0.01)
    parser.add_argument("--adam-lr", type=float, default=2e-3)
    parser.add_argument(
        "--floor", type=float, default=0.0, help="learning rate left at the end, a share"
    )
    parser.add_argument("--ema", type=float, default=0.999)
    parser.add_argument(
        "--bf16-until", type=float, default=0.6, help="share of the time to compute in bfloat16"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def build_trainer(args: argparse.Namespace, rank: int) -> Trainer:
    """Build a trainer that goes on where an earlier run stopped."""
    torch.manual_seed(0)
    unet, average = new_unet().to(args.device), new_unet().to(args.device).requires_grad_(False)
    average.load_state_dict(unet.state_dict())
    optimizers = build_optimizers(unet, args.muon_lr, args.adam_lr, decay=0.01)
    clock, shares = Clock(args.seconds), signal_shares().to(args.device)
    lessons = load_lessons(args, rank)
    trainer = Trainer(unet, average, lessons, optimizers, clock, args, shares)
    state = load_state(args.out)
    if state:
        unet.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        for optimizer, kept in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        trainer.step, clock.spent = state["step"], state["spent"]
    torch.manual_seed(rank + trainer.step)
    return trainer


def main() -> None:
    """Train from the command line, alone or as one of several processes."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    if "WORLD_SIZE" in os.environ:
        dist.init_process_group("gloo")
    rank = dist.get_rank() if dist.is_initialized() else 0
    trainer = build_trainer(args, rank)
    if trainer.clock.spent < args.seconds:
        trainer.run(first=rank == 0)


if __name__ == "__main__":
    main()
