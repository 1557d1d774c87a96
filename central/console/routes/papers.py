"""Papers: issued by POST (each print is counted), and the public check page.

Form fields of POST /exams/{exam_id}/papers: `kind` (mark | refusal | sobriety | conclusion), `csrf`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.context import Visitor, address_of, console_of, page
from central.console.guard import Guard, Public, form_of
from central.console.routes.exam import exam_page, find_exam
from central.core.rate_limit import network_of
from central.core.rights import Right
from central.papers.fonts import FontsMissing
from central.papers.issuing import Issuer, SignatureBroken, check, draw, grant, issue
from central.papers.wording import NoSuchPaper
from central.store.engine import reading, writing

router = APIRouter()


@router.post("/exams/{exam_id}/papers")
def make_paper(
    request: Request,
    exam_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.MAKE_PAPERS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Issue a paper, or print it again under the same number."""
    console = console_of(request)
    kind = str(form.get("kind", ""))
    issuer = Issuer(
        visitor.account.account_id,
        console.clock(),
        visitor.look.zone,
        console.config.http.public_url,
        console.config.generation,
        console.config.decisions.breath_examination_mg_per_l,
    )
    try:
        with reading(console.engine) as connection:
            granted = grant(connection, find_exam(connection, visitor, exam_id), kind, console.trust)
        with writing(console.engine) as connection:
            item = find_exam(connection, visitor, exam_id)
            entry, sheet = issue(connection, item, granted, issuer)
            note(
                connection,
                console,
                visitor,
                "paper.issue",
                exam_id,
                org=item.org,
                detail={"kind": kind, "number": entry.number, "year": entry.year},
            )
        content = draw(kind, sheet)
    except NoSuchPaper as error:
        return exam_page(request, visitor, exam_id, status=409, notice=f"paper.no_{error.code}")
    except SignatureBroken:
        return exam_page(request, visitor, exam_id, status=409, notice="paper.broken")
    except FontsMissing:
        return exam_page(request, visitor, exam_id, status=500, notice="paper.no_fonts")
    name = f"{kind}-{entry.year}-{entry.number}.pdf"
    return Response(
        content, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


@router.get("/check/{code}")
def check_paper(request: Request, code: str, _door: Annotated[None, Depends(Public())]) -> Response:
    """What a QR code leads to: the outcome in force, for anybody who holds the paper, and nothing more."""
    console = console_of(request)
    console.rates.check.take(network_of(address_of(request)))
    with reading(console.engine) as connection:
        found = check(connection, code[:64], console.trust, console.clock())
    return page(request, "check.html", None, 200 if found else 404, found=found)
