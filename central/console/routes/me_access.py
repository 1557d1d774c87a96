"""A medic gives a worker the own pages after looking at a document, or closes them.

POST /persons/{person_id}/access `document` (passport | driving_licence | other), `csrf`: the page with the QR code, this once; 422
with what is wrong. POST /persons/{person_id}/access/close `csrf`: 303 to the person. 404 for a person of other organisations.
"""

import io
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.routes.me_join import PATH
from central.core.rights import Right
from central.personal.joining import make_link
from central.store import account_links, employments
from central.store.engine import writing
from sync.contract.account_link import LINK_VALID

router = APIRouter()
Giver = Annotated[Visitor, Depends(Guard(Right.GIVE_ACCESS))]
Form = Annotated[FormData, Depends(form_of)]
DOCUMENTS = ("passport", "driving_licence", "other")
"""What a medic may have looked at: each has a picture of its owner."""


@router.post("/persons/{person_id}/access")
def give_access(request: Request, person_id: str, visitor: Giver, sent: Form) -> Response:
    """Show the link. Its token is on this page and nowhere else."""
    console = console_of(request)
    document = str(sent.get("document", ""))
    now = console.clock()
    with writing(console.engine) as connection:
        person = _own_person(connection, visitor, person_id)
        token = ""
        if document in DOCUMENTS:
            token = make_link(connection, person_id, visitor.account.account_id, now)
            detail = {"document": document}
            note(
                connection,
                console,
                visitor,
                "person.access",
                str(person["worker_id"]),
                org=person["org"],
                detail=detail,
            )
    drawing = io.BytesIO()
    if token:
        address = f"{console.config.http.public_url.rstrip('/')}{PATH}#{token}"
        segno.make(address, error="m").save(drawing, kind="svg", scale=6, border=4, xmldecl=False, svgns=True)
    return page(
        request,
        "me_link.html",
        visitor,
        200 if token else 422,
        person=person,
        documents=DOCUMENTS,
        drawing=drawing.getvalue().decode("utf-8"),
        until=now + LINK_VALID,
        faults={} if token else {"document": "choose"},
    )


@router.post("/persons/{person_id}/access/close")
def close_access(request: Request, person_id: str, visitor: Giver) -> Response:
    """Close the account; its sessions end. A new link opens it again."""
    console = console_of(request)
    with writing(console.engine) as connection:
        person = _own_person(connection, visitor, person_id)
        own = account_links.account_of(connection, person_id)
        if own is None:
            raise HTTPException(404)
        account_links.close_accounts(connection, [own.account_id])
        account_links.close_others(connection, person_id, console.clock())
        note(connection, console, visitor, "person.access_closed", str(person["worker_id"]), org=person["org"])
    return RedirectResponse(f"/persons/{person_id}?saved=1", status_code=303)


def _own_person(connection: Connection, visitor: Visitor, person_id: str) -> dict[str, Any]:
    """The entry that the visitor's organisations have of the person; 404 where they have none."""
    own = employments.of_person(connection, person_id, visitor.account.orgs)
    if not own:
        raise HTTPException(404)
    return own[0]
