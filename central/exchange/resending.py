"""Sends messages again: refused ones at a person's request, lost ones when the terminal says so.

A refused message is closed for good, and the terminal never looks at it again. So its content travels in a new message, with
an id and a place of its own. A decision goes as the medic signed it, byte by byte: nothing is decided here.
"""

import logging
import time
from typing import cast

from sqlalchemy import Connection

from central.core import metrics
from central.core.step_records import is_away, place_of
from central.link.outgoing import DownKind, Outgoing
from central.people.registry import Registry
from central.store import health, refusals
from central.store.engine import hold
from central.store.refusals import Refusal
from sync.contract.envelope import Envelope, read_unverified

log = logging.getLogger(__name__)

SET_ASIDE_S = 600.0
"""How long a terminal that cannot be given what it has lost is passed over."""


class NotSent(Exception):
    """Nothing was queued. `code` is `unknown` (no such refusal), `done` (sent again already) or `superseded`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def send_again(connection: Connection, outgoing: Outgoing, registry: Registry, message_id: str) -> Refusal:
    """Queue the content of a refused message anew, in the caller's transaction; wake the dispatcher after the commit.

    For a roster, the present one is queued. Raises `NotSent`.
    """
    hold(connection, f"again {message_id}")
    refusal = refusals.find_refused(connection, message_id)
    if refusal is None:
        raise NotSent("unknown")
    if refusal.resent_as is not None:
        raise NotSent("done")
    if refusal.kind == "roster":
        fresh = registry.send_roster(connection, refusal.terminal_id, refusal.org)
    else:
        fresh = _queue_content(connection, outgoing, refusal)
    refusals.mark_resent(connection, message_id, fresh)
    return refusal


def _queue_content(connection: Connection, outgoing: Outgoing, refusal: Refusal) -> str:
    envelope = read_unverified(refusal.wire)[0]
    if refusal.kind == "reference" and _is_superseded(connection, refusal, str(envelope.payload["name"])):
        raise NotSent("superseded")
    kind = cast("DownKind", refusal.kind)  # written by `Outgoing.queue`
    return outgoing.queue(connection, refusal.terminal_id, kind, envelope.schema_, envelope.payload)


def _is_superseded(connection: Connection, refusal: Refusal, name: str) -> bool:
    """Whether a newer version of the same book was sent since: the old one must not come back."""
    later = refusals.later_wires(connection, refusal)
    return any(read_unverified(wire)[0].payload.get("name") == name for wire in later)


class Replenisher:
    """Sends what a terminal needs to work once more when its own report says that it has lost it.

    A terminal whose store was damaged begins with an empty one: without a roster no exam starts there, and without its books
    it would judge by the limits of its configuration. What it had acknowledged is not sent again by itself.
    """

    def __init__(self, outgoing: Outgoing, registry: Registry) -> None:
        self._outgoing, self._registry = outgoing, registry
        self._aside_until_s: dict[str, float] = {}

    def are_needed(self, connection: Connection) -> bool:
        """Whether any terminal has lost its roster."""
        return bool(self._behind(connection))

    def send(self, connection: Connection) -> list[str]:
        """Queue the present roster and the newest version of each book for those terminals; returns their names."""
        names = []
        for terminal_id, org in self._behind(connection):
            try:
                with connection.begin_nested():
                    self._send_one(connection, terminal_id, org)
            except Exception as error:
                if is_away(error):
                    raise
                # The others get theirs; this one is tried again after a while.
                self._aside_until_s[terminal_id] = time.monotonic() + SET_ASIDE_S
                log.error("terminal %s cannot be given its roster and books: %s", terminal_id, place_of(error))
                metrics.step_failures.labels("dispatcher", "replenishing", type(error).__name__).inc()
            else:
                names.append(terminal_id)
        return names

    def _behind(self, connection: Connection) -> list[tuple[str, str]]:
        moment = time.monotonic()
        return [pair for pair in health.behind(connection) if self._aside_until_s.get(pair[0], 0.0) <= moment]

    def _send_one(self, connection: Connection, terminal_id: str, org: str) -> None:
        books: dict[str, Envelope] = {}
        for wire in refusals.wires_of(connection, terminal_id, "reference"):
            envelope = read_unverified(wire)[0]
            books[str(envelope.payload["name"])] = envelope
        self._registry.send_roster(connection, terminal_id, org)
        for book in books.values():
            self._outgoing.queue(connection, terminal_id, "reference", book.schema_, book.payload)
