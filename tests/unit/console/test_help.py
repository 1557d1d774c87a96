"""The manuals in the console: each role reads its own first, pictures and links are served, nothing without a login."""

import contextlib
import re

import pytest

from central.console.terms_in_force import terms_in_force
from central.core.account_config import AccountsConfig
from central.core.config import RegistersConfig
from central.core.rights import Role
from central.words.manual_pages import MANUALS, OF_ROLE, REGULATION, manual, picture_file, with_terms
from dopusk.lab.broker import free_port
from tests.console_centre import Browser, ConsoleCentre, serving
from tests.documents.manuals import manuals


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_its_own_first_and_opens_what_is_listed(
    centre: ConsoleCentre, browser: Browser, role: Role
) -> None:
    centre.add_account("somebody", role, employer_id=centre.people.employers[0])
    browser.log_in("somebody", unlock=False)
    own = browser.get("/help").text
    assert manual(OF_ROLE[role][0]).html in own
    listed = re.findall(r'<a href="(/help[^"]*)"', own.partition('<nav class="tabs"')[2].partition("</nav>")[0])
    assert listed == ["/help", *(f"/help/{name}" for name in OF_ROLE[role][1:])]
    for place in listed[1:]:
        assert browser.get(place).status_code == 200, place


def test_every_page_leads_to_the_manuals(browser: Browser) -> None:
    browser.log_in("zoya", unlock=False)
    page = browser.get("/queue").text
    header, _, dialog = page.partition('<dialog id="help"')
    assert '<a class="quiet" href="/help"' in header
    assert '<a href="/help"' in dialog


def test_all_manuals_are_pages_and_every_picture_and_link_is_served(browser: Browser) -> None:
    browser.log_in("zoya", unlock=False)
    assert set(MANUALS) == {file.stem for file in manuals()} - {"README"}
    seen: set[str] = set()
    for name in MANUALS:
        text = manual(name).html
        assert "**" not in text, name
        assert ".md" not in "".join(re.findall(r'href="([^"]*)"', text)), name
        seen |= set(re.findall(r'(?:src|href)="([^"]*)"', text))
    assert len([place for place in seen if place.endswith(".png")]) > 5
    for place in seen:
        answer = browser.get(place)
        assert answer.status_code == 200, place
        assert place.endswith(".png") == (answer.headers["content-type"] == "image/png"), place


@pytest.mark.parametrize(
    "place", ["/help/nothing", "/help/README", "/help/images/nothing.png", "/help/images/..%2Fa.png"]
)
def test_nothing_else_is_served(browser: Browser, place: str) -> None:
    browser.log_in("zoya", unlock=False)
    assert browser.get(place).status_code == 404


def test_a_picture_that_no_manual_shows_is_not_there() -> None:
    with pytest.raises(KeyError):
        picture_file("console-exam-dark.png")


def test_a_reader_of_english_is_told_the_language(browser: Browser) -> None:
    browser.log_in("zoya", unlock=False)
    russian = browser.get("/help").text
    browser.http.cookies.set("dopusk_language", "en")
    english = browser.get("/help").text
    assert "The manuals are in Russian." in english
    assert "The manuals are in Russian." not in russian
    assert 'lang="ru"' in english.partition("<article")[2]


def test_nobody_reads_without_a_login(browser: Browser) -> None:
    for place in ("/help", "/help/worker", "/help/images/kiosk-pressure.png"):
        assert browser.http.get(place).headers["location"].startswith("/login")


def test_the_regulation_has_the_terms_of_the_running_centre(centre: ConsoleCentre, address: str) -> None:
    accounts = AccountsConfig(
        unused_warn_days=41, unused_close_days=73, keep_days=19, second_factor_roles=frozenset({Role.AUDITOR})
    )
    centre.config = centre.config.model_copy(
        update={"accounts": accounts, "registers": RegistersConfig(frmr_valid_days=23)}
    )
    centre.config = centre.config.model_copy(
        update={"http": centre.config.http.model_copy(update={"port": free_port()})}
    )
    centre.add_account("root", Role.ADMINISTRATOR)
    with serving(centre.app(), centre.config.http.port) as place, contextlib.closing(Browser(place)) as browser:
        browser.log_in("root", unlock=False)
        first = browser.get("/help").text
        assert f"/help/{REGULATION}" in first
        shown = browser.get(f"/help/{REGULATION}").text
    for words in (
        "Через 41 дн. без входа",
        "Через 73 дн. центр",
        "19 дн.",
        "Нужен ролям: аудитор.",
        "чем 23 дн. назад",
    ):
        assert words in " ".join(shown.split()), words
    assert "За 30, 14, 7 дн." in shown
    assert not re.search(r"\{[a-z_.]+\}", shown.partition("<article")[2])


def test_no_other_manual_has_an_open_place(centre: ConsoleCentre) -> None:
    terms = terms_in_force(centre.config)
    for name in MANUALS:
        assert (with_terms(manual(name), terms).html != manual(name).html) == (name == REGULATION)
