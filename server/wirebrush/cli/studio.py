"""The composition root of a server: everything is made here, in order, and ended in reverse."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from socket import socket
from typing import Any

from aiohttp import web

import wirebrush_web
from wirebrush.cli.devices import device_names
from wirebrush.config import Config
from wirebrush.folders import ModelFolders, packaged_roots
from wirebrush.http.access import Access, kept_secret
from wirebrush.http.addresses import names_for, page_url, port_of
from wirebrush.http.app import build_app, make_runner
from wirebrush.http.board import WorkerBoard
from wirebrush.http.catalogs import Catalogs
from wirebrush.http.comfy.logs import kept_log, log_job
from wirebrush.http.comfy.page import installed_templates
from wirebrush.http.comfy.prompts import Prompts
from wirebrush.http.comfy.services import ComfyServices
from wirebrush.http.documents import Documents
from wirebrush.http.drafts import Drafts
from wirebrush.http.hub import Hub
from wirebrush.http.packs import PackList
from wirebrush.http.services import Services
from wirebrush.http.submit import Submitter
from wirebrush.http.templates import Templates
from wirebrush.http.textfiles import remove_unfinished
from wirebrush.http.wire import CatalogChanged, PacksChanged, worker_changed
from wirebrush.jobs.assets import AssetStore
from wirebrush.jobs.attempt import Services as WorkerServices
from wirebrush.jobs.desk import WorkerDesk
from wirebrush.jobs.headroom import Headroom
from wirebrush.jobs.housekeeping import Housekeeping
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.leftovers import Leftovers
from wirebrush.jobs.limits import Limits
from wirebrush.jobs.lock import FolderLock
from wirebrush.jobs.packswitches import PackSwitches
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.status import Listeners
from wirebrush.jobs.supervisor import Supervisor
from wirebrush.jobs.thumbnails import Thumbnails
from wirebrush.jobs.worker import WorkerCommand
from wirebrush.packlist import PackChoice


@dataclass(frozen=True, slots=True)
class Studio:
    """A server that answers. `url` has the token in it."""

    url: str
    supervisors: Sequence[Supervisor]
    tasks: Sequence[asyncio.Task[None]]

    async def drain(self) -> None:
        """Start nothing new; running jobs get a moment, then go back into the queue."""
        await asyncio.gather(*(supervisor.stop() for supervisor in self.supervisors))


@asynccontextmanager
async def open_studio(config: Config, sockets: Sequence[socket]) -> AsyncGenerator[Studio]:
    """Serve on these sockets, until the block ends. The page is answered before workers start.

    FolderInUse and the journal's errors say why a data folder cannot be used.
    """
    async with AsyncExitStack() as stack:
        lock = FolderLock.take(config.data / "lock")
        stack.callback(lock.release)
        secret = kept_secret(config.data)
        token = config.token or secret
        journal = await Journal.open(config.data / "journal.db")
        stack.push_async_callback(journal.close)
        stack.push_async_callback(journal.back_up_at_end)
        services = await _services(config, journal)
        if services.comfy is not None and services.prompts is not None:
            stack.enter_context(kept_log(services.comfy.logs, services.prompts.sockets))
            services.hub.listen(log_job)

        access = Access(token, secret, port=port_of(sockets))
        names = names_for(config.host, sockets, config.origins)
        app = build_app(services, names, access, wirebrush_web.page_path())
        await _answer(app, sockets, stack)

        url = page_url(config.host, sockets)
        note = config.data / "server.json"
        about = {"url": url, "pid": os.getpid(), "kept_token": config.token is None}
        note.write_text(json.dumps(about), encoding="utf-8")
        stack.callback(note.unlink, missing_ok=True)

        supervisors = await _supervisors(config, services)
        tasks = [asyncio.create_task(supervisor.run()) for supervisor in supervisors]
        keeping = Housekeeping(journal, services.assets, services.queue, config.history_days)
        tasks.append(asyncio.create_task(keeping.run()))
        stack.push_async_callback(_end, tasks)
        yield Studio(f"{url}?token={token}", supervisors, tasks)


async def _services(config: Config, journal: Journal) -> Services:
    for folder in ("workflows", "drafts"):
        await asyncio.to_thread(remove_unfinished, config.data / folder)
    hub = Hub()
    assets = await AssetStore.open(config.data / "assets", journal, config.data / "output")
    queue = await JobQueue.open(journal, hub.publish, Headroom(config.data))
    models = ModelFolders((*config.models, *packaged_roots()), config.model_folders)
    catalogs = Catalogs(
        config.data / "catalog.json", lambda digest: hub.broadcast(CatalogChanged(digest))
    )
    desk = WorkerDesk()
    return Services(
        config=config,
        queue=queue,
        assets=assets,
        models=models,
        thumbnails=Thumbnails(config.data / "thumbnails"),
        catalogs=catalogs,
        submitter=Submitter(catalogs, queue, assets, models, desk),
        hub=hub,
        documents=Documents(config.data / "workflows"),
        drafts=Drafts(config.data / "drafts"),
        templates=Templates(wirebrush_web.workflows_path()),
        workers=WorkerBoard(lambda status: hub.broadcast(worker_changed(status))),
        desk=desk,
        packs=PackList(
            catalogs,
            PackSwitches(config.data, config.packs_on, config.all_packs_on),
            lambda: hub.broadcast(PacksChanged()),
            config.packs_on,
        ),
        comfy=_comfy(config) if config.comfy else None,
        prompts=await _prompts(journal, queue, assets, hub) if config.comfy else None,
    )


async def _prompts(journal: Journal, queue: JobQueue, assets: AssetStore, hub: Hub) -> Prompts:
    prompts = await Prompts.open(journal, queue, assets)
    hub.listen(prompts.take)
    return prompts


def _comfy(config: Config) -> ComfyServices:
    own = () if config.packs is None else (config.packs,)
    folders = (*own, *config.comfy_packs)
    return ComfyServices(config.data / "comfy", config.comfy_ui, installed_templates(), folders)


async def _answer(app: web.Application, sockets: Sequence[socket], stack: AsyncExitStack) -> None:
    runner = make_runner(app)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    for item in sockets:
        await web.SockSite(runner, item).start()


async def _supervisors(config: Config, services: Services) -> list[Supervisor]:
    leftovers = Leftovers(config.data / "workers")
    await asyncio.to_thread(leftovers.end_all)
    devices = config.workers or await asyncio.to_thread(device_names)
    named = list(zip(worker_names(devices), devices, strict=True))
    packs = services.packs

    def heard(catalog: Mapping[str, Any]) -> None:
        services.catalogs.replace(packs.remembering(catalog))
        packs.heard()

    supervisors = [
        Supervisor(
            _command(name, device, config, packs.choice()),
            Limits(node=config.node_deadline, cancel_grace=config.cancel_grace),
            WorkerServices(services.queue, services.assets, services.hub.publish, services.desk),
            leftovers,
            Listeners(catalog=heard, status=services.workers.put, fatal=packs.ended),
        )
        for name, device in named
    ]

    def renew(choice: PackChoice) -> None:
        for supervisor, (name, device) in zip(supervisors, named, strict=True):
            supervisor.use(_command(name, device, config, choice))

    packs.serve(renew)
    return supervisors


def worker_names(devices: Sequence[str]) -> list[str]:
    """A name per worker: `cuda-0`; the second one on the same device is `cuda-0-b`."""
    names: list[str] = []
    for device in devices:
        name = device.replace(":", "-") if ":" in device else f"{device}-0"
        twins = sum(other == name or other.startswith(f"{name}-") for other in names)
        names.append(f"{name}-{chr(ord('a') + twins)}" if twins else name)
    return names


def _command(name: str, device: str, config: Config, choice: PackChoice) -> WorkerCommand:
    return WorkerCommand.engine(
        name,
        device,
        config.data,
        models=(*config.models, *packaged_roots()),
        model_folders=config.model_folders,
        packs=() if config.packs is None else (config.packs,),
        comfy_packs=config.comfy_packs,
        choice=choice,
        memory_bytes=config.memory_cache,
        disk_bytes=config.disk_cache,
        vram_limit=config.vram_limit,
    )


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
