"""The kinds of jobs and the code that does their work. Only the process that does it loads the work's libraries."""

from collections.abc import Callable, Mapping

from sqlalchemy import Engine

from central.core.config import CentralConfig
from central.core.job_order import Work

JOURNAL_EXPORT = "journal_export"
EXAMS_CHECK = "exams_check"
EXAMS_IMPORT = "exams_import"
WORKERS_CHECK, WORKERS_IMPORT = "workers_check", "workers_import"
GROUNDS_CHECK, GROUNDS_IMPORT = "grounds_check", "grounds_import"
HISTORY_CHECK, HISTORY_IMPORT = "history_check", "history_import"
FILES = {
    "medics": ("medics_check", "medics_import"),
    "organisations": ("organisations_check", "organisations_import"),
    "book": ("book_check", "book_import"),
}
"""By kind of file: its check and its import."""


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


def _register_check(register: str) -> Callable[[Engine, CentralConfig], Work]:
    def work(engine: Engine, config: CentralConfig) -> Work:
        from central.imports.file_jobs import RegisterImport

        return RegisterImport(engine, config, register).check

    return work


def _register_import(register: str) -> Callable[[Engine, CentralConfig], Work]:
    def work(engine: Engine, config: CentralConfig) -> Work:
        from central.imports.file_jobs import RegisterImport

        return RegisterImport(engine, config, register).apply

    return work


def _file(kind: str, *, stores: bool) -> Callable[[Engine, CentralConfig], Work]:
    def work(engine: Engine, config: CentralConfig) -> Work:
        from central.imports.federal_jobs import FileImport

        made = FileImport(engine, config, kind)
        return made.apply if stores else made.check

    return work


WORKS: Mapping[str, Callable[[Engine, CentralConfig], Work]] = {
    JOURNAL_EXPORT: _journal_export,
    EXAMS_CHECK: _exams_check,
    EXAMS_IMPORT: _exams_import,
    WORKERS_CHECK: _register_check("workers"),
    WORKERS_IMPORT: _register_import("workers"),
    GROUNDS_CHECK: _register_check("grounds"),
    GROUNDS_IMPORT: _register_import("grounds"),
    HISTORY_CHECK: _register_check("history"),
    HISTORY_IMPORT: _register_import("history"),
    **{check: _file(kind, stores=False) for kind, (check, _) in FILES.items()},
    **{store: _file(kind, stores=True) for kind, (_, store) in FILES.items()},
}
"""The table of works: for the server what it takes from the store, for the process what it does."""
