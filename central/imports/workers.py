"""Workers from a table: each row checked, all faults told at once, everything stored in one transaction or nothing.

A column that a file leaves out changes nothing of workers who are there. The file is read before any transaction (`read_file`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from central.books.codes import Codes
from central.core.name_folding import fold_name
from central.core.parties import Worker
from central.imports import consents
from central.imports.consents import GivenConsent
from central.imports.employer_names import EmployerNames
from central.imports.row_faults import Nearest, RowFault
from central.imports.tables import Columns, TableRow, fault_table, read_table, write_table
from central.imports.twins import Found, Row, Twins
from central.people.consents import Consents
from central.people.registry import Registry
from central.registers.same_person import Employment, differences, filled
from central.registers.worker_rules import differs, worker_of
from central.store import consents as consent_store
from central.store import employments as people_store
from central.store import registry as store
from central.store.consents import ConsentRecord
from central.store.register_changes import Author
from central.store.workers import list_workers
from central.words.table_values import Value

NUMBER, NAME, POSITION, EMPLOYER = "Табельный номер", "ФИО", "Должность", "Работодатель"
SNILS, BORN, SEX, CARDS = "СНИЛС", "Дата рождения", "Пол", "Карты"
REMOTE, REASON, STATUS, TOXICOLOGY = "Дистанционный осмотр", "Причина запрета", "Состояние", "Дата ХТИ"
DEPARTMENT, CODE, REGIME, FACTORS = "Подразделение", "Код должности", "Вид осмотров", "Вредные факторы"
SINCE, UNTIL, EXTERNAL = "Принят", "Последний день работы", "Код в системе работодателя"
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
    DEPARTMENT: "department",
    CODE: "position_code",
    REGIME: "regime",
    FACTORS: "harm_factors",
    SINCE: "since",
    UNTIL: "until",
    EXTERNAL: "external_id",
}
"""Field of each column, as `central.registers.worker_rules` calls it."""
_HEADING = {field: heading for heading, field in FIELDS.items()}
HEADINGS = (*FIELDS, consents.COLUMN)
NEEDED = (NUMBER, NAME, POSITION, EMPLOYER)
COLUMNS = Columns(NEEDED, known=HEADINGS, identifiers=(NUMBER, SNILS, CARDS, CODE, FACTORS, EXTERNAL))
WORDS: dict[str, dict[str, str]] = {
    REMOTE: {"да": "yes", "yes": "yes", "1": "yes", "нет": "no", "no": "no", "0": "no"},
    SEX: {
        **{"м": "male", "муж": "male", "мужской": "male", "male": "male"},
        **{"ж": "female", "жен": "female", "женский": "female", "female": "female"},
    },
    REGIME: {
        **{"общий": "general", "general": "general"},
        **{"железнодорожный": "railway", "жд": "railway", "ж/д": "railway", "railway": "railway"},
        **{"иной": "other", "other": "other"},
    },
    STATUS: {
        **{"работает": "active", "active": "active"},
        **{"отстранен": "suspended", "отстранена": "suspended", "suspended": "suspended"},
    },
}
"""What a file may say, folded as names are; other words are faults."""

SAID = {
    REMOTE: ("да", "нет"),
    SEX: ("м", "ж"),
    STATUS: ("работает", "отстранён"),
    REGIME: ("общий", "железнодорожный", "иной"),
}
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

    A row is about the employment that has its number with its employer. `snils_hash` is `Registry.snils_hash`: a SNILS that is on
    record with another employer makes a second employment of that person, one that another has with this employer is a fault.
    """
    at_work = [dict(row) for row in list_workers(connection, org)]
    put_away = [dict(row) for row in list_workers(connection, org, archived=True)]
    known = {(row["employer_id"], row["personnel_number"]): row for row in at_work}
    archived = {(row["employer_id"], row["personnel_number"]) for row in put_away}
    employers = EmployerNames(connection, org)
    texts = {(row["kind"], row["version"]): row["valid_from"] for row in consent_store.list_texts(connection, org)}
    standing = consent_store.standing(connection, org)
    near = Nearest(
        SAID,
        {EMPLOYER: employers.names, consents.COLUMN: [consents.named(kind, version) for kind, version in texts]},
        secret=SNILS,
    )
    read = [_read(org, place, row, employers, known, today) for place, row in enumerate(rows, start=2)]
    hashes = {
        one.line: snils_hash(one.worker.snils)
        for one in read
        if one.worker is not None and one.worker.snils is not None
    }
    people = people_store.of_snils_many(connection, list(set(hashes.values())))
    with_cards = _with_cards(read)
    twins = Twins(
        # Whose cards the file says anew holds no card by what is stored: a card may go from one to the other.
        [row | {"cards": ()} if row["worker_id"] in with_cards else row for row in (*at_work, *put_away)],
        today=today,
        rewritten={one.worker.worker_id for one in read if one.worker is not None},
    )
    codes = Codes(connection, org, today)
    faults: list[RowFault] = []
    workers: list[Worker] = []
    given: list[tuple[str, GivenConsent]] = []
    added = 0
    for one, row in zip(read, rows, strict=True):
        worker, before, hashed = one.worker, one.before, hashes.get(one.line)
        found: dict[str, Found] = {column: Found(code) for column, code in one.faults.items()}
        if (one.employer_id, one.number) in archived:
            # Whether it is the same person is seen on a page, where the number can be given again too.
            found.setdefault(NUMBER, Found("archived"))
        person = people.get(hashed) if hashed is not None else None
        collisions = twins.of_number(one.employer_id, one.number, one.line)
        if worker is not None:
            person_id = (
                before["person_id"] if before is not None else person["person_id"] if person is not None else None
            )
            collisions |= twins.of(Row(one.line, worker, hashed, person_id))
            collisions = _elsewhere(org, person, person_id, worker, collisions)
        for field, fault in collisions.items():
            found.setdefault(_HEADING[field], fault)
        agreed = consents.read_cell(row.get(consents.COLUMN, ""), texts, today)
        if isinstance(agreed, str):
            found.setdefault(consents.COLUMN, Found(agreed))
        faults += [
            near.fault(one.line, column, fault.code, row.get(column, ""), _LOOKED_UP, fault.other)
            for column, fault in found.items()
        ]
        coded = _code_faults(codes, one, row)
        faults += [fault for fault in coded if fault.column not in found]
        if worker is None or found or coded or isinstance(agreed, str):
            continue
        if before is None and person is not None:
            worker = filled(worker, person, is_own=org in person["orgs"])
        new = [item for item in agreed if standing.get(worker.worker_id, {}).get(item.kind) != item.version]
        given += [(worker.worker_id, item) for item in new]
        added += before is None
        if before is None or new or differs(worker, before, hashed):
            workers.append(worker)
    return Checked(tuple(workers), added, len(workers) - added, tuple(faults), tuple(rows), tuple(given))


def _code_faults(codes: Codes, one: "_ReadRow", row: Mapping[str, str]) -> list[RowFault]:
    """Codes that are in no book, with what comes nearest; what the employment has already may stay."""
    held = one.before or {}
    faults = []
    for column, kept in ((CODE, [held.get("position_code") or ""]), (FACTORS, held.get("harm_factors") or ())):
        typed = row.get(column, "")
        fault = codes.fault(FIELDS[column], typed, [str(code) for code in kept]) if typed else None
        if fault is not None:
            faults.append(RowFault(one.line, column, fault.code, typed, fault.near))
    return faults


@dataclass(frozen=True, slots=True)
class _ReadRow:
    """A row by itself: the employment that it is about, if it could be read, the stored one, and what is wrong by column."""

    line: int
    number: str
    employer_id: str
    worker: Worker | None
    before: Mapping[str, Any] | None
    faults: dict[str, str]
    says_cards: bool


def _read(
    org: str,
    place: int,
    row: Mapping[str, str],
    employers: EmployerNames,
    known: Mapping[tuple[str, str], Mapping[str, Any]],
    today: date,
) -> _ReadRow:
    line = row.number if isinstance(row, TableRow) else place
    found: dict[str, str] = dict(row.faults) if isinstance(row, TableRow) else {}
    given = {
        field: WORDS[heading].get(fold_name(row[heading]), row[heading]) if heading in WORDS else row[heading]
        for heading, field in FIELDS.items()
        if heading in row
    }
    employer_id = ""
    if given.get("employer_id"):
        employer_id, code = employers.find(given["employer_id"])
        given["employer_id"] = employer_id
        if code:
            found.setdefault(EMPLOYER, code)
    number = row.get(NUMBER, "")
    before = known.get((employer_id, number))
    worker = worker_of(org, given, employers.ids, before, today)
    if isinstance(worker, Worker):
        return _ReadRow(line, number, employer_id, None if found else worker, before, found, CARDS in row)
    for field, code in worker.items():
        found.setdefault(_HEADING[field], code)
    return _ReadRow(line, number, employer_id, None, before, found, CARDS in row)


def _with_cards(read: Sequence[_ReadRow]) -> set[str]:
    return {one.before["worker_id"] for one in read if one.says_cards and one.before is not None}


def _elsewhere(
    org: str,
    person: Mapping[str, Any] | None,
    person_id: str | None,
    worker: Worker,
    collisions: dict[str, Found],
) -> dict[str, Found]:
    """A SNILS that only another organisation of the centre knows: that it does not fit is said, and nothing of what it has."""
    if person is None or collisions.keys() & {"snils", "full_name", "birth_date"} or org in person["orgs"]:
        return collisions
    own = Employment.of_worker(worker)
    theirs = replace(own, full_name=person["full_name"], birth_date=person["birth_date"])
    said = {name: Found("person_elsewhere") for name in differences(theirs, own) if name != "snils"}
    return collisions | said


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
        for org in {worker.org for worker in checked.workers}:
            registry.publish_workers(connection, org, [worker_id for worker_id, _ in new])


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
    ]
