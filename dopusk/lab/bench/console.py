"""The console with very many exams, on either store: pages, filters, gates and export, alone and among fifty medics.

The centre is `population`; `central serve` is a process of its own, so are the medics. Pages are asked for by one client,
one after another, first with nobody else there, then while every medic has an open queue, and all of them together decide
two exams a second while two new ones come in.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import Engine

from central.access.accounts import session_id_of
from central.core.config import CentralConfig
from central.keeping.installation import Choices, create_secrets, write_config
from central.store import accounts, schema
from central.store.engine import open_engine, writing
from dopusk.lab.bench.console_load import medics_at_work
from dopusk.lab.bench.console_pages import Page, enter_papers, journal_pages, pages_of
from dopusk.lab.bench.export import measure_export
from dopusk.lab.bench.population import MILLION, SHORT, Population, Scale, populate
from dopusk.lab.broker import free_port, start_mosquitto
from dopusk.lab.demo.processes import Child
from dopusk.lab.postgres import fresh_database, running_postgres

Report = Callable[[str, float, str], None]

STORES = ("sqlite", "postgresql")
REQUESTS = 40
"""Of each page, after one that is not counted. Of the journal by each filter, a quarter of that."""


class BenchFailed(Exception):
    """A page did not come as it should."""


def run(report: Report, *, long: bool) -> None:
    """Pages of queue, exam, journal, fleet, employer, gate and check (p50, p95) on both stores; rows and memory of exports."""
    scale = MILLION if long else SHORT
    for store in STORES:
        measure(report, store, scale)


def measure(report: Report, store: str, scale: Scale) -> None:
    """One store, filled and measured."""
    name = f"console.{store}.{scale.exams}"
    with _stage(report, name, store, scale) as (config, engine, population):
        with writing(engine) as connection:
            pages = [*pages_of(population, enter_papers(connection, population)), *journal_pages(population)]
        with _serving(config):
            _measure_pages(report, f"{name}.alone", config.http.port, pages)
            with medics_at_work(config, population) as done:
                _measure_pages(report, f"{name}.among_medics", config.http.port, pages)
        for work in done:
            report(f"{name}.medics.decisions", work.decisions / work.seconds, "decisions/s")
            report(f"{name}.medics.refreshes", work.refreshes / work.seconds, "queues/s")
        measure_export(report, name, config, population)


@contextmanager
def _stage(report: Report, name: str, store: str, scale: Scale) -> Iterator[tuple[CentralConfig, Engine, Population]]:
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-", dir="/var/tmp") as folder, _store_url(store) as store_url:
        root = Path(folder) / "centre"
        authority = create_secrets(root)
        with start_mosquitto(Path(folder) / "broker", authority) as broker:
            config = write_config(root, Choices("test", broker.port, free_port(), store_url=store_url))
            engine = open_engine(config.store_url)
            schema.upgrade(engine)
            began_s = time.monotonic()
            population = populate(engine, config, scale)
            report(f"{name}.filled_in", time.monotonic() - began_s, "s")
            _keep_alive(engine, population)
            yield config, engine, population
            engine.dispose()


@contextmanager
def _store_url(store: str) -> Iterator[str]:
    if store == "sqlite":
        yield "sqlite:///central.db"
        return
    with running_postgres() as postgres:
        yield fresh_database(postgres, "bench")


def _keep_alive(engine: Engine, population: Population) -> None:
    """Filling may take longer than a session lives without use."""
    with writing(engine) as connection:
        for cookie in population.cookies:
            session_id = session_id_of(cookie.partition("=")[2])
            accounts.touch_session(connection, session_id, datetime.now(UTC))


@contextmanager
def _serving(config: CentralConfig) -> Iterator[None]:
    file = config.keys.authority_dir.parent / "central.toml"
    child = Child("console", ["dopusk", "central", "serve", "--config", str(file)], file.with_name("serve.log"))
    try:
        child.wait_ready()
        yield
    finally:
        child.stop()


def _measure_pages(report: Report, name: str, port: int, pages: Sequence[Page]) -> None:
    of_journal: list[float] = []
    with closing(HTTPConnection("127.0.0.1", port, timeout=600)) as http:
        for page in pages:
            in_journal = page.name.startswith("journal.")
            count = REQUESTS // 4 if in_journal else REQUESTS
            paths = islice(cycle(page.paths), count + 1)
            spent_ms = [_get(http, path, page.headers) for path in paths][1:]
            of_journal += spent_ms if in_journal else []
            report(f"{name}.{page.name}_p50", statistics.median(spent_ms), "ms")
            report(f"{name}.{page.name}_p95", _p95(spent_ms), "ms")
    report(f"{name}.journal_all_filters_p50", statistics.median(of_journal), "ms")
    report(f"{name}.journal_all_filters_p95", _p95(of_journal), "ms")


def _p95(spent_ms: Sequence[float]) -> float:
    return statistics.quantiles(spent_ms, n=20, method="inclusive")[-1]


def _get(http: HTTPConnection, path: str, headers: dict[str, str]) -> float:
    """Milliseconds until the whole answer is there."""
    began_s = time.perf_counter()
    http.request("GET", path, headers=headers)
    answer = http.getresponse()
    while answer.read(1 << 20):
        pass
    if answer.status != HTTPStatus.OK:
        raise BenchFailed(f"{path.split('?', 1)[0]} answered {answer.status}")
    return 1000 * (time.perf_counter() - began_s)
