"""Fields of registers that hold codes of a book: what they offer, and what is saved. One place for every register.

A form names its fields; which of them hold codes says `central.books.codes.CODED_FIELDS`. The code is checked before the form
saves, so that no register has to know of books.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.books.codes import CODED_FIELDS, check_code, check_codes, choices, offered
from central.core.days import day_of
from central.core.input_fault import InputFault
from central.registers.keeping import FormInput, Options, RegisterChange, RegisterForm, Saved

_SEVERAL = frozenset({"harm_factors"})
"""Fields with a list of codes."""


_SUGGESTED = {("medics", "position"): "medical_positions"}
"""Fields that take any words, and the book whose words they offer."""


def coded_options(connection: Connection, form: RegisterForm, org: str, day: date, language: str) -> Options:
    """For each field that holds codes: code and words of what may be chosen; for one that takes words: these, and their code."""
    names = [field.name for field in form.fields if field.name in CODED_FIELDS]
    found = {name: choices(connection, name, org=org, day=day, language=language) for name in names}
    for field in form.fields:
        book = _SUGGESTED.get((form.kind, field.name))
        if book is not None:
            found[field.name] = [(item.ru, item.code) for item in offered(connection, book, org=org, day=day)]
    return {name: options for name, options in found.items() if options or name in CODED_FIELDS}


def save_coded(change: RegisterChange, form: RegisterForm, entry_id: str | None, typed: FormInput) -> Saved:
    """Save a form whose codes are in their books; otherwise the faults, with what comes nearest. Nothing is stored then."""
    held = (form.read(change.connection, entry_id) if entry_id else None) or {}
    fields, faults = dict(typed.fields), {}
    for field in form.fields:
        if field.name in CODED_FIELDS and fields.get(field.name, "").strip():
            fields[field.name], fault = _checked(change, field.name, fields[field.name], held)
            if fault is not None:
                faults[field.name] = fault
    if not faults:
        return form.save(change, entry_id, replace(typed, fields=fields))
    with change.connection.begin_nested() as tried:
        # What else is wrong is told together with the codes.
        saved = form.save(change, entry_id, replace(typed, fields=fields))
        tried.rollback()
    return faults | (
        {} if isinstance(saved, str) else {name: fault for name, fault in saved.items() if name not in faults}
    )


def _checked(change: RegisterChange, name: str, typed: str, held: Mapping[str, Any]) -> tuple[str, InputFault | None]:
    day = day_of(change.author.at)
    if name in _SEVERAL:
        kept = [str(code) for code in held.get(name) or ()]
        codes, fault = check_codes(change.connection, name, typed, org=change.org, day=day, held=kept)
        return (typed if fault else ", ".join(codes)), fault
    return check_code(change.connection, name, typed, org=change.org, day=day, held=str(held.get(name) or ""))
