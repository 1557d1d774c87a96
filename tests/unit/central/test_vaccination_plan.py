"""Which vaccinations are due: by the intervals of the book, and by nothing else."""

from datetime import date
from typing import Any

import pytest

from central.books.catalogue import shipped
from central.core.vaccination_plan import Planned, is_unconfirmed, months_after, vaccination_plan
from sync.contract.books import BookItem
from tests.unit.central.test_ground_effects import DAY, TODAY, Row


def _shot(ground_id: str, days_ago: int, vaccine: str = "measles", **changes: Any) -> Row:
    return Row(ground_id, kind="vaccination", vaccine=vaccine, at=TODAY - days_ago * DAY, **changes)


def _items(**attrs: Any) -> dict[str, BookItem]:
    return {"measles": BookItem(code="measles", ru="Корь", attrs=attrs)}


def _one(*rows: Row, needed: tuple[str, ...] = (), **attrs: Any) -> Planned:
    (found,) = vaccination_plan(rows, _items(**attrs), needed, TODAY)
    return found


def test_a_course_of_two_asks_for_the_second_after_its_interval() -> None:
    first = _one(_shot("a", 10), doses=2, interval_days=90)
    assert (first.entries, first.next_on, first.state) == (1, TODAY + 80 * DAY, "held")
    assert _one(_shot("a", 70), doses=2, interval_days=90).state == "soon"
    assert _one(_shot("a", 90), doses=2, interval_days=90).state == "due"
    whole = _one(_shot("a", 200), _shot("b", 100), doses=2, interval_days=90)
    assert (whole.entries, whole.next_on, whole.state) == (2, None, "held")


def test_an_interval_that_nobody_compared_with_the_act_is_said_to_be_so() -> None:
    assert _one(_shot("a", 10), doses=2, interval_days=90).unconfirmed
    assert not _one(_shot("a", 10), doses=2, interval_days=90, compared_with="ред. 2026").unconfirmed
    assert not _one(_shot("a", 10, valid_until=TODAY + 80 * DAY), doses=1, again_months=12).unconfirmed, (
        "the entry says it"
    )
    assert not _one(_shot("a", 10), doses=1).unconfirmed, "nothing is due"
    assert {item.code for item in shipped("vaccines").items if is_unconfirmed(item)} == {
        *("influenza", "diphtheria_tetanus", "measles", "rubella", "hepatitis_b")
    }


def test_one_that_came_too_early_counts_as_none_and_is_marked() -> None:
    plan = _one(_shot("a", 100), _shot("b", 99), doses=2, interval_days=90)
    assert (plan.entries, plan.too_early, plan.state) == (1, frozenset({"b"}), "due")


def test_a_repeat_is_due_after_its_months_and_an_end_of_the_entry_comes_first() -> None:
    assert _one(_shot("a", 400), doses=1, again_months=12).state == "due"
    assert _one(_shot("a", 10), doses=1, again_months=12).next_on == months_after(TODAY - 10 * DAY, 12)
    own = _one(_shot("a", 10, valid_until=TODAY + 5 * DAY), doses=1, again_months=12)
    assert (own.next_on, own.state) == (TODAY + 5 * DAY, "soon")


def test_where_the_book_says_nothing_nothing_is_due() -> None:
    assert _one(_shot("a", 9000)).next_on is None
    assert _one(_shot("a", 9000), doses=True, again_months="12").next_on is None


def test_what_a_rule_needs_and_nobody_gave_is_missing() -> None:
    assert _one(needed=("measles",)).state == "missing"
    assert vaccination_plan([], _items(), (), TODAY) == []


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 12, 1), 120, date(2036, 12, 1)),
        (date(9999, 1, 1), 12, date.max),
    ],
)
def test_months_end_where_the_shorter_month_ends(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_the_book_that_ships_has_the_intervals_of_adults() -> None:
    book = shipped("vaccines")
    assert book is not None
    attrs = {item.code: item.attrs for item in book.items}
    assert attrs["diphtheria_tetanus"]["again_months"] == 120
    assert attrs["influenza"]["again_months"] == 12
    assert attrs["measles"] == {"doses": 2, "interval_days": 90, "basis": "приказ № 1122н, приложение 1"}
