"""Codes that people carry, in the whole: printed by the console, read at the kiosk, checked by the centre behind a real broker."""

import contextlib
import json
import sqlite3
import subprocess
from typing import Any

import pytest

from dopusk.lab.demo.sample_people import ORG
from dopusk.picture_look import read_code
from tests.e2e.site import Site, logged_in
from tests.e2e.test_grounds import roster_is_known

BOOK = "https://elmk.example/registry?elmk_number=86-01-027970-25"


def _rows(site: Site, query: str) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(site.config.parent / "central.db")) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query).fetchall()]


def _printed_code(site: Site, number: str) -> str:
    """What a reader reads off the card that the console prints for a worker."""
    (row,) = _rows(site, f"SELECT worker_id FROM worker WHERE personnel_number = '{number}' ORDER BY worker_id LIMIT 1")  # noqa: S608
    paper = site.world.folder / f"{number}.pdf"
    with logged_in(site) as medic:
        paper.write_bytes(medic.get(f"/workers/{row['worker_id']}/code/file").raise_for_status().content)
    for dpi in ("100", "400", "250"):
        # Nobody holds a card the same way twice.
        command = ["pdftoppm", "-r", dpi, "-png", "-singlefile", str(paper)]
        picture = subprocess.run(command, check=True, capture_output=True).stdout
        if code := read_code(picture):
            return code
    raise AssertionError("the printed code cannot be read")


def _read(site: Site, code: str) -> None:
    """The reader at the kiosk reads a code, as a keyboard types it."""
    site.until(lambda: site.kiosk.bridge.takes_answers)
    site.kiosk.bridge.card_read(code)


def _error(site: Site) -> str:
    shown = site.kiosk.bridge.shown
    return shown.exam.identification_error if shown is not None and shown.exam is not None else ""


@pytest.mark.timeout(540)
def test_a_person_and_a_medical_book_are_read_at_the_kiosk_and_the_book_is_checked_by_the_centre(site: Site) -> None:
    site.on("idle")
    table = site.world.folder / "grounds.csv"
    head = "Табельный номер;Вид;Дата;Действует до;Только очно;Источник;Номер"
    table.write_text(f"{head}\n1001;Медкнижка;01.02.2026;01.02.2036;нет;ЭЛМК;86-01-027970-25\n", encoding="utf-8")
    site.run("central", "import", "grounds", str(table), "--org", ORG, "-c", str(site.config))
    site.until(lambda: roster_is_known(site, {"1001": 0, "1002": 0}))
    codes = {number: _printed_code(site, number) for number in ("1001", "1002")}

    # A code that another centre has made, or nobody, is nobody's, and so is a text that says nothing.
    for code, error in ((f"{codes['1001'][:-8]}AAAAAAAA", "foreign_code"), ("nothing of ours", "unknown")):
        _read(site, code)
        site.until(lambda error=error: _error(site) == error)
        site.on("identify")
    # The book names nobody: the kiosk keeps it and goes on asking who this is.
    _read(site, BOOK)
    site.on("identify")
    _read(site, codes["1001"])
    site.on("confirm")
    site.press("confirm_yes")
    site.on("consent")
    site.press("exit", "leave")
    site.on("idle")

    # The same book in somebody else's hands.
    _read(site, BOOK)
    site.on("identify")
    _read(site, codes["1002"])
    site.on("confirm")
    site.press("exit", "leave")
    site.on("idle")

    site.until(lambda: len(_rows(site, "SELECT 1 FROM book_check")) == 2)
    found = _rows(
        site,
        "SELECT w.personnel_number, c.* FROM book_check c JOIN exam e USING (exam_id) JOIN worker w ON w.worker_id = e.worker_id",
    )
    by_number = {row["personnel_number"]: row for row in found}
    assert {number: row["result"] for number, row in by_number.items()} == {
        "1001": "does_not_comply",
        "1002": "not_found",
    }
    assert {row["place"] for row in found} == {"terminal"}
    assert next(point["state"] for point in json.loads(by_number["1001"]["points"])) == "ok", "the book itself holds"
    records = [json.loads(row["payload"]) for row in _rows(site, "SELECT payload FROM exam")]
    assert {one["examinee"]["identified_by"] for one in records} == {"qr"}
    assert {one["presented_book"]["host"] for one in records} == {"elmk.example"}
    assert BOOK not in json.dumps(records), "the text itself is not kept"
    with logged_in(site) as medic:
        page = medic.get(f"/exams/{by_number['1002']['exam_id']}").text
    assert "Не найдена" in page.split('id="presented-book"')[1]
    assert site.run("verify", str(site.config))
