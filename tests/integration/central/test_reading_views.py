"""Views for reports: what they hold equals what the pages hold, a role reads them and nothing else, and an update keeps them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, String, Text, create_engine, text
from sqlalchemy.exc import ProgrammingError

from central.core.media_files import MediaFiles
from central.keeping import backup
from central.store import reading_views, schema
from central.store.engine import open_engine, reading
from central.store.exam_facts import QUANTITIES
from dopusk.lab.postgres import fresh_database
from tests.command_line import run
from tests.console_centre import SQLITE_URL, Browser, ConsoleCentre, build_console_centre, cheap_hashes, serving

FAILURE = {
    "step": "pressure",
    "attempt": 1,
    "at": "2026-11-30T02:00:00.000000Z",
    "device_id": "pressure",
    "kind": "timeout",
    "code": "no_answer",
    "message": "no answer",
    "act": "service",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def centre(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConsoleCentre]:
    cheap_hashes(monkeypatch)
    is_sqlite = request.param == "sqlite"
    url = SQLITE_URL if is_sqlite else fresh_database(request.getfixturevalue("postgres"), "views")
    made = build_console_centre(tmp_path / "centre", url)
    yield made
    made.engine.dispose()


def _command(centre: ConsoleCentre, *words: str) -> Any:
    return run("central", "views", "-c", str(centre.folder / "central.toml"), *words, lang="en")


def _make(centre: ConsoleCentre) -> None:
    if centre.engine.dialect.name == "sqlite":
        done = _command(centre)
    else:
        with centre.engine.begin() as connection:
            connection.execute(text("DROP ROLE IF EXISTS reader"))
            connection.execute(text("CREATE ROLE reader LOGIN"))
        done = _command(centre, "--role", "reader")
    assert done.code == 0, done.err


@contextmanager
def _as_reader(engine: Engine) -> Iterator[Connection]:
    url = engine.url if engine.dialect.name == "sqlite" else engine.url.set(username="reader")
    opened = create_engine(url)
    try:
        with opened.connect() as connection:
            if engine.dialect.name != "sqlite":
                connection.execute(text(f"SET search_path = {reading_views.SCHEMA}"))
            yield connection
    finally:
        opened.dispose()


def _rows(connection: Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query)).mappings()]


def test_they_hold_what_was_measured_and_decided_and_null_for_what_was_not(centre: ConsoleCentre) -> None:
    centre.add_medic("zoya", "Луговая Зоя Марковна")
    whole = centre.payload("1001", systolic_mmhg=151)
    poor = centre.payload("1002")
    poor["measurements"] = [one for one in poor["measurements"] if one["step"] != "pressure"]
    centre.receive(whole)
    centre.receive(poor | {"failures": [FAILURE]})
    with serving(centre.app(), centre.config.http.port) as address, closing(Browser(address)) as zoya:
        zoya.log_in("zoya")
        fields = {"outcome": "not_admitted", "reasons": "pressure_high"}
        assert zoya.decide(str(whole["exam_id"]), **fields).status_code == 303
    _make(centre)
    with _as_reader(centre.engine) as connection:
        exams = {row["exam_id"]: row for row in _rows(connection, "SELECT * FROM v_exam")}
        assert {key: row["outcome"] for key, row in exams.items()} == {
            whole["exam_id"]: "not_admitted",
            poor["exam_id"]: None,
        }
        attempts = _rows(connection, "SELECT * FROM v_measurement")
        for payload in (whole, poor):
            for item in payload["measurements"]:
                (row,) = (
                    one
                    for one in attempts
                    if (one["exam_id"], one["step"], one["attempt"])
                    == (payload["exam_id"], item["step"], item["attempt"])
                )
                assert row["is_measured"]
                for name in QUANTITIES:
                    value = item["values"].get(name)
                    assert row[name] == (None if value is None else pytest.approx(value)), name
        (failed,) = (one for one in attempts if not one["is_measured"])
        assert (failed["exam_id"], failed["failure_code"]) == (poor["exam_id"], "no_answer")
        assert [failed[name] for name in QUANTITIES] == [None] * len(QUANTITIES)
        (pressure,) = _rows(
            connection, "SELECT count(systolic_mmhg) AS n, avg(systolic_mmhg) AS mean FROM v_measurement"
        )
        assert (pressure["n"], float(pressure["mean"])) == (1, 151.0)
        (decision,) = _rows(connection, "SELECT * FROM v_decision")
        assert (decision["outcome"], bool(decision["is_in_force"])) == ("not_admitted", True)
        people = _rows(connection, "SELECT * FROM v_worker")
        assert len(people) == len(centre.people.workers)
        for name in ("v_terminal", "v_device", "v_outage"):
            _rows(connection, f"SELECT * FROM {name}")  # noqa: S608  # a name of our own
        told = {
            view.name: tuple(column.name for column in view.columns) for view in reading_views.views(is_sqlite=True)
        }
        assert told["v_worker"] == tuple(people[0])
        assert not [name for columns in told.values() for name in columns if "snils" in name]


def _makes_the_table_of_workers_anew(config: Config, _revision: str) -> None:
    """As a later migration may: neither store does it to a table that a view reads."""
    connection = config.attributes["connection"]
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table("worker", recreate="auto") as table:
        table.alter_column("full_name", type_=String(500), existing_type=Text())
    if connection.dialect.name != "sqlite":
        connection.execute(text("ALTER TABLE worker ALTER COLUMN full_name TYPE text"))


def test_what_others_built_upon_them_is_not_dropped(centre: ConsoleCentre) -> None:
    if centre.engine.dialect.name == "sqlite":
        return  # a view of SQLite may read one that is not there
    _make(centre)
    with centre.engine.begin() as connection:
        connection.execute(text("CREATE VIEW public.of_an_analyst AS SELECT exam_id FROM dopusk_read.v_exam"))
    for words in (("--drop",), ("--role", "reader")):
        refused = _command(centre, *words)
        assert (refused.code, "of_an_analyst" in refused.err) == (1, True), refused.err
    with _as_reader(centre.engine) as connection:
        assert _rows(connection, "SELECT * FROM v_exam") == []


def test_an_update_of_the_store_and_a_copy_of_it_go_on(
    centre: ConsoleCentre, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make(centre)
    monkeypatch.setattr(schema.command, "upgrade", _makes_the_table_of_workers_anew)
    schema.upgrade(centre.engine)
    with _as_reader(centre.engine) as connection:
        assert _rows(connection, "SELECT * FROM v_exam") == []
    url, copy = centre.config.store_url, tmp_path / "copy"
    backup.back_up(centre.engine, url, MediaFiles(centre.config.media_dir), copy)
    assert _command(centre, "--drop").code == 0
    with reading(centre.engine) as connection:
        assert not reading_views.are_there(connection)
    if centre.engine.dialect.name == "sqlite":
        return
    with centre.engine.begin() as connection:
        connection.execute(text("DROP ROLE reader"))
    elsewhere = fresh_database(request.getfixturevalue("postgres"), "views_elsewhere")
    backup.restore(copy, elsewhere, tmp_path / "media")


def test_without_a_role_and_with_one_that_nobody_made_it_is_said_who_must_act(centre: ConsoleCentre) -> None:
    if centre.engine.dialect.name == "sqlite":
        assert "SQLite has no roles" in _command(centre, "--role", "reader").err
        return
    assert "--role" in _command(centre).err
    refused = _command(centre, "--role", "nobody-made-it")
    assert (refused.code, "CREATE ROLE" in refused.err) == (1, True)
    with reading(centre.engine) as connection:
        assert not reading_views.are_there(connection)


def test_a_role_reads_the_views_and_nothing_else(postgres: Path, tmp_path: Path) -> None:
    made = build_console_centre(tmp_path, fresh_database(postgres, "views_role"))
    try:
        _make(made)
        for query in (
            "SELECT * FROM public.worker",
            "SELECT snils_sealed FROM public.person",
            "INSERT INTO v_worker (worker_id) VALUES ('x')",
            "UPDATE v_exam SET outcome = 'admitted'",
            "DELETE FROM v_outage",
            "CREATE TABLE dopusk_read.own (id int)",
        ):
            with (
                _as_reader(made.engine) as connection,
                pytest.raises(ProgrammingError, match=r"permission denied|cannot"),
            ):
                connection.execute(text(query))
        with _as_reader(made.engine) as connection:
            query = "SELECT col_description('dopusk_read.v_measurement'::regclass, 1)"
            assert connection.execute(text(query)).scalar_one() == "as in v_exam"
    finally:
        made.engine.dispose()


def test_on_sqlite_any_program_reads_them(tmp_path: Path) -> None:
    made = build_console_centre(tmp_path)
    made.exam()
    _make(made)
    made.engine.dispose()
    engine = open_engine(made.config.store_url)
    path = engine.url.database
    engine.dispose()
    assert path is not None
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM v_measurement WHERE is_measured").fetchone()[0] > 0
