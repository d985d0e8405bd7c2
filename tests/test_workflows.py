"""The shipped workflows: tidy, readable by every promise of the format, right for the built-ins."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import jsonschema
import pytest
from PIL import Image

from wirebrush.catalog import Catalog
from wirebrush.engine.packs import load_packs
from wirebrush.folders import ModelFolders, packaged_roots
from wirebrush.graph.document import read_document
from wirebrush.graph.schema import workflow_schema
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow

FOLDER = Path(__file__).parents[1] / "workflows"
FILES = sorted(FOLDER.glob("*.json"))
GRID = 22
FLUX_TEXTS = ("clip_l.safetensors", "t5xxl_fp16.safetensors")
SD3_TEXTS = (*FLUX_TEXTS, "clip_g.safetensors")
MODELS: dict[str, dict[str, tuple[str, ...]]] = {
    "sd15": {"checkpoints": ("v1-5-pruned-emaonly-fp16.safetensors",)},
    "sdxl": {"checkpoints": ("sd_xl_base_1.0.safetensors", "sd_xl_refiner_1.0.safetensors")},
    "sd35-large": {"checkpoints": ("sd3.5_large.safetensors",), "text_encoders": SD3_TEXTS},
    "flux-dev": {
        "diffusion_models": ("flux1-dev.safetensors",),
        "text_encoders": FLUX_TEXTS,
        "vae": ("ae.safetensors",),
    },
    "flux-schnell": {
        "diffusion_models": ("flux1-schnell.safetensors",),
        "text_encoders": FLUX_TEXTS,
        "vae": ("ae.safetensors",),
    },
    "z-image-turbo": {
        "diffusion_models": ("z_image_turbo_bf16.safetensors",),
        "text_encoders": ("qwen_3_4b.safetensors",),
        "vae": ("ae.safetensors",),
    },
    "qwen-image": {
        "diffusion_models": ("qwen_image_fp8_e4m3fn.safetensors",),
        "text_encoders": ("qwen_2.5_vl_7b_fp8_scaled.safetensors",),
        "vae": ("qwen_image_vae.safetensors",),
    },
    "lumina2": {"checkpoints": ("lumina_2.safetensors",)},
}
"""The files, by folder, that a person must get: all others run with what is shipped."""


@pytest.fixture(scope="module")
def builtins() -> Catalog:
    """What a worker without other packs sends up, as it arrives."""
    return Catalog.from_json(json.loads(json.dumps(load_packs().catalog())))


def load(path: Path) -> Workflow:
    workflow = load_workflow(path.read_bytes())
    assert isinstance(workflow, Workflow), workflow
    return workflow


def test_the_first_page_has_its_workflow() -> None:
    assert FOLDER / "postcard.json" in FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_written_as_we_write_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert dump_workflow(load(path)) == text
    jsonschema.Draft202012Validator(workflow_schema()).validate(json.loads(text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_says_what_it_is_and_shows_what_it_makes(path: Path) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["about"].endswith(".")
    assert data["tags"]
    picture = path.with_suffix(".webp")
    assert picture.stat().st_size <= 30_000
    with Image.open(picture) as image:
        assert image.size == (256, 256)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_right_for_the_builtin_nodes_and_names_its_models(
    path: Path, builtins: Catalog
) -> None:
    shipped = ModelFolders(packaged_roots())
    wanted = MODELS.get(path.stem, {})

    def there(kind: str, name: str) -> bool:
        return shipped.find(kind, name) is not None

    def got(kind: str, name: str) -> bool:
        return there(kind, name) or name in wanted.get(kind, ())

    without = read_document(path.read_bytes(), builtins, files=there).problems
    assert read_document(path.read_bytes(), builtins, files=got).problems == ()
    assert {problem.code for problem in without} <= {"file_not_found"}
    assert len(without) == sum(map(len, wanted.values()))
    for problem in without:
        named = [kind for kind in wanted if f"models/{kind}/" in problem.hint]
        assert named, problem.hint
        assert any(name in problem.message for name in wanted[named[0]])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_laid_out_on_the_grid_without_overlaps(path: Path) -> None:
    workflow = load(path)
    for node in workflow.nodes.values():
        assert node.size is not None, node.id
        assert all(number % GRID == 0 for number in node.at), node.id
    boxes = [
        (thing.id, *thing.at, *thing.size)
        for thing in (*workflow.nodes.values(), *workflow.notes)
        if thing.size is not None
    ]
    for one, other in combinations(boxes, 2):
        assert not overlap(one, other), (one[0], other[0])


Box = tuple[str, float, float, float, float]


def overlap(one: Box, other: Box) -> bool:
    _, ax, ay, aw, ah = one
    _, bx, by, bw, bh = other
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah
