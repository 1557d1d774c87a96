"""The page says which process of the centre does not run or fails, whoever has ended it: shipped processes, a real broker."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from central.core.clock import now_utc
from central.core.rights import Role
from central.exchange import presence
from central.store import processes
from central.store.engine import reading, writing
from central.store.processes import Process, process
from dopusk.lab.broker import free_port, start_mosquitto
from tests.console_centre import Browser, ConsoleCentre, build_console_centre, cheap_hashes, serving
from tests.waiting import until

PROGRAM = (sys.executable, "-m", "dopusk", "central")


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConsoleCentre]:
    cheap_hashes(monkeypatch)
    made = build_console_centre(tmp_path / "centre")
    made.add_account("admin", Role.ADMINISTRATOR)
    yield made
    made.engine.dispose()


@contextlib.contextmanager
def _ingest(centre: ConsoleCentre) -> Iterator[subprocess.Popen[bytes]]:
    config = str(centre.folder / "central.toml")
    with subprocess.Popen([*PROGRAM, "ingest", "-c", config], stdout=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


def _kinds(centre: ConsoleCentre) -> list[str]:
    with reading(centre.engine) as connection:
        return [item.kind for item in processes.running(connection, now_utc())]


def _troubles(page: str) -> str:
    return page.split('id="troubles"')[1].split("</div>")[0] if 'id="troubles"' in page else ""


def _show(centre: ConsoleCentre, look: Callable[[Browser], None]) -> None:
    with serving(centre.app(), free_port()) as address, contextlib.closing(Browser(address)) as browser:
        look(browser.log_in("admin", unlock=False))


def test_a_killed_ingest_is_missed_on_the_page(console: ConsoleCentre) -> None:
    with (
        start_mosquitto(console.folder / "broker", console.authority, port=console.config.mqtt.port),
        _ingest(console) as child,
    ):
        assert until(lambda: _kinds(console) == ["ingest"])
        _show(console, lambda browser: _expect(_troubles(browser.get("/fleet").text), ""))
        child.send_signal(signal.SIGKILL)
        child.wait()
    with writing(console.engine) as connection:
        connection.execute(update(process).values(seen_at=now_utc() - processes.SILENT_AFTER * 2))
    _show(console, lambda browser: _expect(_troubles(browser.get("/fleet").text), "central ingest"))


def _expect(shown: str, words: str) -> None:
    assert (words in shown) if words else not shown, shown


def test_an_ingest_without_its_broker_says_so_from_its_own_process(
    console: ConsoleCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _ingest(console):
        found: list[str] = []

        def look(browser: Browser) -> None:
            assert until(lambda: "записи с терминалов не приходят" in _troubles(browser.get("/fleet").text))
            found.append(_troubles(browser.get("/fleet").text))

        _show(console, look)
    assert "ConnectionError" in found[0]


def test_what_another_process_says_is_shown_and_forgotten_in_a_week(console: ConsoleCentre) -> None:
    now = now_utc()
    trouble = {"thread": "ingest", "step": "intake", "how": "failing", "since": None, "error": "KeyError (x.py:1)"}
    with writing(console.engine) as connection:
        processes.report(connection, Process("ingest a 1", "ingest", now, now, [trouble]))
    _show(console, lambda browser: _expect(_troubles(browser.get("/fleet").text), "KeyError (x.py:1)"))
    later = now + processes.FORGOTTEN_AFTER + timedelta(seconds=1)
    with writing(console.engine) as connection:
        processes.report(connection, Process("serve a 2", "serve", later, later, []))
        assert processes.silent_kinds(connection, later) == {}


def test_the_serving_process_reports_itself_and_a_store_that_is_away_ends_nothing(console: ConsoleCentre) -> None:
    with presence.Presence(console.engine, "serve", every_s=0.05):
        assert until(lambda: _kinds(console) == ["serve"])
        with writing(console.engine) as connection:
            connection.exec_driver_sql("ALTER TABLE process RENAME TO away")
        assert until(lambda: any(state.thread == "presence" for state in presence.step_records.troubles()))
        with writing(console.engine) as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO process")
            connection.execute(process.delete())
        assert until(lambda: _kinds(console) == ["serve"])
