"""Electronic waybills as pages and commands list them: each file of a carrier with its title, and who must act. Owns no table."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from central.store.waybill_titles import waybill_title
from central.store.waybills import waybill


@dataclass(frozen=True, slots=True)
class ListedWaybill:
    """One line of the page: a file and its title, without their bytes."""

    waybill_id: str
    org: str
    operator: str
    kind: str
    file_id: str
    number: str
    employer_id: str | None
    worker_id: str | None
    valid_from: date | None
    valid_until: date | None
    received_at: datetime
    state: str
    fault: str
    detail: str
    title: str | None
    title_file_id: str | None
    exam_id: str | None
    title_state: str | None
    attempts: int | None
    due_at: datetime | None
    signed_at: datetime | None
    sent_at: datetime | None
    answered_at: datetime | None
    words: str | None


def listed(connection: Connection, orgs: Collection[str], limit: int = 300) -> list[ListedWaybill]:
    """The newest files of these organisations, with what became of each."""
    own = (
        *("waybill_id", "org", "operator", "kind", "file_id", "number", "employer_id", "worker_id"),
        *("valid_from", "valid_until", "received_at", "state", "fault", "detail"),
    )
    title = waybill_title.c
    query = (
        select(
            *(waybill.c[name] for name in own),
            title.title,
            title.file_id.label("title_file_id"),
            title.exam_id,
            title.state.label("title_state"),
            *(title.attempts, title.due_at, title.signed_at, title.sent_at, title.answered_at, title.words),
        )
        .outerjoin(waybill_title, title.waybill_id == waybill.c.waybill_id)
        .where(waybill.c.org.in_(orgs))
        .order_by(waybill.c.received_at.desc(), waybill.c.driver_no)
        .limit(limit)
    )
    return [ListedWaybill(**row) for row in connection.execute(query).mappings()]


def waits_for(row: ListedWaybill, today: date) -> str:
    """Who must act now, as a word of `waybill.waits`; `nobody` when there is nothing to be done. Pure."""
    if row.title_state is not None:
        return _WAITS_OF_TITLE.get(row.title_state, "operator")
    if row.state == "waiting":
        return "nobody" if row.valid_until is not None and row.valid_until < today else "medic"
    if row.state == "parked":
        return _WAITS_OF_FAULT.get(row.fault, "register")
    return "carrier" if row.state == "refused" else "nobody"


_WAITS_OF_TITLE = {"accepted": "nobody", "withdrawn": "nobody", "refused": "administrator", "corrected": "medic_tells"}
_WAITS_OF_FAULT = dict.fromkeys(("driver_without_inn", "carrier_without_inn", "no_waybill"), "carrier")
