"""The order of lists: as people count and read, in the address, filters kept, what is empty last."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.core.ordering import Order, ordered
from central.core.rights import Role
from central.store import audit
from central.store.engine import writing
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre

_NUMBERS = re.compile(r"<tr><td>(\d+)</td>")
_SORT = re.compile(r'aria-sort="(\w+)"><a class="sort" href="([^"]+)">([^<]+?) <')


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("admin", unlock=False)


@pytest.mark.parametrize(
    ("words", "upwards"),
    [
        (["10", "9", "2", "1"], ["1", "2", "9", "10"]),
        (["Ёлкин", "Жуков", "Егоров"], ["Егоров", "Ёлкин", "Жуков"]),
        (["б", "А", "в"], ["А", "б", "в"]),
        (["Депо 10", "Депо 2"], ["Депо 2", "Депо 10"]),
    ],
)
def test_lists_stand_as_people_count(words: list[str], upwards: list[str]) -> None:
    keys = {"name": str}
    assert ordered(words, Order("name"), keys) == upwards
    assert ordered(words, Order("name", is_descending=True), keys) == upwards[::-1]


@given(st.lists(st.one_of(st.none(), st.text()), max_size=20), st.booleans())
def test_nothing_is_lost_and_what_is_empty_comes_last(values: list[str | None], is_descending: bool) -> None:
    found = ordered(values, Order("it", is_descending), {"it": lambda value: value})
    assert sorted(map(repr, found)) == sorted(map(repr, values))
    empty = [not value for value in found]
    assert empty == sorted(empty)


def test_equal_rows_stay_as_they_came() -> None:
    rows: list[tuple[str, int]] = [("a", 1), ("b", 2), ("a", 3)]
    keys: dict[str, Any] = {"name": lambda row: row[0]}
    assert ordered(rows, Order("name"), keys) == [("a", 1), ("a", 3), ("b", 2)]
    assert ordered(rows, Order("name", is_descending=True), keys) == [("b", 2), ("a", 1), ("a", 3)]
    assert ordered(rows, Order("nothing"), keys) == rows


def test_the_register_of_workers_is_sorted_by_the_store_and_keeps_its_filters(admin: Browser) -> None:
    page = admin.get("/registers/workers?sort=personnel_number").text
    numbers = [int(number) for number in _NUMBERS.findall(page)]
    assert len(numbers) > 5
    assert numbers == sorted(numbers)
    turned = admin.get("/registers/workers?sort=-personnel_number").text
    assert [int(number) for number in _NUMBERS.findall(turned)] == numbers[::-1]

    headings = {words: (state, href) for state, href, words in _SORT.findall(page)}
    assert headings["Табельный №"] == ("ascending", "/registers/workers?sort=-personnel_number")
    for state, href in headings.values():
        assert admin.get(href.replace("&amp;", "&")).status_code == 200
        assert state in {"ascending", "none"}

    # A search keeps the order, a new order keeps the search.
    found = admin.post("/registers/workers", {"q": "а", "sort": "-personnel_number"}, page="/registers/workers")
    place = found.headers["location"]
    assert "sort=-personnel_number" in place
    assert "sought=" in place
    shown = admin.get(place).text
    assert all("sought=" in href for _state, href, _words in _SORT.findall(shown))
    assert 'name="sort" value="-personnel_number"' in shown


def test_an_unknown_order_is_passed_over(admin: Browser) -> None:
    usual = _NUMBERS.findall(admin.get("/registers/workers").text)
    for words in ("nothing", "-", "--full_name", "snils_hmac", "'; drop table worker", "%00", "я" * 3000):
        answer = admin.get("/registers/workers", params={"sort": words})
        assert answer.status_code == 200, words
        assert _NUMBERS.findall(answer.text) == usual, words


def test_a_log_is_read_from_its_beginning_in_pages(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("sova", Role.AUDITOR)
    with writing(centre.engine) as connection:
        for number in range(230):
            at = centre.now() + timedelta(seconds=number // 3)
            audit.write(connection, at=at, account_id=None, address="", action="trial", subject=f"{number:03}", org=ORG)
    with contextlib.closing(Browser(address).log_in("sova", unlock=False)) as auditor:
        found: dict[str, list[str]] = {}
        for order in ("at", "-at", ""):
            place = f"/audit?action=trial&sort={order}"
            found[order] = []
            while place:
                page = auditor.get(place).text
                found[order] += re.findall(r'<td class="code"><code>(\d+)</code></td>', page)
                onward = re.search(r'id="next" href="([^"]+)"', page)
                place = onward[1].replace("&amp;", "&") if onward else ""
    assert len(set(found["at"])) == 230
    assert found["at"] == found["-at"][::-1]
    assert found[""] == found["-at"]
    assert found["at"][0] in {"000", "001", "002"}
