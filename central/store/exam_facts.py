"""The facts by which the journal is searched: one row for each fact of an exam. A projection, like the table of exams.

A fact of the exam is what its current revision says (complaints, devices, values of all attempts, how the worker was found);
a fact of the decision is what the one in force says (reasons, certificate, admission against the rules, correction). Facts
stand in the journal's own order, so that a page of any of them is found without reading the others.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Float, Index, Select, Table, Text, bindparam, delete, select, text

from central.core.reasons import reasons
from central.store.metadata import UtcDateTime, insert_rows_for, metadata

exam_fact = Table(
    "exam_fact",
    metadata,
    Column("exam_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True, comment="complaint, device_serial, reason … or the name of a quantity"),
    Column("value", Text, primary_key=True, comment="of a quantity: its number as text"),
    Column("number", Float, comment="of a quantity"),
    Column("org", Text, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False, comment="of the exam"),
    Index(
        "ix_exam_fact_value",
        "org",
        "kind",
        "value",
        "finished_at",
        "exam_id",
        sqlite_where=text("number IS NULL"),
        postgresql_where=text("number IS NULL"),
    ),
    Index(
        "ix_exam_fact_number",
        "org",
        "kind",
        "number",
        "exam_id",
        sqlite_where=text("number IS NOT NULL"),
        postgresql_where=text("number IS NOT NULL"),
    ),
    Index(
        "ix_exam_fact_quantity",
        "org",
        "kind",
        "finished_at",
        "exam_id",
        "number",
        sqlite_where=text("number IS NOT NULL"),
        postgresql_where=text("number IS NOT NULL"),
    ),
)

QUANTITIES = (
    "temperature_celsius",
    "systolic_mmhg",
    "diastolic_mmhg",
    "mean_mmhg",
    "pulse_bpm",
    "spo2_percent",
    "breath_alcohol_mg_per_l",
)
"""What may be searched by a range."""
OF_DECISION = ("reason", "reason_class", "certificate_serial", "override", "corrected")
YES = "1"


class Fact(NamedTuple):
    """One fact: `number` for a quantity alone."""

    kind: str
    value: str
    number: float | None = None


def facts_of_exam(payload: Mapping[str, Any]) -> set[Fact]:
    """What an exam's payload says, of all attempts."""
    found = {Fact("complaint", str(code)) for code in (payload.get("complaints") or {}).get("codes", ())}
    for item in payload.get("measurements", ()):
        if item["device"].get("serial"):
            found.add(Fact("device_serial", item["device"]["serial"]))
        for name in QUANTITIES:
            value = item["values"].get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.add(Fact(name, repr(float(value)), float(value)))
    if payload.get("examinee"):
        found.add(Fact("identified_by", payload["examinee"]["identified_by"]))
    return found


def facts_of_decision(reason_codes: Sequence[str], serial: str, corrects: str | None, record: bytes) -> set[Fact]:
    """What a decision says. `record`: the canonical JSON that was signed.

    A reason is of the class that the organisation's book of reasons gave it when the decision was signed.
    """
    signed = json.loads(record)
    found = {Fact("reason", code) for code in reason_codes}
    if reason_codes:
        decided_at = signed.get("decision", {}).get("decided_at")
        org = str(signed.get("exam", {}).get("org", ""))
        book = reasons(org, datetime.fromisoformat(decided_at)) if org and decided_at else reasons()
        found |= {Fact("reason_class", book[code].group) for code in reason_codes if code in book}
    if serial:
        found.add(Fact("certificate_serial", serial))
    if corrects is not None:
        found.add(Fact("corrected", YES))
    if signed.get("decision", {}).get("override_reason"):
        found.add(Fact("override", YES))
    return found


def rows_of(exam_id: str, org: str, finished_at: datetime, facts: Iterable[Fact]) -> Iterator[dict[str, Any]]:
    """The facts of one exam as rows of the table."""
    for fact in sorted(facts, key=lambda one: (one.kind, one.value)):
        yield {
            "exam_id": exam_id,
            "kind": fact.kind,
            "value": fact.value,
            "number": fact.number,
            "org": org,
            "finished_at": finished_at,
        }


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert facts of exams that have none of these kinds."""
    if rows:
        insert, given = insert_rows_for(connection, exam_fact, rows)
        connection.execute(insert, given)


def forget(connection: Connection, exam_ids: Sequence[str]) -> None:
    """Take all facts of these exams away."""
    if exam_ids:
        # One statement for any number of exams: each text of a statement would be kept with its last values.
        gone = delete(exam_fact).where(exam_fact.c.exam_id == bindparam("of"))
        connection.execute(gone, [{"of": exam_id} for exam_id in exam_ids])


def forget_decision(connection: Connection, exam_id: str) -> None:
    """Take away what the decision said that was in force."""
    connection.execute(delete(exam_fact).where(exam_fact.c.exam_id == exam_id, exam_fact.c.kind.in_(OF_DECISION)))


def of_exam(connection: Connection, exam_id: str) -> list[dict[str, Any]]:
    """The facts of one exam, as rows of the table, in the order of `rows_of`."""
    query = select(exam_fact).where(exam_fact.c.exam_id == exam_id)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return sorted(rows, key=lambda row: (row["kind"], row["value"]))


def of_no_exam(connection: Connection, exam_ids: Select[Any]) -> Iterator[str]:
    """Exams that are not in the list but have facts. `exam_ids`: those of the list."""
    yield from connection.execute(
        select(exam_fact.c.exam_id).where(exam_fact.c.exam_id.not_in(exam_ids)).distinct()
    ).scalars()


def clear(connection: Connection) -> None:
    """Empty the table, to make it anew."""
    connection.execute(exam_fact.delete())
