"""Checks of medical books: the employer's page, its paper, and the code that was held to a kiosk; each check is kept and sealed."""

import contextlib
import io
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import segno
from sqlalchemy import select, update

from central.console.app import create_app
from central.core.days import day_of
from central.core.rights import Role
from central.exchange import book_codes
from central.store.anomalies import anomaly
from central.store.audit import audit
from central.store.book_checks import BookCheck, book_check
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.registry import worker
from central.store.seals import SEALED
from dopusk.lab.broker import free_port
from dopusk.picture_look import PictureLooks
from sync.contract.canonical import sha256_hex
from tests.console_centre import CSRF, Browser, ConsoleCentre, serving
from tests.unit.console.test_ground_rules import a_book, send, senior

__all__ = ["senior"]
NUMBER, DIGITS = "86-01-027970-25", "860102797025"
PAGE = "/admissions/book-check"


@pytest.fixture
def employer(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("employer", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("employer", unlock=False)


@pytest.fixture
def whole(centre: ConsoleCentre, senior: Browser) -> None:
    """Everything that a book of worker 1001 needs, to its last day today."""
    today = day_of(centre.now())
    until = f"{today:%d.%m.%Y}"
    exam_row = {
        "Вид": "Периодический осмотр",
        "Действует до": until,
        "Заключение": "ограничения",
        "Примечание": "диоптрии",
    }
    shot = {"Вид": "Прививка", "Прививка": "Корь", "Доза": "2"}
    assert "Сохранено" not in send(senior, centre, a_book(today), exam_row, shot).text


def _check(browser: Browser, text: str) -> httpx.Response:
    return browser.post(PAGE, {"text": text})


def _rows(centre: ConsoleCentre) -> list[BookCheck]:
    with reading(centre.engine) as connection:
        found = connection.execute(select(book_check).order_by(book_check.c.check_id)).mappings()
        return [BookCheck(**row) for row in found]


def _shown(browser: Browser, text: str) -> str:
    answer = _check(browser, text)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["location"]).text


@pytest.mark.usefixtures("whole")
def test_a_book_complies_point_by_point_and_the_check_is_kept_by_hash(
    centre: ConsoleCentre, employer: Browser, tmp_path: Path
) -> None:
    text = f"https://elmk.example/registry?elmk_number={NUMBER}"
    answer = _check(employer, text)
    shown = employer.get(answer.headers["location"]).text
    assert "Соответствует" in shown
    assert "elmk.example" in shown
    for words in ("Медицинская книжка", "Медицинский осмотр", "Прививки", NUMBER, "никого не допускает"):
        assert words in shown
    (row,) = _rows(centre)
    assert (row.result, row.read_sha256, row.read_form) == ("complies", sha256_hex(text.encode()), "link")
    assert (row.place, row.worker_id) == ("employer", centre.people.workers["1001"])
    assert [point["state"] for point in row.points] == ["ok", "ok", "ok"]
    assert "book_check" in SEALED
    with reading(centre.engine) as connection:
        noted = connection.execute(select(audit.c.detail).where(audit.c.action == "book.check")).scalar_one()
    assert noted == {"result": "complies", "sha256": row.read_sha256}
    paper = employer.get(f"{PAGE}/{row.check_id}/file")
    assert paper.headers["content-type"] == "application/pdf"
    (tmp_path / "check.pdf").write_bytes(paper.content)
    command = ["pdftotext", "-layout", tmp_path / "check.pdf", "-"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for words in ("Проверка личной медицинской книжки", "Соответствует", NUMBER, row.read_sha256[:40], "действует"):
        assert words in printed
    listed = employer.get(PAGE).text
    assert f"{PAGE}/{row.check_id}" in listed


@pytest.mark.usefixtures("whole")
def test_no_page_and_no_paper_of_a_check_tells_a_finding(employer: Browser) -> None:
    answer = _check(employer, DIGITS)
    texts = [employer.get(answer.headers["location"]).text, employer.get(PAGE).text]
    for text in texts:
        assert "диоптрии" not in text
        assert "ограничения" not in text
        assert "Корь" not in text
        assert "ЭЛМК" not in text.replace("Номер", "")


@pytest.mark.usefixtures("whole")
def test_an_end_that_has_come_at_the_place_of_who_asks_is_an_end(centre: ConsoleCentre, employer: Browser) -> None:
    assert "Соответствует" in _shown(employer, NUMBER)
    # Of two zones that are 26 hours apart one is a day ahead of the centre's.
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        employer.http.cookies.set("dopusk_zone", zone)
        _check(employer, NUMBER)
    ahead = [row for row in _rows(centre) if row.last_day > day_of(centre.now())]
    behind = [row for row in _rows(centre) if row.first_day < day_of(centre.now())]
    assert ahead or behind
    for row in ahead:
        assert row.result == "does_not_comply"
        assert row.points[0]["state"] == "over"
    for row in behind:
        assert row.first_day < row.last_day


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("77-01-000000-25", "not_found"),
        ("https://elmk.example/b/0c9f1a", "unknown"),
        ("не книжка", "unknown"),
        (NUMBER[:-1], "unknown"),
    ],
)
def test_what_leads_nowhere_is_said_in_words_and_kept(
    centre: ConsoleCentre, employer: Browser, text: str, result: str
) -> None:
    shown = _shown(employer, text)
    assert {"not_found": "Не найдена", "unknown": "Код не распознан"}[result] in shown
    (row,) = _rows(centre)
    assert (row.result, row.worker_id, row.points) == (result, None, [])


def test_nothing_typed_keeps_nothing(centre: ConsoleCentre, employer: Browser) -> None:
    assert "Проверок ещё не было" in employer.get(PAGE).text
    for text in ("", "   ", "x" * 2001):
        answer = _check(employer, text)
        assert answer.status_code == 422
        assert 'id="fault-text"' in answer.text
    assert _rows(centre) == []


@pytest.mark.usefixtures("whole")
def test_another_employer_learns_nothing_of_a_book_or_of_a_check(
    centre: ConsoleCentre, employer: Browser, address: str
) -> None:
    mine = _check(employer, NUMBER).headers["location"]
    centre.add_account("other", Role.EMPLOYER, employer_id=centre.people.employers[1])
    with contextlib.closing(Browser(address)) as other:
        other.log_in("other", unlock=False)
        assert "Не найдена" in _shown(other, NUMBER)
        code = centre.outgoing.sign_worker_code(centre.people.workers["1001"])
        assert "Не найдена" in _shown(other, code)
        assert other.get(mine).status_code == 404
        assert other.get(f"{mine}/file").status_code == 404
        assert mine.rsplit("/", 1)[1] not in other.get(PAGE).text


@pytest.mark.usefixtures("whole")
def test_a_workers_own_code_leads_to_their_book_and_a_torn_one_nowhere(
    centre: ConsoleCentre, employer: Browser
) -> None:
    code = centre.outgoing.sign_worker_code(centre.people.workers["1001"])
    assert "Соответствует" in _shown(employer, code)
    assert "Код не наш" in _shown(employer, code[:-2])
    with writing(centre.engine) as connection:
        gone = day_of(centre.now()) - timedelta(days=1)
        connection.execute(update(worker).where(worker.c.personnel_number == "1001").values(until=gone))
    assert "Не найдена" in _shown(employer, code)
    assert "Не найдена" in _shown(employer, NUMBER)


def test_a_worker_without_a_book_does_not_comply(centre: ConsoleCentre, employer: Browser) -> None:
    shown = _shown(employer, centre.outgoing.sign_worker_code(centre.people.workers["1002"]))
    assert "Не соответствует" in shown
    (row,) = _rows(centre)
    assert {point["code"]: point["state"] for point in row.points} == {
        "book": "missing",
        "examination": "missing",
        "vaccination": "missing",
    }


def test_a_number_that_two_workers_have_counts_for_nobody(
    centre: ConsoleCentre, senior: Browser, employer: Browser
) -> None:
    until = day_of(centre.now()) + timedelta(days=9)
    send(senior, centre, a_book(until), a_book(until) | {"Табельный номер": "1002"})
    assert "Номер у нескольких" in _shown(employer, NUMBER)


def _presented(number: str | None = DIGITS) -> dict[str, Any]:
    on = datetime.now(UTC).astimezone().date().isoformat()
    return {"sha256": "a" * 64, "form": "link", "host": "elmk.example", "number": number, "on": on}


@pytest.mark.usefixtures("whole")
def test_a_code_at_the_kiosk_is_checked_when_the_exam_comes_in_and_the_medic_sees_it(
    centre: ConsoleCentre, zoya: Browser, employer: Browser
) -> None:
    exam_id = centre.exam("1001", presented_book=_presented())
    (row,) = _rows(centre)
    assert (row.place, row.exam_id, row.result, row.account_id) == ("terminal", exam_id, "complies", None)
    shown = zoya.get(f"/exams/{exam_id}").text
    assert 'id="presented-book"' in shown
    assert "Соответствует" in shown
    assert "на терминале" in employer.get(PAGE).text
    with reading(centre.engine) as connection:
        assert connection.execute(select(exam.c.state).where(exam.c.exam_id == exam_id)).scalar_one() == "waiting"


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize(("number", "presented", "result"), [("1002", DIGITS, "not_found"), ("1001", None, "unknown")])
def test_somebody_elses_book_at_the_kiosk_is_not_found(
    centre: ConsoleCentre, zoya: Browser, number: str, presented: str | None, result: str
) -> None:
    exam_id = centre.exam(number, presented_book=_presented(presented))
    (row,) = _rows(centre)
    assert (row.result, row.points) == (result, [])
    assert "Соответствует" not in zoya.get(f"/exams/{exam_id}").text


def test_a_check_that_stumbles_keeps_no_exam_out(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ValueError("Ветров")

    monkeypatch.setattr(book_codes, "check_presented", stumble)
    exam_id = centre.exam("1001", presented_book=_presented())
    assert "не сверена" in zoya.get(f"/exams/{exam_id}").text
    with reading(centre.engine) as connection:
        noted = connection.execute(select(anomaly.c.detail).where(anomaly.c.kind == "book_not_checked")).scalar_one()
    assert "Ветров" not in noted


def test_a_workers_card_carries_the_centres_code(centre: ConsoleCentre, senior: Browser, tmp_path: Path) -> None:
    worker_id = centre.people.workers["1001"]
    assert f"/workers/{worker_id}/code/file" in senior.get(f"/workers/{worker_id}").text
    paper = senior.get(f"/workers/{worker_id}/code/file")
    assert paper.headers["content-type"] == "application/pdf"
    (tmp_path / "code.pdf").write_bytes(paper.content)
    subprocess.run(
        ["pdftoppm", "-r", "150", "-png", "-singlefile", tmp_path / "code.pdf", tmp_path / "code"], check=True
    )
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(tmp_path / "code.png")))
    assert read == centre.outgoing.sign_worker_code(worker_id)


@pytest.fixture
def with_looks(centre: ConsoleCentre) -> Iterator[Browser]:
    """The employer's browser at a console that can look at pictures."""
    app = create_app(centre.config, engine=centre.engine, clock=centre.now, pictures=PictureLooks())
    port = free_port()
    centre.add_account("employer", Role.EMPLOYER, employer_id=centre.people.employers[0])
    with serving(app, port) as address, contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("employer", unlock=False)


def _photo_of(text: str, dark: int = 40) -> bytes:
    """A code on a table, turned a little, as a telephone takes it."""
    stream = io.BytesIO()
    segno.make(text, error="m", micro=False).save(stream, kind="png", scale=6, border=4)
    code = cv2.imdecode(np.frombuffer(stream.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    side = code.shape[0] + 300
    table = np.full((side, side), 120, np.uint8)
    table[150:-150, 150:-150] = np.where(code > 128, 235, dark)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), 7, 1)
    return cv2.imencode(".jpg", cv2.warpAffine(table, turn, (side, side), borderValue=120))[1].tobytes()


def _send_photo(browser: Browser, content: bytes) -> httpx.Response:
    token = CSRF.findall(browser.get(PAGE).text)[-1]
    return browser.http.post(
        PAGE, data={"csrf": token, "text": ""}, files={"picture": ("a.jpg", content, "image/jpeg")}
    )


def test_a_code_is_read_from_a_photo_and_a_photo_without_one_keeps_nothing(
    centre: ConsoleCentre, with_looks: Browser
) -> None:
    code = centre.outgoing.sign_worker_code(centre.people.workers["1001"])
    answer = _send_photo(with_looks, _photo_of(code))
    assert answer.status_code == 303, answer.text
    (row,) = _rows(centre)
    assert (row.read_form, row.worker_id) == ("worker_code", centre.people.workers["1001"])
    for content, words in (
        (b"\xff\xd8\xff torn", "QR-код на снимке не найден"),
        (b"\xff" * 12_000_001, "больше 12 МБ"),
    ):
        refused = _send_photo(with_looks, content)
        assert refused.status_code == 422
        assert words in refused.text
    assert len(_rows(centre)) == 1


def test_a_console_without_looks_offers_no_photo(employer: Browser) -> None:
    assert 'name="picture"' not in employer.get(PAGE).text
