"""An export of the journal as the console runs it, a process for each: rows a second, and the most memory of that process."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from central.core.config import CentralConfig
from central.jobs.kinds import JOURNAL_EXPORT
from central.jobs.queue import Jobs
from central.journal.columns import COLUMNS
from central.journal.export import FORMS, export_order
from central.keeping.installation import Choices, write_config
from central.store import jobs as store
from central.store.engine import open_engine, reading, writing
from central.store.jobs import Job
from central.store.journal import JournalFilter
from dopusk.lab.bench.population import Population

Report = Callable[[str, float, str], None]

SHARES = (100, 10)
"""A hundredth and a tenth of all exams: 10,000 and 100,000 rows of a million."""
WITHIN_S = 1800.0
_LOOK_S = 0.05


def measure_export(report: Report, name: str, centre: CentralConfig, population: Population) -> None:
    """Export all columns of `SHARES` of the exams in each form, each signature checked, from asking to the whole file.

    Memory must not grow with them. One PDF holds up to `pdf_parts.PART_ROWS` rows and is in memory until it is whole: below
    that, memory grows with the rows.
    """
    orgs, days = population.orgs, population.scale.days
    with _jobs(centre) as (engine, jobs):
        for form in FORMS:
            peaks = []
            for share in SHARES:
                wanted = JournalFilter(orgs, since=datetime.now(UTC) - timedelta(days=days / share))
                job = _export(engine, jobs, wanted, form)
                spent_s = ((job.finished_at or job.created_at) - job.created_at).total_seconds()
                report(f"{name}.export.{form}.{job.rows_done}.speed", job.rows_done / spent_s, "rows/s")
                report(f"{name}.export.{form}.{job.rows_done}.peak", job.result["peak_mib"], "MiB")
                peaks.append(job.result["peak_mib"])
            report(f"{name}.export.{form}.growth_for_tenfold_rows", peaks[1] / peaks[0], "ratio")


@contextmanager
def _jobs(centre: CentralConfig) -> Iterator[tuple[Engine, Jobs]]:
    """Jobs of a centre with that store and authority, whose files stand in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-", dir="/var/tmp") as folder:
        config = write_config(Path(folder), Choices("test", 1, 1, store_url=centre.store_url))
        shutil.copytree(centre.keys.authority_dir, config.keys.authority_dir)
        engine = open_engine(centre.store_url)
        jobs = Jobs(engine, config, lambda: datetime.now(UTC))
        jobs.start()
        try:
            yield engine, jobs
        finally:
            jobs.stop()
            engine.dispose()


def _export(engine: Engine, jobs: Jobs, wanted: JournalFilter, form: str) -> Job:
    asked = export_order(wanted, tuple(COLUMNS), form, ["bench"], "ru", UTC)
    with writing(engine) as connection:
        job_id = jobs.ask(connection, "bench", JOURNAL_EXPORT, asked)
    jobs.wake()
    pause = threading.Event()
    for _ in range(int(WITHIN_S / _LOOK_S)):
        with reading(engine) as connection:
            job = store.find(connection, job_id)
        if job is None or not job.unfinished:
            break
        pause.wait(_LOOK_S)
    if job is None or job.state != "done":
        raise RuntimeError(f"the export to {form} ended: {job.state} {job.result}" if job else "the export is gone")
    made = jobs.file_of(job)
    if made is None:
        raise RuntimeError(f"the export to {form} left no file")
    made.unlink()
    return job
