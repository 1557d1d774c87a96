"""The result of an exam as JSON, CSV and a workbook; with reasons in a partner's codes where the format says them. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from central.imports.tables import write_table
from central.journal.csv_file import csv_lines
from central.systems.code_translating import Bindings, translate
from central.systems.results import ExamResult
from central.words.no_force import band
from central.words.table_values import Value
from central.words.texts import text
from sync.contract.canonical import canonical

DECISION_SCHEMA = "dopusk.exam-decision/1"
REASONS = "reasons"
"""The book whose codes go out in the partner's."""
HEADINGS = (
    "Код в системе работодателя",
    "Табельный номер",
    "ИНН работодателя",
    "Вид осмотра",
    "Начало осмотра",
    "Конец осмотра",
    "Результат",
    "Решение принято",
    "Действует до",
    "Исправляет решение",
    "Медработник",
    "Медицинская организация",
    "Титул путевого листа",
    "Номер осмотра",
    "Номер решения",
)
"""All times of the tables are UTC, and the headings' order stays."""


def result_json(result: ExamResult, bindings: Bindings) -> bytes:
    """JSON with the worker's key of the employer's system; no reason."""
    del bindings
    return canonical(result.plain())


def decision_json(result: ExamResult, bindings: Bindings) -> bytes:
    """JSON with the reasons in the partner's codes. Raises `Unmapped`."""
    said: dict[str, Any] = result.plain() | {"schema": DECISION_SCHEMA}
    said["reasons"] = [one.plain() for one in translate(bindings, REASONS, result.reason_codes)]
    return canonical(said)


def result_csv(result: ExamResult, bindings: Bindings) -> bytes:
    """CSV: UTF-8 with its mark, semicolons, days as Russian spreadsheets have them."""
    del bindings
    return b"".join(csv_lines(HEADINGS, [_row(result)], _band(result)))


def result_xlsx(result: ExamResult, bindings: Bindings) -> bytes:
    """A workbook with the same columns."""
    del bindings
    name = _band(result)
    return write_table(HEADINGS, [_row(result)], name, name="Осмотр", title=[name] if name else [])


def _band(result: ExamResult) -> str:
    return "" if result.generation == "real" else band(_known(result.generation), "ru")


def _known(generation: str) -> str:
    """What does not say that it is real has no force."""
    return generation if generation in {"demo", "test"} else "test"


def _row(result: ExamResult) -> Sequence[Value]:
    return [
        result.worker.external_id,
        result.worker.personnel_number,
        result.worker.employer_inn,
        text("ru", f"exam_type.{result.exam_type}"),
        _utc(result.started_at),
        _utc(result.finished_at),
        text("ru", f"outcome.{result.outcome}"),
        _utc(result.decided_at),
        _utc(result.valid_until) if result.valid_until else None,
        result.corrects or "",
        result.medic,
        result.organisation,
        result.waybill_title,
        result.exam_id,
        result.decision_id,
    ]


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
