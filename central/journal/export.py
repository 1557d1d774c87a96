"""The journal as a file in the background: CSV, XLSX, or PDF in parts; memory does not grow with the rows.

Rows are read in short transactions, page after page: a long one would keep SQLite from tidying its log. What comes in while
the file is written is newer than its first row and stays out.
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from central.jobs import JobFault, Running
from central.journal import columns as journal_columns
from central.journal.files import csv_lines, grouped, write_pdf, write_xlsx
from central.store import journal
from central.store.engine import reading
from central.store.journal import JournalFilter

KIND = "journal_export"
FORMS = ("csv", "xlsx", "pdf")
PART_ROWS = 5_000
"""Rows of one PDF; more become a ZIP of parts: a PDF is held in memory until it is whole."""
MOST_XLSX_ROWS = 1_048_575
"""A sheet has 1,048,576 rows, one of them for the headings."""
_COUNT_TO = 10_000_000
_BATCH = 500


def wish(
    wanted: JournalFilter, keys: Sequence[str], form: str, title: Sequence[str], language: str, zone: tzinfo
) -> dict[str, Any]:
    """What a job of this kind is asked, as JSON."""
    fields = asdict(wanted)
    for name in ("since", "until"):
        fields[name] = fields[name].isoformat() if fields[name] else None
    return {
        "filter": fields,
        "columns": list(keys),
        "form": form,
        "title": list(title),
        "language": language,
        "zone": zone.key if isinstance(zone, ZoneInfo) else _offset_minutes(zone),
    }


class JournalExport:
    """The work: counts, then writes row by row."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, running: Running) -> None:
        """Write `running.made`."""
        asked = running.job.params
        fields = asked["filter"]
        for name in ("since", "until"):
            fields[name] = datetime.fromisoformat(fields[name]) if fields[name] else None
        wanted = JournalFilter(**(fields | {name: tuple(fields[name]) for name in ("orgs", "worker_ids")}))
        with reading(self._engine) as connection:
            total = journal.count_up_to(connection, wanted, _COUNT_TO)
        form = asked["form"]
        if form == "xlsx" and total > MOST_XLSX_ROWS:
            raise JobFault("too_many_rows", str(MOST_XLSX_ROWS))
        running.report(0, total=total)
        rows = self._cells(running, wanted)
        headings = journal_columns.headings(tuple(asked["columns"]), asked["language"])
        stem = f"journal-{running.job.created_at:%Y%m%d-%H%M}"
        running.file_name = f"{stem}.{form}"
        if form == "csv":
            with running.made.open("wb") as file:
                for piece in grouped(csv_lines(headings, rows)):
                    file.write(piece)
        elif form == "xlsx":
            write_xlsx(running.made, headings, rows)
        elif total <= PART_ROWS:
            write_pdf(running.made, asked["title"], headings, self._widths(running), rows)
        else:
            running.file_name = f"{stem}.zip"
            self._write_parts(running, headings, rows, stem)

    def _write_parts(self, running: Running, headings: list[str], rows: Iterator[list[str]], stem: str) -> None:
        part = running.made.with_suffix(".part")
        first = next(rows, None)
        number = 0
        try:
            with zipfile.ZipFile(running.made, "w", zipfile.ZIP_STORED) as archive:
                while first is not None:
                    number += 1
                    title = [*running.job.params["title"], f"№ {number}"]
                    write_pdf(part, title, headings, self._widths(running), _with(first, islice(rows, PART_ROWS - 1)))
                    archive.write(part, f"{stem}-{number:03d}.pdf")
                    first = next(rows, None)
        finally:
            part.unlink(missing_ok=True)

    def _widths(self, running: Running) -> list[float]:
        return journal_columns.widths(tuple(running.job.params["columns"]))

    def _cells(self, running: Running, wanted: JournalFilter) -> Iterator[list[str]]:
        asked = running.job.params
        keys, language, zone = tuple(asked["columns"]), asked["language"], _zone(asked["zone"])
        for done, row in enumerate(rows_in_batches(self._engine, wanted), start=1):
            yield journal_columns.cells(journal_columns.reading_of(row, language, zone), keys)
            running.report(done)


def rows_in_batches(engine: Engine, wanted: JournalFilter, batch: int = _BATCH) -> Iterator[journal.JournalRow]:
    """All rows of a filter, newest first, each batch in a transaction of its own."""
    after: journal.Place | None = None
    while True:
        with reading(engine) as connection:
            rows = journal.page(connection, wanted, after, batch)
        yield from rows
        if len(rows) < batch:
            return
        after = (rows[-1].finished_at, rows[-1].exam_id)


def _with(first: list[str], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rest


def _offset_minutes(zone: tzinfo) -> int:
    offset = datetime.now(zone).utcoffset() or timedelta(0)
    return round(offset.total_seconds() / 60)


def _zone(kept: str | int) -> tzinfo:
    return ZoneInfo(kept) if isinstance(kept, str) else timezone(timedelta(minutes=kept))


def media_type(file_name: str) -> str:
    """What a browser is told about the file."""
    return {
        ".csv": "text/csv; charset=utf-8",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".pdf": "application/pdf",
        ".zip": "application/zip",
    }.get(Path(file_name).suffix, "application/octet-stream")
