"""A form of a register: its fields, typed values and their faults. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from central.core.days import parse_day
from central.core.input_fault import InputFault

MAX_CHARS = 200
FIRST_YEAR = 1900
"""A day before is a slip: nobody who works now was born then."""
FieldKind = Literal["line", "text", "day", "number", "choice", "reference"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Its label is the text `entry.field.<name>`, a hint `entry.hint.<name>` where there is one."""

    name: str
    kind: FieldKind = "line"
    needed: bool = False
    choices: tuple[str, ...] = ()
    """Of a choice: codes, in words `entry.choice.<name>.<code>`. References get theirs from `RegisterForm.options`."""
    section: str = "who"
    future: bool = False
    """Whether a day may lie ahead."""


Values = dict[str, Any]
Faults = dict[str, InputFault]


def parse(fields: Sequence[Field], typed: Mapping[str, str], today: date) -> tuple[Values, Faults]:
    """The values of the fields: text, `date`, `int`, None for an empty day, number, choice or reference; and the faults."""
    values: Values = {}
    faults: Faults = {}
    for field in fields:
        words = " ".join(typed.get(field.name, "").split())
        values[field.name] = words if field.kind in {"line", "text"} else None
        if not words:
            if field.needed:
                faults[field.name] = InputFault("needed")
        elif len(words) > MAX_CHARS * (5 if field.kind == "text" else 1):
            faults[field.name] = InputFault("too_long")
        elif field.kind == "day":
            found = parse_day(words)
            if found is None or found.year < FIRST_YEAR:
                faults[field.name] = InputFault("not_a_day")
            elif found > today and not field.future:
                faults[field.name] = InputFault("future")
            values[field.name] = found
        elif field.kind == "number":
            if re.fullmatch(r"[0-9]{1,6}", words):
                values[field.name] = int(words)
            else:
                faults[field.name] = InputFault("not_a_number")
        elif field.kind == "choice" and words not in field.choices:
            faults[field.name] = InputFault("choose")
        elif field.kind in {"choice", "reference"}:
            values[field.name] = words
    return values, faults


def typed_of(fields: Sequence[Field], row: Mapping[str, Any]) -> dict[str, str]:
    """A stored row as it stands in the fields."""
    return {field.name: _words(row.get(field.name)) for field in fields}


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)
