"""Tables of console accounts and their sessions. Secrets are stored as hashes only (Argon2id, SHA-256 of random tokens)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    or_,
    select,
    update,
)

from central.store.account_employers import of_accounts
from central.store.metadata import UtcDateTime, insert_for, metadata

account = Table(
    "account",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("full_name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="see central.core.rights"),
    Column("orgs", JSON, nullable=False, comment="organisations whose records this account may see"),
    Column("medic_id", Text, comment="of medics: the entry in the register of medics"),
    Column("person_id", Text, comment="of the role worker: whose records it sees"),
    Column("password_hash", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("totp_sealed", LargeBinary, comment="secret of the second factor, AES-256-GCM; empty = not set up"),
    Column("totp_last_step", BigInteger, comment="30-second step of the last code taken: each code works once"),
    Column("factor_due_at", UtcDateTime, comment="until when a second factor that is demanded may still be set up"),
    Column("failed_logins", Integer, nullable=False),
    Column("failed_at", UtcDateTime, comment="the newest wrong password of a stranger"),
    Column("locked_until", UtcDateTime),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_login_at", UtcDateTime),
    Column("vouched_by", Text, comment="who vouches in place of the password: oidc or ldap; empty: the own password"),
    Column("vouched_issuer", Text, comment="which provider or directory that was when the name was entered"),
    Column("vouched_name", Text, comment="the subject of the provider, or the name in the directory"),
    Index("ix_account_vouched", "vouched_by", "vouched_issuer", "vouched_name", unique=True),
    Index("ix_account_person_id", "person_id", unique=True),
    Column("ends_on", Date, comment="last day; empty: the account has no end"),
    Column("closed_unused_at", UtcDateTime, comment="when it was disabled because nobody used it; empty: otherwise"),
    Column("enabled_at", UtcDateTime, comment="when it was last enabled again: time without use counts from here"),
    Column("enabled_note", Text, comment="why, in words"),
    Column(
        "deleted_at", UtcDateTime, comment="when its deletion was asked for; until it is erased it can be taken back"
    ),
    Column("erased_at", UtcDateTime, comment="when name and secrets were erased; what it did stays under its id"),
)
"""People who may log in to the console: role, organisation, hash of the password, second factor."""

session = Table(
    "session",
    metadata,
    Column("session_id", Text, primary_key=True, comment="SHA-256 of the cookie's random token"),
    Column("account_id", Text, nullable=False, index=True),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("address", Text, nullable=False),
    Column("draft", JSON, comment="what was typed when a page had to be left: path and fields"),
)
"""Open logins: whose, from which address, when last used, until when."""

NO_FACTOR: dict[str, Any] = {"totp_sealed": None, "totp_last_step": None, "factor_due_at": None}
"""Changes that take the second factor away; where one is demanded its set-up begins anew at the next login."""

ERASED_NAME = "Стёртая учётная запись (erased account)"
"""What stands in place of a name that was erased, wherever a name is shown; in both languages, for it is in the store."""

NOT_VOUCHED: dict[str, Any] = {"vouched_by": None, "vouched_issuer": None, "vouched_name": None}
"""Changes after which the account's own password counts again."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account, without its secrets."""

    account_id: str
    username: str
    full_name: str
    role: str
    orgs: tuple[str, ...]
    employer_ids: tuple[str, ...]
    """Of the roles of an employer: whose workers it may see."""
    medic_id: str | None
    must_change_password: bool
    has_totp: bool
    factor_due_at: datetime | None
    failed_logins: int
    failed_at: datetime | None
    locked_until: datetime | None
    disabled: bool
    created_at: datetime
    last_login_at: datetime | None
    vouched_by: str | None = None
    vouched_issuer: str | None = None
    vouched_name: str | None = None
    ends_on: date | None = None
    closed_unused_at: datetime | None = None
    enabled_at: datetime | None = None
    enabled_note: str | None = None
    deleted_at: datetime | None = None
    erased_at: datetime | None = None
    person_id: str | None = None

    @property
    def called(self) -> str:
        """What short lists call it: the login name, and of an erased account the words in its place."""
        return self.username if self.erased_at is None else self.full_name

    @property
    def used_at(self) -> datetime:
        """Since when nobody has used it: the newest login; of an account without one, its making or enabling."""
        return max(at for at in (self.created_at, self.last_login_at, self.enabled_at) if at is not None)

    def has_ended(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.ends_on is not None and self.ends_on < today


def add_account(connection: Connection, values: dict[str, Any]) -> bool:
    """Insert a row of `account`; False when the login name is taken, by somebody else just now too."""
    new = insert_for(connection, account).values(**values).on_conflict_do_nothing(index_elements=["username"])
    return connection.execute(new.returning(account.c.account_id)).first() is not None


def change_account(connection: Connection, account_id: str, values: dict[str, Any]) -> bool:
    """Change an account; False when there is none."""
    return connection.execute(update(account).where(account.c.account_id == account_id).values(**values)).rowcount == 1


def add_org(connection: Connection, account_id: str, org: str) -> None:
    """Let an account see one more organisation; its row is held, so that two at once are both kept."""
    query = select(account.c.orgs).where(account.c.account_id == account_id).with_for_update()
    orgs = connection.execute(query).scalar_one()
    change_account(connection, account_id, {"orgs": [*orgs, org]})


def set_first_factor(connection: Connection, account_id: str, values: dict[str, Any]) -> bool:
    """Give an account its second factor; False when it has one, set by somebody else just now too."""
    free = update(account).where(account.c.account_id == account_id, account.c.totp_sealed.is_(None))
    return connection.execute(free.values(**values)).rowcount == 1


def by_username(connection: Connection, username: str, *, to_change: bool = False) -> Account | None:
    """The account with that login name. `to_change` holds its row until the transaction ends."""
    query = select(account).where(account.c.username == username)
    return _found(connection, query.with_for_update() if to_change else query)


def by_vouched(connection: Connection, by: str, issuer: str, name: str, *, to_change: bool = False) -> Account | None:
    """The account for which that provider vouches under that name. `to_change` as in `by_username`."""
    query = select(account).where(
        account.c.vouched_by == by, account.c.vouched_issuer == issuer, account.c.vouched_name == name
    )
    return _found(connection, query.with_for_update() if to_change else query)


def by_id(connection: Connection, account_id: str) -> Account | None:
    """The account with that id."""
    return _found(connection, select(account).where(account.c.account_id == account_id))


def all_accounts(connection: Connection) -> list[Account]:
    """Every account of somebody who works with the centre, by login name. Workers, as many as there are, have their own pages."""
    employers = of_accounts(connection)
    rows = connection.execute(select(account).where(account.c.person_id.is_(None)).order_by(account.c.username))
    return [_account(row, employers.get(row.account_id, ())) for row in rows]


def unused_of_workers(connection: Connection, before: datetime, limit: int) -> list[Account]:
    """Open accounts of workers that nobody has used since before that moment."""
    c = account.c
    used = [or_(column.is_(None), column < before) for column in (c.last_login_at, c.enabled_at)]
    query = select(account).where(c.person_id.is_not(None), c.disabled.is_(False), c.created_at < before, *used)
    return [_account(row, ()) for row in connection.execute(query.order_by(c.account_id).limit(limit))]


def secrets_of(connection: Connection, account_id: str) -> tuple[str, bytes | None, int | None]:
    """Password hash, sealed TOTP secret and last used TOTP step. Raises `LookupError` for an unknown account."""
    row = connection.execute(
        select(account.c.password_hash, account.c.totp_sealed, account.c.totp_last_step).where(
            account.c.account_id == account_id
        )
    ).one_or_none()
    if row is None:
        raise LookupError(f"account {account_id} does not exist")
    return row.password_hash, row.totp_sealed, row.totp_last_step


def _found(connection: Connection, query: Select[Any]) -> Account | None:
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return _account(row, of_accounts(connection, [row.account_id]).get(row.account_id, ()))


def _account(row: Any, employer_ids: tuple[str, ...]) -> Account:
    computed = {"orgs", "employer_ids", "has_totp"}
    same = {name: getattr(row, name) for name in Account.__slots__ if name not in computed}
    return Account(orgs=tuple(row.orgs), employer_ids=employer_ids, has_totp=row.totp_sealed is not None, **same)


@dataclass(frozen=True, slots=True)
class AccountSession:
    """One login of one account in one browser."""

    session_id: str
    account_id: str
    csrf_token: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str


_SESSION = (
    session.c.session_id,
    session.c.account_id,
    session.c.csrf_token,
    session.c.created_at,
    session.c.seen_at,
    session.c.expires_at,
    session.c.address,
)


def add_session(connection: Connection, item: AccountSession, draft: dict[str, Any] | None) -> None:
    """Insert a session with what was typed before it began."""
    connection.execute(
        session.insert().values(
            session_id=item.session_id,
            account_id=item.account_id,
            csrf_token=item.csrf_token,
            created_at=item.created_at,
            seen_at=item.seen_at,
            expires_at=item.expires_at,
            address=item.address,
            draft=draft,
        )
    )


def find_session(connection: Connection, session_id: str) -> AccountSession | None:
    """The session with that id, expired or not."""
    row = connection.execute(select(*_SESSION).where(session.c.session_id == session_id)).one_or_none()
    return None if row is None else AccountSession(*row)


def sessions_of(connection: Connection, account_id: str) -> list[AccountSession]:
    """All sessions of an account, newest first."""
    query = select(*_SESSION).where(session.c.account_id == account_id).order_by(session.c.created_at.desc())
    return [AccountSession(*row) for row in connection.execute(query)]


def touch_session(connection: Connection, session_id: str, seen_at: datetime) -> None:
    """Note that the session was used."""
    connection.execute(update(session).where(session.c.session_id == session_id).values(seen_at=seen_at))


def end_session(connection: Connection, session_id: str) -> None:
    """Log out."""
    connection.execute(session.delete().where(session.c.session_id == session_id))


def end_sessions_of(connection: Connection, account_id: str, but: str | None = None) -> list[str]:
    """End every session of an account, except one. Returns which: their keys are to be forgotten."""
    ended = session.delete().where(session.c.account_id == account_id, session.c.session_id != (but or ""))
    return list(connection.execute(ended.returning(session.c.session_id)).scalars())


def living(connection: Connection, session_ids: Collection[str]) -> list[tuple[AccountSession, bool]]:
    """Those of these sessions that are there still, and whether their account is disabled."""
    columns = (*_SESSION, account.c.disabled)
    query = select(*columns).join(account, account.c.account_id == session.c.account_id)
    rows = connection.execute(query.where(session.c.session_id.in_(session_ids)))
    return [(AccountSession(*row[:-1]), row.disabled) for row in rows]


def end_expired(connection: Connection, now: datetime) -> None:
    """Remove sessions whose time is over."""
    connection.execute(session.delete().where(session.c.expires_at < now))


def set_draft(connection: Connection, session_id: str, draft: dict[str, Any] | None) -> None:
    """Keep what was typed for the next time the page is opened; None forgets it."""
    connection.execute(update(session).where(session.c.session_id == session_id).values(draft=draft))


def get_draft(connection: Connection, session_id: str) -> dict[str, Any] | None:
    """What was typed and not sent, if anything."""
    draft = connection.execute(select(session.c.draft).where(session.c.session_id == session_id)).scalar_one_or_none()
    return draft if isinstance(draft, dict) else None
