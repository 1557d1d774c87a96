"""What the centre makes of health reports: the newest counts, outages are counted, bytes are not kept for ever."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from central.exchange.intake import Arrival, Intake
from central.exchange.resending import Replenisher
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import fleet, health
from central.store.engine import reading, writing
from central.store.fleet import Brief, TerminalRow
from central.store.messages import message
from central.store.outgoing import unacknowledged
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.envelope import Envelope, read_unverified
from sync.contract.health import HEALTH_SCHEMA
from sync.contract.receipt import ACK_SCHEMA
from sync.contract.roster import REFERENCE_SCHEMA, ROSTER_SCHEMA
from tests.central_store import CENTRE_KEY, ORG

Enrol = Callable[[str], TerminalIdentity]
PEN = Outgoing(CENTRE_KEY, "test")
NOW = datetime.now(UTC).replace(microsecond=0)


def _report(*states: str, **changes: Any) -> dict[str, Any]:
    devices = [
        {"device_id": f"d{number}", "measures": "temperature", "maker": "Acme", "model": "One", "serial": "7"}
        | {"state": state, "reason": "cable" if state in health.BROKEN else ""}
        for number, state in enumerate(states)
    ]
    report: dict[str, Any] = {
        "cause": "interval",
        "software_version": "1.0",
        "config_version": "c-1",
        "boot_id": "boot-1",
        "started_at": NOW.isoformat(),
        "uptime_s": 5.0,
        "queued": 3,
        "parked": 0,
        "clock_trusted": True,
        "camera": "ready",
        "roster_version": 1,
        "last_exam_at": NOW.isoformat(),
        "devices": devices,
    }
    return report | changes


def _tell(intake: Intake, terminal: TerminalIdentity, report: dict[str, Any]) -> str:
    _, sealed = terminal.seal(HEALTH_SCHEMA, report)
    (verdict,) = intake.take([Arrival(terminal.address.up("health"), sealed.wire)])
    return verdict.outcome


def _brief(engine: Engine) -> Brief:
    with reading(engine) as connection:
        (brief,) = fleet.briefs(connection, [ORG], NOW.date())
    return brief


def _row(engine: Engine) -> TerminalRow:
    with reading(engine) as connection:
        (row,) = fleet.overview(connection, [ORG], ["kiosk-1"], datetime.now(UTC))
    return row


def test_the_newest_report_is_shown(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    terminal = enrolled("kiosk-1")
    assert _row(engine).health is None
    assert _tell(intake, terminal, _report("ready", "fault")) == "accepted"
    assert _tell(intake, terminal, _report("ready", software_version="1.1")) == "accepted"
    row = _row(engine)
    assert row.health is not None
    assert row.health.software_version == "1.1"
    assert row.last_exam == NOW
    assert [device["device_id"] for device in row.devices] == ["d0"]


def test_a_report_that_comes_late_changes_nothing(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    terminal = enrolled("kiosk-1")
    _, early = terminal.seal(HEALTH_SCHEMA, _report("fault", software_version="1.0"))
    _tell(intake, terminal, _report("ready", software_version="1.1"))
    intake.take([Arrival(terminal.address.up("health"), early.wire)])
    row = _row(engine)
    assert row.health is not None
    assert row.health.software_version == "1.1"
    assert row.outages == 0


def test_a_terminal_that_counts_from_one_again_is_still_heard(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    terminal = enrolled("kiosk-1")
    for _ in range(3):
        _tell(intake, terminal, _report("ready"))
    terminal.seq, terminal.head = 0, "0" * 64  # its store was set aside
    terminal.changes = {"created_at": datetime.now(UTC) + timedelta(seconds=5)}
    _tell(intake, terminal, _report("ready", software_version="2.0"))
    row = _row(engine)
    assert row.health is not None
    assert row.health.software_version == "2.0"


def test_an_outage_is_counted_once_however_often_it_is_told(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    terminal = enrolled("kiosk-1")
    for state in ("ready", "fault", "fault", "absent", "ready", "absent"):
        _tell(intake, terminal, _report(state))
    row = _row(engine)
    assert row.outages == 2
    assert _brief(engine).needs_somebody
    assert row.outages_per_1000 is None  # no exams, no rate


def test_only_the_place_in_the_chain_is_kept_and_verifies(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    terminal = enrolled("kiosk-1")
    _tell(intake, terminal, _report("ready"))
    with reading(engine) as connection:
        assert connection.execute(select(message.c.wire)).scalars().all() == [None]
    assert verify_store(engine, Expected(CENTRE_KEY.public_key(), None, None)).faults == []


def test_a_report_that_breaks_the_rules_is_refused(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    terminal = enrolled("kiosk-1")
    assert _tell(intake, terminal, _report("ready", queued=-1)) == "refused"
    assert _tell(intake, terminal, _report(*["ready"] * 65)) == "refused"
    assert _row(engine).health is None


def _open(engine: Engine) -> list[Envelope]:
    with reading(engine) as connection:
        return [read_unverified(row.wire)[0] for row in unacknowledged(connection, "kiosk-1", 100)]


def _acknowledge(engine: Engine, intake: Intake, terminal: TerminalIdentity) -> None:
    _, sealed = terminal.seal(ACK_SCHEMA, {"message_ids": [envelope.message_id for envelope in _open(engine)]})
    intake.take([Arrival(terminal.address.up("ack"), sealed.wire)])


def _replenish(engine: Engine, registry: Registry) -> list[str]:
    replenisher = Replenisher(PEN, registry)
    with writing(engine) as connection:
        assert replenisher.are_needed(connection) == bool(health.behind(connection))
        return replenisher.send(connection)


def test_a_terminal_that_lost_its_store_gets_roster_and_books_again(
    engine: Engine, intake: Intake, enrolled: Enrol, registry: Registry
) -> None:
    terminal = enrolled("kiosk-1")
    for version in ("1", "2"):
        book = {"name": "limits", "version": version, "content": {}}
        with writing(engine) as connection:
            PEN.queue(connection, "kiosk-1", "reference", REFERENCE_SCHEMA, book)
    _tell(intake, terminal, _report("ready", roster_version=0))
    assert _replenish(engine, registry) == []  # the first one is still on its way
    _acknowledge(engine, intake, terminal)
    assert _replenish(engine, registry) == []  # that report is older than the acknowledgement
    _tell(intake, terminal, _report("ready", roster_version=1))
    assert _replenish(engine, registry) == []
    _tell(intake, terminal, _report("ready", roster_version=0))
    assert _replenish(engine, registry) == ["kiosk-1"]
    sent = _open(engine)
    assert [envelope.schema_ for envelope in sent] == [ROSTER_SCHEMA, REFERENCE_SCHEMA]
    assert (sent[0].payload["version"], sent[1].payload["version"]) == (2, "2")
    assert _replenish(engine, registry) == []
    _acknowledge(engine, intake, terminal)
    assert _replenish(engine, registry) == []  # until the next report says that it is gone again
