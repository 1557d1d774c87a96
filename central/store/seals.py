"""The table of seals: what the centre itself wrote is hashed, chained and signed, some seconds after it was committed.

Terminals sign what comes up and medics sign what they decide; nobody signs the audit log, the history of the registers, the
papers given out. A seal names the rows of one table that are new since the last one, and signs their content together with the
hash of the seal before it. So a row that is changed, added or taken away afterwards is found by `verify`. Sealing afterwards
and not while writing keeps every transaction free of one more lock that all would wait for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    func,
    select,
    tuple_,
    update,
)

from central.store.acts import act, act_signature, act_withdrawal
from central.store.alerts import alert
from central.store.appeals import appeal, appeal_answer
from central.store.audit import audit
from central.store.book_checks import book_check
from central.store.books import book, book_item, book_version, terminal_book
from central.store.certificates import MUTABLE as CERTIFICATE_STATE
from central.store.certificates import certificate, certificate_event
from central.store.code_maps import code_map, partner_dictionary
from central.store.consents import consent, consent_text, consent_withdrawal
from central.store.contracts import contract, contract_end, contract_price
from central.store.copies import archive_entry, copy, copy_move
from central.store.copy_requests import copy_request, copy_request_event
from central.store.decisions import decision
from central.store.deletions import deletion
from central.store.documents import document, document_verdict
from central.store.duties import duty, duty_acceptance, duty_end, duty_handover
from central.store.exchanges import exchange
from central.store.field_maps import field_map
from central.store.foreign_exams import foreign_exam, history_import, history_withdrawal
from central.store.gate_passages import PASSAGE_STATE, gate_passage
from central.store.grounds import ground, ground_state
from central.store.holds import hold, hold_list, hold_release
from central.store.inspections import inspection, inspection_end
from central.store.limits import limit_entry
from central.store.medic_records import medic_certificate, medic_education, medic_employment
from central.store.metadata import UtcDateTime, insert_for, metadata
from central.store.outgoing import centre_outbox
from central.store.paper_records import paper_event, paper_record
from central.store.papers import paper
from central.store.passport_records import passport_record
from central.store.persons import person_verdict
from central.store.posts import post
from central.store.register_changes import register_change
from central.store.reminders import reminder
from central.store.self_readings import self_reading
from central.store.sent_fields import sent_field
from central.store.signed_papers import signed_paper
from central.store.stamp_renewals import stamp_renewal
from central.store.statements import statement
from central.store.stock_checks import stock_check, stock_check_close, stock_check_find
from central.store.walking import OnBad, stream
from central.store.walking import first_id_at as first_id_at
from central.store.waybill_titles import TITLE_STATE, waybill_receipt, waybill_title
from central.store.waybills import WAYBILL_STATE, waybill
from central.store.worker_limits import worker_limit
from sync.contract.canonical import canonical, sha256_hex

seal = Table(
    "seal",
    metadata,
    Column("seal_no", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, comment="the sealed table"),
    Column("rows", JSON, nullable=False, comment="key and SHA-256 of each row"),
    Column(
        "newest_row", Text, nullable=False, comment="the highest key or time among them: where the next look begins"
    ),
    Column("prev_hash", Text, nullable=False, comment="of the seal before this one"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("signature", LargeBinary, nullable=False, comment="Ed25519 of the centre over all other columns"),
    Index("ix_seal_kind_newest_row", "kind", "newest_row"),
)
"""Seals: hash, chain and signature over rows of one table."""

seal_head = Table(
    "seal_head",
    metadata,
    Column("head_id", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("seal_no", BigInteger, nullable=False, comment="the highest seal that was ever made"),
    Column("sha256", Text, nullable=False, comment="its hash, signature included"),
)
"""How far the seals had come: who takes seals away leaves this behind, and the next seal follows it and not what is left."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A table whose rows are sealed. `since`: the column that tells new rows from old; `mutable`: what may still change."""

    table: Table
    since: str
    mutable: frozenset[str] = frozenset()

    @property
    def columns(self) -> list[Column[Any]]:
        """What is sealed of a row."""
        return [column for column in self.table.c if column.name not in self.mutable]

    @property
    def is_by_time(self) -> bool:
        """Whether `since` is a time; otherwise it is a key that begins with one."""
        return isinstance(self.table.c[self.since].type, UtcDateTime)

    def since_of(self, row: RowMapping) -> str:
        """The row's `since` as a text that sorts as it does."""
        value = row[self.since]
        return str(value.isoformat()) if isinstance(value, datetime) else str(value)

    def key_of(self, row: RowMapping) -> str:
        """The row's key as it stands in the seal."""
        return "|".join(str(row[column.name]) for column in self.table.primary_key)


SEALED = {
    str(one.table.name): one
    for one in (
        Sealed(audit, "audit_id"),
        Sealed(decision, "decision_id"),
        Sealed(register_change, "change_id"),
        # Bytes go once they are taken, and what the terminal answers comes later: its own signed messages prove that.
        Sealed(
            centre_outbox,
            "message_id",
            frozenset(
                {"wire", "state", "attempts", "sent_at", "acked_at", "resent_as"}
                | {"refused_at", "refusal_code", "refusal_reason"}
            ),
        ),
        Sealed(consent, "consent_id"),
        Sealed(consent_text, "created_at"),
        Sealed(ground, "ground_id"),
        Sealed(ground_state, "state_id"),
        Sealed(document, "document_id"),
        Sealed(document_verdict, "verdict_id"),
        Sealed(book_check, "check_id"),
        Sealed(history_import, "import_id"),
        Sealed(foreign_exam, "foreign_id"),
        Sealed(history_withdrawal, "withdrawn_at"),  # its key is that of the import, which is older
        Sealed(consent_withdrawal, "created_at"),  # its key is that of the consent, which is older
        Sealed(worker_limit, "limit_id", frozenset({"withdrawn_at"})),
        Sealed(limit_entry, "entry_id", frozenset({"withdrawn_at"})),
        Sealed(copy_request, "request_id"),
        Sealed(copy_request_event, "event_id"),
        Sealed(stamp_renewal, "renewal_id"),
        Sealed(paper, "paper_id", frozenset({"prints"})),
        Sealed(paper_record, "record_id"),
        Sealed(paper_event, "event_id"),
        Sealed(signed_paper, "signed_id"),
        Sealed(copy, "copy_id"),
        Sealed(copy_move, "move_id"),
        Sealed(archive_entry, "entry_id"),
        Sealed(stock_check, "check_id"),
        Sealed(stock_check_find, "find_id"),
        Sealed(stock_check_close, "close_id"),
        Sealed(passport_record, "record_id"),
        Sealed(act, "act_id"),
        Sealed(act_signature, "signature_id"),
        Sealed(deletion, "deletion_id"),
        Sealed(hold, "hold_id"),
        Sealed(appeal, "appeal_id"),
        Sealed(appeal_answer, "answered_at"),  # its key is that of the appeal, which is older
        Sealed(inspection, "inspection_id"),
        Sealed(inspection_end, "ended_at"),  # its key is that of the inspection, which is older
        Sealed(hold_release, "released_at"),  # its key is that of the hold, which is older
        Sealed(hold_list, "message_id"),
        Sealed(act_withdrawal, "withdrawn_at"),  # its key is that of the act, which is older
        Sealed(person_verdict, "verdict_id"),
        Sealed(book, "created_at"),
        Sealed(book_version, "version_id"),
        Sealed(book_item, "version_id"),
        Sealed(terminal_book, "message_id"),
        Sealed(medic_education, "record_id"),
        Sealed(medic_certificate, "record_id"),
        Sealed(medic_employment, "record_id"),
        Sealed(field_map, "map_id"),
        # What becomes of a certificate stands in its history, which nobody changes.
        Sealed(certificate, "created_at", CERTIFICATE_STATE),
        Sealed(certificate_event, "event_id"),
        Sealed(duty, "duty_id"),
        Sealed(duty_end, "ended_at"),  # its key is that of the duty, which is older
        Sealed(duty_handover, "handover_id"),
        Sealed(duty_acceptance, "accepted_at"),  # its key is that of the handover, which is older
        Sealed(contract, "contract_id"),
        Sealed(contract_end, "ended_at"),  # its key is that of the contract, which is older
        Sealed(contract_price, "price_id"),
        Sealed(post, "version_id"),
        Sealed(statement, "statement_id"),
        Sealed(reminder, "reminder_id", frozenset({"delivered_at", "taken_back_at"})),
        Sealed(waybill, "waybill_id", WAYBILL_STATE),
        Sealed(waybill_title, "title_id", TITLE_STATE),
        Sealed(waybill_receipt, "receipt_id"),
        Sealed(gate_passage, "passage_id", PASSAGE_STATE),
        Sealed(code_map, "map_id"),
        Sealed(partner_dictionary, "dictionary_id"),
        Sealed(sent_field, "field_id"),
        Sealed(exchange, "exchange_id"),
        Sealed(self_reading, "reading_id"),
        Sealed(alert, "alert_id", frozenset({"delivered_at", "seen_at", "seen_by"})),
    )
}
"""Keys begin with the time at which they were made (UUIDv7), so new rows are found by them."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal as it is stored."""

    seal_no: int
    kind: str
    rows: list[list[str]]
    """Key and SHA-256 of each row."""
    newest_row: str
    prev_hash: str
    made_at: datetime
    signature: bytes

    @property
    def sha256(self) -> str:
        """What the next seal names, signature included."""
        return sha256_hex(self.body() + self.signature)

    @property
    def head(self) -> "Head":
        """What points to this seal."""
        return Head(self.seal_no, self.sha256)

    def body(self) -> bytes:
        """What is signed."""
        return canonical(
            {
                "seal_no": self.seal_no,
                "kind": self.kind,
                "rows": self.rows,
                "newest_row": self.newest_row,
                "prev_hash": self.prev_hash,
                "made_at": self.made_at.isoformat(),
            }
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal by number and hash: whoever keeps it elsewhere can tell later whether the end was cut off."""

    seal_no: int
    sha256: str


def new_keys(connection: Connection, one: Sealed, since: datetime | None, limit: int) -> list[str]:
    """Keys of the rows from that moment on, the oldest first."""
    column = one.table.c[one.since]
    query = select(*one.table.primary_key)
    if since is not None:
        query = query.where(column >= (since if one.is_by_time else first_id_at(since)))
    rows = connection.execute(query.order_by(column, *one.table.primary_key).limit(limit)).mappings()
    return [one.key_of(row) for row in rows]


def rows_by_key(connection: Connection, one: Sealed, keys: Sequence[str]) -> dict[str, RowMapping]:
    """Those of the named rows that are there."""
    found: dict[str, RowMapping] = {}
    width = len(one.table.primary_key)
    parts = [tuple(key.split("|", width - 1)) for key in keys]  # only the last part may be free text
    for start in range(0, len(parts), 200):
        query = select(*one.columns).where(tuple_(*one.table.primary_key).in_(parts[start : start + 200]))
        found |= {one.key_of(row): row for row in connection.execute(query).mappings()}
    return found


def newest_since(connection: Connection, one: Sealed) -> Any:
    """The highest `since` of the table; None for an empty one."""
    return connection.execute(select(func.max(one.table.c[one.since]))).scalar_one()


def row_hash(one: Sealed, row: RowMapping) -> str:
    """SHA-256 of `row_content`: what a seal names."""
    return sha256_hex(row_content(one, row))


def row_content(one: Sealed, row: RowMapping) -> bytes:
    """The sealed columns of a row, canonical.

    Columns without a value are left out: a column that is added to the table later leaves the hashes of older rows as they
    are, as long as it is empty there.
    """
    # Names of columns are texts of SQLAlchemy's own kind, which the fast writer of canonical JSON leaves to the slow one.
    values = {str(column.name): _plain(row[column.name]) for column in one.columns if row[column.name] is not None}
    return canonical(values)


def noted_head(connection: Connection) -> Head | None:
    """How far the seals had come, as the store notes it apart from them; None before the first."""
    query = select(seal_head.c.seal_no, seal_head.c.sha256).where(seal_head.c.head_id == 1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Head(**row)


def head(connection: Connection) -> Head | None:
    """What the next seal follows: what is noted, and where nothing is, the newest seal."""
    noted = noted_head(connection)
    if noted is not None:
        return noted
    row = connection.execute(select(seal).order_by(seal.c.seal_no.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Seal(**row).head


def last_of(connection: Connection, kind: str) -> Seal | None:
    """The newest seal of a table."""
    query = select(seal).where(seal.c.kind == kind).order_by(seal.c.seal_no.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Seal(**row)


def reaching(connection: Connection, one: Sealed, since: datetime) -> Iterator[Seal]:
    """Seals of a table that name rows from that moment on, those that reach least far first.

    Of an old row the seal is among the first ones, and nobody need read the years behind it.
    """
    least = since.isoformat() if one.is_by_time else first_id_at(since)
    query = select(seal).where(seal.c.kind == one.table.name, seal.c.newest_row >= least)
    for row in stream(connection, query.order_by(seal.c.newest_row, seal.c.seal_no), 20):
        yield Seal(**row)


def every(connection: Connection, on_bad: OnBad | None = None) -> Iterator[Seal]:
    """All seals in order, without holding them in memory."""
    for row in stream(connection, select(seal).order_by(seal.c.seal_no), 50, on_bad):
        yield Seal(**row)


def add(connection: Connection, new: Seal, after: Head | None) -> bool:
    """Store a seal behind `after`; False, and nothing stored, when another sealer has been quicker."""
    values = {"seal_no": new.seal_no, "sha256": new.sha256}
    moved = 0
    if after is not None:
        moved = connection.execute(
            update(seal_head).where(seal_head.c.head_id == 1, seal_head.c.seal_no == after.seal_no).values(**values)
        ).rowcount
    if not moved:
        first = insert_for(connection, seal_head).values(head_id=1, **values)
        moved = connection.execute(first.on_conflict_do_nothing(index_elements=["head_id"])).rowcount
    if not moved:
        return False
    connection.execute(seal.insert().values(**{name: getattr(new, name) for name in Seal.__slots__}))
    return True


def moment_of(since: Any) -> datetime | None:
    """When a row was written, by its time or by the time in its key; None for a key of another kind."""
    if isinstance(since, datetime):
        return since
    try:
        if "T" in since:
            return datetime.fromisoformat(since)
        return datetime.fromtimestamp(int(since[:8] + since[9:13], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _plain(value: Any) -> Any:
    """A column's value as canonical JSON takes it."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes():
            return sha256_hex(value)
        case _:
            return value
