"""The names that packs import: there for them, and for nobody before."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from wirebrush.api import NodeError, SilentRun
from wirebrush_comfy.current import calling
from wirebrush_comfy.shims.finder import OURS, install, uninstall
from wirebrush_comfy.shims.folder_paths import FileNames
from wirebrush_comfy.world import World

Import = Callable[[str], ModuleType]


@pytest.fixture
def world(tmp_path: Path) -> World:
    for name in ("loras/cats/tabby.safetensors", "loras/notes.txt", "vae/a.safetensors"):
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return World((tmp_path / "models",), tmp_path / "comfyui")


@pytest.fixture
def shim(world: World) -> Import:
    install(world)
    return importlib.import_module


def test_without_a_pack_there_are_no_such_names() -> None:
    code = "import wirebrush_comfy, sys; print([f for f in sys.meta_path if 'Shim' in repr(f)])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_they_can_be_taken_away_again(shim: Import) -> None:
    shim("comfy.utils")
    uninstall()
    assert not OURS & {name.partition(".")[0] for name in sys.modules}
    with pytest.raises(ImportError):
        importlib.import_module("folder_paths")


def test_other_names_are_left_alone(shim: Import) -> None:
    with pytest.raises(ImportError):
        shim("comfyish")
    assert shim("json").__name__ == "json"


def test_what_is_not_there_can_be_imported_and_says_so_when_used(shim: Import) -> None:
    sd = shim("comfy.ldm.flux.model")
    kind: Any = sd.Flux

    class Mine(kind):  # as packs do
        pass

    assert isinstance(sd.Flux, type)
    assert "comfy.ldm.flux.model.Flux" in repr(sd.Flux)
    for use in (kind, Mine, kind.sub.function, lambda: list(kind), lambda: len(kind)):
        with pytest.raises(NodeError, match=r"uses comfy\.ldm\.flux\.model\.Flux.* of ComfyUI"):
            use()
    with pytest.raises(AttributeError):
        sd.__no_such_thing__  # noqa: B018
    assert kind | None


def test_modules_are_there_without_importing_them_one_by_one(shim: Import) -> None:
    comfy: Any = shim("comfy")
    assert comfy.utils.ProgressBar(3).total == 3
    assert comfy.samplers.KSampler.SAMPLERS[0] == "euler"
    assert "normal" in comfy.samplers.SCHEDULER_NAMES
    assert comfy.comfy_types.node_typing.IO.ANY == "*"
    with pytest.raises(NodeError, match=r"comfy\.samplers\.KSampler"):
        comfy.samplers.KSampler()


def test_folders_and_files(shim: Import, world: World) -> None:
    paths: Any = shim("folder_paths")
    names = paths.get_filename_list("loras")
    assert names == [str(Path("cats/tabby.safetensors"))]
    assert paths.get_full_path("loras", names[0]).endswith("tabby.safetensors")
    assert paths.get_full_path("loras", "../vae/a.safetensors") is None
    assert paths.get_full_path("loras", "none") is None
    with pytest.raises(NodeError, match=r"There is no 'x' in loras\."):
        paths.get_full_path_or_raise("loras", "x")
    with pytest.raises(KeyError, match="no folder 'mine'"):
        paths.get_filename_list("mine")
    paths.add_model_folder_path("mine", str(world.home / "mine"))
    (world.home / "mine").mkdir()
    (world.home / "mine" / "a.onnx").write_bytes(b"")
    assert paths.get_filename_list("mine") == ["a.onnx"]
    assert not isinstance(paths.get_filename_list("mine"), FileNames)
    assert paths.get_folder_paths("unet") == paths.get_folder_paths("diffusion_models")
    assert Path(paths.models_dir) == world.models[0]


def test_links_in_a_circle_are_walked_once(shim: Import, world: World) -> None:
    paths: Any = shim("folder_paths")
    (world.models[0] / "loras" / "again").symlink_to(world.models[0] / "loras")
    assert paths.get_filename_list("loras") == [str(Path("cats/tabby.safetensors"))]


def test_names_of_files_stay_known_beside_others() -> None:
    names = FileNames(["a", "b"], "loras")
    mixed = ["None"] + names  # noqa: RUF005 (as packs write it)
    assert isinstance(mixed, FileNames)
    assert (list(mixed), mixed.others, mixed.kind) == (["None", "a", "b"], ("None",), "loras")


def test_where_pictures_are_saved(shim: Import) -> None:
    paths: Any = shim("folder_paths")
    root = paths.get_output_directory()
    folder, stem, number, subfolder, prefix = paths.get_save_image_path("a/%width%_x", root, 8, 9)
    assert (stem, number, subfolder, prefix) == ("8_x", 1, "a", "a/8_x")
    (Path(folder) / "8_x_00041_.png").write_bytes(b"")
    assert paths.get_save_image_path("a/8_x", root)[2] == 42
    with pytest.raises(NodeError, match="leaves the output folder"):
        paths.get_save_image_path("../x", root)


def test_an_upload_is_put_where_packs_look_for_it(shim: Import, tmp_path: Path) -> None:
    paths: Any = shim("folder_paths")
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "cat.png").write_bytes(b"cat")
    with calling(SilentRun(root=tmp_path)):
        path = paths.get_annotated_filepath("cat.png [input]")
        assert Path(path).read_bytes() == b"cat"
        assert Path(path).name == "cat.png"
        assert paths.exists_annotated_filepath("cat.png")
        (tmp_path / "output").mkdir()
        (tmp_path / "output" / "dog.png").write_bytes(b"dog")
        made = Path(paths.get_annotated_filepath("dog.png [output]"))
        assert made.read_bytes() == b"dog"
        assert made.parent == Path(paths.get_output_directory())
        assert not paths.exists_annotated_filepath("dog.png")
        with pytest.raises(NodeError, match=r"dog\.png"):
            paths.get_annotated_filepath("dog.png")


def test_progress_outside_of_a_node_is_lost_in_silence(shim: Import) -> None:
    utils: Any = shim("comfy.utils")
    utils.ProgressBar(3).update(1)
    run = SilentRun()
    with calling(run):
        bar = utils.ProgressBar(4)
        bar.update(3)
        bar.update(3)
        bar.update_absolute(1, 2)
    assert run.steps == [(3, 4), (4, 4), (1, 2)]


def test_resizing_and_batches(shim: Import) -> None:
    utils: Any = shim("comfy.utils")
    pictures = torch.rand(2, 3, 4, 6)
    assert utils.common_upscale(pictures, 3, 3, "bilinear", "center").shape == (2, 3, 3, 3)
    film = torch.rand(1, 4, 5, 4, 6)
    assert utils.common_upscale(film, 12, 8, "nearest-exact", "disabled").shape == (1, 4, 5, 8, 12)
    with pytest.raises(NodeError, match="no resizing method 'fancy'"):
        utils.common_upscale(pictures, 3, 3, "fancy", "disabled")
    assert utils.repeat_to_batch_size(pictures, 5).shape[0] == 5
    assert utils.repeat_to_batch_size(pictures, 1).shape[0] == 1


def test_tiles_that_are_put_together_again(shim: Import) -> None:
    utils: Any = shim("comfy.utils")
    picture = torch.rand(1, 3, 50, 70)
    tiles = utils.get_tiled_scale_steps(70, 50, 32, 32, 8)
    bar = utils.ProgressBar(tiles)
    doubled = utils.tiled_scale(
        picture,
        lambda piece: piece.repeat_interleave(2, -1).repeat_interleave(2, -2),
        32, 32, 8, 2, pbar=bar,
    )  # fmt: skip
    assert torch.allclose(doubled[..., ::2, ::2], picture, atol=1e-6)
    assert bar.current == tiles


def test_weights_are_read_from_safetensors_only(shim: Import, tmp_path: Path) -> None:
    utils: Any = shim("comfy.utils")
    save_file({"a": torch.ones(2)}, str(tmp_path / "w.safetensors"), {"by": "me"})
    tensors, metadata = utils.load_torch_file(
        str(tmp_path / "w.safetensors"), safe_load=True, return_metadata=True
    )
    assert (list(tensors), metadata) == (["a"], {"by": "me"})
    utils.save_torch_file(tensors, str(tmp_path / "again.safetensors"))
    assert list(utils.load_torch_file(tmp_path / "again.safetensors")) == ["a"]
    torch.save({"a": torch.ones(2)}, tmp_path / "w.ckpt")
    with pytest.raises(NodeError, match=r"w\.ckpt is a pickle"):
        utils.load_torch_file(tmp_path / "w.ckpt")


def test_the_device_is_the_worker_s(shim: Import) -> None:
    management: Any = shim("comfy.model_management")
    assert management.get_torch_device() == torch.device("cpu")
    assert management.intermediate_device() == torch.device("cpu")
    assert management.is_device_cpu(torch.device("cpu"))
    assert management.get_free_memory() > 0
    management.soft_empty_cache()
    with pytest.raises(NodeError, match=r"comfy\.model_management\.load_models_gpu"):
        management.load_models_gpu([])


def test_the_server_is_there_and_silent(shim: Import) -> None:
    server: Any = shim("server")
    instance = server.PromptServer.instance

    @instance.routes.post("/mine")
    async def handler(_request: Any) -> None: ...

    assert callable(handler)
    instance.send_sync("progress", {"value": 1})  # outside of a call: heard by nobody
    instance.app.router.add_static("/x", "y")
    assert instance.client_id is None
    instance.send_progress_text("heard by nobody", "1")
    with calling(run := SilentRun()):
        instance.send_progress_text("Reading.", "1")
        instance.send_progress_text(b"Gr\xc3\xb6\xc3\x9fe", "7", "a client")
        instance.send_sync("mine.done", {"value": 1, "bad": float("nan"), "t": (1, b"x")}, "sid")
        asyncio.run(instance.send("other", None))
        instance.send_sync(server.BinaryEventTypes.PREVIEW_IMAGE, ("JPEG", None, 512))
    assert run.said == ["Reading.", "Größe"]
    done = {"value": 1, "bad": "nan", "t": [1, "b'x'"]}
    assert [(n, json.loads(data)) for n, data in run.sent] == [("mine.done", done), ("other", None)]
    assert shim("comfy.cli_args").args.cpu is True
    assert shim("comfy.cli_args").args.anything_else is False


def test_our_nodes_are_comfyui_s_classes(shim: Import, tmp_path: Path) -> None:
    nodes: Any = shim("nodes")
    mappings = nodes.NODE_CLASS_MAPPINGS
    assert nodes.MAX_RESOLUTION == 16384
    kind = mappings["EmptyLatentImage"]
    assert (kind.FUNCTION, kind.RETURN_TYPES) == ("generate", ("LATENT",))
    assert kind.INPUT_TYPES()["required"]["width"][1]["default"] == 512
    with calling(SilentRun()):
        (latent,) = kind().generate(64, 32, 2)
        (twice,) = nodes.RepeatLatentBatch().repeat(latent, 2)
        (inverted,) = mappings["ImageInvert"]().invert(image=torch.ones(1, 2, 2, 3))
    assert latent["samples"].shape == (2, 4, 4, 8)
    assert twice["samples"].shape[0] == 4
    assert inverted.max() == 0
    assert "lanczos" in nodes.ImageScale.upscale_methods
    assert "center" in nodes.ImageScale.crop_methods
    with pytest.raises(NodeError, match="although no node of it runs"):
        nodes.CheckpointLoaderSimple().load_checkpoint("x.safetensors")
    assert mappings["LoraLoader"].INPUT_TYPES()["required"]["lora_name"][0] == [
        str(Path("cats/tabby.safetensors"))
    ]


def test_extra_nodes_are_where_comfyui_has_them(shim: Import) -> None:
    latent: Any = shim("comfy_extras.nodes_latent")
    sampling: Any = shim("comfy_extras.nodes_custom_sampler")
    one = {"samples": torch.zeros(1, 4, 2, 2)}
    with calling(SilentRun()):
        (both,) = latent.LatentBatch().batch(one, one)
        (sampler,) = sampling.KSamplerSelect.execute("euler")
    assert both["samples"].shape[0] == 2
    assert sampler.name == "euler"
    with pytest.raises(NodeError, match=r"comfy_extras\.nodes_latent\.NoSuchNode of ComfyUI"):
        latent.NoSuchNode()


def test_a_cut_off_picture_is_read_as_far_as_it_goes(shim: Import) -> None:
    helpers: Any = shim("node_helpers")
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(whole, "PNG")
    cut = io.BytesIO(whole.getvalue()[:2000])
    assert helpers.pillow(lambda file: Image.open(file).convert("RGB"), cut).size == (64, 64)
    with pytest.raises(NodeError, match="conditioning_set_values"):
        helpers.conditioning_set_values([], {})


def test_what_packs_take_for_comfyui_s_folder_is_their_own(shim: Import, world: World) -> None:
    for module in ("folder_paths", "nodes", "server", "comfy.utils"):
        assert world.home in Path(str(shim(module).__file__)).parents
    server: Any = shim("server")
    assert Path(inspect.getfile(server.PromptServer)).parent == world.home


def test_old_previews_are_deleted(world: World) -> None:
    old, new = world.temp / "old.png", world.temp / "new.png"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    world.tidy()
    assert [path.name for path in world.temp.iterdir()] == ["new.png"]
