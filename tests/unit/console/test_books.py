"""Pages of the reference books: an item into the draft, what changes, publication, files, who may, what is logged."""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from central.core.rights import Role
from central.store import books as store
from central.store import registry
from central.store.audit import audit
from central.store.engine import reading
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import sha256_hex
from tests.console_centre import Browser, ConsoleCentre

ITEM = {"org": ORG, "code": "back_pain", "ru": "Болит спина", "en": "Back pain", "offered": "1", "revision": "0"}
BASIS = "приказ 7 от 30.11.2026"


@pytest.fixture
def make_browser(address: str) -> Iterator[Callable[[], Browser]]:
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(contextlib.closing(Browser(address)))


@pytest.fixture
def senior(centre: ConsoleCentre, make_browser: Any) -> Browser:
    centre.add_account("lena", Role.SENIOR_MEDIC)
    browser: Browser = make_browser()
    return browser.log_in("lena", unlock=False)


@pytest.fixture
def administrator(centre: ConsoleCentre, make_browser: Any) -> Browser:
    centre.add_account("boss", Role.ADMINISTRATOR)
    browser: Browser = make_browser()
    return browser.log_in("boss", unlock=False)


def _seen(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def _publish(browser: Browser, book: str = "complaints", **changes: str) -> Any:
    seen = _seen(browser.get(f"/books/{book}?org={ORG}").text)
    fields = {"org": ORG, "basis": BASIS, "version": "", "valid_from": "", "seen": seen}
    return browser.post(f"/books/{book}/publish", fields | changes, page="/books")


def _actions(centre: ConsoleCentre) -> list[tuple[str, Any]]:
    with reading(centre.engine) as connection:
        rows = connection.execute(select(audit).order_by(audit.c.audit_id)).mappings()
        return [(row["action"], row["detail"]) for row in rows if row["action"].startswith("book.")]


def test_an_item_goes_into_the_draft_and_is_published_with_a_basis(centre: ConsoleCentre, senior: Browser) -> None:
    assert senior.post("/books/complaints/items", ITEM, page="/books").status_code == 303
    page = senior.get(f"/books/complaints?org={ORG}&saved=back_pain").text
    assert "Болит спина" in page
    assert "Что изменится" in page
    assert "в черновике" in page
    assert _publish(senior, basis="").status_code == 422
    assert _publish(senior, seen="0" * 64).status_code == 409  # somebody else has changed it since
    assert _publish(senior).status_code == 303
    page = senior.get(f"/books/complaints?org={ORG}&published=2026-2").text
    assert "Версия 2026-2 опубликована." in page
    assert BASIS in page
    assert "Что изменится" not in page
    listed = senior.get("/books").text
    assert "2026-2" in listed
    assert centre.woken
    with reading(centre.engine) as connection:
        (sent,) = store.sent_to(connection, [ORG], "complaints")
        assert (sent.terminal_id, sent.version, sent.state) == ("kiosk-1", "2026-2", "sent")
    fields = {"org": ORG, "version": "2026-2", "basis": "ошибка"}
    assert senior.post("/books/complaints/withdraw", fields, page="/books").status_code == 303
    assert "отозвана" in senior.get(f"/books/complaints?org={ORG}").text
    assert [action for action, _ in _actions(centre)] == ["book.item", "book.publish", "book.withdraw"]
    assert _actions(centre)[1][1] == {"book": "complaints", "version": "2026-2", "rows": 13}


def test_what_is_wrong_with_an_item_stands_at_its_field_and_nothing_typed_is_lost(senior: Browser) -> None:
    answer = senior.post("/books/complaints/items", ITEM | {"ru": "Болит 頭", "code": "Код"}, page="/books")
    assert answer.status_code == 422
    assert 'aria-describedby="fault-item-ru"' in answer.text
    assert "таких знаков нет в шрифте: 頭" in answer.text
    assert "Болит 頭" in answer.text


def test_two_people_at_one_item(centre: ConsoleCentre, senior: Browser, make_browser: Any) -> None:
    centre.add_account("mira", Role.SENIOR_MEDIC)
    other = make_browser().log_in("mira", unlock=False)
    assert senior.post("/books/complaints/items", ITEM, page="/books").status_code == 303
    answer = other.post("/books/complaints/items", ITEM | {"ru": "Спина"}, page="/books")
    assert answer.status_code == 409
    assert "тем временем изменено: Имя lena" in answer.text
    assert 'value="Спина"' in answer.text


def test_who_may_not_change_a_book_is_refused_and_sees_no_form(
    centre: ConsoleCentre, senior: Browser, administrator: Browser
) -> None:
    okved = {"code": "49.99", "parent": "49", "ru": "Перевозки", "offered": "1", "revision": "0"}
    assert senior.post("/books/okved2/items", okved, page="/books").status_code == 403
    assert 'action="/books/okved2/items"' not in senior.get("/books/okved2").text
    assert administrator.post("/books/okved2/items", okved, page="/books").status_code == 303
    assert administrator.post("/books/complaints/items", ITEM, page="/books").status_code == 403
    reason = {"org": ORG, "code": "other", "ru": "Иное", "en": "Other", "offered": "1", "revision": "0"}
    refused = senior.post("/books/reasons/items", reason | {"attr.class": "intoxication"}, page="/books")
    assert refused.status_code == 422
    assert "только администратор" in refused.text
    done = administrator.post("/books/reasons/items", reason | {"attr.class": "intoxication"}, page="/books")
    assert done.status_code == 303
    assert senior.get(f"/books/complaints?org={'other'}").status_code == 404


def _csv(rows: int = 3) -> bytes:
    return "\n".join(["Код;По-русски", *(f"{number};Должность {number}" for number in range(rows))]).encode("cp1251")


def _bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.csv", b"0" * (70 * 1024 * 1024))
    return made.getvalue()


def _formulas() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Код", "По-русски"])
    sheet.append(["1", '=HYPERLINK("http://x","Водитель")'])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "Файл пуст.", id="empty"),
        ("Шифр;Название должности\n1;Водитель\n".encode(), "Нет столбцов"),
        (_bomb, "Файл слишком велик"),
        (_formulas, "формула без значения"),
        (b'{"result": "OK", "list": "no"}', "Это не таблица"),
        (b"[" * 100_000, "Это не таблица"),
        ("Код;По-русски\n1;Водитель\n1;Слесарь\n".encode(), "встречается дважды"),
        (json.dumps({"book": "okved2", "items": []}).encode(), "файл другого справочника"),
    ],
)
def test_a_hostile_file_is_refused_in_words(
    administrator: Browser, content: bytes | Callable[[], bytes], said: str
) -> None:
    content = content if isinstance(content, bytes) else content()
    administrator.get("/books")
    token = administrator.get("/books/positions").text.split('name="csrf" value="')[1].split('"')[0]
    answer = administrator.http.post(
        "/books/positions/import",
        data={"csrf": token, "action": "take"},
        files={"file": ("positions.csv", content, "text/csv")},
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert "черновике" not in answer.text


def test_a_dictionary_is_checked_taken_and_its_rows_end(centre: ConsoleCentre, administrator: Browser) -> None:
    page = administrator.get("/books/medical_positions").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    content = "﻿ID;NAME\r\n2;Фельдшер\r\n1;Врач\r\n".encode()
    name = "1.2.643.5.1.13.13.11.1002_2.2_csv.csv"
    for action, status in (("check", 200), ("take", 303)):
        answer = administrator.http.post(
            "/books/medical_positions/import",
            data={"csrf": token, "action": action},
            files={"file": (name, content, "text/csv")},
        )
        assert answer.status_code == status, answer.text
        if action == "check":
            assert "строк 2, новых 2, изменённых 0, прекращённых 0" in answer.text
    seen = _seen(administrator.get("/books/medical_positions").text)
    done = administrator.post("/books/medical_positions/publish", {"basis": BASIS, "seen": seen}, page="/books")
    assert done.status_code == 303, done.text
    page = administrator.get("/books/medical_positions").text
    assert "<b>2.2</b>" in page
    later = administrator.http.post(
        "/books/medical_positions/import",
        data={"csrf": token, "action": "check"},
        files={"file": (name.replace("2.2", "2.3"), "ID;NAME\n1;Врач\n".encode(), "text/csv")},
    )
    assert "прекращённых 1" in later.text, "a row that the file lacks ends and stays"
    older = administrator.http.post(
        "/books/medical_positions/import",
        data={"csrf": token, "action": "take"},
        files={
            "file": (name.replace("2.2", "2.0"), "ID;NAME\n1;Врач-терапевт\n2;Фельдшер-лаборант\n".encode(), "text/csv")
        },
    )
    assert older.status_code == 303
    seen = _seen(administrator.get("/books/medical_positions").text)
    refused = administrator.post("/books/medical_positions/publish", {"basis": BASIS, "seen": seen}, page="/books")
    assert refused.status_code == 422
    assert "действует более новая версия 2.2" in refused.text


def test_a_book_leaves_and_comes_back_unchanged(centre: ConsoleCentre, senior: Browser) -> None:
    for form in ("xlsx", "json"):
        answer = senior.get(f"/books/complaints/export?form={form}&org={ORG}")
        assert answer.status_code == 200
        token = senior.get("/books/complaints").text.split('name="csrf" value="')[1].split('"')[0]
        sent = senior.http.post(
            "/books/complaints/import",
            data={"csrf": token, "action": "check", "org": ORG},
            files={"file": (f"book.{form}", answer.content, "application/octet-stream")},
        )
        assert "строк 12, новых 0, изменённых 0, прекращённых 0" in sent.text
    assert [entry for entry in _actions(centre) if entry[0] == "book.export"] == [
        ("book.export", {"book": "complaints", "rows": 12})
    ] * 2


def test_the_consent_that_is_entered_is_the_book_and_its_hash_is_shown(centre: ConsoleCentre, senior: Browser) -> None:
    body = "Коротко.\n\nСогласен на осмотр."
    fields = {"kind": "health_data", "version": "2026-3", "valid_from": "2026-01-01", "body": body}
    assert senior.post("/consents/texts", fields, page="/consents").status_code == 303
    page = senior.get("/consents").text
    assert sha256_hex(body.encode()) in page
    assert "этот текст показывает киоск" in page
    with reading(centre.engine) as connection:
        (sent,) = store.sent_to(connection, [ORG], "consent_text")
    assert sent.version == "2026-3"


def test_the_count_of_uses_stands_beside_a_code(centre: ConsoleCentre, senior: Browser) -> None:
    for _ in range(2):
        centre.exam(complaints={"feels_well": False, "codes": ["headache"], "text": ""})
    page = senior.get("/books/complaints").text
    row = page.split('id="row-headache"')[1].split("</tr>")[0]
    assert "осмотров: 2" in row


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("okved", "00.99.99"),
        ("okved", "49.999"),
        ("region_code", "999"),
        ("region_code", "98"),
        ("region_code", "Лесогорская область"),
    ],
)
def test_a_code_that_is_in_no_book_is_refused_at_its_field(senior: Browser, field: str, code: str) -> None:
    values = {"name": "ООО «Новый перевозчик»", "inn": "7707083893", field: code}
    answer = senior.post("/registers/employers/new", {"seen": "0"} | values)
    assert answer.status_code == 422
    assert f"aria-describedby=fault-{field}" in answer.text
    assert f'value="{code}"' in answer.text


def test_a_code_is_chosen_from_the_book_by_its_words(centre: ConsoleCentre, senior: Browser) -> None:
    page = senior.get("/registers/employers/new").text
    assert '<datalist id="codes-okved">' in page
    assert '<option value="77">77 – г. Москва' in page
    values = {"name": "ООО «Новый перевозчик»", "okved": "49.31", "region_code": "77 – г. Москва"}
    answer = senior.post("/registers/employers/new", {"seen": "0"} | values)
    assert answer.status_code == 303
    with reading(centre.engine) as connection:
        (row,) = [one for one in registry.list_employers(connection, ORG) if one["name"] == values["name"]]
    assert (row["okved"], row["region_code"]) == ("49.31", "77")
    wrong = senior.post("/registers/employers/new", {"seen": "0", "name": "", "region_code": "00"})
    assert wrong.text.count("aria-invalid=true") == 2  # the name is told together with the code
    near = senior.post("/registers/employers/new", {"seen": "0", "name": "ООО «Ещё»", "region_code": "Москва"})
    assert "77 г. Москва" in near.text


def test_codes_in_a_file_of_workers_are_checked_row_by_row(centre: ConsoleCentre, senior: Browser) -> None:
    head = "Табельный номер;ФИО;Должность;Работодатель;Состояние;Дистанционный осмотр;Код должности;Вредные факторы"
    rows = [
        "3001;Ветрова Анна Ильинична;водитель;{};работает;да;11442;4.4, 18",
        "3002;Осина Рая;водитель;{};работает;да;11443;77",
    ]
    with reading(centre.engine) as connection:
        name = registry.list_employers(connection, ORG)[0]["name"]
    content = "\n".join([head, *(row.format(name) for row in rows)]).encode()
    token = senior.get("/registers/workers").text.split('name="csrf" value="')[1].split('"')[0]
    answer = senior.http.post(
        "/registers/workers/import",
        data={"csrf": token, "action": "check"},
        files={"file": ("workers.csv", content, "text/csv")},
    )
    assert answer.status_code == 422
    assert (
        "«11443»: такого кода нет в справочнике; есть: «11453 Водитель погрузчика», «11442 Водитель автомобиля»"
        in answer.text
    )
    assert "«77»: такого кода нет в справочнике" in answer.text
    assert "Ошибок: 2." in answer.text  # the row with codes of the books is in order


def test_codes_of_a_worker_are_checked_in_the_form(centre: ConsoleCentre, senior: Browser) -> None:
    worker_id = centre.people.workers["1001"]
    page = senior.get(f"/registers/workers/{worker_id}").text
    assert '<datalist id="codes-position_code">' in page
    seen = page.split('name="seen" value="')[1].split('"')[0]
    answer = senior.post(
        f"/registers/workers/{worker_id}", {"seen": seen, "position_code": "99999", "harm_factors": "4.4, 88"}
    )
    assert answer.status_code == 422
    assert "aria-describedby=fault-position_code" in answer.text
    assert "aria-describedby=fault-harm_factors" in answer.text
