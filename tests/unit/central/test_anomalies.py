"""The table of anomalies on both stores: who floods fills a row, and every row has somebody who sees it."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine, func, select

from central.core.clock import now_utc
from central.core.parties import Organisation
from central.exchange.intake import Arrival, Intake
from central.people.registry import Registry
from central.store import anomalies
from central.store.anomalies import MOST_CASES, NewAnomaly, anomaly
from central.store.engine import reading, writing
from simulators.fleet_terminal import TerminalIdentity
from tests.central_store import ORG

Enrol = Callable[[str], TerminalIdentity]


def _rows(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(anomaly)).scalar_one())


def test_a_flood_on_invented_topics_is_one_row_for_each_kind(engine: Engine, intake: Intake, enrolled: Enrol) -> None:
    enrolled("kiosk-1")
    arrivals = [
        Arrival(topic, b"%d" % number)
        for number in range(200)
        for topic in (
            f"dopusk/1/invented-{number}/kiosk-1/up/exam",
            f"dopusk/1/{ORG}/kiosk-1/up/invented-{number}",
            f"dopusk/1/{ORG}/kiosk-1/up/deeper/and/deeper/{number}",
        )
    ]
    for start in range(0, len(arrivals), 100):
        intake.take(arrivals[start : start + 100])
    with reading(engine) as connection:
        rows = anomalies.newest(connection, 100)
    assert {row["terminal_id"] for row in rows} == {"kiosk-1"}
    assert {row["org"] for row in rows} == {ORG}
    assert len(rows) <= 3
    assert sum(row["times"] for row in rows) == len(arrivals)


def test_cases_that_matter_each_get_a_row_up_to_a_bound(engine: Engine, enrolled: Enrol) -> None:
    enrolled("kiosk-1")
    now = now_utc()
    with writing(engine) as connection:
        for number in range(3 * MOST_CASES):
            case = NewAnomaly("message_id_reused", "", "twice", "kiosk-1", f"message-{number}")
            anomalies.note(connection, case, now=now)
            hole = NewAnomaly("gap", "", "missing", "kiosk-1", None, 2 * number + 1, 2 * number + 1)
            anomalies.note(connection, hole, now=now)
    assert _rows(engine) == 2 * (MOST_CASES + 1)
    with writing(engine) as connection:  # one that has a row is counted there
        anomalies.note(connection, NewAnomaly("gap", "", "missing", "kiosk-1", None, 1, 1), now=now)
        anomalies.note(
            connection, NewAnomaly("gap", "", "missing", "kiosk-1", None, 1, 1), now=now + timedelta(hours=2)
        )
    assert _rows(engine) == 2 * (MOST_CASES + 1) + 1


def test_everything_is_somebodys_to_see(engine: Engine, registry: Registry, enrolled: Enrol) -> None:
    enrolled("kiosk-1")
    topics = {
        "unknown_terminal": f"dopusk/1/{ORG}/stranger/status",
        "malformed": "dopusk/1/nowhere/stranger/status",
        "foreign_topic": "something else",
    }
    with writing(engine) as connection:
        registry.add_organisation(connection, Organisation("other", "Другая", "Л041"))
        for kind, topic in topics.items():
            anomalies.note(connection, NewAnomaly(kind, topic, "who?"), now=now_utc())
        anomalies.note(connection, NewAnomaly("gap", "", "missing", "kiosk-1", None, 1, 2), now=now_utc())
        # What its owner's terminal does under another's name is its owner's to see.
        anomalies.note(connection, NewAnomaly("oversized", "dopusk/1/other/kiosk-1/up/exam", "big"), now=now_utc())
    with reading(engine) as connection:
        ours, count = anomalies.page(connection, [ORG], is_resolved=False, limit=3)
        rest, _ = anomalies.page(connection, [ORG], is_resolved=False, limit=3, offset=3)
        theirs, _ = anomalies.page(connection, ["other"], is_resolved=False, limit=100)
    assert {row["kind"] for row in ours + rest} == {*topics, "gap", "oversized"}
    assert (len(ours), len(rest), count) == (3, 2, 5)
    assert {row["kind"] for row in theirs} == {"malformed", "foreign_topic"}


def test_gaps_that_were_filled_stand_apart(engine: Engine, enrolled: Enrol) -> None:
    enrolled("kiosk-1")
    with writing(engine) as connection:
        anomalies.note(connection, NewAnomaly("gap", "", "missing", "kiosk-1", None, 1, 2), now=now_utc())
        [gap] = anomalies.open_gaps(connection, "kiosk-1")
        anomalies.resolve(connection, gap["anomaly_id"], now=now_utc())
        assert anomalies.page(connection, [ORG], is_resolved=False, limit=10) == ([], 0)
        assert anomalies.page(connection, [ORG], is_resolved=True, limit=10)[1] == 1
