"""Column sets of the journal: saved and deleted by the account that owns them.

POST /journal/columns takes the journal's query in its address; form fields `name`, `action` (keep | forget), `csrf`. What is
kept are the columns that the query shows. 303 back to the journal, 422 with the journal for a name that is missing or too long,
or when there are too many.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.context import Visitor, console_of
from central.console.guard import Guard, form_of
from central.console.routes.journal import asked_of, journal_page
from central.core.rights import Right
from central.store import column_sets as store
from central.store.engine import writing

router = APIRouter()
_MOST_CHARS = 60


@router.post("/journal/columns")
def change_sets(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.SEE_JOURNAL))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Keep the columns in view under a name, or forget a name."""
    asked = asked_of(request, visitor)
    name = " ".join(str(form.get("name", "")).split())
    if not name:
        asked.faults["set_name"] = "needed"
    elif len(name) > _MOST_CHARS:
        asked.faults["set_name"] = "too_long"
    else:
        with writing(console_of(request).engine) as connection:
            if form.get("action") == "forget":
                store.remove(connection, visitor.account.account_id, name)
            elif not store.put(connection, visitor.account.account_id, name, asked.columns):
                asked.faults["set_name"] = "too_many_sets"
    if asked.faults:
        return journal_page(request, visitor, asked)
    return RedirectResponse(f"/journal?{asked.address()}", status_code=303)
