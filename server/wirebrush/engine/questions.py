"""Questions that a worker answers beside its job: what a run would compute, whether values fit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import asdict
from queue import SimpleQueue
from typing import Any

from wirebrush.channel import BlockingChannel, ChannelClosed, Frame
from wirebrush.engine.engine import Engine
from wirebrush.graph.prompt import Prompt

KINDS = ("plan", "check")


class Questions:
    """A thread for each kind of question: a plan may have to read files, a node may take its time.

    Frames that come before `start` wait for it.
    """

    def __init__(self, channel: BlockingChannel) -> None:
        self._channel = channel
        self._waiting: Mapping[str, SimpleQueue[Frame]] = {kind: SimpleQueue() for kind in KINDS}

    def take(self, frame: Frame) -> None:
        """Have a question answered; frames that are none are for nobody."""
        if frame.type in self._waiting:
            self._waiting[frame.type].put(frame)

    def start(self, engine: Engine) -> None:
        """Answer from now on, until the server is gone."""
        for kind in KINDS:
            arguments = (engine, kind)
            threading.Thread(target=self._serve, args=arguments, name=kind, daemon=True).start()

    def _serve(self, engine: Engine, kind: str) -> None:
        try:
            while True:
                header = self._waiting[kind].get().header
                answer = {"type": kind, "request": header.get("request")}
                self._channel.send(answer | _answered(engine, kind, header))
        except ChannelClosed:
            return


def _answered(engine: Engine, kind: str, header: Mapping[str, Any]) -> dict[str, Any]:
    try:
        prompt = Prompt.from_json(header["prompt"])
        if kind == "check":
            return {"problems": [asdict(item) for item in engine.check(prompt)]}
        return {"nodes": engine.plan(prompt, [str(target) for target in header["targets"]])}
    except ChannelClosed:
        raise
    except Exception as error:
        logging.exception("A %s could not be made.", kind)
        return {"error": f"{type(error).__name__}: {error}"}
