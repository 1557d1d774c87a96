"""The employer's page: who is admitted now, who still has to come, alerts. Not one medical value.

Form fields: POST /admissions/alerts/{alert_id}/seen `csrf`.
"""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from central.admissions import Admission, admissions
from central.console.access_log import note, note_seldom
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.rights import Right
from central.store import alerts, notices, registry
from central.store.engine import reading, writing

router = APIRouter()


@router.get("/admissions")
def show_admissions(
    request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS))], state: str = "", q: str = ""
) -> Response:
    """The workers of the visitor's own employer; `q` is the beginning of a name or a personnel number."""
    console = console_of(request)
    employer_id = _employer(visitor)
    note_seldom(request, visitor, "admissions.read")
    with reading(console.engine) as connection:
        everybody = admissions(connection, employer_id, console.clock())
        told = alerts.of_employer(connection, employer_id)
        delivered = {item.alert_id: item for item in notices.of_alerts(connection, [entry.alert_id for entry in told])}
        employer = registry.get_employer(connection, employer_id)
    return page(
        request,
        "admissions.html",
        visitor,
        employer=employer,
        rows=[item for item in everybody if (not state or item.state == state) and _matches(item, q)],
        query=q,
        counts=Counter(item.state for item in everybody),
        chosen=state,
        alerts=told,
        notices=delivered,
    )


@router.post("/admissions/alerts/{alert_id}/seen")
def acknowledge(
    request: Request, alert_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS))]
) -> Response:
    """The employer's receipt for an alert."""
    console = console_of(request)
    with writing(console.engine) as connection:
        if alerts.mark_seen(connection, alert_id, _employer(visitor), visitor.account.account_id, console.clock()):
            note(connection, console, visitor, "alert.seen", alert_id)
    return RedirectResponse("/admissions", status_code=303)


def _matches(item: Admission, words: str) -> bool:
    wanted = words.strip().lower()
    return not wanted or item.full_name.lower().startswith(wanted) or item.personnel_number.lower() == wanted


def _employer(visitor: Visitor) -> str:
    if not visitor.account.employer_id:
        raise HTTPException(404)
    return visitor.account.employer_id
