"""Tables of enrolment: one-time codes, and the certificates that terminals have got."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, LargeBinary, Table, Text, func, select, update

from central.store.metadata import UtcDateTime, metadata

enrolment_code = Table(
    "enrolment_code",
    metadata,
    Column("code_id", Text, primary_key=True, comment="the first group of the code"),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False),
    Column("key", LargeBinary, nullable=False, comment="SHA-256 of the code; worthless once used or expired"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)
"""One-time codes of enrolment: until when each is valid, when it was used."""

terminal_certificate = Table(
    "terminal_certificate",
    metadata,
    Column("serial", Text, primary_key=True, comment="hexadecimal"),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False, index=True),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("request_sha256", Text, unique=True, comment="of the certificate request; each is good for one certificate"),
)
"""Every certificate that was issued to a terminal."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code on record."""

    terminal_id: str
    key: bytes
    expires_at: datetime
    used_at: datetime | None


def add_code(
    connection: Connection, code_id: str, terminal_id: str, key: bytes, *, now: datetime, expires_at: datetime
) -> None:
    """Store a code; earlier unused ones of the terminal end. A used or expired one with the same id gives way."""
    connection.execute(
        update(enrolment_code)
        .where(enrolment_code.c.terminal_id == terminal_id, enrolment_code.c.used_at.is_(None))
        .values(expires_at=now)
    )
    connection.execute(
        enrolment_code.insert().values(
            code_id=code_id, terminal_id=terminal_id, key=key, created_at=now, expires_at=expires_at
        )
    )


def has_code(connection: Connection, code_id: str) -> bool:
    """Whether the id was ever given."""
    return (
        connection.execute(select(enrolment_code.c.code_id).where(enrolment_code.c.code_id == code_id)).first()
        is not None
    )


def find_code(connection: Connection, code_id: str) -> Code | None:
    """A code on record."""
    return _code(connection, code_id, is_taken=False)


def take_code(connection: Connection, code_id: str) -> Code | None:
    """A code, its row taken for this transaction."""
    return _code(connection, code_id, is_taken=True)


def _code(connection: Connection, code_id: str, *, is_taken: bool) -> Code | None:
    names = tuple(Code.__dataclass_fields__)
    query = select(*(enrolment_code.c[name] for name in names)).where(enrolment_code.c.code_id == code_id)
    row = connection.execute(query.with_for_update() if is_taken else query).one_or_none()
    return Code(*row) if row else None


def use_code(connection: Connection, code_id: str, *, now: datetime) -> None:
    """The code has done its work."""
    connection.execute(update(enrolment_code).where(enrolment_code.c.code_id == code_id).values(used_at=now))


def add_certificate(
    connection: Connection,
    serial: str,
    terminal_id: str,
    *,
    now: datetime,
    not_after: datetime,
    request_sha256: str | None = None,
) -> None:
    """Record an issued certificate; `request_sha256` of the request that it was made for."""
    connection.execute(
        terminal_certificate.insert().values(
            serial=serial,
            terminal_id=terminal_id,
            issued_at=now,
            not_after=not_after,
            request_sha256=request_sha256,
        )
    )


def is_used(connection: Connection, request_sha256: str) -> bool:
    """Whether a certificate was made for this very request."""
    own = terminal_certificate.c.request_sha256 == request_sha256
    return connection.execute(select(terminal_certificate.c.serial).where(own)).first() is not None


def newest_end(connection: Connection, terminal_id: str) -> datetime | None:
    """When the last of a terminal's certificates ends; None for one that never had any."""
    query = select(func.max(terminal_certificate.c.not_after)).where(terminal_certificate.c.terminal_id == terminal_id)
    end: datetime | None = connection.execute(query).scalar_one()
    return end


def issued_since(connection: Connection, terminal_id: str, since: datetime) -> int:
    """How many certificates a terminal got since that moment."""
    c = terminal_certificate.c
    query = select(func.count()).where(c.terminal_id == terminal_id, c.issued_at > since)
    return int(connection.execute(query).scalar_one())


def serials(connection: Connection, terminal_id: str) -> set[str]:
    """Serial numbers of all certificates that a terminal ever got."""
    query = select(terminal_certificate.c.serial).where(terminal_certificate.c.terminal_id == terminal_id)
    return set(connection.execute(query).scalars())


def all_serials(connection: Connection) -> frozenset[str]:
    """Serial numbers of every certificate that a terminal has had, hexadecimal."""
    return frozenset(connection.execute(select(terminal_certificate.c.serial)).scalars())


def mark_revoked(connection: Connection, terminal_id: str, *, now: datetime) -> None:
    """Mark all certificates of a terminal as revoked."""
    own = terminal_certificate.c.terminal_id == terminal_id
    connection.execute(
        update(terminal_certificate).where(own, terminal_certificate.c.revoked_at.is_(None)).values(revoked_at=now)
    )
