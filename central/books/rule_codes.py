"""Checks the codes in rules of grounds against the books that hold them: a rule about a kind that there is not would never hold."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection

from central.books import reading
from central.books.codes import check_in
from central.core.ground_rules import GROUND_KINDS, rule_of
from sync.contract.books import BookFault, BookItem


def rule_code_faults(connection: Connection, org: str, items: Iterable[BookItem], day: date) -> list[BookFault]:
    """Codes of rules that no book in force has; of rules that are offered alone."""
    held = {
        name: reading.in_force(connection, name, org, day)
        for name in (GROUND_KINDS, "vaccines", "okved2", "positions", "harm_factors")
    }
    faults = []
    for item in items:
        if not item.offered:
            continue
        rule = rule_of(item)
        asked: list[tuple[str, str, tuple[str, ...]]]
        asked = [("kind", GROUND_KINDS, (rule.kind,)), ("vaccine", "vaccines", (rule.vaccine,))]
        asked += [("okved", "okved2", rule.scope.okved), ("positions", "positions", rule.scope.positions)]
        asked.append(("harm_factors", "harm_factors", rule.scope.harm_factors))
        for field, book, codes in asked:
            for code in codes:
                fault = check_in(held[book], code, day=day)[1] if code else None
                if fault is not None:
                    faults.append(BookFault(item.code, field, fault.code, "; ".join((code, *fault.near))))
        for inn in rule.scope.employers_inn:
            if not (inn.isdigit() and len(inn) in {10, 12}):
                faults.append(BookFault(item.code, "employers_inn", "not_an_inn", inn))
    return faults
