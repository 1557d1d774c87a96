"""The running `central serve` does by itself what nobody presses: reminders of ends and of who is late, rings of medics on duty."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection
from typer.testing import CliRunner

from central.access.accounts import create_account
from central.core.config import load_config
from central.core.rights import Role
from central.core.snils import SnilsKey
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import duties, shift_plans
from central.store.duties import Duty
from central.store.engine import open_engine, writing
from central.store.exams import exam
from dopusk.commands.central_group import app
from dopusk.lab.broker import free_port
from dopusk.lab.demo.sample_people import ORG, SampleIds, enter_people
from sync.contract.called import QUEUE
from sync.contract.canonical import new_id
from sync.contract.envelope import read_unverified
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


def _wait_unopened(connection: Connection, people: SampleIds) -> None:
    """An exam that nobody has opened for ten minutes, and a medic on duty."""
    now = datetime.now(UTC)
    before = now - timedelta(minutes=10)
    said = {"username": "dezhurny", "full_name": "Дежурный", "password": "correct horse battery"}
    medic = create_account(connection, **said, role=Role.MEDIC, now=now, orgs=(ORG,), medic_id=new_id())
    duties.add(connection, Duty(new_id(), ORG, medic, before, now + timedelta(hours=8), before, medic))
    row = {
        "exam_id": new_id(),
        "revision": 1,
        "org": ORG,
        "terminal_id": "kiosk-1",
        "employer_id": people.employers[0],
        "worker_id": people.workers["1001"],
        "exam_type": "pre_trip",
        "generation": "test",
        "state": "waiting",
        "end_reason": "submitted",
        "suggestion": "within_limits",
        "has_deviation": False,
        "payload": {},
        "message_id": new_id(),
        "message_sha256": "0" * 64,
    }
    moments = dict.fromkeys(("started_at", "finished_at", "received_at", "first_received_at"), before)
    connection.execute(exam.insert().values(**row, **moments))


def _rung(store: Path) -> list[tuple[object, ...]]:
    """Rings, and what went down to terminals because of them."""
    with closing(sqlite3.connect(store)) as connection:
        rung = connection.execute("SELECT username, step FROM ring JOIN account USING (account_id)").fetchall()
        sent = connection.execute("SELECT wire FROM centre_outbox WHERE kind = 'reference'").fetchall()
    told = [read_unverified(wire)[0].payload for (wire,) in sent if wire]
    return rung + [
        (one["name"], item["number"]) for one in told if one["name"] == QUEUE for item in one["content"]["exams"]
    ]


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
        _wait_unopened(connection, people)
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
            assert until(lambda: _rung(folder / "central.db") == [("dezhurny", 1), (QUEUE, 1)])
        finally:
            process.terminate()
            process.wait(LONGEST_S)
