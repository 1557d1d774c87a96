"""The registry and the rosters that follow from it, on both stores."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from central.core.clock import now_utc
from central.core.parties import Terminal, Worker
from central.exchange.intake import Arrival, Intake
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.people.registry import Registry
from central.store import outgoing, terminals
from central.store.engine import reading, writing
from central.store.workers import get_worker
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.envelope import open_sealed
from sync.contract.receipt import ACK_SCHEMA
from sync.contract.roster import Roster
from tests.central_store import CENTRE_KEY, ORG, spread

Enrol = Callable[[str], TerminalIdentity]


def _rosters(engine: Engine, terminal_id: str) -> list[Roster]:
    spread(engine)
    with reading(engine) as connection:
        rows = outgoing.unacknowledged(connection, terminal_id, 100)
    envelopes = [open_sealed(row.wire, CENTRE_KEY.public_key()) for row in rows]
    assert [envelope.seq for envelope in envelopes] == sorted({envelope.seq for envelope in envelopes})
    return [Roster.model_validate(envelope.payload) for envelope in envelopes]


def test_a_new_terminal_gets_the_roster_at_once(engine: Engine, enrolled: Enrol, worker: Worker) -> None:
    enrolled("kiosk-1")
    [roster] = _rosters(engine, "kiosk-1")
    assert roster.version == 1
    assert [(one.personnel_number, one.full_name) for one in roster.workers] == [("1001", worker.full_name)]


def _answer(engine: Engine, terminal_id: str) -> None:
    with writing(engine) as connection:
        ids = [row.message_id for row in outgoing.unacknowledged(connection, terminal_id, 100)]
        outgoing.mark_acked(connection, terminal_id, ids, now=now_utc())


def test_each_change_sends_a_higher_version_to_each_terminal_once_it_has_answered(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker
) -> None:
    for name in ("kiosk-1", "kiosk-2"):
        enrolled(name)
    with writing(engine) as connection:
        registry.save_workers(connection, [replace(worker, status="suspended", block_text="Обратитесь в отдел кадров")])
    for name in ("kiosk-1", "kiosk-2"):
        assert [roster.version for roster in _rosters(engine, name)] == [1]
        _answer(engine, name)
        rosters = _rosters(engine, name)
        assert [roster.version for roster in rosters] == [2]
        assert [one.status for one in rosters[-1].workers] == ["suspended"]


def test_the_present_roster_replaces_the_one_that_waits(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker
) -> None:
    enrolled("kiosk-1")
    with writing(engine) as connection:
        registry.send_roster(connection, "kiosk-1", ORG)
    with reading(engine) as connection:
        rows = list(outgoing.in_chain_order(connection))
    assert [(row.state, row.is_emptied) for row in rows] == [("superseded", True), ("queued", False)]
    assert verify_store(engine, Expected(CENTRE_KEY.public_key(), None, None)).faults == []


def test_a_change_that_is_rolled_back_tells_nobody(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker
) -> None:
    enrolled("kiosk-1")
    taken = replace(worker, worker_id="01a20219-4ef4-77d4-b34d-eba49876e986")
    with pytest.raises(ValueError, match="1001"), writing(engine) as connection:
        registry.save_workers(connection, [replace(worker, position="слесарь"), taken])
    assert len(_rosters(engine, "kiosk-1")) == 1


def test_the_snils_travels_as_a_keyed_hash_only(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker
) -> None:
    enrolled("kiosk-1")
    _answer(engine, "kiosk-1")
    with writing(engine) as connection:
        registry.save_workers(connection, [replace(worker, snils="112-233-445 95")])
        registry.save_workers(connection, [replace(worker, position="слесарь")])
    spread(engine)
    with reading(engine) as connection:
        row = get_worker(connection, worker.worker_id)
        wires = b"".join(sent.wire for sent in outgoing.unacknowledged(connection, "kiosk-1", 100))
    assert row is not None
    assert registry.open_snils(row["snils_sealed"]) == "11223344595"
    assert b"11223344595" not in wires
    assert row["snils_hmac"].encode() in wires
    for written in ("112-233-445 95", "11223344595"):
        assert written not in repr(replace(worker, snils="112-233-445 95"))


def test_personal_limits_in_force_travel_and_ended_ones_do_not(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker
) -> None:
    enrolled("kiosk-1")
    entry = {"parameter": "systolic_mmhg", "high": 150, "source": "worker"}
    today = (datetime.now(UTC) + timedelta(minutes=5)).date()  # unless today is over before the list is made
    with writing(engine) as connection:
        limit_id = registry.add_worker_limit(
            connection, worker.worker_id, entry, author="zoya", basis="осмотр терапевта", valid_until=today
        )
        old = today - timedelta(days=2)
        registry.add_worker_limit(connection, worker.worker_id, {"x": 1}, author="zoya", basis="b", valid_until=old)
    _answer(engine, "kiosk-1")
    assert list(_rosters(engine, "kiosk-1")[-1].workers[0].limits) == [entry]
    _answer(engine, "kiosk-1")
    with writing(engine) as connection:
        registry.withdraw_worker_limit(connection, limit_id)
    assert _rosters(engine, "kiosk-1")[-1].workers[0].limits == ()


def test_a_revoked_terminal_gets_nothing_more(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker
) -> None:
    enrolled("kiosk-1")
    with writing(engine) as connection:
        terminals.set_state(connection, "kiosk-1", "revoked")
        registry.save_workers(connection, [replace(worker, position="слесарь")])
    assert spread(engine) == 0
    with reading(engine) as connection:
        assert len(list(outgoing.in_chain_order(connection))) == 1
        assert outgoing.backlog(connection) == (0, None)
    assert _rosters(engine, "kiosk-1") == []


def test_a_roster_is_emptied_once_it_is_taken_and_the_chain_stays_whole(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker, intake: Intake
) -> None:
    terminal = enrolled("kiosk-1")
    with reading(engine) as connection:
        [first] = outgoing.unacknowledged(connection, "kiosk-1", 10)
    _, sealed = terminal.seal(ACK_SCHEMA, {"message_ids": [first.message_id]})
    intake.take([Arrival(terminal.address.up("ack"), sealed.wire)])
    with writing(engine) as connection:
        registry.save_workers(connection, [replace(worker, position="слесарь")])
    spread(engine)
    with reading(engine) as connection:
        rows = list(outgoing.in_chain_order(connection))
    assert [row.is_emptied for row in rows] == [True, False]
    report = verify_store(engine, Expected(CENTRE_KEY.public_key(), None, None))
    assert (report.faults, report.outgoing) == ([], 2)


def test_a_terminal_cannot_be_registered_twice(engine: Engine, registry: Registry, enrolled: Enrol) -> None:
    enrolled("kiosk-1")
    with pytest.raises(ValueError, match="kiosk-1"), writing(engine) as connection:
        registry.add_terminal(connection, Terminal("kiosk-1", ORG, "x", "y"))


def test_a_large_roster_travels_in_parts_that_the_wire_takes(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker
) -> None:
    enrolled("kiosk-1")
    _answer(engine, "kiosk-1")
    crowd = [
        Worker(ORG, worker.employer_id, str(number), f"Имярек Номер {number}" + "я" * 150, "водитель")
        for number in range(2000, 3200)
    ]
    with writing(engine) as connection:
        registry.save_workers(connection, crowd)
    parts = _rosters(engine, "kiosk-1")
    assert [part.part for part in parts] == list(range(1, parts[0].parts + 1))
    assert len(parts) > 1
    assert {(part.version, part.sha256) for part in parts} == {(2, parts[0].sha256)}
    assert len({one.worker_id for part in parts for one in part.workers}) == 1201


def test_a_message_that_the_wire_does_not_take_is_refused_before_it_is_stored(
    engine: Engine, registry: Registry, enrolled: Enrol, worker: Worker
) -> None:
    enrolled("kiosk-1")
    entry = {"parameter": "systolic_mmhg", "high": 150, "source": "worker", "basis": "я" * 600_000}
    with pytest.raises(ValueError, match="bytes"), writing(engine) as connection:
        registry.add_worker_limit(connection, worker.worker_id, entry, author="zoya", basis="b")
    assert [roster.version for roster in _rosters(engine, "kiosk-1")] == [1]
