"""Reference books in the whole: published with the command line or the console, shown by a running kiosk, named in its records.

The centre's processes are started as an administrator starts them; the kiosk is the shipped one in a window of this process.
"""

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sync.contract.canonical import sha256_hex
from tests.e2e.site import Site, logged_in
from tests.ui.kiosk.looking import find, names_on

CONSENT = "Записываем осмотр и измерения.\nРаботодатель узнает только итог.\n\nСогласен на осмотр и обработку сведений о здоровье."


@pytest.mark.timeout(540)
def test_what_the_centre_publishes_is_what_the_kiosk_shows_and_the_record_names(site: Site) -> None:
    complaint = {"code": "back_pain", "ru": "Болит спина", "en": "Back pain"}
    site.on("idle")
    site.publish("complaints", "2026-7", complaint)
    site.publish("consent_text", "2026-8", {"code": "health_data", "ru": CONSENT})
    site.until(lambda: [one.label for one in site.kiosk.bridge.screen_view.complaints][-1] == "back_pain")  # type: ignore[union-attr]
    site.until(lambda: site.state_of("consent_text") == ("2026-8", "applied"))

    site.on("idle")
    site.press("begin", "key_1", "key_0", "key_0", "key_2", "number_ok", "confirm_yes")
    site.on("consent")
    site.press("consent_full")
    shown = find(site.kiosk.window, "consent_text").property("text")
    assert shown == CONSENT
    site.press("close", "consent_yes")
    site.on("complaints")
    site.press("complaints_some")
    site.until(lambda: "complaint_back_pain" in names_on(site.kiosk.window))
    site.press("complaint_back_pain", "complaints_done")
    site.leave()

    record = site.record_with("back_pain")
    assert record["books"] == {"complaints": "2026-7", "consent_text": "2026-8", "kiosk_texts": "2026-1"}
    assert (record["consent"]["version"], record["consent"]["text_sha256"]) == ("2026-8", sha256_hex(shown.encode()))
    with logged_in(site) as client:
        page = client.get("/consents").text
        assert record["consent"]["text_sha256"] in page
        assert "этот текст показывает киоск" in page
        assert "Болит спина" in client.get(f"/exams/{record['exam_id']}").text
        assert "Болит спина" in client.get("/journal?unfinished=1&complaint=back_pain").text

    # The broker goes, three versions are published meanwhile, and an exam is made with the old one.
    site.world.broker.stop()
    site.publish("complaints", "2026-9", complaint | {"ru": "Спина болит"})
    site.publish("complaints", "2026-10", complaint | {"ru": "Боль в спине"}, {"code": "eyes", "ru": "Болят глаза"})
    site.publish("complaints", "2026-11", complaint | {"ru": "Боли в спине"})
    assert site.state_of("complaints") == ("2026-11", "sent")
    site.up_to_complaints()
    site.press("complaints_some", "complaint_back_pain", "complaint_headache", "complaints_done")
    site.leave()
    site.world.broker.start()
    site.until(lambda: site.state_of("complaints") == ("2026-11", "applied"))
    site.until(lambda: site.kiosk.bridge.screen_view.complaints[-1].label == "eyes")  # type: ignore[union-attr]
    away = site.record_with("headache")
    assert away["books"]["complaints"] == "2026-7"
    with logged_in(site) as client:
        assert "Болит спина" in client.get(f"/exams/{away['exam_id']}").text


@pytest.mark.timeout(300)
def test_one_changed_item_is_named_by_verify(tmp_path: Path) -> None:
    folder = tmp_path / "centre"

    def run(*arguments: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "dopusk", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    run("central", "init", str(folder), "--generation", "test")
    config = folder / "central.toml"
    table = tmp_path / "positions.csv"
    table.write_text("Код;По-русски\n1;Водитель\n2;Слесарь\n", encoding="utf-8")
    run("central", "books", "import", str(table), "-c", str(config))
    run("central", "books", "publish", "positions", "--basis", "письмо 1", "-c", str(config))
    run("verify", str(config))
    with contextlib.closing(sqlite3.connect(folder / "central.db")) as db:
        db.execute("DROP TRIGGER guard_book_item_update")
        db.execute("UPDATE book_item SET ru = 'Другой' WHERE book = 'positions' AND code = '2'")
        db.commit()
    said = run("verify", str(config), "--json", code=1)
    assert "book_item positions||" in said
    assert "book positions " in said
