"""Stock checks of copies on paper: a copy that is not there has to be explained before the next month is opened."""

import re
from datetime import date, timedelta

import httpx
import pytest
from sqlalchemy import select

from central.conclusions.copy_terms import announce_copies
from central.core.config import VigilanceConfig
from central.core.stock_rules import CheckRefused, due_month, month_after, month_to_open
from central.notifying.vigilance import Vigil
from central.store import papers
from central.store.engine import reading, writing
from central.store.registry import organisation
from central.store.security_alerts import security_alert
from central.store.stock_checks import stock_check, stock_check_close, stock_check_find
from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_copies import copies_of, issued, make, moved

PATH = "/conclusions/check"


def _open(zoya: Browser, kind: str = "monthly") -> httpx.Response:
    return zoya.post(PATH, {"kind": kind})


def _code(centre: ConsoleCentre, paper_id: str, copy_no: int) -> str:
    with reading(centre.engine) as connection:
        entry = papers.find(connection, paper_id)
    assert entry is not None
    return f"https://centre.example/check/{entry.code}?copy={copy_no}\r\n"


def test_a_missing_copy_needs_a_cause_before_the_month_is_closed(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    make(zoya, paper_id, "patient")
    first, second = copies_of(centre, paper_id)
    opened = _open(zoya)
    assert opened.status_code == 303
    place = opened.headers["location"]
    assert _open(zoya).status_code == 409, "the next month is not opened before this one is closed"

    assert zoya.post(f"{place}/found", {"scanned": _code(centre, paper_id, 1)}, page=place).status_code == 303
    again = zoya.post(f"{place}/found", {"scanned": _code(centre, paper_id, 1)}, page=place)
    assert again.status_code == 422
    assert "уже отмечен" in again.text
    assert zoya.post(f"{place}/found", {"scanned": "реезыЖ//"}, page=place).status_code == 422
    assert zoya.post(f"{place}/found", {"scanned": _code(centre, paper_id, 9)}, page=place).status_code == 422

    page = zoya.get(place).text
    assert re.search(r"<dt>Расхождений</dt><dd>1</dd>", page)
    assert "экз. 2" in page
    unexplained = zoya.post(f"{place}/close", {}, page=place)
    assert unexplained.status_code == 422
    assert 'id="fault-cause"' in unexplained.text
    with reading(centre.engine) as connection:
        assert connection.execute(select(stock_check_close)).all() == []
    closed = zoya.post(
        f"{place}/close", {f"cause-{second.copy_id}": "у врача на подписи", "action": "вернуть"}, page=place
    )
    assert closed.status_code == 303
    with reading(centre.engine) as connection:
        (row,) = connection.execute(select(stock_check_close.c.differences)).scalars().all()
        (found,) = connection.execute(select(stock_check_find.c.copy_id, stock_check_find.c.means)).all()
    assert row == [{"copy_id": second.copy_id, "kind": "missing", "cause": "у врача на подписи", "action": "вернуть"}]
    assert tuple(found) == (first.copy_id, "scan")
    assert "у врача на подписи" in zoya.get(place).text
    late = zoya.post(f"{place}/found", {"copy_id": second.copy_id}, page=PATH)
    assert late.status_code == 409, "what is closed stays closed"
    assert "Этот месяц уже проверен" in _open(zoya).text
    centre.shift += timedelta(days=31)
    zoya.log_in("zoya", unlock=False)
    assert _open(zoya).status_code == 303, "the next month has come"


def test_what_was_handed_out_meanwhile_is_no_difference_and_what_lies_there_too_much_is(
    centre: ConsoleCentre, zoya: Browser
) -> None:
    paper_id = issued(centre, zoya)
    make(zoya, paper_id, "patient")
    first, second = copies_of(centre, paper_id)
    archived = {"inventory_no": "А-1", "place": "шкаф 1", "keeper": "Луговая З. М."}
    assert moved(centre, zoya, first.copy_id, "archive_in", **archived).status_code == 303
    place = _open(zoya).headers["location"]
    assert zoya.post(f"{place}/found", {"copy_id": first.copy_id}, page=place).status_code == 303
    page = zoya.get(place).text
    assert re.search(r"<dt>Расхождений</dt><dd>2</dd>", page)
    assert "лишний: должен быть в другом месте" in page
    receiver = {"receiver_name": "Громов П. С.", "receiver_kind": "patient", "way": "in_person", "receipt": "signature"}
    assert moved(centre, zoya, second.copy_id, "issue", **receiver).status_code == 303
    assert re.search(r"<dt>Расхождений</dt><dd>1</dd>", zoya.get(place).text)
    assert zoya.post(f"{place}/close", {"cause": "лежал не в той папке"}, page=place).status_code == 303


def test_the_inventory_asks_for_what_is_in_the_archive_alone(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    make(zoya, paper_id, "patient")
    first, _ = copies_of(centre, paper_id)
    archived = {"inventory_no": "А-1", "place": "шкаф 1", "keeper": "Луговая З. М."}
    assert moved(centre, zoya, first.copy_id, "archive_in", **archived).status_code == 303
    assert _open(zoya, "inventory").status_code == 303
    with reading(centre.engine) as connection:
        (check_id, expected), *_ = connection.execute(select(stock_check.c.check_id, stock_check.c.expected)).all()
    assert expected == [first.copy_id]
    place = f"/conclusions/check/{check_id}"
    assert zoya.post(f"{place}/close", {"cause": "затопило", "action": "ищут"}, page=place).status_code == 303
    page = zoya.get(place).text
    (act,) = re.findall(r'<a href="(/conclusions/acts/[^"]+)">', page)
    words = zoya.get(act).text
    assert "Должно лежать в архиве: 1; найдено: 0; расхождений: 1" in words
    assert "затопило; ищут" in words
    assert "экземпляр № 1" in words


def test_the_keeper_of_conclusions_stands_on_the_page(centre: ConsoleCentre, zoya: Browser) -> None:
    assert "впишите его в карточку организации" in zoya.get("/conclusions/check").text
    with writing(centre.engine) as connection:
        connection.execute(organisation.update().values(conclusions_keeper="Луговая З. М., приказ № 7"))
    assert "Луговая З. М., приказ № 7" in zoya.get("/conclusions/check").text


@pytest.mark.parametrize(
    ("last", "is_closed", "today", "found"),
    [
        (None, False, date(2026, 11, 30), "2026-11"),
        ("2026-11", True, date(2026, 12, 1), "2026-12"),
        ("2026-09", True, date(2026, 12, 31), "2026-10"),
        ("2025-12", True, date(2026, 1, 1), "2026-01"),
    ],
)
def test_the_month_whose_turn_it_is(last: str | None, is_closed: bool, today: date, found: str) -> None:
    assert month_to_open(last, is_closed, today) == found


@pytest.mark.parametrize(("is_closed", "code"), [(False, "open"), (True, "future")])
def test_no_month_is_opened_before_its_turn(is_closed: bool, code: str) -> None:
    with pytest.raises(CheckRefused) as refused:
        month_to_open("2026-11", is_closed, date(2026, 11, 30))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2026, 12, 5), "2026-10"),
        (date(2026, 12, 6), "2026-11"),
        (date(2026, 1, 6), "2025-12"),
        (date(2026, 1, 1), "2025-11"),
    ],
)
def test_a_month_is_closed_by_the_fifth(today: date, month: str) -> None:
    assert due_month(today) == month
    assert month_after("2025-12") == "2026-01"


def _told(centre: ConsoleCentre) -> list[tuple[str, int]]:
    announce_copies(centre.engine, centre.now())
    Vigil(centre.engine, VigilanceConfig(zone="UTC")).look(centre.now())
    with reading(centre.engine) as connection:
        rows = connection.execute(select(security_alert.c.kind, security_alert.c.count)).all()
    return sorted((row.kind, row.count) for row in rows)


def test_an_administrator_is_told_of_each_term_once(centre: ConsoleCentre, zoya: Browser) -> None:
    paper_id = issued(centre, zoya)
    make(zoya, paper_id, "internal", ground="запрос")
    first, _ = copies_of(centre, paper_id)
    archived = {"inventory_no": "А-1", "place": "шкаф 1", "keeper": "Луговая З. М."}
    assert moved(centre, zoya, first.copy_id, "archive_in", **archived).status_code == 303
    taken = {"receiver_name": "Луговая З. М.", "receiver_kind": "colleague", "way": "in_person", "receipt": "signature"}
    taken |= {"note": "для ответа на запрос", "due_back": (centre.now().date() + timedelta(days=3)).isoformat()}
    assert moved(centre, zoya, first.copy_id, "archive_out", **taken).status_code == 303
    assert _told(centre) == []
    centre.shift += timedelta(days=1)
    assert _told(centre) == [("copies_beyond_norm", 1)]
    centre.shift += timedelta(days=1)
    assert _told(centre) == [("copies_beyond_norm", 1), ("copies_lacking", 1)], "no copy for the patient"
    centre.shift += timedelta(days=5)
    assert ("copy_out_of_archive", 7) not in _told(centre), "seven days are not more than seven"
    centre.shift += timedelta(days=1)
    assert ("copy_out_of_archive", 8) in _told(centre)
    assert len([kind for kind, _ in _told(centre) if kind == "copy_out_of_archive"]) == 1
    centre.shift += timedelta(days=38)
    told = _told(centre)
    assert "stock_check_late" in {kind for kind, _ in told}, "nobody has checked the month"
    assert _told(centre) == told, "each once"
