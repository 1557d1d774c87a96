"""Requests for copies by page: taken, extended once, refused with grounds and a number, closed with the papers that were given."""

import io
from datetime import timedelta

from pypdf import PdfReader
from sqlalchemy import select

from central.store.copy_requests import copy_request, copy_request_event
from central.store.engine import reading
from tests.console_centre import Browser, ConsoleCentre

LIST = "/conclusions/requests"


def _take(zoya: Browser, centre: ConsoleCentre, **changes: str) -> str:
    fields = {
        "worker_id": centre.people.workers["1001"],
        "asked_by": "patient",
        "identity_checked": "yes",
        "kind": "",
        "received_on": centre.now().date().isoformat(),
    }
    answer = zoya.post(LIST, fields | changes, page=f"{LIST}?number=1001")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _words(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def test_a_request_is_due_in_three_working_days_and_extended_once_with_a_letter(
    centre: ConsoleCentre, zoya: Browser
) -> None:
    path = _take(zoya, centre, received_on="2026-11-27")
    page = zoya.get(path).text
    assert "02.12.2026" in page
    assert "Производственный календарь не загружен (2026)" in page
    answer = zoya.post(
        f"{path}/extension", {"until": "2026-12-09", "notice": "2026-11-30", "reason": "архив"}, page=path
    )
    assert answer.status_code == 422
    assert "дальше семи рабочих дней" in answer.text
    assert zoya.post(f"{path}/extension", {"until": "2026-12-08", "reason": "архив"}, page=path).status_code == 422
    good = {"until": "2026-12-08", "notice": "2026-11-30", "reason": "дело в архиве"}
    assert zoya.post(f"{path}/extension", good, page=path).status_code == 303
    assert zoya.post(f"{path}/extension", good, page=path).status_code == 409
    words = _words(zoya.get(f"{path}/letter").content)
    assert "О продлении срока ответа" in words
    assert "08.12.2026" in words
    assert "дело в архиве" in words


def test_open_requests_stand_first_and_late_ones_say_so(centre: ConsoleCentre, zoya: Browser) -> None:
    later = _take(zoya, centre)
    late = _take(zoya, centre, received_on="2026-11-10")
    page = zoya.get(LIST).text
    assert page.index(late) < page.index(later)
    assert "просрочен" in page


def test_a_refusal_has_grounds_of_the_book_and_a_number(centre: ConsoleCentre, zoya: Browser) -> None:
    path = _take(zoya, centre)
    assert zoya.get(f"{path}/letter").status_code == 404
    assert zoya.post(f"{path}/refusal", {"grounds": "invented"}, page=path).status_code == 422
    assert zoya.post(f"{path}/refusal", {"grounds": ["identity", "unclear"]}, page=path).status_code == 303
    assert zoya.post(f"{path}/closing", {"copies": "x"}, page=path).status_code == 409
    words = _words(zoya.get(f"{path}/letter").content)
    assert "Отказ в выдаче копий № 1/" in words
    assert "Личность не подтверждена" in words
    page = zoya.get("/conclusions/refusals").text
    assert "Из запроса неясно, какой документ нужен" in page
    with reading(centre.engine) as connection:
        (event,) = connection.execute(select(copy_request_event)).mappings().all()
    assert (event["kind"], event["refusal_no"]) == ("refused", 1)


def test_a_closed_request_names_the_copies_that_were_given(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam("1001")
    zoya.decide(exam_id, outcome="admitted")
    zoya.post(f"/exams/{exam_id}/papers", {"kind": "conclusion"}, page=f"/exams/{exam_id}")
    unchecked = _take(zoya, centre, identity_checked="no")
    copy_id = zoya.get(unchecked).text.split('name="copies" value="')[1].split('"')[0]
    answer = zoya.post(f"{unchecked}/closing", {"copies": copy_id}, page=unchecked)
    assert answer.status_code == 422
    assert "личность не проверена" in answer.text
    path = _take(zoya, centre)
    assert zoya.post(f"{path}/closing", {}, page=path).status_code == 422
    assert zoya.post(f"{path}/closing", {"copies": copy_id}, page=path).status_code == 303
    assert "Экземпляр № 1: оригинал: копия выдана" in zoya.get(path).text


def test_what_is_wrong_with_a_new_request_is_said_at_its_field(centre: ConsoleCentre, zoya: Browser) -> None:
    tomorrow = (centre.now() + timedelta(days=2)).date().isoformat()
    answer = zoya.post(LIST, {"number": "1001", "received_on": tomorrow}, page=f"{LIST}?number=1001")
    assert answer.status_code == 422
    assert "позже сегодняшнего дня" in answer.text
    assert "Номер 7777 не найден" in zoya.get(f"{LIST}?number=7777").text
    with reading(centre.engine) as connection:
        assert connection.execute(select(copy_request)).first() is None
