"""Models and migrations say the same, on both stores; a store of another version is not touched."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import IntegrityError

import central.store.migrations
from central.authority.pki import create_authority
from central.store import certificates, guards, medics, schema
from central.store.engine import load_tables, open_engine, reading, rebuilding, writing
from central.store.metadata import metadata
from dopusk.lab.postgres import fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: Any, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = fresh_database(request.getfixturevalue("postgres"), "migrated")
    engine = open_engine(url)
    yield engine
    engine.dispose()


def test_models_and_migrations_agree(empty: Engine) -> None:
    schema.upgrade(empty)
    load_tables()
    with reading(empty) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    schema.check(empty)


def test_an_upgrade_twice_changes_nothing(empty: Engine) -> None:
    schema.upgrade(empty)
    tables = set(inspect(empty).get_table_names())
    schema.upgrade(empty)
    assert set(inspect(empty).get_table_names()) == tables


def test_an_empty_store_is_named_as_such(empty: Engine) -> None:
    with pytest.raises(schema.StoreVersionError, match="migrate"):
        schema.check(empty)


def test_a_newer_store_is_refused_and_not_touched(empty: Engine) -> None:
    schema.upgrade(empty)
    with writing(empty) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for action in (schema.check, schema.upgrade):
        with pytest.raises(schema.StoreVersionError, match="9999"):
            action(empty)


def test_a_kill_in_the_middle_leaves_the_version_before(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    true_upgrade = command.upgrade

    def killed(*arguments: Any) -> None:
        true_upgrade(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "upgrade", killed)
    with pytest.raises(KeyboardInterrupt):
        schema.upgrade(empty)
    assert inspect(empty).get_table_names() == []


_BEFORE_PERSONS = "0009"


def _at_step(engine: Engine, step: str) -> None:
    with writing(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(central.store.migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, step)


def _old_worker(connection: Connection, worker_id: str, number: str, **values: Any) -> None:
    row = {"snils_hmac": None, "birth_date": None, "updated_at": "2026-11-01 08:00:00", "archived_at": None} | values
    statement = (
        "INSERT INTO worker (worker_id, org, employer_id, personnel_number, cards, snils_hmac, full_name, birth_date, position,"
        " status, remote_allowed, block_text, updated_at, archived_at, search_name) VALUES (:worker_id, 'zarya', 'e1', :number,"
        " '[]', :snils_hmac, :full_name, :birth_date, 'водитель', 'active', true, '', :updated_at, :archived_at, 'x')"
    )
    connection.execute(text(statement), row | {"worker_id": worker_id, "number": number})


def _new_worker(connection: Connection, worker_id: str, employer_id: str, number: str, person_id: str) -> None:
    row = {"w": worker_id, "e": employer_id, "n": number, "p": person_id, "at": "2026-11-01 08:00:00"}
    statement = (
        "INSERT INTO worker (worker_id, org, employer_id, personnel_number, cards, full_name, position, status,"
        " remote_allowed, block_text, updated_at, person_id) VALUES (:w, 'zarya', :e, :n, '[]', 'Ё', 'в', 'active', true,"
        " '', :at, :p)"
    )
    connection.execute(text(statement), row)


def test_workers_of_a_store_with_data_become_employments_of_persons(empty: Engine) -> None:
    _at_step(empty, _BEFORE_PERSONS)
    with writing(empty) as connection:
        moment = "2026-11-01 08:00:00"
        for statement in (
            "INSERT INTO organisation VALUES ('zarya', 'Заря', '', NULL, NULL, :at)",
            "INSERT INTO employer (employer_id, org, name, limits, created_at) VALUES ('e1', 'zarya', 'Автобаза', '[]', :at),"
            " ('e2', 'zarya', 'Депо', '[]', :at)",
        ):
            connection.execute(text(statement), {"at": moment})
        _old_worker(connection, "w1", "1001", full_name="Иванова Мария", snils_hmac="a" * 64)
        _old_worker(
            connection,
            "w2",
            "1002",
            full_name="Петрова Мария",
            snils_hmac="a" * 64,
            updated_at="2026-11-20 08:00:00",
            archived_at=moment,
        )
        _old_worker(connection, "w3", "1003", full_name="Орлов Пётр", birth_date="1980-02-03")
        _old_worker(connection, "w4", "1004", full_name="Орлов Пётр", birth_date="1980-02-03")
        limit = "INSERT INTO worker_limit (limit_id, worker_id, entry, author, basis, created_at) VALUES ('l1', 'w3', '{}', 'm',"
        connection.execute(text(f"{limit} 'b', :at)"), {"at": moment})
    schema.upgrade(empty)
    with writing(empty) as connection:
        rows = {row.worker_id: row for row in connection.execute(text("SELECT * FROM worker"))}
        people = {row.person_id: row for row in connection.execute(text("SELECT * FROM person"))}
        assert {name: row.personnel_number for name, row in rows.items()} == {
            "w1": "1001",
            "w2": "1002",
            "w3": "1003",
            "w4": "1004",
        }
        # One SNILS is one person, called as was said last. Equal names are for a medic to judge.
        assert rows["w1"].person_id == rows["w2"].person_id
        assert len({row.person_id for row in rows.values()}) == len(people) == 3
        assert people[rows["w1"].person_id].full_name == "Петрова Мария"
        assert rows["w1"].full_name == "Иванова Мария"
        assert str(people[rows["w3"].person_id].birth_date) == "1980-02-03"
        assert connection.execute(text("SELECT worker_id FROM worker_limit")).scalar_one() == "w3"
        # A number may now be used again: by another employer, and instead of one that was put away.
        person = rows["w3"].person_id
        _new_worker(connection, "w5", "e2", "1001", person)
        _new_worker(connection, "w6", "e1", "1002", person)
    for worker_id, employer_id, number, of in (("w7", "e1", "1001", person), ("w8", "e2", "7", "nobody")):
        with pytest.raises(IntegrityError), writing(empty) as connection:
            _new_worker(connection, worker_id, employer_id, number, of)
    with reading(empty) as connection:
        assert guards.missing(connection) == []


def test_a_step_that_leaves_a_reference_to_nothing_is_taken_back(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'own.db'}")
    schema.upgrade(engine)
    with pytest.raises(IntegrityError, match="employer"), rebuilding(engine) as connection:
        connection.execute(
            text("INSERT INTO employer (employer_id, org, name, limits, created_at) VALUES ('e', 'no', 'n', '[]', 'x')")
        )
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM employer")).scalar_one() == 0
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    engine.dispose()


def test_medics_of_a_store_with_data_get_their_certificates(empty: Engine, tmp_path: Path) -> None:
    issued = create_authority(tmp_path / "authority").issue_medic("Луговая Зоя", "m-1", "Медпункт")
    _at_step(empty, "0011")
    with writing(empty) as connection:
        moment = "2026-11-01 08:00:00"
        connection.execute(
            text("INSERT INTO organisation VALUES ('zarya', 'Заря', '', NULL, NULL, :at)"), {"at": moment}
        )
        for medic_id, pem in (("m-1", issued.certificate_pem), ("m-2", b"damaged")):
            values = {"medic_id": medic_id, "pem": pem, "at": moment, "yes": True}
            statement = (
                "INSERT INTO medic (medic_id, org, full_name, position, education, training_hours, certificate_pem, key_provider,"
                " active, created_at, updated_at) VALUES (:medic_id, 'zarya', 'Луговая Зоя', 'фельдшер', 'higher', 36, :pem,"
                " 'software', :yes, :at, :at)"
            )
            connection.execute(text(statement), values)
    schema.upgrade(empty)
    with reading(empty) as connection:
        (found,) = certificates.of_organisations(connection, ("zarya",))
        entry = medics.find(connection, "m-1")
    assert (found.serial, found.owner, found.state) == (issued.serial, "m-1", "valid")
    assert entry is not None
    assert (entry.certificate_id, entry.revoked_at) == (found.certificate_id, None)
