"""The register of conclusions: which papers stand in it, and for whom."""

import io
from datetime import timedelta

from docx import Document
from openpyxl import load_workbook

from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_copies import copies_of, issued, make, moved
from tests.written_papers import write_paper


def _issue(zoya: Browser, exam_id: str, kind: str) -> None:
    assert zoya.post(f"/exams/{exam_id}/papers", {"kind": kind}, page=f"/exams/{exam_id}").status_code == 200


def test_an_issued_paper_stands_in_the_register_and_a_mark_does_not(centre: ConsoleCentre, zoya: Browser) -> None:
    assert "Здесь пока нет заключений" in zoya.get("/conclusions").text
    refused, admitted = centre.exam("1003"), centre.exam("1001")
    zoya.decide(refused, outcome="not_admitted", reasons="pressure_high")
    write_paper(zoya, refused)
    _issue(zoya, refused, "refusal")
    zoya.decide(admitted, outcome="admitted")
    _issue(zoya, admitted, "conclusion")
    _issue(zoya, admitted, "mark")
    page = zoya.get("/conclusions").text
    assert "Громов Пётр Савельевич" in page
    assert "Справка об отказе" in page
    assert "Всего: 2" in page, "a mark is not kept"
    assert "Громов" not in zoya.get("/conclusions?kind=conclusion").text
    assert zoya.get("/conclusions?since=tomorrow").status_code == 422


def _cells(content: bytes) -> str:
    return " | ".join(str(cell.value) for row in load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row)


def test_the_register_finds_what_is_lacking_and_comes_as_files(centre: ConsoleCentre, zoya: Browser) -> None:
    short, whole = issued(centre, zoya, "1003"), issued(centre, zoya, "1001")
    assert make(zoya, whole, "patient").status_code == 303
    page = zoya.get("/conclusions?copies=lacking").text
    assert short in page
    assert whole not in page
    assert "Всего: 1" in page
    assert whole not in zoya.get("/conclusions?copies=lost").text
    content = _cells(zoya.get("/conclusions/export?copies=lacking").content)
    assert "Громов Пётр Савельевич" in content
    assert "для пациента 0/1 не хватает 1" in content
    assert "Ветров" not in content
    assert zoya.get("/conclusions/sheet").content.startswith(b"%PDF")
    (table,) = Document(io.BytesIO(zoya.get("/conclusions/export?copies=lacking&form=docx").content)).tables
    assert [row.cells[3].text for row in table.rows][1:] == ["Громов Пётр Савельевич"]


def test_the_journal_of_issue_lists_every_move_with_its_receiver(centre: ConsoleCentre, zoya: Browser) -> None:
    assert "Здесь пока ничего не отмечено" in zoya.get("/conclusions/journal").text
    paper_id = issued(centre, zoya)
    make(zoya, paper_id, "patient")
    first, second = copies_of(centre, paper_id)
    receiver = {"receiver_name": "Громов Пётр", "receiver_kind": "patient", "way": "in_person", "receipt": "signature"}
    assert moved(centre, zoya, second.copy_id, "issue", **receiver).status_code == 303
    assert moved(centre, zoya, first.copy_id, "loss", note="не найден").status_code == 303
    page = zoya.get("/conclusions/journal").text
    assert "Громов Пётр <small" in page
    assert "Всего: 2" in page
    assert "Всего: 1" in zoya.get("/conclusions/journal?kind=loss").text
    tomorrow = (centre.now() + timedelta(days=2)).date().isoformat()
    assert "Всего" not in zoya.get(f"/conclusions/journal?since={tomorrow}").text
    assert zoya.get("/conclusions/journal?since=never").status_code == 422
    content = _cells(zoya.get("/conclusions/journal/export?kind=issue").content)
    assert "Громов Пётр, пациент" in content
    assert "утрачен" not in content
    assert zoya.get("/conclusions/journal/sheet").content.startswith(b"%PDF")
