"""`verify` of the centre's store finds every single changed byte of what is signed, and names the row."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from central import accounts
from central.media_files import MediaFiles
from central.outgoing import load_signing_key
from central.signature import software
from central.store.engine import open_engine
from central.trust import Trust
from central.verify import verify_store
from central.verify_report import Expected, StoreReport
from tests.console_centre import Browser, ConsoleCentre, build_console_centre, serving

SIGNED_COLUMNS = {
    "message": (
        "message_id terminal_id seq prev_hash sha256 kind schema wire created_at clock_trusted clock_offset_s received_at"
    ),
    "exam": (
        "exam_id revision org terminal_id employer_id worker_id exam_type generation state end_reason started_at "
        "finished_at received_at suggestion has_deviation payload message_id message_sha256 decision_id outcome decided_at"
    ),
    "decision": (
        "decision_id exam_id exam_message_id exam_revision org worker_id medic_id medic_name outcome record cms "
        "certificate_serial"
    ),
    "centre_outbox": "message_id terminal_id seq prev_hash sha256 wire",
}
CELLS = [(table, column) for table, columns in SIGNED_COLUMNS.items() for column in columns.split()]
STEP_OF_BLOB = 499
"""A prime: bytes of long values are tried at this distance, the first and the last always."""


class Store:
    """A store with three exams, one of them decided, and the means to damage it."""

    def __init__(self, centre: ConsoleCentre) -> None:
        self.path = centre.folder / "central.db"
        key = load_signing_key(centre.config.keys.centre_signing_key_file).public_key()
        anchors = Trust(centre.config.keys.authority_dir).anchors()
        self._engine = open_engine(f"sqlite:///{self.path}")
        self._raw = sqlite3.connect(self.path)
        # The test damages and repairs thousands of times; only the reader's view of it matters.
        self._raw.execute("PRAGMA synchronous = OFF")
        self.expected = Expected(key, anchors, MediaFiles(centre.config.media_dir))

    def verify(self) -> StoreReport:
        return verify_store(self._engine, self.expected)

    def run(self, statement: str, *values: Any) -> list[Any]:
        with self._raw:
            return self._raw.execute(statement, values).fetchall()

    def close(self) -> None:
        self._engine.dispose()
        self._raw.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        patched.setitem(software._SCRYPT, "n", 2**4)
        centre = build_console_centre(tmp_path_factory.mktemp("verify"))
        centre.add_medic("zoya", "Луговая Зоя Марковна")
        exams = [centre.exam() for _ in range(3)]
        with serving(centre.app(), centre.config.http.port) as address, contextlib.closing(Browser(address)) as browser:
            assert browser.log_in("zoya").decide(exams[1], outcome="admitted").status_code == 303
        centre.engine.dispose()
    made = Store(centre)
    yield made
    made.close()


def test_an_untouched_store_is_in_order(store: Store) -> None:
    report = store.verify()
    assert report.faults == []
    assert (report.messages, report.exams, report.decisions) == (3, 3, 1)
    assert report.outgoing >= 2


def _variants(value: Any) -> Iterator[Any]:
    """The value with one byte changed, at several places."""
    if isinstance(value, bytes):
        for place in sorted({*range(0, len(value), STEP_OF_BLOB), len(value) - 1}):
            yield value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
    elif isinstance(value, str):
        for place in sorted({*range(0, len(value), STEP_OF_BLOB), len(value) - 1}) if value else []:
            yield value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
        if not value:
            yield "x"
    elif isinstance(value, int):
        yield value ^ 1
    elif isinstance(value, float):
        yield value + 1e-6


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_every_change_of_a_cell_is_found(table: str, column: str, store: Store) -> None:
    tried = 0
    for rowid, value in store.run(f"SELECT rowid, {column} FROM {table}"):  # noqa: S608  # names of our own tables
        for changed in _variants(value):
            store.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", changed, rowid)  # noqa: S608
            try:
                assert not store.verify().ok, (table, column, rowid, value, changed)
                tried += 1
            finally:
                store.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", value, rowid)  # noqa: S608
    assert tried > 0
    assert store.verify().ok


@pytest.mark.parametrize("table", SIGNED_COLUMNS)
def test_every_row_that_is_gone_is_found(table: str, store: Store) -> None:
    columns = [row[1] for row in store.run(f"PRAGMA table_info({table})")]
    marks = ", ".join("?" * len(columns))
    for row in store.run(f"SELECT {', '.join(columns)} FROM {table}"):  # noqa: S608
        store.run(f"DELETE FROM {table} WHERE {columns[0]} = ?", row[0])  # noqa: S608
        try:
            assert not store.verify().ok, (table, row[0])
        finally:
            store.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *row)  # noqa: S608
    assert store.verify().ok


def test_the_fault_names_the_row(store: Store) -> None:
    [(message_id, value)] = store.run("SELECT message_id, wire FROM message WHERE seq = 2")
    store.run("UPDATE message SET wire = ? WHERE seq = 2", value[:-3] + b"x" + value[-2:])
    try:
        [fault, *_] = store.verify().faults
    finally:
        store.run("UPDATE message SET wire = ? WHERE seq = 2", value)
    assert message_id in fault.place
    assert "place 2" in fault.place


def test_a_damaged_file_is_named(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with contextlib.closing(sqlite3.connect(store.path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    content = bytearray(copy.read_bytes())
    content[4096 * 3 : 4096 * 3 + 64] = b"\xff" * 64
    copy.write_bytes(content)
    engine = open_engine(f"sqlite:///{copy}")
    try:
        report = verify_store(engine, store.expected)
    finally:
        engine.dispose()
    assert not report.ok
