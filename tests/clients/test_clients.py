"""Programs written for ComfyUI, as people have them: each runs a prompt and gets the picture."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from installing import node_clients, node_program, python_clients
from PIL import Image
from server_process import Server
from websockets.sync.client import connect

HERE = Path(__file__).parent
PROMPT: dict[str, Any] = json.loads((HERE / "postcard.json").read_text("utf-8"))
SCRIPT = """
import sys
from comfy_script.runtime import Workflow, load
load(sys.argv[1])
from comfy_script.runtime.nodes import *
with Workflow(wait=True):
    model, clip, vae = CheckpointLoaderSimple("postcards")
    words = CLIPTextEncode("a red house in a meadow by day", clip), CLIPTextEncode("", clip)
    latent = KSampler(model, 9, 8, 4.0, "euler", "normal", *words, EmptyLatentImage(128, 128, 1), 1)
    saved = SaveImage(VAEDecode(latent, vae), "clients/script")
saved.wait()[0].save(sys.argv[2])
"""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio that speaks ComfyUI's API: its address, such as 127.0.0.1:8188."""
    with Server(tmp_path_factory.mktemp("studio"), more=("--comfy",)) as running:
        address = urllib.parse.urlsplit(running.link).netloc
        with urllib.request.urlopen(f"http://{address}/object_info", timeout=300) as answer:
            assert answer.read(), "the worker is up: not all clients wait for it"
        yield address


@pytest.fixture(scope="module")
def kept(request: pytest.FixtureRequest) -> Path:
    """A folder that stays from one run of the tests to the next."""
    return request.config.cache.mkdir("clients")


@pytest.fixture
def node(kept: Path, tmp_path: Path) -> Path:
    """A folder with the clients for Node.js, and the scripts that use them."""
    folder = node_clients(kept)
    for script in HERE.glob("*.mjs"):
        (folder / script.name).write_text(script.read_text("utf-8"), "utf-8")
    return folder


def prompt_file(folder: Path, seed: int) -> str:
    """The prompt in a file, with a seed of its own: nothing of it is cached."""
    prompt = {**PROMPT, "3": {**PROMPT["3"], "inputs": {**PROMPT["3"]["inputs"], "seed": seed}}}
    path = folder / f"postcard-{seed}.json"
    path.write_text(json.dumps(prompt), "utf-8")
    return str(path)


def output_of(command: Sequence[str], **environ: str) -> str:
    """What a program prints, which must end well."""
    ran = subprocess.run(
        command,
        env={**os.environ, "DO_NOT_TRACK": "1", "PYTHONUTF8": "1", **environ},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout


def check_picture(source: str | Path) -> None:
    """A postcard, at an address or in a file: its size, and enough colours."""
    if isinstance(source, Path):
        data = source.read_bytes()
    else:
        with urllib.request.urlopen(source, timeout=60) as answer:
            data = answer.read()
    image = Image.open(io.BytesIO(data))
    assert image.size == (128, 128)
    colours = image.convert("RGB").quantize(64).getcolors() or []
    assert len(colours) > 20


def test_a_script_with_urllib_and_a_websocket(server: str) -> None:
    client, prompt_id = uuid.uuid4().hex, str(uuid.uuid4())
    body = {"prompt": PROMPT, "client_id": client, "prompt_id": prompt_id}
    heard: list[tuple[str, Any]] = []
    pictures: list[bytes] = []
    with connect(f"ws://{server}/ws?clientId={client}", open_timeout=60) as socket:
        request = urllib.request.Request(
            f"http://{server}/prompt", data=json.dumps(body).encode("utf-8")
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            assert json.loads(answer.read())["prompt_id"] == prompt_id
        while heard[-1:] != [("executing", None)]:
            message = socket.recv(timeout=300)
            if isinstance(message, bytes):
                pictures.append(message)
                continue
            frame = json.loads(message)
            heard.append((frame["type"], frame["data"].get("node")))
    assert heard[0] == ("status", None)
    assert ("executing", "3") in heard
    assert heard.index(("executed", "9")) < heard.index(("execution_success", None))
    assert pictures
    assert all(picture[:8] == b"\0\0\0\1\0\0\0\1" for picture in pictures)

    with urllib.request.urlopen(f"http://{server}/history/{prompt_id}", timeout=60) as answer:
        history = json.loads(answer.read())[prompt_id]
    assert history["status"]["status_str"] == "success"
    [image] = history["outputs"]["9"]["images"]
    check_picture(f"http://{server}/view?{urllib.parse.urlencode(image)}")


def test_comfy_cli(server: str, kept: Path, tmp_path: Path) -> None:
    host, _, port = server.partition(":")
    said = output_of(
        (
            *(sys.executable, "-c", "from comfy_cli.__main__ import main; main()"),
            *("--skip-prompt", "run", "--workflow", prompt_file(tmp_path, 21)),
            *("--host", host, "--port", port, "--wait"),
        ),
        PYTHONPATH=str(python_clients(kept)),
        HOME=str(tmp_path),
    )
    done = json.loads(said.splitlines()[-1])
    assert (done["ok"], done["data"]["status"]) == (True, "completed")
    assert done["data"]["executed_node_ids"][-1] == "9"
    check_picture(done["data"]["outputs"][0])


def test_comfy_script(server: str, kept: Path, tmp_path: Path) -> None:
    picture, script = tmp_path / "picture.png", tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")  # it reads its own source
    output_of(
        (sys.executable, str(script), f"http://{server}/", str(picture)),
        PYTHONPATH=str(python_clients(kept)),
        HOME=str(tmp_path),
    )
    check_picture(picture)


def test_stable_canvas_client(server: str, node: Path, tmp_path: Path) -> None:
    script = str(node / "stable_canvas.mjs")
    said = json.loads(output_of((node_program(), script, server, prompt_file(tmp_path, 22))))
    assert said["types"] > 200
    assert "postcards-regatta" in said["embeddings"]
    assert said["steps"][-1] == [30, 30]
    assert {"status", "execution_start", "progress", "executed"} <= set(said["heard"])
    assert (said["waiting"], len(said["urls"])) == (0, 1)
    assert said["over"] >= 1
    assert said["previews"] >= 1
    check_picture(said["urls"][0])


def test_saintno_sdk(server: str, node: Path, tmp_path: Path) -> None:
    upload = tmp_path / "upload.png"
    Image.new("RGB", (16, 16), "blue").save(upload)
    command = (node_program(), str(node / "saintno.mjs"), f"http://{server}")
    said = json.loads(output_of((*command, prompt_file(tmp_path, 23), str(upload))))
    assert said["told"]["started"] == 1
    assert said["told"]["progress"] > 0
    assert said["uploaded"]["filename"] == "upload.png"
    assert said["checkpoints"] == ["postcards"]
    check_picture(said["pictures"][0])


def test_cfli(server: str, node: Path, tmp_path: Path) -> None:
    program = node / "node_modules" / "@saintno" / "comfyui-sdk" / "dist" / "cli.js"
    command = (node_program(), str(program), "--host", f"http://{server}", "--json", "--quiet")
    options = ("-i", "3.inputs.seed=24", "--download", "-o", str(tmp_path / "out"))
    said = json.loads(output_of((*command, "-f", prompt_file(tmp_path, 1), *options)))
    assert said["status"] == "completed"
    [picture] = (tmp_path / "out").iterdir()
    check_picture(picture)
