"""Tables of enrolment: one-time codes, and the certificates that terminals have got."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, LargeBinary, RowMapping, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata

enrolment_code = Table(
    "enrolment_code",
    metadata,
    Column("code_id", Text, primary_key=True, comment="the first group of the code"),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False),
    Column("key", LargeBinary, nullable=False, comment="SHA-256 of the code; worthless once used or expired"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("used_at", UtcDateTime),
)

terminal_certificate = Table(
    "terminal_certificate",
    metadata,
    Column("serial", Text, primary_key=True, comment="hexadecimal"),
    Column("terminal_id", ForeignKey("terminal.terminal_id"), nullable=False, index=True),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)


@dataclass(frozen=True, slots=True)
class Code:
    """A code on record."""

    terminal_id: str
    key: bytes
    expires_at: datetime
    failures: int
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
            code_id=code_id, terminal_id=terminal_id, key=key, created_at=now, expires_at=expires_at, failures=0
        )
    )


def has_code(connection: Connection, code_id: str) -> bool:
    """Whether the id was ever given."""
    return (
        connection.execute(select(enrolment_code.c.code_id).where(enrolment_code.c.code_id == code_id)).first()
        is not None
    )


def take_code(connection: Connection, code_id: str) -> Code | None:
    """A code, its row taken for this transaction."""
    names = tuple(Code.__dataclass_fields__)
    query = select(*(enrolment_code.c[name] for name in names)).where(enrolment_code.c.code_id == code_id)
    row = connection.execute(query.with_for_update()).one_or_none()
    return Code(*row) if row else None


def note_failure(connection: Connection, code_id: str) -> None:
    """Somebody tried the code with a wrong proof."""
    connection.execute(
        update(enrolment_code).where(enrolment_code.c.code_id == code_id).values(failures=enrolment_code.c.failures + 1)
    )


def use_code(connection: Connection, code_id: str, *, now: datetime) -> None:
    """The code has done its work."""
    connection.execute(update(enrolment_code).where(enrolment_code.c.code_id == code_id).values(used_at=now))


def add_certificate(
    connection: Connection, serial: str, terminal_id: str, *, now: datetime, not_after: datetime
) -> None:
    """Record an issued certificate."""
    connection.execute(
        terminal_certificate.insert().values(serial=serial, terminal_id=terminal_id, issued_at=now, not_after=not_after)
    )


def list_certificates(connection: Connection, terminal_id: str) -> Sequence[RowMapping]:
    """All certificates of a terminal, newest first."""
    query = select(terminal_certificate).where(terminal_certificate.c.terminal_id == terminal_id)
    return connection.execute(query.order_by(terminal_certificate.c.issued_at.desc())).mappings().all()


def serials(connection: Connection, terminal_id: str) -> set[str]:
    """Serial numbers of all certificates that a terminal ever got."""
    query = select(terminal_certificate.c.serial).where(terminal_certificate.c.terminal_id == terminal_id)
    return set(connection.execute(query).scalars())


def mark_revoked(connection: Connection, terminal_id: str, *, now: datetime) -> None:
    """Mark all certificates of a terminal as revoked."""
    own = terminal_certificate.c.terminal_id == terminal_id
    connection.execute(
        update(terminal_certificate).where(own, terminal_certificate.c.revoked_at.is_(None)).values(revoked_at=now)
    )
