"""When a decision lets the kiosk offer the worker the own pages, and what ends an account that came of it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from central.store import account_links
from central.store.decisions import DecisionColumns
from sync.contract.account_link import LINK_VALID
from sync.contract.decision import AccountOffer

KNOWN_BY_SIGHT = frozenset({"admitted", "not_admitted", "refer"})
"""Outcomes with which a medic says that the examined person is the one whom the record names."""


def knows_by_sight(outcome: str, payload: Mapping[str, Any]) -> bool:
    """Whether a medic with this outcome has seen the person: there was a picture or a film of the exam to look at."""
    return outcome in KNOWN_BY_SIGHT and bool(payload.get("media")) and bool(payload.get("examinee"))


def offer_of(address: str, item: DecisionColumns, payload: Mapping[str, Any]) -> AccountOffer | None:
    """What the kiosk may offer with a decision. `address`: of the page that opens accounts; empty: nothing is offered."""
    if not address or item.corrects is not None or not knows_by_sight(item.outcome, payload):
        return None
    return AccountOffer(address=address, until=item.decided_at + LINK_VALID)


def close_if_unknown(connection: Connection, item: DecisionColumns) -> None:
    """Close what a link from this exam opened, when a correction says that somebody else was examined."""
    if item.corrects is not None and item.outcome == "not_identified":
        account_links.close_accounts(connection, account_links.opened_by_exam(connection, item.exam_id))
