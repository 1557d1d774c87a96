"""The person's page, transfers and likely doubles: what they do, what is undone, and who sees what."""

import json
import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from central.core.parties import Employer, Organisation, Worker
from central.core.rights import Role
from central.people.consents import Consents
from central.store import consents
from central.store.accounts import account
from central.store.engine import reading, writing
from central.store.persons import person_verdict
from central.store.register_changes import register_change
from central.store.registry import worker
from central.store.roster import entries
from dopusk.lab.demo.sample_people import ORG, PEOPLE, sample_snils
from tests.console_centre import Browser, ConsoleCentre

VETROV = PEOPLE[0]
TWINS = "/registers/persons/twins"


@pytest.fixture
def senior(centre: ConsoleCentre, zoya: Browser) -> Browser:
    """A senior medic, who keeps the registers."""
    with writing(centre.engine) as connection:
        connection.execute(update(account).values(role=str(Role.SENIOR_MEDIC)))
    return zoya


def _entry(centre: ConsoleCentre, worker_id: str) -> Any:
    with reading(centre.engine) as connection:
        return connection.execute(select(worker).where(worker.c.worker_id == worker_id)).one()


def _save(centre: ConsoleCentre, *workers: Worker) -> None:
    with writing(centre.engine) as connection:
        centre.registry.save_workers(connection, workers)


def _namesake(centre: ConsoleCentre, number: str, employer: int = 1, **values: Any) -> Worker:
    made = Worker(
        ORG,
        centre.people.employers[employer],
        number,
        "Двойкин Олег Ильич",
        "слесарь",
        birth_date=date(1980, 1, 2),
        **values,
    )
    _save(centre, made)
    return made


def _transfer(browser: Browser, worker_id: str, **fields: str) -> httpx.Response:
    path = f"/registers/workers/{worker_id}/transfer"
    return browser.post(path, {"personnel_number": "7", "position": "механик"} | fields, page=path)


def test_a_transfer_ends_one_employment_and_begins_another(centre: ConsoleCentre, senior: Browser) -> None:
    today = centre.now().astimezone().date()
    old, (_, second) = centre.people.workers["1001"], centre.people.employers
    assert "Перевести" in senior.get(f"/registers/workers/{old}").text
    answer = _transfer(senior, old, employer_id=second, since=str(today))
    assert answer.status_code == 303, answer.text
    new = str(answer.headers["location"]).split("?")[0].rsplit("/", 1)[1]
    before, after = _entry(centre, old), _entry(centre, new)
    assert (before.until, before.archived_at) == (today - timedelta(days=1), None)
    assert (after.since, after.until, after.personnel_number, after.position) == (today, None, "7", "механик")
    assert before.person_id == after.person_id
    assert (after.snils_hmac, after.birth_date, after.cards) == (before.snils_hmac, VETROV.birth_date, before.cards)
    page = senior.get(f"/persons/{after.person_id}").text
    assert page.count("АО «Вымышленный карьер»") >= 1
    assert "работает" in page
    assert "закончено" in page
    # Back to the beginning.
    path = f"/registers/workers/{new}/transfer"
    assert senior.post(f"{path}/undo", {}, page=path).status_code == 303
    before, after = _entry(centre, old), _entry(centre, new)
    assert before.until is None
    assert after.archived_at is not None
    with reading(centre.engine) as connection:
        told = connection.execute(select(register_change.c.entry_id, register_change.c.action)).all()
    assert sorted(row.action for row in told if row.entry_id == new) == ["archive", "create"]
    assert [row.action for row in told if row.entry_id == old] == ["change", "change"] or len(told) >= 4


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"since": ""}, "since", "заполните"),
        ({"since": "31.02.2026"}, "since", "не дата"),
        ({"since": "2020-01-01"}, "since", "позже первого дня"),
        ({"since": "2020-05-01"}, "since", "позже первого дня"),
        ({"employer_id": ""}, "employer_id", "заполните"),
        ({"employer_id": "first"}, "employer_id", "уже у этого"),
        ({"employer_id": "nobody"}, "employer_id", "выберите"),
        ({"personnel_number": ""}, "personnel_number", "заполните"),
        ({"personnel_number": "1003"}, "personnel_number", "Громов"),
        ({"position": ""}, "position", "заполните"),
    ],
)
def test_a_transfer_that_cannot_be_is_said_at_its_field(
    centre: ConsoleCentre, senior: Browser, fields: dict[str, str], field: str, said: str
) -> None:
    old, (first, second) = centre.people.workers["1001"], centre.people.employers
    with writing(centre.engine) as connection:
        connection.execute(update(worker).where(worker.c.worker_id == old).values(since=date(2020, 5, 1)))
    given = {"employer_id": second, "since": str(centre.now().date())} | fields
    if given["employer_id"] == "first":
        given["employer_id"] = first
    answer = _transfer(senior, old, **given)
    assert answer.status_code == 422
    assert said in answer.text.split(f'id="fault-{field}"')[1].split("</label>")[0]
    assert _entry(centre, old).until is None


def test_a_transfer_is_after_the_exams_and_stays_once_there_are_others(centre: ConsoleCentre, senior: Browser) -> None:
    today = centre.now().astimezone().date()
    old, (_, second) = centre.people.workers["1001"], centre.people.employers
    centre.exam("1001")
    answer = _transfer(senior, old, employer_id=second, since=str(today))
    assert "позже первого осмотра" in answer.text
    answer = _transfer(senior, old, employer_id=second, since=str(today + timedelta(days=1)))
    new = str(answer.headers["location"]).split("?")[0].rsplit("/", 1)[1]
    centre.people.workers["7"] = new
    centre.exam("7")
    path = f"/registers/workers/{new}/transfer"
    refused = senior.post(f"{path}/undo", {}, page=path)
    assert refused.status_code == 422
    assert "уже есть осмотры" in refused.text
    assert _entry(centre, new).archived_at is None


def test_doubles_are_offered_and_joined_by_a_medic_alone(centre: ConsoleCentre, senior: Browser) -> None:
    one, other = _namesake(centre, "501", 0, snils=sample_snils("5010")), _namesake(centre, "502", 1)
    _namesake(centre, "503", 0, snils=sample_snils("5030"), status="active")
    ids = [_entry(centre, item.worker_id).person_id for item in (one, other)]
    assert ids[0] != ids[1], "nobody is joined by themselves"
    page = senior.get(TWINS).text
    pairs = re.findall(r'name="person_id" value="([^"]+)"><input type="hidden" name="other_id" value="([^"]+)"', page)
    # Who has a number stays; two with numbers are two people.
    assert (ids[0], ids[1]) in pairs
    assert len(pairs) == 2
    fields = {"person_id": ids[0], "other_id": ids[1], "verdict": "joined", "reason": "Паспорт 501 и 502 совпадает"}
    assert senior.post(TWINS, fields | {"reason": ""}, page=TWINS).status_code == 422
    assert _entry(centre, other.worker_id).person_id == ids[1]
    assert senior.post(TWINS, fields | {"person_id": ids[1], "other_id": ids[0]}, page=TWINS).status_code == 404
    assert senior.post(TWINS, fields, page=TWINS).status_code == 303
    joined = _entry(centre, other.worker_id)
    assert (joined.person_id, joined.snils_hmac) == (ids[0], _entry(centre, one.worker_id).snils_hmac)
    for item in (one, other):
        card = senior.get(f"/registers/workers/{item.worker_id}").text
        assert "Паспорт 501 и 502 совпадает" in card
        assert "соединены" in card
    # Taken back: as it was.
    page = senior.get(TWINS).text
    verdict_id = re.findall(r'name="verdict_id" value="([^"]+)"', page)[0]
    undo = {"verdict_id": verdict_id, "reason": "Ошибка"}
    assert senior.post(f"{TWINS}/undo", undo | {"reason": " "}, page=TWINS).status_code == 422
    assert senior.post(f"{TWINS}/undo", undo, page=TWINS).status_code == 303
    apart = _entry(centre, other.worker_id)
    assert (apart.person_id, apart.snils_hmac) == (ids[1], None)
    # Kept apart they are offered no more, until that is taken back.
    assert senior.post(TWINS, fields | {"verdict": "apart"}, page=TWINS).status_code == 303
    assert f'value="{ids[0]}"><input type="hidden" name="other_id" value="{ids[1]}"' not in senior.get(TWINS).text
    assert _entry(centre, other.worker_id).person_id == ids[1]
    with reading(centre.engine) as connection:
        told = connection.execute(select(person_verdict.c.verdict, person_verdict.c.reason)).all()
    assert sorted(row.verdict for row in told) == ["apart", "joined", "undone"]


@pytest.mark.parametrize("role", [Role.MEDIC, Role.ADMINISTRATOR, Role.AUDITOR])
def test_nobody_but_a_senior_medic_joins(centre: ConsoleCentre, zoya: Browser, role: Role) -> None:
    one, other = _namesake(centre, "501", 0), _namesake(centre, "502", 1)
    with writing(centre.engine) as connection:
        connection.execute(update(account).values(role=str(role)))
    page = zoya.get(TWINS).text
    assert "Двойкин" in page
    assert 'name="verdict"' not in page
    ids = [_entry(centre, item.worker_id).person_id for item in (one, other)]
    fields = {"person_id": ids[0], "other_id": ids[1], "verdict": "joined", "reason": "да"}
    assert zoya.post(TWINS, fields, page=TWINS).status_code == 403
    assert _entry(centre, other.worker_id).person_id == ids[1]


def _elsewhere(centre: ConsoleCentre) -> Worker:
    """The same person with an employer of another organisation."""
    with writing(centre.engine) as connection:
        centre.registry.add_organisation(connection, Organisation("luch", "Медпункт «Луч»", ""))
        theirs = centre.registry.add_employer(connection, Employer("luch", "ООО «Чужое депо»"))
        made = Worker(
            "luch",
            theirs,
            "777555",
            VETROV.full_name,
            "тайный кладовщик",
            snils=sample_snils("1001"),
            birth_date=VETROV.birth_date,
        )
        centre.registry.save_workers(connection, [made])
    return made


def test_another_organisations_employment_is_seen_by_consent_alone(centre: ConsoleCentre, senior: Browser) -> None:
    theirs = _elsewhere(centre)
    own = centre.people.workers["1001"]
    person_id = _entry(centre, own).person_id
    assert _entry(centre, theirs.worker_id).person_id == person_id
    secrets = ("Чужое депо", "777555", "тайный кладовщик", "Луч")
    pages = ("/registers/workers", f"/registers/workers/{own}", f"/workers/{own}", f"/persons/{person_id}", TWINS)
    for path in (*pages, "/journal", "/queue", "/limits", "/consents", "/changes"):
        page = senior.get(path).text
        for secret in secrets:
            assert secret not in page, path
    for path in (f"/registers/workers/{theirs.worker_id}", f"/workers/{theirs.worker_id}"):
        assert senior.get(path).status_code == 404
        assert senior.get(f"{path}/transfer").status_code == 404
    with writing(centre.engine) as connection:
        give = Consents(centre.registry)
        day = centre.now().date()
        give.add_text(connection, ORG, "whole_record", "1", "Согласен", valid_from=day, author="a")
        given = give.give(
            connection, own, "whole_record", "1", given_on=day, means="paper", basis="папка 1", author="a"
        )
    page = senior.get(f"/persons/{person_id}").text
    assert "Чужое депо" in page
    assert "по согласию работника" in page
    assert f"/registers/workers/{theirs.worker_id}" not in page
    # Terminals know nothing of this kind, and it opens one page and nothing else.
    with reading(centre.engine) as connection:
        assert consents.in_force(connection, ORG) == {}
    assert "Чужое депо" not in senior.get(f"/registers/workers/{own}").text
    with writing(centre.engine) as connection:
        give.withdraw(connection, given, withdrawn_on=day, means="paper", basis="заявление", author="a")
    assert "Чужое депо" not in senior.get(f"/persons/{person_id}").text


def test_consents_are_the_persons_whichever_employer_sent_the_person(centre: ConsoleCentre, senior: Browser) -> None:
    second = Worker(
        ORG,
        centre.people.employers[1],
        "7",
        VETROV.full_name,
        "слесарь",
        snils=sample_snils("1001"),
        birth_date=VETROV.birth_date,
    )
    _save(centre, second)
    own, day = centre.people.workers["1001"], centre.now().date()
    with writing(centre.engine) as connection:
        give = Consents(centre.registry)
        give.add_text(connection, ORG, "biometric_comparison", "1", "Согласен", valid_from=day, author="a")
        give.give(
            connection, own, "biometric_comparison", "1", given_on=day, means="paper", basis="папка 1", author="a"
        )
        assert set(consents.in_force(connection, ORG)) == {own, second.worker_id}
        assert consents.has_consent(connection, second.worker_id, "biometric_comparison")
        # Taken back at the other job: it was the purpose that was meant.
        [record] = consents.of_worker(connection, second.worker_id)
        give.withdraw(connection, record.consent_id, withdrawn_on=day, means="paper", basis="заявление", author="a")
        assert consents.in_force(connection, ORG) == {}
        assert not consents.has_consent(connection, own, "biometric_comparison")
    assert "отозвано" in senior.get(f"/persons/{_entry(centre, own).person_id}").text.lower()


def test_a_withdrawal_holds_when_two_turn_out_to_be_one(centre: ConsoleCentre, senior: Browser) -> None:
    one, other = _namesake(centre, "501", 0), _namesake(centre, "502", 1)
    day = centre.now().date()
    with writing(centre.engine) as connection:
        give = Consents(centre.registry)
        give.add_text(connection, ORG, "video", "1", "Согласен", valid_from=day, author="a")
        terms: dict[str, Any] = {"means": "paper", "basis": "папка 1", "author": "a"}
        give.give(connection, one.worker_id, "video", "1", given_on=day, **terms)
        ended = give.give(connection, other.worker_id, "video", "1", given_on=day, **terms)
        give.withdraw(connection, ended, withdrawn_on=day, **terms)
        assert set(consents.in_force(connection, ORG)) == {one.worker_id}
    ids = [_entry(centre, item.worker_id).person_id for item in (one, other)]
    fields = {"person_id": ids[0], "other_id": ids[1], "verdict": "joined", "reason": "один человек"}
    assert senior.post(TWINS, fields, page=TWINS).status_code == 303
    with reading(centre.engine) as connection:
        assert consents.in_force(connection, ORG) == {}
        assert not consents.has_consent(connection, one.worker_id, "video")


def test_a_personal_limit_goes_down_with_each_employment(centre: ConsoleCentre) -> None:
    second = Worker(ORG, centre.people.employers[1], "7", VETROV.full_name, "слесарь", snils=sample_snils("1001"))
    _save(centre, second)
    own, today = centre.people.workers["1001"], centre.now().astimezone().date()
    entry = {"parameter": "systolic_mmhg", "high": 150, "source": "worker"}
    with writing(centre.engine) as connection:
        for high in (150, 145):
            centre.registry.add_worker_limit(connection, own, entry | {"high": high}, author="zoya", basis="осмотр")
        ids = [own, second.worker_id, centre.people.workers["1002"]]
        lists = {
            one.worker_id: json.loads(one.body)["limits"]
            for one in entries(connection, ORG, ids, today).entries.values()
        }
    assert lists[own] == lists[second.worker_id] == [entry | {"high": 145}]
    assert all(not limits for worker_id, limits in lists.items() if worker_id not in {own, second.worker_id})


def _contacts(browser: Browser, person_id: str, **fields: str) -> httpx.Response:
    return browser.post(f"/persons/{person_id}/contacts", fields, page=f"/persons/{person_id}")


def test_telephone_and_e_mail_are_sealed_and_shown_to_who_keeps_the_registers(
    centre: ConsoleCentre, senior: Browser, foma: Browser
) -> None:
    person_id = _entry(centre, centre.people.workers["1001"]).person_id
    answer = _contacts(senior, person_id, phone="8 (900) 123-45-67", email="vetrov@romashka.example")
    assert answer.status_code == 303, answer.text
    page = senior.get(f"/persons/{person_id}").text
    assert 'value="+79001234567"' in page
    assert 'value="vetrov@romashka.example"' in page
    assert "+79001234567" not in foma.get(f"/persons/{person_id}").text, "a medic keeps no registers"
    assert _contacts(foma, person_id, phone="+79000000000").status_code == 403
    for suffix in ("", "-wal"):
        content = (centre.folder / f"central.db{suffix}").read_bytes()
        assert b"9001234567" not in content
        assert b"romashka.example" not in content
    with reading(centre.engine) as connection:
        fields = [row.fields for row in connection.execute(select(register_change)) if "phone" in row.fields]
    assert fields == [{"phone": [], "email": []}], "the history says that they changed, and not into what"
    assert _contacts(senior, person_id).status_code == 303
    assert "+79001234567" not in senior.get(f"/persons/{person_id}").text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"phone": "123"}, "phone"),
        ({"phone": "позвонить жене"}, "phone"),
        ({"phone": "+7 900"}, "phone"),
        ({"email": "vetrov"}, "email"),
        ({"email": "v@" + "r" * 200 + ".example"}, "email"),
    ],
)
def test_a_wrong_contact_is_said_at_its_field_and_nothing_is_kept(
    centre: ConsoleCentre, senior: Browser, fields: dict[str, str], field: str
) -> None:
    person_id = _entry(centre, centre.people.workers["1001"]).person_id
    answer = _contacts(senior, person_id, **({"phone": "+79001234567"} | fields))
    assert answer.status_code == 422
    assert f'id="fault-{field}"' in answer.text
    assert next(iter(fields.values())) in answer.text, "what was typed stays"
    assert "+79001234567" not in senior.get(f"/persons/{person_id}").text


def test_what_another_organisation_was_told_is_not_passed_on(centre: ConsoleCentre, senior: Browser) -> None:
    person_id = _entry(centre, centre.people.workers["1001"]).person_id
    assert _contacts(senior, person_id, phone="+79001234567").status_code == 303
    with writing(centre.engine) as connection:
        centre.registry.add_organisation(connection, Organisation("sosna", "Медпункт Сосна", "Л041-2"))
        firm = centre.registry.add_employer(connection, Employer("sosna", "ООО «Сосна»"))
        job = Worker(
            "sosna", firm, "1", VETROV.full_name, "сторож", birth_date=VETROV.birth_date, snils=sample_snils("1001")
        )
        centre.registry.save_workers(connection, [job])
    assert _entry(centre, job.worker_id).person_id == person_id
    assert "+79001234567" not in senior.get(f"/persons/{person_id}").text
    assert _contacts(senior, person_id, phone="+79007654321").status_code == 404
