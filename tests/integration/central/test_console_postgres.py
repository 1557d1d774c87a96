"""The ways of the console on PostgreSQL: the same pages, another store."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from central.core.rights import Role
from dopusk.lab.postgres import fresh_database
from tests.console_centre import Browser, ConsoleCentre, build_console_centre, cheap_hashes, serving
from tests.unit.console.test_api_workers import ENTRY, Program
from tests.waiting import until


def test_console_works_on_postgresql(postgres: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashes(monkeypatch)
    centre = build_console_centre(tmp_path, fresh_database(postgres, "console"))
    centre.add_medic("zoya", "Луговая Зоя Марковна")
    centre.add_medic("foma", "Бережной Фома Лукич")
    centre.add_account("admin", Role.ADMINISTRATOR)
    centre.add_account("auditor", Role.AUDITOR)
    centre.add_account("boss", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(serving(centre.app(), centre.config.http.port))
        zoya, foma, admin, auditor, boss = (
            stack.enter_context(contextlib.closing(Browser(address))).log_in(name, unlock=name in {"zoya", "foma"})
            for name in ("zoya", "foma", "admin", "auditor", "boss")
        )
        exams = [centre.exam("1001"), centre.exam("1002", systolic_mmhg=165), centre.exam("1004")]
        assert [row["exam_id"] for row in zoya.get("/queue.json").json()["waiting"]] == exams
        assert zoya.post(f"/exams/{exams[0]}/claim", {}, page=f"/exams/{exams[0]}").status_code == 303
        assert foma.decide(exams[0], outcome="admitted").status_code == 409
        assert zoya.decide(exams[0], outcome="admitted").status_code == 303
        assert zoya.decide(exams[0], outcome="admitted").status_code == 409
        assert foma.decide(exams[1], outcome="not_admitted", reasons="pressure_high").status_code == 303
        assert foma.decide(exams[2], outcome="not_admitted", reasons="alcohol_breath").status_code == 303
        assert zoya.post(f"/exams/{exams[0]}/papers", {"kind": "mark"}, page=f"/exams/{exams[0]}").status_code == 200

        for query, count in (
            ("", 3), ("person=Зареч", 1), ("outcome=admitted", 1), ("deviation=1", 1), ("since=2020-01-01", 3),
        ):  # fmt: skip
            assert zoya.get(f"/journal?{query}").text.count('<a href="/exams/') == count, query
        assert zoya.get("/journal/export/csv").text.count("\r\n") == 4
        export = zoya.post("/journal/exports/csv", {}, page="/journal").headers["location"]
        assert until(lambda: 'id="download"' in zoya.get(export).text)
        assert zoya.get(f"{export}/file").text.count("\r\n") == 4
        for path in ("/limits", "/registers/workers", "/registers/medics", "/registers/devices", "/fleet", "/account"):
            assert zoya.get(path).status_code == 200, path
        assert exams[0] in auditor.get("/audit").text
        assert "Полянский" in boss.get("/admissions?state=not_admitted").text

        fields = {
            "name": "gate",
            "employer_id": centre.people.employers[0],
            "scopes": ["admissions:read", "exams:read"],
        }
        key = admin.post("/accounts/keys", fields, page="/accounts").text.split('class="code">')[1].split("<")[0]
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{address}/api/v1/admissions/1001", headers=headers).json()["may_work"] is True
        assert httpx.get(f"{address}/api/v1/admissions/%00", headers=headers).status_code == 404
        assert (
            len(httpx.get(f"{address}/api/v1/exams?since=2026-01-01T00:00:00Z", headers=headers).json()["exams"]) == 0
        )
        _write_worker_at_once(centre, address)
    centre.engine.dispose()


def _write_worker_at_once(centre: ConsoleCentre, address: str) -> None:
    """The same call many times at once, as a program repeats it: one worker."""
    program = Program(centre, address, None, "workers:write")
    with program.http, ThreadPoolExecutor(16) as pool:
        calls = [
            pool.submit(program.call, "PUT", "/workers/key-1", ENTRY, Idempotency_Key="once-and-again")
            for _ in range(100)
        ]
        answers = [one.result() for one in calls]
    assert {one.status_code for one in answers} == {201}
    assert sum("Idempotency-Replayed" not in one.headers for one in answers) == 1
