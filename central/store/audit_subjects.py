"""Finds the subjects of access-log entries by id. Read-only; owns no table. Workers appear by number and employer, by no name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Text, and_, cast, literal, select

from central.store.acts import act
from central.store.api_keys import api_key
from central.store.copy_requests import copy_request
from central.store.exams import exam
from central.store.instruments import instrument
from central.store.key_carriers import key_carrier
from central.store.medics import medic
from central.store.notices import channel
from central.store.registry import employer, organisation, worker
from central.store.terminals import terminal


@dataclass(frozen=True, slots=True)
class Subject:
    """`kind`: of what; `name` as its register has it now; `at`: of an exam, when it was made."""

    kind: str
    name: str
    at: datetime | None = None


def subjects(
    connection: Connection, ids: Collection[str], orgs: Sequence[str], accounts: Mapping[str, str], *, people: bool
) -> dict[str, Subject]:
    """What these ids mean, of these organisations. `accounts`: names by id of those that the reader knows.

    `people`: whether the reader may see workers; else their lines stay with an id.
    """
    wanted = sorted(set(ids))
    found = {one: Subject("account", accounts[one]) for one in wanted if one in accounts}
    model: ColumnElement[str] = instrument.c.maker + " " + instrument.c.model + ", " + instrument.c.serial
    sources: list[tuple[str, Column[Any], ColumnElement[Any], ColumnElement[bool]]] = [
        ("terminal", terminal.c.terminal_id, terminal.c.name, terminal.c.org.in_(orgs)),
        ("medic", medic.c.medic_id, medic.c.full_name, medic.c.org.in_(orgs)),
        ("employer", employer.c.employer_id, employer.c.name, employer.c.org.in_(orgs)),
        ("instrument", instrument.c.instrument_id, model, instrument.c.org.in_(orgs)),
        ("carrier", key_carrier.c.carrier_id, key_carrier.c.number, key_carrier.c.org.in_(orgs)),
        ("organisation", organisation.c.org, organisation.c.name, organisation.c.org.in_(orgs)),
        ("key", api_key.c.key_id, api_key.c.name, api_key.c.org.in_(orgs)),
        (
            "request",
            copy_request.c.request_id,
            cast(copy_request.c.number, Text) + "/" + cast(copy_request.c.year, Text),
            copy_request.c.org.in_(orgs),
        ),
        ("act", act.c.act_id, cast(act.c.number, Text) + "/" + cast(act.c.year, Text), act.c.org.in_(orgs)),
        ("channel", channel.c.channel_id, channel.c.address, _of_channel(orgs)),
    ]
    # Several employers may use one number.
    employer_of = employer.alias("employer_of")
    number = worker.c.personnel_number + ", " + employer_of.c.name
    if people:
        of_employer = and_(worker.c.org.in_(orgs), employer_of.c.employer_id == worker.c.employer_id)
        sources.append(("worker", worker.c.worker_id, number, of_employer))
    for kind, key, name, ours in sources:
        rows = connection.execute(select(key, name).where(key.in_(wanted), ours))
        found |= {one: Subject(kind, called) for one, called in rows}
    name = number if people else literal("")
    made = (
        select(exam.c.exam_id, name, exam.c.finished_at)
        .outerjoin(worker, worker.c.worker_id == exam.c.worker_id)
        .outerjoin(employer_of, employer_of.c.employer_id == worker.c.employer_id)
        .where(exam.c.exam_id.in_(wanted), exam.c.org.in_(orgs))
    )
    return found | {row[0]: Subject("exam", row[1] or "", row[2]) for row in connection.execute(made)}


def _of_channel(orgs: Sequence[str]) -> ColumnElement[bool]:
    ours = select(employer.c.employer_id).where(employer.c.org.in_(orgs))
    return channel.c.org.in_(orgs) | channel.c.employer_id.in_(ours)
