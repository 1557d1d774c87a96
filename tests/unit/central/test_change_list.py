"""The list of changes: every filter, page after page without a gap, on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from central.access.accounts import create_account
from central.core.parties import Organisation, Worker
from central.core.rights import Role
from central.people.registry import Registry
from central.store import accounts, change_list, register_changes
from central.store.change_list import BY_COMMAND, ChangeFilter
from central.store.engine import create_schema, open_engine, reading, writing
from central.store.register_changes import Author
from tests.central_store import ORG

AT = datetime(2026, 11, 2, 6, tzinfo=UTC)
OTHER = "rassvet"


def _account(connection: Connection, username: str, full_name: str) -> str:
    create_account(
        connection,
        username=username,
        full_name=full_name,
        role=Role.SENIOR_MEDIC,
        password="correct horse battery",
        now=AT,
        orgs=(ORG,),
    )
    found = accounts.by_username(connection, username)
    assert found is not None
    return found.account_id


@pytest.fixture
def author_ids(engine: Engine, registry: Registry, worker: Worker) -> tuple[str, str]:
    with writing(engine) as connection:
        one = _account(connection, "yana", "Ясная Яна Ильинична")
        two = _account(connection, "anna", "Алая Анна Ильинична")
        registry.add_organisation(connection, Organisation(OTHER, "Рассвет", "Л042"))
        for days, (author, kind, org) in enumerate(
            [(one, "workers", ORG), (two, "workers", ORG), (one, "devices", ORG), (two, "workers", OTHER)]
        ):
            change: tuple[str, Any, Any] = (f"entry-{days}", {"position": "слесарь"}, {"position": "токарь"})
            register_changes.note(connection, Author(author, AT + timedelta(days=days)), kind, org, [change])
    return one, two


def _entries(engine: Engine, **fields: Any) -> list[str]:
    wanted = ChangeFilter(**({"orgs": (ORG,), "until": AT + timedelta(days=100)} | fields))
    with reading(engine) as connection:
        return [item.entry_id for item in change_list.page(connection, wanted, None, 50) if "entry" in item.entry_id]


def test_filters(engine: Engine, author_ids: tuple[str, str]) -> None:
    one, two = author_ids
    assert _entries(engine) == ["entry-2", "entry-1", "entry-0"]
    assert _entries(engine, kind="workers") == ["entry-1", "entry-0"]
    assert _entries(engine, account_id=one) == ["entry-2", "entry-0"]
    assert _entries(engine, account_id=two, kind="devices") == []
    assert _entries(engine, account_id=BY_COMMAND) == []
    assert _entries(engine, since=AT + timedelta(days=1)) == ["entry-2", "entry-1"]
    assert _entries(engine, until=AT + timedelta(days=1)) == ["entry-0"]
    assert _entries(engine, orgs=(OTHER, ORG)) == ["entry-3", "entry-2", "entry-1", "entry-0"]
    assert _entries(engine, orgs=()) == []


def test_authors_are_those_of_these_organisations_by_name(engine: Engine, author_ids: tuple[str, str]) -> None:
    one, two = author_ids
    with reading(engine) as connection:
        assert list(change_list.authors(connection, (ORG,)).items()) == [
            (two, "Алая Анна Ильинична"),
            (one, "Ясная Яна Ильинична"),
        ]
        assert list(change_list.authors(connection, (OTHER,))) == [two]
        assert change_list.authors(connection, ()) == {}


def test_pages_follow_each_other_through_changes_of_one_moment(engine: Engine, worker: Worker) -> None:
    changes: list[tuple[str, Any, Any]] = [(f"entry-{n:02d}", {"position": "а"}, {"position": "б"}) for n in range(25)]
    with writing(engine) as connection:
        register_changes.note(connection, Author(None, AT), "workers", ORG, changes)
    wanted, after, found = ChangeFilter((ORG,), since=AT, until=AT + timedelta(seconds=1)), None, list[str]()
    with reading(engine) as connection:
        while rows := change_list.page(connection, wanted, after, 10):
            found += [item.entry_id for item in rows]
            after = (rows[-1].change.at, rows[-1].change_id)
    assert sorted(found) == [entry_id for entry_id, _, _ in changes]
    assert len(set(found)) == 25


@pytest.mark.parametrize(
    ("fields", "index"),
    [
        ({}, "ix_register_change_org_at"),
        ({"kind": "workers"}, "ix_register_change_org_kind_at"),
        ({"account_id": "x"}, "ix_register_change_org_account_id_at"),
        ({"account_id": BY_COMMAND}, "ix_register_change_org_account_id_at"),
    ],
)
def test_each_filter_goes_down_an_index_in_the_order_of_the_list(
    tmp_path: Path, fields: dict[str, str], index: str
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'central.db'}")
    create_schema(engine)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    with reading(engine) as connection:
        change_list.page(connection, ChangeFilter((ORG,), **fields), (AT, "a"), 10)
        statement, values = next(item for item in asked if "register_change" in item[0])
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    engine.dispose()
    plan = " | ".join(str(row[3]) for row in rows)
    assert f"USING INDEX {index} (" in plan
    assert "(at,change_id)<(?,?))" in plan
    assert "TEMP B-TREE" not in plan
