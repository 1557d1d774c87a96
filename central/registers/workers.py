"""The register of workers as a form: the same rules as for a file, and whom else the entry may be about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import Connection, RowMapping

from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.name_folding import fold_card, fold_name
from central.core.parties import Worker
from central.core.rights import Right
from central.registers.form import Faults, Field
from central.registers.keeping import FormInput, Options, RegisterChange, Saved
from central.registers.same_person import Employment, differences, filled, overlap
from central.registers.worker_rules import ANSWERS, REGIMES, SEXES, STATES, worker_of
from central.store import employments, posts, registry
from central.store.workers import alike_workers, card_holders, find_worker, get_worker


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
        Field("inn"),
        Field("driving_licence"),
        Field("employer_id", "reference", needed=True, section="work"),
        Field("position", needed=True, section="work"),
        Field("position_code", section="work"),
        Field("department", section="work"),
        Field("post_number", section="work"),
        Field("regime", "choice", choices=REGIMES, section="work"),
        Field("harm_factors", section="work"),
        Field("since", "day", section="work", future=True),
        Field("until", "day", section="work", future=True),
        Field("cards", section="work"),
        Field("external_id", section="work"),
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
        """Store the employment and send the roster.

        A number that the employer has given already, a card of another person, and a SNILS under another name are refused with
        that one's name. A SNILS that is known with another employer makes a second employment of the same person.
        """
        before = self.read(change.connection, entry_id) if entry_id else None
        given = {field.name: typed.fields.get(field.name, "") for field in self.fields}
        employers = {employer_id for employer_id, _ in self.options(change.connection, change.org)["employer_id"]}
        today = day_of(change.author.at)
        named = employers | ({before["employer_id"]} if before else set())
        known_posts = posts.held(change.connection, (given["employer_id"],)) if given["post_number"].strip() else ()
        found = worker_of(change.org, given, named, before, today, known_posts)
        if not isinstance(found, Worker):
            return {name: InputFault(code) for name, code in found.items()}
        hashed = change.registry.snils_hash(found.snils) if found.snils else None
        faults = self._twins(change, found, before, hashed, another=typed.another)
        if faults:
            return faults
        known = employments.of_snils(change.connection, hashed) if hashed and before is None else None
        if known is not None:
            found = filled(found, known, is_own=change.org in known["orgs"])
        change.registry.save_workers(change.connection, [found], change.author)
        return found.worker_id

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> InputFault | None:
        """The worker leaves the rosters; exams stay. Taking back asks for an employer that is still served, and a free number."""
        row = get_worker(change.connection, entry_id)
        employer = registry.get_employer(change.connection, row["employer_id"]) if row else None
        if not archived and employer is not None and employer["archived_at"] is not None:
            return InputFault("employer_archived", employer["name"], employer["employer_id"])
        if not archived and row is not None:
            holder = find_worker(change.connection, change.org, row["personnel_number"], row["employer_id"])
            if holder is not None and holder["worker_id"] != entry_id:
                return InputFault("number_given", _called(holder), holder["worker_id"])
        change.registry.set_archived(
            change.connection, "workers", change.org, entry_id, change.author, archived=archived
        )
        return None

    def _twins(
        self,
        change: RegisterChange,
        new: Worker,
        before: Mapping[str, Any] | None,
        hashed: str | None,
        *,
        another: bool,
    ) -> Faults:
        faults: Faults = {}
        own, today = Employment.of_worker(new), day_of(change.author.at)
        person_id = before["person_id"] if before is not None else None
        found = alike_workers(change.connection, change.org, new.personnel_number, new.full_name, hashed)
        for row in found:
            if row["worker_id"] == new.worker_id:
                continue
            who, other = _taken_by(row), Employment.of_row(dict(row))
            is_colleague = row["employer_id"] == new.employer_id
            if is_colleague and row["archived_at"] is None and row["personnel_number"] == new.personnel_number:
                faults["personnel_number"] = who
            has_snils = hashed is not None and row["snils_hmac"] == hashed
            if has_snils:
                said = differences(other, own)
                if is_colleague and overlap(other, own, today):
                    faults["snils"] = who
                elif row["person_id"] != person_id:
                    faults |= {name: InputFault(code, who.other, who.entry_id) for name, code in said.items()}
            elif (
                is_colleague
                and not another
                and row["person_id"] != person_id
                and fold_name(row["full_name"]) == fold_name(new.full_name)
                and (None in (row["birth_date"], new.birth_date) or row["birth_date"] == new.birth_date)
            ):
                faults["full_name"] = InputFault("same_person", who.other, who.entry_id)
        if hashed is not None and not any(row["snils_hmac"] == hashed for row in found):
            faults |= _elsewhere(change.connection, hashed, own, person_id)
        cards = {fold_card(card) for card in new.cards}
        for row in card_holders(change.connection, change.org) if cards else ():
            is_own = row["person_id"] == person_id or (hashed is not None and row["snils_hmac"] == hashed)
            if row["worker_id"] != new.worker_id and not is_own and cards & {fold_card(card) for card in row["cards"]}:
                faults["cards"] = _taken_by(row)
        return faults


def _elsewhere(connection: Connection, hashed: str, own: Employment, person_id: str | None) -> Faults:
    """A SNILS that only another organisation of the centre knows: nothing of what that one has on record is said."""
    known = employments.of_snils(connection, hashed)
    if known is None or known["person_id"] == person_id:
        return {}
    theirs = replace(own, full_name=known["full_name"], birth_date=known["birth_date"])
    return {name: InputFault("person_elsewhere") for name in differences(theirs, own) if name != "snils"}


def _called(row: RowMapping) -> str:
    return f"{row['full_name']}, {row['personnel_number']}"


def _taken_by(row: RowMapping) -> InputFault:
    return InputFault("taken_by", _called(row), row["worker_id"])
