"""A store without room: whoever decides is told, nothing half is stored, and afterwards the same decision is taken."""

import contextlib
import sqlite3
from typing import Any

from sqlalchemy import event

from central.store import decisions
from central.store.engine import reading
from tests.console_centre import Browser, ConsoleCentre


def test_a_decision_that_finds_no_room_is_told_and_not_stored(centre: ConsoleCentre, zoya: Browser) -> None:
    exam_id = centre.exam("1001")
    zoya.get(f"/exams/{exam_id}")
    with contextlib.closing(sqlite3.connect(centre.engine.url.database or "")) as store:
        store.execute("VACUUM")
        (pages,) = store.execute("PRAGMA page_count").fetchone()

    most = [pages]

    def limit(raw: sqlite3.Connection, _record: Any, _proxy: Any) -> None:
        raw.execute(f"PRAGMA max_page_count = {most[0]}")

    event.listen(centre.engine, "checkout", limit)
    answer = zoya.decide(exam_id, outcome="admitted")
    assert answer.status_code == 507
    assert "На диске центра нет места" in answer.text
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []
    most[0] = 2**30
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
