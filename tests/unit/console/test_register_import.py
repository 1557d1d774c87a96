"""Large files of workers and grounds: a job checks and stores them, as a whole or not at all, in little memory."""

import contextlib
import html
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from central.core.rights import Role
from central.imports import register_files
from central.imports.lines_on_disk import LinesOnDisk
from central.imports.tables import MOST_ROWS_AT_ONCE, read_table
from central.jobs import queue
from central.jobs.__main__ import NICENESS
from central.jobs.queue import Jobs
from central.store import jobs as store
from central.store.audit import audit
from central.store.consents import consent
from central.store.engine import reading
from central.store.foreign_exams import foreign_exam, history_import
from central.store.grounds import ground
from central.store.registry import employer, worker
from central.store.roster_entries import roster_due
from dopusk.lab.demo.sample_people import sample_snils
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import STALLED_IMPORTS, DoneHere, own_children
from tests.waiting import until

EMPLOYER = "ООО «Ромашка-Транс»"
WORKERS, GROUNDS, HISTORY = "/registers/workers/import", "/imports/grounds", "/imports/history"
FORM = {WORKERS: "/registers/workers", GROUNDS: "/imports/grounds", HISTORY: "/imports/history"}
LONG = MOST_ROWS_AT_ONCE + 200


@pytest.fixture
def _done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def _workers(*changed: tuple[int, str, str], rows: int = LONG) -> bytes:
    heads = ("Табельный номер", "ФИО", "Должность", "Работодатель", "Дистанционный осмотр")
    lines = [[f"{20_000 + n}", f"Имярек {n:05d}", "слесарь", EMPLOYER, "да"] for n in range(rows)]
    for place, column, words in changed:
        lines[place][heads.index(column)] = words
    return "\n".join(";".join(line) for line in (heads, *lines)).encode()


def _grounds(*changed: tuple[int, int, str]) -> bytes:
    lines = [["1001", "прочее", f"01.02.{1980 + n % 45}", "нет", f"ПМО {n}"] for n in range(LONG)]
    for place, column, words in changed:
        lines[place][column] = words
    heads = ["Табельный номер", "Вид", "Дата", "Только очно", "Источник"]
    return "\n".join(";".join(line) for line in (heads, *lines)).encode()


def _send(browser: Browser, path: str, content: bytes, action: str) -> httpx.Response:
    token = browser.get(FORM[path]).text.split('name="csrf" value="')[1].split('"')[0]
    return browser.http.post(path, data={"csrf": token, "action": action}, files={"file": ("table.csv", content)})


def _done(browser: Browser, answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 303, answer.text
    path = str(answer.headers["location"])
    assert until(lambda: "data-job" not in browser.get(path).text)
    return path, html.unescape(browser.get(path).text)


def _count(centre: ConsoleCentre, table: Any) -> int:
    with reading(centre.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _log(centre: ConsoleCentre) -> list[tuple[str, dict[str, Any]]]:
    query = select(audit.c.action, audit.c.detail).where(audit.c.action.like("workers.%")).order_by(audit.c.audit_id)
    with reading(centre.engine) as connection:
        return [(action, detail) for action, detail in connection.execute(query) if action != "workers.read"]


@pytest.mark.usefixtures("_done_here")
def test_a_long_file_is_checked_then_stored_once(centre: ConsoleCentre, senior: Browser) -> None:
    before = _count(centre, worker)
    path, page = _done(senior, _send(senior, WORKERS, _workers(), "check"))
    assert f"Будет добавлено {LONG}, изменено 0" in page
    assert _count(centre, worker) == before
    _, page = _done(senior, senior.post(f"{path}/import", {}, page=path))
    assert f"новых {LONG}, изменено 0" in page
    assert _count(centre, worker) == before + LONG
    assert _count(centre, roster_due) >= LONG, "the terminals are told"
    _, page = _done(senior, _send(senior, WORKERS, _workers((3, "Должность", "токарь")), "apply"))
    assert f"новых 0, изменено 1, без изменений {LONG - 1}" in page
    assert [one for one in _log(centre) if one[0] == "workers.import"] == [
        ("workers.import", {"added": LONG, "changed": 0}),
        ("workers.import", {"added": 0, "changed": 1}),
    ]
    assert "Загрузка работников" in senior.get("/imports/workers/jobs").text


@pytest.mark.usefixtures("_done_here")
def test_each_fault_is_named_by_row_and_column_and_nothing_is_stored(centre: ConsoleCentre, senior: Browser) -> None:
    before = _count(centre, worker)
    content = _workers((0, "Дистанционный осмотр", ""), (LONG - 1, "Работодатель", "ООО «Нет такого»"))
    path, page = _done(senior, _send(senior, WORKERS, content, "apply"))
    for row, column in ((2, "Дистанционный осмотр"), (LONG + 1, "Работодатель")):
        assert f'<td class="num">{row}</td><td class="nowrap">{column}</td>' in page
    assert "Нет такого" not in page, "what a cell holds is in the file of faults, and not in the table of jobs"
    assert f"{path}/import" not in page
    assert _count(centre, worker) == before
    faults = senior.get(f"{path}/errors")
    assert faults.content.startswith(b"PK")
    assert "Строк с ошибками: 2" in page
    (first, last) = read_table(faults.content, ["Табельный номер", "Ошибка"])
    assert (first["Табельный номер"], last["Табельный номер"]) == ("20000", f"{20_000 + LONG - 1}")
    assert "Работодатель" in last["Ошибка"]
    assert senior.post(f"{path}/import", {}, page="/imports/workers/jobs").status_code == 404
    assert [action for action, _ in _log(centre)] == ["workers.import_ask", "workers.faulty_rows"]


@pytest.mark.usefixtures("_done_here")
def test_a_person_with_two_jobs_is_one_person_across_lots(centre: ConsoleCentre, senior: Browser) -> None:
    with reading(centre.engine) as connection:
        employers = centre.people.employers
        assert len(employers) > 1
        names = [
            connection.execute(select(employer.c.name).where(employer.c.employer_id == one)).scalar_one()
            for one in employers[:2]
        ]
    heads = "Табельный номер;ФИО;Должность;Работодатель;Дистанционный осмотр;СНИЛС"
    lines = [f"{20_000 + n};Имярек {n:05d};слесарь;{names[0]};да;" for n in range(LONG)]
    lines[0] = f"20000;Двойнов Пётр Ильич;слесарь;{names[0]};да;{sample_snils('7771')}"
    lines[-1] = f"20000;Двойнов Пётр Ильич;сторож;{names[1]};да;{sample_snils('7771')}"
    _, page = _done(senior, _send(senior, WORKERS, "\n".join((heads, *lines)).encode(), "apply"))
    assert f"новых {LONG}" in page
    with reading(centre.engine) as connection:
        query = select(worker.c.person_id).where(worker.c.full_name == "Двойнов Пётр Ильич")
        assert len(set(connection.execute(query).scalars())) == 1
        assert len(connection.execute(query).all()) == 2


@pytest.mark.usefixtures("_done_here")
def test_grounds_go_the_same_way(centre: ConsoleCentre, senior: Browser) -> None:
    _, page = _done(senior, _send(senior, GROUNDS, _grounds((5, 1, "гадание")), "apply"))
    assert '<td class="num">7</td><td class="nowrap">Вид</td>' in page
    assert _count(centre, ground) == 0
    path, page = _done(senior, _send(senior, GROUNDS, _grounds(), "check"))
    assert f"Новых записей: {LONG}" in page
    _, page = _done(senior, senior.post(f"{path}/import", {}, page=path))
    assert f"Внесено новых записей: {LONG}" in page
    _, page = _done(senior, _send(senior, GROUNDS, _grounds(), "apply"))
    assert "Внесено новых записей: 0" in page
    assert _count(centre, ground) == LONG


@pytest.mark.usefixtures("_done_here")
def test_history_goes_the_same_way_and_is_one_import(centre: ConsoleCentre, senior: Browser) -> None:
    content = _grounds().replace(
        "Вид;Дата;Только очно;Источник".encode(), "Вид осмотра;Дата;Заключение;Источник".encode()
    )
    content = content.replace(";прочее;".encode(), ";предсменный;".encode()).replace(
        ";нет;".encode(), ";допущен;".encode()
    )
    _, page = _done(senior, _send(senior, HISTORY, content.replace(b";01.02.1983", b";31.02.1983", 1), "apply"))
    assert '<td class="num">5</td><td class="nowrap">Дата</td>' in page
    assert _count(centre, foreign_exam) == 0
    for added in (LONG, 0):
        _, page = _done(senior, _send(senior, HISTORY, content, "apply"))
        assert f"Внесено новых записей: {added}" in page
    assert (_count(centre, foreign_exam), _count(centre, history_import)) == (LONG, 1)


@pytest.mark.usefixtures("_done_here")
def test_what_changes_between_check_and_store_is_looked_at_again(
    centre: ConsoleCentre, senior: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody enters the number of the file's first row just after the file was checked."""
    whole = register_files.check_large_file
    taken: list[int] = []

    def then_somebody(*args: Any) -> Any:
        checked = whole(*args)
        if not taken:
            taken.append(1)
            token = senior.get("/registers/workers/new").text.split('name="csrf" value="')[1].split('"')[0]
            fields = {"personnel_number": "20000", "full_name": "Другой Лев Ильич", "position": "повар", "seen": "0"}
            fields |= {"employer_id": centre.people.employers[0], "remote_allowed": "yes", "status": "active"}
            answer = senior.http.post("/registers/workers/new", data={"csrf": token} | fields)
            assert answer.status_code == 303, answer.text
        return checked

    monkeypatch.setattr(register_files, "check_large_file", then_somebody)
    _, page = _done(senior, _send(senior, WORKERS, _workers(), "apply"))
    assert f"новых {LONG - 1}, изменено 1" in page, "the row is about the one who was entered"


@pytest.mark.parametrize("place", ["working_out", "writing"])
def test_a_process_killed_leaves_nothing_of_the_file(
    centre: ConsoleCentre, senior: Browser, app: FastAPI, place: str
) -> None:
    jobs: Jobs = app.state.console.jobs
    jobs._command = (sys.executable, "-c", STALLED_IMPORTS[place])
    before = _count(centre, worker)
    answer = _send(senior, WORKERS, _workers(), "apply")
    path = str(answer.headers["location"])
    job_id = path.rsplit("/", 1)[1]
    work = jobs.folder / f"{job_id}.work"

    # The one who holds the lock has the priority of everybody else, and what goes on beside it gives way.
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    niceness = usual if place == "writing" else min(usual + NICENESS, 19)
    assert until(lambda: (work / "stalled").exists() and (work / "stalled").read_text() == f"{niceness}")
    assert _is_locked(centre) or place == "working_out"
    if place == "working_out":
        _decide_something(centre)
    [process] = own_children("workers_import")
    os.kill(process, signal.SIGKILL)

    def has_failed() -> bool:
        with reading(centre.engine) as connection:
            found = store.find(connection, job_id)
        return found is not None and found.state == "failed"

    assert until(has_failed)
    assert _count(centre, worker) == before
    page = senior.get(path).text
    assert "Операционная система прервала процесс этой работы" in page
    assert "Файл загружается целиком или никак" in page
    assert not work.exists()


def _decide_something(centre: ConsoleCentre) -> None:
    """While a file is worked out the store can be written at once: a decision does not wait for it."""
    with contextlib.closing(sqlite3.connect(centre.folder / "central.db", timeout=0)) as other:
        assert until(lambda: _is_written(other))


def _is_written(other: sqlite3.Connection) -> bool:
    # The page's own small steps take the store for some milliseconds.
    try:
        other.execute("UPDATE job SET cancel_asked = cancel_asked")
        other.commit()
    except sqlite3.OperationalError:
        return False
    return True


def _is_locked(centre: ConsoleCentre) -> bool:
    with contextlib.closing(sqlite3.connect(centre.folder / "central.db", timeout=0)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def test_lines_on_disk_are_read_again_while_more_are_appended() -> None:
    lines: LinesOnDisk[str] = LinesOnDisk(str, str)
    for number in range(50_000):
        lines.append(f"строка {number} \ud800")
    first = iter(lines)
    assert next(first) == "строка 0 \ud800"
    lines.append("последняя")
    assert len(lines) == 50_001
    assert [*lines][-1] == "последняя"
    assert next(first) == "строка 1 \ud800"
    lines.close()


@pytest.mark.usefixtures("_done_here")
def test_consents_of_a_long_file_are_entered_once(centre: ConsoleCentre, senior: Browser) -> None:
    _enter_text(senior)
    heads = "Табельный номер;ФИО;Должность;Работодатель;Дистанционный осмотр;Согласия"
    lines = [f"{20_000 + n};Имярек {n:05d};слесарь;{EMPLOYER};да;здоровье 2026-9 01.02.2026" for n in range(LONG)]
    content = "\n".join((heads, *lines)).encode()
    for times in ("новых 1200", "без изменений 1200"):
        _, page = _done(senior, _send(senior, WORKERS, content, "apply"))
        assert times in page
    assert _count(centre, consent) == LONG


def _enter_text(senior: Browser) -> None:
    fields = {"kind": "health_data", "version": "2026-9", "body": "Согласен.", "valid_from": "2026-01-01"}
    assert senior.post("/consents/texts", fields, page="/consents").status_code == 303
