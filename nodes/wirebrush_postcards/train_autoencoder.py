"""Train the autoencoder: both halves, or (`--decoder-only`) the decoder under a frozen encoder."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from wirebrush_postcards.checkpoints import load_state, save_state
from wirebrush_postcards.dataset import cached_pictures
from wirebrush_postcards.latents import encode_pictures, normalise_latents
from wirebrush_postcards.optimizer import Clock, build_optimizers, rate, set_rate


def new_autoencoder() -> AutoencoderKL:
    """Return an untrained autoencoder: [B, 3, 8h, 8w] in -1..1 to and from latents [B, 4, h, w]."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,  # pyright: ignore[reportArgumentType]
        up_block_types=("UpDecoderBlock2D",) * 4,  # pyright: ignore[reportArgumentType]
        block_out_channels=(16, 32, 64, 64),  # pyright: ignore[reportArgumentType]
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=128,
    )


def edges(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return the differences of neighbouring pixels, across and down."""
    return picture[..., 1:] - picture[..., :-1], picture[..., 1:, :] - picture[..., :-1, :]


def picture_loss(painted: Tensor, wanted: Tensor) -> Tensor:
    """L1 of the pixels plus L1 of the edges, pixels near an edge counting up to three times."""
    across, down = edges(wanted)
    near = torch.nn.functional.pad(across.abs().mean(1, keepdim=True), (0, 1))
    near = near + torch.nn.functional.pad(down.abs().mean(1, keepdim=True), (0, 0, 0, 1))
    near = torch.nn.functional.max_pool2d(near, 3, 1, 1).clamp(max=1)
    loss = ((painted - wanted).abs() * (1 + 2 * near)).mean()
    for one, other in zip(edges(painted), (across, down), strict=True):
        loss = loss + 0.5 * (one - other).abs().mean()
    return loss


@dataclass
class Trainer:
    """One training run of the autoencoder."""

    model: AutoencoderKL
    pictures: np.ndarray
    optimizers: list[torch.optim.Optimizer]
    clock: Clock
    args: argparse.Namespace
    step: int = 0

    def batch(self) -> Tensor:
        """Return pictures [B, 3, 128, 128] in -1..1."""
        chosen = np.random.randint(0, len(self.pictures), self.args.batch)
        stack = torch.from_numpy(self.pictures[np.sort(chosen)])
        return (stack.permute(0, 3, 1, 2).float() / 127.5 - 1).to(self.args.device)

    def losses(self, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return the picture loss and the KL of the latents."""
        if self.args.decoder_only:
            with torch.no_grad():
                latent = self.model.encode(wanted).latent_dist.mode()
            blur = self.args.noise * torch.rand(len(latent), 1, 1, 1, device=latent.device)
            painted = self.model.decode(latent + blur * torch.randn_like(latent)).sample
            return picture_loss(painted, wanted), torch.zeros(())
        spread = self.model.encode(wanted).latent_dist
        painted = self.model.decode(spread.sample()).sample
        return picture_loss(painted, wanted), spread.kl().mean() / spread.mean[0].numel()

    def train_step(self) -> tuple[float, float]:
        """Take one step; return the picture loss and the KL."""
        loss, kl = self.losses(self.batch())
        (loss + self.args.kl * kl).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return loss.item(), kl.item()

    def save(self) -> None:
        """Write the state and a strip of pictures above what is made of them."""
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "spent": self.clock.spent,
            "step": self.step,
            "scaling_factor": self.model.config["scaling_factor"],
        }
        save_state(self.args.out, state)
        save_strip(self.model, self.pictures[:8], self.args.out.with_suffix(".png"))

    def run(self) -> None:
        """Train until the clock has run out."""
        self.clock.start()
        progress, mean, saved = 0.0, 0.0, self.clock.spent
        while progress < 1:
            progress = self.clock.tick()
            set_rate(self.optimizers, rate(progress, floor=self.args.floor))
            loss, kl = self.train_step()
            mean = loss if self.step == 1 or mean == 0 else mean * 0.98 + loss * 0.02
            if self.step % 100 == 0:
                print(
                    f"{self.step} {self.clock.spent:.0f}s loss {mean:.4f} kl {kl:.2f}", flush=True
                )
            if self.clock.spent - saved > self.args.save_every:
                saved = self.clock.spent
                self.save()
        self.save()


@torch.no_grad()
def save_strip(model: AutoencoderKL, pictures: np.ndarray, path: Path) -> None:
    """Write uint8 [N, 128, 128, 3] pictures above their reconstructions as one PNG."""
    stack = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2)
    wanted = stack.float().to(model.device) / 127.5 - 1
    painted = model.decode(model.encode(wanted).latent_dist.mode()).sample
    both = torch.stack([wanted, painted]).clamp(-1, 1).add(1).mul(127.5).byte().cpu()
    rows = both.permute(0, 3, 1, 4, 2).reshape(2 * both.shape[3], -1, 3)
    Image.fromarray(rows.numpy()).save(path)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path("training"))
    parser.add_argument("--out", type=Path, default=Path("training/autoencoder.pt"))
    parser.add_argument(
        "--start", type=Path, help="a finished state to begin from (for --decoder-only)"
    )
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--seconds", type=float, default=1500)
    parser.add_argument("--save-every", type=float, default=180)
    parser.add_argument("--pictures", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--muon-lr", type=float, default=0.01)
    parser.add_argument("--adam-lr", type=float, default=2e-3)
    parser.add_argument(
        "--floor", type=float, default=0.0, help="learning rate left at the end, a share"
    )
    parser.add_argument("--kl", type=float, default=1e-3)
    parser.add_argument(
        "--noise", type=float, default=0.15, help="most noise on unit latents for --decoder-only"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def main() -> None:
    """Train from the command line, going on where an earlier run stopped."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    pictures = cached_pictures(args.scratch, args.pictures, args.threads)
    model = new_autoencoder().to(args.device, memory_format=torch.channels_last)
    state = load_state(args.out)
    first = state or (load_state(args.start) if args.start else None)
    if first:
        model.load_state_dict(first["model"])
        model.register_to_config(scaling_factor=first["scaling_factor"])
    if args.decoder_only:
        model.encoder.requires_grad_(False)
        model.quant_conv.requires_grad_(False)
    optimizers = build_optimizers(model, args.muon_lr, args.adam_lr)
    trainer = Trainer(model, pictures, optimizers, Clock(args.seconds), args)
    if state:
        for optimizer, kept in zip(trainer.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        trainer.step, trainer.clock.spent = state["step"], state["spent"]
    if trainer.clock.spent >= args.seconds:
        return
    trainer.run()
    if not args.decoder_only:
        normalise_latents(model, encode_pictures(model, pictures[:2000]))
        trainer.save()


if __name__ == "__main__":
    main()
