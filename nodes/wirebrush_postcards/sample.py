"""Paint with the exported model, without the studio: a small sampler, and sheets to look at."""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from wirebrush_postcards import models_path
from wirebrush_postcards.diffusion import TRAIN_STEPS, signal_shares
from wirebrush_postcards.tokens import load_tokenizer
from wirebrush_postcards.train_text import token_ids

PROMPTS = (
    "a red house and two trees on a meadow with mountains by day with the sun on the left",
    "a blue house in the snow at night with the moon on the right",
    "a boat with a yellow sail on the sea at sunset with the sun on the right",
    "a white cabin and a cactus in the desert at dawn",
    "a green house on the grass with hills in the evening with the sun on the left",
    "a boat with a red sail on the sea with mountains at night with the moon on the left",
    "a yellow house and three trees in the snow with hills at daytime with the sun on the right",
    "a blue sailboat on the ocean in the morning",
)


@dataclass(frozen=True)
class Painter:
    """The four loaded parts, in float32."""

    tokenizer: CLIPTokenizer
    encoder: CLIPTextModel
    unet: UNet2DConditionModel
    autoencoder: AutoencoderKL

    @classmethod
    def load(cls, folder: Path) -> "Painter":
        """Load an exported folder; nothing is fetched."""
        return cls(
            load_tokenizer(folder / "tokenizer"),
            CLIPTextModel.from_pretrained(folder / "text_encoder").float().eval(),
            UNet2DConditionModel.from_pretrained(folder / "unet").float().eval(),
            AutoencoderKL.from_pretrained(folder / "vae").float().eval(),
        )

    def states(self, prompts: list[str]) -> Tensor:
        """Return text states [B, 77, 128]."""
        return self.encoder(token_ids(self.tokenizer, prompts)).last_hidden_state

    @torch.no_grad()
    def paint(
        self, prompts: list[str], seeds: list[int], steps: int = 20, cfg: float = 4.0
    ) -> Tensor:
        """Return pictures uint8 [B, 128, 128, 3], one for every prompt with its seed."""
        states = torch.cat([self.states([""] * len(prompts)), self.states(prompts)])
        noise = torch.cat(
            [
                torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
                for seed in seeds
            ]
        )

        def denoise(x: Tensor, sigma: Tensor, time_now: Tensor) -> Tensor:
            scaled = torch.cat([x, x]) / (sigma**2 + 1).sqrt()
            velocity = self.unet(scaled, time_now, states).sample
            clean = torch.cat([x, x]) / (sigma**2 + 1) - velocity * sigma / (sigma**2 + 1).sqrt()
            without, with_text = clean.chunk(2)
            return without + cfg * (with_text - without)

        latents = sample_dpmpp_2m(denoise, noise, *plan(steps))
        pixels = self.autoencoder.decode(latents / self.autoencoder.config["scaling_factor"]).sample
        return pixels.clamp(-1, 1).add(1).mul(127.5).round().byte().permute(0, 2, 3, 1)


def plan(steps: int) -> tuple[Tensor, Tensor]:
    """Return noise levels [steps + 1], the last one 0, and their times [steps], evenly spaced."""
    shares = signal_shares()
    levels = ((1 - shares) / shares).sqrt()
    times = torch.linspace(TRAIN_STEPS - 1, 0, steps)
    low = times.floor().long()
    high = (low + 1).clamp(max=TRAIN_STEPS - 1)
    sigmas = levels[low].log().lerp(levels[high].log(), times - low).exp()
    return torch.cat([sigmas, torch.zeros(1)]), times


def sample_dpmpp_2m(denoise, x: Tensor, sigmas: Tensor, times: Tensor) -> Tensor:  # noqa: ANN001
    """Go from noise (deviation 1) to a clean latent.

    Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models"
    (2022), second order, multistep.
    """
    x = x * (sigmas[0] ** 2 + 1).sqrt()
    before: Tensor | None = None
    for place, time_now in enumerate(times):
        sigma, following = sigmas[place], sigmas[place + 1]
        clean = denoise(x, sigma, time_now)
        if following == 0:
            return clean
        step = sigma.log() - following.log()
        aim = clean
        if before is not None:
            ratio = (sigmas[place - 1].log() - sigma.log()) / step
            aim = clean + (clean - before) / (2 * ratio)
        x = following / sigma * x - (-step).expm1() * aim
        before = clean
    return x


def grid(pictures: Tensor, columns: int) -> Image.Image:
    """Lay uint8 pictures [B, H, W, 3] out in rows of `columns`."""
    count, height, width, _ = pictures.shape
    sheet = Image.new("RGB", (columns * width, -(-count // columns) * height))
    for place, picture in enumerate(pictures):
        sheet.paste(
            Image.fromarray(picture.numpy()), (place % columns * width, place // columns * height)
        )
    return sheet


def main() -> None:
    """Paint the same prompts at several guidance scales, one row for every scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=models_path() / "checkpoints" / "postcards")
    parser.add_argument("--out", type=Path, default=Path("training/grid.png"))
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, nargs="+", default=[1.0, 3.0, 6.0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("prompts", nargs="*", default=list(PROMPTS))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    painter = Painter.load(args.model)
    started = time.perf_counter()
    seeds = [args.seed + place for place in range(len(args.prompts))]
    rows = [painter.paint(args.prompts, seeds, args.steps, cfg) for cfg in args.cfg]
    print(f"{(time.perf_counter() - started) / len(rows) / len(seeds):.2f} s a picture")
    grid(torch.cat(rows), len(seeds)).save(args.out)


if __name__ == "__main__":
    main()
