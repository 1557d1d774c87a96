"""An account of two organisations: every page opens, and what is entered goes where somebody said, or nowhere."""

import contextlib
from collections.abc import Iterator

import pytest

from central.console.app import every_route
from central.core.parties import Employer, Organisation
from central.core.rights import Role
from central.store import medics, registry
from central.store.audit import audit
from central.store.engine import reading, writing
from dopusk.lab.demo.sample_people import OID, ORG
from tests.console_centre import Browser, ConsoleCentre

OTHER = "sosna"
ORGS = (OTHER, ORG)


@pytest.fixture
def vera(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """A senior medic of both."""
    with writing(centre.engine) as connection:
        centre.registry.add_organisation(connection, Organisation(OTHER, "Медпункт Сосна", "Л041-2", oid=f"{OID}.1"))
        centre.registry.add_employer(connection, Employer(OTHER, "ООО «Сосна»"))
    centre.add_account("vera", Role.SENIOR_MEDIC, orgs=ORGS)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("vera", unlock=False)


def test_every_page_opens(centre: ConsoleCentre, vera: Browser) -> None:
    paths = [
        route.path
        for route in every_route(centre.app())
        if "GET" in (route.methods or ()) and "{" not in route.path and not route.path.endswith("/events")
    ]
    assert len(paths) > 30
    answers = {path: vera.get(path).status_code for path in paths if path not in {"/logout"}}
    assert {path: code for path, code in answers.items() if code >= 500} == {}
    asks = {path for path, code in answers.items() if code == 422}
    assert asks <= {"/registers/workers/export", "/consents/export"}
    for path in asks:
        for org in ORGS:
            assert vera.get(f"{path}?of_org={org}").status_code == 200
        assert vera.get(f"{path}?of_org=nobody").status_code == 404


@pytest.mark.parametrize(
    "path", ["/registers/workers/import", "/imports/grounds", "/imports/history", "/consents/texts", "/imports/medics"]
)
def test_forms_that_need_one_organisation_ask_for_it(vera: Browser, path: str) -> None:
    page = {"/registers/workers/import": "/registers/workers", "/consents/texts": "/consents"}.get(path, path)
    assert 'name="of_org"' in vera.get(page).text
    assert vera.post(path, {"action": "check"}, page=page).status_code == 422


def test_a_new_entry_goes_where_somebody_said(centre: ConsoleCentre, vera: Browser) -> None:
    fields = {"name": "ООО «Лесная тропа»"}
    before = {org: _names(centre, org) for org in ORGS}
    assert vera.post("/registers/employers/new", fields).status_code == 422
    assert {org: _names(centre, org) for org in ORGS} == before
    shown = vera.get(f"/registers/employers/new?of_org={OTHER}").text
    assert f'name="of_org" value="{OTHER}"' in shown
    assert vera.post("/registers/employers/new", fields | {"of_org": "nobody"}).status_code == 404
    assert vera.post("/registers/employers/new", fields | {"of_org": OTHER}).status_code in {303, 422}
    assert _names(centre, ORG) == before[ORG]


def test_what_was_read_stands_in_the_access_log_of_both(centre: ConsoleCentre, vera: Browser) -> None:
    assert vera.get("/papers/refusals").status_code == 200
    with reading(centre.engine) as connection:
        lines = [row.org for row in connection.execute(audit.select()) if row.action == "refusals.read"]
        assert medics.of_organisations(connection, ORGS)
    assert sorted(lines) == sorted(ORGS)


def _names(centre: ConsoleCentre, org: str) -> list[str]:
    with reading(centre.engine) as connection:
        return [row["name"] for row in registry.list_employers(connection, org)]
