"""What handlers call. Made once, by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from wirebrush.config import Config
from wirebrush.folders import ModelFolders
from wirebrush.http.board import WorkerBoard
from wirebrush.http.catalogs import Catalogs
from wirebrush.http.comfy.prompts import Prompts
from wirebrush.http.comfy.services import ComfyServices
from wirebrush.http.documents import Documents
from wirebrush.http.drafts import Drafts
from wirebrush.http.hub import Hub
from wirebrush.http.packs import PackList
from wirebrush.http.submit import Submitter
from wirebrush.http.templates import Templates
from wirebrush.jobs.assets import AssetStore
from wirebrush.jobs.desk import WorkerDesk
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.thumbnails import Thumbnails


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one server. `comfy` and `prompts` are None unless it speaks ComfyUI's API."""

    config: Config
    queue: JobQueue
    assets: AssetStore
    models: ModelFolders
    thumbnails: Thumbnails
    catalogs: Catalogs
    submitter: Submitter
    hub: Hub
    documents: Documents
    drafts: Drafts
    templates: Templates
    workers: WorkerBoard
    desk: WorkerDesk
    packs: PackList
    comfy: ComfyServices | None = None
    prompts: Prompts | None = None
