"""Stock checks of copies on paper: what had to lie there at the opening, what was found, and with what cause it is closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from central.conclusions.copy_acts import act_of_inventory
from central.conclusions.marking import read_code
from central.core.copy_rules import MOST_WORDS
from central.core.stock_rules import EXPECTED, KINDS, CheckRefused, Difference, differences, month_to_open
from central.deciding.act_signing import draft_act
from central.store import copies, papers, stock_checks
from central.store.copies import CopyPlace
from central.store.engine import hold
from central.store.stock_checks import StockCheck, StockClose, StockFind
from sync.contract.canonical import new_id


@dataclass(frozen=True, slots=True)
class Checker:
    """Who checks, and when."""

    account_id: str
    at: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Standing:
    """How a check stands now. `places`: every copy that it is about, by id."""

    check: StockCheck
    finds: list[StockFind]
    close: StockClose | None
    places: Mapping[str, CopyPlace]
    open_differences: list[Difference]
    """While it is open: what a close would have to explain."""


def begin(connection: Connection, org: str, kind: str, checker: Checker) -> StockCheck:
    """Open the check of the month whose turn it is. Raises `CheckRefused`, `AlreadyDone`."""
    if kind not in KINDS:
        raise CheckRefused("kind")
    hold(connection, f"stock checks of {org}")
    month = next_month(connection, org, kind, checker)
    expected = [one.copy_id for one in copies.places(connection, org, states=EXPECTED[kind])]
    item = StockCheck(new_id(), org, kind, month, expected, checker.at, checker.account_id)
    stock_checks.open_check(connection, item)
    return item


def next_month(connection: Connection, org: str, kind: str, checker: Checker) -> str:
    """The month that may be opened. Raises `CheckRefused`."""
    last = stock_checks.newest(connection, org, kind)
    is_closed = last is not None and stock_checks.close_of(connection, last.check_id) is not None
    today = checker.at.astimezone(checker.zone).date()
    return month_to_open(last.month if last else None, is_closed, today)


def note_find(connection: Connection, check: StockCheck, *, code: str, copy_id: str, checker: Checker) -> StockFind:
    """Note that a copy was found, by the text of its code or by its id.

    Raises `CheckRefused` (`closed`, `no_code`: what was typed is no code of a copy, `stranger`: none of this organisation on paper,
    `found_already`).
    """
    if stock_checks.close_of(connection, check.check_id) is not None:
        raise CheckRefused("closed")
    if code:
        copy_id = _scanned(connection, code)
    item = copies.find(connection, copy_id)
    if item is None or item.org != check.org or item.form != "paper":
        raise CheckRefused("stranger")
    means = "scan" if code else "tick"
    found = StockFind(new_id(), check.check_id, item.copy_id, check.org, means, checker.at, checker.account_id)
    if not stock_checks.add_find(connection, found):
        raise CheckRefused("found_already")
    return found


def finish(
    connection: Connection, check: StockCheck, causes: Mapping[str, str], action: str, checker: Checker
) -> StockClose:
    """Close a check; an inventory has its act drafted with it.

    `causes`: by id of the copy; the one under `` holds for all that have none of their own.

    Raises `CheckRefused` (`cause`: a difference has none, `too_long`, `closed`), `AlreadyDone`.
    """
    hold(connection, f"stock checks of {check.org}")
    now = standing(connection, check)
    if now.close is not None:
        raise CheckRefused("closed")
    told = [(one, causes.get(one.copy_id, "").strip() or causes.get("", "").strip()) for one in now.open_differences]
    if not all(cause for _, cause in told):
        raise CheckRefused("cause")
    if any(len(words) > MOST_WORDS for words in (*causes.values(), action)):
        raise CheckRefused("too_long")
    rows = [{"copy_id": one.copy_id, "kind": one.kind, "cause": cause, "action": action} for one, cause in told]
    act_id = None
    if check.kind == "inventory":
        found = len({one.copy_id for one in now.finds} & set(check.expected))
        about = act_of_inventory(check, found, rows, now.places)
        act_id = draft_act(connection, about, checker.account_id, checker.at, checker.zone).act_id
    item = StockClose(new_id(), check.check_id, check.org, rows, checker.at, checker.account_id, act_id)
    stock_checks.close(connection, item)
    return item


def standing(connection: Connection, check: StockCheck) -> Standing:
    """How a check stands."""
    finds = stock_checks.finds_of(connection, check.check_id)
    close = stock_checks.close_of(connection, check.check_id)
    ids = {*check.expected, *(one.copy_id for one in finds)}
    places = {one.copy_id: one for one in copies.places(connection, check.org, copy_ids=ids)}
    states = {copy_id: one.state for copy_id, one in places.items()}
    found = {one.copy_id for one in finds}
    rest = [] if close is not None else differences(check.expected, found, states, check.kind)
    return Standing(check, finds, close, places, rest)


def _scanned(connection: Connection, code: str) -> str:
    read = read_code(code)
    if read is None:
        raise CheckRefused("no_code")
    entry = papers.by_code(connection, read[0])
    item = copies.by_number(connection, entry.paper_id, read[1]) if entry is not None else None
    if item is None:
        raise CheckRefused("stranger")
    return item.copy_id
