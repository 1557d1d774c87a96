"""Writes rows of the log of exchanges: what went or came, and what became of it. No name, no body."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.store import exchanges
from central.store.exchanges import Exchange
from sync.contract.canonical import new_id, sha256_hex


@dataclass(frozen=True, slots=True)
class About:
    """With whom, and what about."""

    org: str
    system_id: str
    direction: str
    channel: str
    operation: str
    format: str
    object_kind: str
    object_id: str
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one attempt ended."""

    outcome: str
    code: str = ""
    place: str = ""
    http_status: int | None = None
    duration_ms: int = 0
    attempts: int = 1


def log(
    connection: Connection,
    about: About,
    content: bytes,
    ended: Ended,
    now: datetime,
    *,
    size: int | None = None,
    sha256: str = "",
) -> str:
    """Write a row, in the caller's transaction; returns its id. `content`: what went or came; empty where nothing did.

    `size` and `sha256` say it of what came in many pieces and is not kept as a whole.
    """
    item = Exchange(
        exchange_id=new_id(),
        at=now,
        org=about.org,
        system_id=about.system_id,
        direction=about.direction,
        channel=about.channel,
        operation=about.operation,
        format=about.format,
        object_kind=about.object_kind,
        object_id=about.object_id,
        bytes=len(content) if size is None else size,
        sha256=sha256_hex(content) if content else sha256,
        outcome=ended.outcome,
        code=ended.code,
        place=ended.place,
        http_status=ended.http_status,
        duration_ms=ended.duration_ms,
        attempts=ended.attempts,
        actor=about.actor,
    )
    exchanges.write(connection, item)
    return item.exchange_id
