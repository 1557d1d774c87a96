"""Workers from a table: each row checked, all faults told at once, everything stored in one transaction or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection

from central.consents import Consents
from central.imports import consents
from central.imports.consents import GivenConsent
from central.imports.tables import RowFault, fault_table, read_table, write_table
from central.parties import Worker
from central.registry import Registry
from central.snils import parse_snils
from central.store import consents as consent_store
from central.store import registry as store
from central.store.consents import ConsentRecord
from central.store.register_changes import Author
from central.store.workers import list_workers
from sync.contract.roster import ConsentKind

NUMBER, NAME, POSITION, EMPLOYER = "Табельный номер", "ФИО", "Должность", "Работодатель"
SNILS, BORN, SEX, CARDS = "СНИЛС", "Дата рождения", "Пол", "Карты"
REMOTE, REASON, STATUS, TOXICOLOGY = "Дистанционный осмотр", "Причина запрета", "Состояние", "Дата ХТИ"
HEADINGS = (
    *(NUMBER, NAME, POSITION, EMPLOYER, SNILS, BORN, SEX, CARDS, REMOTE, REASON, STATUS, TOXICOLOGY),
    consents.COLUMN,
)
NEEDED = (NUMBER, NAME, POSITION, EMPLOYER)
_YES, _NO = {"да", "yes", "1", ""}, {"нет", "no", "0"}
_SEXES: dict[str, Literal["male", "female"] | None] = {
    "м": "male",
    "мужской": "male",
    "male": "male",
    "ж": "female",
    "женский": "female",
    "female": "female",
    "": None,
}
_STATES: dict[str, Literal["active", "suspended"]] = {
    "": "active",
    "работает": "active",
    "active": "active",
    "отстранён": "suspended",
    "отстранен": "suspended",
    "suspended": "suspended",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file would do."""

    workers: tuple[Worker, ...]
    added: int
    changed: int
    faults: tuple[RowFault, ...]
    rows: tuple[Mapping[str, str], ...]
    consents: tuple[tuple[str, GivenConsent], ...] = ()
    """Worker's id and consent, also those that are in force already."""

    def error_file(self, language: str) -> bytes:
        """The rows with faults, in the same form, with one more column that says what is wrong."""
        return fault_table(HEADINGS, self.rows, self.faults, language)


def check_file(
    connection: Connection, org: str, content: bytes, today: date, snils_hash: Callable[[str], str]
) -> Checked:
    """Check a whole file against the register; stores nothing. Raises `UnreadableTable`.

    `snils_hash` is `Registry.snils_hash`: a SNILS that another worker has on record is a fault.
    """
    return check_rows(connection, org, read_table(content, NEEDED), today, snils_hash)


def check_row(
    connection: Connection, org: str, row: Mapping[str, str], before: Mapping[str, Any] | None, today: date
) -> Worker | dict[str, str]:
    """One row that came another way, as from a form: the worker (the one `before`, changed), or column and code of each
    fault."""
    faults: dict[str, str] = {}
    worker = _worker(org, row, _employers(connection, org), before, today, faults)
    return worker if worker is not None else faults


def check_rows(
    connection: Connection,
    org: str,
    rows: Sequence[Mapping[str, str]],
    today: date,
    snils_hash: Callable[[str], str],
) -> Checked:
    """The same for rows that are read already."""
    known: dict[str, dict[str, Any]] = {row["personnel_number"]: dict(row) for row in list_workers(connection, org)}
    put_away = [dict(row) for row in list_workers(connection, org, archived=True)]
    archived = {row["personnel_number"] for row in put_away}
    holders = {row["snils_hmac"]: row["personnel_number"] for row in [*known.values(), *put_away] if row["snils_hmac"]}
    employers = _employers(connection, org)
    faults: list[RowFault] = []
    workers: list[Worker] = []
    numbers: set[str] = set()
    snils_seen: dict[str, str] = {}
    texts = {(row["kind"], row["version"]): row["valid_from"] for row in consent_store.list_texts(connection, org)}
    given: list[tuple[str, GivenConsent]] = []
    for place, row in enumerate(rows, start=2):
        found: dict[str, str] = {}
        number = row.get(NUMBER, "")
        if number in numbers:
            found[NUMBER] = "twice"
        if number in archived:
            found[NUMBER] = "archived"
        numbers.add(number)
        worker = _worker(org, row, employers, known.get(number), today, found)
        if worker is not None and worker.snils:
            other = snils_seen.setdefault(worker.snils, number)
            if other != number:
                found[SNILS] = "twice"
            elif holders.get(snils_hash(worker.snils), number) != number:
                found[SNILS] = "snils_taken"
        agreed = consents.read_cell(row.get(consents.COLUMN, ""), texts, today)
        if isinstance(agreed, str):
            found[consents.COLUMN] = agreed
        faults += [RowFault(place, column, code) for column, code in found.items()]
        if worker is not None and not found and not isinstance(agreed, str):
            workers.append(worker)
            given += [(worker.worker_id, one) for one in agreed]
    changed = sum(worker.personnel_number in known for worker in workers)
    return Checked(tuple(workers), len(workers) - changed, changed, tuple(faults), tuple(rows), tuple(given))


def store_checked(connection: Connection, registry: Registry, checked: Checked, author: Author | None = None) -> None:
    """Store a file without faults, in the caller's transaction. Raises `ValueError` for one with faults."""
    if checked.faults:
        raise ValueError("a file with faults is not stored")
    registry.save_workers(connection, checked.workers, author)
    entered_by = author.account_id if author is not None and author.account_id else ""
    _give(connection, registry, checked, entered_by)


def _give(connection: Connection, registry: Registry, checked: Checked, entered_by: str) -> None:
    """Enter the consents of a file that are not in force yet, and send one more roster if there were any."""
    standing: dict[str, dict[ConsentKind, str]] = {}
    for org in {worker.org for worker in checked.workers}:
        standing |= consent_store.in_force(connection, org)
    new = [(worker_id, one) for worker_id, one in checked.consents if not _stands(standing, worker_id, one)]
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


def _stands(standing: Mapping[str, Mapping[ConsentKind, str]], worker_id: str, given: GivenConsent) -> bool:
    return standing.get(worker_id, {}).get(given.kind) == given.version


def table_of(connection: Connection, org: str) -> bytes:
    """The register in the form that can be taken back. SNILS are left out: an empty cell keeps what is stored."""
    names = {row["employer_id"]: row["name"] for row in store.list_employers(connection, org)}
    agreed: dict[str, list[ConsentRecord]] = {}
    for worker, record in consent_store.of_organisation(connection, org):
        agreed.setdefault(worker["worker_id"], []).append(record)
    rows = [
        [*_cells(dict(row), names), consents.cell_of(agreed.get(row["worker_id"], []))]
        for row in list_workers(connection, org)
    ]
    return write_table(HEADINGS, rows)


def _employers(connection: Connection, org: str) -> dict[str, str]:
    """Employers by name, by ИНН and by id."""
    found: dict[str, str] = {}
    for row in store.list_employers(connection, org):
        found[row["name"].lower()] = found[row["employer_id"]] = row["employer_id"]
        if row["inn"]:
            found[row["inn"]] = row["employer_id"]
    return found


def _worker(
    org: str,
    row: Mapping[str, str],
    employers: Mapping[str, str],
    before: Mapping[str, Any] | None,
    today: date,
    faults: dict[str, str],
) -> Worker | None:
    for name in NEEDED:
        if not row.get(name, ""):
            faults[name] = "needed"
    for name in HEADINGS:
        if len(row.get(name, "")) > 200:
            faults[name] = "too_long"
    employer_id = employers.get(row.get(EMPLOYER, "").lower())
    if row.get(EMPLOYER) and employer_id is None:
        faults[EMPLOYER] = "unknown"
    snils = row.get(SNILS, "")
    if snils:
        try:
            snils = parse_snils(snils)
        except ValueError:
            faults[SNILS] = "wrong_snils"
    sex = row.get(SEX, "").lower()
    state = row.get(STATUS, "").lower()
    remote = row.get(REMOTE, "").lower()
    for name, value, allowed in ((SEX, sex, _SEXES), (STATUS, state, _STATES), (REMOTE, remote, _YES | _NO)):
        if value not in allowed:
            faults[name] = "choose"
    born = _day(row.get(BORN, ""), BORN, today, faults)
    toxicology = _day(row.get(TOXICOLOGY, ""), TOXICOLOGY, today, faults)
    if remote in _NO and not row.get(REASON, ""):
        faults[REASON] = "needed"
    if faults or employer_id is None:
        return None
    kept = {"worker_id": before["worker_id"]} if before else {}
    return Worker(
        org=org,
        employer_id=employer_id,
        personnel_number=row[NUMBER],
        full_name=" ".join(row[NAME].split()),
        position=row[POSITION],
        snils=snils or None,
        cards=tuple(part.strip() for part in row.get(CARDS, "").split(",") if part.strip()),
        sex=_SEXES[sex],
        birth_date=born,
        status=_STATES[state],
        remote_allowed=remote not in _NO,
        block_text=row.get(REASON, ""),
        photo_sha256=before["photo_sha256"] if before else None,
        toxicology_at=toxicology,
        **kept,
    )


def _day(words: str, column: str, today: date, faults: dict[str, str]) -> date | None:
    if not words:
        return None
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            # Only the day is used.
            found = datetime.strptime(words, form).date()  # noqa: DTZ007
        except ValueError:
            continue
        if found > today:
            faults[column] = "future"
        return found
    faults[column] = "not_a_day"
    return None


def _cells(row: Mapping[str, Any], employers: Mapping[str, str]) -> list[str]:
    return [
        row["personnel_number"],
        row["full_name"],
        row["position"],
        employers.get(row["employer_id"], ""),
        "",
        f"{row['birth_date']:%d.%m.%Y}" if row["birth_date"] else "",
        {"male": "м", "female": "ж"}.get(row["sex"] or "", ""),
        ", ".join(row["cards"]),
        "да" if row["remote_allowed"] else "нет",
        row["block_text"],
        "работает" if row["status"] == "active" else "отстранён",
        f"{row['toxicology_at']:%d.%m.%Y}" if row["toxicology_at"] else "",
    ]
