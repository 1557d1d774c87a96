"""The page that binds a terminal to employers: what it takes, what it refuses, what stays in the log."""

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from central.core.rights import Role
from central.store import terminal_employers
from central.store.audit import audit
from central.store.engine import reading
from tests.console_centre import Browser, ConsoleCentre
from tests.waiting import until

PAGE = "/fleet/terminals/kiosk-1/employers"


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("admin", unlock=False)


def _bound(centre: ConsoleCentre) -> list[str] | None:
    with reading(centre.engine) as connection:
        return terminal_employers.of_terminal(connection, "kiosk-1")


def test_a_terminal_is_bound_shown_and_freed_again(centre: ConsoleCentre, admin: Browser) -> None:
    first = centre.people.employers[0]
    assert PAGE in admin.get("/fleet").text
    assert admin.post(PAGE, {"scope": "some", "employer": first}, page=PAGE).status_code == 303
    assert _bound(centre) == [first]
    assert f'value="{first}" checked' in admin.get(PAGE).text
    assert "только: " in admin.get("/fleet").text
    assert admin.post(PAGE, {"scope": "all"}, page=PAGE).status_code == 303
    assert _bound(centre) is None
    with reading(centre.engine) as connection:
        rows = connection.execute(select(audit.c.detail).where(audit.c.action == "terminal.bind")).scalars().all()
    assert rows == [{"before": "all", "after": [first]}, {"before": [first], "after": "all"}]


def test_nothing_chosen_opens_nothing(centre: ConsoleCentre, admin: Browser) -> None:
    first = centre.people.employers[0]
    admin.post(PAGE, {"scope": "some", "employer": first}, page=PAGE)
    for fields in ({}, {"scope": "some"}, {"scope": "some", "employer": "01a20219-4ef4-77d4-b34d-eba49876e986"}):
        assert admin.post(PAGE, fields, page=PAGE).status_code == 422
        assert _bound(centre) == [first]


def test_nobody_else_binds(admin: Browser, zoya: Browser) -> None:
    assert zoya.get(PAGE).status_code == 403
    assert admin.get("/fleet/terminals/stranger/employers").status_code == 404


def test_an_exam_of_somebody_of_another_employer_is_kept_and_marked(
    centre: ConsoleCentre, zoya: Browser, admin: Browser
) -> None:
    """A terminal was bound, or bound otherwise, while somebody stood before it: the record is never lost, and the medic is told."""
    exam_id = centre.exam("1001")
    marked = ("другой работодатель", "Терминал обслуживает других работодателей")
    for employers, is_marked in (((1,), True), ((0, 1), False), ((), False), ((1,), True)):
        chosen = [centre.people.employers[place] for place in employers]
        fields = {"scope": "some", "employer": chosen} if chosen else {"scope": "all"}
        assert admin.post(PAGE, fields, page=PAGE).status_code == 303
        wanted = is_marked
        assert until(lambda: (marked[0] in zoya.get("/queue").text) == wanted)  # noqa: B023 - waited for here
        assert (marked[1] in zoya.get(f"/exams/{exam_id}").text) == is_marked
    assert zoya.decide(exam_id, outcome="admitted", visual_skin="normal", visual_mucous="normal").status_code in {
        303,
        422,
    }
