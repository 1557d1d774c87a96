"""Backup of a running centre and its restore: the store in one consistent state, the media it names, keys apart.

A backup is a folder: `store.db` (SQLite) or `store.dump` (PostgreSQL, made by `pg_dump`), `media/`, `manifest.json` with
sizes and SHA-256 of everything. Keys and certificates are left out on purpose: whoever holds a backup must not be able to
sign; they are copied once, by hand, to a safe.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, make_url

from central.media_files import MediaFiles
from central.store import media
from central.store.engine import reading
from central.store.metadata import now_utc
from central.store.workers import photo_hashes
from sync.contract.model import utc_text

FORMAT = "dopusk.backup/1"
_MANIFEST = "manifest.json"
_SQLITE = "store.db"
_POSTGRES = "store.dump"


class BackupError(Exception):
    """Why a backup or a restore stopped; nothing that was there before has been changed."""


def back_up(engine: Engine, store_url: str, files: MediaFiles, folder: Path) -> dict[str, int]:
    """Write a backup into a new folder while the centre runs; returns counts. Raises `BackupError`.

    Media are copied after the store, so that every file that the copied store names as complete is there.
    """
    if folder.exists():
        raise BackupError(f"{folder} exists already; give a new folder")
    fresh = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite":
        _copy_sqlite(Path(url.database or ""), fresh / _SQLITE)
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--file", str(fresh / _POSTGRES), _libpq_url(store_url))
    with reading(engine) as connection:
        wanted = sorted({*media.completed(connection), *photo_hashes(connection)})
    for sha256 in wanted:
        source, target = files.path(sha256), fresh / "media" / sha256[:2] / sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, target)
        except FileNotFoundError as error:
            raise BackupError(f"media {sha256} is named by the store and not on the disk; run verify") from error
    entries = {str(path.relative_to(fresh)): _digest(path) for path in _files(fresh)}
    manifest = {"format": FORMAT, "made_at": utc_text(now_utc()), "files": entries}
    (fresh / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for path in [*_files(fresh), fresh]:
        _sync(path)
    fresh.replace(folder)
    _sync(folder.parent)
    return {"media": len(wanted), "files": len(entries)}


def restore(folder: Path, store_url: str, media_dir: Path) -> dict[str, int]:
    """Put a backup in the place of an empty store; returns counts. Raises `BackupError`.

    Everything is checked against the manifest before anything is written. A store or media that exist are never replaced.
    """
    entries = check_backup(folder)
    url = make_url(store_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    if (_SQLITE if is_sqlite else _POSTGRES) not in entries:
        raise BackupError(f"this backup was made of another kind of store than {url.get_backend_name()}")
    if media_dir.exists() and any(media_dir.iterdir()):
        raise BackupError(f"{media_dir} is not empty; move it away first")
    if is_sqlite:
        target = Path(url.database or "")
        if target.exists():
            raise BackupError(f"{target} exists; move it away first, together with its -wal and -shm files")
        _copy_sqlite(folder / _SQLITE, target)
        _sync(target)
    else:
        _run("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname", _libpq_url(store_url),
             str(folder / _POSTGRES))  # fmt: skip
    if (folder / "media").exists():
        shutil.copytree(folder / "media", media_dir, dirs_exist_ok=True)
        for path in _files(media_dir):
            _sync(path)
    return {"media": sum(name.startswith("media/") for name in entries), "files": len(entries)}


def check_backup(folder: Path) -> dict[str, str]:
    """Compare every file with the manifest; returns the hashes by name. Raises `BackupError` naming the first bad one."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        entries: dict[str, str] = dict(manifest["files"])
        is_known = manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder} holds no readable {_MANIFEST}: {error}") from error
    if not is_known:
        raise BackupError(f"{folder}: a backup of another format than {FORMAT}")
    for name, expected in entries.items():
        path = folder / name
        if not path.is_file():
            raise BackupError(f"{path} is missing")
        if _digest(path) != expected:
            raise BackupError(f"{path} was changed since the backup was made")
    return entries


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online copy: one consistent state, without stopping the writers."""
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reader,
        contextlib.closing(sqlite3.connect(target)) as writer,
    ):
        # All pages in one step hold the reader's view for the whole copy; in WAL mode that keeps nobody from writing.
        reader.backup(writer)
        fault = writer.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if fault != "ok":
        raise BackupError(f"the copy of {source} is damaged: {fault}")


def _libpq_url(store_url: str) -> str:
    return store_url.replace("postgresql+psycopg://", "postgresql://", 1)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BackupError(f"{command[0]} is not installed (Debian package: postgresql-client)") from error
    if done.returncode:
        raise BackupError(f"{command[0]}: {done.stderr.strip()[-500:]}")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
