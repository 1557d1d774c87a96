"""The register of employers: ИНН with check digits, ОКВЭД2, region, whom to tell about signs of intoxication."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection

from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.name_folding import fold_name
from central.core.parties import Employer
from central.core.rights import Right
from central.registers.employer_rules import employer_faults
from central.registers.form import Field, parse
from central.registers.keeping import FormInput, Options, RegisterChange, Saved
from central.store import registry


class EmployerForm:
    """One employer."""

    kind: ClassVar[str] = "employers"
    right: ClassVar[Right] = Right.CHANGE_REGISTERS
    archivable: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("name", needed=True),
        Field("inn"),
        Field("okved"),
        Field("region_code"),
        Field("alert_contact", section="contact"),
        Field("waybill_operator", section="waybill"),
        Field("waybill_titles", "choice", choices=("before", "after", "both"), section="waybill"),
        Field("exchange_id", section="waybill"),
    )

    def read(self, connection: Connection, entry_id: str) -> Mapping[str, Any] | None:
        """The employer's row."""
        row = registry.get_employer(connection, entry_id)
        if row is None:
            return None
        return dict(row) | {"name_shown": row["name"], "archived": row["archived_at"] is not None}

    def options(self, connection: Connection, org: str) -> Options:
        """No references."""
        return {}

    def save(self, change: RegisterChange, entry_id: str | None, typed: FormInput) -> Saved:
        """Store it; a name or an ИНН that another employer has is refused with that one's name."""
        values, faults = parse(self.fields, typed.fields, day_of(change.author.at))
        words = {name: str(value or "") for name, value in values.items()}
        faults = {name: InputFault(code) for name, code in employer_faults(words).items()} | faults
        everybody = [
            row
            for archived in (False, True)
            for row in registry.list_employers(change.connection, change.org, archived=archived)
            if row["employer_id"] != entry_id
        ]
        for row in everybody:
            for name in ("name", "inn"):
                if words[name] and fold_name(row[name] or "") == fold_name(words[name]):
                    faults.setdefault(name, InputFault("taken_by", row["name"], row["employer_id"]))
        if faults:
            return faults
        before = registry.get_employer(change.connection, entry_id) if entry_id else None
        kept: dict[str, Any] = (
            {"employer_id": before["employer_id"], "limits": before["limits"]} if before is not None else {}
        )
        given = {name: value or None for name, value in words.items() if name != "name"}
        employer = Employer(change.org, words["name"], **(kept | given))
        change.registry.add_employer(change.connection, employer, change.author)
        # The name stands in the rosters.
        change.registry.publish_employer(change.connection, change.org, employer.employer_id)
        return employer.employer_id

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> InputFault | None:
        """An employer whose workers are still examined is not put away."""
        count = registry.workers_of_employer(change.connection, entry_id) if archived else 0
        if count:
            return InputFault("has_workers", str(count))
        change.registry.set_archived(
            change.connection, "employers", change.org, entry_id, change.author, archived=archived
        )
        return None
