"""The filter and the order of the queue: in the address, respected by live updates, and never at the cost of who cannot wait."""

import re
from datetime import UTC, datetime

from sqlalchemy import update

from central.core.parties import Terminal
from central.store import terminals
from central.store.engine import reading, writing
from central.store.exams import exam
from dopusk.lab.demo.sample_people import ORG
from sync.contract.health import TerminalStatus
from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_queue import urgent


def _ids(page: str) -> list[str]:
    return re.findall(r'<tr data-exam="([^"]+)"', page)


def _hidden(page: str) -> str:
    found = re.search(r'id="hidden">(.*?)</span>', page, re.DOTALL)
    return re.sub(r"<[^>]*>", "", found[1]) if found else ""


def _at(centre: ConsoleCentre, exam_id: str, terminal_id: str, employer: int = 0) -> str:
    with writing(centre.engine) as connection:
        if terminals.get_terminal(connection, terminal_id) is None:
            new = Terminal(terminal_id, ORG, "Терминал 2", "Проходная 2")
            terminals.add_terminal(connection, new, now=centre.now())
        values = {"terminal_id": terminal_id, "employer_id": centre.people.employers[employer]}
        connection.execute(update(exam).where(exam.c.exam_id == exam_id).values(values))
    return exam_id


def test_filter_hides_all_but_what_cannot_wait_and_says_what_it_hides(centre: ConsoleCentre, zoya: Browser) -> None:
    here = _at(centre, centre.exam("1001"), "kiosk-1")
    there = _at(centre, centre.exam("1003", systolic_mmhg=165), "kiosk-2", 1)
    in_pain = _at(centre, centre.receive(urgent(centre.payload("1004"), "chest_pain")), "kiosk-2", 1)
    other = _at(centre, centre.exam("1002", exam_type="post_shift"), "kiosk-1")
    second = centre.people.employers[1]
    for query, shown in (
        ("terminal_id=kiosk-1", [in_pain, here, other]),
        ("place=Проходная 2", [in_pain, there]),
        (f"employer_id={second}", [in_pain, there]),
        ("exam_type=post_shift", [in_pain, other]),
        ("org=nowhere", [in_pain]),
        ("place=&terminal_id=", [in_pain, here, there, other]),
    ):
        for path in ("/queue", "/queue/rows"):
            assert _ids(zoya.get(f"{path}?{query}").text) == shown, (path, query)
    page = zoya.get("/queue?terminal_id=kiosk-1").text
    assert "скрыто условием: 1, из них вне нормы: 1" in _hidden(page)
    assert 'value="kiosk-1" selected' in page
    assert "Ждут: 4" in page


def test_calls_for_a_medic_stand_above_every_filter_with_time_and_person(centre: ConsoleCentre, zoya: Browser) -> None:
    zoya.http.cookies.set("dopusk_zone", "Asia%2FVladivostok")
    called_at = datetime(2026, 11, 29, 3, 5, tzinfo=UTC)

    def called(**values: object) -> str:
        status = TerminalStatus.model_validate({"state": "online", "help_called_at": called_at, **values})
        with writing(centre.engine) as connection:
            terminals.note_status(connection, "kiosk-1", status, now=centre.now())
        page = zoya.get("/queue/rows?terminal_id=kiosk-2").text
        found = re.search(r'<p class="notice bad calling".*?</p>', page, re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0])) if found else ""

    unknown = called()
    assert "Зовут медработника: Терминал 1, Проходная 1, " in unknown
    assert " 13:05 " in unknown
    assert "кто – терминал не сказал" in unknown
    assert "Громов Пётр Савельевич" in called(open_worker=centre.people.workers["1003"])
    assert "Ветров Степан Ильич" in called(open_exam=centre.exam("1001")), "by the exam that is open there"


def test_order_is_chosen_in_the_headings_and_urgent_ones_lead(centre: ConsoleCentre, zoya: Browser) -> None:
    vetrov, gromov = centre.exam("1001"), centre.exam("1003", systolic_mmhg=165)
    in_pain = centre.receive(urgent(centre.payload("1002"), "chest_pain"))
    for query, shown in (
        ("", [in_pain, vetrov, gromov]),
        ("sort=worker", [in_pain, vetrov, gromov]),
        ("sort=-worker", [in_pain, gromov, vetrov]),
        ("sort=waiting", [in_pain, gromov, vetrov]),
        ("sort=-rules", [in_pain, gromov, vetrov]),
        ("sort=nonsense", [in_pain, vetrov, gromov]),
    ):
        for path in ("/queue", "/queue/rows"):
            assert _ids(zoya.get(f"{path}?place=&{query}").text) == shown, (path, query)
    page = zoya.get("/queue?sort=-worker&terminal_id=kiosk-1").text
    assert 'aria-sort="descending"' in page
    assert "/queue?terminal_id=kiosk-1&amp;sort=employer" in page
    assert "/queue?terminal_id=kiosk-1&amp;sort=employer" in zoya.get("/queue/rows?terminal_id=kiosk-1").text


def test_way_back_from_an_exam_leads_to_the_same_rows(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    first = _at(centre, centre.exam("1001"), "kiosk-1")
    _at(centre, centre.exam("1002"), "kiosk-2")
    third, fourth = (_at(centre, centre.exam(number), "kiosk-1") for number in ("1003", "1004"))
    assert _ids(zoya.get("/queue?terminal_id=kiosk-1").text) == [first, third, fourth]
    assert f'id="next" href="/exams/{third}"' in zoya.get(f"/exams/{first}").text
    answer = zoya.decide(first, outcome="admitted", then="next")
    assert answer.headers["location"].startswith(f"/exams/{third}?")
    answer = zoya.decide(third, outcome="admitted")
    back = zoya.get(answer.headers["location"])
    assert back.headers["location"] == f"/queue?terminal_id=kiosk-1&decided={third}"
    assert _ids(zoya.get(back.headers["location"]).text) == [fourth]
    assert len(_ids(zoya.get("/queue?place=").text)) == 2
    assert zoya.get("/queue").status_code == 200, "what was cleared does not come back"
    foma.http.cookies.set("dopusk_queue", zoya.http.cookies.get("dopusk_queue") or "")
    assert len(_ids(foma.get("/queue").text)) == 2


def test_somebody_elses_filter_is_not_mine(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    centre.exam("1001")
    zoya.get("/queue?terminal_id=kiosk-2")
    foma.http.cookies.set("dopusk_queue", str(zoya.http.cookies.get("dopusk_queue")))
    assert foma.get("/queue").status_code == 200
    assert len(_ids(foma.get("/queue").text)) == 1


def test_hostile_addresses_ask_for_nothing(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam("1001")
    for query in ("place=%3Cscript%3E", "terminal_id=%00", "sort=%2D%2D", "exam_type=" + "x" * 5000, "org=a&org=b"):
        page = zoya.get(f"/queue?{query}")
        assert page.status_code in (200, 400, 414, 422), query
        assert "<script>alert" not in page.text
    with reading(centre.engine) as connection:
        assert connection.execute(exam.select()).all()
