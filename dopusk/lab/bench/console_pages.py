"""What is asked for: every kind of page that people and programs open at a large centre, and the journal by every filter."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import Connection, select

from central.store import papers
from central.store.decisions import decision
from central.store.papers import Paper
from dopusk.lab.bench.population import Population
from sync.contract.canonical import new_id


@dataclass(frozen=True, slots=True)
class Page:
    """One kind of page: its addresses are asked for in turn."""

    name: str
    paths: tuple[str, ...]
    headers: dict[str, str]


def enter_papers(connection: Connection, population: Population) -> tuple[str, ...]:
    """A mark on paper for each decision that is really signed; returns the codes of the public check."""
    columns = (decision.c.decision_id, decision.c.exam_id, decision.c.org)
    rows = connection.execute(select(*columns).where(decision.c.exam_id.in_(population.signed))).all()
    codes, now = [], datetime.now(UTC)
    for number, (decision_id, exam_id, org) in enumerate(rows, start=1):
        codes.append(secrets.token_urlsafe(16))
        item = Paper(new_id(), org, "mark", now.year, number, exam_id, decision_id, codes[-1], now, "bench", 1, None)
        papers.add(connection, item)
    return tuple(codes)


def pages_of(population: Population, codes: tuple[str, ...]) -> list[Page]:
    """Pages of the medic, the service engineer and the employer, the gate's question, the public check."""
    people = population.people
    medic = {"Cookie": people.desks[0].cookie}
    org = people.desks[0].org
    largest = people.employers[org][0]
    gate = {"Authorization": f"Bearer {people.api_secret}"}
    numbers = [person.personnel_number for person in people.persons if person.employer_id == largest]
    yesterday = urlencode({"since": (datetime.now(UTC) - timedelta(days=1)).isoformat()})
    return [
        Page("queue", ("/queue",), medic),
        Page("queue_of_all", ("/queue",), {"Cookie": people.senior}),
        Page("exam_waiting", _exams(population.waiting), {"Cookie": people.senior}),
        Page("exam_decided", _exams(population.signed), {"Cookie": people.senior}),
        Page("search", tuple(f"/registers/workers?q={number}" for number in numbers[:100]), medic),
        Page("fleet", ("/fleet",), {"Cookie": people.engineer}),
        Page("employer", ("/admissions",), {"Cookie": people.dispatcher}),
        Page("gate", tuple(f"/api/v1/admissions/{number}" for number in numbers[:100]), gate),
        Page("api_exams", (f"/api/v1/exams?{yesterday}",), gate),
        Page("public_check", tuple(f"/check/{code}" for code in codes), {}),
    ]


def journal_pages(population: Population) -> list[Page]:
    """The journal by every filter and by several at once, as the medic of the largest organisation; and of all of them."""
    people = population.people
    medic = people.desks[0]
    persons = [person for person in people.persons if person.org == medic.org]
    terminals, employers = people.terminals[medic.org], people.employers[medic.org]
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
        "personnel_number": {"person": persons[0].personnel_number},
        "full_name": {"person": persons[-1].full_name},
        "surname": {"person": persons[0].full_name.split()[0]},
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
        "medic": {"medic_id": medic.entry.medic_id},
        "idle_medic": {"medic_id": people.idle_medic_id},
        "employer": {"employer_id": employers[0]},
        "unfinished": {"unfinished": "1"},
        "admitted_by_idle_medic": {"outcome": "admitted", "medic_id": people.idle_medic_id},
        "terminal_and_refusal": {"terminal_id": terminals[0], "outcome": "not_admitted"},
        "employer_and_rare_type": {"employer_id": employers[0], "exam_type": "during_shift"},
        "employer_and_identity": {"employer_id": employers[-1], "outcome": "not_identified"},
        "deviation_and_rare_type": {"deviation": "1", "exam_type": "during_shift"},
        "deviation_but_admitted": {"deviation": "1", "outcome": "admitted"},
        "medic_refusal_week": {
            "medic_id": medic.entry.medic_id,
            "outcome": "not_admitted",
            "since": old,
            "until": older,
        },
        "surname_and_referral": {"person": persons[0].full_name.split()[0], "outcome": "refer"},
        "unfinished_at_terminal": {"unfinished": "1", "terminal_id": terminals[-1]},
        "type_employer_medic": {"exam_type": "pre_trip", "employer_id": employers[1], "medic_id": medic.entry.medic_id},
    }
    of_all = {
        "first_page": {},
        "not_identified": {"outcome": "not_identified"},
        "unfinished": {"unfinished": "1"},
        "full_name": {"person": persons[-1].full_name},
    }
    own = [Page(f"journal.{name}", _journal(query), {"Cookie": medic.cookie}) for name, query in wanted.items()]
    senior = {"Cookie": people.senior}
    return own + [Page(f"journal.of_all.{name}", _journal(query), senior) for name, query in of_all.items()]


def _exams(exam_ids: list[str]) -> tuple[str, ...]:
    return tuple(f"/exams/{exam_id}" for exam_id in exam_ids)


def _journal(query: dict[str, str]) -> tuple[str, ...]:
    return (f"/journal?{urlencode(query)}",)
