"""Two employers share a personnel number and one person has two jobs: whatever shows a worker shows the right employer's.

All routes are walked. A route that shows people names the employer beside each of them, or belongs to one employer or one person
as a whole; one that shows nobody is listed here. So a new route is red until somebody has looked at it.
"""

import contextlib
import csv
import html
import io
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import httpx
import openpyxl
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from central.console.app import every_route, guards_of
from central.console.guard import Guard
from central.core.days import day_of
from central.core.parties import Worker
from central.core.rights import RIGHTS, Right, Role
from central.imports.grounds import check_rows, store_checked
from central.imports.tables import write_table
from central.jobs import queue
from central.people.consents import Consents
from central.people.limits import LimitDraft, set_limit
from central.store import persons
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.foreign_exams import foreign_exam
from central.store.grounds import ground
from central.store.papers import paper
from central.store.register_changes import Author
from central.store.registry import employer, worker
from dopusk.lab.demo.sample_people import EMPLOYERS, ORG, sample_snils
from simulators.fleet_exam import exam_payload
from simulators.waybill_carrier import CARRIER_INN, DRIVER, T1_NAME, note
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import DoneHere
from tests.medical_room import enter_room
from tests.waybill_centre import OPERATOR, waybill_centre
from tests.written_papers import write_paper

NUMBER = "5005"
ONE, OTHER, DOUBLE = "Альфин Антон Ильич", "Бетин Борис Львович", "Дублина Дарья Юрьевна"
KEYS = ("one", "other", "first job", "second job")
"""Entries: two people with one number, and two employments of one person."""
WHO: Mapping[str, tuple[str, str, int]] = {
    "one": (ONE, NUMBER, 0),
    "other": (OTHER, NUMBER, 1),
    "first job": (DOUBLE, "6001", 0),
    "second job": (DOUBLE, "6002", 1),
}
"""Name, personnel number, and place of the employer."""
NAMES = {ONE: "Альфин", OTHER: "Бетин", DOUBLE: "Дублина"}

NOBODY = {
    "GET": {
        "/me/join", "/me/offline", "/me/worker.js",
        "/", "/account", "/accounts", "/accounts/{account_id}/edit", "/books", "/books/{book}", "/books/{book}/export",
        "/conclusions/check", "/conclusions/acts", "/conclusions/acts/{act_id}", "/conclusions/acts/{act_id}/file",
        "/conclusions/acts/{act_id}/parts/{name}", "/conclusions/retention",
        "/conclusions/inspections", "/conclusions/inspections/{inspection_id}/log",
        "/exchange", "/exchange/{system}", "/exchange/{system}/codes", "/exchange/{system}/test",
        "/duty", "/duty/load", "/contracts", "/contracts/{contract_id}", "/statements", "/statements/{statement_id}",
        "/statements/{statement_id}/xlsx",
        "/statements/{statement_id}/docx", "/employer/statements", "/employer/statements/{statement_id}/xlsx",
        "/employer/statements/{statement_id}/docx",
        "/certificates", "/certificates/{certificate_id}", "/check/{code}", "/consents", "/exams/{exam_id}/media/{sha256}",
        "/exams/{exam_id}/reference", "/fleet", "/fleet/terminals/{terminal_id}/employers", "/help", "/help/images/{picture}",
        "/help/{topic}", "/imports/exams", "/imports/exams/{job_id}", "/imports/exams/{job_id}/errors",
        "/imports/exams/{job_id}/events", "/imports/grounds", "/imports/grounds/form", "/imports/grounds/jobs",
        "/imports/grounds/jobs/{job_id}", "/imports/grounds/jobs/{job_id}/errors", "/imports/grounds/jobs/{job_id}/events",
        "/employer/shifts/form", "/employer/workers/new", "/employer/posts", "/employer/posts/form", "/employer/posts/{post_id}",
        "/imports/history", "/imports/history/form", "/imports/history/jobs", "/imports/history/jobs/{job_id}",
        "/imports/history/jobs/{job_id}/errors", "/imports/history/jobs/{job_id}/events",
        "/imports/files", "/imports/files/{job_id}", "/imports/files/{job_id}/events", "/imports/files/{job_id}/result",
        "/imports/maps",
        "/imports/medics", "/imports/organisations", "/imports/workers/jobs", "/imports/workers/jobs/{job_id}",
        "/imports/workers/jobs/{job_id}/errors", "/imports/workers/jobs/{job_id}/events", "/journal/exports",
        "/journal/exports/{job_id}", "/journal/exports/{job_id}/events", "/login",
        "/login/outside/answer", "/queue.json",
        "/queue/events", "/registers", "/registers/devices/new", "/registers/devices/{entry_id}",
        "/registers/employers/new", "/registers/employers/{entry_id}", "/registers/medics/new",
        "/registers/medics/{entry_id}", "/registers/organisations/new", "/registers/organisations/{entry_id}",
        "/registers/carriers/new", "/registers/carriers/{entry_id}", "/registers/carriers/{carrier_id}/sheet",
        "/registers/rooms/new", "/registers/rooms/{entry_id}", "/registers/workers/new", "/room/{draft_id}/orders.json",
        "/signature", "/signature/plugin.js",
        "/workers/{worker_id}/photo",
    },
    "POST": {
        "/me/join", "/check/gate", "/me/consents/withdraw", "/me/appeals", "/me/gate", "/me/requests",
        "/account/password", "/account/recovery", "/account/sessions/end", "/account/totp", "/account/totp/remove", "/accounts",
        "/accounts/channels", "/accounts/keys", "/books/{book}/draft", "/books/{book}/import", "/books/{book}/items",
        "/conclusions/check", "/conclusions/check/{check_id}/found", "/conclusions/check/{check_id}/close",
        "/conclusions/acts", "/conclusions/acts/{act_id}/sign", "/conclusions/acts/{act_id}/signature",
        "/conclusions/acts/{act_id}/withdrawal", "/conclusions/retention", "/conclusions/holds",
        "/conclusions/holds/{hold_id}/release", "/conclusions/inspections", "/conclusions/inspections/{inspection_id}/end",
        "/conclusions/requests/{request_id}/extension", "/conclusions/requests/{request_id}/refusal",
        "/conclusions/requests/{request_id}/closing",
        "/contracts", "/contracts/{contract_id}/prices", "/contracts/{contract_id}/end", "/statements",
        "/exchange/{system}/maps", "/exchange/{system}/dictionary", "/exchange/{system}/repeat", "/exchange/{system}/test",
        "/exchange/{system}/staff", "/exchange/{system}/fields",
        "/duty", "/duty/{duty_id}/end", "/duty/{duty_id}/handover", "/duty/handovers/{handover_id}/accept",
        "/books/{book}/publish", "/books/{book}/withdraw",
        "/employer/posts", "/employer/posts/file", "/employer/posts/{post_id}", "/employer/posts/{post_id}/close",
        "/employer/changes/{change_id}/withdraw",
        "/employer/shifts/{plan_id}/withdraw", "/workforce/changes/{change_id}",
        "/consents/texts", "/fleet/terminals", "/imports/exams",
        "/imports/history/withdrawal", "/imports/maps", "/imports/maps/back", "/imports/medics", "/imports/organisations",
        "/journal/columns", "/journal/exports/{form}", "/journal/signed", "/login",
        "/login/outside", "/login/outside/code", "/logout", "/preferences", "/registers/devices/new", "/registers/employers/new",
        "/registers/carriers/new", "/registers/carriers/{carrier_id}/certificates", "/registers/carriers/{carrier_id}/revoke",
        "/registers/medics/new", "/registers/organisations/new", "/registers/rooms/new",
        "/room/again", "/room/begin",
        "/session/alive", "/signature", "/signature/close",
        "/signature/errand", "/signature/proof",
    },
}  # fmt: skip
"""Routes that show or take no worker: files, jobs, other registers, the visitor's own things."""
ELSEWHERE = {
    "/me": "the worker's own employments with their employers: test_own_pages.py",
    "/me/exams": "the worker's own exams with their employers: test_own_pages.py",
    "/me/exams/{exam_id}": "one own exam: test_own_pages.py",
    "/me/trend": "the worker's own values: test_own_pages.py",
    "/me/papers": "own papers: test_own_record.py",
    "/me/papers/{paper_id}/file": "an own paper, by its id: test_own_record.py",
    "/me/consents": "own consents: test_own_record.py",
    "/me/looks": "roles that looked: test_own_record.py",
    "/me/gate": "an own employment, by its id: test_own_gate.py",
    "/me/about": "own employers: test_own_record.py",
    "/me/requests": "own requests, by employer: test_own_record.py",
    "/me/appeals": "own requests, by employer: test_own_record.py",
    "/me/consents/withdraw": "an own consent, by its id: test_own_record.py",
    "/appeals": "appeals of workers with their employers: test_own_record.py",
    "/persons/{person_id}/access": "a link for one person, by the id: test_own_pages.py",
    "/inspection": "numbers with their employers: test_inspections.py",
    "/inspection/exams/{exam_id}": "the exam of one employment, by its id: test_inspections.py",
    "/inspection/exams/{exam_id}/dossier": "what proves it, by its id: test_inspections.py",
    "/conclusions/holds": "workers with their employers: test_retention.py",
    "/room": "found by a number, below",
    "/room/{draft_id}": "the exam of one employment, by its id",
    "/workforce/changes": "what waits, with the employers: test_employer_workforce.py",
    "/employer/due": "ends of documents: test_employer_due.py",
    "/employer/held": "who is suspended: test_employer_shifts.py",
    "/employer/shifts": "planned shifts: test_employer_shifts.py",
    "/employer/shifts/export": "the rows of /employer/shifts",
    "/admissions/book-check": "checks that were made: test_book_checks.py",
    "/admissions/book-check/{check_id}": "one check, by its id: test_book_checks.py",
    "/admissions/book-check/{check_id}/file": "its paper: test_book_checks.py",
    "/workers/{worker_id}/passport/signed/file": "as it was signed: test_passport.py",
    "/workers/{worker_id}/passport/file": "the paper of one worker, by the id: test_passport.py",
    "/workers/{worker_id}/code/file": "the card of one worker, by the id: test_book_checks.py",
    "/grounds/{ground_id}/documents/{document_id}/file": "the document itself, by ids",
    "/papers/refusals/{paper_id}": "one certificate, by its id: test_written_papers.py",
    "/papers/refusals/sheet": "the rows of /papers/refusals/export",
    "/exams/{exam_id}/papers/{kind}/signature": "beside a paper of one exam, by its id",
    "/exams/{exam_id}/certificate": "the exam of one employment, by its id",
    "/exams/{exam_id}/protocol": "the exam of one employment, by its id",
    "/conclusions/export": "the rows of /conclusions: test_conclusions.py",
    "/conclusions/sheet": "the rows of /conclusions",
    "/conclusions/journal": "copies by their papers: test_copies.py",
    "/conclusions/journal/export": "the rows of /conclusions/journal: test_copies.py",
    "/conclusions/journal/sheet": "the rows of /conclusions/journal",
    "/conclusions/check/{check_id}": "copies of one check, by their papers: test_stock_checks.py",
    "/conclusions/{paper_id}": "one paper, by its id: test_copies.py",
    "/conclusions/copies/{copy_id}/signature": "beside a copy, by its id",
    "/conclusions/copies/{copy_id}/file": "the copy itself, by its id",
    "/conclusions/copies/{copy_id}": "one copy, by its id: test_copies.py",
    "/conclusions/requests": "requests of workers with their employers: test_copy_requests.py",
    "/conclusions/requests/{request_id}": "one request, by its id: test_copy_requests.py",
    "/conclusions/requests/{request_id}/letter": "its letter: test_copy_requests.py",
    "/conclusions/refusals": "refused requests with their employers: test_copy_requests.py",
    "/conclusions": "papers of workers with their employers: test_conclusions.py",
    "/gates": "passages of workers with their employers: test_gates.py",
    "/waybills": "drivers, below",
    "/waybills/{waybill_id}/{name}": "the title itself, by ids",
    "/registers/persons/twins": "test_person_pages.py: doubles with employer and number",
    "/journal/exports/{job_id}/file": "the rows of /journal/export/csv",
    "/exams/{exam_id}/decision/{decision_id}/{name}": "the signed record itself, by ids",
}
"""Routes that show people and need more than these entries; and where they are looked at."""
PRINTS = {"/papers/refusals/sheet", "/conclusions/sheet", "/conclusions/journal/sheet"}
"""Whole tables on paper, whose text has no rows."""
FINDS = {
    "/registers/workers", "/journal", "/admissions", "/admissions/book-check", "/limits", "/registers/workers/import",
    "/imports/grounds", "/imports/history", "/conclusions/requests",
    "/employer/shifts", "/employer/shifts/file", "/employer/workers", "/employer/workers/new",
    "/registers/workers/new", "/registers/persons/twins", "/registers/persons/twins/undo", "/room/find",
}  # fmt: skip
"""Forms that find or enter somebody by what is typed; each has a test below or in `test_person_pages.py`."""


@pytest.fixture
def _done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)


class Sample:
    """The entries, each with an exam that was refused, its paper, a limit and a consent; and one more exam that waits."""

    def __init__(self, centre: ConsoleCentre, zoya: Browser) -> None:
        self.centre = centre
        employers = centre.people.employers
        made = {
            key: Worker(
                ORG,
                employers[place],
                number,
                name,
                "слесарь",
                birth_date=date(1980, 1, 2),
                snils=sample_snils("8881" if name == DOUBLE else "8882" if name == ONE else "8883"),
            )
            for key, (name, number, place) in WHO.items()
        }
        self.ids = {key: item.worker_id for key, item in made.items()}
        with writing(centre.engine) as connection:
            centre.registry.save_workers(connection, list(made.values()))
            consents = Consents(centre.registry)
            consents.add_text(
                connection, ORG, "video", "2026-1", "Согласен.", valid_from=date(2026, 1, 1), author="zoya"
            )
            for key in ("one", "other", "second job"):
                paper_of = {"given_on": date(2026, 2, 1), "means": "paper", "basis": "папка 1", "author": "zoya"}
                consents.give(connection, self.ids[key], "video", "2026-1", **paper_of)  # type: ignore[arg-type]
            for key in KEYS:
                draft = LimitDraft(ORG, "worker", self.ids[key], "systolic_mmhg", 90, 150, "заключение ВК")
                set_limit(connection, centre.registry, centre.outgoing, draft, "Луговая З. М.", centre.now())
        self.exams = {key: self._exam(key) for key in KEYS}
        self.waiting = {key: self._exam(key) for key in KEYS}
        self.values: dict[str, dict[str, str]] = {}
        for key in KEYS:
            answer = zoya.decide(self.exams[key], outcome="not_admitted", reasons="alcohol_breath")
            assert answer.status_code == 303, answer.text
            assert write_paper(zoya, self.exams[key]).status_code == 303
            assert (
                zoya.post(f"/exams/{self.exams[key]}/papers", {"kind": "refusal"}, page="/journal").status_code == 200
            )
        with writing(centre.engine) as connection:
            self._enter_grounds(connection)
            for key in KEYS:
                held = (decision.c.exam_id == self.exams[key], paper.c.exam_id == self.exams[key])
                self.values[key] = {
                    "exam_id": self.exams[key],
                    "worker_id": self.ids[key],
                    "entry_id": self.ids[key],
                    "ground_id": self.grounds[key],
                    "person_id": _person(connection, self.ids[key]),
                    "decision_id": connection.execute(select(decision.c.decision_id).where(held[0])).scalar_one(),
                    "code": connection.execute(select(paper.c.code).where(held[1])).scalars().first() or "",
                    "name": "record.json",
                    "kind": "workers",
                }

    def _enter_grounds(self, connection: Any) -> None:
        """A document of each that holds back today, and ends soon."""
        today, until = day_of(self.centre.now()), day_of(self.centre.now()) + timedelta(days=5)
        rows = [
            {
                "Табельный номер": number,
                "Работодатель": EMPLOYERS[place],
                "Вид": "больничный",
                "Источник": "реестр (пример)",
            }
            | {"Дата": f"{today:%d.%m.%Y}", "Действует до": f"{until:%d.%m.%Y}", "Только очно": "нет", "Номер": key}
            for key, (_, number, place) in WHO.items()
        ]
        checked = check_rows(connection, ORG, rows, today, self.centre.registry.snils_hash)
        assert checked.faults == ()
        assert store_checked(connection, checked, Author(None, self.centre.now())) == len(rows)
        found = connection.execute(select(ground.c.number, ground.c.ground_id)).all()
        self.grounds = {row.number: row.ground_id for row in found}

    def _exam(self, key: str) -> str:
        made = exam_payload(
            self.centre.dice,
            org=ORG,
            worker_id=self.ids[key],
            employer_id=self.centre.people.employers[WHO[key][2]],
            generation=self.centre.config.generation,
        )
        return self.centre.receive(made)

    def address(self, path: str, key: str) -> str | None:
        """The path filled with ids of that entry; None where it wants another id."""
        values = self.values[key]
        if set(re.findall(r"\{(\w+)\}", path)) <= values.keys():
            return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)
        return None


def _person(connection: Any, worker_id: str) -> str:
    return str(connection.execute(select(worker.c.person_id).where(worker.c.worker_id == worker_id)).scalar_one())


@pytest.fixture
def sample(centre: ConsoleCentre, zoya: Browser) -> Sample:
    return Sample(centre, zoya)


@pytest.fixture
def people(centre: ConsoleCentre, address: str, zoya: Browser) -> Iterator[dict[Role, Browser]]:
    """Somebody of each role, logged in; the employer's is of the first."""
    found = {Role.MEDIC: zoya}
    with contextlib.ExitStack() as stack:
        for role in set(Role) - {Role.MEDIC}:
            centre.add_account(role.value, role, employer_id=centre.people.employers[0])
            found[role] = stack.enter_context(contextlib.closing(Browser(address))).log_in(role.value, unlock=False)
        yield found


def _routes(app: FastAPI) -> Iterator[tuple[str, str, Right]]:
    for route in every_route(app):
        (door,) = guards_of(route)
        for method in (route.methods or set()) - {"HEAD"}:
            yield method, route.path, door.right if isinstance(door, Guard) else Right.OWN_ACCOUNT


def _lines(answer: httpx.Response) -> tuple[str, list[str]]:
    """What an answer is about as a whole, and its rows, as words."""
    kind, content = answer.headers.get("content-type", ""), answer.content
    if content.startswith(b"PK"):
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        lines = [" | ".join(str(cell) for cell in row if cell is not None) for row in book.active.values]  # type: ignore[union-attr]
        book.close()
        return "", lines
    if content.startswith(b"%PDF"):
        done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, check=True, capture_output=True)
        return done.stdout.decode().replace("\n", " "), []
    if "csv" in kind:
        return "", [" | ".join(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")]
    if "html" not in kind:
        return answer.text if kind.startswith("application/json") else "", []
    page = re.sub(r"<(script|nav)\b.*?</\1>", " ", answer.text, flags=re.S)
    page = re.sub(r"<select\b.*?</select>", _chosen, page, flags=re.S)
    rows = re.findall(r"<tr\b.*?(?=<tr\b|</table>)", page, flags=re.S)
    page = re.sub(r"<tr\b.*?(?=<tr\b|</table>)", " ", page, flags=re.S)
    rows += re.findall(r"<li\b.*?(?=<li\b|</ul>)", page, flags=re.S)
    return _text(re.sub(r"<li\b.*?(?=<li\b|</ul>)", " ", page, flags=re.S)), [_text(row) for row in rows]


def _chosen(found: re.Match[str]) -> str:
    """Of a list to choose from what is chosen."""
    return " ".join(re.findall(r"<option[^>]*\sselected[^>]*>(.*?)</option>", found[0], flags=re.S))


def _text(markup: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup)))


def _stands(number: str, row: str) -> bool:
    return re.search(rf"(?<![\w-]){number}(?![\w-])", row) is not None


def _confused(whole: str, rows: Sequence[str], subject: str) -> list[str]:
    """What does not say whose worker somebody is, or says it wrongly."""
    found = []
    one_subject = NAMES[WHO[subject][0]] in whole
    employer_page = [name for name in EMPLOYERS if name in whole]
    for row in rows:
        says = [employer for employer in EMPLOYERS if employer in row] or (
            employer_page if len(employer_page) == 1 else []
        )
        meant = [key for key in KEYS if NAMES[WHO[key][0]] in row] or [key for key in KEYS if _stands(WHO[key][1], row)]
        if not meant:
            continue
        numbered = [key for key in meant if _stands(WHO[key][1], row)] or meant
        # Each of those who may be meant has one employer; the row has to name one of these, and no other.
        is_said = len(says) == 1 and says[0] in {EMPLOYERS[WHO[key][2]] for key in numbered}
        if not is_said and not (one_subject and not says and not _stands(NUMBER, row)):
            found.append(f"{numbered} with {says}: {row[:300]}")
    strangers = {NAMES[name] for name in (ONE, OTHER, DOUBLE)} - {NAMES[WHO[subject][0]]}
    if len(employer_page) == 1:
        # An employer's own page names all of its people.
        strangers -= {NAMES[name] for name, _, place in WHO.values() if EMPLOYERS[place] == employer_page[0]}
    if one_subject and any(stranger in whole for stranger in strangers):
        found.append("two people in one text")
    return found


@pytest.mark.usefixtures("_done_here")
def test_every_route_that_shows_a_worker_shows_the_right_employers(
    app: FastAPI, people: dict[Role, Browser], sample: Sample
) -> None:
    shown, silent, confused = set(), set(), {}
    for method, path, right in _routes(app):
        if method != "GET" or path.endswith("/events") or path in PRINTS:
            continue
        role = next(role for role in (Role.SENIOR_MEDIC, *Role) if right in RIGHTS[role])
        for key in KEYS:
            address = sample.address(path, key)
            if address is None:
                break
            answer = people[role].get(address)
            whole, rows = _lines(answer)
            everything = " ".join((whole, *rows))
            if not any(name in everything for name in NAMES.values()) and not re.search(rf"\b{NUMBER}\b", everything):
                break
            shown.add(path)
            faults = _confused(whole, rows, key)
            if "_id}" in path and not any(EMPLOYERS[WHO[key][2]] in part for part in (whole, *rows)):
                faults.append(f"the employer of {WHO[key][0]} is not named")
            if "{" in path and not path.startswith("/registers/{") and NAMES[WHO[key][0]] not in everything:
                faults.append(f"{WHO[key][0]} is not on the page")
            if faults:
                confused[path] = faults
            if "{" not in path:
                break
    walked = {path for method, path, _ in _routes(app) if method == "GET"}
    silent = walked - shown
    assert confused == {}, "\n".join(f"{path}: {fault}" for path, faults in confused.items() for fault in faults)
    assert silent - ELSEWHERE.keys() == NOBODY["GET"]
    assert len(shown) > 15, "the walk has come to people"


def test_every_form_is_about_an_id_or_has_its_test(app: FastAPI) -> None:
    ids = re.compile(
        r"\{(exam|paper|worker|entry|job|account|alert|channel|certificate|key|terminal|message|person|draft|ground|copy|appeal)_id\}"
    )
    forms = {path for method, path, _ in _routes(app) if method == "POST" and not ids.search(path)}
    assert forms == NOBODY["POST"] | FINDS


def test_a_search_by_the_number_gives_both_with_their_employers(people: dict[Role, Browser], sample: Sample) -> None:
    senior = people[Role.SENIOR_MEDIC]
    for path, fields in (("/registers/workers", {"q": NUMBER}), ("/journal", {"person": NUMBER})):
        answer = senior.post(path, fields, page=path)
        assert answer.status_code == 303, answer.text
        _, rows = _lines(senior.get(str(answer.headers["location"])))
        for name, place in ((ONE, 0), (OTHER, 1)):
            found = [row for row in rows if NAMES[name] in row]
            assert len(found) >= 1, (path, rows)
            row = found[0]
            assert EMPLOYERS[place] in row
            assert EMPLOYERS[1 - place] not in row


def test_the_medical_room_gives_both_with_their_employers(
    centre: ConsoleCentre, people: dict[Role, Browser], sample: Sample
) -> None:
    enter_room(people[Role.SENIOR_MEDIC], day_of(centre.now()))
    medic = people[Role.MEDIC]
    answer = medic.post("/room/find", {"q": NUMBER}, page="/room")
    assert answer.status_code == 303, answer.text
    page = medic.get(str(answer.headers["location"])).text
    cards = [_text(part) for part in page.split('<section class="card found"')[1:]]
    assert len(cards) == 2
    for name, place in ((ONE, 0), (OTHER, 1)):
        [card] = [card for card in cards if NAMES[name] in card]
        assert EMPLOYERS[place] in card
        assert EMPLOYERS[1 - place] not in card


def test_an_employer_finds_its_own_alone(centre: ConsoleCentre, people: dict[Role, Browser], sample: Sample) -> None:
    dispatcher = people[Role.EMPLOYER]
    answer = dispatcher.post("/admissions", {"q": NUMBER}, page="/admissions")
    assert answer.status_code == 303
    page = dispatcher.get(str(answer.headers["location"])).text
    assert NAMES[ONE] in page
    assert NAMES[OTHER] not in page
    assert dispatcher.post("/admissions", {"q": "6002"}, page="/admissions").status_code in {303, 422}
    assert "6002" not in dispatcher.get("/admissions").text
    assert dispatcher.post("/admissions", {"q": sample_snils("8883")}, page="/admissions").status_code == 422


def test_a_limit_asks_whose_number_is_meant(people: dict[Role, Browser], centre: ConsoleCentre, sample: Sample) -> None:
    senior = people[Role.SENIOR_MEDIC]
    fields = {"scope": "worker", "personnel_number": NUMBER, "parameter": "pulse_bpm", "high": "110", "basis": "ВК 7"}
    answer = senior.post("/limits", fields | {"action": "preview", "employer": ""}, page="/limits")
    assert answer.status_code == 422
    assert 'id="fault-employer"' in answer.text
    answer = senior.post(
        "/limits", fields | {"action": "preview", "employer": centre.people.employers[1]}, page="/limits"
    )
    assert answer.status_code == 200
    assert "limits.preview" not in answer.text


def test_files_find_by_employer_and_number(people: dict[Role, Browser], centre: ConsoleCentre, sample: Sample) -> None:
    senior = people[Role.SENIOR_MEDIC]

    def send(path: str, page: str, headings: Sequence[str], row: Sequence[str]) -> httpx.Response:
        token = senior.get(page).text.split('name="csrf" value="')[1].split('"')[0]
        file = {"file": ("table.xlsx", write_table(headings, [list(row)]))}
        return senior.http.post(path, data={"csrf": token, "action": "apply"}, files=file)

    heads = ("Табельный номер", "ФИО", "Должность", "Работодатель")
    assert (
        send(
            "/registers/workers/import", "/registers/workers", heads, (NUMBER, OTHER, "токарь", EMPLOYERS[1])
        ).status_code
        == 200
    )
    with reading(centre.engine) as connection:
        named = dict(connection.execute(select(worker.c.worker_id, worker.c.position)).all())
    assert (named[sample.ids["one"]], named[sample.ids["other"]]) == ("слесарь", "токарь")

    columns = ("Табельный номер", "Вид", "Дата", "Только очно", "Источник", "Работодатель")
    said = ("прочее", "01.02.2026", "нет", "ПМО")
    assert send("/imports/grounds", "/imports/grounds", columns, (NUMBER, *said, "")).status_code == 422
    assert send("/imports/grounds", "/imports/grounds", columns, (NUMBER, *said, EMPLOYERS[1])).status_code == 200
    with reading(centre.engine) as connection:
        entered = select(ground.c.worker_id).where(ground.c.source == "ПМО")
        assert list(connection.execute(entered).scalars()) == [sample.ids["other"]]
    columns = ("Табельный номер", "Дата", "Вид осмотра", "Заключение", "Источник", "Работодатель")
    said = ("01.02.2025", "предсменный", "допущен", "Журнал")
    for employer_name, status in (("", 422), (EMPLOYERS[1], 200)):
        row = (NUMBER, *said, employer_name)
        assert send("/imports/history", "/imports/history", columns, row).status_code == status
    with reading(centre.engine) as connection:
        entered = select(foreign_exam.c.worker_id)
        assert list(connection.execute(entered).scalars()) == [sample.ids["other"]]


def test_a_new_entry_with_the_number_of_another_employer_is_somebody_else(
    people: dict[Role, Browser], centre: ConsoleCentre, sample: Sample
) -> None:
    fields = {"personnel_number": "6001", "full_name": "Гаммин Глеб Львович", "position": "повар", "seen": "0"}
    fields |= {"employer_id": centre.people.employers[1], "remote_allowed": "yes", "status": "active"}
    answer = people[Role.SENIOR_MEDIC].post("/registers/workers/new", fields)
    assert answer.status_code == 303, answer.text
    with reading(centre.engine) as connection:
        query = select(worker.c.person_id).where(worker.c.personnel_number == "6001")
        assert len(set(connection.execute(query).scalars())) == 2
        assert connection.execute(select(persons.person)).first() is not None


def test_the_list_of_waybills_names_the_driver_of_the_files_own_employer(
    centre: ConsoleCentre, zoya: Browser, sample: Sample
) -> None:
    """Two carriers write of drivers with one number: each file is about its own."""
    own = re.sub(r' ИННФЛ="[0-9]*"', "", DRIVER)
    for place, (key, words) in enumerate({"one": ONE, "other": OTHER}.items()):
        centre.people.workers[NUMBER] = sample.ids[key]
        carrier = waybill_centre(centre, NUMBER)
        with writing(centre.engine) as connection:
            connection.execute(update(worker).values(inn=None))
            connection.execute(update(employer).values(inn=None))
            inn = {"inn": CARRIER_INN, "waybill_operator": OPERATOR, "waybill_titles": "both"}
            connection.execute(
                update(employer).where(employer.c.employer_id == centre.people.employers[place]).values(**inn)
            )
        surname, given, patronymic = words.split()
        drivers = own.replace("Ветров", surname).replace("Степан", given).replace("Ильич", patronymic)
        uid = f"{place}50e8400-e29b-41d4-a716-446655440000"
        name = T1_NAME if place == 0 else T1_NAME.replace("11111111", "77777777")
        carrier.drop_waybill(name, drivers=drivers, notes=note("ТабНомер", NUMBER), uid=uid)
        carrier.pass_once()
        assert [row.fault for row in carrier.rows()] == [""] * (place + 1)
    whole, rows = _lines(zoya.get("/waybills"))
    assert {key for key in ("one", "other") for row in rows if NAMES[WHO[key][0]] in row} == {"one", "other"}
    assert _confused(whole, rows, "one") == []
