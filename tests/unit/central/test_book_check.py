"""A medical book complies only by what is known: every point, on both days."""

from dataclasses import replace
from typing import Any

import pytest

from central.core.ground_effects import Employment, spans, standing, terms
from central.core.ground_rules import RuleBook, rule_book
from central.grounds.book_check import Days, OnRecord, complies, entry_of, points_of
from sync.contract.books import BookItem
from tests.unit.central.test_ground_effects import DAY, TODAY, Row

NUMBER = "860102797025"
BOOK = Row("book", number="86-01-027970-25", valid_until=TODAY + 30 * DAY)
EXAM = Row("exam", kind="periodic", source="ЛПУ", valid_until=TODAY + 60 * DAY, finding="fit")
SHOT = Row("shot", kind="vaccination", vaccine="measles")
NAMES = {"sanitary_passport": "Санитарный паспорт"}
TODAY_ONLY = Days(TODAY, TODAY)


def _states(
    *rows: Row, days: Days = TODAY_ONLY, number: str = NUMBER, rules: tuple[BookItem, ...] = ()
) -> dict[str, str]:
    book: RuleBook = rule_book("1", rules)
    held = standing(rows)
    known = OnRecord(rows, held, spans(book, held, Employment()), terms(book, held, Employment()), NAMES)
    points = points_of(entry_of(known, number), known, days)
    found = {point.name or point.code: str(point.state) for point in points}
    assert complies(points) == (set(found.values()) == {"ok"})
    return found


def _rule(**attrs: Any) -> BookItem:
    return BookItem(code="r1", ru="Правило", attrs={"when": "needed", "effect": "ask", "basis": "приказ 1"} | attrs)


def test_a_book_with_all_points_complies() -> None:
    assert _states(BOOK, EXAM, SHOT) == {"book": "ok", "examination": "ok", "vaccination": "ok"}


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"valid_until": TODAY}, "ok"),
        ({"valid_until": TODAY - DAY}, "over"),
        ({"valid_until": None}, "no_term"),
        ({"at": TODAY + DAY}, "not_yet"),
        ({"state": "not_confirmed"}, "not_in_force"),
        ({"finding": "unfit"}, "not_in_force"),
    ],
)
def test_a_book_has_to_be_in_force(change: dict[str, Any], state: str) -> None:
    assert _states(replace(BOOK, **change), EXAM, SHOT)["book"] == state


def test_an_end_at_midnight_has_come_where_it_has_come_first() -> None:
    ends = replace(BOOK, valid_until=TODAY)
    assert _states(ends, EXAM, SHOT, days=Days(TODAY - DAY, TODAY))["book"] == "ok"
    assert _states(ends, EXAM, SHOT, days=Days(TODAY, TODAY + DAY))["book"] == "over"
    begins = replace(BOOK, at=TODAY)
    assert _states(begins, EXAM, SHOT, days=Days(TODAY - DAY, TODAY))["book"] == "not_yet"


def test_what_is_not_on_record_is_missing() -> None:
    assert _states(BOOK) == {"book": "ok", "examination": "missing", "vaccination": "missing"}
    assert _states(EXAM, SHOT, number="")["book"] == "missing"


def test_an_old_book_is_replaced_and_a_renewed_one_of_the_same_number_is_not() -> None:
    newer = replace(BOOK, ground_id="new", number="77-01-000000-26", at=TODAY - 10 * DAY)
    assert _states(BOOK, newer, EXAM, SHOT)["book"] == "replaced"
    renewed = replace(newer, number=BOOK.number)
    assert _states(BOOK, renewed, EXAM, SHOT)["book"] == "ok"


def test_registers_that_contradict_each_other_do_not_comply() -> None:
    other = replace(BOOK, ground_id="other", source="Другой реестр", state="not_confirmed")
    assert _states(BOOK, other, EXAM, SHOT)["book"] == "not_in_force"
    unfit = replace(EXAM, ground_id="unfit", source="Другое ЛПУ", finding="unfit")
    assert _states(BOOK, EXAM, unfit, SHOT)["examination"] == "not_in_force"
    long_ago = replace(unfit, at=TODAY - 500 * DAY, valid_until=TODAY - 100 * DAY)
    assert _states(BOOK, EXAM, long_ago, SHOT)["examination"] == "ok"


def test_each_infection_needs_an_entry_that_is_not_over() -> None:
    flu = Row("flu", kind="vaccination", vaccine="influenza", valid_until=TODAY - DAY)
    assert _states(BOOK, EXAM, SHOT, flu)["vaccination"] == "over"
    again = replace(flu, ground_id="flu2", at=TODAY - DAY, valid_until=TODAY + 300 * DAY)
    assert _states(BOOK, EXAM, SHOT, flu, again)["vaccination"] == "ok"


def test_published_rules_add_what_they_need_and_give_terms() -> None:
    passport = _rule(kind="sanitary_passport")
    assert _states(BOOK, EXAM, SHOT, rules=(passport,))["Санитарный паспорт"] == "missing"
    held = Row("p", kind="sanitary_passport", valid_until=TODAY + DAY)
    assert _states(BOOK, EXAM, SHOT, held, rules=(passport,))["Санитарный паспорт"] == "ok"
    flu = _rule(kind="vaccination", vaccine="influenza")
    assert _states(BOOK, EXAM, SHOT, rules=(flu,))["vaccination"] == "missing"
    endless = replace(BOOK, valid_until=None)
    year = _rule(kind="medical_book", term_days=365)
    assert _states(endless, EXAM, SHOT, rules=(year,))["book"] == "ok"
    assert _states(replace(endless, at=TODAY - 400 * DAY), EXAM, SHOT, rules=(year,))["book"] == "over"
    nobody_knows = _rule(kind="sanitary_passport", okved=["49"])
    assert _states(BOOK, EXAM, SHOT, rules=(nobody_knows,))["Санитарный паспорт"] == "not_certain"
