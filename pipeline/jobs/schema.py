"""The ledger's tables, and how a ledger of an earlier Skein is brought up to date."""

import sqlite3

from pipeline.errors import SkeinError

_FIRST = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL, title TEXT NOT NULL, entry TEXT NOT NULL, python_path TEXT NOT NULL,
    experiment TEXT NOT NULL, recording TEXT, parameters TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', priority INTEGER NOT NULL,
    reads TEXT NOT NULL, gpu INTEGER NOT NULL, light INTEGER NOT NULL, devices TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL, folder INTEGER NOT NULL DEFAULT 0,
    cancelling INTEGER NOT NULL DEFAULT 0, blocked INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, started REAL, finished REAL,
    done REAL, total REAL, message TEXT NOT NULL DEFAULT '', eta_s REAL, error TEXT
);
CREATE INDEX jobs_state ON jobs (state, experiment);
CREATE INDEX jobs_result ON jobs (experiment, job, recording);
CREATE TABLE dependencies (
    job INTEGER NOT NULL REFERENCES jobs (id), after INTEGER NOT NULL REFERENCES jobs (id), PRIMARY KEY (job, after)
) WITHOUT ROWID;
CREATE INDEX dependencies_after ON dependencies (after);
CREATE TABLE revision (value INTEGER NOT NULL);
INSERT INTO revision VALUES (0);
CREATE TRIGGER inserted AFTER INSERT ON jobs BEGIN UPDATE revision SET value = value + 1; END;
CREATE TRIGGER updated AFTER UPDATE ON jobs BEGIN UPDATE revision SET value = value + 1; END;
"""
_STEPS: tuple[str, ...] = (_FIRST,)
"""What brings a ledger from one version to the next; a released step is never changed, another one is added."""


def up_to_date(database: sqlite3.Connection) -> None:
    """Apply the steps that a ledger has not seen yet; each is one transaction.

    Raises
    ------
    SkeinError
        If the ledger was written by a later Skein.
    """
    if _version(database) == len(_STEPS):
        return
    database.execute("PRAGMA journal_mode = WAL")
    while (version := _version(database)) < len(_STEPS):
        database.execute("BEGIN IMMEDIATE")
        if _version(database) == version:  # nobody else was faster
            script = f"{_STEPS[version]} PRAGMA user_version = {version + 1};"
            for statement in _statements(script):
                database.execute(statement)
        database.execute("COMMIT")
    if version > len(_STEPS):
        raise SkeinError("The ledger of jobs was written by a later version of Skein: install that one.")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """The script's statements; a trigger's own semicolons do not end it."""
    statements, current = [], ""
    for part in script.split(";"):
        current += f"{part};"
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
