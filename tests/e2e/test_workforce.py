"""An HR department dismisses a worker on its page, and the kiosk knows the number no more: as shipped."""

import contextlib
import sqlite3

import httpx
import pytest
from sqlalchemy import select

from central.access.accounts import create_account
from central.core.clock import now_utc
from central.core.rights import Role
from central.store.engine import open_engine, reading, writing
from central.store.registry import worker
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import CSRF
from tests.e2e.site import Site
from tests.ui.kiosk.looking import find, names_on

NUMBER = "1002"
PASSWORD = "a password of the trial"


def _post(client: httpx.Client, path: str, page: str, fields: dict[str, str]) -> httpx.Response:
    """Send a form as the page shows it, with the state of the entry that it was made from."""
    shown = client.get(page).text
    hidden = {"csrf": CSRF.findall(shown)[-1]}
    if 'name="seen" value="' in shown:
        hidden["seen"] = shown.split('name="seen" value="')[1].split('"')[0]
    return client.post(path, data=hidden | fields)


def _hr(site: Site) -> str:
    """An account of the HR department of the worker's employer; returns the worker."""
    engine = open_engine(site.world.config.store_url)
    try:
        with reading(engine) as connection:
            row = connection.execute(
                select(worker.c.worker_id, worker.c.employer_id).where(worker.c.personnel_number == NUMBER)
            ).first()
        assert row is not None
        with writing(engine) as connection:
            create_account(
                connection,
                username="kadry",
                full_name="Кадровик",
                role=Role.EMPLOYER_HR,
                password=PASSWORD,
                now=now_utc(),
                orgs=(ORG,),
                employer_ids=(row.employer_id,),
            )
        return str(row.worker_id)
    finally:
        engine.dispose()


def _rosters_taken(site: Site) -> int:
    with contextlib.closing(sqlite3.connect(site.config.parent / "central.db")) as db:
        query = "SELECT count(*) FROM centre_outbox WHERE kind = 'roster' AND acked_at IS NOT NULL"
        return int(db.execute(query).fetchone()[0])


def _error(site: Site) -> str:
    """What the kiosk says below the number."""
    return str(find(site.kiosk.window, "error").property("text")) if "error" in names_on(site.kiosk.window) else ""


@pytest.mark.timeout(540)
def test_whom_hr_dismisses_the_kiosk_knows_no_more(site: Site) -> None:
    worker_id = _hr(site)
    site.on("idle")
    site.press("begin", *(f"key_{digit}" for digit in NUMBER), "number_ok")
    site.until(lambda: "confirm_yes" in names_on(site.kiosk.window))
    site.leave()
    site.until(lambda: _rosters_taken(site) > 0)
    before = _rosters_taken(site)

    with httpx.Client(base_url=site.address, follow_redirects=True) as client:
        assert _post(client, "/login", "/login", {"username": "kadry", "password": PASSWORD}).status_code == 200
        page = f"/employer/workers/{worker_id}"
        answer = _post(client, f"{page}/dismissal", page, {"last_day": ""})
        assert answer.status_code == 200, answer.text
        site.until(lambda: _rosters_taken(site) > before)
        assert "Кадровик" in client.get(page).text, "the history says who"

    site.on("idle")
    site.press("begin", *(f"key_{digit}" for digit in NUMBER), "number_ok")
    site.until(lambda: _error(site).startswith(f"Номер {NUMBER} не найден."))
