"""The register of conclusions: which papers stand in it, and for whom."""

from tests.console_centre import Browser, ConsoleCentre
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
