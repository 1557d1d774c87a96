"""Limits: set with a basis, kept with their history, sent to the terminals."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from central.core.rights import Role
from central.exchange.rosters import Rosters
from central.store import limits
from central.store.accounts import account
from central.store.engine import reading, writing
from central.store.outgoing import centre_outbox
from sync.contract.envelope import open_sealed
from tests.central_store import answer_rosters
from tests.console_centre import Browser, ConsoleCentre


@pytest.fixture
def senior(centre: ConsoleCentre, zoya: Browser) -> Browser:
    with writing(centre.engine) as connection:
        connection.execute(update(account).values(role=str(Role.SENIOR_MEDIC)))
    return zoya


def _wish(**changes: str) -> dict[str, str]:
    return {
        "scope": "organisation",
        "parameter": "systolic_mmhg",
        "low": "95",
        "high": "135,5",
        "basis": "Приказ № 7",
        "action": "save",
    } | changes


def _set(browser: Browser, **changes: str) -> httpx.Response:
    """Look at what would change, then set it."""
    seen = browser.post("/limits", _wish(**changes) | {"action": "preview"}).text
    mark = seen.split('name="previewed" value="')[1].split('"')[0]
    return browser.post("/limits", _wish(**changes) | {"previewed": mark})


def _spread(centre: ConsoleCentre) -> None:
    answer_rosters(centre.engine)
    Rosters(centre.engine, centre.outgoing).work()


def _sent(centre: ConsoleCentre, kind: str) -> dict[str, Any]:
    with reading(centre.engine) as connection:
        query = select(centre_outbox.c.wire).where(centre_outbox.c.kind == kind).order_by(centre_outbox.c.seq)
        wire = connection.execute(query).scalars().all()[-1]
    return open_sealed(wire, centre.terminal.centre_key).payload


def test_limit_of_the_organisation_goes_down_with_all_defaults(centre: ConsoleCentre, senior: Browser) -> None:
    assert _set(senior).status_code == 303
    book = _sent(centre, "reference")
    assert book["name"] == "limits"
    mine = [entry for entry in book["content"]["entries"] if entry["source"] == "organisation"]
    assert [(entry["low"], entry["high"], entry["basis"]) for entry in mine] == [(95, 135.5, "Приказ № 7")]
    assert {entry["parameter"] for entry in book["content"]["entries"] if entry["source"] == "default"} >= {
        "temperature_celsius",
        "breath_alcohol_mg_per_l",
    }
    _set(senior, high="138")
    mine = [entry for entry in _sent(centre, "reference")["content"]["entries"] if entry["source"] == "organisation"]
    assert [entry["high"] for entry in mine] == [138]
    page = senior.get("/limits").text
    assert "95–135,5" in page.split("Прежние нормы")[1]


def test_limit_of_a_worker_goes_down_with_the_roster(centre: ConsoleCentre, senior: Browser) -> None:
    for high in ("150", "155"):
        assert _set(senior, scope="worker", personnel_number="1003", high=high).status_code == 303
    _spread(centre)
    workers = {item["personnel_number"]: item for item in _sent(centre, "roster")["workers"]}
    assert [entry["high"] for entry in workers["1003"]["limits"]] == [155]
    assert workers["1001"]["limits"] == []


def test_limit_of_an_employer_reaches_its_workers_only(centre: ConsoleCentre, senior: Browser) -> None:
    employer = centre.people.employers[1]
    assert _set(senior, scope=f"employer:{employer}").status_code == 303
    _spread(centre)
    workers = _sent(centre, "roster")["workers"]
    assert {item["employer_id"] for item in workers if item["limits"]} == {employer}


def test_preview_counts_the_last_month_and_changes_nothing(centre: ConsoleCentre, senior: Browser) -> None:
    centre.exam("1001", systolic_mmhg=137)
    centre.exam("1002", systolic_mmhg=120)
    centre.exam("1003", systolic_mmhg=150)
    answer = senior.post("/limits", _wish(action="preview"))
    assert "осмотров с этим измерением 3; стали бы вне нормы 1; перестали бы быть вне нормы 0" in answer.text
    wider = senior.post("/limits", _wish(action="preview", high="160"))
    assert "стали бы вне нормы 0; перестали бы быть вне нормы 1" in wider.text
    with reading(centre.engine) as connection:
        assert not connection.execute(select(centre_outbox).where(centre_outbox.c.kind == "reference")).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"basis": ""}, "Основание"),
        ({"low": "150"}, "ниже нижней"),
        ({"high": "999"}, "такого не бывает"),
        ({"high": "много"}, "это не число"),
        ({"low": "", "high": ""}, "заполните"),
        ({"valid_until": "2020-01-01"}, "уже прошёл"),
        ({"scope": "worker", "personnel_number": "0"}, "такого работника нет"),
        ({"parameter": "mood"}, "Показатель"),
    ],
)
def test_bad_limit_is_said_at_its_field(senior: Browser, changes: dict[str, str], said: str) -> None:
    answer = senior.post("/limits", _wish(**changes))
    assert answer.status_code == 422
    assert said in answer.text


def test_medic_sees_limits_and_does_not_set_them(zoya: Browser) -> None:
    assert zoya.get("/limits").status_code == 200
    assert zoya.post("/limits", _wish(), page="/queue").status_code == 403


def test_preview_leaves_those_with_a_closer_limit_alone_and_names_the_others(
    centre: ConsoleCentre, senior: Browser
) -> None:
    changed = centre.exam("1001", systolic_mmhg=138)
    own_norm = centre.payload("1003", systolic_mmhg=138)
    own_norm["limits"][0] |= {"high": 150, "source": "worker"}
    closer = centre.receive(own_norm)
    page = senior.post("/limits", _wish(action="preview", high="135")).text
    assert f'href="/exams/{changed}"' in page
    assert f'href="/exams/{closer}"' not in page
    assert "стали бы вне нормы 1;" in page
    assert "судили 1: для них ничего не изменилось бы" in page


def test_fault_of_a_limit_stands_at_its_field(senior: Browser) -> None:
    page = senior.post("/limits", _wish(action="preview", high="eighty", basis="")).text
    high = page.split('name="high"')[1].split("</label>")[0]
    assert 'aria-invalid="true"' in high
    assert "это не число" in high
    assert "заполните" in page.split('name="basis"')[1].split("</label>")[0]


def test_what_is_set_is_what_was_looked_at(centre: ConsoleCentre, senior: Browser) -> None:
    centre.exam("1001", systolic_mmhg=137)
    seen = senior.post("/limits", _wish(action="preview", high="160")).text
    mark = seen.split('name="previewed" value="')[1].split('"')[0]
    for previewed in (mark, ""):
        other = senior.post("/limits", _wish(high="135") | {"previewed": previewed})
        assert other.status_code == 409
        assert "Вот что изменилось бы" in other.text
        assert "стали бы вне нормы 1" in other.text
    with reading(centre.engine) as connection:
        assert not limits.of_organisation(connection, "zarya")
    fresh = other.text.split('name="previewed" value="')[1].split('"')[0]
    assert senior.post("/limits", _wish(high="135") | {"previewed": fresh}).status_code == 303
