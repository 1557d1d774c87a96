"""Papers and the public page that their QR codes lead to."""

import io
import re
import subprocess
from datetime import timedelta

import cv2
import numpy as np
import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from central.books import drafting, publishing
from central.books.rules import BookRefused
from central.papers import drawing
from central.papers.code import draw_code
from central.papers.drawing import Sheet
from central.papers.wording import mark_text
from central.store.audit import audit
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.papers import paper
from dopusk.lab.demo.sample_people import ORG
from sync.contract.books import BookItem
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre, shows
from tests.written_papers import FORMS, write_paper


def _print(browser: Browser, exam_id: str, kind: str):  # type: ignore[no-untyped-def]
    return browser.post(f"/exams/{exam_id}/papers", {"kind": kind}, page=f"/exams/{exam_id}")


def _code(centre: ConsoleCentre, kind: str = "mark") -> str:
    with reading(centre.engine) as connection:
        return str(connection.execute(select(paper.c.code).where(paper.c.kind == kind)).scalars().all()[-1])


def test_mark_is_numbered_once_and_each_print_is_counted(centre: ConsoleCentre, zoya: Browser) -> None:
    first, second = centre.exam("1001"), centre.exam("1002")
    for exam_id in (first, second):
        zoya.decide(exam_id, outcome="admitted")
        answer = _print(zoya, exam_id, "mark")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF")
    _print(zoya, first, "mark")
    with reading(centre.engine) as connection:
        rows = connection.execute(select(paper.c.exam_id, paper.c.number, paper.c.prints)).all()
    assert sorted(rows) == sorted([(first, 1, 2), (second, 2, 1)])


def test_public_page_shows_the_outcome_in_force_and_nothing_more(
    centre: ConsoleCentre, zoya: Browser, browser: Browser
) -> None:
    exam_id = centre.exam("1001")
    zoya.decide(exam_id, outcome="admitted")
    _print(zoya, exam_id, "mark")
    page = browser.get(f"/check/{_code(centre)}")
    assert page.status_code == 200
    assert "Допущен" in page.text
    shown = page.text.split("<main")[1]
    for secret in ("Ветров", "мм рт", "°C", exam_id):
        assert secret not in shown
    assert not shows(shown, "1001")
    assert not re.search(r"(?<![\w:-])36,\d", shown), "no temperature"

    with reading(centre.engine) as connection:
        first = connection.execute(select(decision.c.decision_id)).scalar_one()
    zoya.decide(exam_id, outcome="not_admitted", reasons="complaints", comment="исправлено", corrects=first)
    corrected = browser.get(f"/check/{_code(centre)}").text
    assert "Не допущен" in corrected
    assert "решение исправлено" in corrected


def test_unknown_code_is_refused_in_words(browser: Browser) -> None:
    answer = browser.get("/check/AAAAAAAAAAAAAAAAAAAAAA")
    assert answer.status_code == 404
    assert "Такой отметки нет" in answer.text


def test_nothing_is_printed_before_the_signed_decision(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam()
    for kind in ("mark", "refusal", "conclusion", "invented"):
        assert _print(zoya, exam_id, kind).status_code == 409


def test_nothing_is_printed_of_a_changed_record(centre: ConsoleCentre, zoya: Browser, browser: Browser) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    _print(zoya, exam_id, "mark")
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        record = connection.execute(select(decision.c.record)).scalar_one()
        connection.execute(update(decision).values(record=record.replace(b'"admitted"', b'"Admitted"')))
    assert _print(zoya, exam_id, "mark").status_code == 409
    assert "Подпись не верна" in browser.get(f"/check/{_code(centre)}").text


@pytest.mark.parametrize(
    ("outcome", "extra", "kinds"),
    [
        ("admitted", {}, {"mark", "sobriety", "conclusion"}),
        ("not_admitted", {"reasons": "pressure_high"}, {"mark", "refusal", "sobriety", "conclusion"}),
        ("refer", {"comment": "к врачу"}, {"refusal", "sobriety", "conclusion"}),
        ("not_identified", {}, {"sobriety", "conclusion"}),
    ],
)
def test_each_outcome_has_its_papers(
    centre: ConsoleCentre, zoya: Browser, outcome: str, extra: dict[str, str], kinds: set[str]
) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome=outcome, **extra)
    for kind in ("mark", "refusal", "sobriety", "conclusion"):
        if kind in FORMS:
            assert (write_paper(zoya, exam_id, kind).status_code == 303) == (kind in kinds), kind
        answer = _print(zoya, exam_id, kind)
        assert (answer.status_code == 200) == (kind in kinds), kind


def test_refusals_stand_in_their_register(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam("1003")
    zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high")
    write_paper(zoya, exam_id)
    _print(zoya, exam_id, "refusal")
    assert "Громов Пётр Савельевич" in zoya.get("/papers/refusals").text


def test_words_of_the_mark_follow_type_and_outcome() -> None:
    assert mark_text("pre_trip", "admitted").endswith(
        "предрейсовый медицинский осмотр, к исполнению трудовых обязанностей допущен"
    )
    assert "НЕ допущен" in mark_text("pre_shift", "not_admitted")
    assert "допущен" not in mark_text("post_trip", "admitted")


def test_the_code_on_the_sticker_can_be_read() -> None:
    class Raster:
        """A canvas that keeps the squares as pixels."""

        def __init__(self) -> None:
            self.image = np.full((400, 400), 255, np.uint8)

        def setFillGray(self, _: float) -> None: ...

        def rect(self, x: float, y: float, width: float, height: float, **_: int) -> None:
            top = 400 - y - height
            self.image[round(top) : round(top + height), round(x) : round(x + width)] = 0

    raster = Raster()
    draw_code(raster, "https://example.test/check/abc", 50, 50, 300)
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(raster.image)
    assert text == "https://example.test/check/abc"


def test_register_of_refusals_says_to_whom_why_and_what_became_of_it(centre: ConsoleCentre, zoya: Browser) -> None:
    first, second = centre.exam("1003"), centre.exam("1004")
    zoya.decide(first, outcome="not_admitted", reasons="pressure_high")
    zoya.decide(second, outcome="refer", comment="боль в груди")
    for exam_id in (first, second):
        assert write_paper(zoya, exam_id).status_code == 303
        assert _print(zoya, exam_id, "refusal").status_code == 200
    with reading(centre.engine) as connection:
        given = connection.execute(select(decision.c.decision_id).where(decision.c.exam_id == first)).scalar_one()
    zoya.decide(first, outcome="admitted", corrects=given, comment="повторно 128/80")

    shown = zoya.get("/papers/refusals").text
    for words in (
        "Громов",
        "Повышенное артериальное давление",
        "решение исправлено",
        "боль в груди",
        "Луговая Зоя Марковна",
    ):
        assert words in shown
    file = zoya.get(f"/papers/refusals/export?year={centre.now().year}").content
    sheet = load_workbook(io.BytesIO(file)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    rows = rows[[row[0] for row in rows].index("№") :]  # below the title and the sign of a test's centre
    assert [row[0] for row in rows[1:]] == [f"2/{centre.now().year}", f"1/{centre.now().year}"]
    assert [row[-1] for row in rows[1:]] == ["да", "решение исправлено"]
    assert "Справок пока не выдано" not in shown
    with reading(centre.engine) as connection:
        logged = connection.execute(select(audit.c.detail).where(audit.c.action == "refusals.export")).scalar_one()
        read = connection.execute(select(audit.c.detail).where(audit.c.action == "refusals.read")).scalar_one()
    assert logged["rows"] == read["rows"] == 2


def test_papers_name_offset_and_certificate(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Sheet] = []
    monkeypatch.setattr(drawing, "sticker", lambda sheet: drawn.append(sheet) or b"%PDF")
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    _print(zoya, exam_id, "mark")
    (sheet,) = drawn
    assert re.search(r"\d\d\.\d\d\.\d{4} \d\d:\d\d [+-]\d\d:\d\d", sheet.lines[1][1])
    assert re.search(r"Подписано электронно .* [+-]\d\d:\d\d", sheet.signature[1])
    assert re.search(r"действителен до \d\d\.\d\d\.\d{4}", sheet.signature[3])


def test_public_page_says_that_an_admission_is_over(centre: ConsoleCentre, zoya: Browser, browser: Browser) -> None:
    exam_id = centre.exam()
    zoya.decide(exam_id, outcome="admitted")
    _print(zoya, exam_id, "mark")
    assert "истёк" not in browser.get(f"/check/{_code(centre)}").text
    centre.shift = timedelta(hours=13)
    page = browser.get(f"/check/{_code(centre)}").text
    assert "Срок этого допуска истёк" in page
    assert "checked over" in page


def _words(content: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, check=True, capture_output=True)
    return re.sub(r"\s+", " ", done.stdout.decode())


def _publish(centre: ConsoleCentre, *items: BookItem) -> None:
    with writing(centre.engine) as connection:
        for item in items:
            drafting.put_item(connection, "paper_texts", ORG, item, revision=0, author="zoya", now=centre.now())
        publishing.publish(
            connection, centre.outgoing, "paper_texts", ORG, basis="приказ 3", author="zoya", now=centre.now()
        )


def test_a_paper_has_the_words_of_the_day_on_which_it_was_issued(centre: ConsoleCentre, zoya: Browser) -> None:
    first, second = centre.exam("1001"), centre.exam("1002")
    for exam_id in (first, second):
        zoya.decide(exam_id, outcome="not_admitted", reasons="complaints")
        assert write_paper(zoya, exam_id).status_code == 303
    before = _words(_print(zoya, first, "refusal").content)
    assert "Справка для предъявления в медицинскую организацию" in before
    centre.shift += timedelta(minutes=2)
    _publish(
        centre,
        BookItem(code="title.refusal", ru="Справка о недопуске"),
        BookItem(code="body.refusal", ru="Работник не допущен по итогам осмотра ({type})."),
    )
    centre.shift += timedelta(minutes=2)
    fresh = _words(_print(zoya, second, "refusal").content)
    assert "Справка о недопуске" in fresh
    assert "Работник не допущен по итогам осмотра (предсменный)." in fresh
    assert "Приказ Минздрава" in fresh, "what nobody changed stays"
    again = _words(_print(zoya, first, "refusal").content)
    assert "Справка для предъявления в медицинскую организацию" in again
    assert "Справка о недопуске" not in again


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        (BookItem(code="mark.before.admitted", ru="допущен"), "not_changeable"),
        (BookItem(code="title.refusal", ru="Справка " * 20), "too_long"),
        (BookItem(code="title.refusal", ru="Справка {type}"), "unknown_placeholder"),
        (BookItem(code="body.refusal", ru="Осмотр {kind}"), "unknown_placeholder"),
        (BookItem(code="act", ru="Приказ \N{SNOWMAN}"), "foreign_letters"),
        (BookItem(code="act", ru="Приказ", offered=False), "always_offered"),
    ],
)
def test_a_text_that_would_break_a_paper_is_not_published(centre: ConsoleCentre, item: BookItem, fault: str) -> None:
    with pytest.raises(BookRefused) as refused:
        _publish(centre, item)
    assert fault in {one.fault for one in refused.value.faults}
