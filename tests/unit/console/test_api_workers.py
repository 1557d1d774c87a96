"""Workers by the key of another system: the register's rules and history, once for each call, and two systems that disagree."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from central.access.program_keys import draft_of
from central.core.key_scopes import ORGANISATION_ONLY, SCOPES
from central.store import api_keys, shift_plans
from central.store.engine import reading, writing
from central.store.register_changes import of_entry
from central.store.registry import worker
from central.store.roster_entries import roster_due
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import NO_ROOTS, ConsoleCentre

ENTRY = {
    "personnel_number": "7001",
    "full_name": "Рябинин Гордей Саввич",
    "position": "водитель",
    "remote_allowed": True,
}
OF_EMPLOYER = {name: ENTRY[name] for name in ("personnel_number", "full_name", "position")}


class Program:
    """Another system with a key of its own."""

    def __init__(self, centre: ConsoleCentre, address: str, employer_id: str | None, *scopes: str) -> None:
        drawn, _ = draft_of("1C", scopes, "", "", of_employer=employer_id is not None, now=centre.now())
        assert drawn is not None
        key, secret = drawn.made(ORG, employer_id, "", centre.now())
        with writing(centre.engine) as connection:
            api_keys.add(connection, key)
        headers = {"Authorization": f"Bearer {secret}"}
        self.http = httpx.Client(base_url=f"{address}/api/v1", headers=headers, verify=NO_ROOTS, timeout=60)
        self.employer = centre.people.employers[0]
        self.is_own = employer_id is None

    def call(self, method: str, path: str, said: Any = None, **headers: str) -> httpx.Response:
        named = {"employer_id": self.employer} if self.is_own else {}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, path, json=said, params=named, headers=names)


@pytest.fixture
def clinic(centre: ConsoleCentre, address: str) -> Iterator[Program]:
    program = Program(centre, address, None, "workers:write")
    with program.http:
        yield program


@pytest.fixture
def firm(centre: ConsoleCentre, address: str) -> Iterator[Program]:
    program = Program(centre, address, centre.people.employers[0], "workers:write")
    with program.http:
        yield program


def _rows(centre: ConsoleCentre, external_id: str) -> list[Any]:
    with reading(centre.engine) as connection:
        return list(connection.execute(select(worker).where(worker.c.external_id == external_id)).mappings())


def test_a_worker_comes_changes_and_leaves_as_in_the_register(centre: ConsoleCentre, clinic: Program) -> None:
    path = f"/workers/{uuid4()}"
    made = clinic.call("PUT", path, ENTRY)
    assert (made.status_code, made.json()["code"]) == (201, "created")
    assert clinic.call("PUT", path, ENTRY).json()["code"] == "unchanged"
    changed = clinic.call("PUT", path, {"position": "машинист"})
    assert (changed.status_code, changed.json()["code"]) == (200, "changed")
    read = clinic.call("GET", path)
    assert read.headers["ETag"] == changed.headers["ETag"] != made.headers["ETag"]
    assert (read.json()["position"], read.json()["full_name"]) == ("машинист", ENTRY["full_name"])
    assert clinic.call("DELETE", path).json()["code"] == "dismissed"
    assert clinic.call("DELETE", path).json()["code"] == "unchanged"
    assert clinic.call("PUT", path, ENTRY).json()["code"] == "dismissed_worker"
    assert clinic.call("GET", path).status_code == 404
    (row,) = _rows(centre, path.rpartition("/")[2])
    with reading(centre.engine) as connection:
        history = of_entry(connection, "workers", row["worker_id"])
    assert [(one.action, one.author) for one in history] == [("archive", "1C"), ("change", "1C"), ("create", "1C")]


def test_a_hundred_same_calls_at_once_make_one_worker(centre: ConsoleCentre, clinic: Program) -> None:
    external_id, once = str(uuid4()), str(uuid4())
    with ThreadPoolExecutor(16) as pool:
        calls = [
            pool.submit(clinic.call, "PUT", f"/workers/{external_id}", ENTRY, Idempotency_Key=once) for _ in range(100)
        ]
        answers = [one.result() for one in calls]
    assert {one.status_code for one in answers} == {201}
    assert sum("Idempotency-Replayed" not in one.headers for one in answers) == 1
    assert len({one.text for one in answers}) == 1
    (row,) = _rows(centre, external_id)
    with reading(centre.engine) as connection:
        assert len(of_entry(connection, "workers", row["worker_id"])) == 1
        of_worker = select(func.count()).select_from(roster_due).where(roster_due.c.worker_id == row["worker_id"])
        assert connection.execute(of_worker).scalar_one() == 1
    other = clinic.call("PUT", f"/workers/{external_id}", ENTRY | {"position": "слесарь"}, Idempotency_Key=once)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_two_systems_that_disagree_are_told(centre: ConsoleCentre, clinic: Program, firm: Program) -> None:
    path = f"/workers/{uuid4()}"
    tag = clinic.call("PUT", path, ENTRY).headers["ETag"]
    refused = firm.call("PUT", path, {"position": "слесарь"})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_by_another")
    assert firm.call("PUT", path, {"position": "слесарь"}, If_Match=tag).status_code == 200
    late = clinic.call("PUT", path, {"position": "машинист"}, If_Match=tag)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert clinic.call("PUT", path, ENTRY, If_None_Match="*").status_code == 412
    assert clinic.call("GET", path).json()["position"] == "слесарь"


def test_an_employer_says_nothing_of_what_is_the_medics(centre: ConsoleCentre, firm: Program) -> None:
    path = f"/workers/{uuid4()}"
    refused = firm.call("PUT", path, ENTRY)
    assert (refused.status_code, refused.json()["fields"]) == (422, {"remote_allowed": "of_organisation"})
    assert firm.call("PUT", path, OF_EMPLOYER).status_code == 201
    (row,) = _rows(centre, path.rpartition("/")[2])
    assert row["remote_allowed"] is False
    assert firm.call("GET", path).json()["remote_allowed"] is None


def test_nothing_of_a_wrong_entry_or_of_a_trial_is_stored(centre: ConsoleCentre, clinic: Program) -> None:
    external_id = str(uuid4())
    wrong = clinic.call("PUT", f"/workers/{external_id}", ENTRY | {"birth_date": "31.02.2000", "snils": "1"})
    assert (wrong.status_code, wrong.json()["fields"]) == (422, {"birth_date": "not_a_day", "snils": "wrong_snils"})
    taken = clinic.call("PUT", f"/workers/{external_id}", ENTRY | {"personnel_number": "1001"})
    assert taken.json()["fields"] == {"personnel_number": "taken_by"}
    assert "1001," not in taken.text
    trial = clinic.http.put(
        f"/workers/{external_id}", json=ENTRY, params={"employer_id": clinic.employer, "dry_run": "true"}
    )
    assert (trial.status_code, trial.json()["code"], trial.json()["worker_id"]) == (201, "created", None)
    assert not _rows(centre, external_id)


def test_a_batch_answers_row_by_row(centre: ConsoleCentre, clinic: Program) -> None:
    ids = [str(uuid4()) for _ in range(3)]
    rows = [
        ENTRY | {"external_id": ids[0]},
        ENTRY | {"external_id": ids[1]},
        ENTRY | {"external_id": ids[2], "personnel_number": "7002", "full_name": "Ракитина Лада Тихоновна"},
    ]
    once = str(uuid4())
    answer = clinic.call("POST", "/workers:batch", {"rows": rows}, Idempotency_Key=once)
    assert [(one["status"], one["code"]) for one in answer.json()["rows"]] == [
        (201, "created"),
        (422, "invalid"),
        (201, "created"),
    ]
    again = clinic.call("POST", "/workers:batch", {"rows": rows}, Idempotency_Key=once)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (answer.json(), "true")
    gone = clinic.call("POST", "/workers:batch", {"rows": [{"external_id": ids[0], "dismiss": True}]})
    assert gone.json()["rows"][0]["code"] == "dismissed"
    many = [{"external_id": str(n)} for n in range(1001)]
    assert clinic.call("POST", "/workers:batch", {"rows": many}).status_code == 422


def test_every_path_is_shut_without_its_scope_and_for_foreign_ids(centre: ConsoleCentre, address: str) -> None:
    centre_paths = httpx.get(f"{address}/api/v1/openapi.json", verify=NO_ROOTS).json()["paths"]
    first, second = centre.people.employers[:2]
    since = "2026-01-01T00:00:00Z"
    bodies = {
        "/workers:batch": {"rows": [{"external_id": "x"}]},
        "/shifts": {"zone": "+0300", "rows": [{"personnel_number": "1001", "day": "2026-01-01", "begin": "08:00"}]},
        "/gates/{gate}/passages": {"request_id": "12345678", "personnel_number": "1001"},
        "/gates/{gate}/passages/{request_id}/result": {"passed": True},
    }
    bare, shifts, full = (
        Program(centre, address, first, "shifts:write"),
        Program(centre, address, first, "exams:read"),
        Program(
            centre,
            address,
            first,
            *(one for one in SCOPES if one not in ORGANISATION_ONLY),
        ),
    )
    with bare.http, shifts.http, full.http:
        for path, methods in centre_paths.items():
            for method in methods:
                there = path.replace("{", "").replace("}", "")
                said = bodies.get(path, {}) if method in {"put", "post"} else None
                without = shifts if path == "/shifts" else bare
                shut = without.http.request(method.upper(), there, params={"since": since}, json=said)
                assert shut.status_code == 403, (method, path)
                foreign = full.http.request(
                    method.upper(), there, params={"since": since, "employer_id": second}, json=said
                )
                assert foreign.status_code in {403, 404}, (method, path, foreign.text)


def test_a_plan_of_shifts_is_answered_row_by_row_and_stays_one(centre: ConsoleCentre, address: str) -> None:
    employer, day = centre.people.employers[0], (centre.now() + timedelta(days=2)).date()
    rows = [
        {"personnel_number": "1001", "day": day.isoformat(), "begin": "08:00"},
        {"personnel_number": "1003", "day": day.isoformat(), "begin": "25:00"},
    ]
    program = Program(centre, address, employer, "shifts:write")
    with program.http:
        for _ in range(2):
            answer = program.call("PUT", "/shifts", {"zone": "Europe/Moscow", "rows": rows})
            assert [(one["code"], one["fields"]) for one in answer.json()["rows"]] == [
                ("planned", {}),
                ("invalid", {"personnel_number": "unknown_worker", "begin": "not_a_time"}),
            ]
        assert program.call("PUT", "/shifts", {"zone": "Mars", "rows": rows}).status_code == 422
    with reading(centre.engine) as connection:
        found = shift_plans.of_days([employer], day, day, centre.now())
        (planned,) = shift_plans.page(connection, found)
    assert planned.begin_at == datetime.combine(day, time(5), UTC)
