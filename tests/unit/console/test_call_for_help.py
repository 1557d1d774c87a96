"""Somebody at a kiosk calls for a medic: the queue says where, at once, and says nothing when the call is over."""

from datetime import UTC, datetime
from pathlib import Path

from central.store import terminals
from central.store.engine import reading, writing
from sync.contract.health import TerminalStatus
from tests.console_centre import Browser, build_centre_with_zoya, serving


def test_a_call_for_help_stands_in_the_queue_and_changes_the_mark(tmp_path: Path) -> None:
    centre = build_centre_with_zoya(tmp_path)

    def say(**fields: object) -> list[tuple[str, str, str]]:
        status = TerminalStatus.model_validate({"state": "online", **fields})
        with writing(centre.engine) as connection:
            terminals.note_status(connection, "kiosk-1", status, now=centre.now())
        with reading(centre.engine) as connection:
            return terminals.attention_marks(connection)

    with serving(centre.app(), centre.config.http.port) as address:
        browser = Browser(address).log_in("zoya")
        calm = say()
        assert "Зовут медработника" not in browser.get("/queue").text
        assert say(help_called_at=datetime.now(UTC)) != calm
        assert "Зовут медработника: Терминал 1" in browser.get("/queue/rows").text
        assert say() == calm
        assert "Зовут медработника" not in browser.get("/queue/rows").text
        browser.close()
    centre.engine.dispose()


def test_a_kiosk_that_stands_still_behind_a_good_link_is_said(tmp_path: Path) -> None:
    centre = build_centre_with_zoya(tmp_path)

    def say(kiosk: str, **fields: object) -> None:
        status = TerminalStatus.model_validate({"state": "online", "kiosk": kiosk, **fields})
        with writing(centre.engine) as connection:
            terminals.note_status(connection, "kiosk-1", status, now=centre.now())

    with serving(centre.app(), centre.config.http.port) as address:
        browser = Browser(address).log_in("zoya")
        say("running", wal_bytes=1_000_000)
        assert "киоск не работает" not in browser.get("/queue").text
        assert "киоск не работает" not in browser.get("/fleet").text
        say("silent", wal_bytes=90_000_000)
        assert "Связь есть, но киоск не работает: Терминал 1" in browser.get("/queue/rows").text
        assert "Все терминалы на связи" in browser.get("/queue/rows").text
        page = browser.get("/fleet?show=silent").text
        assert "киоск не работает" in page
        assert "Терминал 1" in page
        browser.close()
    centre.engine.dispose()
