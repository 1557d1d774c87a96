"""Reference books in the whole: published with the command line or the console, shown by a running kiosk, named in its records.

The centre's processes are started as an administrator starts them; the kiosk is the shipped one in a window of this process.
"""

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from PySide6.QtGui import QFont, QGuiApplication
from pytestqt.qtbot import QtBot

from central.store import books as store
from central.store.engine import open_engine, reading
from dopusk.kiosk_app import consent_texts, kiosk_settings
from dopusk.lab.demo.sample_people import ORG
from dopusk.lab.demo.world import World, build_world
from dopusk.terminal_app import Terminal
from kiosk_ui.app import FONT_FAMILY, Kiosk, build_window
from kiosk_ui.texts import SHIPPED_BOOKS
from sync.contract.canonical import sha256_hex
from terminal.config import load_config
from terminal.mailbox import Mailbox
from tests.ui.kiosk.looking import find, names_on
from tests.unit.terminal.test_rests_and_clocks import MovedClock
from tests.waiting import LONGEST_S

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
CONSENT = "Записываем осмотр и измерения.\nРаботодатель узнает только итог.\n\nСогласен на осмотр и обработку сведений о здоровье."


@contextlib.contextmanager
def _process(config: Path, *arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", "dopusk", "central", *arguments, "-c", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().strip()
        finally:
            running.terminate()
            running.wait(LONGEST_S)


@dataclass
class Site:
    """A kiosk at a running centre."""

    world: World
    kiosk: Kiosk
    terminal: Terminal
    address: str
    qtbot: QtBot
    clock: MovedClock
    """Of the kiosk."""

    @property
    def config(self) -> Path:
        return self.world.folder / "centre" / "central.toml"

    def run(self, *arguments: str, code: int = 0) -> str:
        """A command of the centre's administrator."""
        command = [sys.executable, "-m", "dopusk", "--lang", "ru", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def publish(self, name: str, version: str, *items: dict[str, Any]) -> None:
        """Take the book out, change it, and publish it."""
        file = self.world.folder / f"{name}.json"
        owner = ("--org", ORG, "-c", str(self.config))
        self.run("central", "books", "export", name, str(file), *owner)
        book = json.loads(file.read_text(encoding="utf-8"))
        changed = {item["code"]: item for item in items}
        kept = [item for item in book["items"] if item["code"] not in changed]
        file.write_text(json.dumps(book | {"items": [*kept, *changed.values()], "version": ""}), encoding="utf-8")
        self.run("central", "books", "import", str(file), *owner)
        self.run("central", "books", "publish", name, "--basis", "приказ 7 от 30.11.2026", "--version", version, *owner)

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=int(LONGEST_S * 1000))

    def press(self, *names: str) -> None:
        for name in names:
            self.until(lambda name=name: name in names_on(self.kiosk.window) and self.kiosk.bridge.takes_answers)
            self.kiosk.bridge.press(name)

    def on(self, screen: str) -> None:
        self.until(lambda: f"screen_{screen}" in names_on(self.kiosk.window))

    def up_to_complaints(self) -> None:
        self.on("idle")
        self.press("begin", "key_1", "key_0", "key_0", "key_2", "number_ok", "confirm_yes", "consent_yes")
        self.on("complaints")

    def leave(self) -> None:
        """Break the exam off: its record goes to the centre nevertheless."""
        self.press("exit", "leave")
        self.on("idle")

    def record_with(self, code: str) -> dict[str, Any]:
        """The exam at the centre that has this complaint."""
        found: list[dict[str, Any]] = []

        def arrived() -> bool:
            with contextlib.closing(sqlite3.connect(self.config.parent / "central.db")) as db:
                rows = db.execute("SELECT payload FROM exam ORDER BY started_at").fetchall()
            payloads = [json.loads(row[0]) for row in rows]
            found[:] = [one for one in payloads if code in (one.get("complaints") or {}).get("codes", ())]
            return bool(found)

        self.until(arrived)
        return found[-1]

    def state_of(self, name: str) -> tuple[str, str]:
        """Version of a book that the terminal was sent last, and what it said to it."""
        engine = open_engine(self.world.config.store_url)
        try:
            with reading(engine) as connection:
                (sent,) = store.sent_to(connection, [ORG], name)
            return sent.version, sent.state
        finally:
            engine.dispose()


@pytest.fixture
def site(tmp_path: Path, qapp: QGuiApplication, qtbot: QtBot) -> Iterator[Site]:
    qapp.setFont(QFont(FONT_FAMILY))
    world = build_world(tmp_path, 30.0)
    config = load_config(world.terminal_config)
    mailbox, clock = Mailbox(), MovedClock()
    try:
        path = tmp_path / "centre" / "central.toml"
        with _process(path, "serve") as ready, _process(path, "ingest"):
            kiosk = build_window(mailbox.post, None, kiosk_settings(config, fullscreen=False, touch_guard_s=0.0))
            terminal = Terminal(
                config,
                kiosk.publish,
                mailbox=mailbox,
                clock=clock,
                consent_texts=consent_texts(),
                shipped_books=SHIPPED_BOOKS,
            )
            try:
                terminal.start()
                yield Site(world, kiosk, terminal, ready.split(": ", 1)[1], qtbot, clock)
            finally:
                terminal.close()
                kiosk.close()
                qapp.processEvents()
    finally:
        world.close()


@contextlib.contextmanager
def _logged_in(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.address, follow_redirects=True) as client:
        token = CSRF.findall(client.get("/login").text)[-1]
        login = site.world.login
        client.post("/login", data={"csrf": token, "username": login.username, "password": login.password})
        yield client


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
    with _logged_in(site) as client:
        page = client.get("/consents").text
        assert record["consent"]["text_sha256"] in page
        assert "этот текст показывает киоск" in page
        assert "Болит спина" in client.get(f"/exams/{record['exam_id']}").text
        assert "Болит спина" in client.get("/journal?unfinished=1&complaint=back_pain").text

    # The broker goes, two versions are published meanwhile, and an exam is made with the old one.
    site.world.broker.stop()
    site.publish("complaints", "2026-9", complaint | {"ru": "Спина болит"})
    site.publish("complaints", "2026-10", complaint | {"ru": "Боль в спине"}, {"code": "eyes", "ru": "Болят глаза"})
    assert site.state_of("complaints") == ("2026-10", "sent")
    site.up_to_complaints()
    site.press("complaints_some", "complaint_back_pain", "complaint_headache", "complaints_done")
    site.leave()
    site.world.broker.start()
    site.until(lambda: site.state_of("complaints") == ("2026-10", "applied"))
    site.until(lambda: site.kiosk.bridge.screen_view.complaints[-1].label == "eyes")  # type: ignore[union-attr]
    away = site.record_with("headache")
    assert away["books"]["complaints"] == "2026-7"
    with _logged_in(site) as client:
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
    table = tmp_path / "sex.csv"
    table.write_text("Код;По-русски\n1;Мужской\n2;Женский\n", encoding="utf-8")
    run("central", "books", "import", str(table), "-c", str(config))
    run("central", "books", "publish", "sex", "--basis", "письмо 1", "-c", str(config))
    run("verify", str(config))
    with contextlib.closing(sqlite3.connect(folder / "central.db")) as db:
        db.execute("DROP TRIGGER guard_book_item_update")
        db.execute("UPDATE book_item SET ru = 'Другой' WHERE book = 'sex' AND code = '2'")
        db.commit()
    said = run("verify", str(config), "--json", code=1)
    assert "book_item sex||" in said
    assert "book sex " in said
