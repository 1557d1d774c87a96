"""How long a large file of workers makes others wait for SQLite, as a job and as one plain transaction, in the same run."""

import contextlib
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from central.core.clock import now_utc
from central.core.job_order import Order
from central.imports import register_files
from central.jobs.child import JobProcess
from central.jobs.kinds import WORKERS_IMPORT
from central.store.engine import open_engine
from central.store.register_changes import Author
from dopusk.lab.demo.sample_people import ORG
from sync.contract.snils import check_number
from tests.console_centre import ConsoleCentre, build_console_centre

_ROWS = 100_000
_PAUSE_S = 0.02
_HEADS = "Табельный номер;ФИО;Должность;Работодатель;Дистанционный осмотр;Дата рождения;Пол;СНИЛС"


class _OtherWriter:
    """Writes a row again and again, as a medic who signs would; remembers its longest wait in seconds."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._is_over = threading.Event()
        self.longest_s = 0.0

    @contextlib.contextmanager
    def writing(self) -> Iterator["_OtherWriter"]:
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            thread.join()

    def _write(self) -> None:
        with contextlib.closing(sqlite3.connect(self._store, timeout=600, isolation_level=None)) as other:
            while not self._is_over.wait(_PAUSE_S):
                begun = time.monotonic()
                other.execute("UPDATE job SET cancel_asked = cancel_asked")
                self.longest_s = max(self.longest_s, time.monotonic() - begun)


def store_a_large_file() -> str:
    """Store new people, then another position of each of them, then the same new people in one plain transaction."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        as_job, at_once = build_console_centre(folder / "job"), build_console_centre(folder / "once")
        new = _by_job(as_job, _file("слесарь"))
        changed = _by_job(as_job, _file("токарь"))
        plain = _plainly(at_once, _file("слесарь"))
    load = os.getloadavg()[0]
    return (
        f"{_ROWS} rows, load {load:.0f}: another writer waited {new:.1f} s at most for new people and {changed:.1f} s for "
        f"changed ones; {plain:.1f} s for the same in a plain transaction, {plain / new:.0f} times as long"
    )


def _file(position: str) -> bytes:
    def line(place: int) -> str:
        digits = f"{100_000_000 + 37 * place:09d}"
        name = f"Фамилия{place * 7919 % _ROWS:06d} Имя Отчество"
        born = f"{1 + place % 28:02d}.{1 + place % 12:02d}.{1960 + place % 40}"
        return f"{200_000 + place};{name};{position};ООО «Ромашка-Транс»;да;{born};м;{digits}{check_number(digits):02d}"

    return "\n".join((_HEADS, *map(line, range(_ROWS)))).encode()


def _by_job(centre: ConsoleCentre, content: bytes) -> float:
    folder = centre.folder / "work"
    folder.mkdir(exist_ok=True)
    given = folder / "given"
    given.write_bytes(content)
    params = {"org": ORG, "account_id": None, "address": "", "language": "ru"}
    order = Order(
        kind=WORKERS_IMPORT,
        params=params,
        asked_at=datetime.now(UTC),
        given=given,
        folder=folder,
        config=centre.config,
    )
    with _OtherWriter(centre.folder / "central.db").writing() as other, JobProcess(order) as process:
        while process.listen(1.0):
            pass
        ended = process.end()
    counts = ended["result"]["counts"]
    assert counts["added"] + counts["changed"] == _ROWS, ended
    return other.longest_s


def _plainly(centre: ConsoleCentre, content: bytes) -> float:
    """As a store that lets several write does it."""
    engine = open_engine(centre.config.store_url)
    file = register_files.WorkerFile(centre.registry)
    rows = register_files.read_large_file(file, content)
    checked = register_files.check_large_file(engine, file, ORG, rows, lambda _count: None)
    author = Author(None, now_utc())
    with _OtherWriter(centre.folder / "central.db").writing() as other:
        assert register_files._store_at_once(
            engine, file, ORG, checked.mark, author, lambda _count: None, lambda *_: None
        )
    engine.dispose()
    return other.longest_s
