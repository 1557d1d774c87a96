"""Imports of examinations in the background: first a trial run of each row, then the import of the same rows.

Both go down the path of messages over the network (`central.imports.exams`). Rows of organisations that are not the asker's
are refused, so that the import reveals nothing about others' terminals.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from central.core.config import CentralConfig
from central.core.job_order import JobFault, Running
from central.core.media_files import MediaFiles
from central.core.text_cleaning import encodable
from central.exchange.checks import Rules
from central.exchange.intake import Intake
from central.imports.exams import ExamRow, RowResult, check_rows, fault_file, import_rows, read_rows
from central.imports.tables import UnreadableTable

MOST_SHOWN = 200
"""So many refused rows stand on the page; all of them stand in the file of faults."""
_MOST_FACT_CHARS = 200
_OWN_WORDS = {"not_a_table": "exams_not_a_table", "too_many_rows": "exams_too_many_rows"}
"""Exams come as JSON Lines too; of other files these faults say less."""
MOST_UPLOAD_BYTES = 64 * 1024 * 1024


class ExamImport:
    """The work of both kinds of job."""

    def __init__(self, engine: Engine, config: CentralConfig) -> None:
        self._engine = engine
        self._rules = Rules(config.generation, timedelta(seconds=config.ingest.future_tolerance_s))
        self._files = MediaFiles(config.media_dir)

    def check(self, running: Running) -> None:
        """Say of each row what would become of it; stores nothing."""
        self._take(running, for_good=False)

    def apply(self, running: Running) -> None:
        """Store the rows that are in order. The same file twice changes nothing."""
        self._take(running, for_good=True)

    def _take(self, running: Running, *, for_good: bool) -> None:
        content = running.given.read_bytes()
        try:
            rows = list(read_rows(content))
        except UnreadableTable as error:
            raise JobFault(_OWN_WORDS.get(error.code, f"table_{error.code}"), error.detail) from error
        if not rows:
            raise JobFault("table_empty")
        running.report(0, total=len(rows))
        orgs = set(running.params["orgs"])
        # A row without an organisation is malformed, and said to be so further on.
        own = [row for row in rows if row.org in orgs or not row.org]
        refused = [
            RowResult(row, "refused", "foreign_organisation", {"org": row.org})
            for row in rows
            if row.org and row.org not in orgs
        ]
        counts = {"accepted": 0, "duplicate": 0, "refused": len(refused)}
        for done, result in enumerate(self._results(own, for_good=for_good), start=1 + len(refused)):
            counts[result.outcome] = counts.get(result.outcome, 0) + 1
            if result.outcome == "refused":
                refused.append(result)
            running.report(done)
        refused.sort(key=lambda item: item.row.number)
        if refused:
            as_workbook = content.startswith(b"PK")
            running.made.write_bytes(fault_file(refused, running.params["language"], as_workbook=as_workbook))
            running.file_name = "exams-errors.xlsx" if as_workbook else "exams-errors.jsonl"
        shown = [
            {
                "row": item.row.number,
                "code": item.code,
                "facts": {name: encodable(value[:_MOST_FACT_CHARS]) for name, value in item.facts.items()},
            }
            for item in refused[:MOST_SHOWN]
        ]
        result_: dict[str, Any] = {"counts": counts, "refused": shown, "hidden": len(refused) - len(shown)}
        running.report(len(rows), result=result_)

    def _results(self, rows: list[ExamRow], *, for_good: bool) -> Iterator[RowResult]:
        if for_good:
            return import_rows(Intake(self._engine, self._files, self._rules), rows)
        return check_rows(self._engine, self._rules, rows)
