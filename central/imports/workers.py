"""Workers from a table: each row checked, all faults told at once, everything stored in one transaction or nothing.

A column that a file leaves out changes nothing of workers who are there. The file is read before any transaction (`read_file`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.core.name_folding import fold_name
from central.core.parties import Worker
from central.imports import consents
from central.imports.consents import GivenConsent
from central.imports.row_faults import Nearest, RowFault
from central.imports.tables import Columns, TableRow, fault_table, read_table, write_table
from central.imports.twins import Twins
from central.people.consents import Consents
from central.people.registry import Registry
from central.registers.worker_rules import differs, worker_of
from central.store import consents as consent_store
from central.store import registry as store
from central.store.consents import ConsentRecord
from central.store.register_changes import Author
from central.store.workers import list_workers
from central.words.table_values import Value

NUMBER, NAME, POSITION, EMPLOYER = "Табельный номер", "ФИО", "Должность", "Работодатель"
SNILS, BORN, SEX, CARDS = "СНИЛС", "Дата рождения", "Пол", "Карты"
REMOTE, REASON, STATUS, TOXICOLOGY = "Дистанционный осмотр", "Причина запрета", "Состояние", "Дата ХТИ"
FIELDS = {
    NUMBER: "personnel_number",
    NAME: "full_name",
    POSITION: "position",
    EMPLOYER: "employer_id",
    SNILS: "snils",
    BORN: "birth_date",
    SEX: "sex",
    CARDS: "cards",
    REMOTE: "remote_allowed",
    REASON: "block_text",
    STATUS: "status",
    TOXICOLOGY: "toxicology_at",
}
"""Field of each column, as `central.registers.worker_rules` calls it."""
_HEADING = {field: heading for heading, field in FIELDS.items()}
HEADINGS = (*FIELDS, consents.COLUMN)
NEEDED = (NUMBER, NAME, POSITION, EMPLOYER)
COLUMNS = Columns(NEEDED, known=HEADINGS, identifiers=(NUMBER, SNILS, CARDS))
WORDS: dict[str, dict[str, str]] = {
    REMOTE: {"да": "yes", "yes": "yes", "1": "yes", "нет": "no", "no": "no", "0": "no"},
    SEX: {
        **{"м": "male", "муж": "male", "мужской": "male", "male": "male"},
        **{"ж": "female", "жен": "female", "женский": "female", "female": "female"},
    },
    STATUS: {
        **{"работает": "active", "active": "active"},
        **{"отстранен": "suspended", "отстранена": "suspended", "suspended": "suspended"},
    },
}
"""What a file may say, folded as names are; other words are faults."""

SAID = {REMOTE: ("да", "нет"), SEX: ("м", "ж"), STATUS: ("работает", "отстранён")}
"""The words to say, of those that are taken."""
_LOOKED_UP = frozenset({"unknown", "several", "unknown_text"})


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

    `snils_hash` is `Registry.snils_hash`: a SNILS that another worker has on record is a fault.
    """
    at_work = [dict(row) for row in list_workers(connection, org)]
    put_away = [dict(row) for row in list_workers(connection, org, archived=True)]
    known = {row["personnel_number"]: row for row in at_work}
    archived = {row["personnel_number"] for row in put_away}
    employers = _Employers(connection, org)
    # Whose cards the file says anew holds no card by what is stored: a card may go from one to the other.
    anew = {row.get(NUMBER, "") for row in rows if CARDS in row}
    twins = Twins([*(row | {"cards": ()} if row["personnel_number"] in anew else row for row in at_work), *put_away])
    texts = {(row["kind"], row["version"]): row["valid_from"] for row in consent_store.list_texts(connection, org)}
    standing = consent_store.in_force(connection, org)
    near = Nearest(
        SAID,
        {EMPLOYER: employers.names, consents.COLUMN: [consents.named(kind, version) for kind, version in texts]},
        secret=SNILS,
    )
    faults: list[RowFault] = []
    workers: list[Worker] = []
    given: list[tuple[str, GivenConsent]] = []
    added = 0
    for place, row in enumerate(rows, start=2):
        number, before = row.get(NUMBER, ""), known.get(row.get(NUMBER, ""))
        worker, found = _worker(org, row, employers, before, today)
        hashed = snils_hash(worker.snils) if worker is not None and worker.snils else None
        if number in archived:
            found.setdefault(NUMBER, "archived")
        for field, code in (twins.of_number(number) | (twins.of(worker, hashed) if worker else {})).items():
            found.setdefault(_HEADING[field], code)
        agreed = consents.read_cell(row.get(consents.COLUMN, ""), texts, today)
        if isinstance(agreed, str):
            found.setdefault(consents.COLUMN, agreed)
        line = row.number if isinstance(row, TableRow) else place
        faults += [near.fault(line, column, code, row.get(column, ""), _LOOKED_UP) for column, code in found.items()]
        if worker is None or found or isinstance(agreed, str):
            continue
        new = [one for one in agreed if standing.get(worker.worker_id, {}).get(one.kind) != one.version]
        given += [(worker.worker_id, one) for one in new]
        added += before is None
        if before is None or new or differs(worker, before, hashed):
            workers.append(worker)
    return Checked(tuple(workers), added, len(workers) - added, tuple(faults), tuple(rows), tuple(given))


class _Employers:
    """Which employer a cell means: by id, ИНН, or name. A name that several could have is nobody's."""

    def __init__(self, connection: Connection, org: str) -> None:
        self.ids: set[str] = set()
        self.names: list[str] = []
        self._exact: dict[str, set[str]] = {}
        self._folded: dict[str, set[str]] = {}
        for row in store.list_employers(connection, org):
            self.ids.add(row["employer_id"])
            self.names.append(row["name"])
            for key in filter(None, (row["employer_id"], row["inn"], row["name"])):
                self._exact.setdefault(key, set()).add(row["employer_id"])
            self._folded.setdefault(fold_name(row["name"]), set()).add(row["employer_id"])

    def find(self, words: str) -> tuple[str, str]:
        """The id, or the code of what is wrong."""
        found = self._exact.get(words) or self._folded.get(fold_name(words), set())
        if len(found) == 1:
            return next(iter(found)), ""
        return "", "several" if found else "unknown"


def _worker(
    org: str, row: Mapping[str, str], employers: _Employers, before: Mapping[str, Any] | None, today: date
) -> tuple[Worker | None, dict[str, str]]:
    """The worker of a row, and the code of what is wrong by column."""
    found: dict[str, str] = dict(row.faults) if isinstance(row, TableRow) else {}
    given = {
        field: WORDS[heading].get(fold_name(row[heading]), row[heading]) if heading in WORDS else row[heading]
        for heading, field in FIELDS.items()
        if heading in row
    }
    if given.get("employer_id"):
        given["employer_id"], code = employers.find(given["employer_id"])
        if code:
            found.setdefault(EMPLOYER, code)
    worker = worker_of(org, given, employers.ids, before, today)
    if isinstance(worker, Worker):
        return (None if found else worker), found
    for field, code in worker.items():
        found.setdefault(_HEADING[field], code)
    return None, found


def store_checked(connection: Connection, registry: Registry, checked: Checked, author: Author | None = None) -> None:
    """Store a file without faults, in the caller's transaction. Raises `ValueError` for one with faults."""
    if checked.faults:
        raise ValueError("a file with faults is not stored")
    if not checked.workers:
        return
    registry.save_workers(connection, checked.workers, author)
    entered_by = author.account_id if author is not None and author.account_id else ""
    _give(connection, registry, checked, entered_by)


def _give(connection: Connection, registry: Registry, checked: Checked, entered_by: str) -> None:
    """Enter the consents of a file, and send one more roster if there were any."""
    new = checked.consents
    for worker_id, one in new:
        Consents(registry).give(
            connection,
            worker_id,
            one.kind,
            one.version,
            given_on=one.given_on,
            means="paper",
            basis=consents.BASIS,
            author=entered_by,
            publish=False,
        )
    if new:
        registry.publish_roster(connection, *{worker.org for worker in checked.workers})


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
    ]
