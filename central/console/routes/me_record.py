"""What stands in a worker's own record besides the exams: papers, grounds, consents, who has looked, and about whom it is.

GET /me/papers; GET /me/papers/{paper_id}/file: the PDF as it was signed; GET /me/consents; POST /me/consents/withdraw `consent_id`,
`csrf`: 303 to the page, 404 for a consent of somebody else, 409 for one that is withdrawn. GET /me/looks; GET /me/about.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone, note_seldom
from central.console.context import console_of, page
from central.console.guard import form_of
from central.console.own_pages import Owner, person_of
from central.core.days import day_of
from central.core.ground_rules import kind_words
from central.grounds.document_files import DocumentFiles, DocumentLost
from central.people.consents import ConsentRefused, Consents
from central.personal.own_state import holds
from central.store import consents, employments, grounds, medics, own_records, registry, worklist
from central.store.consents import OWN_PAGES
from central.store.engine import reading, writing

router = APIRouter()
Form = Annotated[FormData, Depends(form_of)]
MOST_LOOKS = 200
_RECENT = 20


@router.get("/me/papers")
def list_own_papers(request: Request, visitor: Owner) -> Response:
    """Papers that were given out, and documents from elsewhere with their ends."""
    console = console_of(request)
    person_id = person_of(visitor)
    with reading(console.engine) as connection:
        papers = own_records.papers_of(connection, person_id)
        entries = own_records.entries_by_org(employments.own(connection, person_id))
        rows = [row for key in entries.values() for row in grounds.latest(grounds.of_worker(connection, key))]
    note_seldom(request, visitor, "own.list", person_id)
    return page(
        request,
        "me_papers.html",
        visitor,
        papers=papers,
        grounds=rows,
        today=day_of(console.clock()),
        kind_words=lambda row: kind_words(row.kind, visitor.look.language, row.org),
        tab="papers",
    )


@router.get("/me/papers/{paper_id}/file")
def open_own_paper(request: Request, paper_id: str, visitor: Owner) -> Response:
    """A paper as the organisation signed it. 404 for papers of others and for one that has no file."""
    console = console_of(request)
    with reading(console.engine) as connection:
        found = own_records.paper_of(connection, person_of(visitor), paper_id)
    if found is None or found.file is None:
        raise HTTPException(404)
    note_alone(console, visitor, "own.paper", found.paper.exam_id, org=found.paper.org)
    try:
        files = DocumentFiles.from_config(console.config)
        content = files.open(found.file.signed_id, found.file.stored_sha256, found.file.sha256)
    except DocumentLost as error:
        raise HTTPException(404) from error
    name = f"{found.paper.kind}-{found.paper.year}-{found.paper.number}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/me/consents")
def list_own_consents(request: Request, visitor: Owner) -> Response:
    """Consents that were given and withdrawn, and what terminals have of the face."""
    return _consents_page(request, visitor)


@router.post("/me/consents/withdraw")
def withdraw_own_consent(request: Request, visitor: Owner, sent: Form) -> Response:
    """Withdraw a consent: it takes effect at the terminals with the next roster, as if it stood on paper."""
    console = console_of(request)
    faults: dict[str, str] = {}
    with writing(console.engine) as connection:
        record = own_records.consent_of(connection, person_of(visitor), str(sent.get("consent_id", "")))
        if record is None:
            raise HTTPException(404)
        try:
            ended = Consents(console.registry).withdraw(
                connection,
                record.consent_id,
                withdrawn_on=day_of(console.clock()),
                means=OWN_PAGES,
                basis=OWN_PAGES,
                author=visitor.account.account_id,
            )
        except ConsentRefused as refused:
            faults = refused.faults
        else:
            detail = {"kind": record.kind, "rows": len(ended)}
            note(connection, console, visitor, "consent.withdraw", record.worker_id, org=record.org, detail=detail)
    if faults:
        return _consents_page(request, visitor, 409)
    console.wake()
    return RedirectResponse("/me/consents?done=1", status_code=303)


def _consents_page(request: Request, visitor: Owner, status: int = 200) -> Response:
    console = console_of(request)
    person_id = person_of(visitor)
    with reading(console.engine) as connection:
        rows = employments.own(connection, person_id)
        found = [
            one for key in own_records.entries_by_org(rows).values() for one in consents.of_worker(connection, key)
        ]
        faces = own_records.faces_of(connection, person_id)
    note_seldom(request, visitor, "own.list", person_id)
    return page(
        request,
        "me_consents.html",
        visitor,
        status,
        consents=found,
        faces=faces,
        orgs={row["org"]: row["org_name"] for row in rows},
        done=request.query_params.get("done") == "1",
        tab="consents",
    )


@router.get("/me/looks")
def list_looks(request: Request, visitor: Owner) -> Response:
    """Who has looked at the record: roles and organisations, no names."""
    console = console_of(request)
    person_id = person_of(visitor)
    with reading(console.engine) as connection:
        found = own_records.looks_at(connection, person_id, MOST_LOOKS)
    note_seldom(request, visitor, "own.list", person_id)
    return page(request, "me_looks.html", visitor, looks=found, most=MOST_LOOKS, tab="looks")


@router.get("/me/about")
def show_about(request: Request, visitor: Owner) -> Response:
    """Medics who decided of late, medical organisations and employers, as the registers have them."""
    console = console_of(request)
    person_id, now = person_of(visitor), console.clock()
    with reading(console.engine) as connection:
        rows = employments.own(connection, person_id)
        recent = worklist.medics_of_person(connection, person_id, _RECENT)
        known = [medics.find(connection, medic_id) for medic_id in recent]
        orgs = [registry.get_organisation(connection, org) for org in sorted({str(row["org"]) for row in rows})]
        employers = {row["employer_id"]: registry.get_employer(connection, row["employer_id"]) for row in rows}
    note_seldom(request, visitor, "own.list", person_id)
    return page(
        request,
        "me_about.html",
        visitor,
        medics=[one for one in known if one is not None],
        orgs=[one for one in orgs if one is not None],
        jobs=[(row, employers[row["employer_id"]], holds(row, now)) for row in rows],
        tab="about",
    )
