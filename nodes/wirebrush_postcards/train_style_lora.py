"""Train a LoRA that lets the UNet paint in a style, with the base model as its teacher.

The decoder paints a style where latents are pushed along the channels' common direction
(`train_styles`). So the LoRA learns to do what the base does, and to push: its target is the base's
own velocity for the same scene and noise, plus the push. A strength between 0 and 1 is drawn for
every batch and asks for as much of the push, so that the strength is an even slider; and the same
seed paints the same scene with and without it.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021).
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from wirebrush_postcards import models_path
from wirebrush_postcards.captions import varied_caption
from wirebrush_postcards.checkpoints import load_state
from wirebrush_postcards.dataset import scene_number
from wirebrush_postcards.diffusion import min_snr_weights, noised, signal_shares
from wirebrush_postcards.lessons import load_encoder, load_latents, load_unet, spread_times
from wirebrush_postcards.loop import Loop
from wirebrush_postcards.optimizer import Clock
from wirebrush_postcards.train_styles import PUSH
from wirebrush_postcards.train_text import token_ids

LAYERS = ("conv_in", "conv_out", "conv1", "conv2", "to_q", "to_k", "to_v", "to_out.0")
NAME = "default"
"""What peft calls the one adapter."""


@dataclass
class Trainer:
    """One training run of a style; `unet` carries the LoRA, `teacher` is the UNet without it."""

    push: float
    unet: UNet2DConditionModel
    teacher: UNet2DConditionModel
    encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    latents: Tensor
    batch: int
    lot: Random
    shares: Tensor

    def texts(self, numbers: list[int]) -> Tensor:
        """Return what the encoder reads in new captions of these scenes, [B, 77, 128]."""
        captions = [varied_caption(scene_number(number), self.lot) for number in numbers]
        return self.encoder(token_ids(self.tokenizer, captions)).last_hidden_state

    def loss(self) -> Tensor:
        """Return how far the LoRA is from the base's velocity with the push in it."""
        strength = 1.0 if self.lot.random() < 0.5 else self.lot.random()
        numbers = [self.lot.randrange(len(self.latents)) for _ in range(self.batch)]
        times = spread_times(self.batch)
        share = self.shares[times]
        push = self.push * strength
        with torch.no_grad():
            states, latents = self.texts(numbers), self.latents[numbers].float()
            mixed, _ = noised(latents, torch.randn_like(latents), share)
            signal, spread = (part.sqrt()[:, None, None, None] for part in (share, 1 - share))
            wanted = self.teacher(mixed, times, states).sample - spread * push
        self.unet.set_adapters([NAME], [strength])
        guess = self.unet(mixed + signal * push, times, states).sample
        wrong = (guess - wanted).square().mean((1, 2, 3))
        return (wrong * min_snr_weights(share)).mean()


def kohya_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a LoRA whose scale is 1 under the names of kohya's trainer."""
    ends = {"lora_A": "lora_down", "lora_B": "lora_up"}
    tensors: dict[str, Tensor] = {}
    for name, value in state.items():
        layer, factor, _ = name.rsplit(".", 2)
        module = "lora_unet_" + layer.replace(".", "_")
        tensors[f"{module}.{ends[factor]}.weight"] = value
        if factor == "lora_A":
            tensors[f"{module}.alpha"] = torch.tensor(float(value.shape[0]))
    return tensors


def peft_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a LoRA under the names that diffusers writes."""
    return {f"unet.{name}": value for name, value in state.items()}


LAYOUTS: dict[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]] = {
    "woodcut": kohya_names,
    "pixel": peft_names,
}
"""Each style is written in another of the two layouts in use."""


def export(style: str, state: dict[str, Tensor], path: Path) -> None:
    """Write a LoRA file in fp16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: value.half().contiguous() for name, value in sorted(LAYOUTS[style](state).items())
    }
    save_file(tensors, path, metadata={"modelspec.title": f"Postcards, {style}"})


def with_lora(unet: UNet2DConditionModel, rank: int) -> UNet2DConditionModel:
    """Give a frozen UNet a LoRA that does nothing yet, and return it."""
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=list(LAYERS))
    unet.add_adapter(config, adapter_name=NAME)
    return unet


def new_trainer(args: argparse.Namespace) -> Trainer:
    """Load the base twice, and the latents that its training has left."""
    return Trainer(
        PUSH[args.style],
        with_lora(load_unet(), args.rank),
        load_unet(),
        *load_encoder(),
        load_latents(args.scratch, args.pictures),
        args.batch,
        Random(0),
        signal_shares(),
    )


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("style", choices=sorted(PUSH))
    parser.add_argument("--scratch", type=Path, default=Path("training"))
    parser.add_argument("--export", action="store_true", help="write the trained LoRA and end")
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--save-every", type=float, default=120)
    parser.add_argument("--pictures", type=int, default=12000)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--rank", type=int, default=4)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Train from the command line, going on where an earlier run stopped."""
    args = parse_args()
    out = args.scratch / f"lora-{args.style}.pt"
    if args.export:
        state = load_state(out)
        if state is None:
            raise SystemExit(f"{out} is missing: train the style first.")
        return export(
            args.style, state["model"], models_path() / f"loras/postcards-{args.style}.safetensors"
        )
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    trainer = new_trainer(args)
    unet = trainer.unet
    learning = [weight for weight in unet.parameters() if weight.requires_grad]
    adam = torch.optim.AdamW(learning, lr=args.lr, betas=(0.9, 0.98), weight_decay=0.0)
    learnt = partial(get_peft_model_state_dict, unet, adapter_name=NAME)
    loop = Loop([adam], learnt, Clock(args.seconds), out, args.save_every)
    kept = loop.resume()
    if kept is not None:
        set_peft_model_state_dict(unet, kept, adapter_name=NAME)
        trainer.lot.seed(loop.step)
    loop.run(trainer.loss)
    return None


if __name__ == "__main__":
    main()
