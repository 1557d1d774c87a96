"""The running `central serve` writes reminders by itself: of documents that end, and of who is late for a shift."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import CliRunner

from central.core.config import load_config
from central.core.snils import SnilsKey
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import shift_plans
from central.store.engine import open_engine, writing
from dopusk.commands.central_group import app
from dopusk.lab.broker import free_port
from dopusk.lab.demo.sample_people import ORG, enter_people
from sync.contract.canonical import new_id
from tests.waiting import LONGEST_S, until

DOPUSK = (sys.executable, "-m", "dopusk")
RULE = (
    '{"book": "ground_rules", "items": [{"code": "book_ends", "ru": "Срок медкнижки", "attrs": {"kind": "medical_book",'
    ' "when": "over", "effect": "ask", "basis": "приказ 7"}}]}'
)


def _run(*arguments: str) -> None:
    done = subprocess.run([*DOPUSK, *arguments], capture_output=True, text=True, timeout=LONGEST_S * 2, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _rows(store: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute("SELECT kind, document, days FROM reminder").fetchall()


def test_the_running_centre_reminds_of_a_book_that_ends_and_of_who_is_late(tmp_path: Path) -> None:
    folder = tmp_path / "centre"
    ports = ["--mqtt-port", str(free_port()), "--http-port", str(free_port())]
    assert CliRunner().invoke(app, ["init", str(folder), "--generation", "test", *ports]).exit_code == 0
    config = str(folder / "central.toml")
    loaded = load_config(folder / "central.toml")
    engine = open_engine(loaded.store_url)
    registry = Registry(Outgoing.from_config(loaded), SnilsKey.from_file(loaded.keys.snils_key_file))
    with writing(engine) as connection:
        people = enter_people(connection, registry)
        now = datetime.now(UTC)
        late = (people.employers[0], people.workers["1002"], now.date(), now - timedelta(minutes=5), "pre_shift")
        shift_plans.put(connection, shift_plans.PlannedShift(new_id(), ORG, *late), now, "dispatcher")
    engine.dispose()
    rules, grounds = tmp_path / "ground_rules.json", tmp_path / "grounds.csv"
    rules.write_text(RULE, encoding="utf-8")
    _run("central", "books", "import", str(rules), "--org", ORG, "-c", config)
    _run("central", "books", "publish", "ground_rules", "--basis", "приказ 7", "--org", ORG, "-c", config)
    day = datetime.now().astimezone().date() + timedelta(days=30)
    head = "Табельный номер;Вид;Дата;Действует до;Только очно;Источник"
    grounds.write_text(f"{head}\n1001;Медкнижка;01.02.2026;{day:%d.%m.%Y};нет;ЭЛМК\n", encoding="utf-8")
    _run("central", "import", "grounds", str(grounds), "--org", ORG, "-c", config)
    command = [*DOPUSK, "central", "serve", "-c", config]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = {("ends", "Медкнижка", 30), ("late", f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%MZ}", 0)}
            assert until(lambda: set(_rows(folder / "central.db")) == told)
        finally:
            process.terminate()
            process.wait(LONGEST_S)
