"""Large files of medics, organisations and books: a job checks them, says what would change, and stores all of it or nothing."""

import contextlib
import html
import json
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from central.core.rights import Role
from central.imports.federal_jobs import MOST_BYTES_AT_ONCE
from central.imports.tables import read_table
from central.jobs import queue
from central.jobs.queue import Jobs
from central.store import books, medics, registry
from central.store import jobs as store
from central.store.audit import audit
from central.store.engine import reading
from dopusk.lab.demo.sample_people import OID, ORG
from sync.contract.snils import check_number
from tests.console_centre import Browser, ConsoleCentre
from tests.job_processes import STALLED_IMPORTS, DoneHere, own_children
from tests.waiting import until

MEDICS, ORGANISATIONS, BOOK = "/imports/medics", "/imports/organisations", "/books/medical_positions"
ROWS = 300
PADDING = "х" * (MOST_BYTES_AT_ONCE // ROWS)
"""In a column that nobody reads: each file is a job's."""


@pytest.fixture
def _done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "JobProcess", DoneHere)


def _browser(centre: ConsoleCentre, address: str, name: str, role: Role) -> Iterator[Browser]:
    centre.add_account(name, role)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in(name, unlock=False)


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    yield from _browser(centre, address, "starshaya", Role.SENIOR_MEDIC)


@pytest.fixture
def administrator(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    yield from _browser(centre, address, "glavnaya", Role.ADMINISTRATOR)


def _medics(rows: int = ROWS, **changed: str) -> bytes:
    heads = ("СНИЛС", "ФИО", "Должность", "OID организации", "Начало работы", "Примечание")
    lines = []
    for place in range(rows):
        nine = f"{700_000_000 + place}"
        snils = f"{nine}{check_number(nine):02d}"
        name = changed.get(f"name_{place}", f"Лесная Вера Номеровна {place}")
        lines.append((changed.get(f"snils_{place}", snils), name, "фельдшер", OID, "01.02.2020", PADDING))
    return "\n".join(";".join(line) for line in (heads, *lines)).encode()


def _send(browser: Browser, path: str, content: bytes, name: str = "table.csv", **fields: str) -> httpx.Response:
    page = path.removesuffix("/import")
    token = browser.get(page).text.split('name="csrf" value="')[1].split('"')[0]
    return browser.http.post(path, data={"csrf": token} | fields, files={"file": (name, content)})


def _done(browser: Browser, answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 303, answer.text
    path = str(answer.headers["location"])
    assert until(lambda: "data-job" not in browser.get(path).text)
    return path, html.unescape(browser.get(path).text)


def _difference(browser: Browser, path: str) -> list[dict[str, str]]:
    rows = read_table(browser.get(f"{path}/result").content, ["Кто", "Что изменится"])
    return [{name: row[name] for name in ("Кто", "Что изменится")} for row in rows]


def _set_oid(centre: ConsoleCentre, oid: str | None) -> None:
    with centre.engine.begin() as connection:
        connection.execute(registry.organisation.update().where(registry.organisation.c.org == ORG).values(oid=oid))


def _known(centre: ConsoleCentre) -> int:
    with reading(centre.engine) as connection:
        found = medics.of_organisations(connection, (ORG,))
    return len([one for one in found if one.full_name.startswith("Лесная Вера Номеровна")])


def _deeds(centre: ConsoleCentre) -> list[tuple[str, Any]]:
    query = select(audit.c.action, audit.c.detail).where(audit.c.action.in_(("medics.import", "book.import")))
    with reading(centre.engine) as connection:
        return [(action, detail) for action, detail in connection.execute(query.order_by(audit.c.audit_id))]


@pytest.mark.usefixtures("_done_here")
def test_medics_are_checked_shown_and_stored_as_a_whole(centre: ConsoleCentre, senior: Browser) -> None:
    _set_oid(centre, None)
    _, page = _done(senior, _send(senior, MEDICS, _medics(), action="check", map="ФРМР"))
    assert "У организации нет OID" in page
    _set_oid(centre, OID)

    path, page = _done(senior, _send(senior, MEDICS, _medics(snils_7="112-233-445 94"), action="apply", map="ФРМР"))
    assert '<td class="num">9</td><td class="nowrap">СНИЛС</td>' in page
    assert "112-233" not in page
    [faulty] = read_table(senior.get(f"{path}/result").content, ["СНИЛС", "Ошибка"])
    assert faulty["Ошибка"]
    assert _known(centre) == 0

    path, page = _done(senior, _send(senior, MEDICS, _medics(), action="check", map="ФРМР"))
    assert f"Новых {ROWS}" in page
    assert f"{ROWS} / {ROWS}" in html.unescape(senior.get("/imports/files").text)
    lines = _difference(senior, path)
    assert lines[3] == {"Кто": "Лесная Вера Номеровна 3", "Что изменится": "новый; ключ выдаст старший медработник"}
    # Of the sample medics nobody is in the file: somebody has to say that it is meant.
    assert "нет в файле" in page
    _, page = _done(senior, senior.post(f"{path}/import", {}, page=path))
    assert "не смогут подписывать" in page
    assert _known(centre) == 0
    _, page = _done(senior, senior.post(f"{path}/import", {"missing": "1"}, page=path))
    assert f"Сохранено: новых {ROWS}" in page
    assert _known(centre) == ROWS

    path, page = _done(
        senior, _send(senior, MEDICS, _medics(name_5="Полевая Анна Ильинична"), action="check", map="ФРМР")
    )
    assert f"Новых 0, изменится 1, без изменений {ROWS - 1}" in page
    assert _difference(senior, path) == [{"Кто": "Полевая Анна Ильинична", "Что изменится": "Фамилия, имя, отчество"}]
    assert [action for action, _ in _deeds(centre)] == ["medics.import"]


@pytest.mark.usefixtures("_done_here")
def test_organisations_and_books_go_the_same_way(centre: ConsoleCentre, administrator: Browser) -> None:
    with reading(centre.engine) as connection:
        name = next(row["name"] for row in registry.list_organisations(connection) if row["org"] == ORG)
    row = {"OID": OID, "Название": name, "Телефон": "+7 900 000-00-00", "Примечание": PADDING * ROWS}
    content = json.dumps([row], ensure_ascii=False).encode()
    path, page = _done(administrator, _send(administrator, ORGANISATIONS, content, action="check", map="ФРМО"))
    assert "Изменится 1" in page
    assert _difference(administrator, path)[0]["Кто"] == name
    _, page = _done(administrator, administrator.post(f"{path}/import", {}, page=path))
    assert "Сохранено: изменено 1" in page

    items = [{"code": str(place), "ru": f"Должность {place} {PADDING[:40]}", "en": ""} for place in range(6 * ROWS)]
    whole = json.dumps({"book": "medical_positions", "items": items}, ensure_ascii=False, indent=8).encode()
    assert len(whole) > MOST_BYTES_AT_ONCE
    path, page = _done(
        administrator, _send(administrator, f"{BOOK}/import", whole, "medical_positions.json", action="check")
    )
    assert f"новых {6 * ROWS}" in page, page
    _, page = _done(administrator, administrator.post(f"{path}/import", {}, page=path))
    assert f"Файл взят в черновик: строк {6 * ROWS}" in page
    assert "черновик" in administrator.get(BOOK).text.lower()
    with reading(centre.engine) as connection:
        assert connection.execute(select(func.count()).select_from(books.book_draft_item)).scalar_one() >= 6 * ROWS
    assert [action for action, _ in _deeds(centre)] == ["book.import"]

    endless = "\n".join(["Код;По-русски", *(f"{place};Должность {place}" for place in range(100_000))]).encode()
    _, page = _done(administrator, _send(administrator, f"{BOOK}/import", endless, "many.csv", action="check"))
    assert "Слишком много строк" in page


def test_a_job_belongs_to_its_owner(
    centre: ConsoleCentre, senior: Browser, administrator: Browser, app: FastAPI
) -> None:
    """A real process, killed in mid-work: nothing is stored, and the page says so. Nobody else sees it."""
    jobs: Jobs = app.state.console.jobs
    jobs._command = (sys.executable, "-c", STALLED_IMPORTS["medics"])
    path = str(_send(senior, MEDICS, _medics(), action="apply", map="ФРМР", missing="1").headers["location"])
    job_id = path.rsplit("/", 1)[1]
    assert until((jobs.folder / f"{job_id}.work" / "stalled").exists)
    [process] = own_children("medics_import")
    assert administrator.get(path).status_code == 404
    os.kill(process, signal.SIGKILL)

    def has_failed() -> bool:
        with reading(centre.engine) as connection:
            found = store.find(connection, job_id)
        return found is not None and found.state == "failed"

    assert until(has_failed)
    assert "Файл загружается целиком или никак" in senior.get(path).text
    assert _known(centre) == 0
    # What the real program does to the end is stored.
    jobs._command = queue.COMMAND
    _, page = _done(senior, _send(senior, MEDICS, _medics(), action="apply", map="ФРМР", missing="1"))
    assert f"Сохранено: новых {ROWS}" in page
