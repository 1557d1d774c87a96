"""Copies of papers: numbers, bytes, norms, what happens to each, and what `verify` says of a row that somebody changed."""

import io
import re
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from central.conclusions.marking import read_code
from central.store import copies, papers
from central.store.audit import audit
from central.store.copies import archive_entry, copy, copy_move
from central.store.engine import reading
from central.store.papers import paper
from tests.console_centre import Browser, ConsoleCentre
from tests.written_papers import write_paper


def issued(centre: ConsoleCentre, zoya: Browser, number: str = "1003", kind: str = "refusal") -> str:
    """A refusal certificate that was printed on the exam page; the id of the paper."""
    exam_id = centre.exam(number)
    zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high")
    write_paper(zoya, exam_id, kind)
    assert zoya.post(f"/exams/{exam_id}/papers", {"kind": kind}, page=f"/exams/{exam_id}").status_code == 200
    with reading(centre.engine) as connection:
        return str(connection.execute(select(paper.c.paper_id).where(paper.c.exam_id == exam_id)).scalar_one())


def make(zoya: Browser, paper_id: str, role: str, form: str = "paper", ground: str = "") -> httpx.Response:
    fields = {"role": role, "form": form, "ground": ground}
    return zoya.post(f"/conclusions/{paper_id}/copies", fields, page=f"/conclusions/{paper_id}")


def copies_of(centre: ConsoleCentre, paper_id: str) -> list[copies.Copy]:
    with reading(centre.engine) as connection:
        return copies.of_papers(connection, [paper_id]).get(paper_id, [])


def moved(centre: ConsoleCentre, zoya: Browser, copy_id: str, kind: str, **fields: Any) -> httpx.Response:
    path = f"/conclusions/copies/{copy_id}"
    return zoya.post(path, {"kind": kind, "on_day": centre.now().date().isoformat()} | fields)


RECEIVER = {"receiver_name": "Громов Пётр Савельевич", "receiver_kind": "patient", "way": "in_person"}


def seen_on(act: str) -> str:
    found: list[str] = re.findall(r'name="seen" value="(\w{64})"', act)
    return found[0]


def _words(content: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_the_print_of_a_paper_is_its_original_and_stays_the_same_bytes(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    (original,) = copies_of(centre, paper_id)
    file = f"/conclusions/copies/{original.copy_id}/file"
    content = zoya.get(file).content
    words = _words(content)
    assert "ОРИГИНАЛ" in words
    assert f"Электронная запись {original.record_id}" in words, words
    with reading(centre.engine) as connection:
        entry = papers.find(connection, paper_id)
    assert entry is not None
    again = zoya.post(f"/exams/{entry.exam_id}/papers", {"kind": "refusal"}, page=f"/exams/{entry.exam_id}")
    assert again.content == content == zoya.get(file).content
    assert len(copies_of(centre, paper_id)) == 1

    assert make(zoya, paper_id, "patient").status_code == 303
    second = copies_of(centre, paper_id)[1]
    marked = _words(zoya.get(f"/conclusions/copies/{second.copy_id}/file").content)
    assert f"КОПИЯ № 2, для выдачи пациенту, {centre.now():%d.%m.%Y}" in re.sub(r"\s+", " ", marked)


def test_a_corrected_record_gets_an_original_of_its_own(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    (first,) = copies_of(centre, paper_id)
    with reading(centre.engine) as connection:
        entry = papers.find(connection, paper_id)
    assert entry is not None
    write_paper(zoya, entry.exam_id, diagnosis="Гипертоническая болезнь под вопросом")
    page = f"/exams/{entry.exam_id}"
    words = _words(zoya.post(f"{page}/papers", {"kind": "refusal"}, page=page).content)
    assert "ОРИГИНАЛ ИСПРАВЛЕННОЙ ЗАПИСИ, экземпляр № 2" in re.sub(r"\s+", " ", words)
    assert "Гипертоническая болезнь" in words
    assert zoya.get(f"/conclusions/copies/{first.copy_id}/file").status_code == 200, "the first one stays"


def test_a_copy_beyond_the_norm_asks_for_a_ground(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    assert "не хватает 1" in zoya.get("/conclusions").text
    assert make(zoya, paper_id, "patient").status_code == 303
    assert "не хватает 1" not in zoya.get("/conclusions").text
    third = make(zoya, paper_id, "patient")
    assert third.status_code == 422
    assert "это сверх нормы: впишите основание" in third.text
    assert len(copies_of(centre, paper_id)) == 2
    assert make(zoya, paper_id, "patient", ground="заявление от 30.11.2026").status_code == 303
    assert copies_of(centre, paper_id)[2].ground == "заявление от 30.11.2026"
    assert "сверх нормы 1" in zoya.get(f"/conclusions/{paper_id}").text


def test_no_copy_of_a_medical_secret_is_for_the_employer(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    assert make(zoya, paper_id, "employer", ground="просит").status_code == 422
    assert make(zoya, paper_id, "original").status_code == 422
    assert len(copies_of(centre, paper_id)) == 1


def test_what_happens_to_a_copy_is_added_and_its_state_is_the_last_of_it(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    make(zoya, paper_id, "patient")
    _, second = copies_of(centre, paper_id)
    lacking = moved(centre, zoya, second.copy_id, "issue")
    assert lacking.status_code == 422
    assert 'id="fault-receiver_name"' in lacking.text
    early = moved(centre, zoya, second.copy_id, "issue", **RECEIVER, receipt="signature", on_day="2020-01-01")
    assert early.status_code == 422
    assert moved(centre, zoya, second.copy_id, "return").status_code == 409, "it was not handed out"
    assert moved(centre, zoya, second.copy_id, "issue", **RECEIVER, receipt="signature").status_code == 303
    assert moved(centre, zoya, second.copy_id, "issue", **RECEIVER, receipt="signature").status_code == 409
    page = zoya.get(f"/conclusions/copies/{second.copy_id}").text
    assert "Громов Пётр Савельевич (пациент), лично, подпись" in page
    with reading(centre.engine) as connection:
        (row,) = connection.execute(select(copy_move)).all()
        entries = connection.execute(select(audit.c.detail).where(audit.c.action == "copy.move")).scalars().all()
    assert "Громов".encode() not in row.receiver_sealed
    assert [entry["move"] for entry in entries] == ["issue"]

    torn = moved(centre, zoya, second.copy_id, "return", is_damaged="1", note="порван пополам")
    assert torn.headers["location"].startswith("/conclusions/acts/")
    assert "Акт о порче № 1/" in zoya.get(torn.headers["location"]).text
    assert "возвращён повреждённым" in zoya.get("/conclusions").text
    assert moved(centre, zoya, second.copy_id, "issue", **RECEIVER, receipt="signature").status_code == 409
    assert make(zoya, paper_id, "patient").status_code == 303, "a damaged copy is replaced without a ground"
    third = copies_of(centre, paper_id)[2]
    assert (third.copy_no, third.replaces) == (3, second.copy_id)


def test_a_lost_copy_has_its_act_still_opens_and_the_new_one_has_the_next_number(
    centre: ConsoleCentre, zoya: Browser, foma: Browser
) -> None:
    paper_id = issued(centre, zoya)
    (original,) = copies_of(centre, paper_id)
    assert moved(centre, zoya, original.copy_id, "loss").status_code == 422, "the circumstances are needed"
    done = moved(centre, zoya, original.copy_id, "loss", note="не найден при сверке")
    act = done.headers["location"]
    drafted = zoya.get(act).text
    for said in ("Акт об утрате № 1/", "не найден при сверке", f"экземпляр № {original.copy_no}", original.sha256):
        assert said in drafted
    for who in (zoya, foma):
        assert who.post(f"{act}/sign", {"seen": seen_on(who.get(act).text)}, page=act).status_code == 303
    assert "подписан двумя лицами" in zoya.get(act).text
    assert act in zoya.get(f"/conclusions/copies/{original.copy_id}").text
    assert zoya.get(f"/conclusions/copies/{original.copy_id}/file").content.startswith(b"%PDF")
    assert make(zoya, paper_id, "original").status_code == 303
    second = copies_of(centre, paper_id)[1]
    assert (second.copy_no, second.role, second.replaces) == (2, "original", original.copy_id)
    words = _words(zoya.get(f"/conclusions/copies/{second.copy_id}/file").content)
    assert "КОПИЯ № 2, взамен оригинала" in re.sub(r"\s+", " ", words)


def test_a_copy_in_the_archive_keeps_its_place_in_the_list(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    make(zoya, paper_id, "patient")
    first, second = copies_of(centre, paper_id)
    place = {"inventory_no": "А-12", "place": "шкаф 2, полка 1", "keeper": "Луговая З. М."}
    assert moved(centre, zoya, first.copy_id, "archive_in", **place).status_code == 303
    taken = moved(centre, zoya, second.copy_id, "archive_in", **place)
    assert taken.status_code == 422
    assert "этот номер по описи занят" in taken.text
    assert "в архиве: № А-12, шкаф 2, полка 1" in zoya.get("/conclusions").text
    with reading(centre.engine) as connection:
        assert connection.execute(select(archive_entry.c.inventory_no)).scalars().all() == ["А-12"]


def test_a_copy_that_was_changed_on_the_disk_is_not_shown(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    (original,) = copies_of(centre, paper_id)
    stored = centre.config.media_dir / original.stored_sha256[:2] / original.stored_sha256
    assert b"%PDF" not in stored.read_bytes(), "it lies sealed"
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    assert zoya.get(f"/conclusions/copies/{original.copy_id}/file").status_code == 410


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://centre.example/check/AbCdEfGhIjKlMnOpQrStUv?copy=2", ("AbCdEfGhIjKlMnOpQrStUv", 2)),
        ("https://centre.example/check/AbCdEfGhIjKlMnOpQrStUv?copy=2\r\n", ("AbCdEfGhIjKlMnOpQrStUv", 2)),
        ("https://centre.example/check/AbCdEfGhIjKlMnOpQrStUv", None),
        ("https://centre.example/check/AbCdEfGhIjKlMnOpQrStUv?copy=0", None),
        ("реезыЖ..", None),
    ],
)
def test_a_scanned_code_names_the_copy(text: str, found: tuple[str, int] | None) -> None:
    assert read_code(text) == found


def test_a_copy_of_another_organisation_is_nobodys(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    (original,) = copies_of(centre, paper_id)
    with centre.engine.begin() as connection:
        other = {**{name: getattr(original, name) for name in copies.Copy.__slots__}, "copy_id": "x", "copy_no": 9}
        connection.execute(copy.insert().values(**other | {"org": "other"}))
    assert zoya.get("/conclusions/copies/x").status_code == 404
    assert zoya.get("/conclusions/copies/x/file").status_code == 404


def test_a_lost_copy_that_is_found_again_names_the_act_to_take_back(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    (original,) = copies_of(centre, paper_id)
    act = moved(centre, zoya, original.copy_id, "loss", note="не найден при сверке").headers["location"]
    page = f"/conclusions/copies/{original.copy_id}"
    assert "Экземпляр нашёлся" not in zoya.get(page).text
    assert moved(centre, zoya, original.copy_id, "return").status_code == 303
    assert "Экземпляр нашёлся" in zoya.get(page).text
    assert zoya.post(f"{act}/withdrawal", {"reason": "нашёлся"}, page=act).status_code == 303
    assert "Экземпляр нашёлся" not in zoya.get(page).text
