"""Documents and comparisons of a ground: sealed on the disk, handed over as files alone, with history and refusals in words."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from central.core.days import day_of
from central.core.media_files import MediaFiles
from central.core.rights import Role
from central.grounds import pdf_pages
from central.grounds.document_files import DocumentFiles, DocumentLost
from central.store.documents import document
from central.store.engine import reading
from central.store.grounds import ground
from tests.console_centre import CSRF, Browser, ConsoleCentre
from tests.unit.central.test_document_check import a_pdf, a_picture
from tests.unit.central.test_pdf_pages import a_scan, packed, raw_pdf
from tests.unit.console.test_ground_rules import a_book, entry, publish, send, senior

__all__ = ["senior"]


def launches() -> bytes:
    return raw_pdf(b"/AA << /O << /S /Launch /F (cmd.exe) >> >>", packed(b""))


def bomb() -> bytes:
    return raw_pdf(b"", packed(b" " * 300_000_000))


@pytest.fixture
def ground_id(centre: ConsoleCentre, senior: Browser) -> str:
    send(senior, centre, a_book(day_of(centre.now()) + timedelta(days=10)))
    with reading(centre.engine) as connection:
        return str(connection.execute(select(ground.c.ground_id)).scalar_one())


@pytest.fixture
def employer(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("employer", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("employer", unlock=False)


def upload(senior: Browser, ground_id: str, content: bytes, name: str = "scan.pdf") -> httpx.Response:
    token = CSRF.findall(senior.get(f"/grounds/{ground_id}").text)[-1]
    return senior.http.post(
        f"/grounds/{ground_id}/documents", data={"csrf": token}, files={"file": (name, content, "application/pdf")}
    )


def test_a_document_is_sealed_on_the_disk_and_comes_back_as_an_attachment_alone(
    centre: ConsoleCentre, senior: Browser, zoya: Browser, ground_id: str
) -> None:
    content = a_pdf(compressed=0)
    assert upload(senior, ground_id, content).status_code == 303
    assert upload(senior, ground_id, content).status_code == 303, "the same file once more changes nothing"
    with reading(centre.engine) as connection:
        (row,) = connection.execute(select(document)).mappings().all()
    stored = MediaFiles(centre.config.media_dir).path(row["stored_sha256"]).read_bytes()
    assert b"Medical book" in content
    assert b"Medical book" not in stored
    assert b"%PDF" not in stored
    answer = zoya.get(f"/grounds/{ground_id}/documents/{row['document_id']}/file")
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    files = DocumentFiles.from_config(centre.config)
    with pytest.raises(DocumentLost):
        files.open("another", row["stored_sha256"], row["sha256"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: a_pdf() + b" " * 6_000_000, "Файл: слишком большой"),
        (lambda: b"PK\x03\x04 word/document.xml", "Вид файла: это не PDF, JPEG и не PNG"),
        (lambda: a_picture(dpi=100), "Разрешение: 100 dpi"),
        (lambda: a_picture()[:-3000], "Файл: оборван"),
        (lambda: b"", "Файл: выберите файл"),
        (lambda: a_scan(150), "Разрешение: страница 2: 150 dpi; сканируйте с 300 dpi"),
        (launches, "Файл: внутри программа или вложение (/Launch)"),
        (bomb, "Страницы: "),
    ],
)
def test_a_bad_file_is_refused_with_field_and_reason_and_nothing_is_kept(
    centre: ConsoleCentre, senior: Browser, ground_id: str, content: Callable[[], bytes], said: str
) -> None:
    answer = upload(senior, ground_id, content())
    assert answer.status_code == 422
    assert said in answer.text
    with reading(centre.engine) as connection:
        assert connection.execute(select(document)).first() is None


def test_where_no_pdf_can_be_read_nothing_is_kept_and_the_page_says_so(
    centre: ConsoleCentre, senior: Browser, ground_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_pages.sys, "executable", "/nowhere/python")
    answer = upload(senior, ground_id, a_pdf())
    assert answer.status_code == 503
    assert "скажите администратору" in answer.text
    with reading(centre.engine) as connection:
        assert connection.execute(select(document)).first() is None


def test_a_refusal_of_a_document_names_part_and_reason(
    centre: ConsoleCentre, senior: Browser, zoya: Browser, ground_id: str
) -> None:
    upload(senior, ground_id, a_picture(), "scan.jpg")
    with reading(centre.engine) as connection:
        document_id = connection.execute(select(document.c.document_id)).scalar_one()
    place, page = f"/grounds/{ground_id}/documents/{document_id}/verdict", f"/grounds/{ground_id}"
    assert "загружен" in zoya.get(page).text
    answer = senior.post(place, {"verdict": "refused"}, page=page)
    assert answer.status_code == 422
    assert (
        senior.post(place, {"verdict": "refused", "field": "term", "reason": "Срок другой"}, page=page).status_code
        == 303
    )
    shown = zoya.get(page).text
    assert "отклонён" in shown
    assert "Срок другой" in shown
    assert senior.post(place, {"verdict": "accepted"}, page=page).status_code == 303
    assert "Срок другой" in zoya.get(page).text, "what was said before stays"
    assert zoya.post(place, {"verdict": "accepted"}, page="/queue").status_code == 403


def test_what_a_register_does_not_confirm_permits_nothing_any_more(
    centre: ConsoleCentre, senior: Browser, zoya: Browser, ground_id: str
) -> None:
    publish(senior)
    exam_id = centre.exam("1001")
    page = f"/grounds/{ground_id}"
    bad = senior.post(f"{page}/state", {"state": "not_confirmed", "register": "ЭЛМК"}, page=page)
    assert bad.status_code == 422
    said = {"state": "not_confirmed", "register": "ЭЛМК", "note": "такого номера нет"}
    assert senior.post(f"{page}/state", said, page=page).status_code == 303
    assert entry(centre).notices == ()
    assert zoya.decide(exam_id, outcome="admitted").status_code == 422
    assert senior.post(f"{page}/state", {"state": "confirmed", "register": "ЭЛМК"}, page=page).status_code == 303
    shown = senior.get(page).text
    assert shown.index("подтверждено") < shown.index("такого номера нет")
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303


def test_the_list_names_what_ends_and_whom_rules_ask_about(
    centre: ConsoleCentre, senior: Browser, zoya: Browser, ground_id: str
) -> None:
    publish(senior, attr__employers_inn="")
    shown = zoya.get("/grounds").text
    assert f'href="/grounds/{ground_id}"' in shown
    assert "Водителям нужна медкнижка" in shown, "workers without a book"


def test_two_entries_of_one_examination_are_marked(centre: ConsoleCentre, senior: Browser, zoya: Browser) -> None:
    send(
        senior,
        centre,
        {"Вид": "Прививка", "Прививка": "Корь"},
        {"Вид": "Прививка", "Прививка": "Корь", "Источник": "клиника"},
    )
    with reading(centre.engine) as connection:
        one = connection.execute(select(ground.c.ground_id)).scalars().first()
    assert "возможный повтор" in zoya.get(f"/grounds/{one}").text


def test_no_employer_and_no_administrator_sees_a_ground_or_its_document(
    centre: ConsoleCentre, senior: Browser, employer: Browser, ground_id: str
) -> None:
    upload(senior, ground_id, a_pdf())
    with reading(centre.engine) as connection:
        document_id = connection.execute(select(document.c.document_id)).scalar_one()
    for path in ("/grounds", f"/grounds/{ground_id}", f"/grounds/{ground_id}/documents/{document_id}/file"):
        assert employer.get(path).status_code == 403
