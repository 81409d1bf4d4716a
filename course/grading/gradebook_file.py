"""The gradebook's file: opened by one process alone, checked, and written whole or not at all."""

import contextlib
import os
import sqlite3
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from course.grading.names import shown

VERSION = 1
_APPLICATION = 0x41454772  # "AEGr": so that no other program's database is taken for a gradebook


class GradebookError(RuntimeError):
    """The gradebook cannot be used. The message says why and what to do."""


_SCHEMA = """
CREATE TABLE submission (
    student TEXT NOT NULL, chapter INTEGER NOT NULL,  -- -1: nothing tells which chapter
    key TEXT NOT NULL, source TEXT NOT NULL, problem TEXT, handed_in TEXT NOT NULL,
    system TEXT NOT NULL, number TEXT NOT NULL, late INTEGER NOT NULL,
    PRIMARY KEY (student, chapter)
) WITHOUT ROWID;
CREATE TABLE in_use (chapter INTEGER PRIMARY KEY, cases TEXT NOT NULL);
CREATE TABLE grading (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, chapter INTEGER NOT NULL,
    key TEXT NOT NULL, cases TEXT NOT NULL, flags TEXT NOT NULL, finished TEXT NOT NULL,
    UNIQUE (student, chapter, key, cases)
);
CREATE TABLE mark (
    grading INTEGER NOT NULL REFERENCES grading ON DELETE CASCADE,
    exercise TEXT NOT NULL, points REAL NOT NULL, possible REAL NOT NULL, status TEXT NOT NULL,
    lines TEXT NOT NULL, case_line TEXT NOT NULL, code TEXT NOT NULL, hint TEXT NOT NULL,
    digest TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (grading, exercise), CHECK (points >= 0 AND points <= possible)
) WITHOUT ROWID;
CREATE TABLE text (
    grading INTEGER NOT NULL REFERENCES grading ON DELETE CASCADE,
    question TEXT NOT NULL, content TEXT NOT NULL, possible REAL NOT NULL,
    PRIMARY KEY (grading, question)
) WITHOUT ROWID;
CREATE TABLE manual (
    student TEXT NOT NULL, chapter INTEGER NOT NULL, question TEXT NOT NULL,
    mark REAL NOT NULL, comment TEXT NOT NULL, seen TEXT NOT NULL, given TEXT NOT NULL,
    PRIMARY KEY (student, chapter, question), CHECK (mark >= 0)
) WITHOUT ROWID;
"""


@contextlib.contextmanager
def open_file(path, *, write=True):
    """Open a gradebook, or make it; nobody else can write to it in the meantime.

    Args:
        path: the file.
        write: False only reads, beside a run that writes; the file must exist.

    Raises:
        GradebookError: if another process writes to it, or it is no gradebook of this version.
    """
    path = Path(path)
    if not write:
        if not path.is_file():
            raise GradebookError(f"There is no {shown(str(path))} yet. Grade something first.")
        if path.with_name(f"{path.name}-journal").exists():  # a run was cut off; put right first
            with contextlib.suppress(GradebookError), open_file(path) as connection:
                connection.execute("SELECT 1")
        with contextlib.closing(_connect(path, write=False)) as connection, _in_words(path):
            yield connection
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        _alone(path),
        contextlib.closing(_connect(path, write=True)) as connection,
        _in_words(path),
    ):
        yield connection


@contextlib.contextmanager
def _in_words(path):
    """What SQLite raises, as a GradebookError."""
    try:
        yield
    except sqlite3.Error as error:
        name = shown(str(path))
        if "full" in str(error):
            raise GradebookError(
                f"{name} cannot be written: the disk is full. Free some space and run the command "
                "again, or choose another folder with --out. What is stored in it is kept."
            ) from None
        if "readonly" in str(error) or "unable to open" in str(error):
            raise GradebookError(
                f"{name} cannot be written ({error}). Choose another folder with --out."
            ) from None
        raise GradebookError(
            f"{name} is no gradebook, or is damaged ({error}). Put back a copy, or move it away: "
            "marks are made anew; those that a person gave are in the marking sheets."
        ) from None


@contextlib.contextmanager
def _alone(path):
    """Hold the lock of a gradebook. The system frees it when the process ends, however it ends."""
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    owner = path.with_name(f"{path.name}.owner")
    try:
        lock.acquire(timeout=0.2)
    except Timeout:
        who = "another process"
        with contextlib.suppress(OSError):
            who = owner.read_text(encoding="utf-8", errors="replace").strip() or who
        raise GradebookError(
            f"{shown(str(path))} is in use: {shown(who, 120)}, writes to it. "
            "Wait until that run has ended, or stop it; it continues where it stopped."
        ) from None
    except (OSError, NotImplementedError) as error:
        raise GradebookError(
            f"No lock can be held beside {shown(str(path))} ({error}). "
            "Choose a folder of this machine with --out."
        ) from None
    try:
        with contextlib.suppress(OSError):  # who it is helps; without it, the lock still holds
            since = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
            owner.write_text(f"process {os.getpid()}, started {since}", encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            owner.unlink()
        lock.release()


def _connect(path, *, write):
    address = f"{path.absolute().as_uri()}?mode={'rwc' if write else 'ro'}"
    try:
        if write and not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # marks are nobody else's
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)
    except (OSError, sqlite3.Error) as error:
        raise GradebookError(f"{shown(str(path))} cannot be opened: {error}.") from None
    try:
        with _in_words(path):
            # A rollback journal, not WAL: one file that can be copied, on any file system. EXTRA
            # also writes the folder down, so that what was stored is there after a power failure.
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            _check(connection, path, write)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection, path, write):
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not application and not version and not tables and write:
        connection.execute("PRAGMA journal_mode = DELETE")
        with transaction(connection):
            for statement in _SCHEMA.split(";"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        return
    if application != _APPLICATION:
        raise GradebookError(f"{shown(str(path))} is no gradebook of this course. Choose another.")
    if version != VERSION:
        words = "newer" if version > VERSION else "older"
        raise GradebookError(
            f"{shown(str(path))} was made by a {words} version of the course (layout {version}, "
            f"this one writes {VERSION}). Grade with that version, or into another folder."
        )


@contextlib.contextmanager
def transaction(connection):
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:  # an interrupt too
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
