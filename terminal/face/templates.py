"""Stores enrolled faces: one encrypted file each, bound to worker and engine, deleted with the consent.

AES-256-GCM with a key of their own; file names are keyed hashes, so the folder tells neither who nor how they are called
in other systems. A template holds numbers and the hash of the photo they came from, never a picture.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from terminal.store.folders import sync_folder

_SUFFIX = ".face"


class TemplateUnusable(Exception):
    """`code`: `no_template`, `other_engine` (enrol again), `damaged` (delete and enrol again)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Template:
    """The numbers of one face. `engine` is the name of the `FaceEngine` that made them."""

    worker_id: str
    engine: str
    embedding: NDArray[Any]
    photo_sha256: str
    enrolled_at: datetime


class TemplateStore:
    """Encrypted templates in one folder. Not for two processes at once."""

    def __init__(self, folder: Path, key: bytes) -> None:
        """`key` has 32 bytes and serves nothing else (`derive_key(master, "templates")`)."""
        self._folder = folder
        self._cipher = AESGCM(key)
        self._name_key = hmac.digest(key, b"dopusk/template-names", "sha256")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, template: Template) -> None:
        """Keep or replace the worker's template, whole or not at all, with a full sync."""
        path = self._path(template.worker_id)
        nonce = secrets.token_bytes(12)
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(nonce + self._cipher.encrypt(nonce, _packed(template), path.name.encode()))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(self._folder)

    def get(self, worker_id: str, engine: str) -> Template:
        """The worker's template if `engine` made it. Raises `TemplateUnusable`."""
        path = self._path(worker_id)
        if not path.exists():
            raise TemplateUnusable("no_template", "this worker has not been enrolled on this terminal")
        template = self._read(path)
        if template.engine != engine:
            raise TemplateUnusable(
                "other_engine", f"enrolled with {template.engine}, this terminal runs {engine}: enrol the photo again"
            )
        return template

    def all_of(self, engine: str) -> Iterator[Template]:
        """Every readable template of this engine, for a search among the site's workers."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                template = self._read(path)
            except TemplateUnusable:
                continue
            if template.engine == engine:
                yield template

    def forget(self, worker_id: str) -> bool:
        """Delete durably when consent is withdrawn or the worker leaves; false when there was nothing."""
        path = self._path(worker_id)
        path.with_suffix(".part").unlink(missing_ok=True)
        there = path.exists()
        path.unlink(missing_ok=True)
        sync_folder(self._folder)
        return there

    def sweep(self, may_keep: Callable[[str], bool]) -> int:
        """Delete every template that `may_keep(worker_id)` denies, and every unreadable one; gives the number.

        Call it at the start: a crash may have left a template that nothing speaks for.
        """
        swept = 0
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                keep = may_keep(self._read(path).worker_id)
            except TemplateUnusable:
                keep = False
            if not keep:
                path.unlink()
                swept += 1
        sync_folder(self._folder)
        return swept

    def _path(self, worker_id: str) -> Path:
        return self._folder / (hmac.new(self._name_key, worker_id.encode(), hashlib.sha256).hexdigest() + _SUFFIX)

    def _read(self, path: Path) -> Template:
        try:
            stored = path.read_bytes()
            return _unpacked(self._cipher.decrypt(stored[:12], stored[12:], path.name.encode()))
        except (OSError, InvalidTag, ValueError, KeyError, binascii.Error) as error:
            raise TemplateUnusable(
                "damaged", f"template {path.name[:12]}…: missing, changed or of another key"
            ) from error


def _packed(template: Template) -> bytes:
    values = np.ascontiguousarray(template.embedding, dtype="<f4")
    return json.dumps(
        {
            "worker_id": template.worker_id,
            "engine": template.engine,
            "embedding": base64.b64encode(values.tobytes()).decode(),
            "photo_sha256": template.photo_sha256,
            "enrolled_at": template.enrolled_at.isoformat(),
        }
    ).encode()


def _unpacked(content: bytes) -> Template:
    fields = json.loads(content)
    return Template(
        worker_id=fields["worker_id"],
        engine=fields["engine"],
        embedding=np.frombuffer(base64.b64decode(fields["embedding"], validate=True), "<f4"),
        photo_sha256=fields["photo_sha256"],
        enrolled_at=datetime.fromisoformat(fields["enrolled_at"]),
    )
