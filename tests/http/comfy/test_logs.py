"""The server's own log, for clients that show it."""

from __future__ import annotations

import logging

import pytest
from http_studio import Studio

from wirebrush.events import Finished, NodeStarted, Problem, Started, Summary
from wirebrush.http.comfy.logbook import LINES, MOST, Entry, LogBook
from wirebrush.http.comfy.logs import kept_log, log_job


def log(book: LogBook, text: str, level: int = logging.INFO) -> None:
    book.handle(logging.LogRecord("wirebrush.http", level, "x.py", 1, text, None, None))


async def test_the_last_lines(comfy: Studio) -> None:
    services = comfy.services.comfy
    assert services is not None
    log(services.logs, "hello", logging.WARNING)
    text = (await comfy.ask_bare("GET", "/internal/logs"))[1]
    assert text.endswith(" - WARNING: hello\n")
    raw = (await comfy.ask_bare("GET", "/internal/logs/raw"))[1]
    assert list(raw) == ["entries", "size"]
    assert set(raw["size"]) == {"cols", "rows"}
    assert raw["entries"][-1]["m"] == "WARNING: hello\n"
    assert text.startswith(raw["entries"][0]["t"])


async def test_a_client_asks_for_more(comfy: Studio) -> None:
    services = comfy.services.comfy
    assert services is not None
    path, ask = "/internal/logs/subscribe", comfy.ask_bare
    assert (await ask("PATCH", path, json={"clientId": "a", "enabled": True}))[:2] == (200, b"")
    assert services.logs.subscribers == {"a"}
    assert (await ask("PATCH", path, json={"clientId": "a", "enabled": False}))[0] == 200
    assert services.logs.subscribers == set()
    for bad in ({}, [], {"clientId": 1}, {"clientId": ""}):
        assert (await ask("PATCH", path, json=bad))[0] == 400


async def test_who_asked_hears_of_new_lines_as_long_as_it_listens(comfy: Studio) -> None:
    services, prompts = comfy.services.comfy, comfy.services.prompts
    assert services is not None
    assert prompts is not None
    logger = logging.getLogger("wirebrush.test")
    with kept_log(services.logs, prompts.sockets):
        async with comfy.session.ws_connect(comfy.url + "ws?clientId=a") as connection:
            await connection.receive_json(timeout=60)
            for client in ("a", "gone"):
                services.logs.subscribe(client, True)
            logger.error("hello")
            told = await connection.receive_json(timeout=60)
        assert told["type"] == "logs"
        assert [line["m"] for line in told["data"]["entries"]] == ["ERROR: hello\n"]
        assert services.logs.subscribers == {"a"}
    logger.error("nobody hears this")
    assert len(services.logs.entries()) == 1


def test_jobs_are_written_down(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wirebrush.jobs")
    log_job("j", Started("cpu-0", 1, 7))
    log_job("j", NodeStarted("1"))
    log_job("j", Finished("failed", Summary(seconds=1.5), (Problem("x", "It broke."),)))
    assert caplog.messages == ["job j: 7 nodes, on cpu-0", "job j: failed after 1.50 s; It broke."]


def test_only_so_many_follow() -> None:
    book = LogBook()
    for number in range(MOST + 1):
        book.subscribe(str(number), True)
    assert len(book.subscribers) == MOST


@pytest.mark.parametrize(
    "text",
    ["GET /?token=abcd1234 failed", "Authorization: Bearer abcd1234", "token: abcd1234;"],
)
def test_no_secret_is_told(text: str) -> None:
    book = LogBook()
    told: list[Entry] = []
    book.tell = told.append
    log(book, text)
    assert told == book.entries()
    assert "abcd1234" not in str(told)
    assert "..." in str(told)


def test_old_lines_are_forgotten() -> None:
    book = LogBook()
    for number in range(LINES + 5):
        log(book, str(number))
    assert len(book.entries()) == LINES
    assert book.entries()[0]["m"] == "INFO: 5\n"


async def test_what_is_internal_is_not_below_api(comfy: Studio) -> None:
    for path in ("logs", "logs/raw", "folder_paths", "files/output"):
        assert (await comfy.ask_bare("GET", f"/internal/{path}"))[0] == 200
        assert (await comfy.ask_bare("GET", f"/api/internal/{path}"))[0] == 404
