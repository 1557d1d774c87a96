"""Every route that reads medical data writes into the access log: all of them are walked, and what they read is watched."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, select
from starlette.types import ASGIApp, Receive, Scope, Send

from central.console.app import every_route, guards_of
from central.console.guard import Guard
from central.core.days import day_of
from central.core.media_files import MediaFiles
from central.core.once_per_hour import OncePerHour
from central.core.parties import Terminal
from central.core.rights import RIGHTS, Right, Role
from central.examining.recording import RoomExams
from central.grounds.book_checking import Asking, check_for_employer
from central.imports.grounds import check_file, store_checked
from central.jobs import queue
from central.people.limits import LimitDraft, set_limit
from central.store import accounts, inspections, rooms
from central.store.accounts import account
from central.store.alerts import alert
from central.store.audit import audit
from central.store.copies import copy
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.inspections import Inspection
from central.store.papers import paper
from central.store.register_changes import Author
from central.store.registry import worker
from central.store.workers import get_worker
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import new_id
from sync.contract.model import utc_text
from tests.acts import drafted
from tests.console_centre import Browser, ConsoleCentre
from tests.contract_records import add_contract, add_duty, add_post
from tests.copies_asked import asked, extended
from tests.ground_records import add_records
from tests.job_processes import DoneHere
from tests.waiting import until
from tests.written_papers import write_paper

_MEDICAL = "exam|room_draft|decision|message|media|ground|worker_limit|alert|paper|worker|worker_face"
"""Tables with medical data, or with what keeps somebody from work."""
_READS = re.compile(rf"\b(?:FROM|JOIN) (?:{_MEDICAL})\b")
_WRITES = "INSERT INTO audit"
_ENDLESS = {"/queue/events"}
"""Answers without an end. They carry no data: the page then asks for its rows, which is written down."""
_LAST = {"/login", "/logout", "/account/sessions/end", "/signature/close"}
NOT_MEDICAL: Mapping[str, str] = {
    "GET /audit": "the personnel number that an entry is about; no name, no value, no decision",
    "GET /check/{code}": "the outcome, for whoever holds the paper; nobody is logged in",
    "GET /fleet": "when the newest exam of a terminal came, and how many wait",
    "POST /fleet/terminals": "the same page again",
    "POST /fleet/terminals/{terminal_id}/revoke": "the same page again",
    "POST /exams/{exam_id}/claim": "whether the exam is one of the visitor's; who looks at it",
    "POST /appeals/{appeal_id}": "whether the appeal is to one of the visitor's; there is none",
    "POST /me/requests": "whether the employment is the worker's own; none was named",
    "POST /me/appeals": "whether the exam is the worker's own; none was named",
    "POST /room/begin": "whether the worker is one of the visitor's; nobody was named",
    "POST /room/again": "whether the exam is one of the visitor's and to be repeated; it is not",
    "POST /room/{draft_id}/keep": "whether the exam is one of the visitor's; what their own open page holds is kept",
    "GET /room/{draft_id}/orders.json": "how many measurements wait for a touch at the terminal",
    "POST /exams/{exam_id}/waybill-title": "whether the exam is one of the visitor's; no title was named",
    "GET /conclusions/copies/{copy_id}/signature": "whether the copy is one of the visitor's; its signature is inside",
    "GET /exams/{exam_id}/papers/{kind}/signature": "whether the exam is one of the visitor's; a signature is handed out",
    "POST /exams/{exam_id}/release": "whether the exam is one of the visitor's",
    "POST /registers/persons/twins": "whether the pair is among the visitor's doubles; there is no such pair",
    "POST /registers/workers/{worker_id}/transfer/undo": "whether the entry came by a transfer; it did not",
    "POST /workers/{worker_id}/consents/withdraw": "whether the worker is one of the visitor's; there is no such consent",
}
"""Routes that read such a table and write nothing: method and path → why that is no look at medical data."""

_NOBODY = "00000000-0000-7000-8000-000000000000"
_reads: ContextVar[list[str] | None] = ContextVar("reads", default=None)


_MARK = "x-walk"


class _Watch:
    """Notes which statements a marked request ran; those of the centre's own threads are nobody's."""

    def __init__(self, app: ASGIApp, answered: dict[str, list[str]]) -> None:
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        marks = [value.decode() for name, value in scope.get("headers", ()) if name.decode() == _MARK]
        if not marks:
            await self._app(scope, receive, send)
            return
        statements: list[str] = []
        token = _reads.set(statements)
        try:
            await self._app(scope, receive, send)
        finally:
            _reads.reset(token)
            self._answered[marks[0]] = statements


def _note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    statements = _reads.get()
    if statements is not None:
        statements.append(statement)


@pytest.fixture
def answered(centre: ConsoleCentre, app: FastAPI) -> Iterator[dict[str, list[str]]]:
    """The statements of each marked request that is over."""
    found: dict[str, list[str]] = {}
    app.add_middleware(_Watch, answered=found)
    event.listen(centre.engine, "before_cursor_execute", _note)
    yield found
    event.remove(centre.engine, "before_cursor_execute", _note)


@pytest.fixture
def _done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)


def _medium(sha256: str, centre: ConsoleCentre) -> dict[str, Any]:
    """A photo as an exam names it."""
    return {
        "sha256": sha256,
        "kind": "photo",
        "content_type": "image/jpeg",
        "size_bytes": 9,
        "step": "face",
        "at": utc_text(centre.now()),
    }


class _Sample:
    """A centre with something to see behind every address."""

    def __init__(self, centre: ConsoleCentre, zoya: Browser, senior: Browser) -> None:
        media = MediaFiles(centre.config.media_dir)
        picture = media.keep(b"a picture")
        exam_id = centre.exam("1001", media=[_medium(picture, centre)], systolic_mmhg=171)
        worker_id, employer_id = centre.people.workers["1001"], centre.people.employers[0]
        with writing(centre.engine) as connection:
            centre.registry.set_photo(connection, ORG, worker_id, media.keep(b"another picture"))
            draft = LimitDraft(ORG, "worker", worker_id, "systolic_mmhg", 90, 150, "заключение ВК")
            set_limit(connection, centre.registry, centre.outgoing, draft, "Луговая З. М.", centre.now())
        assert zoya.decide(exam_id, outcome="not_admitted", reasons="alcohol_breath").status_code == 303
        assert write_paper(zoya, exam_id).status_code == 303
        assert zoya.post(f"/exams/{exam_id}/papers", {"kind": "refusal"}, page="/journal").status_code == 200
        centre.exam("1002")
        with writing(centre.engine) as connection:
            table = "Табельный номер;Вид;Дата;Только очно;Источник\n1001;хти;01.02.2026;нет;МИС\n".encode()
            checked = check_file(connection, ORG, table, centre.now().date(), centre.registry.snils_hash)
            store_checked(connection, checked, Author(None, centre.now()))
            ground_id, document_id = add_records(centre, connection)
        passport = f"/workers/{worker_id}/passport"
        seen = zoya.get(passport).text.split('name="seen" value="')[1].split('"')[0]
        assert zoya.post(f"{passport}/sign", {"seen": seen}, page=passport).status_code == 303
        token = senior.get("/imports/exams").text.split('name="csrf" value="')[1].split('"')[0]
        sent = senior.http.post("/imports/exams", data={"csrf": token}, files={"file": ("e.jsonl", b"{}\n")})
        export = zoya.post("/journal/exports/csv", {}, page="/journal")
        with writing(centre.engine) as connection:
            request_id = asked(connection, worker_id)
            duty_id, handover_id = add_duty(connection, ORG, _NOBODY, centre.now())
            contract_id, statement_id = add_contract(connection, ORG, employer_id, centre.now())
            post_id = add_post(connection, ORG, employer_id, centre.now())
            extended(connection, request_id)
        with reading(centre.engine) as connection:
            self._values = {
                "exam_id": exam_id,
                "sha256": picture,
                "decision_id": connection.execute(select(decision.c.decision_id)).scalar_one(),
                "name": "record.json",
                "book": "complaints",
                "certificate_id": "0" * 64,
                "form": "csv",
                "worker_id": worker_id,
                "person_id": connection.execute(
                    select(worker.c.person_id).where(worker.c.worker_id == worker_id)
                ).scalar_one(),
                "ground_id": ground_id,
                "document_id": document_id,
                "check_id": self._check(centre, worker_id),
                "alert_id": connection.execute(select(alert.c.alert_id)).scalar_one(),
                "code": connection.execute(select(paper.c.code)).scalar_one(),
                "terminal_id": "kiosk-1",
                "message_id": _NOBODY,
                "waybill_id": _NOBODY,
                "account_id": _NOBODY,
                "hold_id": _NOBODY,
                "plan_id": _NOBODY,
                "change_id": _NOBODY,
                "contract_id": contract_id,
                "post_id": post_id,
                "duty_id": duty_id,
                "handover_id": handover_id,
                "statement_id": statement_id,
                "inspection_id": self._inspection(centre),
                "appeal_id": _NOBODY,
                "copy_id": connection.execute(select(copy.c.copy_id)).scalars().first(),
                "act_id": drafted(centre).act_id,
                "request_id": request_id,
                "channel_id": _NOBODY,
                "key_id": _NOBODY,
                "kind": "workers",
                "paper_id": connection.execute(select(paper.c.paper_id)).scalar_one(),
                "draft_id": self._draft(centre, centre.people.workers["1004"]),
                "topic": "medic",
                "picture": "console-queue.png",
                "carrier_id": _NOBODY,
                "system": "nobody",
            }
            medic_id = connection.execute(select(account.c.medic_id).where(account.c.username == "zoya")).scalar_one()
        self._entries = {
            "workers": worker_id,
            "employers": employer_id,
            "medics": medic_id,
            "devices": _NOBODY,
            "rooms": "room-1",
            "carriers": _NOBODY,
            "organisations": ORG,
        }
        self._jobs = {"imports": str(sent.headers["location"]), "journal": str(export.headers["location"])}
        assert until(lambda: "data-job" not in senior.get(self._jobs["imports"]).text)
        assert until(lambda: "data-job" not in zoya.get(self._jobs["journal"]).text)

    def _inspection(self, centre: ConsoleCentre) -> str:
        """What an order has opened to the inspector."""
        today = day_of(centre.now())
        with writing(centre.engine) as connection:
            who = accounts.by_username(connection, Role.INSPECTOR.value)
            assert who is not None
            item = Inspection(new_id(), ORG, who.account_id, "приказ 1", today, today, today, centre.now(), _NOBODY)
            inspections.add(connection, item)
        return item.inspection_id

    def _check(self, centre: ConsoleCentre, worker_id: str) -> str:
        """A check of a medical book on the employer's page."""
        at, pen = centre.now(), centre.outgoing
        asking = Asking(centre.people.employers[0], _NOBODY, at, day_of(at), day_of(at))
        with writing(centre.engine) as connection:
            code = pen.sign_worker_code(worker_id)
            return check_for_employer(connection, code, asking, pen.verifying_key).check_id

    def _draft(self, centre: ConsoleCentre, worker_id: str) -> str:
        """An exam in a medical room that somebody is at."""
        exams = RoomExams(centre.outgoing, centre.config.room, centre.config.generation)
        with writing(centre.engine) as connection:
            rooms.add_room(connection, Terminal("room-1", ORG, "Кабинет", "1 этаж"), now=centre.now())
            row = get_worker(connection, worker_id)
            assert row is not None
            by = (_NOBODY, _NOBODY)
            return exams.begin(connection, dict(row), "room-1", "pre_shift", by, centre.now()).draft_id

    def address(self, path: str) -> str:
        """The path with ids of what is there. A parameter that is not known here is an error: give it a sample."""
        parts = path.split("/")
        values = self._values | {
            "entry_id": self._entries.get(parts[2] if len(parts) > 2 else "", ""),
            "job_id": self._jobs.get(parts[1], "").rsplit("/", 1)[-1],
        }
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), path)


_FORMS: Mapping[str, Mapping[str, str]] = {
    "/persons/{person_id}/access": {"document": "passport"},
    "/limits": {"scope": "organisation", "parameter": "systolic_mmhg", "high": "150", "basis": "приказ 7"},
}
"""What is typed where an empty form would not come to reading."""


@pytest.fixture
def people(centre: ConsoleCentre, address: str, zoya: Browser) -> Iterator[dict[Role, Browser]]:
    """Somebody of each role, logged in."""
    found = {Role.MEDIC: zoya}
    with contextlib.ExitStack() as stack:
        for role in set(Role) - {Role.MEDIC}:
            centre.add_account(role.value, role, employer_id=centre.people.employers[0])
            found[role] = stack.enter_context(contextlib.closing(Browser(address))).log_in(role.value, unlock=False)
        yield found


def _routes(app: FastAPI) -> Iterator[tuple[str, str, Right]]:
    """Path, method and right of each route; of the open ones that of everybody who has logged in."""
    for route in every_route(app):
        (door,) = guards_of(route)
        for method in route.methods:
            yield route.path, method, door.right if isinstance(door, Guard) else Right.OWN_ACCOUNT


@pytest.mark.usefixtures("_done_here")
def test_what_reads_medical_data_writes_into_the_access_log(
    answered: dict[str, list[str]],
    centre: ConsoleCentre,
    app: FastAPI,
    people: dict[Role, Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What is written once an hour is due again with each request.
    monkeypatch.setattr(OncePerHour, "is_due", lambda *_: True)
    sample = _Sample(centre, people[Role.MEDIC], people[Role.SENIOR_MEDIC])
    pages = {role: browser.get("/account").text for role, browser in people.items()}
    tokens = {role: page.split('name="csrf" value="')[1].split('"')[0] for role, page in pages.items()}
    silent, spoken = set(), set()
    walked = [
        (path in _LAST, method != "GET", path, method, right)
        for path, method, right in _routes(app)
        if path not in _ENDLESS
    ]
    for _, _, path, method, right in sorted(walked):
        role = next(role for role in Role if right in RIGHTS[role])
        fields = {"csrf": tokens[role]} | _FORMS.get(path, {}) if method == "POST" else None
        mark = f"{method} {path}"
        people[role].http.request(method, sample.address(path), data=fields, headers={_MARK: mark})
        assert until(lambda mark=mark: mark in answered)
        statements = answered[mark]
        if any(_READS.search(one) for one in statements):
            wrote = any(one.startswith(_WRITES) for one in statements)
            (spoken if wrote else silent).add(mark)
    assert silent == set(NOT_MEDICAL)
    assert len(spoken) > 25, "the walk has come to reading"


def _entries(centre: ConsoleCentre, subject: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Actions and details of the access log about that subject, oldest first, without logins."""
    query = select(audit).order_by(audit.c.at, audit.c.audit_id)
    with reading(centre.engine) as connection:
        rows = connection.execute(query.where(audit.c.subject == subject) if subject else query).all()
    return [(row.action, row.detail) for row in rows if not row.action.startswith(("login", "signature"))]


def test_pictures_of_a_page_that_is_written_down_are_not_written_down_again(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    picture = MediaFiles(centre.config.media_dir).keep(b"a picture")
    exam_id = centre.exam("1001", media=[_medium(picture, centre)])
    zoya.get(f"/exams/{exam_id}")
    for _ in range(2):
        assert zoya.get(f"/exams/{exam_id}/media/{picture}").status_code == 200
    assert [action for action, _ in _entries(centre, exam_id)] == ["exam.read"]
    # Who asks for the picture alone is written down, once an hour.
    for _ in range(2):
        assert foma.get(f"/exams/{exam_id}/media/{picture}").status_code == 200
    assert [action for action, _ in _entries(centre, exam_id)] == ["exam.read", "exam.media"]
    centre.shift = timedelta(hours=1, minutes=1)
    foma.log_in("foma", unlock=False)
    foma.get(f"/exams/{exam_id}/media/{picture}")
    assert [action for action, _ in _entries(centre, exam_id)] == ["exam.read", "exam.media", "exam.media"]


def test_a_limit_tried_on_the_last_month_is_written_down_without_values(
    centre: ConsoleCentre, people: dict[Role, Browser]
) -> None:
    centre.exam("1001", systolic_mmhg=171)
    senior = people[Role.SENIOR_MEDIC]
    assert senior.post("/limits", _FORMS["/limits"] | {"action": "preview"}).status_code == 200
    tried = [detail for action, detail in _entries(centre, ORG) if action == "limit.preview"]
    assert tried == [{"parameter": "systolic_mmhg", "source": "organisation", "rows": 1}]


def test_a_program_that_follows_states_is_written_down_once_an_hour(
    centre: ConsoleCentre, address: str, people: dict[Role, Browser]
) -> None:
    fields = {
        "name": "турникет",
        "employer_id": centre.people.employers[0],
        "scopes": ["admissions:read", "exams:read"],
    }
    page = people[Role.ADMINISTRATOR].post("/accounts/keys", fields, page="/accounts").text
    key = page.split('class="code">')[1].split("<")[0]
    for path in ("/admissions/1001", "/admissions", "/admissions/1002", "/admissions/nobody"):
        httpx.get(f"{address}/api/v1{path}", headers={"Authorization": f"Bearer {key}"})
    assert [action for action, _ in _entries(centre) if action.startswith("api.")] == ["api.admissions"]
