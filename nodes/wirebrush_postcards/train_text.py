"""Teach the text encoder to understand captions, before any picture: to name what they say.

The diffusion training then reads a frozen encoder whose states already tell "red" from "unsaid".
"""

import argparse
from pathlib import Path
from random import Random

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from wirebrush_postcards.captions import varied_caption
from wirebrush_postcards.checkpoints import save_state
from wirebrush_postcards.scenes import sample_scene
from wirebrush_postcards.tokens import END, LENGTH, START, load_tokenizer, write_tokenizer
from wirebrush_postcards.words import CHOICES, said

WIDTH = 128
SWAPS = {
    "field": "lawn",
    "noon": "midday",
    "cabin": "hut",
    "sand": "dunes",
    "ocean": "lake",
    "midnight": "nighttime",
    "boat": "ship",
    "mountains": "peaks",
}
"""Rarer words, for which a caption's are exchanged now and then."""


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return an untrained encoder: token ids [B, 77] to states [B, 77, 128]."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        bos_token_id=tokenizer.get_vocab()[START],
        eos_token_id=tokenizer.get_vocab()[END],
        pad_token_id=tokenizer.get_vocab()[END],
    )
    return CLIPTextModel(config)


def roughened(text: str, lot: Random) -> str:
    """Return a caption as a hurried person types it: parts moved, small words lost, commas."""
    words = text.split()
    if lot.random() < 0.3:
        words = [word for word in words if word not in ("a", "the") or lot.random() < 0.5]
    if lot.random() < 0.2 and len(words) > 3:
        place = next(
            (n for n, word in enumerate(words) if word in ("on", "in", "at", "with") and n), 0
        )
        words = [*words[place:], *words[:place]]
    words = [SWAPS.get(word, word) if lot.random() < 0.15 else word for word in words]
    if lot.random() < 0.1:
        words = ["a", lot.choice(["picture", "postcard", "painting"]), "of", *words]
    return (", " if lot.random() < 0.05 else " ").join(words)


def token_ids(tokenizer: CLIPTokenizer, texts: list[str]) -> Tensor:
    """Return token ids [B, 77], padded and cut."""
    return tokenizer(
        texts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
    ).input_ids


class Heads(nn.Module):
    """One small classifier for every kind of choice."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleDict(
            {kind: nn.Linear(WIDTH, len(names)) for kind, names in CHOICES.items()}
        )

    def losses(self, states: Tensor, answers: dict[str, Tensor]) -> Tensor:
        """Return the summed cross entropy of states [B, 128]."""
        parts = [
            nn.functional.cross_entropy(self.heads[kind](states), answers[kind]) for kind in CHOICES
        ]
        return torch.stack(parts).sum()

    def right(self, states: Tensor, answers: dict[str, Tensor]) -> float:
        """Return the share of right answers, 0..1."""
        parts = [
            (self.heads[kind](states).argmax(-1) == answers[kind]).float().mean()
            for kind in CHOICES
        ]
        return torch.stack(parts).mean().item()


def lesson(lot: Random, tokenizer: CLIPTokenizer, size: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Return token ids [B, 77] and what they say, as class numbers [B] for every kind."""
    texts = [roughened(varied_caption(sample_scene(lot), lot, keep=0.7), lot) for _ in range(size)]
    facts = [said(text) for text in texts]
    answers = {
        kind: torch.tensor([names.index(fact[kind]) for fact in facts])
        for kind, names in CHOICES.items()
    }
    return token_ids(tokenizer, texts), answers


def train(args: argparse.Namespace) -> None:
    """Train the encoder with its heads and save the encoder."""
    write_tokenizer(args.tokenizer)
    tokenizer = load_tokenizer(args.tokenizer)
    encoder, heads, lot = new_text_encoder(tokenizer), Heads(), Random(7)
    everything = [*encoder.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(everything, lr=args.lr, betas=(0.9, 0.98), weight_decay=0.01)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, args.steps, pct_start=0.1)
    for step in range(1, args.steps + 1):
        ids, answers = lesson(lot, tokenizer, args.batch)
        states = encoder(ids).last_hidden_state
        ends = (ids == tokenizer.eos_token_id).int().argmax(1)
        later = ends + (torch.rand(len(ids)) * (LENGTH - ends)).long()
        places = (ends, later, torch.full_like(ends, LENGTH - 1))
        seen = [states[torch.arange(len(ids)), place] for place in places]
        loss = torch.stack([heads.losses(state, answers) for state in seen]).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        plan.step()
        if step % 50 == 0:
            right = heads.right(seen[0], answers)
            print(f"{step} loss {loss.item():.3f} right {right:.4f}", flush=True)
    save_state(args.out, {"model": encoder.state_dict()})


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", type=Path, default=Path("training/tokenizer"))
    parser.add_argument("--out", type=Path, default=Path("training/text_encoder.pt"))
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    train(args)


if __name__ == "__main__":
    main()
