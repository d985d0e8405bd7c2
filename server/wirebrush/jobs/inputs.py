"""What accepted jobs may still want to read: it stays, whoever deletes it meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, cast

from wirebrush.events import FINAL_STATES
from wirebrush.jobs import jobtable
from wirebrush.jobs.journal import Journal


async def wanted_by_jobs(journal: Journal) -> set[str]:
    """All texts in the prompts of jobs that have not ended: names and ids of files among them."""
    found: set[str] = set()
    for job in await journal.read(_unfinished):
        body = await journal.read(lambda db, job=job: jobtable.body(db, job))
        found.update(_texts({} if body is None else body.prompt))
    return found


def _unfinished(db: sqlite3.Connection) -> list[str]:
    marks = ", ".join("?" * len(FINAL_STATES))
    rows = db.execute(
        f"SELECT MIN(id) AS id FROM jobs WHERE state NOT IN ({marks}) GROUP BY body",
        tuple(FINAL_STATES),
    )
    return [row["id"] for row in rows.fetchall()]


def _texts(prompt: Mapping[str, Any]) -> Iterator[str]:
    stack: list[Any] = [node.get("inputs") for node in prompt.values()]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack.extend(cast("dict[str, Any]", item).values())
        elif isinstance(item, list):
            stack.extend(cast("list[Any]", item))
