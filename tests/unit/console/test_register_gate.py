"""The gate before signing: organisation and medic must stand in the federal registers, and the page says what is missing."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from central.core.days import day_of
from central.core.rights import Role
from central.deciding.medics import register_faults, register_warnings
from central.store import decisions, medic_records, medics, registry
from central.store.engine import reading, writing
from central.store.medic_records import Employment
from central.store.medics import MedicEntry
from dopusk.commands.central_group import app as command
from dopusk.lab.demo.sample_people import OID, ORG
from tests.console_centre import PASSPHRASE, Browser, ConsoleCentre

SNILS, OTHER_SNILS = "112-233-445 95", "087-654-303 00"


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The senior medic's browser."""
    centre.add_account("glavny", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("glavny", unlock=False)


@pytest.fixture
def administrator(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The administrator's browser."""
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("admin", unlock=False)


def _entry(centre: ConsoleCentre) -> MedicEntry:
    with reading(centre.engine) as connection:
        (one,) = medics.of_organisations(connection, (ORG,))
    return one


def _set(centre: ConsoleCentre, table: Any, **values: Any) -> None:
    with writing(centre.engine) as connection:
        connection.execute(update(table).values(**values))


def _fields(browser: Browser, page: str, **changes: str) -> dict[str, str]:
    """What stands in the form of an entry, with changes."""
    text = browser.get(page).text
    form = text[text.index(f'action="{page}"') :]
    seen = form.split('name="seen" value="')[1].split('"')[0]
    kept = {}
    for part in form.split("<label id=")[1:]:
        name = part.split('name="')[1].split('"')[0]
        if "<select" in part.split("</label>")[0]:
            chosen = part.split("</label>")[0].split(" selected")[0].rsplit('value="', 1)
            kept[name] = chosen[1].split('"')[0] if " selected" in part.split("</label>")[0] else ""
        elif "<textarea" in part.split("</label>")[0]:
            kept[name] = part.split(">", 3)[3].split("<")[0] if False else ""
        else:
            kept[name] = part.split('value="')[1].split('"')[0]
    return kept | {"seen": seen} | changes


def test_without_oid_and_snils_nothing_is_signed_and_the_pages_say_how_to_mend_it(
    centre: ConsoleCentre, zoya: Browser, senior: Browser, administrator: Browser
) -> None:
    _set(centre, registry.organisation, oid=None)
    _set(centre, medics.medic, snils_hmac=None, snils_sealed=None)
    exam_id = centre.exam()
    answer = zoya.decide(exam_id, outcome="admitted")
    assert answer.status_code == 403
    for shown in (answer.text, zoya.get(f"/exams/{exam_id}").text, zoya.get("/signature").text):
        assert "нет OID" in shown
        assert "Исправит администратор" in shown
        assert f'href="/registers/organisations/{ORG}"' in shown
        assert "нет СНИЛС" in shown
        assert "Исправит старший медработник" in shown
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, exam_id) == []

    page = f"/registers/organisations/{ORG}"
    assert administrator.post(page, _fields(administrator, page, oid=OID), page=page).status_code == 303
    page = f"/registers/medics/{_entry(centre).medic_id}"
    assert senior.post(page, _fields(senior, page, snils=SNILS), page=page).status_code == 303
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    assert SNILS not in senior.get(page).text


def test_a_medic_is_not_entered_before_the_organisation_has_an_oid(centre: ConsoleCentre, senior: Browser) -> None:
    _set(centre, registry.organisation, oid=None)
    assert f'href="/registers/organisations/{ORG}"' in senior.get("/registers/medics/new").text
    fields = {"full_name": "Бережной Фома Лукич", "position": "фельдшер", "snils": OTHER_SNILS}
    keys = {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}
    answer = senior.post("/registers/medics/new", fields | keys)
    assert answer.status_code == 422
    assert "сначала внесите OID" in answer.text
    words = ["register", "medic", "--org", ORG, "--full-name", "Бережной Фома", "--position", "фельдшер"]
    words += ["--accreditation-until", "2030-01-01", "--training-hours", "36", "--training-at", "2025-01-01"]
    words += ["--federal-register-at", "2025-01-01", "--passphrase-stdin", "-c", str(centre.folder / "central.toml")]
    done = CliRunner().invoke(command, words, input=f"{PASSPHRASE}\n")
    assert done.exit_code == 1
    assert "--oid" in done.output
    assert len({_entry(centre).medic_id}) == 1

    _set(centre, registry.organisation, oid=OID)
    assert senior.post("/registers/medics/new", fields | keys).status_code == 303


@pytest.mark.parametrize(
    ("snils", "words"), [("112-233-445 94", "контрольное число"), (SNILS, "за другим медработником")]
)
def test_a_wrong_snils_and_that_of_somebody_else_are_refused_at_the_field(
    centre: ConsoleCentre, senior: Browser, snils: str, words: str
) -> None:
    page = f"/registers/medics/{_entry(centre).medic_id}"
    assert senior.post(page, _fields(senior, page, snils=SNILS), page=page).status_code == 303
    fields = {"full_name": "Бережной Фома Лукич", "position": "фельдшер", "snils": snils}
    answer = senior.post("/registers/medics/new", fields | {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE})
    assert answer.status_code == 422
    assert words in answer.text
    assert snils not in answer.text.replace(f'value="{snils}"', "")


def test_an_entry_that_was_seen_too_long_ago_forbids_and_is_warned_of(centre: ConsoleCentre) -> None:
    owner = {"org": ORG, "licence": "Л041", "licence_until": None, "oid": OID}
    entry, now = _entry(centre), centre.now()
    today = day_of(now)

    def at(days: int) -> MedicEntry:
        return replace(entry, federal_register_at=today - timedelta(days=days))

    assert register_faults(at(30), owner, now) == []
    assert register_faults(at(31), owner, now) == ["register_stale"]
    assert register_faults(at(31), owner, now, frmr_valid_days=31) == []
    assert [bool(register_warnings(at(days), now)) for days in (23, 24, 30, 31)] == [False, True, True, False]
    checked = replace(at(200), frmr_checked_at=today)
    assert register_faults(checked, owner, now) == []
    gone = replace(at(1), left_frmr_at=today)
    assert register_faults(gone, owner, now) == ["left_federal_register"]
    assert register_faults(replace(gone, federal_register_at=today + timedelta(days=1)), owner, now) == []


def test_who_is_dismissed_gets_409_in_the_open_session_and_earlier_signatures_stay(
    centre: ConsoleCentre, zoya: Browser
) -> None:
    before, after = centre.exam(), centre.exam("1002")
    assert zoya.decide(before, outcome="admitted").status_code == 303
    today = day_of(centre.now())
    hired = Employment(OID, "Медпункт «Заря»", "фельдшер", today - timedelta(days=900))
    with writing(centre.engine) as connection:
        medic_records.add(connection, _entry(centre).medic_id, [hired], "файл", centre.now())
    owner = {"org": ORG, "licence": "Л041", "licence_until": None, "oid": OID}
    assert register_faults(_entry(centre), owner, centre.now(), frmr_valid_days=3650) == []
    with writing(centre.engine) as connection:
        left = replace(hired, until=today - timedelta(days=1))
        assert medic_records.add(connection, _entry(centre).medic_id, [left], "файл", centre.now()) == 1
        assert medic_records.add(connection, _entry(centre).medic_id, [left], "файл", centre.now()) == 0
    answer = zoya.decide(after, outcome="admitted")
    assert answer.status_code == 409
    assert "нет в реестре" in answer.text
    with reading(centre.engine) as connection:
        assert decisions.of_exam(connection, after) == []
        assert len(decisions.of_exam(connection, before)) == 1
        rows = connection.execute(select(medic_records.medic_employment)).all()
    assert len(rows) == 2
    assert "подпись верна" in zoya.get(f"/exams/{before}").text
