"""A hold from the console's page to the kiosk's disk: the sweep of a month later takes the other film and leaves this one."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from typer.testing import CliRunner

from dopusk.cli import COMMANDS, build
from dopusk.commands import terminal_keeping
from sync.contract.model import utc_text
from terminal.config import load_config
from terminal.store.database import KeyFile, open_existing
from tests.console_centre import CSRF
from tests.e2e.site import Site, logged_in
from tests.unit.terminal.test_rests_and_clocks import MovedClock

PAGE = "/conclusions/holds"


def _exam(site: Site) -> str:
    """Somebody begins an exam, is filmed, and leaves; the exam with a file of its own at the centre."""
    known = set(_exams(site))
    site.up_to_complaints()
    site.leave()
    site.until(lambda: set(_exams(site)) > known)
    (exam_id,) = set(_exams(site)) - known
    return exam_id


def _exams(site: Site) -> list[str]:
    """Exams of which the centre has a whole file."""
    with contextlib.closing(sqlite3.connect(site.config.parent / "central.db")) as db:
        query = "SELECT DISTINCT exam_id FROM media JOIN exam USING (exam_id) WHERE completed_at IS NOT NULL"
        return [row[0] for row in db.execute(query)]


@contextlib.contextmanager
def _store(site: Site) -> Iterator[tuple[Database, Path]]:
    """The kiosk's store, and the folder of its media."""
    files = load_config(site.world.terminal_config).files
    with contextlib.closing(open_existing(files.store, KeyFile(files.master_key))) as db:
        yield db, files.media


def _tidy(site: Site) -> dict[str, Any]:
    done = CliRunner().invoke(build(COMMANDS), ["terminal", "tidy", "-c", str(site.world.terminal_config), "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _is_receipted(site: Site) -> bool:
    with _store(site) as (db, _):
        query = "SELECT count(*) FROM outbox WHERE kind = 'media' AND state != 'receipted'"
        return bool(db.execute(query).fetchone()[0] == 0)


def _grow_old(site: Site) -> None:
    """A month passes for what lies on the kiosk's disk."""
    with _store(site) as (db, _):
        old = utc_text(site.clock.now().at - timedelta(days=31))
        db.execute("UPDATE media SET stored_at = ?", (old,))
        db.conn.commit()


def _files(site: Site, exam_id: str) -> list[Path]:
    with _store(site) as (db, folder):
        found = db.execute("SELECT sha256 FROM media WHERE exam_id = ?", (exam_id,)).fetchall()
    return [path for row in found if (path := folder / f"{row[0]}.enc").exists()]


@pytest.mark.timeout(540)
def test_a_hold_of_the_page_keeps_the_film_on_the_kiosks_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_keeping, "SystemClock", MovedClock)
    site.on("idle")
    held, other = _exam(site), _exam(site)
    with logged_in(site) as medic:
        site.until(lambda: "список есть" in medic.get(PAGE).text)
        fields = {"about": "exam", "exam_id": held, "reason": "dispute", "basis": "иск 2-77/2026"}
        token = CSRF.findall(medic.get(PAGE).text)[-1]
        assert "иск 2-77/2026" in medic.post(PAGE, data={"csrf": token} | fields).text
        site.until(lambda: "в пути" not in medic.get(PAGE).text)
        assert "список есть" in medic.get(PAGE).text
    assert _files(site, held)
    assert _files(site, other)
    site.until(lambda: _is_receipted(site))
    _grow_old(site)
    swept = _tidy(site)
    assert (swept["waits_for"], swept["held"] > 0, swept["files"] > 0) == ("", True, True)
    assert _files(site, held)
    assert not _files(site, other)
