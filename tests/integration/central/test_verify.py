"""`verify` of the centre's store finds every single changed byte of what is signed, and names the row."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from central.access import accounts
from central.conclusions.act_files import ActFiles
from central.conclusions.destruction import Destruction
from central.core.clock import now_utc
from central.core.media_files import MediaFiles
from central.core.trust import Trust
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.exchange.rosters import Rosters
from central.imports.grounds import check_file, store_checked
from central.keeping import verify_seals
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected, StoreReport
from central.link.outgoing import load_signing_key
from central.people.consents import Consents
from central.people.limits import LimitDraft, set_limit
from central.signature import software
from central.store import acts, alerts
from central.store.engine import load_tables, open_engine, reading, writing
from central.store.gate_passages import PASSAGE_STATE
from central.store.metadata import metadata
from central.store.outgoing import unacknowledged
from central.store.register_changes import Author
from central.store.sealing import Sealer
from central.store.seals import SEALED
from central.store.waybill_titles import TITLE_STATE
from central.store.waybills import WAYBILL_STATE
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.receipt import ACK_SCHEMA
from tests.acts import DESTROYED, drafted
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre, build_centre_with_zoya, serving
from tests.ground_records import add_records
from tests.size import IS_WHOLE, drawn
from tests.written_papers import write_paper

NOT_EVIDENCE = {
    "centre_outbox": {"attempts", "sent_at"},  # when the broker was asked: a schedule, and no record of anything
    "worker_limit": {"withdrawn_at"},
    "limit_entry": {"withdrawn_at"},
    "paper": {"prints"},
    "alert": {"delivered_at", "seen_at", "seen_by"},
    "reminder": {"delivered_at", "taken_back_at"},
    "gate_passage": PASSAGE_STATE,
    "waybill": WAYBILL_STATE,
    "waybill_title": TITLE_STATE,
}
"""Columns that may change while the centre works."""
RECORDS = ("message", "exam", "exam_fact", "decision", "centre_outbox", "seal", "seal_head", *SEALED)
load_tables()
COLUMNS = {
    table: [
        column.name
        for column in metadata.tables[table].columns
        if column.name not in NOT_EVIDENCE.get(table, ()) and (table, column.name) != ("seal_head", "head_id")
    ]
    for table in dict.fromkeys(RECORDS)
}
CELLS = [(table, column) for table, columns in COLUMNS.items() if table not in SEALED for column in columns]
TURNS = max(len(COLUMNS[table]) for table in SEALED)
"""Of sealed tables the cells of one column each are changed together: the seals name every changed row by itself."""
WAYBILLS = ("waybill", "waybill_title", "waybill_receipt", "gate_passage")
ROWS_TRIED = 2
CHANGES_TRIED = 2
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


def _fill_what_nobody_wrote(centre: ConsoleCentre) -> None:
    """A row in each table of records that a day leaves empty: verdicts on doubles, what the federal registers tell."""
    with writing(centre.engine) as connection:
        persons = list(connection.execute(select(metadata.tables["person"].c.person_id).limit(2)).scalars())
        medic_id = connection.execute(select(metadata.tables["medic"].c.medic_id)).scalars().first()
        known: dict[str, Any] = {
            "org": ORG,
            "waybill_id": new_id(),
            "request_id": new_id(),
            "decision_id": connection.execute(select(metadata.tables["decision"].c.decision_id)).scalars().first(),
            "paper_id": connection.execute(select(metadata.tables["paper"].c.paper_id)).scalars().first(),
            "person_id": persons[0],
            "other_id": persons[1],
            "medic_id": medic_id,
            "copy_id": connection.execute(select(metadata.tables["copy"].c.copy_id)).scalars().first(),
            "move_id": new_id(),
            "check_id": new_id(),
            "import_id": new_id(),
            "hold_id": new_id(),
            "inspection_id": new_id(),
            "contract_id": new_id(),
            "appeal_id": new_id(),
            "duty_id": new_id(),
            "handover_id": new_id(),
            "act_id": connection.execute(select(acts.act.c.act_id).where(acts.act.c.kind == "loss")).scalars().first(),
            "worker_id": next(iter(centre.people.workers.values())),
        }
        for name in (
            "person_verdict",
            "medic_education",
            "medic_certificate",
            "medic_employment",
            "field_map",
            "code_map",
            "partner_dictionary",
            "sent_field",
            "exchange",
            "self_reading",
            *WAYBILLS,
            "paper_event",
            "act_withdrawal",
            "duty",
            "duty_end",
            "duty_handover",
            "duty_acceptance",
            "contract",
            "contract_end",
            "contract_price",
            "post",
            "statement",
            "appeal",
            "appeal_answer",
            "inspection",
            "inspection_end",
            "hold",
            "hold_release",
            "hold_list",
            "book_check",
            "history_import",
            "foreign_exam",
            "history_withdrawal",
            "gate_passage",
            "copy_move",
            "archive_entry",
            "stamp_renewal",
            "stock_check",
            "stock_check_find",
            "stock_check_close",
            "copy_request",
            "copy_request_event",
        ):
            table = metadata.tables[name]
            made: dict[str, Any] = {}
            for column in table.columns:
                kind = column.type.python_type
                by_kind: dict[Any, Any] = {int: 7, float: 0.5, bool: True, dict: {"a": "b"}, list: ["a"]}
                by_kind |= {
                    bytes: b"bytes",
                    datetime: centre.now(),
                    date: centre.now().date(),
                    Decimal: Decimal(1),
                    str: new_id(),
                }
                made[column.name] = known.get(column.name, by_kind.get(kind, centre.now()))
            connection.execute(table.insert().values(**made))


def _destroy(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    """An act of destruction that two people have signed, carried out."""
    item = drafted(centre, "destruction", DESTROYED)
    own = f"/conclusions/acts/{item.act_id}"
    for browser in (zoya, foma):
        seen = re.findall(r'name="seen" value="(\w{64})"', browser.get(own).text)[0]
        assert browser.post(f"{own}/sign", {"seen": seen}, page=own).status_code == 303
    files, act_files = MediaFiles(centre.config.media_dir), ActFiles(centre.config.acts_dir)
    assert Destruction(centre.engine, files, act_files, Trust(centre.config.keys.authority_dir)).work() == 0


def _live(centre: ConsoleCentre, browser: Browser, exams: list[str]) -> None:
    """Whatever leaves records: papers, limits, a terminal that takes a roster and refuses a decision, a second try."""
    paper = browser.post(f"/exams/{exams[1]}/papers", {"kind": "mark"}, page=f"/exams/{exams[1]}")
    assert paper.status_code == 200, paper.text
    assert write_paper(browser, exams[1], "sobriety").status_code == 303
    signed = browser.post(f"/exams/{exams[1]}/papers", {"kind": "sobriety"}, page=f"/exams/{exams[1]}")
    assert signed.status_code == 200, signed.text
    passport = f"/workers/{centre.people.workers['1001']}/passport"
    seen = re.findall(r'name="seen" value="(\w{64})"', browser.get(passport).text)[0]
    assert browser.post(f"{passport}/sign", {"seen": seen}, page=passport).status_code == 303
    own = f"/conclusions/acts/{drafted(centre).act_id}"
    seen = re.findall(r'name="seen" value="(\w{64})"', browser.get(own).text)[0]
    assert browser.post(f"{own}/sign", {"seen": seen}, page=own).status_code == 303
    now = centre.now()
    with writing(centre.engine) as connection:
        draft = LimitDraft(ORG, "organisation", "", "systolic_mmhg", None, 150.0, "приказ 1")
        set_limit(connection, centre.registry, centre.outgoing, draft, "zoya", now)
        draft = LimitDraft(ORG, "worker", centre.people.workers["1001"], "pulse_bpm", None, 110.0, "осмотр терапевта")
        set_limit(connection, centre.registry, centre.outgoing, draft, "zoya", now)
        alerts.add(
            connection,
            kind="intoxication",
            org=ORG,
            employer_id=centre.people.employers[0],
            exam_id=exams[1],
            decision_id=new_id(),
            at=now,
        )
    Rosters(centre.engine, centre.outgoing).work()
    with reading(centre.engine) as connection:
        waiting = unacknowledged(connection, "kiosk-1", 100)
    refused = next(row for row in waiting if row.kind == "decision")
    taken = [row.message_id for row in waiting if row.kind == "roster"]
    answer = {
        "message_ids": taken,
        "refused": [{"message_id": refused.message_id, "sha256": sha256_hex(refused.wire), "code": "c", "reason": "r"}],
    }
    _, sealed = centre.terminal.seal(ACK_SCHEMA, answer)
    intake = Intake(centre.engine, MediaFiles(centre.config.media_dir), Rules("test", timedelta(days=1)))
    intake.take([Arrival(centre.terminal.address.up("ack"), sealed.wire)])
    assert browser.post(f"/fleet/refused/{refused.message_id}/again", {}, page="/fleet").status_code == 303
    with writing(centre.engine) as connection:
        consents, worker_id = Consents(centre.registry), centre.people.workers["1001"]
        # The key of a seal is made of the parts of the row's: a stroke within one of them must not confuse them.
        consents.add_text(connection, ORG, "video", "2026|1", "текст", valid_from=now.date(), author="zoya")
        given = {"given_on": now.date(), "means": "paper", "basis": "лист 1", "author": "zoya"}
        consent_id = consents.give(connection, worker_id, "video", "2026|1", **given)
        ended = {"withdrawn_on": now.date(), "means": "paper", "basis": "лист 2", "author": "zoya"}
        consents.withdraw(connection, consent_id, **ended)
        consents.give(connection, worker_id, "video", "2026|1", **given)
        table = (
            "Табельный номер;Вид;Дата;Только очно;Источник;Примечание\n1002;хти;01.11.2026;нет;МИС;без особенностей\n"
        )
        checked = check_file(connection, ORG, table.encode(), now.date(), lambda digits: digits)
        assert store_checked(connection, checked, Author(None, now)) == 1
        add_records(centre, connection)
    _fill_what_nobody_wrote(centre)
    sealer = Sealer(centre.engine, load_signing_key(centre.config.keys.centre_signing_key_file))
    assert sealer.run() > 0
    assert sealer.run() == 0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        patched.setitem(software._SCRYPT, "n", 2**4)
        centre = build_centre_with_zoya(tmp_path_factory.mktemp("verify"))
        exams = [centre.exam() for _ in range(3)]
        with serving(centre.app(), centre.config.http.port) as address, contextlib.closing(Browser(address)) as browser:
            assert browser.log_in("zoya").decide(exams[1], outcome="admitted").status_code == 303
            centre.add_medic("foma", "Бережной Фома Лукич")
            with contextlib.closing(Browser(address)) as foma:
                _destroy(centre, browser, foma.log_in("foma"))
            _live(centre, browser, exams)
        centre.engine.dispose()
        take_guards_out(centre.engine)
        centre.engine.dispose()
    made = Store(centre)
    yield made
    # Here, and not after each change: to look through the whole store takes as long as to find a change in it.
    assert made.verify().ok, "a test has not put back what it changed"
    made.close()


def test_an_untouched_store_is_in_order(store: Store) -> None:
    report = store.verify()
    assert report.faults == []
    assert (report.messages, report.exams, report.decisions) == (4, 3, 1)
    assert report.sealed > 10
    assert report.outgoing >= 2


@pytest.mark.parametrize("later", [timedelta(minutes=3), timedelta(days=40)])
def test_it_is_in_order_however_much_later(store: Store, monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
    """The centre was stopped, perhaps in the middle of something: its last rows are without a seal for good reason."""
    monkeypatch.setattr(verify_seals, "now_utc", lambda: now_utc() + later)
    assert store.verify().faults == []


def _variants(value: Any) -> Iterator[Any]:
    """The value with one byte changed, at several places."""
    if value == b"":
        yield b"x"
    elif isinstance(value, bytes):
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
    elif value is None:
        yield "2026-11-22 02:00:00.000000"


@dataclass(frozen=True)
class Change:
    """One cell of one row, and what is put into it."""

    table: str
    column: str
    rowid: int
    value: Any
    changed: Any
    key: str
    """Of the row, as its seal names it."""

    def make(self, store: Store) -> bool:
        """False where the store itself refuses it: a number that is taken."""
        try:
            self._put(store, self.changed)
        except sqlite3.IntegrityError:
            return False
        return True

    def undo(self, store: Store) -> None:
        self._put(store, self.value)

    def _put(self, store: Store, value: Any) -> None:
        store.run(f"UPDATE {self.table} SET {self.column} = ? WHERE rowid = ?", value, self.rowid)  # noqa: S608


def _changes(store: Store, table: str, column: str) -> list[Change]:
    keys = [one.name for one in metadata.tables[table].primary_key]
    rows = store.run(f"SELECT rowid, {column}, {', '.join(keys)} FROM {table}")  # noqa: S608  # names of our own tables
    every = [
        Change(table, column, rowid, value, changed, "|".join(str(one) for one in key))
        for rowid, value, *key in rows
        for changed in _variants(value)
    ]
    found = drawn(every, CHANGES_TRIED)
    assert found, (table, column)
    return found


def _found_alone(change: Change, store: Store) -> bool:
    """By itself, whatever names it."""
    if not change.make(store):
        return True
    try:
        return not store.verify().ok
    finally:
        change.undo(store)


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_every_change_of_a_cell_found_alone(table: str, column: str, store: Store) -> None:
    for change in _changes(store, table, column):
        assert _found_alone(change, store), change


@pytest.mark.parametrize("turn", range(TURNS))
def test_every_change_of_a_sealed_row_is_found_and_its_row_is_named(turn: int, store: Store) -> None:
    columns = {table: COLUMNS[table][turn] for table in SEALED if turn < len(COLUMNS[table])}
    for together in zip_longest(*(_changes(store, table, column) for table, column in columns.items())):
        made = [change for change in together if change is not None and change.make(store)]
        try:
            faults = store.verify().faults
        finally:
            for change in made:
                change.undo(store)
        named = {fault.place for fault in faults if fault.what.startswith("the row is not ")}
        for change in made:
            # What cannot even be read has other words than a seal's, and hides what else is wrong there.
            assert f"{change.table} {change.key}" in named or _found_alone(change, store), change


@pytest.mark.parametrize("table", [*dict.fromkeys(RECORDS)])
def test_every_row_that_is_gone_found_alone(table: str, store: Store) -> None:
    columns = [row[1] for row in store.run(f"PRAGMA table_info({table})")]
    marks = ", ".join("?" * len(columns))
    rows = store.run(f"SELECT rowid, {', '.join(columns)} FROM {table}")  # noqa: S608
    for rowid, *row in drawn(rows, ROWS_TRIED):
        store.run(f"DELETE FROM {table} WHERE rowid = ?", rowid)  # noqa: S608
        try:
            assert not store.verify().ok, (table, row[0])
        finally:
            store.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *row)  # noqa: S608


def test_every_table_is_checked_or_said_to_be_out_of_reach() -> None:
    """Whoever adds a table says what keeps its rows from being changed, or that nothing does."""
    page = Path("docs/reliability.md").read_text(encoding="utf-8")
    listed = next(line for line in page.splitlines() if line.startswith("| centre, working tables:"))
    unsaid = [name for name in metadata.tables if name not in RECORDS and f"`{name}`" not in listed]
    assert [name for name in unsaid if name != "media"] == []
    assert [name for name in RECORDS if f"`{name}`" in listed] == []


def test_a_note_of_the_newest_seal_under_another_number_is_found(store: Store) -> None:
    """Apart from the other cells: in SQLite this number is that of the row itself."""
    store.run("UPDATE seal_head SET head_id = 2")
    try:
        assert [fault.place for fault in store.verify().faults] == ["seal head"]
    finally:
        store.run("UPDATE seal_head SET head_id = 1")
    assert store.verify().ok


def test_a_decided_exam_that_waits_as_if_nobody_had_decided_is_found(store: Store) -> None:
    columns = ("state", "decision_id", "outcome", "medic_id", "decided_at")
    [(exam_id, *before)] = store.run(f"SELECT exam_id, {', '.join(columns)} FROM exam WHERE state = 'decided'")  # noqa: S608
    change = f"UPDATE exam SET {', '.join(f'{name} = ?' for name in columns)} WHERE exam_id = ?"  # noqa: S608
    store.run(change, "waiting", None, None, None, None, exam_id)
    try:
        faults = store.verify().faults
    finally:
        store.run(change, *before, exam_id)
    assert {fault.place for fault in faults} == {f"exam {exam_id}"}
    assert any("in force" in fault.what for fault in faults)


def test_the_fault_names_the_row(store: Store) -> None:
    [(message_id, value)] = store.run("SELECT message_id, wire FROM message WHERE seq = 2")
    store.run("UPDATE message SET wire = ? WHERE seq = 2", value[:-3] + b"x" + value[-2:])
    try:
        [fault, *_] = store.verify().faults
    finally:
        store.run("UPDATE message SET wire = ? WHERE seq = 2", value)
    assert message_id in fault.place
    assert "place 2" in fault.place


@pytest.mark.parametrize(
    ("table", "column", "other_form"),
    [
        ("exam", "finished_at", "replace(finished_at, ' ', '!')"),
        ("consent_text", "valid_from", "valid_from || ' '"),
        ("audit", "detail", "CAST(detail AS BLOB)"),
        ("worker", "full_name", "CAST(full_name AS BLOB)"),
    ],
)
def test_what_reads_alike_but_is_stored_otherwise_is_found(
    store: Store, table: str, column: str, other_form: str
) -> None:
    [(place, value)] = store.run(f"SELECT rowid, {column} FROM {table} LIMIT 1")  # noqa: S608
    store.run(f"UPDATE {table} SET {column} = {other_form} WHERE rowid = ?", place)  # noqa: S608
    try:
        fault = store.verify().faults[0]
    finally:
        store.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", value, place)  # noqa: S608
    assert fault.place.startswith(f"{table} ")
    assert fault.what.startswith(column)
    assert store.verify().ok


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


BYTES_TRIED = 700 if IS_WHOLE else 120


def _content(path: Path) -> dict[str, list[Any]] | None:
    """The records as anybody reads them; None for a file that cannot be read."""
    columns: dict[str, list[str]] = {}
    for table, column in CELLS:
        columns.setdefault(table, []).append(column)
    try:
        with contextlib.closing(sqlite3.connect(path)) as raw:
            return {
                table: raw.execute(f"SELECT {', '.join(names)} FROM {table} NOT INDEXED").fetchall()  # noqa: S608
                for table, names in columns.items()
            }
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None


def _is_found(path: Path, expected: Expected) -> bool:
    engine = open_engine(f"sqlite:///{path}")
    try:
        return not verify_store(engine, expected).ok
    except DatabaseError:
        return True  # it is not even opened
    finally:
        engine.dispose()


def _difference(before: dict[str, list[Any]] | None, now: dict[str, list[Any]] | None) -> list[Any]:
    """What reads otherwise than before: table, columns, row before, row now."""
    pairs = [(table, rows, (now or {}).get(table, [])) for table, rows in (before or {}).items()]
    return [
        (table, [column for name, column in CELLS if name == table], old, new)
        for table, rows, others in pairs
        for old, new in zip_longest(rows, others)
        if old != new
    ]


def test_every_changed_byte_that_changes_a_record_is_found(store: Store, tmp_path: Path) -> None:
    """The file is plain SQLite: bytes between and behind the rows, and working tables, carry no record and no seal."""
    whole, copy = tmp_path / "whole.db", tmp_path / "copy.db"
    with (
        contextlib.closing(sqlite3.connect(store.path)) as source,
        contextlib.closing(sqlite3.connect(whole)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    content, before = whole.read_bytes(), _content(whole)
    written = [at for at, byte in enumerate(content) if byte]  # the room that no row has taken yet is nought
    changed = 0
    for at in drawn(written, BYTES_TRIED):
        for leftover in tmp_path.glob("copy.db*"):
            leftover.unlink()
        copy.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        if (now := _content(copy)) == before:
            continue
        changed += 1
        assert _is_found(copy, store.expected), f"byte {at} of {len(content)}: {_difference(before, now)}"
    assert changed > BYTES_TRIED // 4
