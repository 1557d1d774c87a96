"""An export of the journal as the console's jobs write it, in a process of its own: rows a second, and its memory."""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from central.jobs import Jobs
from central.journal import export
from central.journal.columns import COLUMNS
from central.store import jobs as store
from central.store.engine import open_engine, reading, writing
from central.store.journal import JournalFilter
from dopusk.bench.population import Population

Report = Callable[[str, float, str], None]

FORMS = ("csv", "xlsx")
WITHIN_S = 1800.0
_LOOK_S = 0.05


def measure_export(report: Report, name: str, store_url: str, population: Population) -> None:
    """Export a hundredth and a tenth of all exams: 10,000 and 100,000 rows of a million. Memory must not grow with them."""
    for form in FORMS:
        peaks = []
        for share in (100, 10):
            rows, spent_s, peak_mib = _in_own_process(store_url, population, form, share)
            report(f"{name}.export.{form}.{rows}.speed", rows / spent_s, "rows/s")
            report(f"{name}.export.{form}.{rows}.peak", peak_mib, "MiB")
            peaks.append(peak_mib)
        report(f"{name}.export.{form}.growth_for_tenfold_rows", peaks[1] / peaks[0], "ratio")


def _in_own_process(store_url: str, population: Population, form: str, share: int) -> tuple[int, float, float]:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    orgs, days = tuple(population.people.organisations), population.scale.days
    process = context.Process(target=_export, args=(store_url, orgs, timedelta(days=days / share), form, sender))
    process.start()
    try:
        if not receiver.poll(WITHIN_S):
            raise TimeoutError(f"the export to {form} did not end in {WITHIN_S:.0f} s")
        result: tuple[int, float, float] = receiver.recv()
        return result
    finally:
        process.join(10)
        if process.is_alive():
            process.kill()


def _export(store_url: str, orgs: tuple[str, ...], back: timedelta, form: str, report: Connection) -> None:
    engine = open_engine(store_url)
    wanted = JournalFilter(orgs, since=datetime.now(UTC) - back)
    asked = export.wish(wanted, tuple(COLUMNS), form, ["bench"], "ru", UTC)
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-", dir="/var/tmp") as folder:
        works = {export.KIND: export.JournalExport(engine)}
        jobs = Jobs(engine, Path(folder), works, 0, lambda: datetime.now(UTC))
        began_s = time.monotonic()
        with writing(engine) as connection:
            job_id = jobs.ask(connection, "bench", export.KIND, asked)
        jobs.start()
        jobs.wake()
        while True:
            with reading(engine) as connection:
                job = store.find(connection, job_id)
            if job is None or not job.unfinished:
                break
            time.sleep(_LOOK_S)
        spent_s = time.monotonic() - began_s
        jobs.stop()
    if job is None or job.state != "done":
        raise RuntimeError(f"the export ended: {job.state} {job.result}" if job else "the export is gone")
    peak_kib = next(
        int(line.split()[1])
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmHWM:")
    )
    report.send((job.rows_total or 0, spent_s, peak_kib / 1024))
    engine.dispose()
