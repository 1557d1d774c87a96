"""What a worker carries: a card with the worker's own code. GET /workers/{worker_id}/code/file: a PDF."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from central.console.access_log import note
from central.console.context import Visitor, console_of
from central.console.guard import Guard
from central.console.routes.consents import own_worker
from central.core.rights import Right
from central.papers.fonts import FontsMissing
from central.papers.listing import Listing, listing
from central.store import registry
from central.store.engine import writing
from central.words.no_force import band
from central.words.texts import text

router = APIRouter()
PAPER = "ru"
"""Papers are in Russian, whoever prints them."""


@router.get("/workers/{worker_id}/code/file")
def print_code(
    request: Request, worker_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]
) -> Response:
    """The code of an employment on paper: terminals and the employer's page read it. It permits nothing."""
    console = console_of(request)
    with writing(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
        organisation = registry.get_organisation(connection, worker["org"])
        employer = registry.get_employer(connection, worker["employer_id"])
        note(connection, console, visitor, "worker.code_print", worker_id, org=worker["org"])
    content = Listing(
        title=text(PAPER, "worker_code.title"),
        organisation=organisation["name"] if organisation is not None else "",
        verdict=worker["full_name"],
        lines=(
            (text(PAPER, "exam.personnel_number"), worker["personnel_number"]),
            (text(PAPER, "exam.position"), worker["position"]),
            (text(PAPER, "exam.employer"), employer["name"] if employer is not None else "—"),
        ),
        sections=(),
        notes=(text(PAPER, "worker_code.note"),),
        foot="",
        code=console.outgoing.sign_worker_code(worker_id),
        code_words="",
        band=band(console.config.generation, PAPER),
    )
    try:
        paper = listing(content)
    except FontsMissing as error:
        raise HTTPException(503) from error
    headers = {"Content-Disposition": f'inline; filename="code-{worker_id[-12:]}.pdf"'}
    return Response(paper, media_type="application/pdf", headers=headers)
