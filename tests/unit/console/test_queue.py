"""The queue and its live updates; texts; doors of routes."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import func, select, update

from central.console.app import _check_doors
from central.core.media_files import MediaFiles
from central.core.parties import Terminal
from central.store import terminals
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.registry import worker
from central.words.texts import catalogue
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import sha256_hex
from sync.contract.health import TerminalStatus
from tests.console_centre import Browser, ConsoleCentre
from tests.waiting import LONGEST_S


def test_queue_shows_the_oldest_first_with_values_and_deviations(centre: ConsoleCentre, zoya: Browser) -> None:
    first, second = centre.exam("1001"), centre.exam("1003", systolic_mmhg=162)
    shown = zoya.get("/queue").text
    assert shown.index(first) < shown.index(second)
    assert "Громов Пётр Савельевич" in shown
    assert '<span class="out">162<span class="arrow" aria-hidden="true">▲' in shown
    rows = zoya.get("/queue.json").json()["waiting"]
    assert [row["exam_id"] for row in rows] == [first, second]
    assert all(row["terminal_id"] == "kiosk-1" and row["waiting_s"] >= 0 for row in rows)


def urgent(payload: dict[str, Any], *codes: str) -> dict[str, Any]:
    """The same exam of somebody who complains of these, as a terminal judges it whose configuration calls them urgent."""
    findings = [{"parameter": "complaints", "code": "complaints"}]
    findings += [{"parameter": "complaints", "value": code, "code": "urgent_complaint"} for code in codes]
    verdict = payload["rule_verdict"] | {"suggestion": "attention", "findings": findings}
    return payload | {"complaints": {"feels_well": False, "codes": list(codes)}, "rule_verdict": verdict}


def test_a_complaint_that_cannot_wait_leads_the_queue_and_is_named(centre: ConsoleCentre, zoya: Browser) -> None:
    calm, other = centre.exam("1001"), centre.exam("1003", systolic_mmhg=162)
    in_pain = centre.receive(urgent(centre.payload("1004"), "chest_pain", "breathless"))
    shown = zoya.get("/queue").text
    assert shown.index(in_pain) < shown.index(calm) < shown.index(other)
    assert '<span class="mark urgent">Срочно: Боль в груди; Одышка</span>' in shown
    row = shown[shown.rindex("<tr", 0, shown.index(in_pain)) : shown.index(calm)]
    assert 'class="urgent ' in row
    assert shown.count('class="urgent ') == 1
    assert [item["exam_id"] for item in zoya.get("/queue.json").json()["waiting"]] == [in_pain, calm, other]
    page = zoya.get(f"/exams/{in_pain}").text
    assert "Срочная жалоба: Боль в груди; Одышка" in page
    assert "Жалобы: срочная жалоба, Боль в груди" in page
    assert "Жалобы: есть жалобы (Боль в груди; Одышка)" in page
    assert "Срочная жалоба" not in zoya.get(f"/exams/{calm}").text


def test_what_is_kept_of_a_row_follows_the_register_and_the_language(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam("1003", systolic_mmhg=162)
    assert "Громов Пётр Савельевич" in zoya.get("/queue").text
    with writing(centre.engine) as connection:
        connection.execute(update(worker).values(full_name="Тихий <b>Пётр</b>"))
    shown = zoya.get("/queue").text
    assert "Громов" not in shown
    assert "Тихий &lt;b&gt;Пётр&lt;/b&gt;" in shown
    assert '<span class="out">162' in shown
    zoya.post("/preferences", {"language": "en", "back": "/queue"}, page="/queue")
    assert "pre-shift" in zoya.get("/queue").text
    assert "pre-shift" in zoya.get("/queue/rows").text


def test_a_repeat_stands_where_its_first_record_stood(centre: ConsoleCentre, zoya: Browser) -> None:
    payload = centre.payload("1001")
    repeated = centre.receive(payload)
    assert zoya.decide(repeated, outcome="repeat", repeat_step="pressure").status_code == 303
    since = centre.exam("1003")
    with writing(centre.engine) as connection:
        for exam_id, ago in ((repeated, timedelta(minutes=25)), (since, timedelta(minutes=10))):
            moments = {"received_at": centre.now() - ago, "first_received_at": centre.now() - ago}
            connection.execute(update(exam).where(exam.c.exam_id == exam_id).values(moments))
    centre.receive(payload | {"revision": 2})

    first, second = zoya.get("/queue.json").json()["waiting"]
    assert [first["exam_id"], second["exam_id"]] == [repeated, since]
    assert 25 * 60 <= first["waiting_s"] < 30 * 60
    assert 0 <= first["repeat_s"] < 5 * 60
    assert second["repeat_s"] is None
    shown = zoya.get("/queue").text
    assert shown.index(repeated) < shown.index(since)
    assert shown.count("повтор <span data-waiting") == 1
    assert "Это повтор" in zoya.get(f"/exams/{repeated}").text
    assert "Это повтор" not in zoya.get(f"/exams/{since}").text
    answer = zoya.decide(since, outcome="admitted", then="next")
    assert answer.headers["location"].startswith(f"/exams/{repeated}?")


def test_record_that_was_long_on_its_way_is_marked(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam("1001", started_at=centre.now() - timedelta(hours=5))
    centre.exam("1003", started_at=centre.now() - timedelta(minutes=2))
    shown = zoya.get("/queue").text
    assert shown.count("шёл в центр") == shown.count("шёл в центр 4 ч") > 0


def test_terminals_without_a_link_are_seen_and_counted(centre: ConsoleCentre, zoya: Browser) -> None:
    assert "Нет связи (1): Терминал 1<" in zoya.get("/queue").text, "it has never said anything"
    with writing(centre.engine) as connection:
        terminals.note_status(connection, "kiosk-1", TerminalStatus(state="online"), now=centre.now())
        for number in range(8):
            new = Terminal(f"silent-{number}", ORG, f"Тихий {number}", "")
            terminals.add_terminal(connection, new, now=centre.now())
    assert "Все терминалы на связи" in zoya.get("/queue").text, "who has not enrolled cannot be away"
    with writing(centre.engine) as connection:
        for number in range(8):
            terminals.set_key(connection, f"silent-{number}", centre.terminal.public_key)
    shown = zoya.get("/queue").text
    assert "Нет связи (8): Тихий 0, Тихий 1, Тихий 2, Тихий 3, Тихий 4, Тихий 5" in shown
    assert "и ещё 2" in shown


def test_who_follows_the_queue_stands_in_the_access_log_once_an_hour(centre: ConsoleCentre, zoya: Browser) -> None:
    def times() -> int:
        with reading(centre.engine) as connection:
            query = select(func.count()).select_from(audit).where(audit.c.action == "queue.read")
            return int(connection.execute(query).scalar_one())

    for path in ("/queue", "/queue/rows", "/queue.json", "/queue"):
        assert zoya.get(path).status_code == 200
    assert times() == 1
    centre.shift = timedelta(minutes=61)
    zoya.log_in("zoya")
    zoya.get("/queue")
    assert times() == 2


def test_open_page_hears_of_a_new_exam(centre: ConsoleCentre, zoya: Browser) -> None:
    first, found = threading.Event(), threading.Event()
    wanted: list[str] = []

    def listen() -> None:
        with zoya.http.stream("GET", "/queue/events") as stream:
            for line in stream.iter_lines():
                if line == "event: queue":
                    first.set()
                    waiting = zoya.get("/queue.json").json()["waiting"]
                    if wanted and [row["exam_id"] for row in waiting] == wanted:
                        found.set()
                        return

    listener = threading.Thread(target=listen)
    listener.start()
    assert first.wait(LONGEST_S), "the stream begins with what is there now"
    wanted.append(centre.exam())
    assert found.wait(LONGEST_S)
    listener.join(LONGEST_S)
    assert wanted[0] in zoya.get("/queue/rows").text


def test_both_catalogues_have_the_same_texts() -> None:
    assert set(catalogue("ru")) == set(catalogue("en"))
    placeholders = {key: (catalogue("ru")[key].count("{"), catalogue("en")[key].count("{")) for key in catalogue("ru")}
    assert {key: pair for key, pair in placeholders.items() if pair[0] != pair[1]} == {}


def test_every_route_names_exactly_one_right(centre: ConsoleCentre) -> None:
    app: FastAPI = centre.app()

    @app.get("/forgotten")
    def forgotten() -> None:
        return None

    router = APIRouter()

    @router.get("/hidden")
    def hidden() -> None:
        return None

    app.include_router(router)
    with pytest.raises(RuntimeError, match="/forgotten, /hidden"):
        _check_doors(app)


def test_pictures_and_videos_are_served_to_their_exam_only(centre: ConsoleCentre, zoya: Browser) -> None:
    content = b"\x00\x00\x00\x18ftypmp42 segment"
    digest = sha256_hex(content)
    file = MediaFiles(centre.config.media_dir).path(digest)
    file.parent.mkdir(parents=True)
    medium = {
        "sha256": digest,
        "kind": "video",
        "content_type": "video/mp4",
        "size_bytes": len(content),
        "step": "breath",
        "at": "2026-11-22T05:00:00.000Z",
    }
    exam_id, other = centre.exam("1001", media=[medium]), centre.exam("1002")
    assert "Видео ещё передаётся" in zoya.get(f"/exams/{exam_id}").text
    file.write_bytes(content)

    page = zoya.get(f"/exams/{exam_id}").text
    assert f'src="/exams/{exam_id}/media/{digest}"' in page
    answer = zoya.get(f"/exams/{exam_id}/media/{digest}")
    assert answer.content == content
    assert answer.headers["content-type"] == "video/mp4"
    assert zoya.get(f"/exams/{other}/media/{digest}").status_code == 404
    assert zoya.get(f"/exams/{exam_id}/media/%2e%2e").status_code == 404
