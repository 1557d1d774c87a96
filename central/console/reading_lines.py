"""Readings of personal devices as a page shows them: under their own heading, beside no limit. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from central.store.self_readings import SelfReading
from central.words import wording


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """One reading in words."""

    measured_at: datetime
    label: str
    value: str
    unit: str
    device: str


def reading_lines(found: Sequence[SelfReading], language: str) -> list[ReadingLine]:
    """In the order in which they come. No value is marked: nothing here is judged."""
    return [
        ReadingLine(
            one.measured_at,
            wording.quantity_name(one.quantity, language),
            wording.quantity(one.quantity, one.value, language),
            wording.unit(one.quantity, language),
            one.device,
        )
        for one in found
    ]
