"""The journal as a file in the background: CSV, XLSX, or PDF in parts; memory does not grow with the rows.

Rows are read in short transactions, page after page: a long one would keep SQLite from tidying its log. What comes in while
the file is written is newer than its first row and stays out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from central.core.job_order import JobFault, Running
from central.core.trust import Trust
from central.journal import columns as journal_columns
from central.journal.columns import Reading
from central.journal.print_layout import PART_ROWS, PrintLayout
from central.journal.signature_check import SignatureCheck
from central.store import journal
from central.store.engine import reading
from central.store.journal import JournalFilter
from central.words.no_force import band, file_name

FORMS = ("csv", "xlsx", "pdf")
MOST_XLSX_ROWS = 1_048_560
"""A sheet has 1,048,576 rows; those left over are for titles and the head."""
_COUNT_TO = 10_000_000
_BATCH = 500


def export_order(
    wanted: JournalFilter,
    keys: Sequence[str],
    form: str,
    title: Sequence[str],
    language: str,
    zone: tzinfo,
    *,
    whole: bool = False,
) -> dict[str, Any]:
    """The order for an export job, as JSON. `whole`: one PDF of any length, whose memory grows with the rows."""
    fields = asdict(wanted)
    for name in ("since", "until"):
        fields[name] = fields[name].isoformat() if fields[name] else None
    return {
        "filter": fields,
        "columns": list(keys),
        "form": form,
        "title": list(title),
        "language": language,
        "whole": whole,
        "zone": zone.key if isinstance(zone, ZoneInfo) else _offset_minutes(zone),
    }


def filter_of(params: dict[str, Any]) -> JournalFilter:
    """The filter of an order."""
    fields = dict(params["filter"])
    for name in ("since", "until"):
        fields[name] = datetime.fromisoformat(fields[name]) if fields[name] else None
    return JournalFilter(**(fields | {name: tuple(fields[name]) for name in ("orgs", "worker_ids")}))


class JournalExport:
    """The work: counts, then writes row by row."""

    def __init__(self, engine: Engine, trust: Trust, generation: str) -> None:
        """`generation`: `real`, or what the files have to say (see `central.words.no_force`)."""
        self._engine, self._trust, self._generation = engine, trust, generation

    def __call__(self, running: Running) -> None:
        """Write `running.made`."""
        asked = running.params
        wanted = filter_of(asked)
        with reading(self._engine) as connection:
            total = journal.count_up_to(connection, wanted, _COUNT_TO)
        form = asked["form"]
        if form == "xlsx" and total > MOST_XLSX_ROWS:
            raise JobFault("too_many_rows", str(MOST_XLSX_ROWS))
        running.report(0, total=total)
        keys, language = tuple(asked["columns"]), asked["language"]
        parts = journal_columns.file_keys(keys)
        readings = self._readings(running, wanted)
        stem = file_name(self._generation, f"journal-{running.asked_at:%Y%m%d-%H%M}")
        over = band(self._generation, asked["language"])
        running.file_name = f"{stem}.{form}"
        # Each form's library takes a fifth of a second and some ten MiB: a CSV export need not load it.
        if form == "csv":
            from central.journal.csv_file import csv_lines, grouped

            rows = (journal_columns.file_values(item, parts) for item in readings)
            table = journal_columns.numbered(journal_columns.headings(parts, language), rows)
            with running.made.open("wb") as file:
                for piece in grouped(csv_lines(*table, over, language)):
                    file.write(piece)
        elif form == "xlsx":
            from central.journal.xlsx_file import write_journal

            write_journal(running.made, readings, parts, language, band=over, title=asked["title"])
        else:
            self._print(running, readings, keys, stem, over, whole=asked["whole"] or total <= PART_ROWS)

    def _print(
        self, running: Running, readings: Iterator[Reading], keys: tuple[str, ...], stem: str, over: str, *, whole: bool
    ) -> None:
        from central.journal.pdf_file import write_pdf
        from central.journal.pdf_parts import write_pdf_parts

        language, title = running.params["language"], running.params["title"]
        layout = PrintLayout(keys, language)
        rows = (layout.row(item) for item in readings)
        table = (title, layout.headings, layout.shares, rows)
        if whole:
            write_pdf(running.made, *table, band=over, language=language, legend=layout.legend)
        else:
            running.file_name = f"{stem}.zip"
            write_pdf_parts(running.made, stem, *table, band=over, language=language, legend=layout.legend)

    def _readings(self, running: Running, wanted: JournalFilter) -> Iterator[Reading]:
        language, zone = running.params["language"], _zone(running.params["zone"])
        check = SignatureCheck(self._trust)
        for done, row in enumerate(rows_in_batches(self._engine, wanted), start=1):
            yield journal_columns.reading_of(row, language, zone, check)
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
