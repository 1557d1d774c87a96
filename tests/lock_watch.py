"""A watch on the write lock: what a thread does between BEGIN and COMMIT of a transaction that may write.

While it is open every other writer of a SQLite store waits, and on PostgreSQL whoever needs the same rows. So nothing slow belongs
into it: no hashing, parsing or drawing, no file, socket, process or wait. `watching` notes each call of such a kind with the
place in our code that made it; what it does not know by name it finds by the processor time that is not the store's.
"""

import contextlib
import hashlib
import inspect
import smtplib
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import argon2
import cv2
import httpx
import jinja2
import openpyxl
import openpyxl.workbook
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import event
from sqlalchemy.engine import Engine

OURS = Path(__file__).resolve().parent.parent
MOST_OWN_S = 3.0
"""Processor time of a transaction outside of the store: far more than any has, far less than hides."""

_READING = "dopusk_reading"
_PASSED_OVER = ("tests/lock_watch.py", "central/store/engine.py")
_FORBIDDEN: tuple[tuple[Any, str], ...] = (
    (argon2.PasswordHasher, "hash"),
    (argon2.PasswordHasher, "verify"),
    (Scrypt, "derive"),
    (hashlib, "scrypt"),
    (hashlib, "pbkdf2_hmac"),
    (rsa, "generate_private_key"),
    (openpyxl, "load_workbook"),
    (openpyxl.workbook.Workbook, "save"),
    (zipfile.ZipFile, "__init__"),
    (cv2, "imdecode"),
    (cv2, "imencode"),
    (Canvas, "__init__"),
    (Canvas, "save"),
    (jinja2.Template, "render"),
    (httpx.Client, "send"),
    (smtplib.SMTP, "connect"),
    (socket.socket, "connect"),
    (socket, "getaddrinfo"),
    (subprocess.Popen, "__init__"),
    (time, "sleep"),
    (threading.Event, "wait"),
)
"""What is slow by its nature. Opening files is watched by the interpreter's own audit hook."""


@dataclass
class _Open:
    """One transaction of this thread that may write."""

    opener: str
    began_s: float
    store_s: float = 0.0
    cursor_began_s: float = 0.0


@dataclass
class Watch:
    """What was seen."""

    offences: list[str] = field(default_factory=list)
    transactions: int = 0
    _here: threading.local = field(default_factory=threading.local)

    def note(self, what: str) -> None:
        """Something slow is about to happen: remember it if this thread holds a write transaction."""
        if self._open is None or getattr(self._here, "noting", False):
            return
        self._here.noting = True
        try:
            self.offences.append(f"{what} under the write lock of {self._open.opener}, called from {_place()}")
        finally:
            self._here.noting = False

    @property
    def _open(self) -> _Open | None:
        return getattr(self._here, "open", None)

    def began(self, connection: Any) -> None:
        if not connection.get_execution_options().get(_READING, False):
            self.transactions += 1
            opener = _place()
            self._here.open = None if opener is None else _Open(opener, time.thread_time())

    def ended(self, _connection: Any) -> None:
        found = self._open
        self._here.open = None
        if found is not None and (own_s := time.thread_time() - found.began_s - found.store_s) > MOST_OWN_S:
            self.offences.append(f"{own_s:.1f} s of computing under the write lock of {found.opener}")

    def before_cursor(self, *_: Any) -> None:
        if self._open is not None:
            self._open.cursor_began_s = time.thread_time()

    def after_cursor(self, *_: Any) -> None:
        if self._open is not None:
            self._open.store_s += time.thread_time() - self._open.cursor_began_s


_current: Watch | None = None


def _place() -> str | None:
    """The innermost line of the product on the stack. None for what tests, demonstrations and benches do themselves."""
    frame = inspect.currentframe()
    while frame is not None:
        path, inside = frame.f_code.co_filename, f"{OURS}/"
        name = path.removeprefix(inside)
        if path.startswith(inside) and not name.startswith(".venv/") and name not in _PASSED_OVER:
            ours = name.startswith(("central/", "sync/", "dopusk/commands/"))
            return f"{name}:{frame.f_code.co_name}" if ours else None
        frame = frame.f_back
    return None


def _on_audit(name: str, arguments: tuple[Any, ...]) -> None:
    """The interpreter's own hook: files that are opened. It stays for the process; without a watch it does nothing."""
    if name != "open" or _current is None or not isinstance(arguments[0], str | bytes):
        return
    path = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
    # What the interpreter reads of programs and packages is not the product's doing; our own words and tables are read once.
    own = any(path.startswith(f"{OURS}/{package}/") for package in ("central", "sync"))
    if (
        not own
        and not path.endswith((".py", ".pyc", ".so"))
        and "/site-packages/" not in path
        and "/lib/python" not in path
    ):
        _current.note(f"open({Path(path).suffix or path})")


sys.addaudithook(_on_audit)


def _watched(watch: Watch, name: str, true: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **options: Any) -> Any:
        watch.note(name)
        return true(*arguments, **options)

    return called


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Watch every engine and thread of this process."""
    global _current
    watch = Watch()
    listeners = (
        ("begin", watch.began),
        ("commit", watch.ended),
        ("rollback", watch.ended),
        ("before_cursor_execute", watch.before_cursor),
        ("after_cursor_execute", watch.after_cursor),
    )
    with contextlib.ExitStack() as stack:
        for owner, name in _FORBIDDEN:
            label = f"{getattr(owner, '__name__', owner)}.{name}"
            stack.enter_context(mock.patch.object(owner, name, _watched(watch, label, getattr(owner, name))))
        for name, listener in listeners:
            event.listen(Engine, name, listener)
            stack.callback(event.remove, Engine, name, listener)
        _current = watch
        try:
            yield watch
        finally:
            _current = None
