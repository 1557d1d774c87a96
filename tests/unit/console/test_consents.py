"""Consents of a worker in the console: entered, withdrawn, listed with their history, imported, exported; faces at terminals."""

import contextlib
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from central.core.clock import now_utc
from central.core.rights import Role
from central.imports.workers import HEADINGS
from central.store import consents, faces
from central.store.audit import audit
from central.store.engine import reading, writing
from sync.contract.face import FaceNote
from tests.console_centre import Browser, ConsoleCentre

TEXT = "Я согласен на сравнение моего лица с моим снимком."
BIOMETRY = "biometric_comparison/2026-1"


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """Somebody who may change registers, and a text that may be agreed to."""
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("starshaya", unlock=False)
        fields = {"kind": "biometric_comparison", "version": "2026-1", "valid_from": "2026-01-01", "body": TEXT}
        assert browser.post("/consents/texts", fields, page="/consents").status_code == 303
        yield browser


def page_of(centre: ConsoleCentre) -> str:
    return f"/workers/{centre.people.workers['1001']}"


def give(browser: Browser, centre: ConsoleCentre, **changes: str) -> int:
    fields = {"text": BIOMETRY, "given_on": "2026-02-01", "means": "paper", "basis": "152-ФЗ ст. 11, лист 12"}
    return browser.post(f"{page_of(centre)}/consents", fields | changes, page=page_of(centre)).status_code


def records(centre: ConsoleCentre) -> list[consents.ConsentRecord]:
    with reading(centre.engine) as connection:
        return consents.of_worker(connection, centre.people.workers["1001"])


def test_a_consent_is_given_and_withdrawn_and_both_stay_on_the_page(centre: ConsoleCentre, senior: Browser) -> None:
    assert "Согласий нет" in senior.get(page_of(centre)).text
    assert give(senior, centre) == 303
    (record,) = records(centre)
    shown = senior.get(page_of(centre)).text
    assert "152-ФЗ ст. 11, лист 12" in shown
    assert "действует" in shown
    fields = {"consent_id": record.consent_id, "withdrawn_on": "2026-03-01", "means": "paper", "basis": "заявление 5"}
    path = f"{page_of(centre)}/consents/withdraw"
    assert senior.post(path, fields, page=page_of(centre)).status_code == 303
    shown = senior.get(page_of(centre)).text
    assert "отозвано" in shown
    assert "заявление 5" in shown
    assert "152-ФЗ ст. 11, лист 12" in shown
    assert senior.post(path, fields, page=page_of(centre)).status_code == 422
    with reading(centre.engine) as connection:
        actions = set(connection.execute(select(audit.c.action)).scalars())
    assert {"consent.text", "consent.give", "consent.withdraw", "worker.consents"} <= actions
    assert centre.woken >= 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": ""}, "выберите"),
        ({"text": "video/2026-1"}, "нет"),
        ({"given_on": ""}, "заполните"),
        ({"given_on": "yesterday"}, "не дата"),
        ({"given_on": "2025-12-31"}, "раньше, чем действует текст"),
        ({"given_on": f"{now_utc().date() + timedelta(days=9)}"}, "ещё не наступил"),
        ({"basis": " "}, "заполните"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_at_the_field_and_stores_nothing(
    centre: ConsoleCentre, senior: Browser, changes: dict[str, str], words: str
) -> None:
    fields = {"text": BIOMETRY, "given_on": "2026-02-01", "means": "paper", "basis": "лист 12"}
    answer = senior.post(f"{page_of(centre)}/consents", fields | changes, page=page_of(centre))
    assert answer.status_code == 422
    faults = re.findall(r'class="fault"[^>]*>([^<]*)', answer.text)
    assert len(faults) == 1
    assert words in faults[0].lower()
    assert records(centre) == []


def test_a_version_that_is_there_is_never_changed(centre: ConsoleCentre, senior: Browser) -> None:
    fields = {"kind": "biometric_comparison", "version": "2026-1", "valid_from": "2026-01-01", "body": "другой текст"}
    answer = senior.post("/consents/texts", fields, page="/consents")
    assert answer.status_code == 422
    assert TEXT in senior.get("/consents").text
    assert senior.post("/consents/texts", fields | {"version": ""}, page="/consents").status_code == 422


def test_who_may_not_change_registers_sees_the_page_without_forms(
    centre: ConsoleCentre, senior: Browser, zoya: Browser
) -> None:
    give(senior, centre)
    shown = zoya.get(page_of(centre))
    assert shown.status_code == 200
    assert "/consents/withdraw" not in shown.text
    assert give(zoya, centre) == 403
    assert zoya.get("/consents/export").status_code == 403
    assert zoya.get("/workers/00000000-0000-7000-8000-000000000000").status_code == 404


def test_consents_come_with_the_workers_file_and_leave_in_both_tables(centre: ConsoleCentre, senior: Browser) -> None:
    def upload(cell: str, action: str = "apply") -> str:
        row = dict.fromkeys(HEADINGS, "") | {
            "Табельный номер": "1001",
            "ФИО": "Ветров Степан Ильич",
            "Должность": "водитель",
            "Работодатель": "ООО «Ромашка-Транс»",
            "Дистанционный осмотр": "да",
            "Согласия": cell,
        }
        content = ";".join(row) + "\n" + ";".join(f'"{value}"' for value in row.values()) + "\n"
        token = senior.get("/registers/workers").text.split('name="csrf" value="')[1].split('"')[0]
        files = {"file": ("w.csv", content.encode(), "text/csv")}
        return senior.http.post("/registers/workers/import", data={"csrf": token, "action": action}, files=files).text

    for cell, words in (
        ("биометрия 2026-1", "нужно: вид, версия, дата"),
        ("биометрия 2099-1 01.02.2026", "такого текста согласия нет"),
        ("биометрия 2026-1 01.02.2025", "раньше, чем действует текст"),
    ):
        assert words in upload(cell)
    assert records(centre) == []
    upload("биометрия 2026-1 01.02.2026")
    upload("биометрия 2026-1 01.02.2026")  # the same file again adds nothing
    (record,) = records(centre)
    assert (record.kind, record.text_version, record.given_on) == ("biometric_comparison", "2026-1", date(2026, 2, 1))
    workers = load_workbook(io.BytesIO(senior.get("/registers/workers/export").content)).worksheets[0]
    cells = {row[0]: row[-1] for row in workers.iter_rows(values_only=True)}
    assert cells["1001"] == "биометрия 2026-1 01.02.2026"
    register = load_workbook(io.BytesIO(senior.get("/consents/export").content)).worksheets[0]
    rows = list(register.iter_rows(min_row=int(str(register.freeze_panes)[1:]), values_only=True))
    assert [row[:4] for row in rows] == [("1001", "Ветров Степан Ильич", "биометрия", "2026-1")]


def test_what_terminals_made_of_the_picture_is_shown_with_what_to_change(
    centre: ConsoleCentre, senior: Browser
) -> None:
    fields = {"photo_sha256": "a" * 64, "engine": "dlib-resnet-v1", "at": now_utc()}
    for state, problems, words in (
        ("refused", ("dark", "turned"), ("снимок не подошёл", "добавьте света", "взгляд прямо")),
        ("taken", (), ("шаблон создан",)),
        ("deleted", (), ("снимок и шаблон удалены", "Приказ № 7")),
    ):
        note = FaceNote.model_validate(
            fields | {"worker_id": centre.people.workers["1001"], "state": state, "problems": problems}
        )
        with writing(centre.engine) as connection:
            faces.note(connection, "kiosk-1", note, legal_basis="Приказ № 7", seq=1, now=now_utc())
        shown = senior.get(page_of(centre)).text
        for word in words:
            assert word in shown
