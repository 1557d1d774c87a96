"""The table of keys for other programs: employers' systems and gates. Only a hash of each key is stored."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Table, Text, select, update

from central.store.metadata import UtcDateTime, metadata

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, nullable=False, comment="whose workers the key may ask about"),
    Column("name", Text, nullable=False, comment="which program uses it"),
    Column("secret_sha256", Text, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, without its secret."""

    key_id: str
    org: str
    employer_id: str
    name: str
    secret_sha256: str
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    revoked_at: datetime | None


def add(connection: Connection, item: ApiKey) -> None:
    """Insert a key."""
    connection.execute(api_key.insert().values(**{name: getattr(item, name) for name in ApiKey.__slots__}))


def by_hash(connection: Connection, secret_sha256: str) -> ApiKey | None:
    """The key in force whose secret has that hash."""
    query = select(api_key).where(api_key.c.secret_sha256 == secret_sha256, api_key.c.revoked_at.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else ApiKey(*row)


def of_organisations(connection: Connection, orgs: tuple[str, ...]) -> list[ApiKey]:
    """All keys of these organisations, newest first."""
    query = select(api_key).where(api_key.c.org.in_(orgs)).order_by(api_key.c.created_at.desc())
    return [ApiKey(*row) for row in connection.execute(query)]


def touch(connection: Connection, key_id: str, at: datetime) -> None:
    """Note that the key was used."""
    connection.execute(update(api_key).where(api_key.c.key_id == key_id).values(last_used_at=at))


def revoke(connection: Connection, key_id: str, orgs: tuple[str, ...], at: datetime) -> bool:
    """End a key; False when there is none of these organisations."""
    done = connection.execute(
        update(api_key).where(api_key.c.key_id == key_id, api_key.c.org.in_(orgs)).values(revoked_at=at)
    )
    return done.rowcount == 1
