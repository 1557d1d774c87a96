"""What is known of a worker in one place: the sanitary passport, and a card with the worker's own code.

GET /workers/{worker_id}/passport takes `kind`, `since`, `until` (days of the documents, 2026-12-31) and `sort_documents`; 422 with
the page for a day that is none. With /file: the paper, a PDF. GET /workers/{worker_id}/code/file: the card, a PDF.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from central.console.access_log import covers, note
from central.console.book_check_view import point_words
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.passport_view import PAPER, Chosen, content_of, dose_words, passport, passport_paper, seen_of
from central.console.routes.consents import own_worker
from central.core.days import day_of, parse_day
from central.core.ground_rules import kind_words
from central.core.rights import Right
from central.papers.fonts import FontsMissing
from central.papers.listing import Listing, listing
from central.store import accounts, passport_records, registry
from central.store.engine import writing
from central.words.no_force import band
from central.words.texts import text

router = APIRouter()
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_EXAMS))]


@router.get("/workers/{worker_id}/passport")
def show_passport(
    request: Request, worker_id: str, visitor: Reader, kind: str = "", since: str = "", until: str = ""
) -> Response:
    """Points, documents, vaccinations, checks."""
    return passport_page(request, visitor, worker_id, kind=kind, since=since, until=until)


def passport_page(
    request: Request,
    visitor: Visitor,
    worker_id: str,
    status: int = 200,
    *,
    kind: str = "",
    since: str = "",
    until: str = "",
    notice: str = "",
    notice_code: str = "",
) -> Response:
    """The page; to those who sign, with the button that signs what it shows."""
    console, language = console_of(request), visitor.look.language
    days = {name: parse_day(value) if value else None for name, value in (("since", since), ("until", until))}
    faults = {name: "day" for name, value in (("since", since), ("until", until)) if value and days[name] is None}
    with writing(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
        shown = passport(connection, worker, day_of(console.clock()), Chosen(kind, days["since"], days["until"]))
        employer = registry.get_employer(connection, worker["employer_id"])
        # What is signed is what is shown: all of it, and not a choice.
        may_sign = visitor.may(Right.DECIDE) and not (kind or since or until)
        whole = passport_paper(connection, worker, shown, "", console.config.generation) if may_sign else None
        signed = passport_records.newest(connection, worker_id)
        draft = accounts.get_draft(connection, visitor.session.session_id)
        if draft is not None and draft["path"] == f"/workers/{worker_id}/passport":
            # The key was opened for this.
            accounts.set_draft(connection, visitor.session.session_id, None)
        note(connection, console, visitor, "passport.read", worker_id, org=worker["org"])
        covers(console, visitor, worker_id)
    return page(
        request,
        "passport.html",
        visitor,
        422 if faults else status,
        worker=worker,
        employer_name=employer["name"] if employer is not None else "—",
        shown=shown,
        points=[point.as_json() | {"at": point.at, "until": point.until} for point in shown.points],
        typed={"kind": kind, "since": since, "until": until},
        faults=faults,
        kind_words=lambda code: kind_words(code, language, worker["org"]),
        point_words=lambda point: point_words(point, language),
        dose_words=dose_words,
        seen=seen_of(content_of(whole)) if whole is not None else "",
        signed=signed,
        just_signed=request.query_params.get("signed") == "1",
        notice=notice,
        notice_code=notice_code,
    )


@router.get("/workers/{worker_id}/passport/file")
def print_passport(request: Request, worker_id: str, visitor: Reader) -> Response:
    """The passport on paper: all documents, dates and no finding."""
    console = console_of(request)
    with writing(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
        shown = passport(connection, worker, day_of(console.clock()), Chosen())
        code = console.outgoing.sign_worker_code(worker_id)
        content = passport_paper(connection, worker, shown, code, console.config.generation)
        note(connection, console, visitor, "passport.print", worker_id, org=worker["org"])
    return paper_answer(content, f"passport-{worker_id[-12:]}.pdf")


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
        code_words=text(PAPER, "worker_code.short"),
        band=band(console.config.generation, PAPER),
    )
    return paper_answer(content, f"code-{worker_id[-12:]}.pdf")


def paper_answer(content: Listing, name: str) -> Response:
    """A PDF to be looked at or printed; 503 where the machine has no fonts."""
    try:
        drawn = listing(content)
    except FontsMissing as error:
        raise HTTPException(503) from error
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(drawn, media_type="application/pdf", headers=headers)
