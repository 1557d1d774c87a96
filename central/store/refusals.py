"""Messages of the centre that terminals refused: closed rows of the centre's outbox, until somebody sends them again.

Owns no table. A terminal names the message by the hash of its bytes, so a refused forgery closes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from central.store.outgoing import IS_OPEN, centre_outbox, is_served
from sync.contract.receipt import RefusedMessage


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that its terminal refused. `wire` is empty for a roster: the present one is sent instead."""

    message_id: str
    org: str
    terminal_id: str
    seq: int
    kind: str
    wire: bytes
    refused_at: datetime
    code: str
    reason: str
    resent_as: str | None

    @property
    def exam_id(self) -> str | None:
        """The exam of a decision."""
        return str(self._payload["exam_id"]) if self.kind == "decision" else None

    @property
    def decision_id(self) -> str | None:
        """Which decision it is."""
        return str(self._payload["decision_id"]) if self.kind == "decision" else None

    @property
    def _payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(self.wire)["payload"]
        return payload


def mark_refused(connection: Connection, terminal_id: str, refused: RefusedMessage, *, now: datetime) -> Refusal | None:
    """The terminal will not apply it; None where no open message to this terminal has these very bytes."""
    c = centre_outbox.c
    done = connection.execute(
        update(centre_outbox)
        .where(c.terminal_id == terminal_id, c.sha256 == refused.sha256, IS_OPEN)
        .values(state="refused", refused_at=now, refusal_code=refused.code, refusal_reason=refused.reason)
        .returning(c.message_id)
    ).scalar_one_or_none()
    return None if done is None else find_refused(connection, done)


def is_refused(connection: Connection, terminal_id: str, sha256: str) -> bool:
    """Whether the terminal has said so before."""
    c = centre_outbox.c
    query = select(c.message_id).where(c.terminal_id == terminal_id, c.sha256 == sha256, c.state == "refused")
    return connection.execute(query).first() is not None


def find_refused(connection: Connection, message_id: str) -> Refusal | None:
    """One refused message."""
    row = connection.execute(_refusals().where(centre_outbox.c.message_id == message_id)).one_or_none()
    return None if row is None else Refusal(*row)


def refusals(connection: Connection, orgs: Sequence[str], limit: int = 100) -> list[Refusal]:
    """What terminals of these organisations refuse and nobody has sent again: decisions first, then the newest."""
    c = centre_outbox.c
    query = _refusals().where(c.org.in_(orgs), c.resent_as.is_(None), is_served())
    return [
        Refusal(*row)
        for row in connection.execute(query.order_by(c.kind != "decision", c.refused_at.desc()).limit(limit))
    ]


def mark_resent(connection: Connection, message_id: str, resent_as: str) -> None:
    """Its content is on its way once more, in another message."""
    connection.execute(
        update(centre_outbox).where(centre_outbox.c.message_id == message_id).values(resent_as=resent_as)
    )


def later_wires(connection: Connection, refusal: Refusal) -> list[bytes]:
    """Later messages of the same kind to the same terminal."""
    c = centre_outbox.c
    query = select(c.wire).where(c.terminal_id == refusal.terminal_id, c.kind == refusal.kind, c.seq > refusal.seq)
    return list(connection.execute(query.order_by(c.seq)).scalars())


def wires_of(connection: Connection, terminal_id: str, kind: str) -> list[bytes]:
    """Every message of a kind to a terminal, in the order of its chain."""
    c = centre_outbox.c
    query = select(c.wire).where(c.terminal_id == terminal_id, c.kind == kind)
    return list(connection.execute(query.order_by(c.seq)).scalars())


def _refusals() -> Select[Any]:
    c = centre_outbox.c
    columns = (c.message_id, c.org, c.terminal_id, c.seq, c.kind, c.wire, c.refused_at)
    query = select(*columns, c.refusal_code, c.refusal_reason, c.resent_as)
    return query.where(c.state == "refused")


def counts(connection: Connection) -> list[tuple[str, str, int]]:
    """For the metrics: kind, code and number of what is refused and was not sent again."""
    c = centre_outbox.c
    query = select(c.kind, c.refusal_code, func.count()).where(c.state == "refused", c.resent_as.is_(None), is_served())
    return [(row[0], row[1], row[2]) for row in connection.execute(query.group_by(c.kind, c.refusal_code))]


def marks(connection: Connection) -> list[tuple[str, str]]:
    """Organisation and message of each decision that a terminal refuses."""
    c = centre_outbox.c
    query = select(c.org, c.message_id).where(c.kind == "decision", c.state == "refused", c.resent_as.is_(None))
    return [(row.org, row.message_id) for row in connection.execute(query.order_by(c.message_id))]
