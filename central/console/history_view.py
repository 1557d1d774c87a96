"""Examinations of others as pages show them: apart from ours, each with its source."""

from collections.abc import Sequence
from dataclasses import dataclass

from central.store.foreign_exams import VALUES, ForeignExam
from central.words import wording

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ForeignLine:
    """One examination of others."""

    exam: ForeignExam
    values: tuple[tuple[str, str], ...]
    """Quantity and value with unit, in words; what the source has not is not there."""
    doubled: bool
    """Perhaps entered twice: another row is of the same day, time and kind."""


def foreign_lines(rows: Sequence[ForeignExam], language: str) -> list[ForeignLine]:
    """Rows for a page, in their order."""
    seen: dict[tuple[object, ...], int] = {}
    for row in rows:
        seen[_event(row)] = seen.get(_event(row), 0) + 1
    return [ForeignLine(row, _values(row, language), seen[_event(row)] > 1) for row in rows]


def _event(row: ForeignExam) -> tuple[object, ...]:
    return row.at, row.at_time, row.exam_type


def _values(row: ForeignExam, language: str) -> tuple[tuple[str, str], ...]:
    found = ((name, getattr(row, name)) for name in VALUES)
    return tuple(
        (
            wording.quantity_name(name, language),
            f"{wording.quantity(name, value, language)} {wording.unit(name, language)}",
        )
        for name, value in found
        if value is not None
    )
