"""The journal's tables, as a list of migrations: entry N brings a database to version N + 1.

Released entries never change; a new table or column is a new entry.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from wirebrush.jobs.errors import JournalTooNew

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # What jobs compute, packed, and apart: lists of jobs read short rows.
        "CREATE TABLE bodies (digest TEXT PRIMARY KEY, data BLOB NOT NULL)",
        # `seq` is the order of acceptance; ids may go back when the clock does.
        # `attempt` and `lease_epoch` grow with each lease, before anything runs.
        """CREATE TABLE jobs (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL,
            priority INTEGER NOT NULL,
            position REAL NOT NULL,
            owner TEXT NOT NULL,
            idempotency_key TEXT,
            body TEXT NOT NULL REFERENCES bodies (digest),
            title TEXT NOT NULL,
            nodes INTEGER NOT NULL,
            retry_of TEXT,
            attempt INTEGER NOT NULL DEFAULT 0,
            lease_epoch INTEGER NOT NULL DEFAULT 0,
            crashes INTEGER NOT NULL DEFAULT 0,
            interruptions INTEGER NOT NULL DEFAULT 0,
            worker TEXT,
            created REAL NOT NULL, started REAL, ended REAL,
            summary TEXT NOT NULL DEFAULT '{}',
            problems TEXT NOT NULL DEFAULT '[]'
        )""",
        """CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, idempotency_key)
            WHERE idempotency_key IS NOT NULL""",
        # Three ways into the queue, so that no step reads all of it.
        """CREATE INDEX queue_by_order ON jobs (priority DESC, position)
            WHERE state = 'queued'""",
        """CREATE INDEX queue_by_owner ON jobs (owner, priority DESC, position)
            WHERE state = 'queued'""",
        "CREATE INDEX queue_by_position ON jobs (position) WHERE state = 'queued'",
        "CREATE INDEX jobs_by_state ON jobs (state, seq)",
        # Fair share: everybody who ever submitted, and whose turn was how long ago.
        "CREATE TABLE owners (name TEXT PRIMARY KEY, served INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE outputs (
            job TEXT NOT NULL, node TEXT NOT NULL, idx INTEGER NOT NULL,
            kind TEXT NOT NULL, asset TEXT, name TEXT NOT NULL, mime TEXT NOT NULL,
            width INTEGER, height INTEGER, text TEXT,
            PRIMARY KEY (job, node, idx)
        ) WITHOUT ROWID""",
        "CREATE INDEX outputs_by_asset ON outputs (asset) WHERE asset IS NOT NULL",
        """CREATE TABLE assets (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            mime TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL,
            width INTEGER, height INTEGER,
            created REAL NOT NULL, starred INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX assets_by_kind ON assets (kind, seq)",
        # One file may have several names; a name means one file.
        """CREATE TABLE labels (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE
        )""",
        "CREATE INDEX labels_by_asset ON labels (asset, seq)",
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        # Which document a job was submitted from, and what it belongs to (a sweep): JSON.
        "ALTER TABLE jobs ADD COLUMN document TEXT",
        "ALTER TABLE jobs ADD COLUMN grouping TEXT",
        "ALTER TABLE jobs ADD COLUMN group_id TEXT",
        "CREATE INDEX jobs_by_document ON jobs (document, seq) WHERE document IS NOT NULL",
        "CREATE INDEX jobs_by_group ON jobs (group_id, seq) WHERE group_id IS NOT NULL",
        # Where an output came from; `words` is what a search looks at, folded. A seed may be larger
        # than SQLite's integers. Labels of what lies in the trash are free for others.
        "ALTER TABLE assets ADD COLUMN job TEXT",
        "ALTER TABLE assets ADD COLUMN document TEXT",
        "ALTER TABLE assets ADD COLUMN document_name TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE assets ADD COLUMN prompt TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE assets ADD COLUMN seed TEXT",
        "ALTER TABLE assets ADD COLUMN words TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE assets ADD COLUMN trashed REAL",
        "ALTER TABLE assets ADD COLUMN trashed_labels TEXT NOT NULL DEFAULT '[]'",
        "DROP INDEX assets_by_kind",
        "CREATE INDEX assets_by_kind ON assets (kind, seq) WHERE trashed IS NULL",
        "CREATE INDEX assets_by_day ON assets (kind, created) WHERE trashed IS NULL",
        "CREATE INDEX assets_in_trash ON assets (trashed) WHERE trashed IS NOT NULL",
        """CREATE TABLE asset_models (
            asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE, model TEXT NOT NULL,
            PRIMARY KEY (asset, model)
        ) WITHOUT ROWID""",
        "CREATE INDEX assets_by_model ON asset_models (model)",
        # What a node of a type took in a job, for estimates: the latest few are kept.
        """CREATE TABLE timings (
            type TEXT NOT NULL, job INTEGER NOT NULL, seconds REAL NOT NULL,
            PRIMARY KEY (type, job)
        ) WITHOUT ROWID""",
    ),
    (  # for forgetting old jobs
        "CREATE INDEX jobs_by_end ON jobs (ended) WHERE ended IS NOT NULL",
        "CREATE INDEX jobs_by_body ON jobs (body)",
    ),
    (
        # A picture that was made may be uploaded, too: the name it then has is an upload's.
        "ALTER TABLE labels ADD COLUMN uploaded INTEGER NOT NULL DEFAULT 0",
        """UPDATE labels SET uploaded = 1
            WHERE asset IN (SELECT id FROM assets WHERE kind = 'upload')""",
    ),
    (
        # What clients of ComfyUI's API know about jobs of theirs; `extra` is packed JSON. An id
        # may be used again: the latest counts.
        """CREATE TABLE comfy_prompts (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            prompt_id TEXT NOT NULL,
            job TEXT NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
            number REAL NOT NULL,
            extra BLOB NOT NULL,
            messages TEXT NOT NULL DEFAULT '[]'
        )""",
        "CREATE INDEX comfy_prompts_by_id ON comfy_prompts (prompt_id, seq)",
    ),
    (
        # How nodes of a job failed, for who wrote them; `data` is packed JSON.
        """CREATE TABLE failures (
            job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            idx INTEGER NOT NULL, data BLOB NOT NULL,
            PRIMARY KEY (job, idx)
        ) WITHOUT ROWID""",
    ),
)


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring the database to our version; JournalTooNew if it is beyond it."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise JournalTooNew(
            f"The journal {path} was written by a newer Wirebrush (format {version}; this one"
            f" reads up to {len(MIGRATIONS)}).",
            "Start the newer release, or choose another data folder with --data.",
        )
    if 0 < version < len(MIGRATIONS):
        _keep_a_copy(db, path, version)
    for number in range(version, len(MIGRATIONS)):
        db.execute("BEGIN IMMEDIATE")
        try:
            for statement in MIGRATIONS[number]:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number + 1}")
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise


def _keep_a_copy(db: sqlite3.Connection, path: Path, version: int) -> None:
    copy = path.with_name(f"{path.stem}.format-{version}{path.suffix}")
    copy.unlink(missing_ok=True)
    db.execute("VACUUM INTO ?", (str(copy),))
