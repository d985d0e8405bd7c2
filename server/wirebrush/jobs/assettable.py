"""The SQL of assets: files by id, and the labels by which people know them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

from wirebrush.jobs.records import AssetKind, AssetRecord

_COLUMNS = """SELECT assets.*, COALESCE(
    (SELECT name FROM labels WHERE asset = assets.id ORDER BY seq DESC LIMIT 1), ''
) AS name FROM assets"""


def add(db: sqlite3.Connection, record: AssetRecord, overwrite: bool) -> AssetRecord:
    """Record a file and label it. The same bytes under two names are one file with two labels.

    A label that means another file already gets a number, unless `overwrite` gives it away.
    """
    db.execute(
        """INSERT INTO assets (id, mime, kind, size, width, height, created)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
            kind = CASE WHEN kind = 'preview' THEN excluded.kind ELSE kind END""",
        (
            *(record.id, record.mime, record.kind, record.size),
            *(record.width, record.height, record.created),
        ),
    )
    if overwrite:
        db.execute("DELETE FROM labels WHERE name = ? AND asset != ?", (record.name, record.id))
    label = _free_label(db, record)
    db.execute("INSERT OR IGNORE INTO labels (name, asset) VALUES (?, ?)", (label, record.id))
    row = db.execute(f"{_COLUMNS} WHERE id = ?", (record.id,)).fetchone()
    return _record(row, label)


def get(db: sqlite3.Connection, asset: str) -> AssetRecord | None:
    """The file of an id, under its latest label."""
    row = db.execute(f"{_COLUMNS} WHERE id = ?", (asset,)).fetchone()
    return None if row is None else _record(row)


def find(db: sqlite3.Connection, name: str) -> AssetRecord | None:
    """The file that an id or a label means."""
    row = db.execute(
        f"{_COLUMNS} WHERE id = COALESCE((SELECT asset FROM labels WHERE name = ?1), ?1)", (name,)
    ).fetchone()
    return None if row is None else _record(row)


def known(db: sqlite3.Connection, names: Iterable[str]) -> set[str]:
    """Those of the names that are an id or a label of a file."""
    return {name for name in names if find(db, name) is not None}


def page(
    db: sqlite3.Connection, kind: AssetKind | None, before: str | None, limit: int
) -> list[AssetRecord]:
    """Files of a kind (or all), the latest first, older than `before`."""
    rows = db.execute(
        f"""{_COLUMNS} WHERE (?1 IS NULL OR kind = ?1)
            AND (?2 IS NULL OR seq < (SELECT seq FROM assets WHERE id = ?2))
            ORDER BY seq DESC LIMIT ?3""",
        (kind, before, limit),
    ).fetchall()
    return [_record(row) for row in rows]


def upload_names(db: sqlite3.Connection, media: str) -> list[str]:
    """The labels of uploads whose mime type starts with `media`, such as "image/"."""
    rows = db.execute(
        """SELECT name FROM labels JOIN assets ON assets.id = labels.asset
            WHERE kind = 'upload' AND substr(mime, 1, ?2) = ?1 ORDER BY name""",
        (media, len(media)),
    ).fetchall()
    return [row["name"] for row in rows]


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


def star(db: sqlite3.Connection, asset: str, starred: bool) -> AssetRecord | None:
    """Mark or unmark a file as a favourite."""
    db.execute("UPDATE assets SET starred = ? WHERE id = ?", (starred, asset))
    return get(db, asset)


def remove(db: sqlite3.Connection, asset: str) -> list[str] | None:
    """Forget a file: its labels; None if it is unknown."""
    if get(db, asset) is None:
        return None
    rows = db.execute("SELECT name FROM labels WHERE asset = ?", (asset,)).fetchall()
    db.execute("DELETE FROM assets WHERE id = ?", (asset,))
    return [row["name"] for row in rows]


def previews_before(db: sqlite3.Connection, created: float) -> list[str]:
    """Old previews that nobody starred."""
    rows = db.execute(
        "SELECT id FROM assets WHERE kind = 'preview' AND created < ? AND NOT starred", (created,)
    )
    return [row["id"] for row in rows.fetchall()]


def _free_label(db: sqlite3.Connection, record: AssetRecord) -> str:
    path = PurePosixPath(record.name)
    for number in range(1, 100):
        label = record.name
        if number > 1:
            label = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
        row = db.execute("SELECT asset FROM labels WHERE name = ?", (label,)).fetchone()
        if row is None or row["asset"] == record.id:
            return label
    return str(path.with_name(f"{path.stem} {record.id[:12]}{path.suffix}"))


def _record(row: sqlite3.Row, name: str | None = None) -> AssetRecord:
    same = ("id", "mime", "kind", "size", "created", "width", "height")
    return AssetRecord(
        **{column: row[column] for column in same},
        name=row["name"] if name is None else name,
        starred=bool(row["starred"]),
    )
