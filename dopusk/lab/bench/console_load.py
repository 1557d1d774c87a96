"""Fifty medics at work, in a process of their own: each with an open queue that follows the centre, looking, deciding.

Does what the page's own script does: on an event of the queue it asks for the rows, at once, and once more when something
came meanwhile. New exams are put into the store as intake does it, from the same process.
"""

import contextlib
import multiprocessing
import random
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from urllib.parse import urlencode

from sqlalchemy import Engine

from central.core.config import CentralConfig
from central.store.engine import open_engine
from dopusk.lab.bench.population import Population
from dopusk.lab.population.filling import Filling
from dopusk.lab.population.progress import Progress

THINK_S = 25.0
"""How long a medic looks at an exam on average: fifty of them decide two exams a second."""
SETTLED_S = 1.6 * THINK_S
"""After this long every medic has decided once: from then on they come and go evenly."""
STARTED_S = 300.0
STOPPED_S = 30.0
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_EXAM = re.compile(r'<tr data-exam="([^"]+)"')
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Work:
    """What was done while the load ran."""

    decisions: int
    refreshes: int
    seconds: float


@contextlib.contextmanager
def medics_at_work(config: CentralConfig, population: Population) -> Iterator[list[Work]]:
    """All medics of the population work until the end of the block; then the list holds what they did."""
    context = multiprocessing.get_context("spawn")
    # A pipe and no shared event: whoever sets an event waits for all who slept on it, also for those that are gone.
    ours, theirs = context.Pipe()
    seats = [(seat.org, seat.cookie) for seat in population.seats]
    given = (config, population.made.progress, population.made.passphrase, seats, theirs)
    process = context.Process(target=_work_all, args=given, name="medics", daemon=True)
    done: list[Work] = []
    process.start()
    try:
        # Only they hold their end now: when they fall, so does the pipe, and nobody waits for them.
        theirs.close()
        if not ours.poll(STARTED_S):
            raise TimeoutError("the medics did not sit down in time")
        ours.recv()
        yield done
        ours.send("home")
        if ours.poll(STARTED_S):
            done.append(ours.recv())
    finally:
        process.join(STOPPED_S)
        if process.is_alive():
            process.kill()
            process.join()


def _work_all(
    config: CentralConfig,
    progress: Progress,
    passphrase: str,
    seats: list[tuple[str, str]],
    theirs: Connection,
) -> None:
    stop = threading.Event()
    room = _Room(config.http.port, stop)
    medics = [_Medic(room, org, cookie, number) for number, (org, cookie) in enumerate(seats)]
    for medic in medics:
        medic.open_key(passphrase)
    threads = [threading.Thread(target=target) for medic in medics for target in (medic.follow, medic.work)]
    engine = open_engine(config.store_url)
    threads.append(threading.Thread(target=_arrive, args=(engine, config, progress, len(seats) / THINK_S, stop)))
    for thread in threads:
        thread.daemon = True
        thread.start()
    time.sleep(SETTLED_S)
    began_s = time.monotonic()
    before = sum(m.decisions for m in medics), sum(m.refreshes for m in medics)
    theirs.send("at work")
    theirs.recv()
    stop.set()
    spent_s = time.monotonic() - began_s
    decisions, refreshes = sum(m.decisions for m in medics), sum(m.refreshes for m in medics)
    theirs.send(Work(decisions - before[0], refreshes - before[1], spent_s))
    engine.dispose()


def _arrive(
    engine: Engine, config: CentralConfig, progress: Progress, per_second: float, stop: threading.Event
) -> None:
    """New exams at that rate, committed one by one."""
    dice, arrivals = random.Random(11), Filling(config, progress)  # noqa: S311 - invented exams
    with engine.connect() as connection:
        with connection.begin():
            arrivals.take_up(connection)
        while not stop.wait(1 / per_second):
            arrivals.arrive(connection, datetime.now(UTC), dice)
    engine.dispose()


@dataclass(slots=True)
class _Room:
    """What all medics share: where the console is, and when the day ends."""

    port: int
    stop: threading.Event


class _Medic:
    """One medic with one browser: one connection that listens, one that asks for rows, one for the work."""

    def __init__(self, room: _Room, org: str, cookie: str, number: int) -> None:
        self._room, self.org, self._number = room, org, number
        self._headers = {"Cookie": cookie}
        self._dice = random.Random(number)  # noqa: S311
        self.decisions = self.refreshes = 0

    def open_key(self, passphrase: str) -> None:
        """Open the signing key of the session."""
        with contextlib.closing(self._connect()) as http:
            self._post(http, "/signature", "/signature", {"passphrase": passphrase})

    def follow(self) -> None:
        """The open queue: rows are asked for at each event; events that came meanwhile ask once more."""
        with contextlib.closing(self._connect()) as listening, contextlib.closing(self._connect()) as asking:
            listening.request("GET", "/queue/events", headers=self._headers)
            answer = listening.getresponse()
            while not self._room.stop.is_set():
                if answer.readline().startswith(b"event: queue"):
                    self._get(asking, "/queue/rows")
                    self.refreshes += 1
                    asking.close()  # the server lets go of a connection that is idle for some seconds

    def work(self) -> None:
        """Look at the oldest exam that is free, think, decide."""
        with contextlib.closing(self._connect()) as http:
            self._room.stop.wait(self._dice.uniform(0, THINK_S))
            while not self._room.stop.is_set():
                self._decide_one(http)

    def _decide_one(self, http: HTTPConnection) -> None:
        waiting = _EXAM.findall(self._get(http, "/queue"))
        if not waiting:
            self._room.stop.wait(1.0)
            return
        # Every medic begins at a place of his own: those who look at the same one would only get in each other's way.
        page = f"/exams/{waiting[self._number % len(waiting)]}"
        shown = self._get(http, page)
        token = _token(shown)
        http.request("POST", f"{page}/claim", urlencode({"csrf": token}), self._headers | _FORM)
        http.getresponse().read()
        http.close()
        if self._room.stop.wait(self._dice.uniform(0.5, 1.5) * THINK_S):
            return
        fields = {"csrf": token, "outcome": "not_admitted", "reasons": "other", "comment": "проба"}
        http.request("POST", f"{page}/decision", urlencode(fields), self._headers | _FORM)
        answer = http.getresponse()
        answer.read()
        self.decisions += answer.status == HTTPStatus.SEE_OTHER

    def _connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._room.port, timeout=60)

    def _get(self, http: HTTPConnection, path: str) -> str:
        http.request("GET", path, headers=self._headers)
        return http.getresponse().read().decode("utf-8")

    def _post(self, http: HTTPConnection, page: str, action: str, fields: dict[str, str]) -> None:
        token = _token(self._get(http, page))
        http.request("POST", action, urlencode(fields | {"csrf": token}), self._headers | _FORM)
        answer = http.getresponse()
        answer.read()
        if answer.status != HTTPStatus.SEE_OTHER:
            raise LookupError(f"{action} answered {answer.status}")


def _token(page: str) -> str:
    found = _CSRF.search(page)
    if found is None:
        raise LookupError("the page holds no form")
    return found.group(1)
