"""A kiosk at a running centre: its processes as an administrator starts them, the shipped kiosk in a window of the test."""

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
from terminal.config import load_config
from terminal.mailbox import Mailbox
from tests.ui.kiosk.looking import names_on
from tests.unit.terminal.test_rests_and_clocks import MovedClock
from tests.waiting import LONGEST_S

CSRF = re.compile(r'name="csrf" value="([^"]+)"')


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
        """Break the exam off: its record goes to the centre nevertheless.

        A touch that comes as the exam goes on by itself counts for nothing; then it is made again, as a person does.
        """

        def left() -> bool:
            there = names_on(self.kiosk.window)
            if "screen_idle" not in there and self.kiosk.bridge.takes_answers:
                name = "leave" if "leave" in there else "exit"
                if name in there:
                    self.kiosk.bridge.press(name)
            return "screen_idle" in there

        self.until(left)

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


@contextlib.contextmanager
def running_site(tmp_path: Path, qapp: QGuiApplication, qtbot: QtBot) -> Iterator[Site]:
    """A whole site, with simulated devices, in a folder of the test's."""
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
def logged_in(site: Site) -> Iterator[httpx.Client]:
    """The medic's browser."""
    with httpx.Client(base_url=site.address, follow_redirects=True) as client:
        token = CSRF.findall(client.get("/login").text)[-1]
        login = site.world.login
        client.post("/login", data={"csrf": token, "username": login.username, "password": login.password})
        yield client
