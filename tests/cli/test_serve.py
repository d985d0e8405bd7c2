"""The real server process: starting, refusing, ending, dying."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wirebrush.client import Studio
from wirebrush.events import NodeProgress

if TYPE_CHECKING:
    from conftest import Home

posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_t01_other_machines_are_not_let_in_without_a_token(home: Home, host: str) -> None:
    ran = home.run("serve", "--no-browser", "--port", "0", "--host", host)
    assert ran.returncode == 2
    assert f"wirebrush serve --host {host} --token" in ran.stderr
    assert ran.stdout == ""
    assert not home.data.exists(), "nothing was touched"


@posix
def test_t01_with_a_token_it_starts_and_warns(home: Home) -> None:
    server, url = home.serve("--host", "0.0.0.0", "--token", "long-enough-token")
    assert url.endswith("?token=long-enough-token")
    server.send_signal(signal.SIGTERM)
    _, told = server.communicate(timeout=300)
    assert "not encrypted" in told


def test_comfyuis_api_and_page_have_links_of_their_own(home: Home) -> None:
    page = home.root / "page"
    page.mkdir()
    (page / "index.html").write_text("<p>ComfyUI")
    server, url = home.serve("--comfy-ui", str(page))
    assert server.stdout is not None
    api, link = (server.stdout.readline().split()[-1] for _ in range(2))
    assert link == url.replace("/?", "/comfy/?")
    assert fetch(f"{api}features")[0] == 200
    assert fetch(link)[1] == b"<p>ComfyUI"


@posix
def test_t74_one_line_with_the_link_and_an_orderly_end(home: Home) -> None:
    server, url = home.serve()
    assert fetch(url.partition("?")[0])[0] == 401
    assert fetch(url.partition("?")[0] + "v1/health")[0] == 200
    server.send_signal(signal.SIGTERM)
    out, told = server.communicate(timeout=300)
    assert server.returncode == 0
    assert out == ""
    assert told == ""
    assert not (home.data / "server.json").exists()


@posix
def test_t75_a_second_server_on_the_folder_is_sent_to_the_first(home: Home) -> None:
    _, url = home.serve()
    second = home.run("serve", "--no-browser", "--port", "0")
    assert second.returncode == 1
    assert "already works in" in second.stderr
    assert url in second.stderr


@posix
def test_the_way_to_the_first_server_holds_no_token_that_is_not_its_own(home: Home) -> None:
    _, url = home.serve("--token", "a-token-of-its-own")
    second = home.run("serve", "--no-browser", "--port", "0", "--token", "quite-another-one")
    assert url.partition("?")[0] in second.stderr
    assert "token=" not in second.stderr


@posix
def test_t59_a_killed_server_starts_again_with_its_jobs_and_its_token(
    home: Home,
) -> None:
    server, url = home.serve()
    with Studio.open(url) as studio:
        studio.request("POST", "/v1/queue/pause")
        job = studio.submit(
            {
                "1": {"class_type": "TinyNumber", "inputs": {"value": 5}},
                "2": {"class_type": "Tiny", "inputs": {"value": ["1", 0]}},
            }
        )
    server.kill()
    server.communicate()
    _, again = home.serve()
    assert again.partition("?")[2] == url.partition("?")[2]
    with Studio.open(again) as studio:
        assert studio.request("GET", f"/v1/jobs/{job.id}")["job"]["state"] == "queued"
        studio.request("POST", "/v1/queue/resume")
        deadline = time.monotonic() + 300
        while studio.request("GET", f"/v1/jobs/{job.id}")["job"]["state"] != "succeeded":
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_a_port_in_use_is_a_sentence(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = home.run("serve", "--no-browser", "--port", port)
    assert ran.returncode == 2
    assert "in use by another program" in ran.stderr
    assert "Traceback" not in ran.stderr


@posix
def test_a_data_folder_that_cannot_be_used_is_a_sentence(home: Home, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    ran = home.run("serve", "--no-browser", "--port", "0")
    assert ran.returncode == 1
    assert "--data" in ran.stderr
    assert "Traceback" not in ran.stderr


@posix
def test_t71_a_damaged_journal_is_a_sentence_and_is_kept(home: Home) -> None:
    home.data.mkdir()
    (home.data / "journal.db").write_bytes(b"this is no database" * 100)
    ran = home.run("serve", "--no-browser", "--port", "0")
    assert ran.returncode == 1
    assert "damaged" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(home.data.glob("journal.damaged-*/journal.db"))


@posix
def test_a_damaged_journal_is_replaced_by_the_backup_of_the_last_end(home: Home) -> None:
    server, url = home.serve()
    prompt = {"1": {"class_type": "Tiny", "inputs": {"value": 5}}}
    with Studio.open(url) as studio:
        studio.request("POST", "/v1/queue/pause")
        job = studio.submit(prompt)
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=300)
    (home.data / "journal.db").write_bytes(b"not a database" * 1000)
    server, again = home.serve()
    with Studio.open(again) as studio:
        queue = studio.request("GET", "/v1/queue")
        assert [item["id"] for item in queue["waiting"]] == [job.id]
        assert queue["paused"]
    server.send_signal(signal.SIGTERM)
    _, told = server.communicate(timeout=300)
    assert "is used instead" in told
    assert "journal.damaged-" in told


LOSSY = {"1": True, "2": False}


@posix
def test_a_plan_is_what_the_run_then_does(home: Home) -> None:
    _, url = home.serve()
    prompt = {
        "1": {"class_type": "TinyQuick", "inputs": {"value": 5}},
        "2": {"class_type": "Tiny", "inputs": {"value": ["1", 0]}},
    }

    def plan(studio: Studio) -> dict[str, str]:
        body = json.dumps({"prompt": prompt}).encode()
        told = studio.request("POST", "/v1/plan", body, {"Content-Type": "application/json"})
        assert {node: item["lossy"] for node, item in told["nodes"].items()} == LOSSY
        return {node: item["state"] for node, item in told["nodes"].items()}

    with Studio.open(url) as studio:
        deadline = time.monotonic() + 300
        while not any(w["state"] == "idle" for w in studio.request("GET", "/v1/system")["workers"]):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert plan(studio) == {"1": "run", "2": "run"}
        studio.submit(prompt).wait()
        assert plan(studio) == {"1": "cached", "2": "cached"}


@posix
def test_t74_a_second_signal_does_not_wait_and_loses_nothing(home: Home) -> None:
    server, url = home.serve()
    with Studio.open(url) as studio:
        job = studio.submit(
            {
                "1": {"class_type": "TinySlow", "inputs": {"value": 5, "seconds": 100.0}},
                "2": {"class_type": "Tiny", "inputs": {"value": ["1", 0]}},
            }
        )
        for event in job:
            if isinstance(event, NodeProgress):
                break
    server.send_signal(signal.SIGTERM)
    while not any("ending:" in log.read_text() for log in home.data.glob("logs/server.log")):
        assert server.poll() is None, "it waits for the job"
        time.sleep(0.05)
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=300)
    assert server.returncode == 1
    _, again = home.serve()
    with Studio.open(again) as studio:
        state = studio.request("GET", f"/v1/jobs/{job.id}")["job"]["state"]
        assert state in ("queued", "leased", "running")
        studio.request("POST", f"/v1/jobs/{job.id}/cancel")


@posix
def test_the_token_stands_in_no_log(home: Home) -> None:
    server, url = home.serve()
    token = url.partition("token=")[2]
    fetch(url)
    fetch(url + "x")
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=300)
    logs = "".join(path.read_text() for path in (home.data / "logs").iterdir())
    assert "wrong token" in logs
    assert token not in logs
    audit = (home.data / "logs" / "audit.jsonl").read_text().splitlines()
    assert json.loads(audit[-1])["result"] == "401"


def test_the_server_starts_without_what_it_does_not_need() -> None:
    heavy = ("torch", "numpy", "networkx", "PIL", "jsonschema", "diffusers", "transformers")
    code = (
        "import sys, wirebrush.cli.main, wirebrush.cli.serve;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@posix
def test_torch_stays_out_of_the_running_server(home: Home) -> None:
    server, _ = home.serve()
    maps = Path(f"/proc/{server.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    assert not re.search(r"libtorch|/numpy/", maps.read_text())
