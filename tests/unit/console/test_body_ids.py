"""Ids in the bodies of forms: whoever works for one organisation reaches nothing of another by sending its ids."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import central.console.routes
import central.registers
from central.console.routes.entries import FORMS
from central.core.parties import Organisation
from central.core.rights import Role
from central.store import accounts, foreign_exams
from central.store.accounts import account
from central.store.engine import reading, writing
from central.store.metadata import metadata
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import new_id
from tests.console_centre import Browser, ConsoleCentre

OTHER = "sosna"
NEW_PASSWORD = "шесть медленных верблюдов"


@pytest.fixture
def others(centre: ConsoleCentre, address: str) -> Iterator[dict[Role, Browser]]:
    """Somebody of each role of another organisation."""
    with writing(centre.engine) as connection:
        centre.registry.add_organisation(connection, Organisation(OTHER, "Медпункт Сосна", "Л041-2"))
    found: dict[Role, Browser] = {}
    with contextlib.ExitStack() as stack:
        for role in Role:
            centre.add_account(f"other_{role}", role, orgs=(OTHER,))
            found[role] = stack.enter_context(contextlib.closing(Browser(address)))
            found[role].log_in(f"other_{role}", unlock=False)
        yield found


def _ids(centre: ConsoleCentre) -> dict[str, str]:
    """Ids of the first organisation by the fields that name them."""
    with reading(centre.engine) as connection:
        zoya = accounts.by_username(connection, "zoya")
    assert zoya is not None
    return {
        "org": ORG,
        "of_org": ORG,
        "employer_id": centre.people.employers[0],
        "medic_id": str(zoya.medic_id),
        "account_id": zoya.account_id,
        "holder_id": str(zoya.medic_id),
        "worker_id": centre.people.workers["1001"],
        "terminal_id": "kiosk-1",
        "measuring_terminal_id": "kiosk-1",
        "room_id": "kiosk-1",
        "scope": f"employer:{centre.people.employers[0]}",
        "personnel_number": "1001",
        "exam_message_id": "x",
        "corrects": "x",
        "consent_id": "x",
        "import_id": _history(centre),
    }


def _history(centre: ConsoleCentre) -> str:
    """An import of exams of before, of the first organisation."""
    import_id = new_id()
    with writing(centre.engine) as connection:
        foreign_exams.begin(connection, import_id, ORG, centre.now(), None)
    return import_id


ACCOUNT = {"username": "spy", "full_name": "Шпион", "password": NEW_PASSWORD}
LIMIT = {"parameter": "systolic_mmhg", "high": "150", "basis": "приказ 7", "action": "save"}
FORMS_WITH_IDS: list[tuple[Role, str, dict[str, str], tuple[str, ...]]] = [
    (Role.ADMINISTRATOR, "/accounts", ACCOUNT | {"role": "medic"}, ("medic_id",)),
    (Role.ADMINISTRATOR, "/accounts", ACCOUNT | {"role": "senior_medic"}, ("medic_id",)),
    (Role.ADMINISTRATOR, "/accounts", ACCOUNT | {"role": "employer"}, ("employer_id",)),
    (Role.ADMINISTRATOR, "/accounts", ACCOUNT | {"role": "administrator"}, ("org",)),
    (Role.ADMINISTRATOR, "/accounts", ACCOUNT | {"role": "medic"}, ("org", "medic_id")),
    (Role.ADMINISTRATOR, "/accounts/keys", {"name": "gate"}, ("employer_id",)),
    (Role.ADMINISTRATOR, "/accounts/channels", {"kind": "email", "address": "a@example.com"}, ("employer_id",)),
    (Role.ADMINISTRATOR, "/accounts/channels", {"kind": "email", "address": "a@example.com"}, ("org",)),
    (Role.ADMINISTRATOR, "/fleet/terminals", {"terminal_id": "spy-1", "name": "a", "place": "b"}, ("org",)),
    (Role.SENIOR_MEDIC, "/limits", LIMIT, ("scope",)),
    (Role.SENIOR_MEDIC, "/limits", LIMIT | {"scope": "worker"}, ("personnel_number",)),
    (
        Role.SENIOR_MEDIC,
        "/registers/workers/new",
        {"personnel_number": "77", "full_name": "Шпион Шпион", "position": "водитель"},
        ("employer_id",),
    ),
    (
        Role.SENIOR_MEDIC,
        "/registers/workers/new",
        {"personnel_number": "77", "full_name": "Шпион Шпион", "position": "водитель"},
        ("of_org", "employer_id"),
    ),
    (Role.ADMINISTRATOR, "/registers/employers/new", {"name": "Шпион"}, ("of_org",)),
    (
        Role.SENIOR_MEDIC,
        "/registers/devices/new",
        {"name": "Тонометр", "model": "x", "serial": "1", "kind": "pressure"},
        ("terminal_id",),
    ),
    (Role.SENIOR_MEDIC, "/registers/rooms/new", {"name": "Кабинет"}, ("measuring_terminal_id",)),
    (Role.MEDIC, "/room/begin", {"exam_type": "pre_shift"}, ("worker_id", "room_id")),
    (
        Role.ADMINISTRATOR,
        "/registers/carriers/new",
        {"number": "1", "carrier_kind": "token", "issued_at": "2026-11-01", "document": "акт 1"},
        ("holder_id",),
    ),
    (Role.SENIOR_MEDIC, "/imports/history/withdrawal", {"reason": "шпион"}, ("import_id",)),
    (Role.SENIOR_MEDIC, "/journal", {}, ("worker_id",)),
    (Role.SENIOR_MEDIC, "/journal", {}, ("medic_id",)),
]
"""Who sends which form, what else stands in it, and which fields carry a foreign id."""

BOUND_OTHERWISE = {
    "exam_id", "exam_message_id", "corrects", "consent_id", "account_id", "person_id", "other_id", "verdict_id",
    "map_id", "copy_id", "sending_id", "fetch_id",
}  # fmt: skip
"""A version of a field map is the whole centre's, and administrators keep it; a copy is one of the stock check's organisation, or a
stranger; what was not sent, and a list of staff, is looked up among those of the partner in the address. The
others are of the exam, worker, person or account in the address or the list of doubles, which are looked up with the
visitor's own organisations first.
"""


def test_every_field_that_names_something_is_tried() -> None:
    folder = Path(central.console.routes.__file__).parent
    read = re.compile(
        r'(?:form\.get|typed\.one|_text\(sent,|sent\.get|getlist|typed\[)\(?\s*"(\w+_id|org|of_org|scope|corrects)"'
    )
    named = {name for file in folder.glob("*.py") for name in read.findall(file.read_text(encoding="utf-8"))}
    named |= {field.name for form in FORMS.values() for field in form.fields if field.kind == "reference"}
    tried = {name for _, _, _, names in FORMS_WITH_IDS for name in names}
    assert {"employer_id", "medic_id", "org", "of_org", "scope"} <= named
    assert named <= tried | BOUND_OTHERWISE


def _rows_with(centre: ConsoleCentre, ids: list[str]) -> dict[str, int]:
    """How many rows of each table name one of these ids."""
    with reading(centre.engine) as connection:
        return {
            table.name: sum(any(one in str(row) for one in ids) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
            if table.name not in {"audit", "session"}
        }


@pytest.mark.parametrize(("role", "path", "fields", "names"), FORMS_WITH_IDS, ids=lambda value: str(value)[:40])
def test_ids_of_another_organisation_do_nothing(
    centre: ConsoleCentre,
    others: dict[Role, Browser],
    role: Role,
    path: str,
    fields: dict[str, str],
    names: tuple[str, ...],
) -> None:
    ids = _ids(centre)
    foreign = [ids["employer_id"], ids["medic_id"], ids["worker_id"], ORG]
    before = _rows_with(centre, foreign)
    shown = others[role].get("/account").text
    token = shown.split('name="csrf" value="')[1].split('"')[0]
    sent: dict[str, Any] = {"csrf": token} | fields | {name: ids[name] for name in names}
    answer = others[role].http.post(path, data=sent)
    assert answer.status_code in {303, 404, 409, 422}, answer.status_code
    if answer.status_code == 303:
        answer = others[role].get(answer.headers["location"])
    for secret in ("Луговая", "Ветров", "Ромашка", "Медпункт «Заря»"):
        assert secret not in answer.text
    assert _rows_with(centre, foreign) == before
    with reading(centre.engine) as connection:
        assert accounts.by_username(connection, "spy") is None


def _with_foreign_medic(centre: ConsoleCentre) -> None:
    """An account as an earlier version let it be made: of one organisation, with the medic of another."""
    centre.add_account("spy", Role.MEDIC, orgs=(OTHER,), medic_id=_ids(centre)["medic_id"])


def test_a_link_to_a_foreign_medic_that_is_stored_already_opens_nothing(
    centre: ConsoleCentre, others: dict[Role, Browser], address: str
) -> None:
    _with_foreign_medic(centre)
    with contextlib.closing(Browser(address)) as spy:
        spy.log_in("spy", unlock=False)
        assert "Луговая" not in spy.get("/signature").text
        answer = spy.post("/signature", {"passphrase": "key of the medic"})
        assert answer.status_code == 403
        assert "Луговая" not in answer.text
        assert "не связана с реестром" in answer.text


@pytest.mark.parametrize("action", ["disable", "reset_password", "reset_totp", "unlock", "end_sessions"])
def test_accounts_of_the_installation_are_not_an_organisations(
    centre: ConsoleCentre, others: dict[Role, Browser], action: str
) -> None:
    centre.add_account("first", Role.ADMINISTRATOR, orgs=())
    with reading(centre.engine) as connection:
        first = connection.execute(select(account).where(account.c.username == "first")).one()
    admin = others[Role.ADMINISTRATOR]
    assert "first" not in admin.get("/accounts").text
    answer = admin.post(f"/accounts/{first.account_id}", {"action": action, "password": NEW_PASSWORD}, page="/accounts")
    assert answer.status_code == 404
    with reading(centre.engine) as connection:
        assert connection.execute(select(account).where(account.c.username == "first")).one() == first
