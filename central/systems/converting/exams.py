"""The result of an exam as JSON, CSV and a workbook; with reasons in a partner's codes where the format says them. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from central.imports.tables import write_table
from central.journal.csv_file import csv_lines
from central.systems.code_translating import Bindings, translate
from central.systems.results import ExamResult
from central.systems.sent_form import OWN_FIELDS, REASONS, FormField, filled, plain_values
from central.words.no_force import band
from central.words.table_values import Value
from central.words.texts import text
from sync.contract.canonical import canonical

Form = Sequence[FormField]
"""Empty: the centre's own."""
DECISION_SCHEMA = "dopusk.exam-decision/1"
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


def result_json(result: ExamResult, bindings: Bindings, form: Form = ()) -> bytes:
    """JSON with the worker's key of the employer's system; no reason. Raises `Unmapped`."""
    return _their_json(result, bindings, form) if form else canonical(result.plain())


def decision_json(result: ExamResult, bindings: Bindings, form: Form = ()) -> bytes:
    """JSON with the reasons in the partner's codes. Raises `Unmapped`."""
    if form:
        return _their_json(result, bindings, form)
    said: dict[str, Any] = result.plain() | {"schema": DECISION_SCHEMA}
    said["reasons"] = [one.plain() for one in translate(bindings, REASONS, result.reason_codes)]
    return canonical(said)


def result_csv(result: ExamResult, bindings: Bindings, form: Form = ()) -> bytes:
    """CSV: UTF-8 with its mark, semicolons, days as Russian spreadsheets have them. Raises `Unmapped`."""
    headings, row = _table(result, bindings, form)
    return b"".join(csv_lines(headings, [row], _band(result)))


def result_xlsx(result: ExamResult, bindings: Bindings, form: Form = ()) -> bytes:
    """A workbook with the same columns. Raises `Unmapped`."""
    headings, row = _table(result, bindings, form)
    name = _band(result)
    return write_table(headings, [row], name, name="Осмотр", title=[name] if name else [])


def _their_json(result: ExamResult, bindings: Bindings, form: Form) -> bytes:
    """The partner's fields alone; and what has no force says so, whatever they are."""
    said = dict(filled(form, plain_values(result), result, bindings))
    if result.generation != "real":
        said["generation"] = _known(result.generation)
    return canonical(said)


def _table(result: ExamResult, bindings: Bindings, form: Form) -> tuple[Sequence[str], Sequence[Value]]:
    if not form:
        return HEADINGS, _row(result)
    cells = filled(form, dict(zip(OWN_FIELDS, _row(result), strict=True)), result, bindings)
    return [name for name, _ in cells], [value for _, value in cells]


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
