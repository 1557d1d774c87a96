"""The register of workers as a form: the same rules as for a file, and whom else the entry may be about."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection, RowMapping

from central.core.days import day_of
from central.core.name_folding import fold_card, fold_name
from central.core.parties import Worker
from central.core.rights import Right
from central.registers.form import Faults, Field, FieldFault
from central.registers.keeping import FormInput, Options, RegisterChange, Saved
from central.registers.worker_rules import ANSWERS, SEXES, STATES, worker_of
from central.store import registry
from central.store.workers import alike_workers, card_holders, get_worker


class WorkerForm:
    """One worker."""

    kind: ClassVar[str] = "workers"
    right: ClassVar[Right] = Right.CHANGE_REGISTERS
    archivable: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("personnel_number", needed=True),
        Field("full_name", needed=True),
        Field("birth_date", "day"),
        Field("sex", "choice", choices=SEXES),
        Field("snils"),
        Field("employer_id", "reference", needed=True, section="work"),
        Field("position", needed=True, section="work"),
        Field("cards", section="work"),
        Field("status", "choice", choices=STATES, section="admission"),
        Field("remote_allowed", "choice", needed=True, choices=ANSWERS, section="admission"),
        Field("block_text", "text", section="admission"),
        Field("toxicology_at", "day", section="admission"),
    )

    def read(self, connection: Connection, entry_id: str) -> Mapping[str, Any] | None:
        """The worker's row; SNILS as a yes or no."""
        row = get_worker(connection, entry_id)
        if row is None:
            return None
        shown = {"name_shown": row["full_name"], "archived": row["archived_at"] is not None}
        return dict(row) | shown | {"snils": "", "snils_on_record": row["snils_hmac"] is not None}

    def options(self, connection: Connection, org: str) -> Options:
        """The organisation's employers."""
        rows = registry.list_employers(connection, org)
        return {"employer_id": [(row["employer_id"], row["name"]) for row in rows]}

    def save(self, change: RegisterChange, entry_id: str | None, typed: FormInput) -> Saved:
        """Store the worker and send the roster. A number, card or SNILS of another is refused with that one's name."""
        before = self.read(change.connection, entry_id) if entry_id else None
        given = {field.name: typed.fields.get(field.name, "") for field in self.fields}
        employers = {employer_id for employer_id, _ in self.options(change.connection, change.org)["employer_id"]}
        found = worker_of(change.org, given, employers, before, day_of(change.author.at))
        if isinstance(found, Worker):
            faults = self._twins(change, found, typed.another)
        else:
            faults = {name: FieldFault(code) for name, code in found.items()}
        if faults or not isinstance(found, Worker):
            return faults
        change.registry.save_workers(change.connection, [found], change.author)
        return found.worker_id

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> FieldFault | None:
        """The worker leaves the rosters; exams stay. Taking back asks for an employer that is still served."""
        row = get_worker(change.connection, entry_id)
        employer = registry.get_employer(change.connection, row["employer_id"]) if row else None
        if not archived and employer is not None and employer["archived_at"] is not None:
            return FieldFault("employer_archived", employer["name"], employer["employer_id"])
        change.registry.set_archived(
            change.connection, "workers", change.org, entry_id, change.author, archived=archived
        )
        return None

    def _twins(self, change: RegisterChange, new: Worker, another: bool) -> Faults:
        faults: Faults = {}
        hashed = change.registry.snils_hash(new.snils) if new.snils else None
        found = alike_workers(change.connection, change.org, new.personnel_number, new.full_name, hashed)
        for row in found:
            if row["worker_id"] == new.worker_id:
                continue
            who = _taken_by(row)
            if row["personnel_number"] == new.personnel_number:
                faults["personnel_number"] = who
            if hashed is not None and row["snils_hmac"] == hashed:
                faults["snils"] = who
            same = fold_name(row["full_name"]) == fold_name(new.full_name)
            if (
                same
                and not another
                and (None in (row["birth_date"], new.birth_date) or row["birth_date"] == new.birth_date)
            ):
                faults["full_name"] = FieldFault("same_person", who.detail, who.entry_id)
        cards = {fold_card(card) for card in new.cards}
        for row in card_holders(change.connection, change.org) if cards else ():
            if row["worker_id"] != new.worker_id and cards & {fold_card(card) for card in row["cards"]}:
                faults["cards"] = _taken_by(row)
        return faults


def _taken_by(row: RowMapping) -> FieldFault:
    return FieldFault("taken_by", f"{row['full_name']}, {row['personnel_number']}", row["worker_id"])
