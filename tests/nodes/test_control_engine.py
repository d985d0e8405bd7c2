"""Controls, hooks and IP-Adapters in the real engine: all of it survives a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wirebrush_nodes
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import assemble, pack_from
from wirebrush.graph.prompt import Prompt


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


GRAPH: dict[str, Any] = {
    "model": node("CheckpointLoaderSimple", ckpt_name="tiny"),
    "lora": node(
        "CreateHookLora",
        lora_name="style.safetensors",
        strength_model=0.5,
        strength_clip=0.5,
        prev_hooks=["swap", 0],
    ),
    "swap": node("CreateHookModelAsLoraModelOnly", ckpt_name="tiny", strength_model=0.1),
    "frame": node("CreateHookKeyframe", strength_mult=0.5, start_percent=0.5),
    "hooks": node("SetHookKeyframes", hooks=["lora", 0], hook_kf=["frame", 0]),
    "clip": node(
        "SetClipHooks",
        clip=["model", 1],
        hooks=["hooks", 0],
        apply_to_conds=True,
        schedule_clip=True,
    ),
    "yes": node("CLIPTextEncode", text="red", clip=["clip", 0]),
    "no": node("CLIPTextEncode", text="fog", clip=["model", 1]),
    "net": node("DiffControlNetLoader", model=["model", 0], control_net_name="edges"),
    "kind": node("SetUnionControlNetType", control_net=["net", 0], type="auto"),
    "hint": node("EmptyImage", width=64, height=64, batch_size=1, color=0xFF8000),
    "steered": node(
        "ControlNetApplySD3",
        positive=["yes", 0],
        negative=["no", 0],
        control_net=["kind", 0],
        vae=["model", 2],
        image=["hint", 0],
        strength=0.5,
        start_percent=0.0,
        end_percent=1.0,
    ),
    "part": node("ConditioningTimestepsRange", start_percent=0.0, end_percent=0.9),
    "props": node(
        "PairConditioningSetProperties",
        positive_NEW=["steered", 0],
        negative_NEW=["steered", 1],
        hooks=["swap", 0],
        strength=1.0,
        set_cond_area="default",
    ),
    "rest": node(
        "PairConditioningSetDefaultCombine",
        positive=["props", 0],
        negative=["props", 1],
        positive_DEFAULT=["no", 0],
        negative_DEFAULT=["no", 0],
    ),
    "empty": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    "paint": node(
        "KSampler",
        model=["model", 0],
        positive=["rest", 0],
        negative=["rest", 1],
        latent_image=["empty", 0],
        seed=1,
        steps=3,
        cfg=4.0,
        sampler_name="euler",
        scheduler="normal",
        denoise=1.0,
    ),
    "decoded": node("VAEDecode", samples=["paint", 0], vae=["model", 2]),
    "out": node("SaveImage", images=["decoded", 0], filename_prefix="steered"),
}


def graph(seed: int) -> dict[str, Any]:
    return GRAPH | {"paint": node("KSampler", **{**GRAPH["paint"]["inputs"], "seed": seed})}


def test_everything_but_pictures_survives_a_restart(models: Path, tmp_path: Path) -> None:
    packs = assemble([pack_from("builtin", wirebrush_nodes)])
    settings = Settings(cache=tmp_path / "kept", models=[models])
    with Engine(packs, settings) as engine:
        first = engine.run(Prompt.from_json(graph(1)), ["out"], lambda events: None)
    with Engine(packs, settings) as engine:
        again = engine.run(Prompt.from_json(graph(2)), ["out"], lambda events: None)

    assert first.state == "succeeded", first.problems
    assert again.state == "succeeded", again.problems
    assert set(again.summary.per_node) <= {"paint", "decoded", "out"}
