"""What was made here is read again by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wirebrush_nodes
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import assemble, pack_from
from wirebrush.events import Event, NodeFinished
from wirebrush.graph.prompt import Prompt


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def test_an_output_by_its_name(tmp_path: Path) -> None:
    packs = assemble([pack_from("builtin", wirebrush_nodes)])
    made = {
        "1": node("EmptyImage", width=24, height=16, batch_size=1, color=0xFF8000),
        "2": node("SaveImage", images=["1", 0], filename_prefix="made"),
    }
    read = {
        "1": node("LoadImageOutput", image="made.png"),
        "2": node("PreviewImage", images=["1", 0]),
    }
    events: list[Event] = []
    with Engine(packs, Settings(cache=tmp_path)) as engine:
        missing = engine.run(Prompt.from_json(read), ["2"])
        engine.run(Prompt.from_json(made), ["2"])
        finished = engine.run(Prompt.from_json(read), ["2"], events.extend)

    assert "There is no output 'made.png'." in missing.problems[0].message
    assert finished.state == "succeeded", finished
    shown = next(e for e in events if isinstance(e, NodeFinished) and e.node == "2").outputs[0]
    assert (shown.width, shown.height) == (24, 16)
