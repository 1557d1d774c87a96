"""A served centre in which every page has something to show, long names among it, with an account for each role."""

import contextlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from lxml import etree, html
from sqlalchemy import Column, ColumnElement, Engine, select, update

from central.console.app import create_app, every_route
from central.console.routes.registers import KINDS
from central.core.config import CentralConfig
from central.core.days import day_of
from central.core.rights import Role
from central.core.snils import SnilsKey
from central.deciding.act_signing import ActDraft, draft_act
from central.examining.recording import RoomExams
from central.grounds.book_checking import Asking, check_for_employer
from central.imports.tables import MOST_ROWS_AT_ONCE
from central.keeping.installation import Choices, create_secrets, write_config
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import (
    account_employers,
    accounts,
    acts,
    anomalies,
    appeals,
    book_checks,
    certificates,
    contracts,
    copies,
    copy_requests,
    duties,
    exams,
    foreign_exams,
    grounds,
    inspections,
    instruments,
    key_carriers,
    medics,
    papers,
    posts,
    registry,
    rooms,
    statements,
    stock_checks,
    terminals,
    waybills,
)
from central.store.engine import open_engine, reading, writing
from central.store.workers import get_worker
from dopusk.lab.broker import free_port
from dopusk.lab.demo import history
from dopusk.lab.demo.history import ACCOUNTS, Past, fill_history
from dopusk.lab.demo.sample_medic import LOGIN, enter_medic
from dopusk.lab.demo.sample_people import ORG, SampleIds, enter_people, past_exams
from dopusk.lab.demo.world import FOUNDED_AGO, ORGANISATION
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import new_id
from tests.console_centre import CSRF, serving
from tests.console_centre import Browser as Client
from tests.contract_records import add_contract, add_duty, add_post
from tests.copies_asked import asked, extended
from tests.new_store import migrate
from tests.ui.console.yard import leave_the_yard
from tests.waiting import until

SURNAME = "Вышневолоцкобородулинокрасноармейскинская"[:40]
EMPLOYER = (
    "Общество с ограниченной ответственностью «Североуральскгеологоразведкатрансстроймеханизация имени "
    "пятидесятилетия Октября и дружбы народов Крайнего Севера»"
).ljust(160, "я")
NAMES = {Role.MEDIC: LOGIN.username} | {item.role: item.username for item in ACCOUNTS}
PAST_EXAMS = 12
STRANGER = "stranger"
WHO = (
    Role.SENIOR_MEDIC,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
    Role.EMPLOYER_HR,
    Role.EMPLOYER,
    Role.MEDIC,
    Role.SERVICE,
    Role.INSPECTOR,
    Role.WORKER,
    STRANGER,
)
"""Who sees most of a page comes first."""
assert set(WHO) == {*Role, STRANGER}
FILES = re.compile(
    r"/(events|rows|export|csv|file|form|errors|media/.*|images/.*|reference|photo|decision/.*|waybills/.*/.*|codes|result|sheet|parts/.*|letter|log|dossier|xlsx|docx|plugin\.js|worker\.js|outside/answer|papers/.*/signature|copies/.*/signature)$|\.json$"
)
"""Answers that are no pages: streams, parts of pages, files."""
ANSWERS = (
    "/nowhere",
    "/audit?since=1",
    "/changes?until=0",
    "/registers/workers?q=112-233-445+95",
    "/registers/workers?archived=1",
)
"""Pages that say what is wrong, and such that an address alone shows."""
_PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Stage:
    """The centre, where it is served, and what its addresses may name."""

    app: FastAPI
    engine: Engine
    config: CentralConfig
    past: Past
    address: str
    named: dict[str, tuple[str, ...]]
    """Values of the parameters in paths of pages."""


@contextlib.contextmanager
def staged(folder: Path, *, is_hard: bool = True) -> Iterator[Stage]:
    """Build and serve it. `is_hard`: with few past exams, long names and oddities; without, it is the demo's plain sample."""
    usual = history.past_exams

    def some(people: SampleIds, *, generation: str) -> list[dict[str, Any]]:
        return past_exams(people, generation=generation)[-PAST_EXAMS:]

    authority = create_secrets(folder, clock=lambda: datetime.now(UTC) - FOUNDED_AGO)
    config = write_config(folder, Choices("demo", 8883, free_port()))
    engine = open_engine(config.store_url)
    migrate(engine)
    made = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
    with writing(engine) as connection:
        people = enter_people(connection, made, ("kiosk-01",))
        enter_medic(connection, authority, ORG, ORGANISATION, datetime.now(UTC), made)
    if is_hard:
        history.past_exams = some
    try:
        past = fill_history(config, engine, made, people)
    finally:
        history.past_exams = usual
    past.let_some_wait()
    _examine_in_room(config, engine, made, people)
    _check_books(config, engine, people)
    _exams_of_before(engine, people)
    _acts(engine)
    _inspect(engine)
    _bill(engine, people)
    _appeal(engine)
    _requests(engine, people)
    config = leave_the_yard(config, engine, authority, made, people)
    if is_hard:
        _lengthen(engine, past)
        _oddities(engine)
    app = create_app(config, engine=engine)
    with serving(app, config.http.port) as address:
        yield Stage(app, engine, config, past, address, _named(engine) | _jobs(address))
    engine.dispose()


def _lengthen(engine: Engine, past: Past) -> None:
    """A surname of 40 letters, an employer of 160: in the queue, in the journal, in every list."""
    worker_id = past.people.workers["1003"]
    waits = exam_payload(
        random.Random(1),
        org=ORG,
        worker_id=worker_id,
        employer_id=past.people.employers[0],
        generation=past.config.generation,
        systolic_mmhg=171,
    )
    past.send(engine, [waits])
    with writing(engine) as connection:
        full_name = f"{SURNAME} Константин Александрович"
        connection.execute(
            update(registry.worker)
            .where(registry.worker.c.worker_id == worker_id)
            .values(full_name=full_name, search_name=full_name.casefold(), position="машинист " * 8)
        )
        connection.execute(
            update(registry.employer)
            .where(registry.employer.c.employer_id == past.people.employers[0])
            .values(name=EMPLOYER)
        )
        connection.execute(update(registry.organisation).values(name=EMPLOYER.replace("Общество", "Организация")[:160]))


def _examine_in_room(config: CentralConfig, engine: Engine, made: Registry, people: SampleIds) -> None:
    """An exam in the medical room that a medic is at: a first pressure above the limit, and all that is typed kept."""
    exams_of_rooms, now = RoomExams(Outgoing.from_config(config), config.room, config.generation), datetime.now(UTC)
    with writing(engine) as connection:
        worker = get_worker(connection, people.workers["1003"])
        (place,) = rooms.rooms(connection, [ORG])
        by = ("stage", next(entry.medic_id for entry in medics.of_organisations(connection, (ORG,))))
        assert worker is not None
        draft = exams_of_rooms.begin(connection, dict(worker), place["terminal_id"], "pre_shift", by, now)
        device = next(
            row["instrument_id"]
            for row in instruments.of_organisations(connection, (ORG,))
            if (row["measures"], row["terminal_id"]) == ("pressure", place["terminal_id"])
        )
        typed = {"exam_type": ["pre_shift"], "document": ["passport"], "is_the_worker": ["yes"], "feels": ["unwell"]}
        typed |= {"complaint": ["headache"], "seen_skin": ["skin_red"], "seen_smell": ["smell_none"]}
        typed |= {
            "instrument_pressure": [device],
            "systolic_mmhg": ["168"],
            "diastolic_mmhg": ["97"],
            "pulse_bpm": ["88"],
        }
        outcome = exams_of_rooms.enter(connection, draft, typed, ("pressure",), by, now)
        assert outcome.faults == {}


def _exams_of_before(engine: Engine, people: SampleIds) -> None:
    """Exams of a journal on paper, of whom the long names are too; one import was withdrawn."""
    said = {
        "exam_type": "pre_shift",
        "outcome": "not_admitted",
        "reason": "повышенное давление " * 6,
        "source": "Журнал № 4",
    }
    values = {
        "systolic_mmhg": 171,
        "diastolic_mmhg": 99,
        "breath_alcohol_mg_per_l": 0.0,
        "medic": "Лесная Вера Ильинична",
    }
    now = datetime.now(UTC)
    with writing(engine) as connection:
        for number in ("1001", "1003"):
            import_id, worker_id = new_id(), people.workers[number]
            foreign_exams.begin(connection, import_id, ORG, now, None)
            row = {"import_id": import_id, "org": ORG, "worker_id": worker_id, "at": day_of(now) - timedelta(days=400)}
            rows = [row | said | values | {"foreign_id": new_id(), "row_no": n, "sha256": f"{n}"} for n in (2, 3)]
            foreign_exams.add(connection, rows)
        foreign_exams.begin(connection, taken_back := new_id(), ORG, now, None)
        one = foreign_exams.get_import(connection, taken_back)
        assert one is not None
        foreign_exams.withdraw(connection, one, "не тот файл", now, None)


def _inspect(engine: Engine) -> None:
    """Exams that an order opens to the inspector."""
    now = datetime.now(UTC)
    today = day_of(now)
    with writing(engine) as connection:
        who = accounts.by_username(connection, NAMES[Role.INSPECTOR])
        assert who is not None
        days = (today - timedelta(days=900), today, today + timedelta(days=30))
        order = "распоряжение о внеплановой проверке " * 5
        inspections.add(connection, inspections.Inspection(new_id(), ORG, who.account_id, order, *days, now, "stage"))


def _bill(engine: Engine, people: SampleIds) -> None:
    """A contract, a post, a statement in its second version, a duty that goes on and one that was handed over."""
    with writing(engine) as connection:
        add_contract(connection, ORG, people.employers[0], datetime.now(UTC))
        add_post(connection, ORG, people.employers[0], datetime.now(UTC))
        who = accounts.by_username(connection, NAMES[Role.MEDIC])
        assert who is not None
        add_duty(connection, ORG, who.account_id, datetime.now(UTC))


def _appeal(engine: Engine) -> None:
    """A worker's request that nobody has answered, and one that somebody has."""
    now = datetime.now(UTC)
    with writing(engine) as connection:
        c = exams.exam.c
        refused = select(c.exam_id, c.decision_id, c.worker_id).where(
            c.outcome == "not_admitted", c.worker_id.is_not(None)
        )
        for place, row in enumerate(connection.execute(refused.limit(2))):
            words = "давление мерили сразу после лестницы " * 6
            item = appeals.Appeal(new_id(), ORG, row.exam_id, row.decision_id, row.worker_id, "", words, "", now)
            appeals.add(connection, item)
            if place:
                answer = appeals.AppealAnswer(item.appeal_id, ORG, "invited", "приходите в медпункт " * 6, "", now)
                appeals.add_answer(connection, answer)


def _acts(engine: Engine) -> None:
    """A draft of an act that nobody has signed."""
    rows = [{"what": "справка " * 30}]
    draft = ActDraft(ORG, "loss", ("what",), rows, "не открывается " * 9, "приказ 7")
    with writing(engine) as connection:
        draft_act(connection, draft, "stage", datetime.now(UTC), UTC)


def _requests(engine: Engine, people: SampleIds) -> None:
    """A request for copies whose term was extended."""
    with writing(engine) as connection:
        extended(connection, asked(connection, people.workers["1001"]))


def _check_books(config: CentralConfig, engine: Engine, people: SampleIds) -> None:
    """Checks of medical books on the employer's page: by a worker's code, of somebody else's book, of what is none."""
    pen, now = Outgoing.from_config(config), datetime.now(UTC)
    asking = Asking(people.employers[0], "stage", now, day_of(now), day_of(now))
    code = pen.sign_worker_code(people.workers["1001"])
    with writing(engine) as connection:
        for text in ("77-01-000000-25", "https://elmk.example/b/0c9f1a", code):
            check_for_employer(connection, text, asking, pen.verifying_key)


def _oddities(engine: Engine) -> None:
    with writing(engine) as connection:
        for number in range(3):
            oddity = anomalies.NewAnomaly(
                "malformed", f"dopusk/1/{ORG}/kiosk-01/up/exam", f"trial {number}", "kiosk-01"
            )
            anomalies.note(connection, oddity, now=datetime.now(UTC) - timedelta(hours=2 * number))


_ROWS = range(MOST_ROWS_AT_ONCE + 1)
_LONG_FILES = {
    "/registers/workers": "Табельный номер;ФИО;Должность;Работодатель\n"
    + "\n".join(f"{30_000 + n};Имярек {n};слесарь;ООО «Нет такого»" for n in _ROWS),
    "/imports/grounds": "Табельный номер;Вид;Дата;Только очно;Источник\n"
    + "\n".join(f"{30_000 + n};прочее;01.02.2026;нет;ПМО" for n in _ROWS),
    "/imports/history": "Табельный номер;Дата;Вид осмотра;Заключение;Источник\n"
    + "\n".join(f"{30_000 + n};01.02.2025;предсменный;допущен;Журнал" for n in _ROWS),
}
"""By the page with the form."""


_LONG_MEDICS = "СНИЛС;ФИО;Примечание\n" + "\n".join(f"112-233-445 9{n % 10};Лесная Вера {n};{'х' * 400}" for n in _ROWS)
"""For a job, and each with a number that is none."""


def _jobs(address: str) -> dict[str, tuple[str, ...]]:
    """An export, and an import of each kind that has found faults, all ended."""
    with contextlib.closing(Client(address)) as senior:
        assert senior.post("/login", {"username": "senior", "password": LOGIN.password}).status_code == 303
        places: list[str] = []

        def ended(answer: httpx.Response) -> None:
            # One account has three jobs at a time at most.
            places.append(str(answer.headers["location"]))
            assert until(lambda: "data-job" not in senior.get(places[-1]).text)

        ended(senior.post("/journal/exports/csv", {}, page="/journal"))
        token = CSRF.findall(senior.get("/imports/exams").text)[-1]
        file = {"file": ("exams.jsonl", b'{"org": 1}\nno row\n', "application/jsonl")}
        ended(senior.http.post("/imports/exams", data={"csrf": token}, files=file))
        for path, form in (
            ("/registers/workers/import", "/registers/workers"),
            ("/imports/grounds", "/imports/grounds"),
            ("/imports/history", "/imports/history"),
        ):
            token = CSRF.findall(senior.get(form).text)[-1]
            file = {"file": ("table.csv", _LONG_FILES[form].encode(), "text/csv")}
            ended(senior.http.post(path, data={"csrf": token, "action": "check"}, files=file))
        token = CSRF.findall(senior.get("/imports/medics").text)[-1]
        file = {"file": ("medics.csv", _LONG_MEDICS.encode(), "text/csv")}
        ended(senior.http.post("/imports/medics", data={"csrf": token, "action": "check"}, files=file))
    return {
        f"{name}/job_id": (place.rsplit("/", 1)[1],)
        for name, place in zip(("exports", "exams", "workers", "grounds", "history", "files"), places, strict=True)
    }


def _named(engine: Engine) -> dict[str, tuple[str, ...]]:
    """By parameter, or by register and parameter."""
    with reading(engine) as connection:

        def some(column: Column[Any], *where: ColumnElement[bool], limit: int = 1) -> tuple[str, ...]:
            return tuple(connection.execute(select(column).where(*where).limit(limit)).scalars())

        table = exams.exam.c
        states = [some(table.exam_id, table.state == state) for state in ("waiting", "decided", "unfinished")]
        refused = some(table.exam_id, table.state == "decided", table.outcome == "not_admitted")
        worker = registry.worker.c
        long = some(worker.worker_id, worker.full_name.startswith(SURNAME)) or some(worker.worker_id)
        own = select(worker.worker_id).where(worker.person_id.in_(select(accounts.account.c.person_id)))
        employed = worker.employer_id.in_(select(account_employers.account_employer.c.employer_id))
        return {
            "/employer/workers/{worker_id} worker_id": some(worker.worker_id, employed),
            "/me/exams/{exam_id} exam_id": some(table.exam_id, table.worker_id.in_(own), table.state == "decided"),
            **{f"/exams/{{exam_id}}/{form} exam_id": refused for form in ("certificate", "protocol")},
            "exam_id": tuple(found for state in states for found in state),
            "worker_id": long,
            "check_id": some(book_checks.book_check.c.check_id, book_checks.book_check.c.worker_id.is_not(None)),
            "ground_id": some(grounds.ground.c.ground_id),
            "person_id": some(worker.person_id),
            "duty_id": some(duties.duty.c.duty_id),
            "handover_id": some(duties.duty_handover.c.handover_id),
            "post_id": some(posts.post.c.post_id),
            "contract_id": some(contracts.contract.c.contract_id),
            "statement_id": some(statements.statement.c.statement_id, limit=2),
            "appeal_id": some(appeals.appeal.c.appeal_id),
            "inspection_id": some(inspections.inspection.c.inspection_id),
            "act_id": some(acts.act.c.act_id),
            "request_id": some(copy_requests.copy_request.c.request_id),
            "account_id": some(accounts.account.c.account_id),
            "terminal_id": some(terminals.terminal.c.terminal_id),
            "workers/entry_id": long,
            "employers/entry_id": some(registry.employer.c.employer_id),
            "certificate_id": some(certificates.certificate.c.certificate_id),
            "medics/entry_id": some(medics.medic.c.medic_id),
            "paper_id": some(papers.paper.c.paper_id, papers.paper.c.kind == "refusal"),
            "copy_id": some(copies.copy.c.copy_id, copies.copy.c.role == "patient", limit=2),
            "check/check_id": some(stock_checks.stock_check.c.check_id, limit=2),
            "draft_id": some(rooms.room_draft.c.draft_id),
            "waybill_id": some(waybills.waybill.c.waybill_id),
            "rooms/entry_id": some(rooms.room_draft.c.room_id),
            "carriers/entry_id": some(key_carriers.key_carrier.c.carrier_id),
            "carriers/carrier_id": some(key_carriers.key_carrier.c.carrier_id),
            "devices/entry_id": some(instruments.instrument.c.instrument_id),
            "organisations/entry_id": (ORG,),
            "kind": KINDS,
            "system": ("mis", "hr"),
            "book": ("complaints", "okved2", "ground_rules"),
            "topic": ("worker", "service_engineer"),
            "code": (*some(papers.paper.c.code), "XXXX-XXXX"),
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """What one role may look at, and the cookies of its session."""

    cookies: tuple[tuple[str, str], ...]
    shapes: Mapping[str, frozenset[str]]
    """By path: which kinds of elements the page has."""

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(self.shapes)


def _shape(page: str) -> frozenset[str]:
    every = html.document_fromstring(page).iter(etree.Element)
    return frozenset(f"{one.tag} {one.get('class', '')} {one.get('name', '')}" for one in every)


def paths_of(stage: Stage) -> list[str]:
    """Every address that a page may stand at, with the parameters filled."""
    found = []
    for route in every_route(stage.app):
        if "GET" not in (route.methods or ()) or FILES.search(route.path):
            continue
        filled = [route.path]
        for name in _PARAMETER.findall(route.path):
            of_kind = stage.named.get(f"{route.path.split('/')[2]}/{name}") or stage.named[name]
            values = stage.named.get(f"{route.path} {name}", of_kind)
            filled = [path.replace(f"{{{name}}}", value) for path in filled for value in values]
        found += filled
    return [*found, *ANSWERS]


def look_around(stage: Stage, who: str) -> Seen:
    """Log in and try every address."""
    with contextlib.closing(Client(stage.address)) as client:
        if who != STRANGER:
            fields = {"username": NAMES[Role(who)], "password": LOGIN.password}
            assert client.post("/login", fields).status_code == 303
        shapes = {}
        for path in paths_of(stage):
            answer = client.get(path)
            # What is not there, or not this role's to see, looks the same everywhere: one is enough.
            is_one = answer.status_code in {200, 422} or path == "/nowhere" or path.startswith("/check/")
            if is_one and answer.text.startswith("<!doctype html>"):
                shapes[path] = _shape(answer.text)
        cookies = tuple((one.name, one.value or "") for one in client.http.cookies.jar)
    return Seen(cookies, shapes)
