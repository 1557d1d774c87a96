"""Rosters of 20,000 workers for 1,000 terminals: one change, a new terminal, a terminal that comes back after a month.

SQLite in a temporary folder, one process. Terminals are rows of the store: what they would answer is written into it, and the
bytes are those that the broker would be handed. Times are processor time of the centre, since a shared machine stretches the rest.
"""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, update

from central.core.clock import now_utc
from central.core.parties import Employer, Organisation, Terminal, Worker
from central.core.snils import SnilsKey
from central.exchange.rosters import Rosters
from central.link import roster_lists
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import outgoing, roster_sent, terminals
from central.store.engine import create_schema, open_engine, reading, writing
from central.store.roster_sent import ToldList

WORKERS = 20_000
TERMINALS = 1_000
EMPLOYERS = 50
MONTH = (30, 20)
"""Days, and changed workers on each."""
ORG = "bench"
Report = Callable[[str, float, str], None]


def run(report: Report, *, long: bool) -> None:
    """Rosters of 20,000 workers: one change, a new terminal, one back after a month; times and bytes."""
    with tempfile.TemporaryDirectory(prefix="dopusk-rosters-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'central.db'}")
        try:
            _measure(engine, report)
        finally:
            engine.dispose()


def _measure(engine: Engine, report: Report) -> None:
    create_schema(engine)
    pen = Outgoing(Ed25519PrivateKey.generate(), "test")
    registry, rosters = Registry(pen, SnilsKey(os.urandom(32))), Rosters(engine, pen)
    people = _enter(engine, registry)
    began_s = time.process_time()
    rosters.work()
    report("roster.entries_of_20000_s", time.process_time() - began_s, "s of processor")
    _link(engine, "k0", "online")
    took_s, _, size = _spread(engine, rosters)
    report("roster.new_terminal_s", took_s, "s of processor")
    report("roster.new_terminal_bytes", size, "bytes")
    names = [f"k{number}" for number in range(TERMINALS)]
    _tell(engine, names, {name: 1 for name in names})
    _link(engine, None, "online")
    _spread(engine, rosters)
    _save(engine, registry, [replace(people[7], position="механик")])
    took_s, count, size = _spread(engine, rosters)
    report("roster.one_change_for_1000_terminals_s", took_s, "s of processor")
    report("roster.one_change_bytes_each", size / max(1, count), f"bytes for each of {count} terminals")
    _link(engine, None, "offline")
    days, each = MONTH
    for day in range(days):
        _save(engine, registry, [replace(people[day * each + n], position=f"механик {day}") for n in range(each)])
        rosters.work()
    _link(engine, "k0", "online")
    took_s, _, size = _spread(engine, rosters)
    report("roster.back_after_a_month_s", took_s, "s of processor")
    report("roster.back_after_a_month_bytes", size, f"bytes, {days * each} workers changed")


def _enter(engine: Engine, registry: Registry) -> list[Worker]:
    with writing(engine) as connection:
        registry.add_organisation(connection, Organisation(ORG, "Стенд", "Л041"))
        employers = [
            registry.add_employer(connection, Employer(ORG, f"ООО «Автоколонна {n}»")) for n in range(EMPLOYERS)
        ]
        people = [
            Worker(ORG, employers[n % EMPLOYERS], str(10_000 + n), f"Имярек Степан Номер{n}", "водитель автобуса")
            for n in range(WORKERS)
        ]
        registry.save_workers(connection, people)
        for number in range(TERMINALS):
            registry.add_terminal(connection, Terminal(f"k{number}", ORG, f"k{number}", "Проходная"))
        connection.execute(update(terminals.terminal).values(state="enrolled", link="offline"))
    return people


def _save(engine: Engine, registry: Registry, workers: list[Worker]) -> None:
    with writing(engine) as connection:
        registry.save_workers(connection, workers)


def _link(engine: Engine, terminal_id: str | None, link: str) -> None:
    change = update(terminals.terminal).values(link=link)
    if terminal_id is not None:
        change = change.where(terminals.terminal.c.terminal_id == terminal_id)
    with writing(engine) as connection:
        connection.execute(change)


def _spread(engine: Engine, rosters: Rosters) -> tuple[float, int, int]:
    """Send until nothing is left: processor seconds of the sending, messages, bytes. Everything is answered as it is sent."""
    spent_s, count, size = 0.0, 0, 0
    while True:
        began_s = time.process_time()
        sent = rosters.work()
        spent_s += time.process_time() - began_s
        if not sent:
            return spent_s, count, size
        with reading(engine) as connection:
            rows = outgoing.queued(connection, 100_000)
            versions = {row["terminal_id"]: int(row["roster_version"]) for row in terminals.not_offline(connection)}
        count, size = count + len(rows), size + sum(len(row.wire) for row in rows)
        with writing(engine) as connection:
            for row in rows:
                outgoing.mark_acked(connection, row.terminal_id, [row.message_id], now=now_utc())
        _tell(engine, sorted({row.terminal_id for row in rows}), versions)


def _tell(engine: Engine, names: list[str], versions: dict[str, int]) -> None:
    with writing(engine) as connection:
        sha256 = roster_lists.target_for(connection, "k0", ORG).sha256
        for name in names:
            told = ToldList(name, versions[name], sha256, asks_whole=False)
            roster_sent.note_told(connection, told, versions[name], made_at=now_utc())
