"""The SQL of the gallery: pages of files as somebody looks for them, and what there is to choose.

A search reads the words of all files of a kind. For ten thousand that takes about ten
milliseconds, finds parts of words in every script, and needs no second index to keep true.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wirebrush.jobs.assettable import COLUMNS, folded, record_of
from wirebrush.jobs.records import AssetKind, AssetRecord

DAY = 86_400
MOST_WORDS = 16
MOST_MODELS = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files: all conditions that are given hold. `search` is words, or parts of words, each
    of which must stand in the prompt, the models, the names or the seed. Times in seconds since
    1970, `after` included and `before` not. `trashed` asks for the trash instead."""

    kind: AssetKind | None = None
    search: str = ""
    model: str | None = None
    after: float | None = None
    before: float | None = None
    starred: bool = False
    trashed: bool = False


@dataclass(frozen=True, slots=True)
class ModelCount:
    """How many files a model had a part in."""

    model: str
    count: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many files were made on a day, such as 2026-03-31."""

    day: str
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What the files of a kind can be narrowed by."""

    total: int
    starred: int
    models: tuple[ModelCount, ...]
    days: tuple[DayCount, ...]


def page(
    db: sqlite3.Connection, wanted: Wanted, cursor: int | None, limit: int
) -> tuple[list[AssetRecord], int | None]:
    """Files, the latest first, below the cursor of the last page; and the cursor of the next."""
    where, values = _conditions(wanted)
    if cursor is not None:
        where.append("seq < ?")
        values.append(cursor)
    rows = db.execute(
        f"{COLUMNS} WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ?", (*values, limit)
    ).fetchall()
    more: int | None = rows[-1]["seq"] if len(rows) == limit else None
    return [record_of(row) for row in rows], more


def facets(db: sqlite3.Connection, kind: AssetKind | None, offset: int) -> Facets:
    """Models by how often they were used, days with the latest first; in the time zone that is
    `offset` seconds ahead of UTC."""
    which = "trashed IS NULL AND (?1 IS NULL OR kind = ?1)"
    total, starred = db.execute(
        f"SELECT COUNT(*), COALESCE(SUM(starred), 0) FROM assets WHERE {which}", (kind,)
    ).fetchone()
    models = db.execute(
        f"""SELECT model, COUNT(*) AS count FROM asset_models JOIN assets ON id = asset
            WHERE {which} GROUP BY model ORDER BY count DESC, model LIMIT ?2""",
        (kind, MOST_MODELS),
    ).fetchall()
    days = db.execute(
        f"""SELECT CAST(created + ?2 AS INTEGER) / {DAY} AS day, COUNT(*) AS count FROM assets
            WHERE {which} GROUP BY day ORDER BY day DESC""",
        (kind, offset),
    ).fetchall()
    return Facets(
        total,
        starred,
        tuple(ModelCount(row["model"], row["count"]) for row in models),
        tuple(DayCount(_day(row["day"]), row["count"]) for row in days),
    )


def newest_of(db: sqlite3.Connection, documents: Collection[str]) -> dict[str, str]:
    """The latest picture that a job of each document showed."""
    newest: dict[str, str] = {}
    for document in documents:
        row = db.execute(
            """SELECT asset FROM jobs JOIN outputs ON outputs.job = jobs.id
                JOIN assets ON assets.id = asset AND trashed IS NULL
                WHERE jobs.document = ? AND outputs.kind = 'output'
                AND outputs.mime LIKE 'image/%' ORDER BY jobs.seq DESC, node, idx LIMIT 1""",
            (document,),
        ).fetchone()
        if row is not None:
            newest[document] = row["asset"]
    return newest


def _conditions(wanted: Wanted) -> tuple[list[str], list[Any]]:
    where = ["trashed IS NOT NULL" if wanted.trashed else "trashed IS NULL"]
    values: list[Any] = []
    for condition, value in (
        ("kind = ?", wanted.kind),
        ("created >= ?", wanted.after),
        ("created < ?", wanted.before),
        ("id IN (SELECT asset FROM asset_models WHERE model = ?)", wanted.model),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    if wanted.starred:
        where.append("starred")
    words = folded(wanted.search).split()[:MOST_WORDS]
    where += ["instr(words, ?)"] * len(words)
    return where, [*values, *words]


def _day(number: int) -> str:
    return datetime.fromtimestamp(number * DAY, UTC).date().isoformat()
