"""Tables of consents: the texts in their versions, who agreed to which, and withdrawals. Rows are added, never changed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import Column, Connection, Date, ForeignKey, RowMapping, Table, Text, func, select
from sqlalchemy.schema import ForeignKeyConstraint

from central.store.metadata import UtcDateTime, metadata
from central.store.registry import same_person, worker
from sync.contract.canonical import new_id
from sync.contract.roster import ConsentKind

Kind = ConsentKind | Literal["whole_record", "self_readings"]
"""Those that terminals know, `whole_record`: what other organisations of the centre have of the person may be read too, and
`self_readings`: what the person's own devices measure is kept and shown."""
KINDS: tuple[Kind, ...] = (*get_args(ConsentKind), "whole_record", "self_readings")
"""Each purpose is agreed to in a document of its own (152-FZ, art. 9 as of 01.09.2025)."""
MEANS = ("paper", "kiosk", "electronic")
"""How a consent or its withdrawal was given: signed paper, on the kiosk's screen, a document with an electronic signature."""
OWN_PAGES = "own_pages"
"""How a worker withdraws a consent alone, in the own account; nobody enters it in the worker's place."""

consent_text = Table(
    "consent_text",
    metadata,
    Column("org", ForeignKey("organisation.org"), primary_key=True),
    Column("kind", Text, primary_key=True, comment="health_data, video, biometric_comparison"),
    Column("version", Text, primary_key=True),
    Column("body", Text, nullable=False, comment="the whole text as the worker could read it"),
    Column("sha256", Text, nullable=False, comment="of the body in UTF-8"),
    Column("valid_from", Date, nullable=False),
    Column("author", Text, nullable=False, comment="account that entered it"),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Texts of consents, one row for each version."""

consent = Table(
    "consent",
    metadata,
    Column("consent_id", Text, primary_key=True),
    Column("worker_id", ForeignKey("worker.worker_id"), nullable=False, index=True),
    Column("org", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("text_sha256", Text, nullable=False),
    Column("given_on", Date, nullable=False),
    Column("means", Text, nullable=False, comment="paper, kiosk, electronic"),
    Column("basis", Text, nullable=False, comment="legal basis and where the document is kept"),
    Column("author", Text, nullable=False, comment="account that entered it"),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(
        ["org", "kind", "text_version"], ["consent_text.org", "consent_text.kind", "consent_text.version"]
    ),
)
"""Who agreed to which version, when and how."""

consent_withdrawal = Table(
    "consent_withdrawal",
    metadata,
    Column("consent_id", ForeignKey("consent.consent_id"), primary_key=True),
    Column("withdrawn_on", Date, nullable=False),
    Column("means", Text, nullable=False),
    Column("basis", Text, nullable=False, comment="the worker's statement and where it is kept"),
    Column("author", Text, nullable=False, comment="account that entered it"),
    Column("created_at", UtcDateTime, nullable=False),
)
"""The end of a consent."""


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """A consent, and its withdrawal if there is one."""

    consent_id: str
    worker_id: str
    org: str
    kind: Kind
    text_version: str
    text_sha256: str
    given_on: date
    means: str
    basis: str
    author: str
    created_at: datetime
    withdrawn_on: date | None = None
    withdrawal_means: str | None = None
    withdrawal_basis: str | None = None
    withdrawal_author: str | None = None
    withdrawal_created_at: datetime | None = None

    @property
    def in_force(self) -> bool:
        return self.withdrawn_on is None


def add_text(connection: Connection, **values: Any) -> None:
    """Insert a version of a text: columns of `consent_text`. A double raises `sqlalchemy.exc.IntegrityError`."""
    connection.execute(consent_text.insert().values(**values))


def get_text(connection: Connection, org: str, kind: str, version: str) -> RowMapping | None:
    """One version of a text."""
    c = consent_text.c
    query = select(consent_text).where(c.org == org, c.kind == kind, c.version == version)
    return connection.execute(query).mappings().one_or_none()


def list_texts(connection: Connection, org: str) -> Sequence[RowMapping]:
    """All texts of an organisation: by kind, the newest version first."""
    c = consent_text.c
    query = select(consent_text).where(c.org == org).order_by(c.kind, c.valid_from.desc(), c.created_at.desc())
    return connection.execute(query).mappings().all()


def add_consent(connection: Connection, **values: Any) -> str:
    """Insert a consent: columns of `consent` but the id; returns the id."""
    consent_id = new_id()
    connection.execute(consent.insert().values(consent_id=consent_id, **values))
    return consent_id


def add_consents(connection: Connection, rows: Sequence[dict[str, Any]], *, created_at: datetime) -> None:
    """Insert many: columns of `consent` but the id and the moment."""
    connection.execute(consent.insert(), [row | {"consent_id": new_id(), "created_at": created_at} for row in rows])


def add_withdrawal(connection: Connection, **values: Any) -> None:
    """Insert a withdrawal: columns of `consent_withdrawal`. A second one raises `sqlalchemy.exc.IntegrityError`."""
    connection.execute(consent_withdrawal.insert().values(**values))


def of_worker(connection: Connection, worker_id: str) -> list[ConsentRecord]:
    """Every consent of the person towards the worker's organisation, also withdrawn ones, newest first.

    Whichever employment it was given at: the organisation asks for itself, not for an employer. A withdrawal ends every consent to
    the purpose that was entered before it.
    """
    query = _records().where(consent.c.worker_id.in_(same_person(worker_id)))
    rows = connection.execute(query.order_by(consent.c.created_at.desc(), consent.c.consent_id.desc()))
    records = [ConsentRecord(*row) for row in rows]
    return [_ended(record, records) for record in records]


def _ended(record: ConsentRecord, records: Sequence[ConsentRecord]) -> ConsentRecord:
    """With a withdrawal of another consent to the purpose that came later: two employments that turned out to be one person's."""
    for other in records:
        later = other.withdrawal_created_at
        if record.in_force and other.kind == record.kind and later is not None and later > record.created_at:
            names = [name for name in ConsentRecord.__slots__ if name.startswith("withdraw")]
            return replace(record, **{name: getattr(other, name) for name in names})
    return record


def get_consent(connection: Connection, consent_id: str) -> ConsentRecord | None:
    """One consent."""
    row = connection.execute(_records().where(consent.c.consent_id == consent_id)).one_or_none()
    return None if row is None else ConsentRecord(*row)


def of_organisation(connection: Connection, org: str) -> Iterator[tuple[RowMapping, ConsentRecord]]:
    """Worker's row and consent for every consent of an organisation, by personnel number and moment."""
    people = {row["worker_id"]: row for row in connection.execute(select(worker).where(worker.c.org == org)).mappings()}
    query = _records().where(consent.c.org == org).order_by(consent.c.created_at, consent.c.consent_id)
    records = [ConsentRecord(*row) for row in connection.execute(query)]
    for record in sorted(records, key=lambda record: people[record.worker_id]["personnel_number"]):
        yield people[record.worker_id], record


def count_of_organisation(connection: Connection, org: str) -> int:
    """How many consents `of_organisation` gives."""
    return int(connection.execute(select(func.count()).where(consent.c.org == org)).scalar_one())


def standing(connection: Connection, org: str, worker_ids: Collection[str] | None = None) -> dict[str, dict[Kind, str]]:
    """For each worker of an organisation, or of these: kind → version of the text, of what the person agreed to and still does.

    As `of_worker`: for all employments of a person in the organisation alike.
    """
    given = worker.alias("given")
    query = (
        select(
            worker.c.worker_id,
            consent.c.kind,
            consent.c.text_version,
            consent.c.created_at,
            consent_withdrawal.c.created_at.label("ended_at"),
        )
        .join_from(consent, given, given.c.worker_id == consent.c.worker_id)
        .join(worker, (worker.c.person_id == given.c.person_id) & (worker.c.org == given.c.org))
        .outerjoin(consent_withdrawal, consent_withdrawal.c.consent_id == consent.c.consent_id)
        .where(consent.c.org == org)
        .order_by(consent.c.created_at, consent.c.consent_id)
    )
    if worker_ids is not None:
        query = query.where(worker.c.worker_id.in_(worker_ids))
    rows = connection.execute(query).all()
    ended: dict[tuple[str, str], datetime] = {}
    for row in rows:
        if row.ended_at is not None:
            key = (row.worker_id, row.kind)
            ended[key] = max(row.ended_at, ended.get(key, row.ended_at))
    found: dict[str, dict[Kind, str]] = {}
    for row in rows:
        last = ended.get((row.worker_id, row.kind))
        if row.ended_at is None and (last is None or last <= row.created_at):
            found.setdefault(row.worker_id, {})[row.kind] = row.text_version
    return found


def in_force(
    connection: Connection, org: str, worker_ids: Collection[str] | None = None
) -> dict[str, dict[ConsentKind, str]]:
    """`standing`, of the kinds that terminals know."""
    known = get_args(ConsentKind)
    return {
        worker_id: {kind: version for kind, version in kinds.items() if kind in known}  # type: ignore[misc]  # no narrowing by `in`
        for worker_id, kinds in standing(connection, org, worker_ids).items()
        if kinds.keys() & set(known)
    }


def whole_record_in_force(connection: Connection, person_id: str, orgs: Sequence[str]) -> bool:
    """Whether a person has agreed, towards one of these organisations, to the reading of what others of the centre have."""
    query = (
        select(consent.c.consent_id)
        .join_from(consent, worker, worker.c.worker_id == consent.c.worker_id)
        .outerjoin(consent_withdrawal, consent_withdrawal.c.consent_id == consent.c.consent_id)
        .where(
            worker.c.person_id == person_id,
            consent.c.kind == "whole_record",
            consent.c.org.in_(orgs),
            consent_withdrawal.c.consent_id.is_(None),
        )
    )
    return connection.execute(query.limit(1)).first() is not None


def has_consent(connection: Connection, worker_id: str, kind: Kind) -> bool:
    """Whether a consent of that kind is in force."""
    return any(record.kind == kind and record.in_force for record in of_worker(connection, worker_id))


def _records() -> Any:
    withdrawal = [consent_withdrawal.c[name] for name in ("withdrawn_on", "means", "basis", "author", "created_at")]
    given = [consent.c[name] for name in list(ConsentRecord.__dataclass_fields__)[:11]]
    return select(*given, *withdrawal).join_from(consent, consent_withdrawal, isouter=True)
