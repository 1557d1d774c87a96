"""The console on SQLite with very many exams: pages by real HTTP, filters of the journal that match few, export.

The exams are written into the store directly: what is measured is reading. One medic has signed all of them, another none.
"""

import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
from sqlalchemy import Engine

from central.accounts import create_account, open_session
from central.config import CentralConfig
from central.console.app import create_app
from central.installation import Choices, create_secrets, write_config
from central.outgoing import Outgoing
from central.registry import Registry
from central.rights import Role
from central.snils import SnilsKey
from central.store import schema
from central.store.decisions import decision
from central.store.engine import open_engine, writing
from central.store.exams import exam
from dopusk.broker import free_port
from dopusk.demo.sample_people import ORG, TERMINAL_ID, SampleIds, enter_people
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import canonical, new_id

Report = Callable[[str, float, str], None]

EXAMS = 20_000
LONG_EXAMS = 1_000_000
WAITING = 50
REFUSED_EVERY = 500
"""One exam of so many is refused, half of them in the older half of the journal."""
REQUESTS = 60
_BATCH = 5_000
_PATTERNS = 200
_STARTED_S = 20.0
_MEDIC_ID = "00000000-0000-7000-8000-00000000000a"
_IDLE_MEDIC_ID = "00000000-0000-7000-8000-00000000000b"


class BenchFailed(Exception):
    """A page did not come as it should."""


def run(report: Report, *, long: bool) -> None:
    """Queue, exam and journal pages over HTTP (p50, p95), and rows of a CSV export a second."""
    count = LONG_EXAMS if long else EXAMS
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-", dir="/var/tmp") as name:
        config, engine, people, cookie = _centre(Path(name))
        exam_id = _fill(engine, people, count)
        with _serving(config, engine), closing(HTTPConnection("127.0.0.1", config.http.port, timeout=600)) as http:
            pages = {
                "queue": "/queue",
                "exam": f"/exams/{exam_id}",
                "journal": "/journal",
                "journal_by_outcome": "/journal?" + urlencode({"outcome": "not_admitted"}),
                "journal_by_idle_medic": "/journal?" + urlencode({"medic_id": _IDLE_MEDIC_ID}),
                "journal_unfinished": "/journal?" + urlencode({"unfinished": "1"}),
            }
            for page, path in pages.items():
                spent_ms = sorted(_get(http, path, cookie)[0] for _ in range(REQUESTS))
                report(f"console.{count}.{page}_p50", spent_ms[len(spent_ms) // 2], "ms")
                report(f"console.{count}.{page}_p95", spent_ms[int(len(spent_ms) * 0.95)], "ms")
            export_ms, lines = _get(http, "/journal/export/csv", cookie)
            report(f"console.{count}.export_csv", 1000 * (lines - 1) / export_ms, "rows/s")
        engine.dispose()


def _centre(folder: Path) -> tuple[CentralConfig, Engine, SampleIds, str]:
    create_secrets(folder)
    config = write_config(folder, Choices("test", free_port(), free_port()))
    engine = open_engine(config.store_url)
    schema.upgrade(engine)
    registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
    now = datetime.now(UTC)
    with writing(engine) as connection:
        people = enter_people(connection, registry)
        account_id = create_account(
            connection,
            username="bench",
            full_name="Замерова Мера Ильинична",
            role=Role.MEDIC,
            password="thirteen yardsticks",  # noqa: S106  # of a store that lives for one run
            now=now,
            orgs=(ORG,),
        )
        token = open_session(connection, account_id, "127.0.0.1", now).token
    return config, engine, people, f"dopusk_session={token}"


def _fill(engine: Engine, people: SampleIds, count: int) -> str:
    """Exams one a minute up to now, the newest ones waiting; returns the id of one that waits."""
    dice = random.Random(3)  # noqa: S311 - values of exams
    numbers = list(people.workers)
    patterns = [
        exam_payload(
            dice,
            org=ORG,
            worker_id=people.workers[numbers[place % len(numbers)]],
            employer_id=people.employers[0],
            generation="test",
        )
        for place in range(_PATTERNS)
    ]
    now = datetime.now(UTC)
    exam_id = ""
    for start in range(0, count, _BATCH):
        exams: list[dict[str, Any]] = []
        decisions: list[dict[str, Any]] = []
        for place in range(start, min(start + _BATCH, count)):
            payload = patterns[place % _PATTERNS]
            row = _exam_row(payload, now - timedelta(minutes=count - place))
            exam_id = row["exam_id"]
            if place < count - WAITING:
                signed = _decision_row(row, "not_admitted" if place % REFUSED_EVERY == 0 else "admitted")
                names = ("decision_id", "outcome", "medic_id", "decided_at")
                row |= {"state": "decided"} | {name: signed[name] for name in names}
                decisions.append(signed)
            exams.append(row)
        with writing(engine) as connection:
            connection.execute(exam.insert(), exams)
            if decisions:
                connection.execute(decision.insert(), decisions)
    return exam_id


def _exam_row(payload: dict[str, Any], at: datetime) -> dict[str, Any]:
    exam_id = new_id()
    return {
        "exam_id": exam_id,
        "revision": 1,
        "org": ORG,
        "terminal_id": TERMINAL_ID,
        "employer_id": payload["examinee"]["employer_id"],
        "worker_id": payload["examinee"]["worker_id"],
        "exam_type": payload["exam_type"],
        "generation": "test",
        "state": "waiting",
        "end_reason": "",
        "started_at": at - timedelta(seconds=88),
        "finished_at": at,
        "received_at": at,
        "suggestion": payload["rule_verdict"]["suggestion"],
        "has_deviation": False,
        "payload": payload | {"exam_id": exam_id},
        "message_id": new_id(),
        "message_sha256": "0" * 64,
        "decision_id": None,
        "outcome": None,
        "medic_id": None,
        "decided_at": None,
    }


def _decision_row(row: dict[str, Any], outcome: str) -> dict[str, Any]:
    decision_id = new_id()
    medic = {"medic_id": _MEDIC_ID, "full_name": "Замерова Мера Ильинична", "position": "фельдшер"}
    verdict = {"decision_id": decision_id, "outcome": outcome, "reasons": [], "comment": "", "visual": {}}
    return {
        "decision_id": decision_id,
        "exam_id": row["exam_id"],
        "exam_message_id": row["message_id"],
        "exam_revision": 1,
        "org": ORG,
        "worker_id": row["worker_id"],
        "medic_id": _MEDIC_ID,
        "medic_name": medic["full_name"],
        "outcome": outcome,
        "reasons": [],
        "corrects": None,
        "decided_at": row["finished_at"] + timedelta(minutes=1),
        "valid_until": None,
        "record": canonical({"exam": row["payload"], "decision": verdict, "medic": medic}),
        "cms": bytes(1500),
        "certificate_serial": "1",
        "trail": {},
    }


@contextmanager
def _serving(config: CentralConfig, engine: Engine) -> Iterator[None]:
    app = create_app(config, engine=engine)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=config.http.port, log_level="error"))
    thread = threading.Thread(target=server.run, name="console")
    thread.start()
    deadline_s = time.monotonic() + _STARTED_S
    try:
        while not server.started:
            if time.monotonic() > deadline_s:
                raise BenchFailed("the console did not start")
            time.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join()


def _get(http: HTTPConnection, path: str, cookie: str) -> tuple[float, int]:
    """Milliseconds until the whole answer is there, and its lines."""
    began_s = time.perf_counter()
    http.request("GET", path, headers={"Cookie": cookie})
    answer = http.getresponse()
    lines = 0
    while piece := answer.read(1 << 20):
        lines += piece.count(b"\n")
    if answer.status != 200:
        raise BenchFailed(f"{path.split('?', 1)[0]} answered {answer.status}")
    return 1000 * (time.perf_counter() - began_s), lines
