"""Models and migrations say the same, on both stores; a store of another version is not touched."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from central.store import schema
from central.store.engine import load_tables, open_engine, reading, writing
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
