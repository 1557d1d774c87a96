"""Tables of terminals and of the devices they report. The heads of their chains: `chain_heads`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    RowMapping,
    Table,
    Text,
    and_,
    case,
    cast,
    or_,
    select,
    update,
)

from central.core.clock import now_utc
from central.core.parties import Terminal
from central.store.metadata import UtcDateTime, insert_for, metadata
from sync.contract.canonical import GENESIS_HASH
from sync.contract.health import TerminalStatus
from sync.contract.topics import TerminalAddress

terminal = Table(
    "terminal",
    metadata,
    Column("terminal_id", Text, primary_key=True, comment="also the common name of its certificate"),
    Column("org", ForeignKey("organisation.org"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("public_key", Text, comment="raw Ed25519 public key, base64; empty until enrolled"),
    Column("state", Text, nullable=False, comment="new, enrolled or revoked; of a medical room: room or closed_room"),
    Column("head_seq", BigInteger, nullable=False, comment="highest seq received"),
    Column("head_hash", Text, nullable=False),
    Column(
        "gap_from", BigInteger, comment="lowest seq that had not come when a later one did; empty = none is missing"
    ),
    Column("gap_since", UtcDateTime, comment="when that was noticed"),
    Column("down_seq", BigInteger, nullable=False, comment="seq of the last message queued for it"),
    Column("down_hash", Text, nullable=False),
    Column("roster_version", Integer, nullable=False),
    Column("link", Text, nullable=False, comment="unknown, online or offline, from its status and last will"),
    Column("last_seen", UtcDateTime),
    Column("status", JSON, comment="last sync.contract.health.TerminalStatus"),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Registered terminals: place, name, state, what they last said of themselves."""

terminal_key = Table(
    "terminal_key",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("public_key", Text, primary_key=True, comment="every key that the terminal ever enrolled with"),
    Column("since", UtcDateTime, nullable=False),
)
"""Public keys of terminals, old ones included."""

device = Table(
    "device",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("device_id", Text, primary_key=True),
    Column("measures", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("verified_until", Text, comment="ISO date of the end of its verification"),
    Column("last_seen", UtcDateTime, nullable=False),
)
"""Measuring devices that terminals report."""


ROOM, CLOSED_ROOM = "room", "closed_room"
ROOMS = (ROOM, CLOSED_ROOM)
"""States of medical rooms, which are no terminals: `central.store.rooms`."""
CALLS = '%"help_called_at":"%'
_SILENT_KIOSK = '%"kiosk":"silent"%'


@dataclass(frozen=True, slots=True)
class Known:
    """What ingest needs to judge a message of a terminal."""

    terminal_id: str
    org: str
    public_key: str | None
    state: str


def add_terminal(connection: Connection, new: Terminal, *, now: datetime) -> None:
    """Insert a terminal in state `new`. A double raises `ValueError`."""
    if get_terminal(connection, new.terminal_id) is not None:
        raise ValueError(f"terminal {new.terminal_id} is registered already")
    connection.execute(
        terminal.insert().values(
            terminal_id=new.terminal_id,
            org=new.org,
            name=new.name,
            place=new.place,
            state="new",
            head_seq=0,
            head_hash=GENESIS_HASH,
            down_seq=0,
            down_hash=GENESIS_HASH,
            roster_version=0,
            link="unknown",
            created_at=now,
        )
    )


def get_terminal(connection: Connection, terminal_id: str) -> RowMapping | None:
    """One terminal."""
    return connection.execute(select(terminal).where(terminal.c.terminal_id == terminal_id)).mappings().one_or_none()


def take_terminal(connection: Connection, terminal_id: str) -> RowMapping | None:
    """One terminal, its row taken for this transaction."""
    query = select(terminal).where(terminal.c.terminal_id == terminal_id).with_for_update()
    return connection.execute(query).mappings().one_or_none()


def list_terminals(connection: Connection, org: str | None = None) -> Sequence[RowMapping]:
    """Terminals and medical rooms of an organisation, or all, by name."""
    query = select(terminal).order_by(terminal.c.name)
    if org is not None:
        query = query.where(terminal.c.org == org)
    return connection.execute(query).mappings().all()


def names(connection: Connection, orgs: Sequence[str]) -> Sequence[RowMapping]:
    """Ids and names of the terminals of these organisations, by name: for a choice among them."""
    query = select(terminal.c.terminal_id, terminal.c.name).where(terminal.c.org.in_(orgs))
    return connection.execute(query.order_by(terminal.c.name)).mappings().all()


def places(connection: Connection, orgs: Sequence[str]) -> Sequence[RowMapping]:
    """Ids, names and places of the terminals of these organisations, by name."""
    query = select(terminal.c.terminal_id, terminal.c.name, terminal.c.place).where(terminal.c.org.in_(orgs))
    return connection.execute(query.order_by(terminal.c.name)).mappings().all()


def in_need(connection: Connection, orgs: Sequence[str], refusing: Collection[str]) -> Sequence[RowMapping]:
    """Enrolled terminals of these organisations that have no link, whose kiosk stands still, that call for help or are
    among `refusing`, by name.

    One that has never said anything has no link either.
    `terminal_id`, `name`, `place`, `link`, `stands`, `calls`: what else they say of themselves is left where it is.
    """
    c = terminal.c
    calls = and_(c.link == "online", cast(c.status, Text).like(CALLS))
    query = select(c.terminal_id, c.name, c.place, c.link, kiosk_stands().label("stands"), calls.label("calls")).where(
        c.org.in_(orgs),
        c.state == "enrolled",
        or_(c.link != "online", kiosk_stands(), calls, c.terminal_id.in_(refusing)),
    )
    return connection.execute(query.order_by(c.name)).mappings().all()


def kiosk_stands() -> ColumnElement[bool]:
    """The link is there, and the sync process says that the kiosk beside it says nothing: nobody can be examined."""
    return and_(terminal.c.link == "online", cast(terminal.c.status, Text).like(_SILENT_KIOSK))


def attention_marks(connection: Connection) -> list[tuple[str, str, str]]:
    """Organisation, identifier and link (`stands` for a kiosk that stands still) of the enrolled terminals that have no
    link, stand still or call for help."""
    c = terminal.c
    calls = cast(c.status, Text).like(CALLS)
    link = case((kiosk_stands(), "stands"), else_=c.link).label("link")
    query = select(c.org, c.terminal_id, link).where(
        c.state == "enrolled", or_(c.link != "online", kiosk_stands(), calls)
    )
    return [(row.org, row.terminal_id, row.link) for row in connection.execute(query.order_by(c.terminal_id))]


def terminal_ids(connection: Connection, org: str) -> Sequence[str]:
    """Terminals of an organisation that are not revoked, in the order in which they are to be locked."""
    states = ("new", "enrolled")
    query = select(terminal.c.terminal_id).where(terminal.c.org == org, terminal.c.state.in_(states))
    return connection.execute(query.order_by(terminal.c.terminal_id)).scalars().all()


def not_offline(connection: Connection) -> Sequence[RowMapping]:
    """Enrolled terminals that are online, or have not said yet how they are, by name: `terminal_id`, `org`, `roster_version`."""
    c = terminal.c
    query = select(c.terminal_id, c.org, c.roster_version).where(c.state == "enrolled", c.link != "offline")
    return connection.execute(query.order_by(c.terminal_id)).mappings().all()


def revoked(connection: Connection) -> list[tuple[TerminalAddress, bool]]:
    """Every revoked terminal, by name, and whether it counts as online. That is what it says of itself: whether it has a
    connection only the broker knows.
    """
    c = terminal.c
    rows = connection.execute(select(c.org, c.terminal_id, c.link).where(c.state == "revoked").order_by(c.terminal_id))
    return [(TerminalAddress(row.org, row.terminal_id), row.link == "online") for row in rows]


def list_devices(connection: Connection, terminal_id: str) -> Sequence[RowMapping]:
    """Devices that a terminal has reported."""
    query = select(device).where(device.c.terminal_id == terminal_id).order_by(device.c.device_id)
    return connection.execute(query).mappings().all()


def known(connection: Connection, terminal_ids: Sequence[str]) -> dict[str, Known]:
    """Those of the named terminals that are registered."""
    columns = [terminal.c[name] for name in Known.__dataclass_fields__]
    rows = connection.execute(select(*columns).where(terminal.c.terminal_id.in_(terminal_ids)))
    return {row.terminal_id: Known(*row) for row in rows}


def set_key(connection: Connection, terminal_id: str, public_key: str) -> None:
    """Take the key of a terminal that has enrolled (raw Ed25519, base64). Earlier keys stay known, for `verify`."""
    connection.execute(
        insert_for(connection, terminal_key)
        .values(terminal_id=terminal_id, public_key=public_key, since=now_utc())
        .on_conflict_do_nothing(index_elements=["terminal_id", "public_key"])
    )
    _update(connection, terminal_id, public_key=public_key, state="enrolled")


def all_keys(connection: Connection) -> dict[str, list[str]]:
    """Every key of every terminal, by terminal."""
    keys: dict[str, list[str]] = {}
    query = select(terminal_key.c.terminal_id, terminal_key.c.public_key).order_by(terminal_key.c.since)
    for terminal_id, public_key in connection.execute(query):
        keys.setdefault(terminal_id, []).append(public_key)
    return keys


def set_state(connection: Connection, terminal_id: str, state: str) -> None:
    """Set `new`, `enrolled` or `revoked`."""
    _update(connection, terminal_id, state=state)


def next_roster_version(connection: Connection, terminal_id: str, at_least: int = 0) -> int:
    """Count up and return the version of a terminal's roster, from 1.

    It is above `at_least`, what the terminal says it has: a centre that was restored from its backup has forgotten some.
    """
    roster_version = case((terminal.c.roster_version < at_least, at_least), else_=terminal.c.roster_version)
    version = connection.execute(
        update(terminal)
        .where(terminal.c.terminal_id == terminal_id)
        .values(roster_version=roster_version + 1)
        .returning(terminal.c.roster_version)
    ).scalar_one_or_none()
    if version is None:
        raise LookupError(f"terminal {terminal_id!r} is not registered")
    return int(version)


def note_status(connection: Connection, terminal_id: str, status: TerminalStatus, *, now: datetime) -> None:
    """Take a status message. A last will changes the link alone: what the terminal last said of itself stays readable."""
    if status.state == "offline":
        _update(connection, terminal_id, link="offline")
        return
    _update(connection, terminal_id, link="online", last_seen=now, status=status.model_dump(mode="json"))
    for health in status.devices:
        values: dict[str, Any] = {
            name: getattr(health, name)
            for name in ("measures", "maker", "model", "serial", "state", "reason", "verified_until")
        }
        where = (device.c.terminal_id == terminal_id, device.c.device_id == health.device_id)
        changed = connection.execute(update(device).where(*where).values(**values, last_seen=now))
        if changed.rowcount == 0:
            connection.execute(
                device.insert().values(terminal_id=terminal_id, device_id=health.device_id, **values, last_seen=now)
            )


def _update(connection: Connection, terminal_id: str, **values: Any) -> None:
    connection.execute(update(terminal).where(terminal.c.terminal_id == terminal_id).values(**values))
