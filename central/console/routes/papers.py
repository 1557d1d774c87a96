"""Papers: issued by POST (each print is counted), signed by the organisation but for marks, and the public check page.

Form fields of POST /exams/{exam_id}/papers: `kind` (mark | refusal | sobriety | conclusion), `csrf`.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.datastructures import FormData

from central.conclusions.copying import CopyRefused
from central.console.access_log import note
from central.console.context import Console, Visitor, address_of, console_of, page
from central.console.guard import Guard, Public, form_of
from central.console.routes.conclusion import copying_of, issuer_of, note_copy
from central.console.routes.exam import exam_page, find_exam
from central.core.rate_limit import network_of
from central.core.rights import Right
from central.grounds.document_files import DocumentLost
from central.papers.fonts import FontsMissing
from central.papers.issuing import Issuer, SignatureBroken, check, draw, grant, issue
from central.papers.signed import KeyUnusable
from central.papers.wording import NoSuchPaper
from central.signature.provider import SigningRefused
from central.store import papers, signed_papers
from central.store.engine import reading, writing
from central.store.kept_papers import KEPT_KINDS
from central.store.papers import Paper

router = APIRouter()
_log = logging.getLogger(__name__)


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
    issuer = issuer_of(console, visitor)
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
        # A paper that is kept is printed as its original, whose bytes are made once.
        content = _original(console, visitor, entry, issuer) if kind in KEPT_KINDS else draw(kind, sheet)
    except NoSuchPaper as error:
        return exam_page(request, visitor, exam_id, status=409, notice=f"paper.no_{error.code}")
    except SignatureBroken:
        return exam_page(request, visitor, exam_id, status=409, notice="paper.broken")
    except KeyUnusable as error:
        _log.error("the organisation's key cannot sign: %s", error)
        return exam_page(request, visitor, exam_id, status=409, notice="paper.no_key")
    except SigningRefused:
        return exam_page(request, visitor, exam_id, status=409, notice="paper.no_stamp")
    except DocumentLost:
        return exam_page(request, visitor, exam_id, status=409, notice="paper.lost")
    except CopyRefused as error:
        return exam_page(request, visitor, exam_id, status=409, notice=f"copy.fault.{error.code}")
    except FontsMissing:
        return exam_page(request, visitor, exam_id, status=500, notice="paper.no_fonts")
    name = f"{kind}-{entry.year}-{entry.number}.pdf"
    return Response(
        content, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


@router.get("/exams/{exam_id}/papers/{kind}/signature")
def detached_signature(
    request: Request, exam_id: str, kind: str, visitor: Annotated[Visitor, Depends(Guard(Right.MAKE_PAPERS))]
) -> Response:
    """The organisation's signature that stands beside a paper (.sig); 404 where it is inside of the PDF."""
    console = console_of(request)
    with reading(console.engine) as connection:
        exam = find_exam(connection, visitor, exam_id)
        found = signed_papers.beside(connection, exam.decision_id).get(kind) if exam.decision_id else None
        entry = papers.find(connection, found.paper_id) if found else None
    if found is None or entry is None:
        raise HTTPException(404)
    name = f"{kind}-{entry.year}-{entry.number}.pdf.sig"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(found.signature, media_type="application/pkcs7-signature", headers=headers)


def _original(console: Console, visitor: Visitor, entry: Paper, issuer: Issuer) -> bytes:
    return copying_of(console).original(
        entry, issuer, lambda connection, item: note_copy(connection, console, visitor, entry, item)
    )


@router.get("/check/{code}")
def check_paper(request: Request, code: str, _door: Annotated[None, Depends(Public())]) -> Response:
    """What a QR code leads to: the outcome in force, for anybody who holds the paper, and nothing more."""
    console = console_of(request)
    console.rates.check.take(network_of(address_of(request)))
    with reading(console.engine) as connection:
        found = check(connection, code[:64], console.trust, console.clock())
    return page(request, "check.html", None, 200 if found else 404, found=found)
