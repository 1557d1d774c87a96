"""Each filter of the journal finds exactly what plain Python finds in the payloads and the signed records, on both stores."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, select, text

from central.core.parties import Worker
from central.core.reasons import reasons
from central.exchange.intake import Arrival, Intake
from central.keeping.rebuild import rebuild
from central.store import exam_facts, exams, journal, journal_facts, journal_lead, papers
from central.store.decisions import StoredDecision, add, decision
from central.store.engine import reading, writing
from central.store.exam_facts import QUANTITIES, exam_fact
from central.store.exams import exam
from central.store.journal import JournalFilter
from central.store.papers import Paper
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import new_id
from tests.central_store import ORG

_BEGAN = datetime(2026, 11, 1, 5, tzinfo=UTC)
_CODES = ("pressure_high", "alcohol_breath", "complaints", "visual_signs", "other")
_COMPLAINTS = ("headache", "chest_pain", "cough")
_SERIALS = ("F1", "F22", "f22", "№ 3")
_CERTIFICATES = ("3f3e", "a1b2")
_EXAMS = 90


@pytest.fixture
def drawn(engine: Engine, intake: Intake, enrolled: Any, worker: Worker) -> Engine:
    """A store with many exams of every kind: repeated, decided, corrected, opened again, unfinished."""
    identity, dice = enrolled("kiosk-1"), random.Random(11)

    def send(payload: dict[str, Any]) -> None:
        wire = identity.seal("dopusk.exam/1", payload)[1].wire
        assert intake.take([Arrival(identity.address.up("exam"), wire)])[0].outcome == "accepted"

    for place in range(_EXAMS):
        payload = _payload(dice, worker, place)
        send(payload)
        if payload["state"] == "unfinished" or dice.random() < 0.1:
            continue
        first = _decide(engine, dice, payload["exam_id"])
        with writing(engine) as connection:
            if dice.random() < 0.6:
                papers.add(connection, _paper(dice, place, first))
        if dice.random() < 0.25:
            _decide(engine, dice, payload["exam_id"], corrects=first.decision_id)
        elif dice.random() < 0.1:
            send(_payload(dice, worker, place) | {"exam_id": payload["exam_id"], "revision": 2, "state": "submitted"})
    return engine


def _payload(dice: random.Random, worker: Worker, place: int) -> dict[str, Any]:
    payload = exam_payload(
        dice,
        org=ORG,
        worker_id=worker.worker_id,
        employer_id=worker.employer_id,
        generation="test",
        # Some end at the same moment.
        started_at=_BEGAN + timedelta(minutes=place // 2 * 7),
        systolic_mmhg=dice.randint(95, 190),
    )
    codes = dice.sample(_COMPLAINTS, dice.choice((0, 0, 1, 2)))
    payload["complaints"] = {"feels_well": not codes, "codes": codes, "text": ""}
    for item in payload["measurements"]:
        item["device"]["serial"] = dice.choice((*_SERIALS, None))
        if "breath_alcohol_mg_per_l" in item["values"]:
            item["values"]["breath_alcohol_mg_per_l"] = dice.choice((0, 0, 0.16, 0.412))
    again = dice.choice(payload["measurements"])
    twice = again | {"measurement_id": new_id(), "attempt": 2, "values": dict(again["values"])}
    if "pulse_bpm" in twice["values"]:
        twice["values"] |= {"pulse_bpm": dice.randint(40, 160), "systolic_mmhg": dice.randint(95, 190)}
    payload["measurements"] = [*payload["measurements"], twice][dice.choice((0, 0, 1, 4)) :]
    payload["examinee"]["identified_by"] = dice.choice(("personnel_number", "card", "card"))
    if place % 9 == 0:
        payload |= {"state": "unfinished", "end_reason": "interrupted", "examinee": None}
    return payload


def _decide(engine: Engine, dice: random.Random, exam_id: str, corrects: str | None = None) -> StoredDecision:
    override = dice.choice(("", "", "осмотрен очно"))
    with writing(engine) as connection:
        current = exams.current(connection, exam_id)
        assert current is not None
        made = StoredDecision(
            decision_id=new_id(),
            exam_id=exam_id,
            exam_message_id=current.message_id,
            exam_revision=current.revision,
            org=ORG,
            worker_id=None,
            medic_id="m",
            medic_name="Луговая Зоя Марковна",
            outcome=dice.choice(("admitted", "not_admitted", "refer")),
            reasons=tuple(dice.sample(_CODES, dice.choice((0, 1, 2)))),
            corrects=corrects,
            decided_at=_BEGAN + timedelta(days=2),
            valid_until=None,
            record=json.dumps({"decision": {"override_reason": override}}).encode(),
            cms=b"",
            certificate_serial=dice.choice(_CERTIFICATES),
            trail={},
        )
        add(connection, made)
        given = {"decision_id": made.decision_id, "outcome": made.outcome, "decided_at": made.decided_at}
        assert exams.mark_decided(connection, exam_id, current.message_id, **given)
    return made


def _paper(dice: random.Random, place: int, of: StoredDecision) -> Paper:
    kind, (year, number) = dice.choice(("mark", "refusal")), divmod(place, 40)
    return Paper(new_id(), ORG, kind, 2024 + year, number, of.exam_id, of.decision_id, new_id(), _BEGAN, "a", 1, None)


def _values(row: Any, name: str) -> list[float]:
    return [item["values"][name] for item in row.payload["measurements"] if name in item["values"]]


def _between(name: str, low: float | None, high: float | None) -> Callable[[Any], bool]:
    return lambda row: any(
        (low is None or value >= low) and (high is None or value <= high) for value in _values(row, name)
    )


def _said(row: Any) -> Any:
    return json.loads(row.record)["decision"] if row.record else {}


CASES: list[tuple[dict[str, Any], Callable[[Any], bool]]] = [
    *(({"reason": code}, lambda row, code=code: code in (row.reasons or ())) for code in _CODES),
    *(
        (
            {"reason_class": group},
            lambda row, group=group: any(reasons()[code].group == group for code in row.reasons or ()),
        )
        for group in ("measurement", "intoxication", "visual", "identity")
    ),
    *(({"complaint": code}, lambda row, code=code: code in row.payload["complaints"]["codes"]) for code in _COMPLAINTS),
    *(
        (
            {"device_serial": serial},
            lambda row, serial=serial: any(item["device"]["serial"] == serial for item in row.payload["measurements"]),
        )
        for serial in (*_SERIALS, "none of these")
    ),
    *(
        ({"quantity": name, "low": low, "high": high}, _between(name, low, high))
        for name, low, high in (
            ("systolic_mmhg", 140, 160),
            ("systolic_mmhg", None, 120),
            ("diastolic_mmhg", 80, None),
            ("pulse_bpm", 100, None),
            ("pulse_bpm", 10, 20),
            ("pulse_bpm", None, None),
            ("temperature_celsius", 36.5, 36.6),
            ("breath_alcohol_mg_per_l", 0.16, None),
            ("breath_alcohol_mg_per_l", 0, 0),
            ("spo2_percent", None, None),
        )
    ),
    *(({"certificate_serial": one}, lambda row, one=one: row.certificate_serial == one) for one in _CERTIFICATES),
    *(
        (
            {"identified_by": means},
            lambda row, means=means: (row.payload["examinee"] or {}).get("identified_by") == means,
        )
        for means in ("personnel_number", "card", "face")
    ),
    ({"override": True}, lambda row: bool(_said(row).get("override_reason"))),
    ({"corrected": True}, lambda row: row.corrects is not None),
    *(
        ({"paper_number": number}, lambda row, number=number: _has_paper(row, number))
        for number in ("7", "7/2025", "99/2026")
    ),
]


def _has_paper(row: Any, number: str) -> bool:
    wanted, _, year = number.partition("/")
    return any(item.number == int(wanted) and (not year or item.year == int(year)) for item in row.papers)


def _all_rows(engine: Engine) -> list[Any]:
    """Every exam with the decision in force and its papers, by plain queries."""

    class Row:
        def __init__(self, found: Any, issued: list[Any]) -> None:
            self.__dict__.update(found)
            self.papers = [item for item in issued if item.exam_id == found["exam_id"]]

    with reading(engine) as connection:
        issued = list(connection.execute(select(papers.paper)).all())
        query = select(exam, decision.c.reasons, decision.c.record, decision.c.corrects, decision.c.certificate_serial)
        query = query.outerjoin(decision, decision.c.decision_id == exam.c.decision_id)
        return [Row(dict(row), issued) for row in connection.execute(query).mappings()]


def _found(engine: Engine, wanted: JournalFilter, *, oldest_first: bool = False) -> list[str]:
    """The journal in pages of nine."""
    ids: list[str] = []
    after: journal.Place | None = None
    with reading(engine) as connection:
        while rows := journal.page(connection, wanted, after, 9, oldest_first=oldest_first):
            ids += [row.exam_id for row in rows]
            after = (rows[-1].finished_at, rows[-1].exam_id)
        assert journal.count_up_to(connection, wanted, 10_000) == len(ids)
    return ids


def _expected(rows: list[Any], is_meant: Callable[[Any], bool], wanted: JournalFilter) -> list[str]:
    meant = [
        row
        for row in rows
        if (row.state == "unfinished") == wanted.unfinished
        and is_meant(row)
        and (wanted.since is None or row.finished_at >= wanted.since)
        and (wanted.until is None or row.finished_at < wanted.until)
        and (not wanted.outcome or row.outcome == wanted.outcome)
    ]
    return [row.exam_id for row in sorted(meant, key=lambda row: (row.finished_at, row.exam_id), reverse=True)]


@pytest.mark.parametrize("counted_to", [20_000, 3])
def test_filters_find_what_plain_python_finds(drawn: Engine, counted_to: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With three, nearly every filter is one that many exams have."""
    for module in (journal, journal_facts, journal_lead):
        monkeypatch.setattr(module, "COUNTED_TO", counted_to)
    rows = _all_rows(drawn)
    _each_filter(drawn, rows)
    _two_filters(drawn, rows)
    for asked, _ in CASES:
        assert _found(drawn, JournalFilter(("chuzhaya",), **asked)) == []


def _each_filter(drawn: Engine, rows: list[Any]) -> None:
    period = {"since": _BEGAN + timedelta(hours=2), "until": _BEGAN + timedelta(hours=6)}
    found_any = 0
    for asked, is_meant in CASES:
        for more in ({}, {"outcome": "not_admitted", **period}, {"unfinished": True}):
            wanted = JournalFilter((ORG,), **(asked | more))
            expected = _expected(rows, is_meant, wanted)
            assert _found(drawn, wanted) == expected, (asked, more)
            found_any += bool(expected)
        wanted = JournalFilter((ORG,), **asked)
        assert _found(drawn, wanted, oldest_first=True) == _expected(rows, is_meant, wanted)[::-1], asked
    assert found_any > 45, "the drawn exams are of every kind"


def _two_filters(drawn: Engine, rows: list[Any]) -> None:
    dice = random.Random(3)
    found_any = 0
    for _ in range(40):
        chosen = dice.sample(CASES, 2)
        asked = {name: value for fields, _ in chosen for name, value in fields.items()}
        if len(asked) != sum(len(fields) for fields, _ in chosen):
            continue
        wanted = JournalFilter((ORG,), **asked)
        expected = _expected(rows, lambda row, chosen=chosen: all(meant(row) for _, meant in chosen), wanted)  # type: ignore[misc]
        assert _found(drawn, wanted) == expected, asked
        found_any += bool(expected)
    assert found_any > 5


def _facts(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(
            connection.execute(
                select(exam_fact).order_by(exam_fact.c.exam_id, exam_fact.c.kind, exam_fact.c.value)
            ).all()
        )


def test_facts_are_made_anew_by_a_rebuild_an_upgrade_and_a_later_decision(drawn: Engine) -> None:
    before = _facts(drawn)
    assert {row.kind for row in before} == {
        *("complaint", "device_serial", "identified_by", *exam_facts.OF_DECISION),
        *(name for name in QUANTITIES if name not in {"mean_mmhg", "spo2_percent"}),
    }
    with writing(drawn) as connection:
        rebuild(connection)
    assert _facts(drawn) == before
    _upgraded(drawn, before)
    dice = random.Random(1)
    with reading(drawn) as connection:
        row = connection.execute(select(exam).where(exam.c.state == "decided").limit(1)).mappings().one()
    later = _decide(drawn, dice, row["exam_id"], corrects=row["decision_id"])
    with reading(drawn) as connection:
        query = select(exam_fact.c.value).where(exam_fact.c.exam_id == row["exam_id"], exam_fact.c.kind == "reason")
        assert set(connection.execute(query).scalars()) == set(replace(later).reasons)


def _upgraded(drawn: Engine, before: list[Any]) -> None:
    """A store of before gets the facts of what it holds, by the one step that brings them: its other tables are those of today."""
    step = import_module("central.store.migrations.versions.0009_exam_fact")
    with writing(drawn) as connection:
        connection.execute(text("DROP TABLE exam_fact"))
        with Operations.context(MigrationContext.configure(connection)):
            step.upgrade()
    assert _facts(drawn) == before
    assert _found(drawn, JournalFilter((ORG,), corrected=True))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"reason": "pressure_high"}, "ix_exam_fact_value (org=? AND kind=? AND value=?"),
        ({"identified_by": "card"}, "ix_exam_fact_value (org=? AND kind=? AND value=?"),
        ({"quantity": "pulse_bpm", "low": 150.0}, "ix_exam_fact_number (org=? AND kind=? AND number>?"),
    ],
)
def test_each_filter_goes_down_an_index_of_its_own(tmp_path: Any, wanted: dict[str, Any], index: str) -> None:
    from central.store.engine import create_schema, open_engine

    engine = open_engine(f"sqlite:///{tmp_path / 'plan.db'}")
    create_schema(engine)
    with reading(engine) as connection:
        chosen = journal._chosen(connection, JournalFilter((ORG,), **wanted), ORG)
        assert chosen is not None
        query = chosen[0].order_by(chosen[1].desc(), chosen[2].desc()).limit(50)
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
    engine.dispose()
    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN") for step in plan), plan
    assert "quantity" in wanted or not any("TEMP B-TREE" in step for step in plan), plan
