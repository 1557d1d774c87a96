"""What a file writes is worked out beside the store, and holds as long as nobody has written about the same people."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import DatabaseError

from central.core.clock import now_utc
from central.core.parties import Employer, Organisation, Worker
from central.imports.register_files import WorkerFile
from central.people.registry import Registry
from central.store import consents
from central.store.alerts import alert
from central.store.engine import open_engine, reading, writing
from central.store.registry import worker as worker_table
from central.store.rehearsal import Rehearsed
from dopusk.lab.demo.sample_people import sample_snils
from tests.central_store import ORG
from tests.new_store import make_tables

OTHER, TABLES = "vostok", WorkerFile.tables


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path / 'central.db'}")
    make_tables(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def rehearsed(engine: Engine) -> Iterator[Rehearsed]:
    with Rehearsed(engine, ORG, TABLES.beside) as made:
        yield made


@pytest.fixture
def shared(engine: Engine, registry: Registry, worker: Worker) -> Worker:
    """An employment of the same person with another organisation."""
    with writing(engine) as connection:
        registry.save_workers(connection, [_known(worker)])
        registry.add_organisation(connection, Organisation(OTHER, "Медпункт Восток", "Л042"))
        employer_id = registry.add_employer(connection, Employer(OTHER, "ООО «Лютик»"))
        return _said(Worker(OTHER, employer_id, "7", worker.full_name, "сторож", snils=sample_snils("1005")))


def _known(worker: Worker) -> Worker:
    return _said(worker, snils=sample_snils("1005"))


def _said(worker: Worker, **changed: str) -> Worker:
    return replace(worker, **changed)  # type: ignore[arg-type]


def _work_out(registry: Registry, worker: Worker, rehearsed: Rehearsed) -> None:
    with rehearsed.viewing() as connection, rehearsed.working_out(read=TABLES.read, written=TABLES.written):
        new = [
            _said(_known(worker), position="механик"),
            Worker(ORG, worker.employer_id, "1002", "Лесной Пётр", "повар"),
        ]
        registry.save_workers(connection, new)
        # Its own writing is read again.
        names = connection.execute(select(worker_table.c.position).order_by(worker_table.c.personnel_number)).scalars()
        assert {"механик", "повар"} <= set(names.all())


def _positions(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        query = select(worker_table.c.position).where(worker_table.c.org == ORG)
        return list(connection.execute(query.order_by(worker_table.c.personnel_number)).scalars())


def test_nothing_is_written_until_it_is_told_to(
    engine: Engine, registry: Registry, worker: Worker, rehearsed: Rehearsed
) -> None:
    _work_out(registry, worker, rehearsed)
    assert _positions(engine) == ["водитель"]
    with rehearsed.writing():
        assert rehearsed.holds()
        rehearsed.write()
    assert _positions(engine) == ["механик", "повар"]
    # The connection is an ordinary one again: it shows no copies, and takes writes of others.
    for _ in range(3):
        assert _positions(engine) == ["механик", "повар"]


def test_writing_into_a_table_that_was_not_named_is_refused(rehearsed: Rehearsed) -> None:
    with (
        rehearsed.viewing() as connection,
        rehearsed.working_out(read=(), written=()),
        pytest.raises(DatabaseError, match="not authorized"),
    ):
        connection.execute(alert.delete())


def test_what_is_written_in_the_transaction_is_taken_from_tables_and_sets_what_differs(
    engine: Engine, registry: Registry, worker: Worker, rehearsed: Rehearsed
) -> None:
    """Rows handed over one by one, and indexes of columns that stay, cost everybody who waits half of the time more."""
    _work_out(registry, worker, rehearsed)
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: seen.append(statement))
    with rehearsed.writing():
        rehearsed.write()
    assert any(one.startswith("INSERT INTO worker (") and " FROM beside." in one for one in seen), seen
    assert not [one for one in seen if one.startswith("INSERT") and "VALUES" in one]
    [changed] = [one for one in seen if one.startswith("UPDATE worker SET")]
    assert "position=?" in changed
    assert not [name for name in ("employer_id", "search_name") if f"{name}=?" in changed]


Meanwhile = Callable[[Engine, Registry, Worker, Worker], None]


def _other_organisation(engine: Engine, registry: Registry, worker: Worker, shared: Worker) -> None:
    with writing(engine) as connection:
        registry.save_workers(connection, [shared])


def _consent(engine: Engine, registry: Registry, worker: Worker, shared: Worker) -> None:
    text = {"org": ORG, "kind": "health_data", "version": "1", "body": "Да", "sha256": "0" * 64, "author": "x"}
    day, now = date(2026, 1, 1), now_utc()
    with writing(engine) as connection:
        consents.add_text(connection, **text, valid_from=day, created_at=now)
        given = {"worker_id": worker.worker_id, "org": ORG, "kind": "health_data", "text_version": "1", "basis": "б"}
        given |= {"text_sha256": "0" * 64, "given_on": day, "means": "paper", "author": "x", "created_at": now}
        consents.add_consent(connection, **given)


def _same_register(engine: Engine, registry: Registry, worker: Worker, shared: Worker) -> None:
    with writing(engine) as connection:
        registry.add_employer(connection, Employer(ORG, "ООО «Лютик-2»"))


@pytest.mark.parametrize("meanwhile", [_other_organisation, _consent, _same_register])
def test_what_somebody_wrote_meanwhile_makes_it_stale(
    engine: Engine, registry: Registry, worker: Worker, shared: Worker, rehearsed: Rehearsed, meanwhile: Meanwhile
) -> None:
    _work_out(registry, worker, rehearsed)
    meanwhile(engine, registry, worker, shared)
    with rehearsed.writing():
        assert not rehearsed.holds()


def test_what_others_wrote_about_others_does_not(
    engine: Engine, registry: Registry, worker: Worker, shared: Worker, rehearsed: Rehearsed
) -> None:
    _work_out(registry, worker, rehearsed)
    with writing(engine) as connection:
        stranger = Worker(OTHER, shared.employer_id, "8", "Иной Лев Ильич", "сторож", snils=sample_snils("1006"))
        registry.save_workers(connection, [stranger])
    with rehearsed.writing():
        assert rehearsed.holds()
