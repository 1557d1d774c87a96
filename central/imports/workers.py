"""Workers from a table: each row checked, all faults told at once, everything stored in one transaction or nothing.

A column that a file leaves out changes nothing of workers who are there. The file is read before any transaction (`read_file`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.core.parties import Worker
from central.imports import consents
from central.imports.consents import GivenConsent
from central.imports.row_faults import RowFault
from central.imports.tables import (
    AT_ONCE_BOUNDS,
    MOST_ROWS_AT_ONCE,
    TableRow,
    fault_table,
    read_table,
    read_table_into,
    write_table,
)
from central.imports.worker_check import WorkerCheck, blocks
from central.imports.worker_columns import COLUMNS, HEADINGS, NEEDED
from central.people.consents import Consents
from central.people.registry import Registry
from central.store import consents as consent_store
from central.store import registry as store
from central.store.consents import ConsentRecord
from central.store.register_changes import Author
from central.store.workers import list_workers
from central.words.table_values import Value

_STORED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file would do. `workers` are those that it adds or changes."""

    workers: tuple[Worker, ...]
    added: int
    changed: int
    faults: tuple[RowFault, ...]
    rows: tuple[Mapping[str, str], ...]
    consents: tuple[tuple[str, GivenConsent], ...] = ()
    """Worker's id and consent, of those that are not in force yet."""

    @property
    def unchanged(self) -> int:
        """Rows that say what is stored already."""
        return 0 if self.faults else len(self.rows) - self.added - self.changed

    def error_file(self, language: str) -> bytes:
        """The rows with faults, in the same form, with one more column that says what is wrong."""
        return fault_table(HEADINGS, self.rows, self.faults, language)


def read_file(content: bytes) -> list[TableRow]:
    """The rows of a file. Raises `UnreadableTable`. Takes its time: no transaction waits for it."""
    return read_table(content, NEEDED, columns=COLUMNS)


def read_small_file(content: bytes) -> list[TableRow]:
    """As `read_file`, while somebody waits for the page. Raises `TooMuch` for a file that is a job's."""
    rows: list[TableRow] = read_table_into(list, content, COLUMNS, bounds=AT_ONCE_BOUNDS, most_rows=MOST_ROWS_AT_ONCE)
    return rows


def check_file(
    connection: Connection, org: str, content: bytes, today: date, snils_hash: Callable[[str], str]
) -> Checked:
    """Read a small file and check it in one go, where nobody waits for the store; else `read_file` and `check_rows`."""
    return check_rows(connection, org, read_file(content), today, snils_hash)


def check_rows(
    connection: Connection,
    org: str,
    rows: Sequence[Mapping[str, str]],
    today: date,
    snils_hash: Callable[[str], str],
) -> Checked:
    """Check the rows of a file against the register; stores nothing.

    A row is about the employment that has its number with its employer. `snils_hash` is `Registry.snils_hash`: a SNILS that is on
    record with another employer makes a second employment of that person, one that another has with this employer is a fault.
    """
    verdicts = list(WorkerCheck(connection, org, rows, today, snils_hash))
    stored = [one for one in verdicts if one.worker is not None]
    added = sum(one.is_new for one in stored)
    return Checked(
        workers=tuple(one.worker for one in stored if one.worker is not None),
        added=added,
        changed=len(stored) - added,
        faults=tuple(fault for one in verdicts for fault in one.faults),
        rows=tuple(rows),
        consents=tuple(
            (one.worker.worker_id, item) for one in stored if one.worker is not None for item in one.consents
        ),
    )


def store_checked(connection: Connection, registry: Registry, checked: Checked, author: Author | None = None) -> None:
    """Store a file without faults, in the caller's transaction. Raises `ValueError` for one with faults."""
    if checked.faults:
        raise ValueError("a file with faults is not stored")
    given: dict[str, list[GivenConsent]] = {}
    for worker_id, item in checked.consents:
        given.setdefault(worker_id, []).append(item)
    store_workers(
        connection,
        registry,
        ((worker, tuple(given.get(worker.worker_id, ()))) for worker in checked.workers),
        author,
    )


def store_workers(
    connection: Connection,
    registry: Registry,
    workers: Iterable[tuple[Worker, tuple[GivenConsent, ...]]],
    author: Author | None = None,
    done: Callable[[int], None] = lambda _count: None,
) -> None:
    """Store workers of one organisation with their new consents, some at a time, in the caller's transaction.

    `done` is told after each lot how many are written. Raises `ConsentRefused` and `ValueError` as the registers do.
    """
    entered_by = author.account_id if author is not None and author.account_id else ""
    count = 0
    for lot in blocks(workers, _STORED_AT_ONCE):
        registry.save_workers(connection, [worker for worker, _ in lot], author)
        papers = [(worker.worker_id, item.kind, item.version, item.given_on) for worker, new in lot for item in new]
        if papers:
            Consents(registry).give_papers(connection, lot[0][0].org, papers, basis=consents.BASIS, author=entered_by)
        count += len(lot)
        done(count)


def table_of(connection: Connection, org: str, band: str = "") -> bytes:
    """The register in the form that can be taken back. SNILS are left out: an empty cell keeps what is stored."""
    names = {row["employer_id"]: row["name"] for row in store.list_employers(connection, org)}
    agreed: dict[str, list[ConsentRecord]] = {}
    for worker, record in consent_store.of_organisation(connection, org):
        agreed.setdefault(worker["worker_id"], []).append(record)
    rows = [
        [*_cells(dict(row), names), consents.cell_of(agreed.get(row["worker_id"], []))]
        for row in list_workers(connection, org)
    ]
    organisation = store.get_organisation(connection, org)
    title = [f"Работники: {organisation['name']}"] if organisation else []
    return write_table(HEADINGS, rows, band, name="Работники", title=title, identifiers=COLUMNS.identifiers)


def _cells(row: Mapping[str, Any], employers: Mapping[str, str]) -> list[Value]:
    return [
        row["personnel_number"],
        row["full_name"],
        row["position"],
        employers.get(row["employer_id"], ""),
        "",
        row["birth_date"],
        {"male": "м", "female": "ж"}.get(row["sex"] or "", ""),
        ", ".join(row["cards"]),
        "да" if row["remote_allowed"] else "нет",
        row["block_text"],
        "работает" if row["status"] == "active" else "отстранён",
        row["toxicology_at"],
        row["department"],
        row["position_code"] or "",
        {"general": "общий", "railway": "железнодорожный", "other": "иной"}.get(row["regime"] or "", ""),
        ", ".join(row["harm_factors"]),
        row["since"],
        row["until"],
        row["external_id"] or "",
        row["inn"] or "",
        row["driving_licence"] or "",
        row["post_number"] or "",
    ]
