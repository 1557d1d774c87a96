"""Grounds from other registers as a table: periodic and psychiatric examinations, narcology and other entries about workers.

Each row is checked, all faults are told at once, everything is stored in one transaction or nothing; the same row twice
changes nothing. Columns: `Табельный номер` or `СНИЛС` (one of them finds the worker), `Вид` (периодический,
психиатрическое, наркология, ХТИ, прочее), `Дата`, `Действует до`, `Заключение` (годен, ограничения, не годен, or empty where the
register draws none), `Только очно` (да or нет, never empty: what nobody said forbids nothing and allows nothing), `Примечание`,
`Источник` (which register the row comes from).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.core.days import parse_day
from central.core.name_folding import fold_name
from central.core.snils import parse_snils
from central.imports.row_faults import Nearest, RowFault
from central.imports.tables import Columns, TableRow, fault_table, read_table
from central.store import grounds as store
from central.store.register_changes import Author
from central.store.workers import list_workers
from sync.contract.canonical import canonical, new_id, sha256_hex

NUMBER, SNILS, KIND, AT = "Табельный номер", "СНИЛС", "Вид", "Дата"
UNTIL, FINDING, IN_PERSON, NOTE, SOURCE = "Действует до", "Заключение", "Только очно", "Примечание", "Источник"
HEADINGS = (NUMBER, SNILS, KIND, AT, UNTIL, FINDING, IN_PERSON, NOTE, SOURCE)
NEEDED = (KIND, AT, IN_PERSON, SOURCE)
COLUMNS = Columns(NEEDED, known=HEADINGS, identifiers=(NUMBER, SNILS))
KINDS = {
    "периодический": "periodic",
    "периодический осмотр": "periodic",
    "periodic": "periodic",
    "психиатрическое": "psychiatric",
    "психиатрическое освидетельствование": "psychiatric",
    "psychiatric": "psychiatric",
    "наркология": "narcology",
    "narcology": "narcology",
    "хти": "toxicology",
    "toxicology": "toxicology",
    "прочее": "other",
    "other": "other",
}
FINDINGS = {
    "": "none",
    "годен": "fit",
    "fit": "fit",
    "ограничения": "restricted",
    "годен с ограничениями": "restricted",
    "restricted": "restricted",
    "не годен": "unfit",
    "unfit": "unfit",
}
_YES, _NO = {"да", "yes", "1"}, {"нет", "no", "0"}
_MOST_CHARS = 500
SAID = {
    KIND: ("периодический", "психиатрическое", "наркология", "ХТИ", "прочее"),
    FINDING: ("годен", "ограничения", "не годен"),
    IN_PERSON: ("да", "нет"),
}
"""The words to say, of those that are taken."""
_LOOKED_UP = frozenset({"unknown_worker"})


@dataclass(frozen=True, slots=True)
class CheckedGrounds:
    """What a file would do."""

    values: tuple[dict[str, Any], ...]
    known: int
    faults: tuple[RowFault, ...]
    rows: tuple[Mapping[str, str], ...]

    @property
    def added(self) -> int:
        """How many rows are new."""
        return len(self.values) - self.known

    def error_file(self, language: str) -> bytes:
        """The rows with faults, in the same form, with one more column that says what is wrong."""
        return fault_table(HEADINGS, self.rows, self.faults, language)


def read_file(content: bytes) -> list[TableRow]:
    """The rows of a file. Raises `UnreadableTable`. Takes its time: no transaction waits for it."""
    return read_table(content, NEEDED, columns=COLUMNS)


def check_file(
    connection: Connection, org: str, content: bytes, today: date, snils_hash: Callable[[str], str]
) -> CheckedGrounds:
    """Read a small file and check it in one go, where nobody waits for the store; else `read_file` and `check_rows`."""
    return check_rows(connection, org, read_file(content), today, snils_hash)


def check_rows(
    connection: Connection,
    org: str,
    rows: Sequence[Mapping[str, str]],
    today: date,
    snils_hash: Callable[[str], str],
) -> CheckedGrounds:
    """Check the rows of a file against the register; stores nothing."""
    workers = [row for archived in (False, True) for row in list_workers(connection, org, archived=archived)]
    by_number = {row["personnel_number"]: row["worker_id"] for row in workers}
    by_snils = {row["snils_hmac"]: row["worker_id"] for row in workers if row["snils_hmac"]}
    near = Nearest(SAID, {NUMBER: by_number}, secret=SNILS)
    faults: list[RowFault] = []
    values: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for place, row in enumerate(rows, start=2):
        found = dict(row.faults) if isinstance(row, TableRow) else {}
        worker_id = _worker(row, by_number, by_snils, snils_hash, found)
        made = _values(row, org, worker_id, today, found)
        line = row.number if isinstance(row, TableRow) else place
        faults += [near.fault(line, column, code, row.get(column, ""), _LOOKED_UP) for column, code in found.items()]
        if not found and (made["worker_id"], made["sha256"]) not in seen:
            seen.add((made["worker_id"], made["sha256"]))
            values.append(made)
    stored = store.known(connection, sorted({item["worker_id"] for item in values}))
    known = sum((item["worker_id"], item["sha256"]) in stored for item in values)
    return CheckedGrounds(tuple(values), known, tuple(faults), tuple(rows))


def store_checked(connection: Connection, checked: CheckedGrounds, author: Author) -> int:
    """Store a file without faults, in the caller's transaction; returns how many rows were new.

    Raises `ValueError` for a file with faults.
    """
    if checked.faults:
        raise ValueError("a file with faults is not stored")
    entered = {"entered_at": author.at, "entered_by": author.account_id}
    return store.add(connection, [item | {"ground_id": new_id()} | entered for item in checked.values])


def _worker(
    row: Mapping[str, str],
    by_number: Mapping[str, str],
    by_snils: Mapping[str, str],
    snils_hash: Callable[[str], str],
    faults: dict[str, str],
) -> str:
    number, snils = row.get(NUMBER, ""), row.get(SNILS, "")
    if not number and not snils:
        faults.setdefault(NUMBER, "needed")
        return ""
    by_its_number = by_number.get(number, "")
    if number and not by_its_number:
        faults.setdefault(NUMBER, "unknown_worker")
    if not snils:
        return by_its_number
    try:
        by_its_snils = by_snils.get(snils_hash(parse_snils(snils)), "")
    except ValueError:
        faults.setdefault(SNILS, "wrong_snils")
        return ""
    if not by_its_snils:
        faults.setdefault(SNILS, "unknown_worker")
    elif by_its_number and by_its_number != by_its_snils:
        # Two people in one row: nobody guesses which.
        faults.setdefault(SNILS, "another_worker")
    return by_its_snils


def _values(row: Mapping[str, str], org: str, worker_id: str, today: date, faults: dict[str, str]) -> dict[str, Any]:
    for name in NEEDED:
        if not row.get(name, ""):
            faults.setdefault(name, "needed")
    for name in HEADINGS:
        if len(row.get(name, "")) > _MOST_CHARS:
            faults.setdefault(name, "too_long")
    kind, finding, in_person = (fold_name(row.get(name, "")) for name in (KIND, FINDING, IN_PERSON))
    for name, value, allowed in ((KIND, kind, KINDS), (FINDING, finding, FINDINGS), (IN_PERSON, in_person, _YES | _NO)):
        if value not in allowed:
            faults.setdefault(name, "choose")
    at, until = _day(row, AT, faults), _day(row, UNTIL, faults)
    if at is not None and at > today:
        faults.setdefault(AT, "future")
    if at is not None and until is not None and until < at:
        faults.setdefault(UNTIL, "before_since")
    values = {
        "kind": KINDS.get(kind, ""),
        "at": at,
        "valid_until": until,
        "finding": FINDINGS.get(finding, ""),
        "blocks_remote": in_person in _YES,
        "note": row.get(NOTE, ""),
        "source": row.get(SOURCE, ""),
    }
    said = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return values | {"org": org, "worker_id": worker_id, "sha256": sha256_hex(canonical(said))}


def _day(row: Mapping[str, str], column: str, faults: dict[str, str]) -> date | None:
    words = row.get(column, "")
    found = parse_day(words) if words else None
    if words and found is None:
        faults.setdefault(column, "not_a_day")
    return found
