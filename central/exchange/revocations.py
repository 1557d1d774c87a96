"""Tells terminals which certificates of medics are revoked: a reference book, sent when the authority's lists change.

A terminal checks a medic's signature by itself, against roots that it has since its enrolment. Without this it would believe a
revoked medic for as long as the certificate lasts.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from central.authority.pki import Authority
from central.core.supervision import Step, Supervised
from central.core.trust import Anchors, Trust
from central.deciding.revocation import complete
from central.link.outgoing import Outgoing
from central.store import certificates, enrolments, refusals, terminals
from central.store.certificates import Certificate
from central.store.engine import reading, writing
from sync.contract.canonical import canonical, sha256_hex
from sync.contract.envelope import read_unverified
from sync.contract.roster import (
    REFERENCE_SCHEMA,
    REVOKED_CERTIFICATES,
    Reference,
    RevokedCertificate,
    RevokedCertificates,
)

LOOK_EVERY_S = 10.0
MOST_TOLD = 2000
"""The newest of so many go into one message, which the wire bounds."""
_log = logging.getLogger(__name__)


class Revocations:
    """A thread of `serve` that looks at the lists and queues what terminals do not know yet."""

    def __init__(self, engine: Engine, outgoing: Outgoing, trust: Trust, every_s: float = LOOK_EVERY_S) -> None:
        self._engine, self._outgoing, self._trust = engine, outgoing, trust
        self._told: dict[str, str] = {}
        """The version that each terminal was sent last."""
        self._loop = Supervised("revocations", (Step("list", self._look),), poll_s=every_s, daemon=True)

    def __enter__(self) -> "Revocations":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def _look(self) -> None:
        with reading(self._engine) as connection:
            # What a command or page has begun and did not finish, for it was ended in between.
            complete(connection, Authority(self._trust.folder))
            of_terminals, revoked = enrolments.all_serials(connection), certificates.revoked(connection)
            book = book_of(self._trust.anchors(), of_terminals, revoked)
            served = [row["terminal_id"] for row in terminals.list_terminals(connection) if row["state"] == "enrolled"]
            for terminal_id in served:
                if terminal_id not in self._told:
                    self._told[terminal_id] = _last_told(connection, terminal_id)
        for terminal_id in served:
            before = self._told[terminal_id]
            if before == book.version or not (before or book.content["certificates"]):
                continue
            with writing(self._engine) as connection:
                self._outgoing.queue(
                    connection, terminal_id, "reference", REFERENCE_SCHEMA, book.model_dump(mode="json")
                )
            self._told[terminal_id] = book.version


def book_of(anchors: Anchors, of_terminals: frozenset[str], revoked: Sequence[Certificate] = ()) -> Reference:
    """What the lists say, and what is `revoked` here, without the certificates of terminals, whose keys sign no decisions. Pure."""
    said = [(one.issuer, one.serial, one.revoked_at) for one in revoked if one.revoked_at is not None]
    said += [
        (one.issuer.rfc4514_string(), f"{entry.serial_number:x}", entry.revocation_date_utc)
        for one in anchors.revocation_lists
        for entry in one
        if f"{entry.serial_number:x}" not in of_terminals
    ]
    # One certificate stands on several lists of its authority, and here as well: the earliest day holds.
    earliest: dict[tuple[str, str], datetime] = {}
    for issuer, serial, at in said:
        earliest[issuer, serial] = min(at, earliest.get((issuer, serial), at))
    listed = [
        RevokedCertificate(issuer=issuer, serial=serial, revoked_at=at) for (issuer, serial), at in earliest.items()
    ]
    if len(listed) > MOST_TOLD:
        _log.warning("%d certificates are revoked; terminals are told of the newest %d", len(listed), MOST_TOLD)
    newest = sorted(listed, key=lambda one: (one.revoked_at, one.serial))[-MOST_TOLD:]
    content = RevokedCertificates(certificates=tuple(newest)).model_dump(mode="json")
    return Reference(name=REVOKED_CERTIFICATES, version=sha256_hex(canonical(content))[:16], content=content)


def _last_told(connection: Connection, terminal_id: str) -> str:
    version = ""
    for wire in refusals.wires_of(connection, terminal_id, "reference"):
        payload: Mapping[str, object] = read_unverified(wire)[0].payload
        if payload.get("name") == REVOKED_CERTIFICATES:
            version = str(payload["version"])
    return version
