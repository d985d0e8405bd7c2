"""`server.PromptServer`: packs add routes and send messages to it. There is no server in a worker.

Routes are taken and never served. Messages reach ComfyUI's clients while a node is called. Nodes
work without them: what they show travels by `ui`, and widgets that a pack draws in ComfyUI's own
page are not drawn in ours.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from wirebrush_comfy.current import current_run
from wirebrush_comfy.plain import as_json
from wirebrush_comfy.world import World

F = TypeVar("F", bound=Callable[..., Any])


class Inert:
    """Takes everything and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert()

    def __call__(self, *_arguments: Any, **_named: Any) -> Inert:
        return Inert()

    def __getitem__(self, _key: Any) -> Inert:
        return Inert()

    def __setitem__(self, _key: Any, _value: Any) -> None:
        """Nothing is kept."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Routes:
    """Decorators that leave the handler as it is. `asked` are the addresses that packs named."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, path: str, **_options: Any) -> Callable[[F], F]:
        """A route that is never served."""
        self.asked.append(str(path))
        return _as_it_is

    post = put = patch = delete = head = view = options = get

    def route(self, _method: str, path: str, **_options: Any) -> Callable[[F], F]:
        """A route of any method that is never served."""
        return self.get(path)

    def static(self, prefix: str = "", *_arguments: Any, **_named: Any) -> None:
        """A folder that is never served."""
        self.asked.append(str(prefix))

    def __iter__(self) -> Iterator[Any]:
        """None of them, for who hands them to the application: they were counted."""
        return iter(())


def _as_it_is(handler: F) -> F:
    return handler


class Router(Inert):
    """The application's own way to name addresses."""

    def __init__(self, routes: Routes) -> None:
        self._asked = routes.asked

    def add_get(self, path: str, *_arguments: Any, **_named: Any) -> None:
        """A route that is never served."""
        self._asked.append(str(path))

    add_post = add_put = add_patch = add_delete = add_head = add_options = add_view = add_get
    add_static = add_get

    def add_route(self, _method: str, path: str, *_arguments: Any, **_named: Any) -> None:
        """A route of any method that is never served."""
        self._asked.append(str(path))

    def add_routes(self, routes: Iterable[Any]) -> None:
        """Routes, or folders, that are never served."""
        for route in routes:
            self._asked.append(str(getattr(route, "prefix", None) or getattr(route, "path", "")))


class App(Inert):
    """The application: takes everything, and remembers the addresses that packs name."""

    def __init__(self, routes: Routes) -> None:
        self.router = Router(routes)
        self.add_routes = self.router.add_routes


class PromptServer:
    """The server, as packs see it: there, and silent."""

    instance: PromptServer

    def __init__(self) -> None:
        self.routes = Routes()
        self.app = App(self.routes)
        self.prompt_queue = Inert()
        self.supports = ["custom_nodes_from_web"]
        self.client_id: str | None = None
        self.last_prompt_id: str | None = None
        self.sockets: dict[str, Any] = {}
        self.sockets_metadata: dict[str, Any] = {}
        self.on_prompt_handlers: list[Any] = []
        self.address = "127.0.0.1"
        self.port = 8188

    @property
    def last_node_id(self) -> str | None:
        """The node that is being called."""
        run = current_run()
        return None if run is None else run.node

    @property
    def loop(self) -> Any:
        """Where coroutines could be scheduled: the loop that runs, if one does."""
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            return Inert()

    def send_sync(self, event: str, data: Any, sid: str | None = None) -> None:
        """A message to who wanted what is being run, whatever `sid`; to nobody while no node is
        called."""
        run = current_run()
        if run is not None and type(event) is str:
            run.send(event, json.dumps(as_json(data)))

    async def send(self, event: str, data: Any, sid: str | None = None) -> None:
        """The same."""
        self.send_sync(event, data, sid)

    async def send_json(self, event: str, data: Any, sid: str | None = None) -> None:
        """The same."""
        self.send_sync(event, data, sid)

    def send_progress_text(
        self, text: str | bytes | bytearray, node_id: str, sid: str | None = None
    ) -> None:
        """A line on the node while it works: the one that is being called, whatever `node_id`."""
        run = current_run()
        if run is not None:
            run.say(text if isinstance(text, str) else text.decode("utf-8", "replace"))

    def add_on_prompt_handler(self, handler: Any) -> None:
        """Packs may not change prompts on their way here: what a person sees is what runs."""
        self.on_prompt_handlers.append(handler)

    def add_routes(self) -> None:
        """Nothing is served."""

    def queue_updated(self) -> None:
        """Nobody listens."""


def server(_world: World) -> Mapping[str, Any]:
    """The module `server`."""
    kind = type("PromptServer", (PromptServer,), {"__module__": "server"})
    kind.instance = kind()
    return {"PromptServer": kind, "BinaryEventTypes": Inert()}
