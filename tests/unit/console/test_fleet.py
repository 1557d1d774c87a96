"""The fleet page of a large fleet: counted, narrowed, in pages, and forms that leave people where they were."""

import contextlib
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, update

from central.console.routes.fleet import ROWS
from central.core.rights import Role
from central.store.engine import writing
from central.store.terminals import device, get_terminal, terminal
from tests.console_centre import Browser, ConsoleCentre

COUNT = 2 * ROWS + 7
_NAME = re.compile(r"<td><b>([^<]+)</b>")


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The administrator's browser, at a centre of a hundred terminals; `kiosk-1` is not online."""
    now = centre.now()
    with writing(centre.engine) as connection:
        like = dict(get_terminal(connection, "kiosk-1") or {})
        connection.execute(update(terminal).values(link="offline", name="Я последний"))
        rows = [
            like | {"terminal_id": f"depot-{number:03}", "name": f"Депо {number:03}", "link": "online"}
            for number in range(1, COUNT)
        ]
        connection.execute(insert(terminal), rows)
        for number, changes in ((5, {"state": "fault"}), (6, {"verified_until": now.date().isoformat()})):
            values = {
                "terminal_id": f"depot-{number:03}",
                "device_id": "nibp",
                "measures": "blood_pressure",
                "maker": "Проба",
                "model": "Т-1",
                "state": "ready",
                "reason": "",
                "last_seen": now,
            }
            connection.execute(insert(device).values(values | changes))
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("admin", unlock=False)


def _shown(browser: Browser, query: str = "") -> list[str]:
    return _NAME.findall(browser.get(f"/fleet{query}").text)


def test_every_terminal_is_on_one_page_and_those_in_need_lead(admin: Browser) -> None:
    pages = [_shown(admin, f"?page={number}") for number in (1, 2, 3)]
    assert [len(names) for names in pages] == [ROWS, ROWS, 7]
    assert pages[0][:3] == ["Депо 005", "Я последний", "Депо 001"]
    assert len({name for names in pages for name in names}) == COUNT
    for odd in ("99", "0", "-1", "x", "9" * 5000, "٣"):  # digits of another script among them
        assert len(_shown(admin, f"?page={odd}")) in (7, ROWS)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?show=attention", ["Депо 005", "Я последний"]),
        ("?show=silent", ["Я последний"]),
        ("?show=verification", ["Депо 006"]),
        ("?q=ДЕПО 03&show=all", [f"Депо 03{digit}" for digit in range(10)]),
        ("?q=depot-031", ["Депо 031"]),
        ("?q=депо&show=silent", []),
        ("?q=%25", []),
        ("?q=<script>", []),
    ],
)
def test_the_list_can_be_narrowed(admin: Browser, query: str, names: list[str]) -> None:
    assert _shown(admin, query) == names


def test_counts_stand_at_the_choices_and_an_empty_list_says_why(admin: Browser) -> None:
    page = admin.get("/fleet?q=никто").text
    for words in (f"Все терминалы: {COUNT}", "Требуют внимания: 2", "Без связи: 1", "Кончается поверка: 1"):
        assert words in page
    assert "Таких терминалов нет" in page
    assert "Не подключены" not in page  # nothing to choose there


def test_forms_answer_with_the_same_part_of_the_fleet(admin: Browser) -> None:
    query = "?q=%D0%B4%D0%B5%D0%BF%D0%BE&page=2"
    wrong = admin.post(f"/fleet/terminals/depot-060/revoke{query}", {"confirm": "x"}, page=f"/fleet{query}")
    assert wrong.status_code == 422
    assert _NAME.findall(wrong.text) == _shown(admin, query)
    assert f"/fleet/terminals/depot-060/code{query}".replace("&", "&amp;") in wrong.text


def test_last_exam_is_the_newest_that_arrived_when_no_report_says_more(centre: ConsoleCentre, admin: Browser) -> None:
    def last_exam() -> str:
        (row,) = re.findall(r"<td><b>Я последний.*?</tr>", admin.get("/fleet?q=kiosk-1").text, re.DOTALL)
        return re.findall(r'<td class="nowrap">(—|\d[^<]*)</td><td class="num">', row)[-1]

    assert last_exam() == "—"
    centre.exam()
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d", last_exam())
