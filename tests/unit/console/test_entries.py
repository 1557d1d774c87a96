"""Entries of the registers by hand: errors at the field, nothing half-saved, twins named, history kept, archive."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, select, update

from central.core.rights import Role
from central.store import instruments, medics, registry
from central.store.accounts import account, session
from central.store.audit import audit
from central.store.engine import reading, writing
from central.store.register_changes import register_change
from central.store.registry import worker
from central.store.roster import entries
from central.store.roster_entries import roster_due
from central.store.workers import find_worker, get_worker
from dopusk.lab.demo.sample_people import ORG, sample_snils
from tests.console_centre import PASSPHRASE, PASSWORD, Browser, ConsoleCentre


@pytest.fixture
def senior(centre: ConsoleCentre, zoya: Browser) -> Browser:
    with writing(centre.engine) as connection:
        connection.execute(update(account).where(account.c.username == "zoya").values(role=str(Role.SENIOR_MEDIC)))
    return zoya


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("sedov", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("sedov", unlock=False)


def _worker_fields(centre: ConsoleCentre, **changes: str) -> dict[str, str]:
    fields = {
        "personnel_number": "3001",
        "full_name": "Ясный Марк Ильич",
        "birth_date": "1990-02-01",
        "sex": "male",
        "employer_id": centre.people.employers[0],
        "position": "токарь",
        "status": "active",
        "remote_allowed": "yes",
    }
    return fields | changes


def _send(browser: Browser, path: str, fields: dict[str, Any]) -> httpx.Response:
    """Fill in the form of that page: what it shows stays, `fields` are typed over it."""
    page = browser.get(path).text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    return browser.post(path, {"seen": seen} | fields, page=path)


def _new(browser: Browser, kind: str, fields: dict[str, Any]) -> str:
    answer = _send(browser, f"/registers/{kind}/new", fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("?")[0].rsplit("/", 1)[1]


def _count(centre: ConsoleCentre, table: Any) -> int:
    with reading(centre.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_worker_is_entered_changed_archived_and_taken_back(centre: ConsoleCentre, senior: Browser) -> None:
    worker_id = _new(senior, "workers", _worker_fields(centre, snils=sample_snils("3001"), cards="AA, BB"))
    with reading(centre.engine) as connection:
        assert worker_id in entries(connection, ORG, [worker_id], centre.now().date()).entries
    path = f"/registers/workers/{worker_id}"
    changed = _worker_fields(centre, position="фрезеровщик", remote_allowed="no", block_text="Медпункт, кабинет 4")
    assert _send(senior, path, changed).status_code == 303
    page = senior.get(path).text
    assert "<del>токарь</del> → <ins>фрезеровщик</ins>" in page
    assert "<del>да</del> → <ins>нет</ins>" in page
    assert "Имя zoya" not in page
    assert "Луговая Зоя Марковна" in page
    with reading(centre.engine) as connection:
        row = get_worker(connection, worker_id)
        assert row is not None
        assert row["snils_hmac"] is not None, "an empty SNILS keeps what is stored"
        assert row["cards"] == [], "cards that were wiped are gone"

    assert senior.post(f"{path}/archive", {"action": "archive"}, page=path).status_code == 303
    with reading(centre.engine) as connection:
        assert worker_id not in entries(connection, ORG, [worker_id], centre.now().date()).entries
    assert "Ясный" not in senior.get("/registers/workers").text
    assert "Ясный" in senior.get("/registers/workers?archived=1").text
    assert _send(senior, "/registers/workers/new", _worker_fields(centre)).status_code == 422
    assert senior.post(f"{path}/archive", {"action": "restore"}, page=path).status_code == 303
    assert "Ясный" in senior.get("/registers/workers?q=ясн").text
    found = senior.post("/registers/workers", {"q": sample_snils("3001")})
    assert "Ясный" in senior.get(str(found.headers["location"])).text
    with reading(centre.engine) as connection:
        actions = connection.execute(select(register_change.c.action).where(register_change.c.entry_id == worker_id))
        assert sorted(actions.scalars()) == ["archive", "change", "create", "restore"]
        told = set(connection.execute(select(audit.c.action).where(audit.c.subject == worker_id)).scalars())
    assert told == {"worker.add", "worker.save", "worker.archive", "worker.restore", "worker.find", "worker.read"}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"full_name": ""}, "full_name", "заполните"),
        ({"snils": "112-233-445 96"}, "snils", "контрольное число СНИЛС"),
        ({"birth_date": "2999-01-01"}, "birth_date", "ещё не наступил"),
        ({"toxicology_at": "31.02.2020"}, "toxicology_at", "это не дата"),
        ({"remote_allowed": "no"}, "block_text", "заполните"),
        ({"employer_id": "nobody"}, "employer_id", "нет в справочнике"),
        ({"sex": "?"}, "sex", "выберите одно"),
        ({"personnel_number": "1001"}, "personnel_number", "Ветров Степан Ильич"),
        ({"snils": sample_snils("1002")}, "snils", "Заречная Ольга Марковна"),
        ({"cards": "04A1B2C3"}, "cards", "Ветров Степан Ильич"),
        ({"full_name": "ветров степан ильич", "birth_date": "1981-03-14"}, "full_name", "похоже"),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_is_stored(
    centre: ConsoleCentre, senior: Browser, changes: dict[str, str], field: str, said: str
) -> None:
    before, due = _count(centre, worker), _count(centre, roster_due)
    answer = _send(senior, "/registers/workers/new", _worker_fields(centre, **changes))
    assert answer.status_code == 422
    at_field = answer.text.split(f'id="fault-{field}"')[1].split("</label>")[0]
    assert said in at_field
    assert "токарь" in answer.text, "what was typed is still there"
    assert _count(centre, worker) == before
    assert _count(centre, roster_due) == due


def test_somebody_alike_is_entered_when_said_to_be_another(centre: ConsoleCentre, senior: Browser) -> None:
    alike = _worker_fields(centre, full_name="Ветров Степан Ильич", birth_date="1981-03-14")
    assert _send(senior, "/registers/workers/new", alike).status_code == 422
    _new(senior, "workers", alike | {"another": "1"})


def test_two_tabs_do_not_overwrite_each_other(centre: ConsoleCentre, senior: Browser) -> None:
    path = f"/registers/workers/{_new(senior, 'workers', _worker_fields(centre))}"
    first = senior.get(path).text.split('name="seen" value="')[1].split('"')[0]
    assert _send(senior, path, _worker_fields(centre, position="сварщик")).status_code == 303
    late = senior.post(path, _worker_fields(centre, position="маляр") | {"seen": first}, page=path)
    assert late.status_code == 409
    assert "тем временем изменили" in late.text
    assert "маляр" in late.text
    with reading(centre.engine) as connection:
        assert (find_worker(connection, ORG, "3001") or {})["position"] == "сварщик"


def test_employer_with_its_twin_and_with_workers(centre: ConsoleCentre, senior: Browser) -> None:
    fields = {"name": "ООО «Берёзка»", "inn": "7707083893", "okved": "49.31", "region_code": "77"}
    wrong = _send(senior, "/registers/employers/new", fields | {"inn": "7707083894"})
    assert "контрольные цифры ИНН" in wrong.text
    employer_id = _new(senior, "employers", fields)
    twin = _send(senior, "/registers/employers/new", {"name": "ООО «Сосна»", "inn": "7707083893"})
    assert twin.status_code == 422
    assert f'href="/registers/employers/{employer_id}"' in twin.text

    path = f"/registers/employers/{centre.people.employers[0]}"
    kept = senior.post(f"{path}/archive", {"action": "archive"}, page=path)
    assert kept.status_code == 422
    assert "действующих работников" in kept.text
    path = f"/registers/employers/{employer_id}"
    assert senior.post(f"{path}/archive", {"action": "archive"}, page=path).status_code == 303
    assert "Берёзка" not in senior.get("/registers/workers/new").text


def _medic_fields(centre: ConsoleCentre) -> dict[str, str]:
    today = centre.now().date()
    return {
        "full_name": "Рябинина Вера Павловна",
        "position": "врач",
        "snils": "112-233-445 95",
        "education": "higher",
        "accreditation_until": (today + timedelta(days=1000)).isoformat(),
        "training_hours": "36",
        "training_at": (today - timedelta(days=300)).isoformat(),
        "federal_register_at": today.isoformat(),
        "passphrase": "рябина у дороги",
        "passphrase_again": "рябина у дороги",
    }


def test_medic_is_entered_with_a_key_and_may_sign(centre: ConsoleCentre, senior: Browser, address: str) -> None:
    medic_id = _new(senior, "medics", _medic_fields(centre))
    path = f"/registers/medics/{medic_id}"
    assert "всё в порядке" in senior.get(path).text
    centre.add_account("ryabinina", Role.MEDIC, medic_id=medic_id)
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("ryabinina", unlock=False)
        assert browser.post("/signature", {"passphrase": "рябина у дороги"}).status_code == 303
        assert browser.decide(centre.exam(), outcome="admitted").status_code == 303
    assert senior.post(f"{path}/archive", {"action": "archive"}, page=path).status_code == 303
    assert 'class="notice warn"' in senior.get(path).text
    with reading(centre.engine) as connection:
        entry = medics.find(connection, medic_id)
    assert entry is not None
    assert not entry.active


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"passphrase": "short", "passphrase_again": "short"}, "passphrase"),
        ({"passphrase_again": "another phrase"}, "passphrase_again"),
        ({"training_hours": "many"}, "training_hours"),
        ({"training_at": "2999-01-01"}, "training_at"),
        ({"token_label": "ruToken"}, "certificate"),
    ],
)
def test_faults_of_a_medic_store_nothing_and_never_show_the_phrase(
    centre: ConsoleCentre, senior: Browser, changes: dict[str, str], field: str
) -> None:
    answer = _send(senior, "/registers/medics/new", _medic_fields(centre) | changes)
    assert answer.status_code == 422
    assert f'id="fault-{field}"' in answer.text
    assert "рябина у дороги" not in answer.text
    with reading(centre.engine) as connection:
        assert len(medics.of_organisations(connection, (ORG,))) == 1


def test_missing_papers_are_taken_and_forbid_signing(centre: ConsoleCentre, senior: Browser) -> None:
    medic_id = _new(senior, "medics", _medic_fields(centre) | {"training_hours": "12", "accreditation_until": ""})
    notice = senior.get(f"/registers/medics/{medic_id}").text.split('class="notice warn"')[1].split("</ul>")[0]
    assert notice.count("<li>") == 2, "hours of training and accreditation"


def test_new_key_ends_the_old_phrase(centre: ConsoleCentre, senior: Browser) -> None:
    with reading(centre.engine) as connection:
        (entry,) = medics.of_organisations(connection, (ORG,))
    path = f"/registers/medics/{entry.medic_id}"
    wrong = senior.post(f"{path}/key", {"passphrase": "новая фраза", "passphrase_again": "другая фраза"}, page=path)
    assert wrong.status_code == 422
    sent = {"passphrase": "новая фраза", "passphrase_again": "новая фраза"}
    assert senior.post(f"{path}/key", sent, page=path).status_code == 303
    assert "заменено" in senior.get(path).text
    senior.post("/signature/close", {}, page="/signature")
    assert senior.post("/signature", {"passphrase": PASSPHRASE}).status_code != 303
    assert senior.post("/signature", {"passphrase": "новая фраза"}).status_code == 303


def test_instrument_with_verification(centre: ConsoleCentre, senior: Browser) -> None:
    fields = {
        "measures": "pressure",
        "maker": "AND",
        "model": "UA-911",
        "serial": "0042",
        "terminal_id": "kiosk-1",
        "verified_at": "2025-03-01",
        "verified_until": "2026-03-01",
    }
    backwards = _send(senior, "/registers/devices/new", fields | {"verified_until": "2025-01-01"})
    assert 'id="fault-verified_until"' in backwards.text
    instrument_id = _new(senior, "devices", fields)
    assert "поверка закончилась" in senior.get("/registers/devices").text
    twin = _send(senior, "/registers/devices/new", fields | {"serial": "0042", "model": "ua-911"})
    assert f'href="/registers/devices/{instrument_id}"' in twin.text
    path = f"/registers/devices/{instrument_id}"
    assert _send(senior, path, fields | {"verified_until": "2999-01-01"}).status_code == 303
    assert "01.03.2026" in senior.get(path).text
    assert senior.post(f"{path}/archive", {"action": "archive"}, page=path).status_code == 303
    with reading(centre.engine) as connection:
        assert not instruments.of_organisations(connection, (ORG,))


def test_verification_of_the_register_stands_beside_what_the_terminal_said(
    centre: ConsoleCentre, senior: Browser
) -> None:
    payload = centre.payload("1001")
    device = payload["measurements"][0]["device"]
    page = senior.get(f"/exams/{centre.receive(payload)}").text
    assert "по реестру" not in page
    fields = {"measures": "temperature", "maker": device["maker"], "model": "as in its papers"}
    _new(senior, "devices", fields | {"serial": device["serial"], "verified_until": "2999-01-01"})
    page = senior.get(f"/exams/{payload['exam_id']}").text
    assert "по реестру поверен до 01.01.2999" in page


def test_organisation_is_the_administrators(centre: ConsoleCentre, admin: Browser, senior: Browser) -> None:
    fields = {"org": "rassvet", "name": "ООО «Рассвет»", "licence": "", "oid": "1.2.643.5.1.13"}
    assert senior.get("/registers/organisations/new").status_code == 403
    assert _send(admin, "/registers/organisations/new", fields | {"org": "Рассвет"}).status_code == 422
    assert _send(admin, "/registers/organisations/new", fields | {"org": ORG}).status_code == 422
    _new(admin, "organisations", fields)
    assert "Рассвет" in admin.get("/registers/organisations").text, "who entered it sees it"
    assert "Рассвет" not in senior.get("/registers/organisations").text
    assert senior.get("/registers/organisations/rassvet").status_code == 404
    path = "/registers/organisations/rassvet"
    renamed = fields | {"org": "other", "licence": "Л041-00000-00/00000001 от 02.03.2024"}
    assert _send(admin, path, renamed).status_code == 303
    with reading(centre.engine) as connection:
        assert registry.get_organisation(connection, "other") is None
        assert (registry.get_organisation(connection, "rassvet") or {})["licence"].startswith("Л041")


@pytest.mark.parametrize("kind", ["workers", "employers", "organisations"])
def test_a_reader_sees_the_entry_and_cannot_change_it(centre: ConsoleCentre, senior: Browser, kind: str) -> None:
    entries = {
        "workers": centre.people.workers["1001"],
        "employers": centre.people.employers[0],
        "organisations": ORG,
    }
    with writing(centre.engine) as connection:
        connection.execute(update(account).values(role=str(Role.MEDIC)))
    page = senior.get(f"/registers/{kind}/{entries[kind]}")
    assert page.status_code == 200
    assert "disabled" in page.text
    assert senior.get(f"/registers/{kind}/new").status_code == 403


def test_entries_of_other_organisations_are_not_there(centre: ConsoleCentre, address: str) -> None:
    centre.add_account("chuzhaya", Role.SENIOR_MEDIC, orgs=())
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("chuzhaya", unlock=False)
        path = f"/registers/workers/{centre.people.workers['1001']}"
        assert browser.get(path).status_code == 404
        token = browser.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
        assert browser.http.post(path, data={"csrf": token} | _worker_fields(centre)).status_code == 404


def test_script_and_formula_in_a_name_stay_words(centre: ConsoleCentre, senior: Browser) -> None:
    evil = "<script>alert(1)</script>"
    worker_id = _new(senior, "workers", _worker_fields(centre, full_name=evil, position="=1+1"))
    page = senior.get(f"/registers/workers/{worker_id}").text
    assert evil not in page
    assert "&lt;script&gt;" in page


def test_a_session_that_ends_in_mid_form_loses_nothing_but_the_phrase(centre: ConsoleCentre, senior: Browser) -> None:
    page = "/registers/medics/new"
    csrf = senior.get(page).text.split('name="csrf" value="')[1].split('"')[0]
    with writing(centre.engine) as connection:
        connection.execute(delete(session))
        before = len(medics.of_organisations(connection, (ORG,)))
    ended = senior.http.post(page, data={"csrf": csrf} | _medic_fields(centre))
    assert ended.status_code == 401
    assert "рябина у дороги" not in ended.text
    draft = ended.text.split('name="draft" value="')[1].split('"')[0]
    token = ended.text.split('name="csrf" value="')[1].split('"')[0]
    back = senior.http.post("/login", data={"csrf": token, "draft": draft, "username": "zoya", "password": PASSWORD})
    assert back.status_code == 303
    assert back.headers["location"] == page
    shown = senior.get(page).text
    assert 'value="Рябинина Вера Павловна"' in shown
    assert "Набранное восстановлено" in shown
    assert "рябина у дороги" not in shown
    assert "Рябинина" not in senior.get(page).text, "it is given back once"
    with reading(centre.engine) as connection:
        assert len(medics.of_organisations(connection, (ORG,))) == before
        kept = connection.execute(select(session.c.draft)).scalars().all()
    assert not any(kept)


def test_a_form_from_before_the_last_login_comes_back(centre: ConsoleCentre, senior: Browser) -> None:
    page = "/registers/workers/new"
    late = senior.http.post(page, data={"csrf": "of another session"} | _worker_fields(centre))
    assert late.status_code == 303
    assert late.headers["location"] == page
    assert 'value="Ясный Марк Ильич"' in senior.get(page).text
    assert senior.http.post("/registers/workers/import", data={"csrf": "x"}).status_code == 403
