"""The register of key carriers: hand-over, return, loss, the sheet, and the keys that are on no carrier."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from central.core.rights import RIGHTS, Right, Role
from central.store import medics
from central.store.audit import COMMAND_LINE, audit
from central.store.certificates import certificate
from central.store.engine import reading, writing
from central.store.key_carriers import key_carrier
from central.store.register_changes import register_change
from dopusk.commands.central_group import app
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre

LONG = "Преображенская-Вознесенская Александра-Серафима Константиновна-Владиславовна"


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The administrator."""
    centre.add_account("root", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("root", unlock=False)


def _medic(centre: ConsoleCentre, full_name: str = "Луговая Зоя Марковна") -> str:
    with reading(centre.engine) as connection:
        return next(
            one.medic_id for one in medics.of_organisations(connection, ("zarya",)) if one.full_name == full_name
        )


def _fields(centre: ConsoleCentre, **changes: str) -> dict[str, str]:
    today = centre.now().astimezone().date()
    usual = {"number": "0B-42", "carrier_kind": "token", "holder_id": _medic(centre), "document": "Акт № 7"}
    return usual | {"issued_at": (today - timedelta(days=10)).isoformat()} | changes


def _enter(centre: ConsoleCentre, admin: Browser, **changes: str) -> Any:
    return admin.post("/registers/carriers/new", _fields(centre, **changes))


def _id(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].split("/")[-1].split("?")[0])


def _on_token(centre: ConsoleCentre) -> str:
    """The medic's key is on a carrier; returns the id of its certificate."""
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        connection.execute(update(certificate).values(key_provider="workplace"))
        return str(connection.execute(select(certificate.c.certificate_id)).scalar_one())


def test_a_carrier_is_handed_over_comes_back_and_goes_to_the_next(centre: ConsoleCentre, admin: Browser) -> None:
    centre.add_medic("foma", "Бережной Фома Лукич")
    first = _id(_enter(centre, admin))
    twice = _enter(centre, admin, number="0b-42", holder_id=_medic(centre, "Бережной Фома Лукич"))
    assert twice.status_code == 422
    assert "этот номер уже на руках" in twice.text
    today = centre.now().astimezone().date().isoformat()
    page = f"/registers/carriers/{first}"
    token = admin.get(page).text
    seen = token.split('name="seen" value="')[1].split('"')[0]
    assert admin.post(page, _fields(centre, returned_at=today, seen=seen), page=page).status_code == 303
    _id(_enter(centre, admin, holder_id=_medic(centre, "Бережной Фома Лукич"), issued_at=today))
    listed = admin.get("/registers/carriers").text
    assert "Бережной Фома Лукич" in listed
    assert "Луговая Зоя Марковна" in listed
    history = admin.get(page).text
    assert "Возвращён" in history
    with reading(centre.engine) as connection:
        rows = connection.execute(select(register_change).where(register_change.c.entry_id == first)).mappings().all()
    assert [row["action"] for row in rows] == ["create", "change"]
    assert rows[0]["fields"]["holder"][1] == "Луговая Зоя Марковна"
    assert list(rows[1]["fields"]) == ["returned_at"]
    assert "0B-42" in admin.get("/changes").text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": ""}, "number"),
        ({"number": "9" * 201}, "number"),
        ({"carrier_kind": "parrot"}, "carrier_kind"),
        ({"holder_id": ""}, "holder_id"),
        ({"holder_id": "nobody"}, "holder_id"),
        ({"document": " "}, "document"),
        ({"issued_at": ""}, "issued_at"),
        ({"issued_at": "2999-01-01"}, "issued_at"),
        ({"returned_at": "2001-01-01"}, "returned_at"),
        ({"lost_at": "вчера"}, "lost_at"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_stored(
    centre: ConsoleCentre, admin: Browser, changes: dict[str, str], field: str
) -> None:
    answer = _enter(centre, admin, **changes)
    assert answer.status_code == 422
    assert f'id="fault-{field}"' in answer.text
    with reading(centre.engine) as connection:
        assert not connection.execute(select(key_carrier)).all()


def test_what_came_back_is_not_lost(centre: ConsoleCentre, admin: Browser) -> None:
    today = centre.now().astimezone().date().isoformat()
    answer = _enter(centre, admin, returned_at=today, lost_at=today)
    assert answer.status_code == 422
    assert "либо возвращён, либо утерян" in answer.text


def test_certificates_are_named_on_a_carrier_and_on_one_alone(centre: ConsoleCentre, admin: Browser) -> None:
    certificate_id = _on_token(centre)
    entry, other = _id(_enter(centre, admin)), _id(_enter(centre, admin, number="0B-43"))
    page = f"/registers/carriers/{entry}"
    assert "Сертификаты на носителе" in admin.get(page).text
    assert admin.post(f"{page}/certificates", {"certificate": certificate_id}, page=page).status_code == 303
    shown = admin.get(page).text
    assert f'value="{certificate_id}" checked' in shown
    assert "Сертификаты:" in shown.split("История")[-1]
    twice = admin.post(f"/registers/carriers/{other}/certificates", {"certificate": certificate_id}, page=page)
    assert twice.status_code == 422
    assert "ключ записан на другом носителе, который на руках" in twice.text
    assert "№ 0B-42" in twice.text
    assert admin.post(f"{page}/certificates", {"certificate": "nothing"}, page=page).status_code == 422
    assert admin.post(f"{page}/certificates", {}, page=page).status_code == 303
    assert f'value="{certificate_id}" checked' not in admin.get(page).text


def test_a_lost_carrier_offers_its_certificates_and_one_act_revokes_them(centre: ConsoleCentre, admin: Browser) -> None:
    certificate_id = _on_token(centre)
    entry = _id(_enter(centre, admin))
    page = f"/registers/carriers/{entry}"
    assert admin.post(f"{page}/certificates", {"certificate": certificate_id}, page=page).status_code == 303
    # Nothing is offered, and nothing taken, before it is lost.
    assert admin.post(f"{page}/revoke", {"certificate": certificate_id, "note": "x"}, page=page).status_code == 422
    today = centre.now().astimezone().date().isoformat()
    seen = admin.get(page).text.split('name="seen" value="')[1].split('"')[0]
    assert admin.post(page, _fields(centre, lost_at=today, seen=seen), page=page).status_code == 303
    assert "Отозвать отмеченные" in admin.get(page).text
    assert "отозвать сертификат" in admin.get("/registers/carriers").text
    with reading(centre.engine) as connection:
        assert connection.execute(select(certificate.c.state)).scalar_one() == "valid", (
            "the program revokes none itself"
        )
    said = {"certificate": certificate_id, "note": "акт об утере № 3"}
    for changes, fault in (({"note": " "}, "fault-note"), ({"certificate": "another"}, "fault-certificates")):
        answer = admin.post(f"{page}/revoke", said | changes, page=page)
        assert answer.status_code == 422
        assert fault in answer.text
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(str(admin.http.base_url))) as senior:
        shown = senior.log_in("starshaya", unlock=False).get(page).text
        assert ("Отозвать отмеченные" in shown) == (Right.REVOKE_CERTIFICATES in RIGHTS[Role.SENIOR_MEDIC])
    assert admin.post(f"{page}/revoke", said, page=page).status_code == 303
    with reading(centre.engine) as connection:
        state, reason = connection.execute(select(certificate.c.state, certificate.c.reason)).one()
    assert (state, reason) == ("revoked", "carrier_lost")
    assert "Отозвать отмеченные" not in admin.get(page).text
    assert "отозвать сертификат" not in admin.get("/registers/carriers").text


def test_of_a_carrier_with_nothing_named_all_of_the_holder_are_offered(centre: ConsoleCentre, admin: Browser) -> None:
    certificate_id = _on_token(centre)
    entry = _id(_enter(centre, admin, lost_at=centre.now().astimezone().date().isoformat()))
    shown = admin.get(f"/registers/carriers/{entry}").text
    assert f'name="certificate" value="{certificate_id}" checked' in shown


def test_the_commands_name_and_lose_a_carrier(centre: ConsoleCentre, admin: Browser) -> None:
    _on_token(centre)
    _id(_enter(centre, admin))
    with reading(centre.engine) as connection:
        serial = connection.execute(select(certificate.c.serial)).scalar_one()

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["carriers", *words, "-c", str(centre.folder / "central.toml")])
        assert done.exit_code == code, done.output
        return done.output

    run("link", "0b-42", "--org", "zarya", "--certificate", serial)
    [row] = json.loads(run("list", "--json"))
    assert (row["state"], row["serials"], row["to_revoke"]) == ("given_out", [serial], [])
    run("lost", "none", "--org", "zarya", "--note", "акт № 3", code=1)
    run("lost", "0B-42", "--org", "zarya", "--note", " ", code=1)
    assert json.loads(run("list", "--json"))[0]["state"] == "given_out", "nothing is half-done"
    run("lost", "0B-42", "--org", "zarya", "--note", "акт № 3")
    [row] = json.loads(run("list", "--json"))
    assert (row["state"], row["to_revoke"]) == ("lost", [])
    with reading(centre.engine) as connection:
        query = select(audit.c.action).where(audit.c.account_id.is_(None), audit.c.address == COMMAND_LINE)
        deeds = connection.execute(query.order_by(audit.c.audit_id)).scalars().all()
    assert [one for one in deeds if one != "medics.read"] == ["carrier.save", "carrier.save", "medic.revoke"]
    assert "отозван" in admin.get("/certificates").text


def test_keys_at_the_centre_carry_a_warning(centre: ConsoleCentre, admin: Browser) -> None:
    shown = admin.get("/registers/carriers").text
    assert "Ключи в центре, не на носителе" in shown
    assert "Луговая Зоя Марковна" in shown
    _on_token(centre)
    assert "Ключи в центре" not in admin.get("/registers/carriers").text


@pytest.mark.parametrize("name", ["Луговая Зоя Марковна", LONG, "Ю" * 200])
def test_the_sheet_is_a_page_of_a4_with_every_name_whole(
    centre: ConsoleCentre, admin: Browser, tmp_path: Path, name: str
) -> None:
    _on_token(centre)
    entry = _id(_enter(centre, admin))
    with writing(centre.engine) as connection:
        connection.execute(update(medics.medic).values(full_name=name))
    answer = admin.get(f"/registers/carriers/{entry}/sheet")
    assert answer.headers["content-type"] == "application/pdf"
    sheet = tmp_path / "sheet.pdf"
    sheet.write_bytes(answer.content)
    described = subprocess.run(["pdfinfo", sheet], check=True, capture_output=True, text=True).stdout
    assert "A4" in described
    assert int(described.split("Pages:")[1].split()[0]) == (1 if len(name) < 100 else 2)
    # In the order of the content: what is wrapped in one of two columns stays together.
    read = subprocess.run(["pdftotext", "-raw", sheet, "-"], check=True, capture_output=True, text=True).stdout
    words = "".join(read.split())
    assert "Актприёма-передачиключевогоносителя" in words
    assert words.count("".join(name.split())) >= 2
    for there in ("токен№0B-42", "Акт№7", "Медпункт«Заря»", "ТЕСТ"):
        assert there in words, there


def test_what_is_anothers_is_not_there(centre: ConsoleCentre, admin: Browser) -> None:
    entry = _id(_enter(centre, admin))
    centre.add_account("chuzhoy", Role.ADMINISTRATOR, orgs=("sosna",))
    stranger = admin.log_in("chuzhoy", unlock=False)
    assert stranger.get(f"/registers/carriers/{entry}").status_code == 404
    assert stranger.get(f"/registers/carriers/{entry}/sheet").status_code == 404
