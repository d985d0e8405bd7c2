"""Teach a trained autoencoder two more styles, without moving the latents of plain postcards.

The latents of plain pictures leave one direction of the four channels unused (`normalise_latents`
spreads three live signals over four). The styles live there: the same latent, pushed one way, is
decoded as a woodcut, and as pixel art the other way; halfway it is a mixture. So the UNet stays as
it is, and a LoRA has only to learn to push.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from wirebrush_postcards.checkpoints import load_state, save_state
from wirebrush_postcards.dataset import cached_pictures
from wirebrush_postcards.optimizer import Clock, build_optimizers, rate, set_rate
from wirebrush_postcards.styles import STYLES
from wirebrush_postcards.train_autoencoder import new_autoencoder, picture_loss, save_strip

PUSH = {"woodcut": 1.2, "pixel": -1.2}
"""What is added to every channel of a latent; in units of their deviation."""


@dataclass
class Lesson:
    """Pictures [B, 3, 128, 128] in -1..1, and the latents [B, 4, 16, 16] that stand for them."""

    plain: Tensor
    wanted: Tensor
    pure: Tensor
    """[B] bool: fully in one style or plain, so that the encoder can learn it."""
    push: Tensor


@dataclass
class Trainer:
    """One training run: the decoder learns to paint styles, the encoder to read them."""

    model: AutoencoderKL
    teacher: AutoencoderKL
    pictures: np.ndarray
    optimizers: list[torch.optim.Optimizer]
    clock: Clock
    args: argparse.Namespace
    step: int = 0

    def lesson(self) -> Lesson:
        """Return a batch: a share of it plain, the others more or less in a style."""
        rng = np.random.default_rng(self.step)
        chosen = self.pictures[np.sort(rng.integers(0, len(self.pictures), self.args.batch))]
        names = list(STYLES)
        styled = (1 - self.args.plain) / len(names)
        odds = [*[styled] * len(names), self.args.plain]
        styles = rng.choice(len(odds), self.args.batch, p=odds)
        shares = np.where(rng.random(self.args.batch) < 0.75, 1.0, rng.random(self.args.batch))
        wanted, push = [], []
        for picture, style, share in zip(chosen, styles, shares, strict=True):
            if style == len(names):
                wanted.append(picture.astype(np.float32))
                push.append(0.0)
                continue
            whole = STYLES[names[style]](picture).astype(np.float32)
            wanted.append(picture + (whole - picture) * share)
            push.append(PUSH[names[style]] * share)
        pure = torch.from_numpy((shares == 1.0) | (styles == len(names)))
        pushes = torch.tensor(push, dtype=torch.float32)[:, None, None, None]
        return Lesson(_signal(chosen), _signal(np.stack(wanted)), pure, pushes)

    def losses(self) -> tuple[Tensor, Tensor]:
        """Return what the decoder and what the encoder got wrong."""
        lesson = self.lesson()
        with torch.no_grad():
            target = self.teacher.encode(lesson.plain).latent_dist.mode() + lesson.push
        blur = self.args.noise * torch.rand(len(target), 1, 1, 1)
        painted = self.model.decode(target + blur * torch.randn_like(target)).sample
        if self.args.decoder_only:
            return picture_loss(painted, lesson.wanted), torch.zeros(())
        read = self.model.encode(lesson.wanted[lesson.pure]).latent_dist.mode()
        return picture_loss(painted, lesson.wanted), (read - target[lesson.pure]).square().mean()

    def train_step(self) -> tuple[float, float]:
        """Take one step; return both losses."""
        painting, reading = self.losses()
        (painting + reading).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return painting.item(), reading.item()

    def save(self) -> None:
        """Write the state, and a strip of styled pictures above what is made of them."""
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "spent": self.clock.spent,
            "step": self.step,
            "scaling_factor": self.model.config["scaling_factor"],
        }
        save_state(self.args.out, state)
        shown = [style(picture) for picture in self.pictures[:3] for style in STYLES.values()]
        strip = np.stack([*shown, *self.pictures[:2]])
        save_strip(self.model, strip, self.args.out.with_suffix(".png"))

    def run(self) -> None:
        """Train until the clock has run out."""
        self.clock.start()
        progress, saved = 0.0, self.clock.spent
        means = np.zeros(2)
        while progress < 1:
            progress = self.clock.tick()
            set_rate(self.optimizers, rate(progress, floor=self.args.floor))
            means = means * 0.98 + np.array(self.train_step()) * 0.02
            if self.step % 100 == 0:
                words = f"painting {means[0]:.4f} reading {means[1]:.4f}"
                print(f"{self.step} {self.clock.spent:.0f}s {words}", flush=True)
            if self.clock.spent - saved > self.args.save_every:
                saved = self.clock.spent
                self.save()
        self.save()


def _signal(pictures: np.ndarray) -> Tensor:
    """[B, 128, 128, 3] of 0..255 as [B, 3, 128, 128] in -1..1."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path("training"))
    parser.add_argument("--start", type=Path, default=Path("training/decoder.pt"))
    parser.add_argument("--out", type=Path, default=Path("training/styles.pt"))
    parser.add_argument("--seconds", type=float, default=2400)
    parser.add_argument("--save-every", type=float, default=180)
    parser.add_argument("--pictures", type=int, default=12000)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--plain", type=float, default=1 / 3, help="share of plain pictures")
    parser.add_argument("--decoder-only", action="store_true", help="leave the encoder as it is")
    parser.add_argument("--muon-lr", type=float, default=0.006)
    parser.add_argument("--adam-lr", type=float, default=1e-3)
    parser.add_argument("--floor", type=float, default=0.02)
    parser.add_argument("--noise", type=float, default=0.15, help="most noise on unit latents")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Train from the command line, going on where an earlier run stopped."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    begun, state = load_state(args.start), load_state(args.out)
    if begun is None:
        raise SystemExit("Run train_autoencoder first.")
    teacher = new_autoencoder().requires_grad_(False).to(memory_format=torch.channels_last)
    teacher.load_state_dict(begun["model"])
    model = new_autoencoder().to(memory_format=torch.channels_last)
    model.load_state_dict((state or begun)["model"])
    model.register_to_config(scaling_factor=begun["scaling_factor"])
    optimizers = build_optimizers(model, args.muon_lr, args.adam_lr)
    pictures = cached_pictures(args.scratch, args.pictures, args.threads)
    trainer = Trainer(model, teacher, pictures, optimizers, Clock(args.seconds), args)
    if state:
        for optimizer, kept in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        trainer.step, trainer.clock.spent = state["step"], state["spent"]
    if trainer.clock.spent < args.seconds:
        trainer.run()


if __name__ == "__main__":
    main()
