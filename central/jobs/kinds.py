"""The kinds of jobs and the code that does their work. Only the process that does it loads the work's libraries."""

from collections.abc import Callable, Mapping

from sqlalchemy import Engine

from central.core.config import CentralConfig
from central.core.job_order import Work

JOURNAL_EXPORT = "journal_export"
EXAMS_CHECK = "exams_check"
EXAMS_IMPORT = "exams_import"


def _journal_export(engine: Engine, config: CentralConfig) -> Work:
    from central.core.trust import Trust
    from central.journal.export import JournalExport

    return JournalExport(engine, Trust(config.keys.authority_dir), config.generation)


def _exams_check(engine: Engine, config: CentralConfig) -> Work:
    from central.imports.exam_jobs import ExamImport

    return ExamImport(engine, config).check


def _exams_import(engine: Engine, config: CentralConfig) -> Work:
    from central.imports.exam_jobs import ExamImport

    return ExamImport(engine, config).apply


WORKS: Mapping[str, Callable[[Engine, CentralConfig], Work]] = {
    JOURNAL_EXPORT: _journal_export,
    EXAMS_CHECK: _exams_check,
    EXAMS_IMPORT: _exams_import,
}
"""The table of works: for the server what it takes from the store, for the process what it does."""
