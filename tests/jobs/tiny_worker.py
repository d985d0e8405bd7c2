"""A worker small enough to misbehave on purpose. It speaks the real channel, and has no nodes:

the `class_type` of each prompt node is what it does. Started as `python tiny_worker.py [how]`.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from typing import Any

from wirebrush.channel import PROTOCOL, BlockingChannel, ChannelClosed, Frame


class Worker:
    def __init__(self, channel: BlockingChannel) -> None:
        self.channel = channel
        self.jobs: queue.Queue[Frame] = queue.Queue()
        self.answers: queue.Queue[Frame] = queue.Queue()
        self.cancelled: set[str] = set()
        self.freed: list[bool] = []
        self.progress = 0
        self.rss = self.rss_told = 1 << 20
        self.job: dict[str, Any] = {}

    def listen(self) -> None:
        try:
            while True:
                frame = self.channel.receive()
                if frame.type == "run":
                    self.jobs.put(frame)
                elif frame.type == "cancel":
                    self.cancelled.add(frame.header["job"])
                elif frame.type == "asset":
                    self.answers.put(frame)
                elif frame.type in ("plan", "check"):
                    getattr(self, frame.type)(frame)
                elif frame.type == "free":
                    self.freed.append(frame.header["results"])
                else:
                    os._exit(0)
        except ChannelClosed:
            os._exit(0)

    def plan(self, frame: Frame) -> None:
        """Answers as the type of the first target's node says."""
        answer: dict[str, Any] = {"type": "plan", "request": frame.header["request"]}
        what = frame.header["prompt"][frame.header["targets"][0]]["class_type"]
        if what == "Exit":
            os._exit(3)
        if what == "Fail":
            self.channel.send({**answer, "error": "it is too hard"})
        elif what != "Stuck":
            nodes = dict.fromkeys(frame.header["prompt"], "run")
            self.channel.send({"type": "plan", "request": [], "nodes": {}})  # for nobody
            self.channel.send({**answer, "nodes": nodes})
            self.channel.send({**answer, "nodes": {}})  # once is enough

    def check(self, frame: Frame) -> None:
        """Every node of type Fail has something against itself; Stuck says nothing."""
        answer: dict[str, Any] = {"type": "check", "request": frame.header["request"]}
        types = {node: item["class_type"] for node, item in frame.header["prompt"].items()}
        if "Exit" in types.values():
            self.channel.send({**answer, "error": "it is too hard"})
        elif "Stuck" not in types.values():
            said = {"code": "refused_by_node", "message": "never"}
            wrong = [said | {"node": node} for node, kind in types.items() if kind == "Fail"]
            self.channel.send({**answer, "problems": wrong})

    def beat(self) -> None:
        while True:
            rss = self.rss
            self.channel.send({"type": "beat", "progress": self.progress, "rss": rss})
            self.rss_told = rss
            time.sleep(0.05)

    def work(self) -> None:
        while True:
            frame = self.jobs.get()
            self.job = dict(frame.header)
            state, problems = self.run(json.loads(frame.blob))
            event = {"type": "finished", "state": state, "problems": problems}
            self.say("finished", event=event)

    def run(self, prompt: dict[str, Any]) -> tuple[str, list[dict[str, str]]]:
        for node, item in prompt.items():
            if self.job["job"] in self.cancelled:
                return "cancelled", []
            self.say("event", event={"type": "node_started", "node": node})
            self.progress += 1
            outputs = getattr(self, item["class_type"])(node, **item["inputs"])
            if outputs is False:
                return "failed", [{"code": "node_failed", "message": "The node failed."}]
            if outputs is None:
                return "cancelled", []
            event = {"type": "node_finished", "node": node, "cached": False, "outputs": outputs}
            self.say("event", event=event)
        return "succeeded", []

    def say(self, what: str, blob: bytes = b"", /, **header: Any) -> None:
        about = {"type": what, "job": self.job["job"], "epoch": self.job["epoch"]}
        self.channel.send({**about, **header}, blob)

    # --- what nodes do: outputs, False for a failure, None for a cancel ---------------------------

    def Text(self, node: str, text: str = "") -> list[Any]:
        return [{"kind": "text", "text": text}]

    def Freed(self, node: str) -> list[Any]:
        return [{"kind": "text", "text": str(self.freed)}]

    def Picture(self, node: str, prefix: str = "tiny", lie: bool = False) -> list[Any]:
        data = png(zlib.crc32(node.encode()) % 256)
        asset = hashlib.sha256(b"lie" if lie else data).hexdigest()
        names = {"name": prefix, "mime": "image/png", "kind": "output"}
        self.say("asset", data, id=asset, node=node, index=0, **names)
        return [{"kind": "output", "asset": asset, "name": prefix, "mime": "image/png"}]

    def Fetch(self, node: str, name: str, probe: bool = False) -> list[Any]:
        if probe:
            self.channel.send({"type": "probe_assets", "request": 1, "ids": [name]})
            return [{"kind": "text", "text": str(name in self.answers.get().header["there"])}]
        self.channel.send({"type": "need_asset", "request": 1, "id": name})
        frame = self.answers.get()
        found = f"{frame.header['found']} {hashlib.sha256(frame.blob).hexdigest()}"
        return [{"kind": "text", "text": found}]

    def Sleep(self, node: str, seconds: float) -> list[Any] | None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.job["job"] in self.cancelled:
                return None
            self.progress += 1
            time.sleep(0.01)
        return []

    def Until(self, node: str, path: str) -> list[Any]:
        while not os.path.exists(path):
            self.progress += 1
            time.sleep(0.01)
        return []

    def GoesOn(self, node: str) -> list[Any]:
        # It ends because of the cancel, and what comes after it goes on as if there were none.
        while self.job["job"] not in self.cancelled:
            time.sleep(0.01)
        self.cancelled.discard(self.job["job"])
        return []

    def Append(self, node: str, path: str) -> list[Any]:
        with open(path, "a") as file:
            file.write(f"{node}\n")
        return []

    def Fail(self, node: str, why: str = "") -> bool:
        problem = {"code": "node_failed", "message": "The node failed.", "node": node}
        more = {"error": "OSError", "traceback": [f"OSError: {why}\n"], "inputs": {"why": why}}
        event = {"type": "node_failed", "node": node, "problem": problem, **more}
        self.say("event", event=event)
        return False

    def Crash(self, node: str) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(60)

    def CrashOnce(self, node: str) -> list[Any]:
        if self.job["attempt"] == 1:
            self.Crash(node)
        return []

    def Killed(self, node: str) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def Log(self, node: str, text: str) -> list[Any]:
        sys.stderr.write(f"{text}\n")
        return []

    def Exit(self, node: str) -> None:
        os._exit(3)

    def Stuck(self, node: str) -> None:
        time.sleep(3600)  # beats, gets nowhere, hears no cancel

    def Stubborn(self, node: str) -> None:
        # With a child, and deaf to the polite signal.
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        time.sleep(3600)

    def HoldsTheLock(self, node: str) -> None:
        re.match(r"(a+)+$", "a" * 60 + "b")  # years, and no other thread runs

    def Stopped(self, node: str) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    def Grow(self, node: str) -> list[Any]:
        self.rss = 1 << 40
        while self.rss_told != self.rss:
            time.sleep(0.01)
        return []

    def Nonsense(self, node: str) -> list[Any]:
        self.say("event", event={"type": "no such event"})
        return []

    def Pid(self, node: str) -> list[Any]:
        return [{"kind": "text", "text": str(os.getpid())}]


def png(grey: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
    rows = (b"\0" + bytes([grey]) * 4) * 4
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def main(how: str) -> None:
    if how == "broken":
        sys.exit("No module named 'torch'")
    if how == "silent":
        time.sleep(3600)
    if how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    worker = Worker(BlockingChannel(sys.stdin.buffer, sys.stdout.buffer))
    protocol = 99 if how == "future" else PROTOCOL
    hello = {"type": "hello", "protocol": protocol, "pid": os.getpid(), "device": "cpu"}
    worker.channel.send({**hello, "device_name": "tiny", "memory": 1})
    if how in ("imports", "ended"):
        worker.channel.send({"type": "importing", "pack": "endless"})
        sys.stderr.write("It imports.\n")
        sys.stderr.flush()
        if how == "ended":
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(3600)
    worker.channel.send({"type": "catalog", "nodes": [], "failures": [], "digest": "tiny"})
    if how == "leaves":
        time.sleep(0.1)
        os._exit(7)
    threading.Thread(target=worker.listen, daemon=True).start()
    threading.Thread(target=worker.beat, daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
