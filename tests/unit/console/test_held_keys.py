"""What stays behind when a session ends: no key in the memory of the centre, no picture in a browser."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from typer.testing import CliRunner

from central.console import held_keys
from central.core.media_files import MediaFiles
from central.core.rights import Role
from central.store import accounts
from central.store.engine import reading, writing
from dopusk.commands.central_group import app as command
from sync.contract.model import utc_text
from tests.console_centre import Browser, ConsoleCentre, serving
from tests.waiting import until

NEW_PASSWORD = "шесть медленных верблюдов"


def _account_id(centre: ConsoleCentre) -> str:
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, "zoya")
    assert found is not None
    return found.account_id


def _disable(centre: ConsoleCentre) -> None:
    words = ["user", "disable", "zoya", "--config", str(centre.folder / "central.toml")]
    assert CliRunner().invoke(command, words).exit_code == 0


def _forget_sessions(centre: ConsoleCentre) -> None:
    with writing(centre.engine) as connection:
        accounts.end_sessions_of(connection, _account_id(centre))


def _idle(centre: ConsoleCentre) -> None:
    centre.shift = timedelta(minutes=31)


def _disabled_elsewhere(centre: ConsoleCentre) -> None:
    with writing(centre.engine) as connection:
        connection.execute(update(accounts.account).values(disabled=True))


@pytest.mark.parametrize("end", [_disable, _forget_sessions, _idle, _disabled_elsewhere])
def test_a_key_goes_with_its_session_whoever_ends_it(
    centre: ConsoleCentre, app: FastAPI, monkeypatch: pytest.MonkeyPatch, end: Callable[[ConsoleCentre], None]
) -> None:
    monkeypatch.setattr(held_keys, "LOOK_EVERY_S", 0.05)
    with serving(app, centre.config.http.port) as address, contextlib.closing(Browser(address)) as zoya:
        zoya.log_in("zoya")
        vault = app.state.console.vault
        assert len(vault.sessions()) == 1
        end(centre)
        assert until(lambda: vault.sessions() == [])


@pytest.mark.parametrize("action", ["disable", "reset_password", "end_sessions"])
def test_the_administrator_takes_the_key_with_the_session(
    centre: ConsoleCentre, app: FastAPI, zoya: Browser, browser: Browser, action: str
) -> None:
    assert len(app.state.console.vault.sessions()) == 1
    centre.add_account("admin", Role.ADMINISTRATOR)
    browser.log_in("admin", unlock=False)
    fields = {"action": action, "password": NEW_PASSWORD}
    assert browser.post(f"/accounts/{_account_id(centre)}", fields, page="/accounts").status_code == 303
    assert app.state.console.vault.sessions() == []


def test_pictures_stay_in_no_browser(centre: ConsoleCentre, zoya: Browser) -> None:
    media = MediaFiles(centre.config.media_dir)
    picture, worker_id = media.keep(b"a picture"), centre.people.workers["1001"]
    with writing(centre.engine) as connection:
        centre.registry.set_photo(connection, "zarya", worker_id, media.keep(b"another picture"))
    named = {"sha256": picture, "kind": "photo", "content_type": "image/jpeg", "size_bytes": 9, "step": "face"}
    exam_id = centre.exam("1001", media=[named | {"at": utc_text(centre.now())}])
    for path in (f"/exams/{exam_id}/media/{picture}", f"/exams/{exam_id}/reference", f"/workers/{worker_id}/photo"):
        answer = zoya.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store", path
