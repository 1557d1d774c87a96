"""An OID is checked against the loaded book of medical organisations at every door, and by its form alone before."""

import html
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from central.core.rights import Role
from central.imports.tables import write_table
from central.store.engine import reading
from central.store.registry import organisation
from dopusk.commands.central_group import app
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre

IN_BOOK, NOT_IN_BOOK = "1.2.643.5.1.13.13.12.2.77.8000", "1.2.643.5.1.13.13.12.2.77.9999"
BOOK = "medical_organisations"
SAID = "такого кода нет в справочнике"


@pytest.fixture
def administrator(centre: ConsoleCentre, browser: Browser) -> Browser:
    centre.add_account("boss", Role.ADMINISTRATOR)
    return browser.log_in("boss", unlock=False)


def _load_book(browser: Browser) -> None:
    page = browser.get(f"/books/{BOOK}").text
    content = f"ID;OID;NAMESHORT;INN\n1;{IN_BOOK};Медпункт «Заря»;7707083893\n".encode()
    token = page.split('name="csrf" value="')[1].split('"')[0]
    file = {"file": ("1.2.643.5.1.13.13.11.1461_6.1_csv.csv", content, "text/csv")}
    taken = browser.http.post(f"/books/{BOOK}/import", data={"csrf": token, "action": "take"}, files=file)
    assert taken.status_code == 303, taken.text
    seen = browser.get(f"/books/{BOOK}").text.split('name="seen" value="')[1].split('"')[0]
    done = browser.post(f"/books/{BOOK}/publish", {"basis": "приказ 7", "seen": seen}, page="/books")
    assert done.status_code == 303, done.text


def _form(centre: ConsoleCentre, browser: Browser, oid: str) -> str:
    page = browser.get(f"/registers/organisations/{ORG}").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    fields = {"name": "Медпункт Заря", "licence": "Л041-1", "oid": oid, "seen": seen}
    answer = browser.post(f"/registers/organisations/{ORG}", fields, page="/registers/organisations")
    return answer.text if answer.status_code == 422 else ""


def _file(centre: ConsoleCentre, browser: Browser, oid: str) -> str:
    token = browser.get("/registers/organisations").text.split('name="csrf" value="')[1].split('"')[0]
    table = write_table(("OID", "Название"), [[oid, "Медпункт Заря"]])
    file = {"file": ("orgs.xlsx", table)}
    answer: httpx.Response = browser.http.post(
        "/imports/organisations", data={"csrf": token, "action": "apply"}, files=file
    )
    return answer.text if answer.status_code == 422 else ""


def _command(centre: ConsoleCentre, browser: Browser, oid: str) -> str:
    words = ["register", "organisation", ORG, "--name", "Медпункт Заря", "--licence", "Л041-1", "--oid", oid]
    done = CliRunner().invoke(app, [*words, "-c", str(centre.folder / "central.toml")])
    return done.output if done.exit_code else ""


def _stored(centre: ConsoleCentre) -> str | None:
    with reading(centre.engine) as connection:
        found: str | None = connection.execute(select(organisation.c.oid).where(organisation.c.org == ORG)).scalar_one()
    return found


Door = Callable[[ConsoleCentre, Browser, str], str]


@pytest.mark.parametrize("door", [_form, _command])
def test_an_oid_of_no_book_is_taken_until_the_book_is_loaded(
    centre: ConsoleCentre, administrator: Browser, door: Door
) -> None:
    assert door(centre, administrator, NOT_IN_BOOK) == ""
    assert _stored(centre) == NOT_IN_BOOK
    _load_book(administrator)
    assert door(centre, administrator, IN_BOOK) == ""
    assert _stored(centre) == IN_BOOK
    refused = html.unescape(door(centre, administrator, NOT_IN_BOOK.replace("9999", "9998")))
    assert "not in the book" in refused or SAID in refused, refused[-3000:]
    assert _stored(centre) == IN_BOOK


def test_a_file_of_organisations_is_checked_too(centre: ConsoleCentre, administrator: Browser) -> None:
    assert _form(centre, administrator, NOT_IN_BOOK) == ""
    assert _file(centre, administrator, NOT_IN_BOOK) == ""
    _load_book(administrator)
    assert SAID in html.unescape(_file(centre, administrator, NOT_IN_BOOK))
    assert _form(centre, administrator, IN_BOOK) == ""
    assert _file(centre, administrator, IN_BOOK) == ""
