"""The SQL of assets: files by id, the labels by which people know them, and the trash."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import PurePosixPath

from wirebrush.jobs.records import AssetRecord

COLUMNS = """SELECT assets.*, COALESCE(
    (SELECT name FROM labels WHERE asset = assets.id ORDER BY seq DESC LIMIT 1),
    json_extract(trashed_labels, '$[#-1]'), ''
) AS name, (SELECT json_group_array(model) FROM asset_models WHERE asset = assets.id) AS models
FROM assets"""
_PLACES = ("input", "output", "temp")
_ORIGIN = ("job", "document", "document_name", "prompt", "seed")


def add(db: sqlite3.Connection, record: AssetRecord, overwrite: bool) -> AssetRecord:
    """Record a file and label it. The same bytes under two names are one file with two labels.

    A label that means another file already gets a number, unless `overwrite` gives it away. A file
    that lay in the trash is out of it. Its origin is that of whoever made it first.
    """
    db.execute(
        """INSERT INTO assets (id, mime, kind, size, width, height, created)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
            kind = CASE WHEN kind = 'preview' OR trashed IS NOT NULL
                THEN excluded.kind ELSE kind END,
            trashed = NULL, trashed_labels = '[]'""",
        (
            *(record.id, record.mime, record.kind, record.size),
            *(record.width, record.height, record.created),
        ),
    )
    _add_origin(db, record)
    if overwrite:
        db.execute("DELETE FROM labels WHERE name = ? AND asset != ?", (record.name, record.id))
    label = _label(db, record.id, record.name, record.kind == "upload")
    row = db.execute(f"{COLUMNS} WHERE id = ?", (record.id,)).fetchone()
    return record_of(row, label)


def get(db: sqlite3.Connection, asset: str, in_trash: bool = False) -> AssetRecord | None:
    """The file of an id, under its latest label; what lies in the trash only if asked for."""
    row = db.execute(
        f"{COLUMNS} WHERE id = ? AND (? OR trashed IS NULL)", (asset, in_trash)
    ).fetchone()
    return None if row is None else record_of(row)


def find(db: sqlite3.Connection, name: str, in_trash: bool = False) -> AssetRecord | None:
    """The file that an id or a label means; one in the trash only if asked for, and if the label
    means no other file now. ComfyUI's `x.png [input]` is found, too."""
    found = _find(db, name, in_trash)
    plain, place = name[:-1].rpartition(" [")[::2]
    if found is None and name.endswith("]") and place in _PLACES:
        return _find(db, plain, in_trash)
    return found


def _find(db: sqlite3.Connection, name: str, in_trash: bool) -> AssetRecord | None:
    asset = db.execute(
        """SELECT COALESCE(
            (SELECT asset FROM labels WHERE name = ?1),
            (SELECT id FROM assets WHERE ?2 AND trashed IS NOT NULL AND EXISTS (
                SELECT 1 FROM json_each(trashed_labels) WHERE value = ?1
            ) ORDER BY trashed DESC),
            ?1
        )""",
        (name, in_trash),
    ).fetchone()[0]
    return get(db, asset, in_trash)


def known(db: sqlite3.Connection, names: Iterable[str]) -> set[str]:
    """Those of the names that are an id or a label of a file."""
    return {name for name in names if find(db, name) is not None}


def upload_names(db: sqlite3.Connection, media: str) -> list[str]:
    """The labels of uploads whose mime type starts with `media`, such as "image/"."""
    rows = db.execute(
        """SELECT name FROM labels JOIN assets ON assets.id = labels.asset
            WHERE uploaded AND substr(mime, 1, ?2) = ?1 ORDER BY name""",
        (media, len(media)),
    ).fetchall()
    return [row["name"] for row in rows]


def labels_of(db: sqlite3.Connection, asset: str) -> list[str]:
    """The labels of a file, the latest last."""
    rows = db.execute("SELECT name FROM labels WHERE asset = ? ORDER BY seq", (asset,)).fetchall()
    return [row["name"] for row in rows]


def labels_from(db: sqlite3.Connection, start: str) -> list[str]:
    """The labels that begin so."""
    rows = db.execute(
        "SELECT name FROM labels WHERE name >= ?1 AND name < ?1 || char(0x10ffff)", (start,)
    )
    return [row["name"] for row in rows.fetchall()]


def output_names(db: sqlite3.Connection, most: int = 500) -> list[str]:
    """The labels of the pictures that were made last, the newest first."""
    rows = db.execute(
        """SELECT name FROM labels JOIN assets ON assets.id = labels.asset
            WHERE kind = 'output' AND substr(mime, 1, 6) = 'image/'
            ORDER BY labels.seq DESC LIMIT ?""",
        (most,),
    ).fetchall()
    return [row["name"] for row in rows]


def star(db: sqlite3.Connection, asset: str, starred: bool) -> AssetRecord | None:
    """Mark or unmark a file as a favourite."""
    db.execute("UPDATE assets SET starred = ? WHERE id = ?", (starred, asset))
    return get(db, asset)


def trash(db: sqlite3.Connection, asset: str, now: float) -> list[str] | None:
    """Put a file into the trash: the labels that it loses; None if it is unknown."""
    if get(db, asset) is None:
        return None
    labels = labels_of(db, asset)
    db.execute("DELETE FROM labels WHERE asset = ?", (asset,))
    db.execute(
        "UPDATE assets SET trashed = ?, trashed_labels = ? WHERE id = ?",
        (now, json.dumps(labels), asset),
    )
    return labels


def restore(db: sqlite3.Connection, asset: str) -> AssetRecord | None:
    """Take a file out of the trash, with its labels as far as they are free; None: not there."""
    row = db.execute(
        "SELECT kind, trashed_labels FROM assets WHERE id = ? AND trashed IS NOT NULL", (asset,)
    ).fetchone()
    if row is None:
        return None
    db.execute("UPDATE assets SET trashed = NULL, trashed_labels = '[]' WHERE id = ?", (asset,))
    for label in json.loads(row["trashed_labels"]):
        _label(db, asset, label, row["kind"] == "upload")
    return get(db, asset)


def trashed_before(db: sqlite3.Connection, when: float) -> dict[str, set[str]]:
    """What has lain in the trash since before that time, with its names: id and labels."""
    rows = db.execute("SELECT id, trashed_labels FROM assets WHERE trashed < ?", (when,)).fetchall()
    return {row["id"]: {row["id"], *json.loads(row["trashed_labels"])} for row in rows}


def remove(db: sqlite3.Connection, asset: str, trashed_before: float | None = None) -> bool:
    """Forget a file that has no labels any more; False if it is unknown.

    With `trashed_before` only if it still lies in the trash, since before that time.
    """
    done = db.execute(
        "DELETE FROM assets WHERE id = ?1 AND (?2 IS NULL OR trashed < ?2)", (asset, trashed_before)
    )
    return bool(done.rowcount)


def previews_before(db: sqlite3.Connection, created: float) -> list[str]:
    """Old previews that nobody starred."""
    rows = db.execute(
        "SELECT id FROM assets WHERE kind = 'preview' AND created < ? AND NOT starred", (created,)
    )
    return [row["id"] for row in rows.fetchall()]


def record_of(row: sqlite3.Row, name: str | None = None) -> AssetRecord:
    """The record of a row of `COLUMNS`."""
    same = ("id", "mime", "kind", "size", "created", "width", "height", "trashed")
    return AssetRecord(
        **{column: row[column] for column in (*same, *_ORIGIN)},
        name=row["name"] if name is None else name,
        starred=bool(row["starred"]),
        models=tuple(json.loads(row["models"])),
    )


def folded(text: str) -> str:
    """A text as searches compare it: case and kinds of spaces do not matter."""
    return " ".join(text.casefold().split())


def _add_origin(db: sqlite3.Connection, record: AssetRecord) -> None:
    """Say where a file came from, if nobody has said so yet; what searches look at, too."""
    words = (record.prompt, *record.models, record.document_name, record.name, record.seed or "")
    done = db.execute(
        """UPDATE assets SET job = ?1, document = ?2, document_name = ?3, prompt = ?4, seed = ?5,
            words = ?6 WHERE id = ?7 AND (words = '' OR (job IS NULL AND ?1 IS NOT NULL))""",
        (*(getattr(record, name) for name in _ORIGIN), folded(" ".join(words)), record.id),
    )
    if done.rowcount:
        db.executemany(
            "INSERT OR IGNORE INTO asset_models VALUES (?, ?)",
            [(record.id, model) for model in record.models],
        )


def _label(db: sqlite3.Connection, asset: str, name: str, uploaded: bool) -> str:
    """Give a file a label: the name, or with a number if that means another file."""
    label = _free_label(db, asset, name)
    db.execute(
        """INSERT INTO labels (name, asset, uploaded) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET uploaded = uploaded OR excluded.uploaded""",
        (label, asset, uploaded),
    )
    return label


def _free_label(db: sqlite3.Connection, asset: str, name: str) -> str:
    path = PurePosixPath(name)
    for number in range(1, 100):
        label = name
        if number > 1:
            label = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
        row = db.execute("SELECT asset FROM labels WHERE name = ?", (label,)).fetchone()
        if row is None or row["asset"] == asset:
            return label
    return str(path.with_name(f"{path.stem} {asset[:12]}{path.suffix}"))
