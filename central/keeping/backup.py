"""Backup of a running centre and its restore: the store in one consistent state, the media it names, keys apart.

A backup is a folder: `store.db` (SQLite) or `store.dump` (PostgreSQL, made by `pg_dump`), `media/`, `manifest.json` with
SHA-256 of everything, signed by the centre. Keys and certificates are left out on purpose: whoever holds a backup must not
be able to sign; they are copied once, by hand, to a safe.
"""

import base64
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import URL, Engine

from central.core.clock import now_utc
from central.core.media_files import MediaFiles
from central.core.store_urls import parsed, sqlite_file
from central.store import deletions, kept_files, reading_views
from central.store.engine import reading
from sync.contract.canonical import canonical
from sync.contract.model import utc_text

FORMAT = "dopusk.backup/1"
_MANIFEST = "manifest.json"
_SQLITE = "store.db"
_POSTGRES = "store.dump"
_WITHOUT_VIEWS = ("--exclude-schema", reading_views.SCHEMA)
"""Who may read them is a matter of each machine: a copy must go back where these roles are not."""
_MEDIA = "media"


class BackupError(Exception):
    """Why a backup or a restore stopped; nothing that was there before has been changed."""


def back_up(
    engine: Engine, store_url: str, files: MediaFiles, folder: Path, key: Ed25519PrivateKey | None = None
) -> dict[str, int]:
    """Write a backup into a new folder while the centre runs; returns counts. Raises `BackupError`.

    Media are copied after the store, so that every file that the copied store names as complete is there. `key`: the centre's,
    which signs the list; a backup without its signature is not restored unasked.
    """
    if folder.exists():
        raise BackupError(f"{folder} exists already; give a new folder")
    fresh = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    file = sqlite_file(store_url)
    if file is not None:
        _copy_sqlite(file, fresh / _SQLITE)
    else:
        _postgres_program(
            store_url, "pg_dump", "--format=custom", "--no-owner", *_WITHOUT_VIEWS, "--file", str(fresh / _POSTGRES)
        )
    with reading(engine) as connection:
        named, gone = set(kept_files.hashes(connection)), deletions.gone(connection)
    # What an act has destroyed is not there any more, or goes in this moment.
    wanted = sorted(named - gone.keys())
    for sha256 in wanted:
        source, target = files.path(sha256), fresh / _media_name(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, target)
        except FileNotFoundError as error:
            raise BackupError(f"media {sha256} is named by the store and not on the disk; run verify") from error
    entries = {str(path.relative_to(fresh)): _digest(path) for path in _files(fresh)}
    manifest: dict[str, Any] = {"format": FORMAT, "made_at": utc_text(now_utc()), "files": entries}
    if key is not None:
        manifest["signature"] = base64.b64encode(key.sign(canonical(manifest))).decode("ascii")
    (fresh / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for path in [*_files(fresh), fresh]:
        _sync(path)
    fresh.replace(folder)
    _sync(folder.parent)
    return {"media": len(wanted), "files": len(entries)}


def restore(folder: Path, store_url: str, media_dir: Path, key: Ed25519PublicKey | None = None) -> dict[str, int]:
    """Put a backup in the place of an empty store; returns counts. Raises `BackupError`.

    Everything is checked against the list before anything is written, and once more while it is copied. What the list does not name
    stays where it is. A store or media that exist are never replaced. `key`: the centre's, whose signature the list must carry;
    None takes any list.
    """
    entries = check_backup(folder, key)
    file = sqlite_file(store_url)
    own = _SQLITE if file is not None else _POSTGRES
    if own not in entries:
        raise BackupError(f"this backup was made of another kind of store than {parsed(store_url).get_backend_name()}")
    if media_dir.exists() and any(media_dir.iterdir()):
        raise BackupError(f"{media_dir} is not empty; move it away first")
    if file is not None:
        for taken in (file, *(file.with_name(file.name + ending) for ending in ("-wal", "-shm"))):
            if taken.exists():
                raise BackupError(f"{taken} exists; move it away first, together with its -wal and -shm files")
        _copy_listed(folder, _SQLITE, entries[_SQLITE], file)
        _check_sqlite(file)
    else:
        _postgres_program(
            store_url, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname",
            positional=str(folder / _POSTGRES),
        )  # fmt: skip
    names = [name for name in entries if name != own]
    for name in names:
        target = media_dir / Path(name).relative_to(_MEDIA)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_listed(folder, name, entries[name], target)
    unlisted = sum(str(path.relative_to(folder)) not in entries for path in _files(folder)) - 1
    return {"media": len(names), "files": len(entries), "unlisted": unlisted}


def check_backup(folder: Path, key: Ed25519PublicKey | None = None) -> dict[str, str]:
    """Compare every listed file with the list; returns the hashes by name. Raises `BackupError` naming the first bad one.

    `key`: the centre's, whose signature the list must carry.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        entries: dict[str, str] = dict(manifest["files"])
        is_known = manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder} holds no readable {_MANIFEST}: {error}") from error
    if not is_known:
        raise BackupError(f"{folder}: a backup of another format than {FORMAT}")
    if key is not None:
        _check_signature(manifest, key, folder)
    for name, expected in entries.items():
        path = folder / name
        if name not in (_SQLITE, _POSTGRES, _media_name(expected)):
            raise BackupError(f"{name!r} is no name of a backup's file")
        if any(part.is_symlink() for part in (path, *path.parents[: len(Path(name).parts) - 1])):
            raise BackupError(f"{path} is a link; a backup holds files alone")
        if not path.is_file():
            raise BackupError(f"{path} is missing")
        if _digest(path) != expected:
            raise BackupError(f"{path} was changed since the backup was made")
    return entries


def _check_signature(manifest: dict[str, Any], key: Ed25519PublicKey, folder: Path) -> None:
    if "signature" not in manifest:
        raise BackupError(
            f"{folder}: the list is not signed, as backups by older programs; who knows where it has been adds --unsigned"
        )
    try:
        signed = {name: value for name, value in manifest.items() if name != "signature"}
        key.verify(base64.b64decode(manifest["signature"], validate=True), canonical(signed))
    except (InvalidSignature, ValueError, TypeError) as error:
        raise BackupError(f"{folder}: the list is not signed by this centre's key, or was changed") from error


def _media_name(sha256: str) -> str:
    return f"{_MEDIA}/{sha256[:2]}/{sha256}"


def _copy_listed(folder: Path, name: str, expected: str, target: Path) -> None:
    """Copy a file and hash what is written. Whatever comes into its place meanwhile is found."""
    digest = hashlib.sha256()
    descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as source, target.open("xb") as written:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            written.write(chunk)
    if digest.hexdigest() != expected:
        target.unlink()
        raise BackupError(f"{folder / name} changed while it was copied")
    _sync(target)


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online copy: one consistent state, without stopping the writers."""
    with (
        contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reader,
        contextlib.closing(sqlite3.connect(target)) as writer,
    ):
        # All pages in one step hold the reader's view for the whole copy; in WAL mode that keeps nobody from writing.
        reader.backup(writer)
        # A file by itself: the copy is complete without a log beside it.
        writer.execute("PRAGMA journal_mode = DELETE")
    _check_sqlite(target)


def _check_sqlite(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        fault = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if fault != "ok":
        raise BackupError(f"the copy in {file} is damaged: {fault}")


def _postgres_program(store_url: str, *command: str, positional: str = "") -> None:
    """Run one of PostgreSQL's programs on the store. The password goes by the environment, which other users cannot read."""
    url = parsed(store_url).set(drivername="postgresql")
    password = url.password or url.query.get("password")
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    shown = bare.difference_update_query(["password"]).render_as_string(hide_password=False)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    _run([*command, shown, *([positional] if positional else [])], environment)


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
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
