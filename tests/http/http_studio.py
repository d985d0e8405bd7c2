"""A real server on a real port, in this process: everything but the workers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import ClientSession, ClientWebSocketResponse, web
from multidict import CIMultiDictProxy

from wirebrush.api import NodeSpec, Output, Port, Widget
from wirebrush.catalog import Catalog
from wirebrush.config import Config
from wirebrush.folders import ModelFolders
from wirebrush.http.access import Access
from wirebrush.http.addresses import listen, names_for, port_of
from wirebrush.http.app import build_app, make_runner
from wirebrush.http.board import WorkerBoard
from wirebrush.http.catalogs import Catalogs
from wirebrush.http.comfy.prompts import Prompts
from wirebrush.http.comfy.services import ComfyServices
from wirebrush.http.documents import Documents
from wirebrush.http.drafts import Drafts
from wirebrush.http.hub import Hub
from wirebrush.http.packs import PackList
from wirebrush.http.services import Services
from wirebrush.http.submit import Submitter
from wirebrush.http.templates import Templates
from wirebrush.http.wire import CatalogChanged, PacksChanged, worker_changed
from wirebrush.jobs.assets import AssetStore
from wirebrush.jobs.desk import WorkerDesk
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.packswitches import PackSwitches
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.thumbnails import Thumbnails

Answer: TypeAlias = tuple[int, Any, CIMultiDictProxy[str]]

TOKEN = "token-of-the-tests"
PROXY = "https://studio.example.org"

CATALOG = Catalog(
    (
        NodeSpec(
            "Number",
            inputs=(Port("value", "INT", 1, Widget("int", min=0, max=1000)),),
            outputs=(Output("INT", "INT"),),
            pack="builtin",
        ),
        NodeSpec(
            "Add",
            inputs=(
                Port("a", "INT", widget=Widget("int")),
                Port("b", "INT", 1, Widget("int")),
            ),
            outputs=(Output("INT", "INT"),),
            pack="builtin",
        ),
        NodeSpec(
            "Open",
            inputs=(Port("image", "COMBO", widget=Widget("file", folder="image", upload=True)),),
            outputs=(Output("IMAGE", "IMAGE"),),
            pack="builtin",
        ),
        NodeSpec("Show", inputs=(Port("source", "*"),), sink=True, pack="builtin"),
    )
)

PROMPT: dict[str, Any] = {
    "1": {"class_type": "Number", "inputs": {"value": 3}},
    "2": {"class_type": "Show", "inputs": {"source": ["1", 0]}},
}
WORKFLOW: dict[str, Any] = {
    "format": "wirebrush/1",
    "id": "11111111-1111-4111-8111-111111111111",
    "name": "three",
    "nodes": {
        "1": {"type": "Number", "at": [0, 0], "values": {"value": 3}},
        "2": {"type": "Show", "at": [300, 0]},
    },
    "wires": [{"from": ["1", "INT"], "to": ["2", "source"]}],
}


@dataclass(frozen=True)
class Studio:
    """A running server and how to talk to it."""

    services: Services
    app: web.Application
    url: str
    port: int
    session: ClientSession
    access: Access

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {TOKEN}"}

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"{self.access.cookie_name}={self.access.cookie}"}

    @property
    def origin(self) -> str:
        return self.url.rstrip("/")

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Status, body (JSON if it is) and headers of a request with the token."""
        headers = {**self.bearer, **options.pop("headers", {})}
        return await self.ask_bare(method, path, headers=headers, **options)

    async def ask_bare(self, method: str, path: str, **options: Any) -> Answer:
        """The same without the token."""
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, self.url + path.lstrip("/"), **options) as answer:
            body = await answer.read()
            is_json = answer.content_type == "application/json" and body
            return answer.status, json.loads(body) if is_json else body, answer.headers

    @asynccontextmanager
    async def socket(self, **options: Any) -> AsyncIterator[ClientWebSocketResponse]:
        """A websocket with the token; its hello is read already."""
        async with self.session.ws_connect(
            self.url + "v1/ws", headers=self.bearer, **options
        ) as connection:
            hello = await connection.receive_json(timeout=60)
            assert hello["type"] == "hello"
            yield connection


@asynccontextmanager
async def running_studio(
    tmp_path: Path,
    catalog: Catalog | None = CATALOG,
    idle: float = 30.0,
    comfy: bool | ComfyServices = False,
) -> AsyncIterator[Studio]:
    """A server on a free port, closed at the end. `comfy`: it speaks ComfyUI's API too."""
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    if catalog is not None:
        catalog.save(data / "catalog.json")
    journal = await Journal.open(data / "journal.db")
    services = await _services(tmp_path, journal)
    if comfy:
        chosen = ComfyServices(data / "comfy") if comfy is True else comfy
        prompts = await Prompts.open(journal, services.queue, services.assets)
        services.hub.listen(prompts.take)
        services = replace(services, comfy=chosen, prompts=prompts)
    sockets = listen("127.0.0.1", 0)
    port = port_of(sockets)
    access = Access(TOKEN, "secret-of-the-tests", port=port)
    app = build_app(services, names_for("127.0.0.1", sockets, (PROXY,)), access, tmp_path / "dist")
    runner = make_runner(app, idle)
    await runner.setup()
    for item in sockets:
        await web.SockSite(runner, item).start()
    try:
        async with ClientSession(auto_decompress=False) as session:
            yield Studio(services, app, f"http://127.0.0.1:{port}/", port, session, access)
    finally:
        await runner.cleanup()
        await journal.close()


async def _services(tmp_path: Path, journal: Journal) -> Services:
    data = tmp_path / "data"
    config = Config(data=data, models=(tmp_path / "models",))
    hub = Hub()
    assets = await AssetStore.open(data / "assets", journal)
    queue = await JobQueue.open(journal, hub.publish)
    models = ModelFolders(config.models)
    catalogs = Catalogs(data / "catalog.json", lambda digest: hub.broadcast(CatalogChanged(digest)))
    desk = WorkerDesk()
    return Services(
        config=config,
        queue=queue,
        assets=assets,
        models=models,
        thumbnails=Thumbnails(data / "thumbnails"),
        catalogs=catalogs,
        submitter=Submitter(catalogs, queue, assets, models, desk),
        hub=hub,
        documents=Documents(data / "workflows"),
        drafts=Drafts(data / "drafts"),
        templates=Templates(tmp_path / "templates"),
        workers=WorkerBoard(lambda status: hub.broadcast(worker_changed(status))),
        desk=desk,
        packs=PackList(catalogs, PackSwitches(data), lambda: hub.broadcast(PacksChanged())),
    )
