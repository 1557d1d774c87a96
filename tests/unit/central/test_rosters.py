"""What goes down to terminals when registers change: the shortest way from what each has to what is, on both stores."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from central.core.clock import now_utc
from central.core.days import day_of
from central.core.parties import Employer, Worker
from central.exchange import rosters as rosters_module
from central.exchange.intake import Intake
from central.exchange.rosters import Rosters
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.link import roster_lists
from central.people.registry import Registry
from central.store import outgoing, roster_entries, roster_sent, terminal_employers, terminals
from central.store.engine import reading, writing
from central.store.register_changes import Author
from central.store.roster_sent import ToldList
from sync.contract.envelope import read_unverified
from tests.central_store import CENTRE_KEY, ORG
from tests.roster_terminal import RosterTerminal, is_whole, make_rosters, make_terminal


@pytest.fixture
def rosters(engine: Engine) -> Rosters:
    return make_rosters(engine)


@pytest.fixture
def kiosk(
    tmp_path: Path, engine: Engine, registry: Registry, intake: Intake, worker: Worker
) -> Iterator[RosterTerminal]:
    made = make_terminal(tmp_path, "kiosk-1", engine, registry, intake)
    yield made
    made.store.close()


def _save(engine: Engine, registry: Registry, *workers: Worker) -> None:
    with writing(engine) as connection:
        registry.save_workers(connection, workers)


def _employer(engine: Engine, registry: Registry, name: str) -> str:
    with writing(engine) as connection:
        return registry.add_employer(connection, Employer(ORG, name))


def _settle(rosters: Rosters, kiosk: RosterTerminal) -> list[bool]:
    """Until nothing more goes; of each message whether it was a whole list."""
    ways = []
    for _ in range(6):
        if not rosters.work() and not kiosk.open_messages():
            return ways
        ways += [is_whole(message) for message in kiosk.open_messages() if message.kind == "roster"]
        kiosk.receive()
    raise AssertionError("it does not come to rest")


def test_a_new_terminal_gets_the_whole_and_then_what_changes(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    assert _settle(rosters, kiosk) == [True]
    assert kiosk.numbers == ["1001"]
    _save(engine, registry, Worker(ORG, worker.employer_id, "1002", "Лесной Пётр Саввич", "слесарь"))
    assert _settle(rosters, kiosk) == [False]
    assert kiosk.numbers == ["1001", "1002"]
    assert len(kiosk.received[-1].wire) < 2000
    with writing(engine) as connection:
        registry.set_archived(connection, "workers", ORG, worker.worker_id, Author(None, now_utc()), archived=True)
    assert _settle(rosters, kiosk) == [False]
    assert kiosk.numbers == ["1002"]
    assert verify_store(engine, Expected(CENTRE_KEY.public_key(), None, None)).faults == []


def test_a_first_list_is_made_in_lots_and_nobody_is_sent_a_part(
    engine: Engine,
    registry: Registry,
    rosters: Rosters,
    kiosk: RosterTerminal,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hundred thousand people who have just come are not made in one transaction, for which everybody's writing would wait."""
    monkeypatch.setattr(roster_lists, "AT_ONCE", 3)
    monkeypatch.setattr(rosters_module, "OTHERS_WRITE_S", 0.0)
    names = [str(number) for number in range(1002, 1012)]
    _save(engine, registry, *(Worker(ORG, worker.employer_id, name, "Лесной Пётр Саввич", "слесарь") for name in names))
    for left in (8, 5, 2):
        with writing(engine) as connection:
            assert roster_lists.make_entries(connection, day_of(now_utc()))
            assert len(roster_entries.due_of_org(connection, ORG)) == left
        assert rosters.send() == 0
    assert _settle(rosters, kiosk) == [True]
    assert kiosk.numbers == ["1001", *names]
    _save(engine, registry, replace(worker, position="механик"))
    assert _settle(rosters, kiosk) == [False]


def test_nothing_goes_where_nothing_has_changed(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    _settle(rosters, kiosk)
    with writing(engine) as connection:
        registry.publish_roster(connection, ORG)
    assert rosters.work() == 0
    kiosk.report()
    assert rosters.work() == 0


def test_what_changed_while_a_terminal_was_away_comes_as_one_difference(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    _settle(rosters, kiosk)
    kiosk.link("offline")
    for number in range(1002, 1012):
        _save(engine, registry, Worker(ORG, worker.employer_id, str(number), "Лесной Пётр Саввич", "слесарь"))
        assert rosters.work() == 0
    with reading(engine) as connection:
        assert outgoing.backlog(connection) == (0, None)
    kiosk.link("online")
    assert _settle(rosters, kiosk) == [False]
    assert len(kiosk.numbers) == 11


def test_a_terminal_without_its_list_gets_the_whole_and_one_with_an_older_disk_a_difference(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    _settle(rosters, kiosk)
    kiosk.store.db.execute("DELETE FROM roster_version")
    kiosk.store.db.execute("DELETE FROM roster_worker")
    kiosk.store.db.conn.commit()
    with writing(engine) as connection:
        roster_sent.note_told(
            connection,
            ToldList("kiosk-1", 0, kiosk.store.roster.digest(), asks_whole=False),
            10**6,
            made_at=now_utc() + timedelta(hours=1),
        )
    rosters = make_rosters(engine)
    rosters.work()
    assert [is_whole(message) for message in kiosk.open_messages()] == [True]
    kiosk.receive()
    assert kiosk.numbers == ["1001"]


def test_a_difference_that_does_not_fit_is_followed_by_the_whole(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    """Somebody changed the terminal's list by hand: its digest is not what it was sent."""
    _settle(rosters, kiosk)
    kiosk.store.db.execute(
        "UPDATE roster_worker SET sha256 = CASE substr(sha256, 1, 1) WHEN 'a' THEN 'b' ELSE 'a' END || substr(sha256, 2)"
    )
    kiosk.store.db.conn.commit()
    _save(engine, registry, Worker(ORG, worker.employer_id, "1002", "Лесной Пётр Саввич", "слесарь"))
    rosters = make_rosters(engine)
    assert _settle(rosters, kiosk) == [False, True]
    assert kiosk.numbers == ["1001", "1002"]
    with reading(engine) as connection:
        told = roster_sent.told_lists(connection)["kiosk-1"]
    assert (told.sha256, told.asks_whole) == (kiosk.store.roster.digest(), False)


def test_a_terminal_bound_to_an_employer_knows_nobody_else(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    other = _employer(engine, registry, "АО «Лесные дороги»")
    _save(engine, registry, Worker(ORG, other, "1001", "Лесной Пётр Саввич", "слесарь"))
    _settle(rosters, kiosk)
    assert kiosk.numbers == ["1001", "1001"]
    for employers, numbers in (([other], 1), ([worker.employer_id], 1), ([other, worker.employer_id], 2), ([], 2)):
        with writing(engine) as connection:
            terminal_employers.bind(connection, "kiosk-1", employers)
        # Both are all there are: the same list, and nothing goes.
        assert _settle(rosters, kiosk) == ([False] if employers else []), employers
        assert len(kiosk.numbers) == numbers
        found = kiosk.store.roster.find_all("personnel_number", "1001")
        assert {one.employer_id for one in found} == set(employers or [other, worker.employer_id])


def test_a_change_at_another_employer_sends_nothing(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    other = _employer(engine, registry, "АО «Лесные дороги»")
    with writing(engine) as connection:
        terminal_employers.bind(connection, "kiosk-1", [worker.employer_id])
    _settle(rosters, kiosk)
    _save(engine, registry, Worker(ORG, other, "1001", "Лесной Пётр Саввич", "слесарь"))
    assert rosters.work() == 0
    _save(engine, registry, replace(worker, position="механик"))
    assert _settle(rosters, kiosk) == [False]
    assert other not in kiosk.received[-1].wire.decode()


def test_whoever_goes_to_another_employer_leaves_the_terminals_of_the_first(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    other, third = _employer(engine, registry, "А"), _employer(engine, registry, "Б")
    with writing(engine) as connection:
        terminal_employers.bind(connection, "kiosk-1", [worker.employer_id])
    _settle(rosters, kiosk)
    for employer_id in (other, third):
        _save(engine, registry, replace(worker, employer_id=employer_id))
    assert _settle(rosters, kiosk) == [False]
    assert kiosk.numbers == []
    _save(engine, registry, worker)
    assert _settle(rosters, kiosk) == [False]
    assert kiosk.numbers == ["1001"]


def test_midnight_ends_and_begins_employments(
    engine: Engine,
    registry: Registry,
    rosters: Rosters,
    kiosk: RosterTerminal,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before midnight the terminal has the dates; after it the centre takes away what has ended."""
    today = day_of(now_utc())
    ending = Worker(ORG, worker.employer_id, "1002", "Лесной Пётр Саввич", "слесарь", until=today)
    coming = Worker(ORG, worker.employer_id, "1003", "Полева Аглая", "слесарь", since=today + timedelta(days=1))
    ended = Worker(ORG, worker.employer_id, "1004", "Озеров Лука", "слесарь", until=today - timedelta(days=1))
    _save(engine, registry, ending, coming, ended)
    _settle(rosters, kiosk)
    assert kiosk.numbers == ["1001", "1002", "1003"]
    found = kiosk.store.roster.find("personnel_number", "1003")
    assert found is not None
    assert not found.is_in_force(today)
    assert found.is_in_force(today + timedelta(days=1))
    monkeypatch.setattr(rosters_module, "day_of", lambda _: today + timedelta(days=1))
    assert _settle(rosters, kiosk) == [False]
    assert kiosk.numbers == ["1001", "1003"]


def test_a_person_with_two_jobs_is_one_person_at_the_terminal(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    _save(engine, registry, replace(worker, snils="112-233-445 95"))
    _settle(rosters, kiosk)
    (alone,) = kiosk.store.roster.find_all("personnel_number", "1001")
    assert alone.person_id is None
    other = _employer(engine, registry, "АО «Лесные дороги»")
    _save(engine, registry, Worker(ORG, other, "7", worker.full_name, "слесарь", snils="112-233-445 95"))
    _settle(rosters, kiosk)
    (first,) = kiosk.store.roster.find_all("personnel_number", "1001")
    assert first.person_id is not None
    assert {one.personnel_number for one in kiosk.store.roster.employments_of(first)} == {"1001", "7"}


def test_a_program_of_before_gets_whole_lists_and_no_dates(
    engine: Engine,
    registry: Registry,
    rosters: Rosters,
    kiosk: RosterTerminal,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    today = day_of(now_utc())
    coming = Worker(ORG, worker.employer_id, "1003", "Полева Аглая", "слесарь", since=today + timedelta(days=1))
    _save(engine, registry, coming)

    def taken() -> list[str]:
        (message,) = kiosk.open_messages()
        assert is_whole(message)
        with writing(engine) as connection:
            outgoing.mark_acked(connection, "kiosk-1", [message.message_id], now=now_utc())
            roster_sent.note_told(connection, ToldList("kiosk-1", 1, None, asks_whole=False), 10**6, made_at=now_utc())
        return [one["personnel_number"] for one in read_unverified(message.wire)[0].payload["workers"]]

    rosters.work()
    assert taken() == ["1001", "1003"]  # nobody knew
    rosters.work()
    assert taken() == ["1001"]
    assert rosters.work() == 0
    _save(engine, registry, replace(worker, position="механик"))
    rosters.work()
    assert taken() == ["1001"]
    assert rosters.work() == 0
    monkeypatch.setattr(rosters_module, "day_of", lambda _: today + timedelta(days=1))
    rosters.work()
    assert taken() == ["1001", "1003"]
    assert rosters.work() == 0


def test_a_centre_that_forgot_some_versions_goes_on_above_them(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    """Restored from its backup: the terminal has a version that the centre never heard of."""
    _settle(rosters, kiosk)
    backup = SimpleNamespace(version=kiosk.store.roster.version())
    for number in ("1002", "1003"):
        _save(engine, registry, Worker(ORG, worker.employer_id, number, "Лесной Пётр Саввич", "слесарь"))
        _settle(rosters, kiosk)
    with writing(engine) as connection:
        connection.execute(terminals.terminal.update().values(roster_version=backup.version))
        connection.exec_driver_sql("DELETE FROM roster_sent")
        connection.exec_driver_sql("DELETE FROM roster_told")
    kiosk.report()
    assert make_rosters(engine).work() == 0  # it has what it should have, whatever the number
    _save(engine, registry, replace(worker, position="механик"))
    assert _settle(make_rosters(engine), kiosk) == [False]
    assert kiosk.store.roster.version() > backup.version + 2


def test_a_roster_that_a_terminal_refused_is_not_sent_for_ever(
    engine: Engine, registry: Registry, rosters: Rosters, kiosk: RosterTerminal, worker: Worker
) -> None:
    rosters.work()
    (message,) = kiosk.open_messages()
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE centre_outbox SET state = 'refused'")
    assert make_rosters(engine).work() == 0
    _save(engine, registry, replace(worker, position="механик"))
    assert make_rosters(engine).work() == 1
    assert message.message_id not in {one.message_id for one in kiosk.open_messages()}


def test_whatever_is_lost_doubled_or_late_the_list_comes_to_be_right(
    engine: Engine, registry: Registry, kiosk: RosterTerminal, worker: Worker
) -> None:
    """Random changes, and messages that are lost, doubled or held back; in the end both sides hold the same."""
    chance = random.Random(7)
    employers = [worker.employer_id, _employer(engine, registry, "А"), _employer(engine, registry, "Б")]
    people = [worker, *(Worker(ORG, employers[n % 3], str(2000 + n), "Лесной Пётр", "слесарь") for n in range(12))]
    held_back: list[outgoing.Waiting] = []
    for turn in range(40):
        changed = chance.sample(people, 3)
        _save(
            engine,
            registry,
            *(replace(one, employer_id=chance.choice(employers), position=f"слесарь {turn}") for one in changed),
        )
        if turn % 5 == 0:
            with writing(engine) as connection:
                terminal_employers.bind(connection, "kiosk-1", chance.sample(employers, chance.randrange(4)))
        rosters = make_rosters(engine)  # as after a death of the centre
        rosters.work()
        messages = kiosk.open_messages()
        match chance.randrange(4):
            case 0:
                held_back += messages
            case 1:
                kiosk.receive(*messages, *messages) if messages else None
            case 2 if held_back:
                kiosk.receive(held_back.pop())
            case _:
                kiosk.receive()
    _settle(make_rosters(engine), kiosk)
    for message in held_back:
        kiosk.receive(message)
    _settle(make_rosters(engine), kiosk)
    with reading(engine) as connection:
        bound = terminal_employers.of_terminal(connection, "kiosk-1")
        query = "SELECT body FROM roster_entry"
        rows = connection.exec_driver_sql(query).scalars().all()
    expected = {body for body in rows if bound is None or any(f'"{one}"' in body for one in bound)}
    assert {row[0] for row in kiosk.store.db.execute("SELECT body FROM roster_worker").fetchall()} == expected
