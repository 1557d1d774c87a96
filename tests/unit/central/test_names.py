"""Names as people write them and as lists print them: one folding, stored, looked up through its index, for whoever searches."""

import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, select, text, update

from central.core.name_folding import fold_card, fold_name, fold_number
from central.core.parties import Employer, Organisation, Terminal, Worker
from central.core.text_cleaning import clean
from central.imports.workers import check_rows
from central.people.registry import Registry
from central.store import journal, schema
from central.store.engine import open_engine, reading, writing
from central.store.journal import JournalFilter
from central.store.persons import person
from central.store.registry import worker as table
from central.store.worker_search import is_meant
from central.store.workers import alike_workers, search_workers
from dopusk.lab.postgres import fresh_database
from tests.central_store import ORG

STORED = (
    "Мамедов Эльчин Ибрагим оглы",
    "ИВАНОВ ИВАН ПЕТРОВИЧ",
    "фон Берг Анна",
    "Королёв Пётр Ильич",
    unicodedata.normalize("NFD", "Йовович Милла"),
    unicodedata.normalize("NFD", "Цой Виктор"),
    "О’Нил Джон",
    "Салтыков-Щедрин М Е",
    "де ла Круз Хуан",
    "100%_Тест \\ Имя",
)
FOUND = [
    ("Мамедов Эльчин Ибрагим оглы", 0),
    ("мамедов эльчин ибрагим ОГЛЫ", 0),
    ("Иванов", 1),
    ("ИВАНОВ", 1),
    ("Иванов Иван", 1),
    ("иванов  иван\u00a0петрович ", 1),
    ("фон Берг", 2),
    ("Фон берг", 2),
    ("Королев", 3),
    ("КОРОЛЁВ ПЕТР", 3),
    ("Йовович", 4),
    (unicodedata.normalize("NFD", "йовович"), 4),
    ("цой", 5),
    (unicodedata.normalize("NFD", "ЦОЙ"), 5),
    ("О'Нил", 6),
    ("салтыков‑щедрин", 7),
    ("Де Ла Круз", 8),
    ("100%", 9),
    ("100%_тест \\", 9),
]


def _crowd(engine: Engine, registry: Registry, worker: Worker) -> list[Worker]:
    crowd = [Worker(ORG, worker.employer_id, f"9{n}", name, "водитель") for n, name in enumerate(STORED)]
    with writing(engine) as connection:
        registry.save_workers(connection, crowd)
        # As a store of today may hold them: not cleaned on their way in.
        for one, name in zip(crowd, STORED, strict=True):
            connection.execute(update(table).where(table.c.worker_id == one.worker_id).values(full_name=name))
    return crowd


def test_every_spelling_finds_its_worker(engine: Engine, registry: Registry, worker: Worker) -> None:
    crowd = _crowd(engine, registry, worker)
    with reading(engine) as connection:
        for typed, place in FOUND:
            rows, hidden = search_workers(connection, (ORG,), typed, 10)
            assert [row["worker_id"] for row in rows] == [crowd[place].worker_id], typed
            assert hidden == 0
            named = select(table.c.worker_id).where(is_meant(connection, (ORG, "other"), typed))
            assert connection.execute(named).scalars().all() == [crowd[place].worker_id]
            assert journal.page(connection, JournalFilter((ORG,), person=typed), None, 5) == []
        for typed in ("Берг", "Ивановна", "%", "_", "100_", "Круз"):
            assert search_workers(connection, (ORG,), typed, 10)[0] == [], typed
        assert len(search_workers(connection, (ORG,), "", 50)[0]) == len(STORED) + 1
        assert search_workers(connection, (ORG,), "93", 5)[0][0]["worker_id"] == crowd[3].worker_id


def test_a_search_goes_through_the_index(engine: Engine, registry: Registry, worker: Worker) -> None:
    _crowd(engine, registry, worker)
    with writing(engine) as connection:
        wanted = select(table.c.worker_id).where(is_meant(connection, (ORG,), "Иванов"))
        words = str(wanted.compile(connection, compile_kwargs={"literal_binds": True}))
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = str(connection.exec_driver_sql(explain + words.replace("%", "%%").replace("%%%%", "%%")).all())
    assert "ix_worker_org_search_name" in plan


def test_twins_are_seen_in_every_spelling(engine: Engine, registry: Registry, worker: Worker) -> None:
    crowd = _crowd(engine, registry, worker)
    with reading(engine) as connection:
        for name, place in (
            ("Королев Петр Ильич", 3),
            ("Цой Виктор", 5),
            ("Иванов Иван Петрович", 1),
            ("ФОН БЕРГ АННА", 2),
        ):
            assert [row["worker_id"] for row in alike_workers(connection, ORG, "0", name, None)] == [
                crowd[place].worker_id
            ]


def test_a_file_sees_twins_in_every_spelling(engine: Engine, registry: Registry, worker: Worker) -> None:
    born = date(1990, 2, 1)
    with writing(engine) as connection:
        registry.save_workers(
            connection, [Worker(ORG, worker.employer_id, "5", "КОРОЛЁВ ПЁТР", "слесарь", birth_date=born)]
        )
    row = {
        "Табельный номер": "6",
        "ФИО": "Королев Петр",
        "Должность": "слесарь",
        "Работодатель": "ооо ромашка-транс",
        "Дата рождения": "01.02.1990",
        "Дистанционный осмотр": "да",
    }
    with reading(engine) as connection:
        checked = check_rows(connection, ORG, [row], date(2026, 1, 1), registry.snils_hash)
    assert {(fault.row, fault.column, fault.code) for fault in checked.faults} == {
        (2, "Работодатель", "unknown"),
    }
    with reading(engine) as connection:
        row["Работодатель"] = 'ООО "РОМАШКА-ТРАНС"'
        checked = check_rows(connection, ORG, [row], date(2026, 1, 1), registry.snils_hash)
    assert [(fault.column, fault.code) for fault in checked.faults] == [("ФИО", "person_taken")]


def test_every_way_of_writing_a_worker_keeps_the_key(engine: Engine, registry: Registry, worker: Worker) -> None:
    with writing(engine) as connection:
        values = dict(connection.execute(select(table)).mappings().one()) | {"worker_id": "w2", "personnel_number": "2"}
        values.pop("search_name")
        # Somebody else: other employments of one person would be renamed with it.
        of = {"full_name": "Ёлкин", "created_at": values["updated_at"], "updated_at": values["updated_at"]}
        connection.execute(person.insert().values(person_id="p2", **of))
        values["person_id"] = "p2"
        connection.execute(table.insert().values(**(values | {"full_name": "ЁЛКИН Пётр"})))
        connection.execute(
            table.insert(), [values | {"worker_id": "w3", "personnel_number": "3", "full_name": "Ёлкина"}]
        )
        changed = Worker(ORG, worker.employer_id, "1001", "НОВАЯ  Фамилия", "водитель", worker_id=worker.worker_id)
        registry.save_workers(connection, [changed])
        kept = connection.execute(select(table.c.full_name, table.c.search_name)).all()
    assert {row.search_name for row in kept} == {"елкин петр", "елкина", "новая фамилия"}
    assert all(row.search_name == fold_name(row.full_name) for row in kept)


@pytest.fixture(params=["sqlite", "postgresql"])
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A store of the version before, with workers."""
    if request.param == "sqlite":
        opened = open_engine(f"sqlite:///{tmp_path / 'earlier.db'}")
    else:
        opened = open_engine(fresh_database(request.getfixturevalue("postgres"), "earlier_names"))
    config = schema._config()
    with writing(opened) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.execute(
            text(
                "INSERT INTO organisation (org, name, licence, created_at) VALUES ('zarya', 'З', 'Л', '2026-01-01 00:00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO employer (employer_id, org, name, limits, created_at)"
                " VALUES ('e', 'zarya', 'Р', '[]', '2026-01-01 00:00:00')"
            )
        )
        insert = text(
            "INSERT INTO worker (worker_id, org, employer_id, personnel_number, full_name, position, cards, status,"
            " remote_allowed, block_text, updated_at) VALUES (:id, 'zarya', 'e', :id, :name, 'x', '[]', 'active', true, '',"
            " '2026-01-01 00:00:00')"
        )
        connection.execute(insert, [{"id": f"w{n:05d}", "name": STORED[n % len(STORED)]} for n in range(2500)])
    yield opened
    opened.dispose()


def test_a_store_of_today_gets_the_key_for_everybody(earlier: Engine) -> None:
    schema.upgrade(earlier)
    schema.check(earlier)
    with reading(earlier) as connection:
        rows = connection.execute(select(table.c.full_name, table.c.search_name)).all()
        assert len(rows) == 2500
        assert all(row.search_name == fold_name(row.full_name) for row in rows)
        found, hidden = search_workers(connection, ("zarya",), "королев", 100)
        assert len(found) + hidden == 250
    assert "ix_worker_org_search_name" in {item["name"] for item in inspect(earlier).get_indexes("worker")}


@pytest.mark.parametrize(
    ("one", "other"),
    [("00AF-12", "00ФА-12"), ("00af12", "00AF12"), ("00AF12\t", "00AF12"), ("00AF 12", "00AF12"), ("ф1", "a1")],
)
def test_a_card_is_what_its_reader_meant(one: str, other: str) -> None:
    assert fold_card(one) == fold_card(other)
    assert fold_card("1") != fold_card("01")


def test_numbers_that_a_spreadsheet_shortens_are_alike() -> None:
    assert fold_number("00042") == fold_number(" 42 ") == fold_number("0-42")
    assert fold_number("000") == fold_number("0") != ""
    assert fold_number("42А") == fold_number("42а") != fold_number("42")


@pytest.mark.parametrize("name", [*STORED, "Straße", "İ", "\ufdfa", "ﬁ", "Ё\u0308", "\ud800", ""])
def test_folding_twice_changes_nothing(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)
    assert clean(clean(name)) == clean(name)


@pytest.mark.parametrize(
    "sign", [chr(code) for code in (*range(1, 9), 11, 12, *range(14, 32), 0x7F, 0x85, 0x2028, 0x200B, 0xFEFF)]
)
def test_no_party_keeps_a_sign_that_nobody_sees(sign: str) -> None:
    for party in (
        Organisation("zarya", f"Мед{sign}пункт", f"Л{sign}1"),
        Employer("zarya", f"ООО{sign} «Р»", alert_contact=f"деж{sign}урный"),
        Worker("zarya", "e", f"1{sign}", f"Цои\u0306{sign} В", f"води{sign}тель", cards=(f"AF{sign}",)),
        Terminal("kiosk-1", "zarya", f"Киоск{sign}", f"Вход{sign}"),
    ):
        assert sign not in repr(party)
        assert repr(party).count("\\x") == 0
    assert Worker("zarya", "e", "1", f"Цои\u0306{sign}", "в").full_name == "Цой"
