"""The table of recovery codes, which replace a lost second factor once. Hashes only."""

from datetime import datetime

from sqlalchemy import Column, Connection, LargeBinary, Table, Text, func, select, update

from central.store.engine import hold
from central.store.metadata import UtcDateTime, metadata
from sync.contract.canonical import new_id

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("code_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False, index=True),
    Column("salt", LargeBinary, nullable=False),
    Column("code_sha256", Text, nullable=False, comment="of salt and digits"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)


def replace(connection: Connection, account_id: str, salted: list[tuple[bytes, str]], now: datetime) -> None:
    """Put new codes (salt, hash) in place of all earlier ones; an empty list only removes."""
    hold(connection, f"recovery codes of {account_id}")
    connection.execute(recovery_code.delete().where(recovery_code.c.account_id == account_id))
    for salt, code_sha256 in salted:
        connection.execute(
            recovery_code.insert().values(
                code_id=new_id(), account_id=account_id, salt=salt, code_sha256=code_sha256, created_at=now
            )
        )


def unused(connection: Connection, account_id: str) -> list[tuple[str, bytes, str]]:
    """Id, salt and hash of the codes that still work."""
    query = select(recovery_code.c.code_id, recovery_code.c.salt, recovery_code.c.code_sha256)
    found = query.where(recovery_code.c.account_id == account_id, recovery_code.c.used_at.is_(None))
    return [(row.code_id, row.salt, row.code_sha256) for row in connection.execute(found)]


def count_unused(connection: Connection, account_id: str) -> int:
    """How many codes still work."""
    query = select(func.count()).where(recovery_code.c.account_id == account_id, recovery_code.c.used_at.is_(None))
    return int(connection.execute(query).scalar_one())


def use(connection: Connection, code_id: str, now: datetime) -> bool:
    """Mark a code as used; False when somebody else was faster."""
    done = connection.execute(
        update(recovery_code)
        .where(recovery_code.c.code_id == code_id, recovery_code.c.used_at.is_(None))
        .values(used_at=now)
    )
    return done.rowcount == 1
