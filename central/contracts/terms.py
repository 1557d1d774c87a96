"""The rules of contracts, their prices and ends: what is entered is refused with a word as long as something is wrong with it.

What was billed stays as it was billed: no price and no end may change a line of a statement that was issued.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import get_args

from sqlalchemy import Connection

from central.contracts.billing import Terms, terms_of
from central.contracts.money import parse_kopecks
from central.core.days import parse_day
from central.core.input_fault import InputFault
from central.core.text_cleaning import clean_line
from central.store import contracts, registry, statements
from central.store.contracts import Contract, ContractEnd, ContractPrice
from sync.contract.canonical import new_id
from sync.contract.exam import ExamType

EXAM_TYPES: tuple[str, ...] = get_args(ExamType)
MOST_CHARS = 200
Faults = dict[str, InputFault]
Typed = dict[str, str]
"""Fields of a form by name."""


def terms_with(connection: Connection, org: str, employer_id: str) -> list[Terms]:
    """All contracts with one employer, the first one first, with their ends and prices."""
    found = contracts.of_employer(connection, org, employer_id)
    ids = [one.contract_id for one in found]
    return terms_of(found, contracts.ends_of(connection, ids), contracts.prices_of(connection, ids))


def make_contract(
    connection: Connection, org: str | None, typed: Typed, now: datetime, account_id: str
) -> Contract | Faults:
    """Enter a contract; it or what is wrong. Nothing is stored with a fault."""
    faults: Faults = {}
    employer = registry.get_employer(connection, typed.get("employer_id", ""))
    if org is None:
        faults["of_org"] = InputFault("choose")
    if employer is None or employer["org"] != org or employer["archived_at"] is not None:
        faults["employer_id"] = InputFault("choose")
    number, vat_note = _line(typed, "number", faults), _line(typed, "vat_note", faults)
    since = _day(typed, "since_day", faults)
    until = _day(typed, "until_day", faults, needed=False)
    if since is not None and until is not None and until < since:
        faults["until_day"] = InputFault("contract_before_since")
    if faults or org is None or employer is None or since is None:
        return faults
    contracts.wait_for_contracts(connection, org)
    for one in terms_with(connection, org, employer["employer_id"]):
        if (until is None or one.contract.since_day <= until) and (one.last_day is None or since <= one.last_day):
            return {"since_day": InputFault("contract_overlaps", one.contract.number)}
    others = [one for one in contracts.listed(connection, [org]) if one.number == number]
    if any(one.employer_id != employer["employer_id"] for one in others):
        return {"number": InputFault("taken")}
    made = Contract(new_id(), org, employer["employer_id"], number, since, until, vat_note, now, account_id)
    contracts.add(connection, made)
    return made


def set_price(
    connection: Connection, item: Contract, typed: Typed, now: datetime, account_id: str
) -> ContractPrice | Faults:
    """Enter what an exam of a kind costs from a day on; it or what is wrong."""
    faults: Faults = {}
    exam_type, kopecks = typed.get("exam_type", ""), parse_kopecks(typed.get("price", ""))
    if exam_type not in EXAM_TYPES:
        faults["exam_type"] = InputFault("choose")
    if kopecks is None:
        faults["price"] = InputFault("not_money" if typed.get("price", "").strip() else "needed")
    first_day = _day(typed, "first_day", faults)
    contracts.wait_for_contracts(connection, item.org)
    (terms,) = [one for one in terms_with(connection, item.org, item.employer_id) if one.contract == item]
    if first_day is not None and not terms.covers(first_day):
        faults["first_day"] = InputFault("outside_contract")
    if faults or first_day is None or kopecks is None:
        return faults
    made = ContractPrice(new_id(), item.contract_id, item.org, exam_type, first_day, kopecks, now, account_id)
    # A later entry of the same day stands last and counts.
    with_it = replace(terms, prices=tuple(sorted((*terms.prices, made), key=lambda one: one.first_day)))
    if billed := _billed_otherwise(connection, with_it):
        return {"first_day": InputFault("billed", billed)}
    contracts.add_price(connection, made)
    return made


def end_contract(
    connection: Connection, item: Contract, typed: Typed, now: datetime, account_id: str
) -> ContractEnd | Faults:
    """End a contract before its term; it or what is wrong. Raises `EndedAlready`."""
    faults: Faults = {}
    basis, last_day = _line(typed, "basis", faults), _day(typed, "last_day", faults)
    contracts.wait_for_contracts(connection, item.org)
    (terms,) = [one for one in terms_with(connection, item.org, item.employer_id) if one.contract == item]
    if last_day is not None and last_day < item.since_day:
        faults["last_day"] = InputFault("contract_before_since")
    elif last_day is not None and terms.end is None and item.until_day is not None and last_day > item.until_day:
        faults["last_day"] = InputFault("after_term")
    if faults or last_day is None:
        return faults
    made = ContractEnd(item.contract_id, item.org, last_day, basis, now, account_id)
    if terms.end is None and (billed := _billed_otherwise(connection, replace(terms, end=made))):
        return {"last_day": InputFault("billed", billed)}
    contracts.end(connection, made)
    return made


def _billed_otherwise(connection: Connection, terms: Terms) -> str:
    """The statement with a line of this contract that these terms would price otherwise; empty where there is none."""
    item = terms.contract
    for one in statements.in_force(connection, item.org, item.employer_id):
        for line in one.content["lines"]:
            day = date.fromisoformat(line["day"])
            if line["contract_id"] == item.contract_id and (
                not terms.covers(day) or terms.price_on(line["exam_type"], day) != line["kopecks"]
            ):
                return one.words
    return ""


def _line(typed: Typed, name: str, faults: Faults) -> str:
    words = clean_line(typed.get(name, ""))
    if not words or len(words) > MOST_CHARS:
        faults[name] = InputFault("too_long" if words else "needed")
    return words


def _day(typed: Typed, name: str, faults: Faults, *, needed: bool = True) -> date | None:
    words = typed.get(name, "").strip()
    day = parse_day(words)
    if day is None and (words or needed):
        faults[name] = InputFault("not_a_day" if words else "needed")
    return day
