"""The table of keys for other programs: employers' and organisations' systems, gates. Only a hash of each key is stored."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import JSON, Column, Connection, RowMapping, Table, Text, or_, select, update

from central.core.days import day_of
from central.core.key_scopes import OF_OLD
from central.store.metadata import UtcDateTime, metadata

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("org", Text, nullable=False),
    Column("employer_id", Text, comment="whose workers the key may ask about; empty: the organisation's own system"),
    Column("name", Text, nullable=False, comment="which program uses it"),
    Column("secret_sha256", Text, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False, comment="account; empty: from the command line"),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column(
        "scopes",
        JSON,
        nullable=False,
        server_default='["admissions:read", "exams:read"]',
        comment="what it may do: central.core.key_scopes",
    ),
    Column("expires_at", UtcDateTime, comment="from then on it opens nothing; empty: no term"),
    Column("allowed_networks", JSON, nullable=False, server_default="[]", comment="from where; empty: from anywhere"),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, without its secret."""

    key_id: str
    org: str
    employer_id: str | None
    name: str
    secret_sha256: str
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    revoked_at: datetime | None
    scopes: tuple[str, ...] = OF_OLD
    expires_at: datetime | None = None
    allowed_networks: tuple[str, ...] = ()

    @property
    def last_day(self) -> date | None:
        """The last day at the centre on which it opens something; None without a term."""
        return day_of(self.expires_at - timedelta(microseconds=1)) if self.expires_at is not None else None


def add(connection: Connection, item: ApiKey) -> None:
    """Insert a key."""
    values = {name: getattr(item, name) for name in ApiKey.__slots__}
    lists = {"scopes": list(item.scopes), "allowed_networks": list(item.allowed_networks)}
    connection.execute(api_key.insert().values(**values | lists))


def by_hash(connection: Connection, secret_sha256: str, now: datetime) -> ApiKey | None:
    """The key in force whose secret has that hash."""
    c = api_key.c
    in_force = (c.revoked_at.is_(None), or_(c.expires_at.is_(None), c.expires_at > now))
    row = (
        connection.execute(select(api_key).where(c.secret_sha256 == secret_sha256, *in_force)).mappings().one_or_none()
    )
    return None if row is None else _key(row)


def of_organisations(connection: Connection, orgs: tuple[str, ...]) -> list[ApiKey]:
    """All keys of these organisations, newest first."""
    query = select(api_key).where(api_key.c.org.in_(orgs)).order_by(api_key.c.created_at.desc())
    return [_key(row) for row in connection.execute(query).mappings()]


def touch(connection: Connection, key_id: str, at: datetime) -> None:
    """Note that the key was used."""
    connection.execute(update(api_key).where(api_key.c.key_id == key_id).values(last_used_at=at))


def revoke(connection: Connection, key_id: str, orgs: tuple[str, ...], at: datetime) -> bool:
    """End a key; False when there is none of these organisations."""
    done = connection.execute(
        update(api_key).where(api_key.c.key_id == key_id, api_key.c.org.in_(orgs)).values(revoked_at=at)
    )
    return done.rowcount == 1


def _key(row: RowMapping) -> ApiKey:
    lists = {"scopes": tuple(row["scopes"]), "allowed_networks": tuple(row["allowed_networks"])}
    return ApiKey(**dict(row) | lists)
