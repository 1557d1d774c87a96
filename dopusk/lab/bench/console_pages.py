"""The requested pages: every kind that people and programs open at a large centre, and the journal by every filter."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import Connection, select

from central.store import papers
from central.store.decisions import decision
from central.store.papers import Paper
from dopusk.lab.bench.population import Population
from dopusk.lab.population.payload import serial_of
from sync.contract.canonical import new_id

_NEWEST = 300
"""Of so many decided exams pages are asked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """One kind of page: its addresses are asked for in turn."""

    name: str
    paths: tuple[str, ...]
    headers: dict[str, str]


def enter_papers(connection: Connection, population: Population) -> tuple[str, ...]:
    """A mark on paper for each of the newest decisions; returns the codes of the public check."""
    columns = (decision.c.decision_id, decision.c.exam_id, decision.c.org)
    rows = connection.execute(select(*columns).where(decision.c.exam_id.in_(_newest(population)))).all()
    codes, now = [], datetime.now(UTC)
    for number, (decision_id, exam_id, org) in enumerate(rows, start=1):
        codes.append(secrets.token_urlsafe(16))
        item = Paper(new_id(), org, "mark", now.year, number, exam_id, decision_id, codes[-1], now, "bench", 1, None)
        papers.add(connection, item)
    return tuple(codes)


def pages_of(population: Population, codes: tuple[str, ...]) -> list[Page]:
    """Pages of the medic, the service engineer and the employer, the gate's question, the public check."""
    medic, senior = {"Cookie": population.seats[0].cookie}, {"Cookie": population.senior}
    gate = {"Authorization": f"Bearer {population.api_secret}"}
    numbers = [job.personnel_number for job in population.made.society.jobs if job.firm.place == 0]
    yesterday = urlencode({"since": (datetime.now(UTC) - timedelta(days=1)).isoformat()})
    return [
        Page("queue", ("/queue",), medic),
        Page("queue_of_all", ("/queue",), senior),
        Page("exam_waiting", _exams(population.made.report.waiting), senior),
        Page("exam_decided", _exams(_newest(population)), senior),
        Page("search", tuple(f"/registers/workers?q={number}" for number in numbers[:100]), medic),
        Page("fleet", ("/fleet",), {"Cookie": population.engineer}),
        Page("employer", ("/admissions",), {"Cookie": population.dispatcher}),
        Page("gate", tuple(f"/api/v1/admissions/{number}" for number in numbers[:100]), gate),
        Page("api_exams", (f"/api/v1/exams?{yesterday}",), gate),
        Page("public_check", tuple(f"/check/{code}" for code in codes), {}),
    ]


def journal_pages(population: Population) -> list[Page]:
    """The journal by every filter and by several at once, as the medic of the largest organisation; and of all of them."""
    medic, idle = population.seats[0], population.idle_medic_id
    jobs = [job for job in population.made.society.jobs if job.firm.centre == 0]
    name, surname = jobs[-1].human.full_name, jobs[0].human.full_name.split()[0]
    terminals, employers = population.terminals, population.employers
    now = datetime.now(UTC)
    span = timedelta(days=population.scale.days)
    day, old = now.date().isoformat(), (now - 0.8 * span).date().isoformat()
    older = (now - 0.7 * span).date().isoformat()
    deep = {"after_moment": (now - 0.9 * span).isoformat(), "after_id": "f"}
    wanted: dict[str, dict[str, str]] = {
        "first_page": {},
        "deep_page": deep,
        "today": {"since": day},
        "old_week": {"since": old, "until": older},
        "personnel_number": {"person": jobs[0].personnel_number},
        "full_name": {"person": name},
        "surname": {"person": surname},
        "nobody": {"person": "Никто"},
        "admitted": {"outcome": "admitted"},
        "not_admitted": {"outcome": "not_admitted"},
        "not_identified": {"outcome": "not_identified"},
        "waiting": {"outcome": "waiting"},
        "busy_terminal": {"terminal_id": terminals[0]},
        "quiet_terminal": {"terminal_id": terminals[-1]},
        "common_type": {"exam_type": "pre_shift"},
        "rare_type": {"exam_type": "during_shift"},
        "deviation": {"deviation": "1"},
        "medic": {"medic_id": medic.medic_id},
        "idle_medic": {"medic_id": idle},
        "employer": {"employer_id": employers[0]},
        "unfinished": {"unfinished": "1"},
        "admitted_by_idle_medic": {"outcome": "admitted", "medic_id": idle},
        "terminal_and_refusal": {"terminal_id": terminals[0], "outcome": "not_admitted"},
        "employer_and_rare_type": {"employer_id": employers[0], "exam_type": "during_shift"},
        "employer_and_identity": {"employer_id": employers[-1], "outcome": "not_identified"},
        "deviation_and_rare_type": {"deviation": "1", "exam_type": "during_shift"},
        "deviation_but_admitted": {"deviation": "1", "outcome": "admitted"},
        "medic_refusal_week": {
            "medic_id": medic.medic_id,
            "outcome": "not_admitted",
            "since": old,
            "until": older,
        },
        "surname_and_referral": {"person": surname, "outcome": "refer"},
        "unfinished_at_terminal": {"unfinished": "1", "terminal_id": terminals[-1]},
        "type_employer_medic": {"exam_type": "pre_trip", "employer_id": employers[1], "medic_id": medic.medic_id},
    }
    wanted |= _by_facts(population, old, older)
    of_all = {
        "first_page": {},
        "not_identified": {"outcome": "not_identified"},
        "unfinished": {"unfinished": "1"},
        "full_name": {"person": name},
    }
    own = [Page(f"journal.{name}", _journal(query), {"Cookie": medic.cookie}) for name, query in wanted.items()]
    senior = {"Cookie": population.senior}
    return own + [Page(f"journal.of_all.{name}", _journal(query), senior) for name, query in of_all.items()]


def _by_facts(population: Population, old: str, older: str) -> dict[str, dict[str, str]]:
    """The journal by what stands beside the exams: rare and common values, ranges with few and with most exams, and none."""
    high, usual = {"quantity": "systolic_mmhg", "low": "160"}, {"quantity": "systolic_mmhg", "low": "120"}
    gates = [gate for gate in population.made.society.gates if gate.centre == 0]
    medic = next(desk for desk in population.made.desks if desk.entry.org == population.orgs[0])
    return {
        "reason": {"reason": "alcohol_breath"},
        "no_reason": {"reason": "other"},
        "reason_class": {"reason_class": "measurement"},
        "complaint": {"complaint": "headache"},
        "rare_complaint": {"complaint": "dizziness"},
        "high_pressure": high,
        "usual_pressure": usual,
        "alcohol": {"quantity": "breath_alcohol_mg_per_l", "low": "0.16"},
        "nobodys_pulse": {"quantity": "pulse_bpm", "low": "190"},
        "device": {"device_serial": serial_of(gates[0].place, "P")},
        "certificate": {"certificate_serial": f"{medic.certificate.serial_number:x}"},
        "by_card": {"identified_by": "card"},
        "override": {"override": "1"},
        "corrected": {"corrected": "1"},
        "usual_pressure_and_refusal": usual | {"outcome": "not_admitted"},
        "usual_pressure_and_employer": usual | {"employer_id": population.employers[0]},
        "usual_pressure_and_card": usual | {"identified_by": "card"},
        "usual_pressure_in_a_week": usual | {"since": old, "until": older},
        "high_pressure_in_a_week": high | {"since": old, "until": older},
        "card_and_reason": {"identified_by": "card", "reason": "alcohol_breath"},
    }


def _newest(population: Population) -> list[str]:
    return list(population.made.report.decided)[-_NEWEST:]


def _exams(exam_ids: list[str]) -> tuple[str, ...]:
    return tuple(f"/exams/{exam_id}" for exam_id in exam_ids)


def _journal(query: dict[str, str]) -> tuple[str, ...]:
    return (f"/journal?{urlencode(query)}",)
