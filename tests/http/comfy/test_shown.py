"""What nodes show, in the words of ComfyUI's clients."""

from __future__ import annotations

import json

from wirebrush.events import Output
from wirebrush.http.comfy.shown import shown


def test_files_by_what_they_are() -> None:
    outputs = (
        Output("output", asset="a", name="cats/one.png", mime="image/png"),
        Output("preview", asset="b", name="two.webp", mime="image/webp"),
        Output("output", asset="c", name="song.flac", mime="audio/flac"),
    )
    assert shown(outputs) == {
        "images": [
            {"filename": "one.png", "subfolder": "cats", "type": "output"},
            {"filename": "two.webp", "subfolder": "", "type": "temp"},
        ],
        "audio": [{"filename": "song.flac", "subfolder": "", "type": "output"}],
    }
    assert shown(iter([Output("output", asset="d", name="v.mp4", mime="video/mp4")])) == {
        "images": [{"filename": "v.mp4", "subfolder": "", "type": "output"}],
        "animated": [True],
    }


def test_texts_and_data() -> None:
    assert shown([Output("text", text="a"), Output("text", text="b")]) == {"text": ["a", "b"]}
    data = Output("data", text=json.dumps({"text": [7], "seen": [{"x": 1}]}))
    both = {"text": [7], "seen": [{"x": 1}]}
    assert shown([Output("text", text="7"), data]) == both, "a text is not said twice"
    assert shown([data, Output("text", text="7")]) == both
    assert shown([]) == {}
