"""Write the trained parts as an ordinary diffusers folder, in fp16 safetensors."""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from wirebrush_postcards import models_path
from wirebrush_postcards.checkpoints import load_state
from wirebrush_postcards.diffusion import BETAS, TRAIN_STEPS, new_unet
from wirebrush_postcards.tokens import load_tokenizer, write_tokenizer
from wirebrush_postcards.train_autoencoder import new_autoencoder
from wirebrush_postcards.train_text import new_text_encoder

PIPELINE = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.35.0",
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "_diffusers_version": "0.35.0",
    "beta_end": BETAS[1],
    "beta_schedule": "scaled_linear",
    "beta_start": BETAS[0],
    "num_train_timesteps": TRAIN_STEPS,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": False,
    "steps_offset": 1,
    "timestep_spacing": "linspace",
}


def weights(path: Path, name: str, finished: bool) -> dict[str, Any] | None:
    """Return the state `name` of a training, or None where a scratch export may do without."""
    state = load_state(path)
    if state is None and finished:
        raise SystemExit(f"{path} is missing: train that part first, or pass --scratch-export.")
    return state[name] if state else None


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a settings file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def export(args: argparse.Namespace) -> None:
    """Write every part under `args.out`."""
    out: Path = args.out
    write_tokenizer(out / "tokenizer")
    autoencoder, unet = new_autoencoder(), new_unet()
    encoder = new_text_encoder(load_tokenizer(out / "tokenizer"))
    parts = (
        (autoencoder, "vae", weights(args.autoencoder, "model", not args.scratch_export)),
        (unet, "unet", weights(args.diffusion, "average", not args.scratch_export)),
        (encoder, "text_encoder", weights(args.text_encoder, "model", not args.scratch_export)),
    )
    autoencoder.register_to_config(scaling_factor=1.0)
    for model, folder, state in parts:
        if state:
            model.load_state_dict(state)
        model.half().save_pretrained(out / folder, safe_serialization=True)
    write_json(out / "scheduler" / "scheduler_config.json", SCHEDULER)
    write_json(out / "model_index.json", PIPELINE)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {size / 1e6:.2f} MB")


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    scratch = Path("training")
    parser.add_argument("--autoencoder", type=Path, default=scratch / "autoencoder.pt")
    parser.add_argument("--text-encoder", type=Path, default=scratch / "text_encoder.pt")
    parser.add_argument("--diffusion", type=Path, default=scratch / "diffusion.pt")
    parser.add_argument("--out", type=Path, default=models_path() / "checkpoints" / "postcards")
    parser.add_argument(
        "--scratch-export", action="store_true", help="random weights for parts not trained yet"
    )
    torch.manual_seed(0)
    export(parser.parse_args())


if __name__ == "__main__":
    main()
