"""Nodes that look for a model by themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

NODE = """
    def first(models):
        found = (FileRef("vae", name) for name in models.names("vae"))
        return [ref for ref in found if models.path(ref).read_bytes().startswith(b"good")][:1]

    @node(id="Find", category="t", finds=first, output=True)
    def find(*, run: Run) -> str:
        refs = first(run)
        run.show_text(refs[0].name if refs else "nothing")
        return refs[0].name if refs else ""
"""


def test_what_is_found_is_part_of_the_key_and_nothing_else(
    bench_of: Callable[..., Any], tmp_path: Path
) -> None:
    bench = bench_of(NODE, models=(tmp_path / "models",))
    folder = tmp_path / "models" / "vae"
    folder.mkdir(parents=True)

    def ran() -> str:
        job = bench.run({"1": ("Find", {})})
        return job.texts["1"][0] if job.ran else ""

    assert [ran(), ran()] == ["nothing", ""]
    (folder / "c.safetensors").write_bytes(b"good")
    assert [ran(), ran()] == ["c.safetensors", ""]
    (folder / "a.safetensors").write_bytes(b"bad")
    assert ran() == ""  # it was looked at, and is another kind
    (folder / "b.safetensors").write_bytes(b"good, too")
    assert [ran(), ran()] == ["b.safetensors", ""]
    (folder / "b.safetensors").write_bytes(b"good again")
    assert ran() == "b.safetensors"
    (folder / "b.safetensors").unlink()
    assert ran() == ""  # as before: the answer of that time
