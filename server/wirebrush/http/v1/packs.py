"""The packs: what is there, and which of them are on."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from wirebrush.http.answers import Refused, answer
from wirebrush.http.audit import note
from wirebrush.http.keys import SERVICES
from wirebrush.http.packs import PackRecord
from wirebrush.http.requests import field_of, json_body
from wirebrush.http.routes import Route


async def listing(request: web.Request) -> web.Response:
    """All packs, and the folders that are looked at for them."""
    services = request.app[SERVICES]
    config = services.config
    folders = (() if config.packs is None else (config.packs,)) + config.comfy_packs
    return answer(
        {
            "packs": [asdict(record) for record in services.packs.records()],
            "folders": [str(folder) for folder in folders],
        }
    )


async def switch(request: web.Request) -> web.Response:
    """Turn a pack on or off."""
    name = request.match_info["name"]
    body = await json_body(request)
    on: bool | None = field_of(body, "on", bool, "true or false")
    anew: bool | None = field_of(body, "anew", bool, "true or false")
    if on is None:
        raise Refused(400, "bad_field", "'on' is missing.", 'Write {"on": true}.')
    record = await request.app[SERVICES].packs.turn(name, on, bool(anew))
    note(request, f"pack {name} {'on' if on else 'off'}", "200")
    return answer(asdict(record))


async def reload(request: web.Request) -> web.Response:
    """Look for packs anew."""
    request.app[SERVICES].packs.look_again()
    return answer({"looking": True}, status=202)


ROUTES = (
    Route(
        "GET",
        "/v1/packs",
        listing,
        "All packs: their nodes, whether they are on, and what went wrong.",
        gives={"packs": list[PackRecord], "folders": list[str]},
    ),
    Route(
        "PUT",
        "/v1/packs/{name}",
        switch,
        "Turn a pack on or off. Workers start anew for it, after the job they are busy with. On"
        " again tries a pack anew that could not be loaded, and accepts one that has changed;"
        " `anew` also loads one again that is on, and accepts it as its files are now.",
        body={"on": bool, "anew": bool | None},
        gives=PackRecord,
    ),
    Route(
        "POST",
        "/v1/packs/reload",
        reload,
        "Look for packs anew, and load those that are on as they are now. Workers start anew for"
        " it, after the job they are busy with; the catalog event tells when they have.",
        gives={"looking": bool},
        status=202,
    ),
)
