"""Electronic waybills: what carriers have sent, what waits for whom, what became of titles; and the act that signs a later one.

GET /waybills lists files of carriers with their titles. GET /waybills/{waybill_id}/title.xml | title.sig: the title as signed.
POST /exams/{exam_id}/waybill-title signs the title of a waybill that came after the decision: `title_waybill`, `title_uuid`,
`title_made_at`, `title_sha256` as the page of the exam showed them, `csrf`. Answers 303 to the exam, 303 to /signature when the key
is closed, 409 with the page when the title would be another one now, 403 when it cannot be signed.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_seldom
from central.console.closed_key import must_be_opened
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.decide import sign_page
from central.console.routes.exam import exam_page, find_exam
from central.console.waybill_titles import title_of
from central.core.days import day_of
from central.core.rights import Right
from central.deciding.decisions import DecisionConflict
from central.deciding.medics import RegisterFault
from central.deciding.title_signing import Signatory, TitleRefused
from central.deciding.workplace import AwaitedSignature
from central.signature.chain import SignatureError
from central.signature.provider import SigningRefused
from central.signature.remote import RemoteKey
from central.store import accounts, registry, waybill_list, waybill_titles, workers
from central.store.engine import reading, writing
from central.store.waybill_list import waits_for

router = APIRouter()


@router.get("/waybills")
def show_waybills(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_WAYBILLS))]) -> Response:
    """The newest files of the visitor's organisations."""
    console = console_of(request)
    note_seldom(request, visitor, "waybills.read")
    with reading(console.engine) as connection:
        rows = waybill_list.listed(connection, visitor.account.orgs)
        employers = {
            row["employer_id"]: row["name"]
            for org in visitor.account.orgs
            for row in registry.list_employers(connection, org)
        }
        names = workers.names_of(connection, [row.worker_id for row in rows if row.worker_id])
    today = day_of(console.clock())
    operators = [one for one in console.config.waybills.operators if one.org in visitor.account.orgs]
    return page(
        request,
        "waybills.html",
        visitor,
        today=today,
        rows=[(row, waits_for(row, today)) for row in rows],
        employers=employers,
        names=names,
        operators=operators,
    )


@router.get("/waybills/{waybill_id}/{name}")
def get_title(
    request: Request, waybill_id: str, name: str, visitor: Annotated[Visitor, Depends(Guard(Right.EXPORT_DECISIONS))]
) -> Response:
    """The bytes of a title, or the medic's signature of them."""
    console = console_of(request)
    if name not in {"title.xml", "title.sig"}:
        raise HTTPException(404)
    with reading(console.engine) as connection:
        item = own_or_404(visitor, waybill_titles.title_of_waybill(connection, waybill_id))
    with writing(console.engine) as connection:
        note(connection, console, visitor, "waybill.export", item.exam_id, org=item.org)
    is_xml = name == "title.xml"
    return Response(
        item.content if is_xml else item.cms,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{item.file_id}.{"xml" if is_xml else "sig"}"'},
    )


@router.post("/exams/{exam_id}/waybill-title")
def sign_title(
    request: Request,
    exam_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.DECIDE))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Sign one title on a decision that was signed before."""
    console = console_of(request)

    def work() -> Response:
        with reading(console.engine) as connection:
            find_exam(connection, visitor, exam_id)
            title = title_of(connection, console, visitor, exam_id, typed_fields(form))
        if title is None:
            raise HTTPException(404)
        provider = console.vault.get(visitor.session.session_id, visitor.account.medic_id or "")
        if isinstance(provider, RemoteKey):
            console.titles.check(exam_id, title, signatory(visitor), provider)
            medic_id = visitor.account.medic_id or ""
            awaited = AwaitedSignature("decide", medic_id, title.content, title=title)
            return sign_page(request, visitor, exam_id, awaited, provider, "admitted")
        console.titles.sign(exam_id, title, signatory(visitor), provider)
        return RedirectResponse(f"/exams/{exam_id}", status_code=303)

    return title_answered(request, visitor, exam_id, work)


def signatory(visitor: Visitor) -> Signatory:
    """The visitor as who signs."""
    account = visitor.account
    return Signatory(account.account_id, account.medic_id, account.orgs, visitor.address)


def title_answered(request: Request, visitor: Visitor, exam_id: str, work: Callable[[], Response]) -> Response:
    """What `work` answers, or the page of the exam with what has kept the title from being signed."""
    try:
        return work()
    except DecisionConflict as error:
        return exam_page(request, visitor, exam_id, status=409, notice=f"conflict.{error.code}")
    except TitleRefused as error:
        return exam_page(request, visitor, exam_id, status=409, notice=f"waybill.cannot.{error.code}")
    except RegisterFault:
        return exam_page(request, visitor, exam_id, status=403, notice="signature.cannot_sign")
    except SigningRefused as error:
        if must_be_opened(console_of(request), visitor, error):
            # The key is opened, and the medic comes back to the page and looks at the title again.
            with writing(console_of(request).engine) as connection:
                draft = {"path": f"/exams/{exam_id}/decision", "fields": {}}
                accounts.set_draft(connection, visitor.session.session_id, draft)
            return RedirectResponse("/signature", status_code=303)
        return exam_page(request, visitor, exam_id, status=403, notice="signature.cannot_sign")
    except SignatureError as error:
        return exam_page(request, visitor, exam_id, status=403, notice="conflict.signature", notice_code=error.code)
